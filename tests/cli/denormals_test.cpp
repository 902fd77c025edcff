// compile --flush-denormals, and the remark on weights that make denormal numbers.
#include "tests/cli/command.h"

#include "base/io/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace linnet {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kHalf = R"(model half(x: f32[N, 4]) -> y: f32[N, 4] {
  state h: f32[N, 4] = zeros()
  next h = h * 0.5 + x
  h * 0.5
}
)";

// Halves 2e-38 twice, by step and by steps, under a rounding mode of the caller's: 0 or denormal?
constexpr const char* kProgram = R"(
#include <stdio.h>
#include <string.h>
#include <xmmintrin.h>
#include "half.h"
static _Alignas(64) unsigned char state[HALF_STATE_BYTES], arena[HALF_STEP_ARENA_BYTES + 1];
int main(void) {
  const float x[12] = {2e-38f, 2e-38f, 2e-38f, 2e-38f};
  float y[12], z[12];
  const unsigned modes[3] = {0x1f80, 0x7f80, 0x9fc0}; /* as is; rounding to zero; FTZ and DAZ */
  for (int i = 0; i < 2; ++i) {
    half_reset(state);
    _mm_setcsr(modes[i]);
    for (int t = 0; t < 3; ++t) if (half_step(x + 4 * t, y + 4 * t, state, arena) != 0) return 1;
    if ((_mm_getcsr() & 0xffc0) != (modes[i] & 0xffc0)) return 2;
    half_reset(state);
    if (half_steps(x, z, 3, state, arena) != 0) return 3;
    if ((_mm_getcsr() & 0xffc0) != (modes[i] & 0xffc0)) return 4;
    if (half_steps(x, z, 3, NULL, arena) != HALF_STATE_INVALID) return 5;
    if ((_mm_getcsr() & 0xffc0) != (modes[i] & 0xffc0)) return 6;
    _mm_setcsr(0x1f80);
    if (memcmp(y, z, sizeof y) != 0) return 7;
    printf("%.3g %.3g\n", (double)y[4], (double)y[8]);
  }
  return 0;
}
)";

TEST_F(Command, FlushDenormalsSetsMxcsrAndGivesItBack) {
  write("half.lin", kHalf);
  write("half.c", kProgram);
  const std::string build = "cc -std=c11 -Wall -Wextra -Werror half.c libhalf.a -o half && ./half";
  ASSERT_EQ(linnet("compile half.lin --emit lib"), 0) << err_;
  EXPECT_THAT(text("half.h"), Not(HasSubstr("FTZ")));
  ASSERT_EQ(run(build), 0) << err_;
  EXPECT_EQ(out_, "1e-38 5e-39\n1e-38 5e-39\n");
  ASSERT_EQ(linnet("compile half.lin --flush-denormals --emit lib"), 0) << err_;
  EXPECT_THAT(text("half.h"), HasSubstr("MXCSR's FTZ and DAZ are set"));
  ASSERT_EQ(run(build), 0) << err_;
  EXPECT_EQ(out_, "0 0\n0 0\n");
}

TEST_F(Command, WeightsThatMakeDenormalsAreNamed) {
  write("m.lin", R"(model m(x: f32[N, 3]) -> y: f32[N, 2] {
  layer fc = linear(2)
  fc(x)
}
)");
  const float weight[] = {0.25F, 1e-41F, 0, 2e-35F, -0.5F, 1e-20F};
  const float bias[] = {0, 1};
  ASSERT_TRUE(
      write_safetensors(folder_ + "/w.safetensors", {{"fc.weight", DType::kF32, {2, 3}, weight},
                                                     {"fc.bias", DType::kF32, {2}, bias}}));
  EXPECT_EQ(linnet("compile m.lin --weights w.safetensors"), 0);
  EXPECT_THAT(err_, HasSubstr("'fc.weight': 2 of 6 values are so small that products with them are "
                              "denormal (1 are themselves; smallest 1e-41, largest 0.5)"));
  EXPECT_THAT(err_, HasSubstr("--flush-denormals"));
  EXPECT_THAT(err_, Not(HasSubstr("fc.bias")));
  EXPECT_EQ(linnet("compile m.lin --weights w.safetensors --flush-denormals"), 0);
  EXPECT_EQ(err_, "");
}

}  // namespace
}  // namespace linnet
