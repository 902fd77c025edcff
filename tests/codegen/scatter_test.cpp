// The kernel of scatter against the evaluator; exact memory lies at guard pages.
#include "codegen/check/check_kernel.h"
#include "ir/builder.h"
#include "ir/print.h"

#include <gtest/gtest.h>

namespace linnet::codegen {
namespace {

using ir::DType;
using ir::Shape;

// Several updates of one row meet in their order; most indices lie outside.
TEST(Scatter, AgreesForEveryTypeAndReduction) {
  const FoundTarget target = find_target("native");
  ASSERT_TRUE(target.ok);
  for (const Shape& shape : {Shape{1}, Shape{37}, Shape{5, 3}, Shape{300, 19}, Shape{4, 2, 16}}) {
    for (DType dtype : {DType::kF32, DType::kF64, DType::kI64, DType::kI32, DType::kI8, DType::kU8,
                        DType::kBool}) {
      if (dtype != DType::kF32 && shape != Shape{37} && shape != Shape{5, 3}) continue;
      Shape updates = shape;
      updates[0] = 3;
      updates.insert(updates.begin() + 1, 13);
      for (const char* reduce : {"none", "sum", "prod", "amax", "amin"}) {
        if (dtype == DType::kBool && reduce != std::string("none")) continue;
        ir::Graph kernel;
        kernel.name = "k";
        kernel.schedule = ir::Schedule{"scatter", {{"lanes", 16}}};
        const DType integer = shape.size() == 2 ? DType::kI32 : DType::kI64;
        const ir::ValueId y = ir::Builder(kernel)
                                  .at(ir::Place::named("test"))
                                  .create(ir::ops::scatter,
                                          {kernel.add_input("x", {dtype, shape, {}}),
                                           kernel.add_input("i", {integer, {3, 13}, {}}),
                                           kernel.add_input("u", {dtype, updates, {}})},
                                          {{"reduce", ir::Enum{reduce}}});
        kernel.outputs.push_back({"", y, ""});
        EXPECT_EQ(check_kernel(kernel, target.target, 1).error, "") << ir::print(kernel);
      }
    }
  }
}

}  // namespace
}  // namespace linnet::codegen
