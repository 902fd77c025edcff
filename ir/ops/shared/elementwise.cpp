// Makes the record of an elementwise op out of its scalar tree: shapes, samples, gradient.
#include "ir/ops/shared/elementwise.h"

#include "ir/ops/shared/index.h"
#include "ir/scalar_math.h"

#include <fmt/format.h>

namespace linnet::ir {
namespace {

OpResult<DType> result_dtype(ElementRule rule, const InferContext& c) {
  const size_t first = rule == ElementRule::kSelect ? 1 : 0;
  if (first == 1 && c.type(0).dtype != DType::kBool) {
    return op_error(fmt::format("the condition must be bool, not {}", name(c.type(0).dtype)), 0);
  }
  const DType dtype = c.type(first).dtype;
  for (size_t i = first + 1; i < c.operands.size(); ++i) {
    if (c.type(i).dtype != dtype) {
      return op_error(fmt::format("operands must have one dtype, not {} and {}", name(dtype),
                                  name(c.type(i).dtype)),
                      static_cast<int>(i));
    }
  }
  auto refuse = [&](std::string_view wanted) {
    return op_error(fmt::format("operands must be {}, not {}", wanted, name(dtype)),
                    static_cast<int>(first));
  };
  switch (rule) {
  case ElementRule::kFloat:
    if (!is_float(dtype)) return refuse("floating point");
    return dtype;
  case ElementRule::kNumber:
    if (dtype == DType::kBool) return refuse("numbers");
    return dtype;
  case ElementRule::kCompare:
    return DType::kBool;
  case ElementRule::kLogical:
    if (dtype != DType::kBool) return refuse("bool");
    return dtype;
  case ElementRule::kSelect:
    return dtype;
  }
  return dtype;
}

template <ElementRule rule> OpResult<std::vector<Type>> infer_elementwise(const InferContext& c) {
  LINNET_TRY_ASSIGN(auto dtype, result_dtype(rule, c));
  Shape shape = c.type(0).shape;
  for (size_t i = 1; i < c.operands.size(); ++i) {
    auto wider = broadcast(shape, c.type(i).shape);
    if (!wider) {
      return op_error(fmt::format("shapes {} and {} do not broadcast", to_string(shape),
                                  to_string(c.type(i).shape)),
                      static_cast<int>(i));
    }
    shape = std::move(*wider);
  }
  return std::vector<Type>{{dtype, std::move(shape), {}}};
}

constexpr OpResult<std::vector<Type>> (*kInfer[])(const InferContext&) = {
    infer_elementwise<ElementRule::kFloat>, infer_elementwise<ElementRule::kNumber>,
    infer_elementwise<ElementRule::kCompare>, infer_elementwise<ElementRule::kLogical>,
    infer_elementwise<ElementRule::kSelect>};

}  // namespace

OpDef elementwise(Elementwise op) {
  OpDef def;
  def.name = op.name;
  def.doc = op.doc;
  def.operands = std::move(op.operands);
  def.attrs = std::move(op.attrs);
  def.traits = op.traits | kElementwise;
  def.infer = kInfer[static_cast<size_t>(op.rule)];
  def.scalar = op.scalar;
  def.slope = op.slope;
  def.gradient = op.gradient;
  // `evaluate` stays empty: the evaluator runs the scalar tree of every elementwise op.
  return def;
}

}  // namespace linnet::ir
