// transpose: dimensions in another order; its gradient is the inverse permutation.
#include "ir/ops/transpose.h"

#include "ir/gradient.h"
#include "ir/ops/shared/index.h"
#include "ir/samples.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::ir {
namespace {

constexpr Key<Ints> kDims{"dims"};

OpResult<std::vector<Type>> infer_transpose(const InferContext& c) {
  const Type& input = c.type(0);
  const size_t rank = input.rank();
  const Ints dims = permutation(c.attrs, rank);
  Ints sorted = dims;
  std::ranges::sort(sorted);
  bool each_once = sorted.size() == rank;
  for (size_t i = 0; each_once && i < rank; ++i)
    each_once = sorted[i] == static_cast<int64_t>(i);
  if (!each_once) {
    return op_error(fmt::format("{} does not name each of the {} dimensions of {} once",
                                to_string(Attr(dims)), rank, to_string(input.shape)),
                    -1, "dims");
  }
  Shape shape;
  for (int64_t dim : dims)
    shape.push_back(input.shape[static_cast<size_t>(dim)]);
  return std::vector<Type>{{input.dtype, std::move(shape), {}}};
}

template <class T> void evaluate_transpose(EvalContext<T>& c) {
  const Shape& in = c.in(0).type.shape;
  const Shape& out = c.out().type.shape;
  const Ints dims = permutation(c.attrs, in.size());
  const auto dense = row_major_strides(in);
  std::vector<int64_t> strides;
  for (int64_t dim : dims)
    strides.push_back(dense[static_cast<size_t>(dim)]);
  if (out.empty()) return c.out().copy(0, c.in(0), 0);
  // Weights of large layers pass here: an index for each row, not for each element.
  const auto stride = static_cast<size_t>(strides.back());
  size_t o = 0;
  for (Index row(Shape(out.begin(), out.end() - 1)); row.valid(); row.next()) {
    size_t from = offset_of(row.position(), strides);
    for (int64_t i = 0; i < out.back(); ++i, from += stride)
      c.out().copy(o++, c.in(0), from);
  }
}

SamplesResult transpose_samples(const SamplesContext& c) {
  const Ints dims = permutation(c.attrs, c.result.rank());
  const auto at = std::ranges::find(dims, static_cast<int64_t>(c.operands[0]->dim)) - dims.begin();
  return Samples{static_cast<size_t>(at), c.operands[0]->inner};
}

}  // namespace

const OpDef ops::transpose{
    .name = "transpose",
    .doc = "Dimensions in another order: out.shape[i] = input.shape[dims[i]]. ONNX Transpose-21; "
           "without dims the last two are swapped.",
    .operands = {{"input"}},
    .attrs = {{.name = "dims", .doc = "which dimension comes first, …", .default_value = Ints{}}},
    .traits = kDataMovement,
    .infer = infer_transpose,
    .evaluate = []<class T>(EvalContext<T>& c) { evaluate_transpose(c); },
    .gradient = [](const GradientContext& c) -> std::vector<ValueId> {
      const Ints dims = permutation(c.attrs(), c.in(0).type().rank());
      Ints back(dims.size());
      for (size_t i = 0; i < dims.size(); ++i)
        back[static_cast<size_t>(dims[i])] = static_cast<int64_t>(i);
      return {transposed(c.gradient(), std::move(back)).id()};
    },
    .samples = transpose_samples,
};

Ints permutation(const Attrs& attrs, size_t rank) {
  Ints dims = attrs.get(kDims);
  if (!dims.empty() || rank < 2) return dims;
  for (size_t i = 0; i < rank; ++i)
    dims.push_back(static_cast<int64_t>(i));
  std::swap(dims[rank - 2], dims[rank - 1]);
  return dims;
}

}  // namespace linnet::ir
