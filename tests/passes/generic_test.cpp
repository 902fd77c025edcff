// Products, convolutions and pools that no fast family takes: choose_schedules says so, and why.
#include "ir/op_def.h"
#include "ir/read.h"
#include "passes/run/run_pipeline.h"
#include "passes/schedule/families.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace linnet::passes {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// The remarks on the kernels of a graph's body.
class Generic : public testing::Test {
protected:
  std::vector<std::string> slow(const std::string& graph) {
    SourceManager sources;
    Diagnostics diagnostics(sources);
    auto module = ir::read(sources.add("m.lir", "lir 1\n\nmodule m\n\ngraph @predict" + graph), {},
                           diagnostics);
    EXPECT_TRUE(module) << diagnostics.text();
    if (!module) return {};
    std::vector<Pass> rows;
    for (const char* name : {"fuse_epilogue", "group_kernels", "choose_schedules"})
      rows.push_back(*find_pass(name));
    PassContext context;
    explained.clear();
    context.explain = [this](const Remark& remark) {
      if (remark.fired) explained += remark.message + "\n";
    };
    (void)run_pipeline(*std::move(module), rows, {}, context);
    std::vector<std::string> messages;
    for (const Remark& remark : context.notable)
      messages.push_back(remark.message);
    return messages;
  }
  std::string explained;
};

TEST_F(Generic, AConvolutionSaysWhyEachFamilyLeavesIt) {
  const auto remarks = slow(R"((%x: f32[1,64,40,40], %w: f32[1,64,3,3]) {
  %c: f32[1,1,38,38] = conv2d(%x, %w) {dilation = [1, 1]}
  %s: f32[1,1,38,38] = sigmoid(%c)
  return y = %s
})");
  for (const std::string& remark : remarks)
    EXPECT_THAT(remark, HasSubstr("multiply-adds; "));
  const auto grouped = slow(R"((%x: f32[1,3,224,224], %w: f32[3,1,3,3]) {
  %c: f32[1,3,222,222] = conv2d(%x, %w) {groups = 3}
  return y = %c
})");
  ASSERT_EQ(grouped.size(), 1U);
  EXPECT_THAT(grouped[0],
              testing::StartsWith(
                  "group %c has no fast kernel: generic computes its 1330668 multiply-adds; "));
  EXPECT_THAT(grouped[0], HasSubstr("depthwise: output channels 3 fill no vector of 4"));
  EXPECT_THAT(grouped[0], HasSubstr("direct: "));
  EXPECT_THAT(grouped[0], Not(HasSubstr("gemm")));
  EXPECT_THAT(explained, HasSubstr("group %c by generic{}: "));
}

TEST_F(Generic, AProductSaysIt) {
  EXPECT_THAT(slow(R"((%x: f32[64,1024], %w: f32[1024,1]) {
  %y: f32[64,1] = matmul(%x, %w)
  return y = %y
})"),
              ElementsAre("group %y has no fast kernel: generic computes its 65536 multiply-adds; "
                          "dense: its weight is no constant and lies in rows of outputs: gemm "
                          "reads it so; gemm: 1 columns fill no vector of 4"));
}

TEST_F(Generic, APoolSaysIt) {
  EXPECT_THAT(slow(R"((%x: f32[1,3,100,100]) {
  %p: f32[1,3,98,98] = max_pool2d(%x) {kernel_size = [3, 3], stride = [1, 1]}
  return y = %p
})"),
              ElementsAre("group %p has no fast kernel: generic computes its 259308 elements of "
                          "its windows; pool: channels 3 fill no vector of 4"));
}

TEST_F(Generic, NothingIsSaidOfWhatIsFastSmallOrNoF32) {
  EXPECT_THAT(slow(R"((%x: f32[64,1024], %w: f32[1024,4]) {
  %y: f32[64,4] = matmul(%x, %w)
  return y = %y
})"),
              IsEmpty());
  EXPECT_EQ(explained.find("generic"), std::string::npos) << explained;
  // One multiply-add less: --explain alone has it.
  EXPECT_THAT(slow(R"((%x: f32[1,65535], %w: f32[65535,1]) {
  %y: f32[1,1] = matmul(%x, %w)
  return y = %y
})"),
              IsEmpty());
  EXPECT_THAT(explained, HasSubstr("group %y by generic{}: dense: "));
  EXPECT_THAT(slow(R"((%x: f64[64,1024], %w: f64[1024,8]) {
  %y: f64[64,8] = matmul(%x, %w)
  return y = %y
})"),
              IsEmpty());
  EXPECT_THAT(explained, HasSubstr("group %y by generic{}\n"));
  EXPECT_THAT(slow(R"((%x: f32[100000]) {
  %y: f32[100000] = exp(%x)
  return y = %y
})"),
              IsEmpty());
}

}  // namespace
}  // namespace linnet::passes
