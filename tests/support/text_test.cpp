#include "support/letters.h"
#include "support/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace linnet {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Text, nearest_names) {
  std::vector<std::string> names{"conv2d", "conv1d", "linear", "relu", "gelu", "max_pool2d"};
  EXPECT_THAT(nearest_names("conv2", names), ElementsAre("conv2d", "conv1d"));
  EXPECT_THAT(nearest_names("Linear", names), ElementsAre("linear"));
  EXPECT_THAT(nearest_names("rleu", names), ElementsAre("relu"));  // a swap is one step
  EXPECT_THAT(nearest_names("maxpool2d", names), ElementsAre("max_pool2d"));
  EXPECT_THAT(nearest_names("softmax", names), IsEmpty());
  EXPECT_THAT(nearest_names("x", names), IsEmpty());
  EXPECT_THAT(nearest_names(std::string(1000000, 'a'), names), IsEmpty());
  EXPECT_EQ(did_you_mean("conv2", names), "did you mean 'conv2d' or 'conv1d'?");
  EXPECT_EQ(did_you_mean("zzzz", names), "");
}

TEST(Text, display_width) {
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("a\tb"), 9u);
  EXPECT_EQ(display_width("漢😀"), 4u);
  EXPECT_EQ(display_width("e\xcc\x81"), 1u);
}

TEST(Text, join) {
  EXPECT_EQ(join(std::vector<std::string>{"a", "b"}, ", "), "a, b");
  EXPECT_EQ(join({}, ", "), "");
}

TEST(Letters, NamesAreXid) {
  for (char32_t c : {U'a', U'_', U'é', U'層', U'ж', U'א', U'Ω', U'가'})
    EXPECT_TRUE(begins_name(c)) << static_cast<uint32_t>(c);
  for (char32_t c : {U'1', U'٣', U'\u0301', U'·'}) {
    EXPECT_FALSE(begins_name(c)) << static_cast<uint32_t>(c);
    EXPECT_TRUE(continues_name(c)) << static_cast<uint32_t>(c);
  }
  for (char32_t c : {U'-', U' ', U'→', U'\u200b', U'😀', U'\ufeff', U'€'})
    EXPECT_FALSE(continues_name(c)) << static_cast<uint32_t>(c);
}

TEST(Letters, NamesThatLookTheSameAreTheSame) {
  EXPECT_EQ(not_composed("café"), std::nullopt);
  EXPECT_EQ(not_composed("cafe\u0301"), 4u);
  EXPECT_EQ(not_composed("x\u0302"), std::nullopt);  // no such letter is composed
  EXPECT_EQ(not_composed("\u212b"), 0u);             // the sign of the unit, not Å
  EXPECT_EQ(not_composed("\u1112\u1161"), 3u);       // a syllable of Hangul
}

}  // namespace
}  // namespace linnet
