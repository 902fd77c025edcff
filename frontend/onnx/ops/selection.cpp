// Elements by their positions.
#include "frontend/onnx/ops/onnx_ops.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace linnet::frontend {
namespace {

namespace ops = ir::ops;
using ir::DType;
using ir::Ints;

// Slice-13; before version 10 starts, ends and axes are attributes.
void slice(OnnxNode& node) {
  const Var x = node.in(0);
  ir::Attrs attrs;
  if (node.opset() < 10) {
    attrs = {
        {"starts", node.ints("starts")}, {"ends", node.ints("ends")}, {"axes", node.ints("axes")}};
  } else {
    attrs = {{"starts", node.ints(1, "starts")}, {"ends", node.ints(2, "ends")}};
    if (node.has(3)) attrs.set("axes", node.ints(3, "axes"));
    if (node.has(4)) attrs.set("steps", node.ints(4, "steps"));
  }
  node.give(x.apply(ops::slice, std::move(attrs)));
}

// What is known to lie outside is wrong; what is computed is clamped when it runs.
void check_range(OnnxNode& node, size_t operand, int64_t size) {
  const auto positions = node.known(operand);
  if (!positions) return;
  for (int64_t position : positions->as_ints()) {
    if (position >= size || position < -size)
      node.wrong(fmt::format("index {} does not exist among {}", position, size));
  }
}

void gather(OnnxNode& node) {
  const Var x = node.in(0);
  const size_t dim = node.axis(node.integer("axis", 0), x.type().rank());
  check_range(node, 1, x.shape()[dim]);
  const auto known = node.known(1);
  // One element is a slice, which every pass knows.
  if (known && known->type().rank() == 0) {
    const int64_t at = known->as_ints().front();
    const int64_t size = x.shape()[dim];
    return node.give(squeezed(sliced(x, dim, at < 0 ? at + size : at, 1), dim));
  }
  node.give(apply(ops::gather, x, node.in(1), {{"dim", static_cast<int64_t>(dim)}}));
}

// Positions along `dim`, each at its own place along the other dimensions of data.
void check_along(OnnxNode& node, const ir::Shape& shape, const ir::Shape& index, size_t dim) {
  if (index.size() != shape.size())
    node.wrong(fmt::format("indices have {} dimensions, data {}", index.size(), shape.size()));
  for (size_t other = 0; other < shape.size(); ++other) {
    if (other != dim && index[other] > shape[other])
      node.wrong(
          fmt::format("indices {} reach beyond data {}", to_string(index), to_string(shape)));
  }
  check_range(node, 1, shape[dim]);
}

// GatherElements-13
void gather_elements(OnnxNode& node) {
  const Var x = node.in(0), index = node.in(1);
  const size_t dim = node.axis(node.integer("axis", 0), x.type().rank());
  check_along(node, x.shape(), index.shape(), dim);
  node.give(taken_along(node, x, index, dim));
}

// The last dimension of `index` is a position in dimensions `first` to `end` of a tensor of this
// shape, after the `first` dimensions that both share; row-major places among those up to `end`.
Var places_of(OnnxNode& node, const Var& index, const ir::Shape& shape, size_t first, size_t end) {
  const size_t last = index.type().rank() - 1;
  Var place = index.splat(0);
  int64_t stride = 1;
  for (size_t dim = end; dim-- > 0; stride *= shape[dim]) {
    if (dim < first) {
      place = place + iota(node, DType::kI64, shape[dim], dim, last) * static_cast<double>(stride);
      continue;
    }
    const Var one = squeezed(sliced(index, last, static_cast<int64_t>(dim - first), 1), last);
    const Var wrapped = select(apply(ops::lt, one, one.splat(0)),
                               one + one.splat(static_cast<double>(shape[dim])), one);
    place = place + wrapped * static_cast<double>(stride);
  }
  return place;
}

// What is known of such positions to lie outside is wrong.
void check_positions(OnnxNode& node, const ir::Shape& shape, size_t first) {
  const auto known = node.known(1);
  if (!known) return;
  const Ints values = known->as_ints();
  const size_t count = static_cast<size_t>(known->type().shape.back());
  for (size_t i = 0; i < values.size(); ++i) {
    const int64_t size = shape[first + i % count];
    if (values[i] >= size || values[i] < -size)
      node.wrong(fmt::format("index {} does not exist among {}", values[i], size));
  }
}

// GatherND-13: the last dimension of the indices is a position in the first dimensions of data,
// after `batch_dims` that both share.
void gather_nd(OnnxNode& node) {
  const Var x = node.in(0), index = cast_to(node.in(1), DType::kI64);
  const ir::Shape shape = x.shape(), at = index.shape();
  const int64_t batch = node.integer("batch_dims", 0);
  if (at.empty() || batch < 0 || static_cast<size_t>(batch) >= std::min(at.size(), shape.size()) ||
      batch + at.back() > static_cast<int64_t>(shape.size()))
    node.wrong(fmt::format("indices {} do not fit data {} with {} batch dimensions", to_string(at),
                           to_string(shape), batch));
  const size_t first = static_cast<size_t>(batch);
  const size_t inner = first + static_cast<size_t>(at.back());
  ir::Shape to(at.begin(), at.end() - 1);
  to.insert(to.end(), shape.begin() + static_cast<std::ptrdiff_t>(inner), shape.end());
  if (x.type().elements() == 0) {
    if (ir::element_count(to) != 0) node.wrong("there is nothing to gather");
    return node.give(node.literal(ir::Tensor({x.type().dtype, to, {}}, {})));
  }
  check_positions(node, shape, first);
  const Var rows = reshaped(x, {product(shape, 0, inner), product(shape, inner, shape.size())});
  node.give(reshaped(apply(ops::gather, rows, places_of(node, index, shape, first, inner)), to));
}

// How updates meet what stands there (ScatterND-18).
ir::Attrs reduction_of(OnnxNode& node) {
  const std::string how = node.text("reduction", "none");
  constexpr std::array kWords = std::to_array<std::pair<std::string_view, std::string_view>>(
      {{"none", "none"}, {"add", "sum"}, {"mul", "prod"}, {"max", "amax"}, {"min", "amin"}});
  for (const auto& [onnx, ours] : kWords) {
    if (how == onnx) return {{"reduce", ir::Enum{std::string(ours)}}};
  }
  node.wrong(fmt::format("reduction is '{}'; none, add, mul, max, min exist", how));
}

// `x` as rows, some of them updated.
Var scattered(OnnxNode& node, const Var& x, const ir::Shape& rows, const Var& places,
              const Var& updates) {
  ir::Attrs attrs = reduction_of(node);
  if (updates.type().elements() == 0) return x;
  ir::Shape to = places.shape();
  to.insert(to.end(), rows.begin() + 1, rows.end());
  const ir::ValueId made = node.builder().create(
      ops::scatter, {reshaped(x, rows).id(), places.id(), reshaped(updates, to).id()},
      std::move(attrs));
  return reshaped(node.var(made), x.shape());
}

// ScatterElements-18, and Scatter-9 as it was called.
void scatter_elements(OnnxNode& node) {
  const Var x = node.in(0), index = node.in(1), updates = node.in(2);
  const size_t dim = node.axis(node.integer("axis", 0), x.type().rank());
  if (updates.shape() != index.shape())
    node.wrong(fmt::format("updates {} must have the shape of indices {}",
                           to_string(updates.shape()), to_string(index.shape())));
  check_along(node, x.shape(), index.shape(), dim);
  node.give(scattered(node, x, {x.type().elements()}, places_along(node, x.shape(), index, dim),
                      updates));
}

// ScatterND-18
void scatter_nd(OnnxNode& node) {
  const Var x = node.in(0), index = cast_to(node.in(1), DType::kI64), updates = node.in(2);
  const ir::Shape shape = x.shape(), at = index.shape();
  if (at.empty() || at.back() > static_cast<int64_t>(shape.size()))
    node.wrong(fmt::format("indices {} do not fit data {}", to_string(at), to_string(shape)));
  const size_t inner = static_cast<size_t>(at.back());
  ir::Shape wanted(at.begin(), at.end() - 1);
  wanted.insert(wanted.end(), shape.begin() + static_cast<std::ptrdiff_t>(inner), shape.end());
  if (updates.shape() != wanted)
    node.wrong(
        fmt::format("updates must be {}, not {}", to_string(wanted), to_string(updates.shape())));
  check_positions(node, shape, 0);
  const ir::Shape rows{product(shape, 0, inner), product(shape, inner, shape.size())};
  node.give(scattered(node, x, rows, places_of(node, index, shape, 0, inner), updates));
}

// OneHot-11
void one_hot(OnnxNode& node) {
  const Var index = cast_to(node.in(0), DType::kI64);
  constexpr double kMostClasses = 1 << 20;
  const double given = node.number(1, "depth");
  if (!(given >= 1 && given <= kMostClasses)) node.wrong(fmt::format("a depth of {}", given));
  const int64_t depth = static_cast<int64_t>(given);
  const size_t rank = index.type().rank() + 1;
  const size_t dim = node.axis(node.integer("axis", -1), rank);
  const Var wide = index.splat(static_cast<double>(depth));
  const Var wrapped = select(apply(ops::lt, index, index.splat(0)), index + wide, index);
  const Var hit =
      apply(ops::eq, unsqueezed(wrapped, dim), iota(node, DType::kI64, depth, dim, rank));
  const Var values = node.in(2);
  if (values.shape() != ir::Shape{2}) node.wrong("values must be [off, on]");
  node.give(select(hit, sliced(values, 0, 1, 1), sliced(values, 0, 0, 1)));
}

// Trilu-14: the triangle on one side of a diagonal, zeros elsewhere.
void trilu(OnnxNode& node) {
  const Var x = node.in(0);
  const size_t rank = x.type().rank();
  if (rank < 2) node.wrong("the input must be a matrix or a stack of them");
  const int64_t k = std::clamp<int64_t>(node.has(1) ? node.integer(1, "k") : 0,
                                        -x.shape()[rank - 2], x.shape()[rank - 1]);
  const Var row = iota(node, DType::kI64, x.shape()[rank - 2], rank - 2, rank);
  const Var column = iota(node, DType::kI64, x.shape()[rank - 1], rank - 1, rank);
  const Var diagonal = row + row.splat(static_cast<double>(k));
  const bool upper = node.flag("upper", true);
  node.give(select(apply(upper ? ops::ge : ops::le, column, diagonal), x, x.splat(0)));
}

constexpr std::array kOnnxOps = std::to_array<OnnxOp>({
    {"Gather", gather},
    {"GatherElements", gather_elements},
    {"GatherND", gather_nd},
    {"OneHot", one_hot},
    {"Scatter", scatter_elements},
    {"ScatterElements", scatter_elements},
    {"ScatterND", scatter_nd},
    {"Slice", slice},
    {"Trilu", trilu},
});

}  // namespace

std::span<const OnnxOp> selection_ops() {
  return kOnnxOps;
}

}  // namespace linnet::frontend
