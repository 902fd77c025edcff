// Types, samples and evaluation of reductions over a list of dimensions.
#include "ir/ops/shared/reduction.h"

#include "ir/ops/shared/index.h"

#include <fmt/format.h>

namespace linnet::ir {
namespace {

OpResult<size_t> wrapped_dim(int64_t dim, size_t rank) {
  const int64_t n = static_cast<int64_t>(rank);
  if (dim < -n || dim >= n) {
    return op_error(fmt::format("there is no dimension {} among {}", dim, rank), -1, "dim");
  }
  return static_cast<size_t>(dim < 0 ? dim + n : dim);
}

}  // namespace

std::vector<AttrDef> reduction_attrs() {
  return {
      {.name = "dim", .doc = "dimensions to reduce; none: all", .default_value = Ints{}},
      {.name = "keepdim", .doc = "reduced dimensions stay with size 1", .default_value = false}};
}

OpResult<std::vector<bool>> reduced_dims(const Attrs& attrs, size_t rank) {
  const Ints& dims = attrs.get(kDims);
  std::vector<bool> reduced(rank, dims.empty());
  for (int64_t given : dims) {
    LINNET_TRY_ASSIGN(const auto dim, wrapped_dim(given, rank));
    if (reduced[dim]) return op_error(fmt::format("dimension {} stands twice", given), -1, "dim");
    reduced[dim] = true;
  }
  return reduced;
}

OpResult<size_t> one_dim(const Attrs& attrs, size_t rank) {
  return wrapped_dim(attrs.get(kDim), rank);
}

OpResult<std::vector<Type>> infer_reduction(const InferContext& c, bool integers) {
  const Type& input = c.type(0);
  if (!is_float(input.dtype) && !(integers && is_integer(input.dtype))) {
    return op_error(fmt::format("input must be {}, not {}", integers ? "numbers" : "floating point",
                                name(input.dtype)),
                    0);
  }
  LINNET_TRY_ASSIGN(const auto reduced, reduced_dims(c.attrs, input.rank()));
  Shape shape;
  for (size_t dim = 0; dim < input.rank(); ++dim) {
    if (!reduced[dim]) {
      shape.push_back(input.shape[dim]);
    } else if (c.attrs.get(kKeepDim)) {
      shape.push_back(1);
    }
  }
  return std::vector<Type>{{input.dtype, std::move(shape), {}}};
}

Ints reduced_list(const Attrs& attrs, size_t rank) {
  const std::vector<bool> reduced = *reduced_dims(attrs, rank);
  Ints dims;
  for (size_t dim = 0; dim < rank; ++dim) {
    if (reduced[dim]) dims.push_back(static_cast<int64_t>(dim));
  }
  return dims;
}

Var with_reduced(const GradientContext& c, const Var& value) {
  Shape shape = c.in(0).shape();
  for (int64_t dim : reduced_list(c.attrs(), shape.size()))
    shape[static_cast<size_t>(dim)] = 1;
  return reshaped(value, shape);
}

std::vector<ValueId> extremum_gradient(const GradientContext& c) {
  const Var x = c.in(0);
  const Var g = with_reduced(c, c.gradient());
  const Var hit = apply(ops::eq, x, with_reduced(c, c.result()));
  const Var ones = select(hit, g.splat(1), g.splat(0));
  const Var share = g / sum_over(ones, reduced_list(c.attrs(), x.shape().size()), true);
  return {select(hit, share, g.splat(0)).id()};
}

ReductionPlan reduction_plan(const Shape& input, const Attrs& attrs) {
  const std::vector<bool> reduced = *reduced_dims(attrs, input.size());
  ReductionPlan plan;
  Shape kept = input;
  for (size_t dim = 0; dim < input.size(); ++dim) {
    if (!reduced[dim]) continue;
    plan.count *= input[dim];
    kept[dim] = 1;
  }
  std::vector<int64_t> strides = row_major_strides(kept);
  for (size_t dim = 0; dim < input.size(); ++dim) {
    if (reduced[dim]) strides[dim] = 0;
  }
  for (Index at(input); at.valid(); at.next())
    plan.target.push_back(offset_of(at.position(), strides));
  return plan;
}

}  // namespace linnet::ir
