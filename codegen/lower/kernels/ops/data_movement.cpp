// Data movement: the operand's element at another position.
#include "codegen/lower/kernels/rows.h"
#include "ir/ops/pad.h"
#include "ir/ops/reduction.h"
#include "ir/ops/slice.h"
#include "ir/ops/transpose.h"

#include "base/philox.h"

#include <limits>

namespace linnet::codegen {
namespace {

using Halide::Expr;

// Row-major index of a position.
Expr linear(const ir::Shape& shape, const Position& position) {
  Expr index = 0;
  for (size_t dim = 0; dim < shape.size(); ++dim)
    index = index * static_cast<int>(shape[dim]) + position[dim];
  return Halide::Internal::simplify(index);
}

Position delinearized(const ir::Shape& shape, const Expr& index) {
  Position position(shape.size());
  Expr rest = index;
  for (size_t dim = shape.size(); dim-- > 0;) {
    const int extent = static_cast<int>(shape[dim]);
    position[dim] = extent == 1 ? Expr(0) : dim == 0 ? rest : rest % extent;
    rest = rest / extent;
  }
  return position;
}

// Philox4x32-10, as base/philox.h has it: one word of a block.
Expr philox_word(const Expr& seed, const Expr& step, uint32_t stream, const Expr& block,
                 const Expr& lane) {
  const auto word = [](const Expr& e) { return Halide::cast<uint32_t>(e); };
  const auto number = [](uint32_t value) {
    return Halide::Internal::make_const(Halide::UInt(32), static_cast<int64_t>(value));
  };
  const auto wide = [](const Expr& e) { return Halide::cast<uint64_t>(e); };
  Expr c[4] = {block, number(stream), word(step), word(step >> 32)};
  Expr key[2] = {word(seed), word(seed >> 32)};
  for (int round = 0; round < 10; ++round) {
    const Expr product0 = wide(c[0]) * wide(number(runtime::kPhiloxMultiplier0));
    const Expr product1 = wide(c[2]) * wide(number(runtime::kPhiloxMultiplier1));
    const Expr next[4] = {word(product1 >> 32) ^ c[1] ^ key[0], word(product1),
                          word(product0 >> 32) ^ c[3] ^ key[1], word(product0)};
    for (int i = 0; i < 4; ++i)
      c[i] = next[i];
    key[0] += number(runtime::kPhiloxWeyl0);
    key[1] += number(runtime::kPhiloxWeyl1);
  }
  return Halide::select(lane == 0, c[0], lane == 1, c[1], lane == 2, c[2], c[3]);
}

}  // namespace

Expr lower_reshape(Lowering& lowering, const ir::Node& node, const Position& position) {
  const ir::Shape& from = lowering.operand_type(node, 0).shape;
  const ir::Shape& to = lowering.type(node.results.front()).shape;
  return lowering.at(node.operands[0], delinearized(from, linear(to, position)));
}

Expr lower_transpose(Lowering& lowering, const ir::Node& node, const Position& position) {
  const size_t rank = position.size();
  const ir::Ints dims = ir::permutation(node.attrs, rank);
  Position from(rank);
  for (size_t i = 0; i < rank; ++i)
    from[static_cast<size_t>(dims[i])] = position[i];
  return lowering.at(node.operands[0], from);
}

Expr lower_concat(Lowering& lowering, const ir::Node& node, const Position& position) {
  const size_t dim = *ir::one_dim(node.attrs, position.size());
  Expr value;
  int offset = 0;
  for (size_t i = 0; i < node.operands.size(); ++i) {
    const int size = static_cast<int>(lowering.operand_type(node, i).shape[dim]);
    if (size == 0) continue;
    Position from = position;
    from[dim] = Halide::clamp(position[dim] - offset, 0, size - 1);
    const Expr piece = lowering.at(node.operands[i], from);
    value = value.defined() ? Halide::select(position[dim] >= offset, piece, value) : piece;
    offset += size;
  }
  return value;
}

Expr lower_slice(Lowering& lowering, const ir::Node& node, const Position& position) {
  const auto ranges = *ir::slice_ranges(node.attrs, lowering.operand_type(node, 0).shape);
  Position from;
  for (size_t dim = 0; dim < ranges.size(); ++dim) {
    from.push_back(position[dim] * static_cast<int>(ranges[dim].step) +
                   static_cast<int>(ranges[dim].start));
  }
  return lowering.at(node.operands[0], from);
}

// The index is data: it is clamped, so that whatever it holds, nothing outside is read.
Expr lower_gather(Lowering& lowering, const ir::Node& node, const Position& position) {
  const ir::Shape& in = lowering.operand_type(node, 0).shape;
  const size_t dim = *ir::one_dim(node.attrs, in.size());
  const auto first = position.begin() + static_cast<ptrdiff_t>(dim);
  const auto rest = first + static_cast<ptrdiff_t>(lowering.operand_type(node, 1).rank());
  const Expr index = lowering.at(node.operands[1], {first, rest});
  const Expr size = Halide::Internal::make_const(index.type(), in[dim]);
  const Expr wrapped = Halide::select(index < 0, index + size, index);
  Position from(position.begin(), first);
  from.push_back(Halide::cast<int>(Halide::clamp(wrapped, 0, size - 1)));
  from.insert(from.end(), rest, position.end());
  return lowering.at(node.operands[0], from);
}

Expr lower_pad(Lowering& lowering, const ir::Node& node, const Position& position) {
  const ir::Type& in = lowering.operand_type(node, 0);
  const ir::Ints& pads = node.attrs.get(ir::kPads);
  const std::string& mode = node.attrs.get(ir::kPadMode).word;
  Position from;
  for (size_t dim = 0; dim < in.rank(); ++dim) {
    const int last = static_cast<int>(in.shape[dim]) - 1;
    Expr source = position[dim] - static_cast<int>(pads[dim]);
    if (mode == "edge") source = Halide::clamp(source, 0, last);
    if (mode == "reflect") {
      source = Halide::select(source < 0, -source, source);
      source = Halide::clamp(Halide::select(source > last, 2 * last - source, source), 0, last);
    }
    from.push_back(source);
  }
  if (mode != "constant") return lowering.at(node.operands[0], from);
  return lowering.at_or(node.operands[0], from, literal(in.dtype, node.attrs.get(ir::kPadValue)));
}

Expr lower_broadcast_to(Lowering& lowering, const ir::Node& node, const Position& position) {
  const ir::Shape& in = lowering.operand_type(node, 0).shape;
  const size_t offset = position.size() - in.size();
  Position from;
  for (size_t dim = 0; dim < in.size(); ++dim)
    from.push_back(in[dim] == 1 ? Expr(0) : position[offset + dim]);
  return lowering.at(node.operands[0], from);
}

Expr lower_identity(Lowering& lowering, const ir::Node& node, const Position& position) {
  return lowering.at(node.operands[0], position);
}

Expr lower_cast(Lowering& lowering, const ir::Node& node, const Position& position) {
  const Expr value = lowering.at(node.operands[0], position);
  const ir::DType to = lowering.type(node.results.front()).dtype;
  if (to == ir::DType::kBool) return Halide::cast<uint8_t>(value != Halide::cast(value.type(), 0));
  if (!value.type().is_float() || is_float(to)) return Halide::cast(halide_type(to), value);
  // ir/ops/cast.cpp: NaN gives 0, then saturate at 64 bits, then keep the low bits.
  const Halide::Type wide = Halide::Int(64);
  const Expr limit = Halide::Internal::make_const(value.type(), 0x1p63);
  const Expr inside = value < limit && value >= -limit;
  const Expr safe = Halide::select(inside, value, Halide::cast(value.type(), 0));
  const Expr beyond = Halide::select(
      value >= limit, wide.max(),
      Halide::select(value < -limit, wide.min(), Halide::Internal::make_const(wide, 0)));
  return Halide::cast(halide_type(to), Halide::select(inside, Halide::cast(wide, safe), beyond));
}

Expr lower_random_uniform(Lowering& lowering, const ir::Node& node, const Position& position) {
  const auto scalar = [&](size_t i) {
    const Position origin(lowering.operand_type(node, i).rank(), Expr(0));
    return Halide::cast<uint64_t>(lowering.at(node.operands[i], origin));
  };
  const ir::Type& type = lowering.type(node.results.front());
  const auto stream = static_cast<uint32_t>(node.attrs.get(ir::Key<int64_t>{"stream"}));
  const Expr element = linear(type.shape, position);
  const Expr block = Halide::cast<uint32_t>(element / 4);
  const Expr high = philox_word(scalar(0), scalar(1), stream, block, element % 4);
  if (type.dtype == ir::DType::kF32) return Halide::cast<float>(high >> 8) * 0x1p-24f;
  const Expr top = Halide::Internal::make_const(Halide::UInt(32),
                                                static_cast<int64_t>(runtime::kPhiloxLowWords));
  const Expr low = philox_word(scalar(0), scalar(1), stream, block | top, element % 4);
  const Expr bits = (Halide::cast<uint64_t>(high) << 32 | Halide::cast<uint64_t>(low)) >> 11;
  return Halide::cast<double>(bits) * Halide::Internal::make_const(Halide::Float(64), 0x1p-53);
}

}  // namespace linnet::codegen
