// Kernels that reduce over one element again and again: a broadcast, indices or factors that are
// all equal. Nothing of what is reduced depends on where in the reduction it stands.
#include "codegen/check/check_kernel.h"
#include "ir/read.h"

#include <gtest/gtest.h>

#include <string>

namespace linnet::codegen {
namespace {

// `body` is what the kernel @k computes from its inputs, up to its result %y.
void expect_right(const std::string& inputs, const std::string& schedule, const std::string& body) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  const std::string text = "lir 1\n\nmodule m\n\nkernel @k(" + inputs + ") " + schedule + " {\n" +
                           body + "\n  return %y\n}\n";
  const auto module = ir::read(sources.add("kernel.lir", text), {}, diagnostics);
  ASSERT_TRUE(module.has_value()) << diagnostics.text();
  const FoundTarget target = find_target("native");
  ASSERT_TRUE(target.ok);
  EXPECT_EQ(check_kernel(module->kernels.front(), target.target, 1).error, "") << text;
}

class Reduction : public testing::TestWithParam<const char*> {};

TEST_P(Reduction, OfGatherAtEqualPositions) {
  const std::string op = GetParam();
  expect_right("%x: f32[1,4] in input 0", "generic{}",
               "  %i: i64[2] = constant splat(0)\n"
               "  %a: f32[1,2] = gather(%x, %i) {dim = 1}\n"
               "  %y: f32[1] in output 0 = " +
                   op + "(%a) {dim = [1]}");
  expect_right("%x: i32[4] in input 0", "generic{}",
               "  %i: i64[2,3] = constant splat(-1)\n"
               "  %a: i32[2,3] = gather(%x, %i)\n"
               "  %y: i32[] in output 0 = " +
                   (op == "mean" ? "sum" : op) + "(%a)");
}

TEST_P(Reduction, OfBroadcastTo) {
  expect_right("%x: f32[3,1,2] in input 0", "generic{}",
               "  %a: f32[3,7,2] = broadcast_to(%x) {shape = [3, 7, 2]}\n"
               "  %y: f32[3,2] in output 0 = " +
                   std::string(GetParam()) + "(%a) {dim = [1]}");
}

INSTANTIATE_TEST_SUITE_P(Each, Reduction, testing::Values("sum", "mean", "prod", "amax", "amin"),
                         [](const auto& info) { return std::string(info.param); });

TEST(SameElement, OfFactorsThatAreAllEqual) {
  for (const char* schedule : {"generic{}", "sums{lanes=4}"}) {
    expect_right("%x: f32[3,1] in input 0", schedule,
                 "  %two: f32[3,100] = constant splat(2)\n"
                 "  %a: f32[3,100] = mul(%x, %two)\n"
                 "  %y: f32[3] in output 0 = sum(%a) {dim = [1]}");
  }
  expect_right("%x: f32[3,1] in input 0, %z: f32[3,128] in input 1", "normalize{lanes=4, kept=0}",
               "  %two: f32[3,128] = constant splat(2)\n"
               "  %a: f32[3,128] = mul(%x, %two)\n"
               "  %s: f32[3,1] = sum(%a) {dim = [1], keepdim = true}\n"
               "  %y: f32[3,128] in output 0 = add(%z, %s)");
}

TEST(SameElement, InMatmulsAndConvolutions) {
  expect_right("%x: f32[1,1] in input 0, %z: f32[1,1] in input 1", "generic{}",
               "  %a: f32[8,8] = broadcast_to(%x) {shape = [8, 8]}\n"
               "  %b: f32[8,8] = broadcast_to(%z) {shape = [8, 8]}\n"
               "  %y: f32[8,8] in output 0 = matmul(%a, %b)");
  expect_right("%x: f32[1,1,1,1] in input 0", "generic{}",
               "  %a: f32[1,1,4,4] = broadcast_to(%x) {shape = [1, 1, 4, 4]}\n"
               "  %w: f32[1,1,2,2] = constant splat(3)\n"
               "  %y: f32[1,1,3,3] in output 0 = conv2d(%a, %w)");
}

TEST(SameElement, IsScatteredToOnePlace) {
  for (const char* reduce : {"none", "sum", "prod", "amax"}) {
    const std::string end = std::string(" {reduce = ") + reduce + "}";
    expect_right("%x: f32[3] in input 0", "scatter{lanes=4}",
                 "  %i: i64[4] = constant splat(1)\n"
                 "  %u: f32[4] = constant splat(5)\n"
                 "  %y: f32[3] in output 0 = scatter(%x, %i, %u)" +
                     end);
    expect_right("%x: f32[3,8] in input 0", "scatter{lanes=4}",
                 "  %i: i64[4] = constant splat(1)\n"
                 "  %u: f32[4,8] = constant splat(5)\n"
                 "  %y: f32[3,8] in output 0 = scatter(%x, %i, %u)" +
                     end);
  }
}

// One input that is two operands is one array of the kernel.
TEST(SameElement, IsScatteredIntoItsOwnInput) {
  expect_right("%x: f32[3,2] in input 0, %i: i64[3] in input 1", "scatter{lanes=4}",
               "  %y: f32[3,2] in output 0 = scatter(%x, %i, %x) {reduce = sum}");
  expect_right("%x: i64[3] in input 0", "scatter{lanes=4}",
               "  %y: i64[3] in output 0 = scatter(%x, %x, %x) {reduce = sum}");
}

}  // namespace
}  // namespace linnet::codegen
