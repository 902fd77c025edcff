// direct{lanes, vectors, pixels, samples}: a convolution whose output channels fill vectors.
//   acc(l, v, b, g, x, y) = Σ over c, ky, kx of
//                           weight(output, kx, ky, c) · input(x·s + kx·d, y·s + ky·d, g·C + c)
// where `output` is lane l of vector v of block b of group g. Vectors of channels × pixels ×
// samples stay in registers, of each pixel the whole window of the pool, while one tap after the
// other is added: one load of weights for a tap, one broadcast for each pixel.
// Blocks of outputs are outside of rows: inside them a block takes 1.08x to 1.13x for 1 × 1
// convolutions at rows of 26 and 56, but 0.93x at rows of 7 (Zen 5).
#include "passes/schedule/direct.h"
#include "base/integers.h"
#include "codegen/lower/families.h"
#include "codegen/lower/kernels/shared/padded_input.h"
#include "codegen/lower/kernels/shared/picture_output.h"
#include "codegen/lower/kernels/shared/unrolling.h"
#include "ir/ops/shared/window.h"
#include "passes/schedule/anchors.h"

#include <algorithm>
#include <numeric>
#include <optional>

namespace linnet::codegen {

using Halide::Expr;
using Halide::Func;
using Halide::Var;

namespace {

// Outputs that the weight has room for where it lies.
int64_t stored_outputs(const ir::Graph& kernel) {
  const passes::AnchorGroup group = *passes::anchor_group(kernel);
  const auto dim = static_cast<size_t>(passes::source_dims(group, 1)->front());
  return kernel.value(kernel.inputs[group.weight()].value).type.stored_extent(dim);
}

// What a convolution reads, with its padding: padded here, or memory as it is, where the zeros of a
// halo lie before row and column 0.
class Picture {
public:
  Picture(Lowering& lowering, const ir::Node& conv, const ir::Window& rows,
          const ir::Window& columns)
      : lowering_(lowering), conv_(conv), top_(static_cast<int>(rows.before)),
        left_(static_cast<int>(columns.before)) {
    const ir::Graph& kernel = lowering.graph();
    const passes::Convolution sizes = *passes::convolution(kernel, passes::anchor_group(kernel));
    if (sizes.padded() && !sizes.zeros_stored)
      padded_.emplace(lowering, conv.operands[0], rows, columns);
  }
  // The pixel of a row and column that count from those of the padding.
  Expr at(const Expr& n, const Expr& channel, const Expr& row, const Expr& column) {
    return padded_ ? padded_->func(column, row, channel, n)
                   : lowering_.at(conv_.operands[0], {n, channel, row - top_, column - left_});
  }
  // The input of one sample is padded once, not for each row.
  void schedule(const Func& consumer, const Var& batch, int lanes) {
    if (padded_) padded_->schedule(consumer, batch, lanes);
  }

private:
  Lowering& lowering_;
  const ir::Node& conv_;
  int top_, left_;
  std::optional<PaddedInput> padded_;
};

constexpr int kStripLanes = 16;  // pixels of a vector that strips are stored in

// Taps of a row one after the other in code: 0.90x to 0.99x of a loop while their common pixels
// have registers of their own; for the 24 and 12 accumulators of a tile that fills the
// registers 1.05x, and 2.6x with AVX2 (3 × 3 convolutions, Zen 5); for the 20 of LeNet conv2 1.2x
// to 1.5x. AArch64 has four common pixels in a register (codegen/object/load_lanes.h): 20
// accumulators of LeNet conv2 take 1.24 instructions for a multiply-add, in a loop 1.96.
bool unrolls_taps(Lowering& lowering, const passes::Direct& numbers) {
  const ir::Graph& kernel = lowering.graph();
  const passes::Convolution conv = *passes::convolution(kernel, passes::anchor_group(kernel));
  const int64_t accumulators = numbers.vectors * numbers.pixels * numbers.samples * conv.window();
  const int64_t registers = lowering.target().info.vector_registers;
  const bool by_element = lowering.target().record.architecture == Architecture::kAArch64;
  return conv.columns.size <= kMostUnrolledTaps &&
         (by_element ? accumulators + 8 : 2 * accumulators) <= registers;
}

// Weights of a 1 × 1 convolution that the layers between two calls push out of the caches are asked
// for some steps of the sum ahead, and at a block's end those of the next, which lie behind: in
// MobileNetV2 without it 320 → 1280 channels take 1.10x, 160 → 960 1.08x, 96 → 576 1.06x; sixteen
// and 64 steps are alike, 8 take 1.04x. 3 × 3, 256 → 512, takes 1.07x to 1.14x with it, 24 → 144,
// which the first cache holds, 1.03x (Zen 5).
constexpr int kStepsAhead = 32;
constexpr int64_t kFarWeights = 128 << 10;  // bytes

bool prefetches(const ir::Shape& weight) {
  return weight[2] * weight[3] == 1 && weight[0] * weight[1] * 4 >= kFarWeights;
}

void tile_output(Func& func, const PictureOutput& out, const passes::Direct& numbers, int outputs) {
  const int lanes = static_cast<int>(numbers.lanes);
  const int block = lanes * static_cast<int>(numbers.vectors);
  const int pixels = static_cast<int>(numbers.pixels);
  const int samples = static_cast<int>(numbers.samples);
  Var xi("xi"), co("co"), ci("ci"), lane("lane"), ni("ni");
  const auto tail =
      outputs % block == 0 ? Halide::TailStrategy::Auto : Halide::TailStrategy::GuardWithIf;
  func.split(out.x, out.x, xi, pixels, Halide::TailStrategy::ShiftInwards)
      .split(out.channel, co, ci, block, tail)
      .split(ci, ci, lane, lanes)
      .split(out.n, out.n, ni, samples, Halide::TailStrategy::ShiftInwards)
      .reorder(lane, ci, xi, ni, out.x, out.y, co, out.group, out.n)
      .vectorize(lane)
      .unroll(ci)
      .unroll(xi)
      .unroll(ni);
}

// Lines of a first cache of 48 KiB that memory at multiples of so many bytes may lie in: twelve in
// each set.
int64_t cached_lines(int64_t bytes) {
  return bytes % 64 == 0 ? 12 * 64 / std::gcd(bytes / 64, int64_t{64}) : 12 * 64;
}

// A block's channels of a pixel lie apart where the result is in rows. Where their lines push each
// other out of the first cache, so many pixels of a row wait on the stack, channels innermost, to
// be stored in vectors of a row. One by one 64 to 64 channels, 1 × 1, take 5.7x at 64 × 64, 2.5x at
// 32 × 32, 1.5x at 48 × 48, 3 × 3 1.09x at 32 × 32; 24 to 144 at 56 × 56, whose lines do not meet,
// 0.77x (Zen 5). 0: one by one.
int64_t strip_width(const ir::Graph& kernel, const PictureOutput& out,
                    const passes::Direct& numbers) {
  const passes::Convolution conv = *passes::convolution(kernel, passes::anchor_group(kernel));
  const int64_t block = numbers.lanes * numbers.vectors;
  const bool padded_on_stack = conv.padded() && !conv.zeros_stored;
  if (!out.in_rows() || numbers.samples > 1 || padded_on_stack) return 0;
  if (conv.result_width() <= kStripLanes || block <= cached_lines(out.channel_bytes())) return 0;
  const int64_t width = passes::row_tile(conv.result_width(), passes::kStackScratch / (4 * block));
  return width >= std::max<int64_t>(kStripLanes, numbers.pixels) ? width : 0;
}

// The output that copies strips of the result from the stack.
Func copy_strips(PictureOutput::Copied& copied, const PictureOutput& out, int width, int block,
                 int outputs) {
  Var xi("xi"), lane("lane"), co("co"), ci("ci");
  const auto tail =
      outputs % block == 0 ? Halide::TailStrategy::Auto : Halide::TailStrategy::GuardWithIf;
  copied.output.split(out.x, out.x, xi, width, Halide::TailStrategy::ShiftInwards)
      .split(xi, xi, lane, kStripLanes, Halide::TailStrategy::ShiftInwards)
      .split(out.channel, co, ci, block, tail)
      .reorder({lane, ci, xi, out.x, out.y, co, out.group, out.n})
      .vectorize(lane);
  copied.stage.compute_at(copied.output, out.x);
  return copied.output;
}

}  // namespace

std::vector<Func> direct_kernel(Lowering& lowering, const ir::Schedule& schedule) {
  const auto numbers = passes::numbers<passes::Direct>(schedule);
  const ir::Node& conv = anchor_of(lowering.graph());
  const ir::Shape& w = lowering.operand_type(conv, 1).shape;
  const auto [rows, columns] = *ir::windows(conv.attrs, {w[2], w[3]});
  const int lanes = static_cast<int>(numbers.lanes);
  const int vectors = static_cast<int>(numbers.vectors);
  const int groups = static_cast<int>(conv.attrs.get(ir::Key<int64_t>{"groups"}));
  const int outputs = static_cast<int>(w[0]) / groups;
  const int block = lanes * vectors;
  Picture picture(lowering, conv, rows, columns);

  Func acc("acc");
  Var l("l"), v("v"), b("b"), g("g"), x("x"), y("y"), n("n");
  Halide::RDom r(0, static_cast<int>(w[3]), 0, static_cast<int>(w[2]), 0, static_cast<int>(w[1]),
                 "r");
  const Expr column =
      x * static_cast<int>(columns.stride) + r.x * static_cast<int>(columns.dilation);
  const Expr row = y * static_cast<int>(rows.stride) + r.y * static_cast<int>(rows.dilation);
  const Expr channel = g * static_cast<int>(w[1]) + r.z;
  // The last block reaches beyond the outputs: a packed weight has room there, of any other the
  // last output is read again.
  Expr output = g * outputs + b * block + v * lanes + l;
  const int reach = (groups - 1) * outputs + round_up(outputs, block);
  if (reach > stored_outputs(lowering.graph())) output = Halide::min(output, groups * outputs - 1);
  acc(l, v, b, g, x, y, n) = 0.0F;
  acc(l, v, b, g, x, y, n) +=
      lowering.at(conv.operands[1], {output, r.z, r.y, r.x}) * picture.at(n, channel, row, column);

  PictureOutput out(lowering, groups);
  const Expr c = out.channel;  // of its group
  lowering.define(conv.results.front(), [&](const Position& p) {
    return acc(c % lanes, c / lanes % vectors, c / block, out.group, p[3], p[2], p[0]);
  });
  const int strip = static_cast<int>(strip_width(lowering.graph(), out, numbers));
  auto copied = strip > 0 ? out.define_copied(lowering) : PictureOutput::Copied{};
  Func func = strip > 0 ? copied.stage : out.define(lowering);
  tile_output(func, out, numbers, outputs);
  picture.schedule(func, out.n, lanes);
  acc.compute_at(func, out.x).store_in(Halide::MemoryType::Stack);
  acc.bound(l, 0, lanes).bound(v, 0, vectors);
  acc.vectorize(l).unroll(v).unroll(x).unroll(y).unroll(n);
  acc.update()
      .reorder(l, v, x, y, n, r.x, r.y, r.z, b, g)
      .vectorize(l)
      .unroll(v)
      .unroll(x)
      .unroll(y)
      .unroll(n);
  if (unrolls_taps(lowering, numbers)) acc.update().unroll(r.x);
  if (prefetches(w)) {
    const size_t weight = passes::anchor_group(lowering.graph())->weight();
    acc.update().prefetch(lowering.inputs()[weight], r.z, r.z, kStepsAhead,
                          Halide::PrefetchBoundStrategy::NonFaulting);
  }
  return {strip > 0 ? copy_strips(copied, out, strip, block, outputs) : func};
}

}  // namespace linnet::codegen
