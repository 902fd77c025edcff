#include "base/philox.h"

#include <gtest/gtest.h>

namespace linnet {
namespace {

// The known answers for philox4x32-10 that come with Random123 1.x (file kat_vectors).
TEST(Philox, KnownAnswers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}),
            (PhiloxCounter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr uint32_t kOnes = 0xffffffff;
  EXPECT_EQ(philox({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
            (PhiloxCounter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (PhiloxCounter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, SeedStreamAndStepReachTheirWords) {
  const uint64_t seed = 0x299f31d0a4093822, step = 0x0370734413198a2e;
  const PhiloxCounter expected{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1};
  EXPECT_EQ(philox_block(seed, 0x85a308d3, step, 0x243f6a88), expected);
  for (uint64_t lane = 0; lane < 4; ++lane)
    EXPECT_EQ(philox_word(seed, 0x85a308d3, step, uint64_t{0x243f6a88} * 4 + lane), expected[lane]);
}

TEST(Philox, UniformStaysInside) {
  EXPECT_EQ(uniform_f32(0), 0.0f);
  EXPECT_EQ(uniform_f32(0xff), 0.0f);
  EXPECT_EQ(uniform_f32(0xffffffff), 1.0f - 0x1p-24f);
  EXPECT_EQ(uniform_f64(0, 0), 0.0);
  EXPECT_EQ(uniform_f64(0xffffffff, 0xffffffff), 1.0 - 0x1p-53);
  EXPECT_EQ(uniform_f64(0x80000000, 0), 0.5);
  EXPECT_EQ(uniform_f64(0, 1u << 11), 0x1p-53);
}

TEST(Philox, DoubleBeginsWithTheFloat) {
  double sum = 0;
  for (uint64_t element = 0; element < 1000; ++element) {
    const float narrow = philox_uniform_f32(7, 3, 1, element);
    const double wide = philox_uniform_f64(7, 3, 1, element);
    EXPECT_GE(wide, narrow);
    EXPECT_LT(wide - narrow, 0x1p-24);
    sum += wide;
  }
  EXPECT_NEAR(sum / 1000, 0.5, 0.05);
}

}  // namespace
}  // namespace linnet
