// Shapes and the movement of whole blocks: what is asked of a shape is known at import.
#include "frontend/onnx/ops/onnx_ops.h"

#include "base/integers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace linnet::frontend {
namespace {

namespace ops = ir::ops;
using ir::Ints;
using ir::Shape;

// Shape-15: the sizes from `start` to `end`.
void shape(OnnxNode& node) {
  const Shape sizes = node.in(0).shape();
  const int64_t rank = static_cast<int64_t>(sizes.size());
  const auto clamped = [&](int64_t at) {
    return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  const int64_t start = clamped(node.integer("start", 0));
  const int64_t end = std::max(start, clamped(node.integer("end", rank)));
  node.give(node.literal(Ints(sizes.begin() + start, sizes.begin() + end)));
}

void size(OnnxNode& node) {
  node.give(node.literal(ir::DType::kI64, static_cast<double>(node.in(0).type().elements())));
}

// Reshape-21: 0 keeps the size (unless allowzero), one −1 is what is left.
void reshape(OnnxNode& node) {
  const Var x = node.in(0);
  const Shape from = x.shape();
  Shape to = node.ints(1, "the shape");
  // A shape written for one sample is meant for each.
  const int64_t batch = node.graph().widened_batch();
  if (batch != 1 && !to.empty() && to[0] == 1 && !from.empty() && from[0] == batch &&
      node.graph().depends_on_input(x.id()))
    to[0] = batch;
  const bool zeros = node.flag("allowzero", false);
  int64_t known = 1;
  int unknown = 0;
  for (size_t i = 0; i < to.size(); ++i) {
    if (to[i] == 0 && !zeros) {
      if (i >= from.size())
        node.wrong(fmt::format("shape {}: 0 keeps dimension {}, which {} does not have",
                               to_string(to), i, to_string(from)));
      to[i] = from[i];
    }
    if (to[i] < -1) node.wrong(fmt::format("shape {}: sizes are not negative", to_string(to)));
    if (to[i] == -1) {
      ++unknown;
      continue;
    }
    const auto product = checked_mul(known, to[i]);
    if (!product) node.wrong(fmt::format("shape {} is too large", to_string(to)));
    known = *product;
  }
  if (unknown > 1) node.wrong(fmt::format("shape {}: only one size may be -1", to_string(to)));
  const int64_t elements = x.type().elements();
  if (unknown == 1) {
    if (known == 0 || elements % known != 0)
      node.wrong(fmt::format("{} elements do not fit shape {}", elements, to_string(to)));
    std::ranges::replace(to, int64_t{-1}, elements / known);
  }
  node.give(reshaped(x, to));
}

void flatten(OnnxNode& node) {
  const Var x = node.in(0);
  const Shape sizes = x.shape();
  const int64_t rank = static_cast<int64_t>(sizes.size());
  const int64_t given = node.integer("axis", 1);
  if (given < -rank || given > rank)
    node.wrong(fmt::format("axis {} does not exist among {} dimensions", given, rank));
  const size_t axis = static_cast<size_t>(given < 0 ? given + rank : given);
  node.give(reshaped(x, {product(sizes, 0, axis), product(sizes, axis, sizes.size())}));
}

Ints axes_of(OnnxNode& node, size_t rank, bool& given) {
  given = node.has(1) || node.find("axes") != nullptr;
  Ints axes = node.has(1) ? node.ints(1, "axes") : node.ints("axes");
  for (int64_t& axis : axes)
    axis = static_cast<int64_t>(node.axis(axis, rank));
  std::ranges::sort(axes);
  if (std::ranges::adjacent_find(axes) != axes.end())
    node.wrong(fmt::format("an axis stands twice among [{}]", fmt::join(axes, ", ")));
  return axes;
}

void squeeze(OnnxNode& node) {
  const Var x = node.in(0);
  const Shape from = x.shape();
  bool given = false;
  const Ints axes = axes_of(node, from.size(), given);
  Shape to;
  for (size_t i = 0; i < from.size(); ++i) {
    const bool named = std::ranges::binary_search(axes, static_cast<int64_t>(i));
    if (named && from[i] != 1)
      node.wrong(fmt::format("dimension {} has size {}, not 1", i, from[i]));
    if (!named && (given || from[i] != 1)) to.push_back(from[i]);
  }
  node.give(reshaped(x, to));
}

void unsqueeze(OnnxNode& node) {
  const Var x = node.in(0);
  bool given = false;
  const size_t count = node.has(1) ? node.ints(1, "axes").size() : node.ints("axes").size();
  if (x.type().rank() + count > ir::kMaxRank)
    node.unsupported(fmt::format("more than {} dimensions are not supported", ir::kMaxRank));
  const Ints axes = axes_of(node, x.type().rank() + count, given);
  Shape to = x.shape();
  for (int64_t axis : axes)
    to.insert(to.begin() + axis, 1);
  node.give(reshaped(x, to));
}

void transpose(OnnxNode& node) {
  const Var x = node.in(0);
  const size_t rank = x.type().rank();
  Ints order(rank);
  for (size_t i = 0; i < rank; ++i)
    order[i] = static_cast<int64_t>(rank - 1 - i);
  order = node.ints("perm", order);
  Ints sorted = order;
  std::ranges::sort(sorted);
  bool permutation = sorted.size() == rank;
  for (size_t i = 0; i < rank && permutation; ++i)
    permutation = sorted[i] == static_cast<int64_t>(i);
  if (!permutation)
    node.wrong(fmt::format("perm [{}] is no order of {} dimensions", fmt::join(order, ", "), rank));
  node.give(rank < 2 ? x : transposed(x, order));
}

void concat(OnnxNode& node) {
  std::vector<Var> parts;
  for (size_t i = 0; i < node.input_count(); ++i)
    parts.push_back(node.in(i));
  node.give(concatenated(parts, node.axis(node.integer("axis", 1), parts[0].type().rank())));
}

// Split-18: sizes as an input, an attribute, or equal parts of which the last may be smaller.
void split(OnnxNode& node) {
  const Var x = node.in(0);
  const size_t dim = node.axis(node.integer("axis", 0), x.type().rank());
  const int64_t whole = x.shape()[dim];
  Ints sizes = node.has(1) ? node.ints(1, "the sizes") : node.ints("split");
  if (sizes.empty()) {
    const int64_t parts = static_cast<int64_t>(node.output_count());
    if (node.integer("num_outputs", parts) != parts)
      node.wrong(fmt::format("num_outputs is {}, of {} outputs", node.integer("num_outputs", parts),
                             parts));
    const int64_t part = ceil_div(whole, parts);
    if (node.opset() < 18 && whole % parts != 0)
      node.wrong(fmt::format("{} does not divide into {} equal parts", whole, parts));
    for (int64_t i = 0; i < parts; ++i)
      sizes.push_back(std::clamp<int64_t>(whole - i * part, 0, part));
  }
  int64_t sum = 0;
  for (int64_t part : sizes) {
    if (part < 0 || part > whole) node.wrong(fmt::format("a part of size {} of {}", part, whole));
    sum += part;
  }
  if (sum != whole || sizes.size() != node.output_count()) {
    node.wrong(fmt::format("parts [{}] for {} outputs do not make up {}", fmt::join(sizes, ", "),
                           node.output_count(), whole));
  }
  int64_t start = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    node.give(i, sliced(x, dim, start, sizes[i]));
    start += sizes[i];
  }
}

// Expand-13: shapes broadcast both ways.
void expand(OnnxNode& node) {
  const Var x = node.in(0);
  const Shape wanted = node.ints(1, "the shape");
  const auto negative = std::ranges::find_if(wanted, [](int64_t n) { return n < 0; });
  const auto shape = negative == wanted.end() ? ir::broadcast(x.shape(), wanted) : std::nullopt;
  if (!shape)
    node.wrong(fmt::format("{} does not expand to {}", to_string(x.shape()), to_string(wanted)));
  node.give(broadcast_to(x, *shape));
}

void tile(OnnxNode& node) {
  Var x = node.in(0);
  const Ints repeats = node.ints(1, "repeats");
  if (repeats.size() != x.type().rank())
    node.wrong(fmt::format("{} repeats for {} dimensions", repeats.size(), x.type().rank()));
  for (size_t dim = 0; dim < repeats.size(); ++dim) {
    Shape to = x.shape();
    const auto repeated = checked_mul(to[dim], repeats[dim]);
    if (repeats[dim] < 0 || !repeated)
      node.wrong(fmt::format("{} repeats of dimension {}", repeats[dim], dim));
    if (repeats[dim] == 1) continue;
    Shape apart = to;
    apart.insert(apart.begin() + static_cast<std::ptrdiff_t>(dim), 1);
    Shape wide = apart;
    wide[dim] = repeats[dim];
    if (wide.size() > ir::kMaxRank)
      node.unsupported(fmt::format("Tile of {} dimensions is not supported", to.size()));
    to[dim] = *repeated;
    x = reshaped(broadcast_to(reshaped(x, apart), wide), to);
  }
  node.give(x);
}

// The attribute blocksize; larger ones than any picture are left to the checks that follow.
int64_t blocksize(OnnxNode& node) {
  constexpr int64_t kMost = 1 << 20;
  const int64_t size = node.integer("blocksize", 1);
  if (size < 1 || size > kMost) node.wrong(fmt::format("blocksize {} is not possible", size));
  return size;
}

// DepthToSpace-13: blocks of channels become blocks of pixels, depth first (DCR) or column first.
void depth_to_space(OnnxNode& node) {
  const Var x = node.in(0);
  const Shape s = x.shape();
  const int64_t b = blocksize(node);
  if (s.size() != 4 || s[1] % (b * b) != 0)
    node.wrong(fmt::format("blocks of {} do not divide the channels of {}", b, to_string(s)));
  const int64_t c = s[1] / (b * b);
  const bool columns = node.text("mode", "DCR") == "CRD";
  const Var apart =
      columns ? reshaped(x, {s[0], c, b, b, s[2], s[3]}) : reshaped(x, {s[0], b, b, c, s[2], s[3]});
  const Var moved = transposed(apart, columns ? Ints{0, 1, 4, 2, 5, 3} : Ints{0, 3, 4, 1, 5, 2});
  node.give(reshaped(moved, {s[0], c, s[2] * b, s[3] * b}));
}

void space_to_depth(OnnxNode& node) {
  const Var x = node.in(0);
  const Shape s = x.shape();
  const int64_t b = blocksize(node);
  if (s.size() != 4 || s[2] % b != 0 || s[3] % b != 0)
    node.wrong(fmt::format("blocks of {} do not divide the pixels of {}", b, to_string(s)));
  const bool columns = node.text("mode", "DCR") == "CRD";
  const Var apart = reshaped(x, {s[0], s[1], s[2] / b, b, s[3] / b, b});
  const Var moved = transposed(apart, columns ? Ints{0, 1, 3, 5, 2, 4} : Ints{0, 3, 5, 1, 2, 4});
  node.give(reshaped(moved, {s[0], s[1] * b * b, s[2] / b, s[3] / b}));
}

constexpr int64_t kMostPad = int64_t{1} << 40;  // bytes a tensor may have

// What Pad adds: before each dimension, then after each, for all dimensions.
Ints pads_of(OnnxNode& node, size_t rank) {
  const Ints given = node.opset() < 11 ? node.ints("pads") : node.ints(1, "the pads");
  Ints axes(rank);
  std::iota(axes.begin(), axes.end(), 0);
  if (node.has(3)) {
    axes = node.ints(3, "axes");
    for (int64_t& axis : axes)
      axis = static_cast<int64_t>(node.axis(axis, rank));
  }
  if (given.size() != 2 * axes.size())
    node.wrong(fmt::format("{} pads for {} axes; two for each", given.size(), axes.size()));
  for (int64_t pad : given) {
    if (pad < -kMostPad || pad > kMostPad) node.wrong(fmt::format("a pad of {}", pad));
  }
  Ints pads(2 * rank, 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    pads[static_cast<size_t>(axes[i])] = given[i];
    pads[static_cast<size_t>(axes[i]) + rank] = given[i + axes.size()];
  }
  return pads;
}

// Pad-21; "wrap" repeats the tensor, by positions.
void pad(OnnxNode& node) {
  Var x = node.in(0);
  const size_t rank = x.type().rank();
  const Ints pads = pads_of(node, rank);
  const std::string mode = node.text("mode", "constant");
  if (mode == "wrap") {
    for (size_t dim = 0; dim < rank; ++dim) {
      const int64_t size = x.shape()[dim];
      const int64_t count = size + pads[dim] + pads[dim + rank];
      if (count == size && pads[dim] == 0) continue;
      if (count < 0 || size == 0 || count > (int64_t{1} << 24))
        node.wrong(fmt::format("pads of dimension {} make it {} long", dim, count));
      Ints positions;
      for (int64_t i = 0; i < count; ++i)
        positions.push_back(((i - pads[dim]) % size + size) % size);
      x = picked(node, x, positions, dim);
    }
    return node.give(x);
  }
  if (mode != "constant" && mode != "reflect" && mode != "edge")
    node.wrong("mode must be \"constant\", \"reflect\", \"edge\" or \"wrap\"");
  const auto with = [&](const Var& input, double value) {
    return input.apply(ops::pad, {{"pads", pads}, {"mode", ir::Enum{mode}}, {"value", value}});
  };
  if (node.opset() < 11 || !node.has(2)) return node.give(with(x, node.number("value", 0)));
  const Var value = node.in(2);
  if (value.type().elements() != 1) node.wrong("the value must be one number");
  const auto known = node.known(2);
  // Integers that a double does not hold take the other way.
  const double number = known ? known->as_doubles().front() : 0;
  if (known && (is_float(x.type().dtype) || std::fabs(number) < 0x1p53))
    return node.give(with(x, number));
  // Known only when the model runs: chosen where the padding is.
  const ir::Type type = x.type();
  const Var own = with(node.literal(ir::Tensor::splat({ir::DType::kU8, type.shape, {}}, 1)), 0);
  node.give(select(cast_to(own, ir::DType::kBool), with(x, 0), reshaped(value, {})));
}

// CenterCropPad-18: to these sizes, around the middle.
void center_crop_pad(OnnxNode& node) {
  const Var x = node.in(0);
  const size_t rank = x.type().rank();
  const Ints sizes = node.ints(1, "the shape");
  Ints axes(rank);
  std::iota(axes.begin(), axes.end(), 0);
  axes = node.ints("axes", axes);
  if (axes.size() != sizes.size())
    node.wrong(fmt::format("{} sizes for {} axes", sizes.size(), axes.size()));
  Ints pads(2 * rank, 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    const size_t dim = node.axis(axes[i], rank);
    const int64_t more = sizes[i] - x.shape()[dim];
    // Half is added or cut in front, rounded down.
    const int64_t before = more >= 0 ? more / 2 : -(-more / 2);
    pads[dim] = before;
    pads[dim + rank] = more - before;
  }
  node.give(padded(x, pads));
}

constexpr std::array kOnnxOps = std::to_array<OnnxOp>({
    {"CenterCropPad", center_crop_pad},
    {"Concat", concat},
    {"DepthToSpace", depth_to_space},
    {"Expand", expand},
    {"Flatten", flatten},
    {"Pad", pad},
    {"Reshape", reshape},
    {"Shape", shape},
    {"Size", size},
    {"SpaceToDepth", space_to_depth},
    {"Split", split},
    {"Squeeze", squeeze},
    {"Tile", tile},
    {"Transpose", transpose},
    {"Unsqueeze", unsqueeze},
});

}  // namespace

std::span<const OnnxOp> shape_ops() {
  return kOnnxOps;
}

}  // namespace linnet::frontend
