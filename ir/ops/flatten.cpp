// flatten: a run of dimensions becomes one, as a reshape.
#include "ir/builder.h"

#include <fmt/format.h>

namespace linnet::ir {
namespace {

constexpr Key<int64_t> kStartDim{"start_dim"};
constexpr Key<int64_t> kEndDim{"end_dim"};

struct Range {
  size_t first, last;  // inclusive
};

OpResult<Range> range(const Attrs& attrs, size_t rank) {
  const int64_t n = std::max<int64_t>(static_cast<int64_t>(rank), 1);
  const auto from_end = [&](int64_t dim) { return dim < 0 ? dim + n : dim; };
  const int64_t first = from_end(attrs.get(kStartDim));
  const int64_t last = from_end(attrs.get(kEndDim));
  for (const auto& [name, dim] : {std::pair{"start_dim", first}, std::pair{"end_dim", last}}) {
    if (dim < 0 || dim >= n) {
      return op_error(fmt::format("'{}' is outside the {} dimensions", name, rank), -1, name);
    }
  }
  if (first > last) return op_error("'start_dim' is behind 'end_dim'", -1, "start_dim");
  return Range{static_cast<size_t>(first), static_cast<size_t>(last)};
}

Shape flat(const Shape& shape, Range r) {
  if (shape.empty()) return {1};
  Shape result(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(r.first));
  int64_t product = 1;
  for (size_t dim = r.first; dim <= r.last; ++dim)
    product *= shape[dim];
  result.push_back(product);
  result.insert(result.end(), shape.begin() + static_cast<std::ptrdiff_t>(r.last) + 1, shape.end());
  return result;
}

}  // namespace

const OpDef ops::flatten{
    .name = "flatten",
    .doc = "Dimensions start_dim to end_dim become one. torch.flatten; ONNX Flatten-23 for "
           "start_dim 1 of [N, …].",
    .operands = {{"input"}},
    .attrs = {{.name = "start_dim", .doc = "first of them", .default_value = int64_t{1}},
              {.name = "end_dim",
               .doc = "last of them; -1 is the last there is",
               .default_value = int64_t{-1}}},
    .traits = kDataMovement | kView,
    .infer = [](const InferContext& c) -> OpResult<std::vector<Type>> {
      LINNET_TRY_ASSIGN(const auto r, range(c.attrs, c.type(0).rank()));
      return std::vector<Type>{{c.type(0).dtype, flat(c.type(0).shape, r), {}}};
    },
    .evaluate =
        []<class T>(EvalContext<T>& c) {
          c.out().values = c.in(0).values;
          c.out().ints = c.in(0).ints;
        },
    .expand = [](Builder& builder, std::span<const ValueId> operands,
                 const Attrs& attrs) -> std::vector<ValueId> {
      const Shape& shape = builder.type(operands[0]).shape;
      const Shape to = flat(shape, *range(attrs, shape.size()));
      return {builder.create(ops::reshape, {operands[0]}, {{"shape", Ints(to)}}, "flatten")};
    },
};

}  // namespace linnet::ir
