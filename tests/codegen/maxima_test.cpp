// Kernels of maxima: NaN, and the gradient's way back through windows that share elements.
#include "codegen/check/check_kernel.h"
#include "codegen/object/target.h"
#include "ir/builder.h"
#include "ir/op_def.h"
#include "ir/print.h"

#include <gtest/gtest.h>

namespace linnet::codegen {
namespace {

using ir::ValueId;

ir::Type f32(ir::Shape shape) {
  return {ir::DType::kF32, std::move(shape), {}};
}

// A kernel that is given its nodes one after the other.
class Kernel {
public:
  Kernel() {
    graph_.name = "k";
    graph_.schedule = ir::Schedule{"generic", {}};
  }
  ValueId input(const ir::Shape& shape) { return graph_.add_input("x", f32(shape)); }
  ValueId add(const ir::OpDef& op, std::vector<ValueId> operands, const ir::Attrs& attrs = {}) {
    return ir::Builder(graph_).at(ir::Place::named("test")).create(op, std::move(operands), attrs);
  }
  const ir::Shape& shape(ValueId value) const { return graph_.value(value).type.shape; }
  void expect_right(ValueId result) {
    graph_.outputs = {{"", result, ""}};
    const FoundTarget target = find_target("native");
    ASSERT_TRUE(target.ok);
    EXPECT_EQ(check_kernel(graph_, target.target, 1).error, "") << ir::print(graph_);
  }

private:
  ir::Graph graph_;
};

// Half of the random inputs are negative: their logarithms are NaN, which wins wherever it stands.
TEST(Maxima, NanWins) {
  for (const ir::OpDef* op : {&ir::ops::amax, &ir::ops::amin}) {
    Kernel kernel;
    const ValueId x = kernel.add(ir::ops::log, {kernel.input({23, 3})});
    kernel.expect_right(kernel.add(*op, {x}, {{"dim", ir::Ints{1}}}));
  }
  Kernel kernel;
  const ValueId x = kernel.add(ir::ops::log, {kernel.input({1, 2, 6, 8})});
  kernel.expect_right(kernel.add(ir::ops::max_pool2d, {x}, {{"kernel_size", ir::Ints{2, 2}}}));
}

// An element gets the gradients of all windows that chose it, disjoint or not.
TEST(Maxima, GradientsComeFromAllWindows) {
  const std::vector<ir::Attrs> cases = {
      {{"kernel_size", ir::Ints{2, 2}}, {"stride", ir::Ints{2, 2}}},
      {{"kernel_size", ir::Ints{2, 2}}, {"stride", ir::Ints{2, 2}}, {"dilation", ir::Ints{2, 2}}},
      {{"kernel_size", ir::Ints{3, 2}},
       {"stride", ir::Ints{2, 1}},
       {"padding", ir::Ints{1, 0, 1, 1}}}};
  for (ir::Attrs attrs : cases) {
    Kernel kernel;
    const ValueId index =
        kernel.add(ir::ops::max_pool2d_index, {kernel.input({1, 2, 9, 9})}, attrs);
    const ValueId gradient = kernel.input(ir::Shape(kernel.shape(index)));
    attrs.set("size", ir::Ints{9, 9});
    kernel.expect_right(kernel.add(ir::ops::max_pool2d_backward, {gradient, index}, attrs));
  }
}

}  // namespace
}  // namespace linnet::codegen
