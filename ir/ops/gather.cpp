// gather: slices picked by index; its gradient is a scatter.
#include "ir/gradient.h"
#include "ir/ops/shared/reduction.h"
#include "ir/samples.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::ir {
namespace {

// The input as [outer, size, inner] around the dimension, and how many indices there are.
struct Extents {
  int64_t outer, size, inner, count;

  Extents(const Attrs& attrs, const Shape& input, const Shape& indices) {
    const auto dim = input.begin() + static_cast<ptrdiff_t>(*one_dim(attrs, input.size()));
    outer = element_count({input.begin(), dim});
    size = *dim;
    inner = element_count({dim + 1, input.end()});
    count = element_count(indices);
  }
};

OpResult<std::vector<Type>> infer_gather(const InferContext& c) {
  const Type& input = c.type(0);
  const Type& indices = c.type(1);
  if (indices.dtype != DType::kI64 && indices.dtype != DType::kI32)
    return op_error(fmt::format("indices must be i64 or i32, not {}", name(indices.dtype)), 1);
  LINNET_TRY_ASSIGN(const auto dim, one_dim(c.attrs, input.rank()));
  if (input.shape[dim] == 0 && indices.elements() != 0) {
    return op_error(fmt::format("there is nothing to take from dimension {} of {}", dim,
                                to_string(input.shape)),
                    0);
  }
  Shape shape = input.shape;
  const auto at = shape.erase(shape.begin() + static_cast<ptrdiff_t>(dim));
  shape.insert(at, indices.shape.begin(), indices.shape.end());
  return std::vector<Type>{{input.dtype, std::move(shape), {}}};
}

template <class T> void evaluate_gather(EvalContext<T>& c) {
  const Extents extents(c.attrs, c.in(0).type.shape, c.in(1).type.shape);
  size_t o = 0;
  for (int64_t outer = 0; outer < extents.outer; ++outer) {
    for (int64_t index : c.in(1).ints) {
      const int64_t wrapped = index < 0 ? index + extents.size : index;
      const int64_t from = std::clamp<int64_t>(wrapped, 0, extents.size - 1);
      const int64_t row = (outer * extents.size + from) * extents.inner;
      for (int64_t inner = 0; inner < extents.inner; ++inner, ++o)
        c.out().copy(o, c.in(0), static_cast<size_t>(row + inner));
    }
  }
}

// Each element of the input sums what was taken from it, in the order of the indices.
Var gather_gradient(const GradientContext& c) {
  const Type in = c.in(0).type();
  const auto [outer, size, inner, count] = Extents(c.attrs(), in.shape, c.in(1).shape());
  Var g = reshaped(c.gradient(), {outer, count, inner});
  if (outer != 1) g = transposed(g, {1, 0, 2});
  const Var none(c.builder(),
                 c.builder().constant(Tensor::splat({in.dtype, {size, outer, inner}, {}}, 0)));
  Var sums(c.builder(), c.builder().create(ops::scatter,
                                           {none.id(), reshaped(c.in(1), {count}).id(),
                                            reshaped(g, {count, outer, inner}).id()},
                                           {{"reduce", Enum{"sum"}}}));
  if (outer != 1) sums = transposed(sums, {1, 0, 2});
  return reshaped(sums, in.shape);
}

// Indices of each sample take from what is the same for all; or the same indices from each sample.
SamplesResult gather_samples(const SamplesContext& c) {
  const size_t dim = *one_dim(c.attrs, c.types[0]->rank());
  const size_t more = c.types[1]->rank();
  if (c.operands[0] && c.operands[1])
    return tl::unexpected(std::string("gather takes from all samples of the batch for each"));
  if (c.operands[1]) return Samples{c.operands[1]->dim + dim, c.operands[1]->inner};
  Samples samples = *c.operands[0];
  if (samples.dim == dim)
    return tl::unexpected(std::string("gather picks among the samples of the batch"));
  if (samples.dim > dim) samples.dim += more - 1;
  return samples;
}

}  // namespace

const OpDef ops::gather{
    .name = "gather",
    .doc = "Slices of the input along a dimension, one for each index: out.shape = "
           "input.shape[:dim] + indices.shape + input.shape[dim+1:]. Negative indices count from "
           "the end; what lies outside is clamped to the first or last. ONNX Gather-13.",
    .operands = {{"input"}, {"indices", "i64 or i32, of any shape"}},
    .attrs = {{.name = "dim", .doc = "along which", .default_value = int64_t{0}}},
    .traits = kDataMovement,
    .infer = infer_gather,
    .evaluate = []<class T>(EvalContext<T>& c) { evaluate_gather(c); },
    .gradient = [](const GradientContext& c) -> std::vector<ValueId> {
      return {gather_gradient(c).id()};
    },
    .samples = gather_samples,
};

}  // namespace linnet::ir
