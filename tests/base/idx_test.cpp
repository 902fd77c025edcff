#include "base/io/idx.h"

#include "tests/base/files.h"

namespace linnet {
namespace {

using testing::HasSubstr;

TEST(Idx, ReadsTheDigits) {
  const std::string path = data_path("digits/t10k-images-idx3-ubyte");
  const Result<Tensor> images = read_idx(path);
  ASSERT_TRUE(images) << message(images);
  EXPECT_EQ(images->shape, (std::vector<int64_t>{360, 28, 28}));
  const std::string labels_path = labels_beside(path);
  EXPECT_EQ(labels_path, data_path("digits/t10k-labels-idx1-ubyte"));
  const Result<Tensor> labels = read_idx(labels_path);
  ASSERT_TRUE(labels) << message(labels);
  EXPECT_EQ(labels->shape, (std::vector<int64_t>{360}));
  for (uint8_t label : labels->data)
    EXPECT_LT(label, 10);
}

TEST(Idx, NoLabelsForOtherNames) {
  EXPECT_EQ(labels_beside("pictures"), "");
  EXPECT_EQ(labels_beside("images-idx3-folder/pictures"), "");
  EXPECT_EQ(labels_beside("absent/t10k-images-idx3-ubyte"), "");
}

TEST(Idx, Refusals) {
  auto refusal = [](std::vector<uint8_t> bytes) { return message(parse_idx("x", bytes)); };
  EXPECT_THAT(refusal({0x1f, 0x8b, 8, 0}), HasSubstr("gunzip"));
  EXPECT_THAT(refusal({}), HasSubstr("not an IDX"));
  EXPECT_THAT(refusal({0, 0, 8}), HasSubstr("not an IDX"));
  EXPECT_THAT(refusal({0, 0, 0x0d, 1, 0, 0, 0, 0}), HasSubstr("type 0x0d"));
  EXPECT_THAT(refusal({0, 0, 8, 1, 0, 0, 0}), HasSubstr("cut off"));
  EXPECT_THAT(refusal({0, 0, 8, 1, 0, 0, 0, 3, 1, 2}), HasSubstr("says [3]"));
  EXPECT_THAT(refusal({0, 0, 8, 1, 0, 0, 0, 1, 1, 2}), HasSubstr("says [1]"));
  std::vector<uint8_t> huge{0, 0, 8, 4};
  huge.resize(20, 0xff);
  EXPECT_THAT(refusal(huge),
              HasSubstr("IDX header says [4294967295, 4294967295, 4294967295, 4294967295]"));
}

}  // namespace
}  // namespace linnet
