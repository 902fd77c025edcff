// concat: tensors one after the other; its gradient is a slice for each.
#include "ir/gradient.h"
#include "ir/ops/shared/index.h"
#include "ir/ops/shared/reduction.h"
#include "ir/samples.h"

#include "base/integers.h"

#include <fmt/format.h>

namespace linnet::ir {
namespace {

OpResult<std::vector<Type>> infer_concat(const InferContext& c) {
  const Type& first = c.type(0);
  LINNET_TRY_ASSIGN(const auto dim, one_dim(c.attrs, first.rank()));
  Shape shape = first.shape;
  for (size_t i = 1; i < c.operands.size(); ++i) {
    const Type& other = c.type(i);
    Shape expected = shape;
    if (other.rank() == first.rank()) expected[dim] = other.shape[dim];
    if (other.shape != expected || other.dtype != first.dtype) {
      return op_error(fmt::format("{} and {} differ in more than dimension {}", to_string(first),
                                  to_string(other), dim),
                      static_cast<int>(i));
    }
    const auto sum = checked_add(shape[dim], other.shape[dim]);
    if (!sum) return op_error("the result is too large", static_cast<int>(i));
    shape[dim] = *sum;
  }
  return std::vector<Type>{{first.dtype, std::move(shape), {}}};
}

template <class T> void evaluate_concat(EvalContext<T>& c) {
  const Shape& out = c.out().type.shape;
  const size_t dim = *one_dim(c.attrs, out.size());
  const auto strides = row_major_strides(out);
  int64_t offset = 0;
  for (size_t operand = 0; operand < c.operands.size(); ++operand) {
    const Shape& in = c.in(operand).type.shape;
    size_t i = 0;
    for (Index at(in); at.valid(); at.next(), ++i) {
      c.out().copy(offset_of(at.position(), strides) + static_cast<size_t>(offset * strides[dim]),
                   c.in(operand), i);
    }
    offset += in[dim];
  }
}

}  // namespace

const OpDef ops::concat{
    .name = "concat",
    .doc = "Tensors one after the other along a dimension. ONNX Concat-13.",
    .operands = {{.name = "inputs", .variadic = true}},
    .attrs = {{.name = "dim", .doc = "along which", .default_value = int64_t{0}}},
    .traits = kDataMovement,
    .infer = infer_concat,
    .evaluate = []<class T>(EvalContext<T>& c) { evaluate_concat(c); },
    .gradient = [](const GradientContext& c) -> std::vector<ValueId> {
      std::vector<ValueId> gradients(c.operand_count());
      const size_t dim = *one_dim(c.attrs(), c.result().type().rank());
      int64_t offset = 0;
      for (size_t i = 0; i < c.operand_count(); ++i) {
        const int64_t size = c.in(i).shape()[dim];
        if (c.wants(i)) gradients[i] = sliced(c.gradient(), dim, offset, size).id();
        offset += size;
      }
      return gradients;
    },
    .samples = [](const SamplesContext& c) { return samples_unless_dim(c, "concat"); },
};

}  // namespace linnet::ir
