// cast: the element as another dtype.
#include "codegen/lower/kernels/ops/op_kernels.h"

#include <limits>

namespace linnet::codegen {

using Halide::Expr;

namespace {

// A bf16 that is read from memory as f32, whose upper half it is; else undefined.
Expr widened_bits(const Expr& value) {
  const auto* stored = value.as<Halide::Internal::Reinterpret>();
  if (!stored || !value.type().is_bfloat()) return {};
  return Halide::reinterpret<float>(Halide::cast<uint32_t>(stored->value) << 16);
}

}  // namespace

Expr lower_cast(Lowering& lowering, const ir::Node& node, const Position& position) {
  Expr value = lowering.at(node.operands[0], position);
  if (const Expr wide = widened_bits(value); wide.defined()) value = wide;
  const ir::DType to = lowering.type(node.results.front()).dtype;
  if (to == ir::DType::kBool) return Halide::cast<uint8_t>(value != Halide::cast(value.type(), 0));
  if (!value.type().is_float() || is_float(to)) return Halide::cast(halide_type(to), value);
  // ir/ops/cast.cpp: NaN gives 0, then saturate at 64 bits, then keep the low bits.
  const Halide::Type wide = Halide::Int(64);
  const Expr limit = Halide::Internal::make_const(value.type(), 0x1p63);
  const Expr inside = value < limit && value >= -limit;
  const Expr safe = Halide::select(inside, value, Halide::cast(value.type(), 0));
  // Not by >=, which Halide takes for !(<): that is true of NaN.
  const Expr beyond = Halide::select(
      value < -limit, wide.min(),
      Halide::select(value != value, Halide::Internal::make_const(wide, 0), wide.max()));
  return Halide::cast(halide_type(to), Halide::select(inside, Halide::cast(wide, safe), beyond));
}

}  // namespace linnet::codegen
