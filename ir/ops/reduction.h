// Reductions over dimensions: sum, mean, amax, amin, prod share all but the arithmetic.
#pragma once

#include "ir/op_def.h"

namespace linnet::ir {

inline constexpr Key<Ints> kDims{"dim"};
inline constexpr Key<bool> kKeepDim{"keepdim"};
inline constexpr Key<int64_t> kDim{"dim"};

// `dim` and `keepdim` as PyTorch has them; no dim means all.
[[nodiscard]] std::vector<AttrDef> reduction_attrs();

// Which dimensions `attrs` names, negative ones counted from the end; each at most once.
[[nodiscard]] OpResult<std::vector<bool>> reduced_dims(const Attrs& attrs, size_t rank);
// A single dimension of softmax and concat, negative counted from the end.
[[nodiscard]] OpResult<size_t> one_dim(const Attrs& attrs, size_t rank);

[[nodiscard]] OpResult<std::vector<Type>> infer_reduction(const InferContext& c);

// Calls `start(o)` and then `step(o, i)` for each input element i of output o, in row-major order
// of the input, and `finish(o, count)`.
template <class T, class Start, class Step, class Finish>
void reduce(EvalContext<T>& c, Start start, Step step, Finish finish);

}  // namespace linnet::ir

#include "ir/ops/index.h"

namespace linnet::ir {

template <class T, class Start, class Step, class Finish>
void reduce(EvalContext<T>& c, Start start, Step step, Finish finish) {
  const Shape& in = c.in(0).type.shape;
  const std::vector<bool> reduced = *reduced_dims(c.attrs, in.size());
  Shape kept = in;
  int64_t count = 1;
  for (size_t dim = 0; dim < in.size(); ++dim) {
    if (!reduced[dim]) continue;
    count *= in[dim];
    kept[dim] = 1;
  }
  std::vector<int64_t> strides = row_major_strides(kept);
  for (size_t dim = 0; dim < in.size(); ++dim) {
    if (reduced[dim]) strides[dim] = 0;
  }
  const size_t outputs = c.out().size();
  for (size_t o = 0; o < outputs; ++o)
    start(o);
  size_t i = 0;
  for (Index at(in); at.valid(); at.next(), ++i)
    step(offset_of(at.position(), strides), i);
  for (size_t o = 0; o < outputs; ++o)
    finish(o, count);
}

}  // namespace linnet::ir
