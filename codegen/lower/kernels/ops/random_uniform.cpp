// random_uniform: a number of its own for each element, by Philox.
#include "base/philox.h"
#include "codegen/lower/kernels/ops/op_kernels.h"
#include "codegen/lower/kernels/shared/row_major.h"

#include <utility>

namespace linnet::codegen {

using Halide::Expr;

namespace {

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
    const Expr product0 = wide(c[0]) * wide(number(kPhiloxMultiplier0));
    const Expr product1 = wide(c[2]) * wide(number(kPhiloxMultiplier1));
    const Expr next[4] = {word(product1 >> 32) ^ c[1] ^ key[0], word(product1),
                          word(product0 >> 32) ^ c[3] ^ key[1], word(product0)};
    for (int i = 0; i < 4; ++i)
      c[i] = next[i];
    key[0] += number(kPhiloxWeyl0);
    key[1] += number(kPhiloxWeyl1);
  }
  return Halide::select(lane == 0, c[0], lane == 1, c[1], lane == 2, c[2], c[3]);
}

// Which block of four numbers has that of an element, and which of the four it is.
std::pair<Expr, Expr> block_and_lane(Lowering& lowering, const ir::Node& node,
                                     const Expr& element) {
  if (node.operands.size() < 3 || !node.operands[2])
    return {Halide::cast<uint32_t>(element / 4), element % 4};
  const auto wide = [](const Expr& e) { return Halide::cast<int64_t>(e); };
  const auto number = [](int64_t value) {
    return Halide::Internal::make_const(Halide::Int(64), value);
  };
  const int64_t parts = node.attrs.get(ir::Key<int64_t>{"parts"});
  const int64_t run = node.attrs.get(ir::Key<int64_t>{"run"});
  const Position origin(lowering.operand_type(node, 2).rank(), Expr(0));
  const Expr part = wide(lowering.at(node.operands[2], origin));
  const Expr length = static_cast<int>(run);
  // A run of whole blocks: which of the four it is does not depend on the part.
  if (run % 4 == 0) {
    const Expr block = (wide(element / length) * number(parts) + part) * number(run / 4) +
                       wide(element % length / 4);
    return {Halide::cast<uint32_t>(block), element % 4};
  }
  const Expr whole =
      (wide(element / length) * number(parts) + part) * number(run) + wide(element % length);
  return {Halide::cast<uint32_t>(whole / number(4)), Halide::cast<int>(whole % number(4))};
}

}  // namespace

Expr lower_random_uniform(Lowering& lowering, const ir::Node& node, const Position& position) {
  const auto scalar = [&](size_t i) {
    const Position origin(lowering.operand_type(node, i).rank(), Expr(0));
    return Halide::cast<uint64_t>(lowering.at(node.operands[i], origin));
  };
  const ir::Type& type = lowering.type(node.results.front());
  const auto stream = static_cast<uint32_t>(node.attrs.get(ir::Key<int64_t>{"stream"}));
  const auto [block, lane] = block_and_lane(lowering, node, linear(type.shape, position));
  const Expr high = philox_word(scalar(0), scalar(1), stream, block, lane);
  if (type.dtype == ir::DType::kF32) return Halide::cast<float>(high >> 8) * 0x1p-24f;
  const Expr top =
      Halide::Internal::make_const(Halide::UInt(32), static_cast<int64_t>(kPhiloxLowWords));
  const Expr low = philox_word(scalar(0), scalar(1), stream, block | top, lane);
  const Expr bits = (Halide::cast<uint64_t>(high) << 32 | Halide::cast<uint64_t>(low)) >> 11;
  return Halide::cast<double>(bits) * Halide::Internal::make_const(Halide::Float(64), 0x1p-53);
}

}  // namespace linnet::codegen
