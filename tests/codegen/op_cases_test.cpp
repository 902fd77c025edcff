// The generic kernel of every LINNET_KERNEL_OP against the evaluator, on the shapes and attributes
// of its cases in tests/ops/NAME.lir.
#include "codegen/check/check_kernel.h"
#include "ir/print.h"
#include "tests/codegen/op_kernels.h"

#include <gtest/gtest.h>

namespace linnet::codegen {
namespace {

class KernelOp : public testing::TestWithParam<const ir::OpDef*> {};

TEST_P(KernelOp, AgreesWithTheEvaluatorOnItsCases) {
  const FoundTarget target = find_target("native");
  ASSERT_TRUE(target.ok);
  const std::vector<ir::Graph> kernels = case_kernels(*GetParam());
  for (const ir::Graph& kernel : kernels)
    EXPECT_EQ(check_kernel(kernel, target.target, 1).error, "") << ir::print(kernel);
  EXPECT_FALSE(kernels.empty()) << "tests/ops/ has no case of it that is a kernel";
}

INSTANTIATE_TEST_SUITE_P(Each, KernelOp, testing::ValuesIn(kernel_ops()),
                         [](const auto& info) { return std::string(info.param->name); });

}  // namespace
}  // namespace linnet::codegen
