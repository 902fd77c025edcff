// Arithmetic of quantised numbers that several tables share.
#pragma once

#include "frontend/onnx/ops/onnx_ops.h"

#include <optional>

namespace linnet::frontend {

// Input i as it is part of the program, not a parameter to be trained.
[[nodiscard]] Var setting(OnnxNode& node, size_t i);
// Input i, or nothing where it is left out.
[[nodiscard]] std::optional<Var> optional_input(OnnxNode& node, size_t i);

// A scale or zero point as it broadcasts to a value of this shape: one number, one for each place
// along `axis`, or one for each block along it.
[[nodiscard]] Var spread(OnnxNode& node, const Var& factor, const ir::Shape& shape, int64_t axis,
                         int64_t block);
// x − zero as whole numbers in a float type.
[[nodiscard]] Var centred(const Var& x, const std::optional<Var>& zero, ir::DType dtype);
// round(x) + zero, to the nearest number of the dtype.
[[nodiscard]] Var saturated(const Var& x, const std::optional<Var>& zero, ir::DType dtype);

// Sums of products of (x − zero) of 8-bit numbers, exact in the float type of the result.
[[nodiscard]] Var integer_convolution(OnnxNode& node, const Var& x, std::optional<Var> x_zero,
                                      const Var& w, std::optional<Var> w_zero);
[[nodiscard]] Var integer_product(OnnxNode& node, const Var& a, std::optional<Var> a_zero,
                                  const Var& b, std::optional<Var> b_zero);

// QLinearConv-10 of this x; its other inputs are the node's.
[[nodiscard]] Var quantised_convolution(OnnxNode& node, const Var& x);
// QuantizeLinear and DequantizeLinear, which another domain has too.
void quantize(OnnxNode& node);
void dequantize(OnnxNode& node);

// x as 8-bit numbers without sign hold it, by its smallest and largest element (DynamicQuantize-
// Linear-11): (q − zero) · scale.
[[nodiscard]] Var dynamically_quantised(const Var& x);

// LSTM of 8-bit weights W [directions, inputs, 4·hidden] and R [directions, hidden, 4·hidden].
void dynamic_quantize_lstm(OnnxNode& node);

}  // namespace linnet::frontend
