// Fourier transforms of constant length, as products with constant matrices: small ones with one,
// others by factors of the length (Cooley and Tukey, 1965).
#include "frontend/onnx/ops/onnx_ops.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <numbers>
#include <numeric>

namespace linnet::frontend {
namespace {

namespace ops = ir::ops;
using ir::Ints;
using ir::Shape;

constexpr int64_t kOneMatrix = 256;          // the longest transform with a single matrix,
constexpr int64_t kLongestFactor = 1 << 11;  // and the longest that no factor divides
constexpr int64_t kLongest = 1 << 22;

// exp(sign · 2πi · step / length), exact in the number of turns.
std::array<double, 2> root(int64_t step, int64_t length, int sign) {
  const double turn = static_cast<double>(step % length) / static_cast<double>(length);
  const double angle = sign * 2 * std::numbers::pi * turn;
  return {std::cos(angle), std::sin(angle)};
}

// [rows, inputs, parts] → [rows, bins, 2]: the first `bins` of a transform of `length`, of which
// what lies behind the inputs is 0. parts: 1 real, 2 complex numbers.
Var with_matrix(OnnxNode& node, const Var& x, int64_t length, int64_t bins, int sign) {
  const int64_t inputs = std::min(x.shape()[1], length), parts = x.shape()[2];
  std::vector<double> matrix;
  matrix.reserve(static_cast<size_t>(inputs * parts * bins * 2));
  for (int64_t n = 0; n < inputs; ++n) {
    for (int64_t part = 0; part < parts; ++part) {
      for (int64_t k = 0; k < bins; ++k) {
        const auto [re, im] = root(n * k, length, sign);
        matrix.push_back(part == 0 ? re : -im);
        matrix.push_back(part == 0 ? im : re);
      }
    }
  }
  const Var rows = reshaped(sliced(x, 1, 0, inputs), {x.shape()[0], inputs * parts});
  const Var y =
      apply(ops::matmul, rows, node.literal(x.type().dtype, {inputs * parts, bins * 2}, matrix));
  return reshaped(y, {x.shape()[0], bins, 2});
}

// The largest divisor that makes a small matrix; 1 if there is none.
int64_t factor_of(int64_t length) {
  for (int64_t divisor = 64; divisor > 1; --divisor) {
    if (length % divisor == 0) return divisor;
  }
  return 1;
}

// The same for any length: with n = b·n1 + n2 and k = k1 + a·k2 transforms of length a over n1,
// then a turn of each by n2·k1, then transforms of length b over n2.
Var transformed(OnnxNode& node, const Var& x, int64_t length, int64_t bins, int sign) {
  const int64_t a = length <= kOneMatrix ? 1 : factor_of(length), b = length / a;
  if (a == 1) {
    if (length > kLongestFactor)
      node.unsupported(fmt::format("a transform of length {}, which has no small factor", length),
                       "a length that is a power of two is fast");
    return with_matrix(node, x, length, bins, sign);
  }
  const int64_t rows = x.shape()[0], parts = x.shape()[2], given = x.shape()[1];
  Var all = sliced(x, 1, 0, std::min(given, length));
  if (given < length) all = padded(all, {0, 0, 0, 0, length - given, 0});
  all = transposed(reshaped(all, {rows, a, b, parts}), {0, 2, 1, 3});
  const Var first =
      reshaped(with_matrix(node, reshaped(all, {rows * b, a, parts}), a, a, sign), {rows, b, a, 2});
  std::vector<double> cosines, sines;
  for (int64_t n2 = 0; n2 < b; ++n2) {
    for (int64_t k1 = 0; k1 < a; ++k1) {
      const auto [re, im] = root(n2 * k1, length, sign);
      cosines.insert(cosines.end(), {re, re});
      sines.insert(sines.end(), {-im, im});
    }
  }
  const ir::DType dtype = x.type().dtype;
  const Shape each{b, a, 2};
  const Var turned = first * node.literal(dtype, each, cosines) +
                     picked(node, first, {1, 0}, 3) * node.literal(dtype, each, sines);
  const Var by_k1 = reshaped(transposed(turned, {0, 2, 1, 3}), {rows * a, b, 2});
  const Var last = reshaped(transformed(node, by_k1, b, b, sign), {rows, a, b, 2});
  const Var y = reshaped(transposed(last, {0, 2, 1, 3}), {rows, length, 2});
  return bins == length ? y : sliced(y, 1, 0, bins);
}

// [rows, bins, 2] → [rows, length, 1]: the real signal whose transform begins with these bins.
Var real_signal(OnnxNode& node, const Var& x, int64_t length) {
  const int64_t bins = std::min(x.shape()[1], length / 2 + 1);
  if (length > kLongestFactor)
    node.unsupported(
        fmt::format("a real inverse transform of length {} (at most {})", length, kLongestFactor));
  std::vector<double> matrix;
  for (int64_t k = 0; k < bins; ++k) {
    // The bins that are not given are these, mirrored.
    const double share = (k == 0 || 2 * k == length ? 1.0 : 2.0) / static_cast<double>(length);
    for (int part = 0; part < 2; ++part) {
      for (int64_t t = 0; t < length; ++t) {
        const auto [re, im] = root(k * t, length, 1);
        matrix.push_back(share * (part == 0 ? re : -im));
      }
    }
  }
  const Var rows = reshaped(sliced(x, 1, 0, bins), {x.shape()[0], bins * 2});
  const Var y = apply(ops::matmul, rows, node.literal(x.type().dtype, {bins * 2, length}, matrix));
  return reshaped(y, {x.shape()[0], length, 1});
}

void check_length(OnnxNode& node, int64_t length) {
  if (length < 1 || length > kLongest)
    node.wrong(fmt::format("a transform of length {} (1 to {})", length, kLongest));
}

// DFT-20; in version 17 `axis` was an attribute.
void dft(OnnxNode& node) {
  const Var x = node.in(0);
  const Shape in = x.shape();
  const size_t rank = in.size();
  if (rank < 2 || (in.back() != 1 && in.back() != 2))
    node.wrong(fmt::format("the input must be [N,…,1] or [N,…,2], not {}", to_string(in)));
  const int64_t given = node.opset() < 20 ? node.integer("axis", 1)
                        : node.has(2)     ? node.integer(2, "axis")
                                          : -2;
  const size_t axis = node.axis(given, rank);
  if (axis + 1 == rank) node.wrong("the last dimension holds real and imaginary part, no signal");
  const bool inverse = node.flag("inverse", false), onesided = node.flag("onesided", false);
  const bool to_real = inverse && onesided;
  const int64_t length = node.has(1) ? node.integer(1, "dft_length")
                         : to_real   ? 2 * (in[axis] - 1)
                                     : in[axis];
  check_length(node, length);
  if (to_real && in.back() != 2) node.wrong("a onesided inverse takes complex numbers");
  if (onesided && !inverse && in.back() != 1) node.wrong("a onesided transform takes real numbers");

  // The signal last, before real and imaginary part.
  Ints order(rank);
  std::iota(order.begin(), order.end(), 0);
  order.erase(order.begin() + static_cast<std::ptrdiff_t>(axis));
  order.insert(order.end() - 1, static_cast<int64_t>(axis));
  const Var last = transposed(x, order);
  Shape shape = last.shape();
  const Var rows = reshaped(last, {product(shape, 0, rank - 2), shape[rank - 2], shape[rank - 1]});
  Var y;
  if (to_real) {
    y = real_signal(node, rows, length);
  } else {
    y = transformed(node, rows, length, onesided ? length / 2 + 1 : length, inverse ? 1 : -1);
    if (inverse) y = y * (1.0 / static_cast<double>(length));
  }
  shape[rank - 2] = y.shape()[1];
  shape[rank - 1] = y.shape()[2];
  Ints back(rank);
  for (size_t i = 0; i < rank; ++i)
    back[static_cast<size_t>(order[i])] = static_cast<int64_t>(i);
  node.give(transposed(reshaped(y, shape), back));
}

// STFT-17: transforms of frames of [N, length, 1 or 2], each times a window.
void stft(OnnxNode& node) {
  const Var x = node.in(0);
  const Shape in = x.shape();
  if (in.size() != 3 || (in[2] != 1 && in[2] != 2))
    node.wrong(
        fmt::format("the signal must be [N,length,1] or [N,length,2], not {}", to_string(in)));
  const int64_t step = node.integer(1, "frame_step");
  std::optional<Var> window;
  if (node.has(2)) window = node.in(2, InitializerUse::kConstant);
  const int64_t length = node.has(3) ? node.integer(3, "frame_length")
                         : window    ? window->type().elements()
                                     : in[1];
  check_length(node, length);
  if (window && window->shape() != Shape{length})
    node.wrong(fmt::format("the window {} must have the frame's length, {}",
                           to_string(window->shape()), length));
  if (step < 1 || length > in[1])
    node.wrong(fmt::format("frames of {} in steps of {} of a signal of {}", length, step, in[1]));
  const int64_t frames = 1 + (in[1] - length) / step;
  const bool onesided = node.flag("onesided", true);
  if (onesided && in[2] == 2) node.wrong("a onesided transform takes real numbers");
  if (frames > kLongest / length)
    node.unsupported(fmt::format("{} frames of {} are not supported", frames, length));
  Ints positions;
  for (int64_t frame = 0; frame < frames; ++frame) {
    for (int64_t i = 0; i < length; ++i)
      positions.push_back(frame * step + i);
  }
  Var rows = reshaped(picked(node, x, positions, 1), {in[0] * frames, length, in[2]});
  if (window) rows = rows * reshaped(*window, {length, 1});
  const int64_t bins = onesided ? length / 2 + 1 : length;
  node.give(reshaped(transformed(node, rows, length, bins, -1), {in[0], frames, bins, 2}));
}

constexpr std::array kOnnxOps = std::to_array<OnnxOp>({
    {"DFT", dft},
    {"STFT", stft},
});

}  // namespace

std::span<const OnnxOp> fourier_ops() {
  return kOnnxOps;
}

}  // namespace linnet::frontend
