// direct: output channels of a group fill vectors, a tile of pixels fills the registers.
#include "passes/schedule/direct.h"

#include "base/integers.h"
#include "passes/schedule/anchors.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::passes {
namespace {

// Vectors of a tile at most; each more is a register for weights.
constexpr int64_t kWidest = 4;

struct Parts {
  AnchorGroup group;
  Convolution conv;
  int64_t samples = 0;

  explicit Parts(const ir::Graph& body)
      : group(*anchor_group(body)), conv(*convolution(body, group)),
        samples(body.value(group.anchor->results[0]).type.shape[0]) {}

  // Does the kernel put the zeros around the picture itself, sample by sample?
  [[nodiscard]] bool pads() const { return conv.padded() && !conv.zeros_stored; }
};

// Have multiply-adds a form that takes one factor from an element of a vector, or a scalar? Those
// of NEON and RVV: no other target has 32 registers of 128 bits.
bool multiplies_by_element(const TargetInfo& target) {
  return target.fma && target.vector_bytes == 16 && target.vector_registers == 32;
}

// Vectors, pixels and samples of a tile: vectors share the pixels they read, pixels and samples the
// weights, and the least modelled work decides. It is the best tile that was measured, or within 2
// % of it, for 1 × 1 and 3 × 3 convolutions of 24 to 512 channels at rows of 7 to 56 pixels (Zen
// 5). With AVX2 it takes 0.61x of what was chosen by row alone for LeNet conv2 (the call 0.77x),
// 0.79x for 3 × 3 32 → 64, 0.76x for 1 × 1 128 → 48. Several samples: the gradient of LeNet conv2's
// weight, in rows of 5, takes 1.49x with one (Zen 5). But where taps overlap, neighbours of a row
// share what they read: 7 of a row instead of one of each of 8 samples take 0.31x for 3 × 3, 512
// channels at 7 × 7, 0.49x with 256 and strides, 0.59x for 3 → 32 with strides; 1 × 1 at 56 and 112
// pixels takes 1.4x of them (Zen 5).
//
// Arm and RISC-V multiply by an element of a vector or by a scalar: neighbours of a row, which the
// windows of a pool make many, are then loaded four at once. 1 × 5 pixels of 2 × 2 take 1.24
// instructions for a multiply-add in LeNet conv2, 4 × 1 take 1.31 (AArch64,
// benchmarks/instructions.py).
void set_tile(Direct& best, const Parts& parts, const TargetInfo& target) {
  const Convolution& conv = parts.conv;
  const int64_t samples = parts.samples;
  const int64_t vectors = ceil_div(conv.outputs, best.lanes);
  const int64_t most_samples = parts.pads() ? 1 : samples;
  const bool in_rows = multiplies_by_element(target) && conv.window() > 1 &&
                       conv.columns.size > 1 && conv.columns.stride == 1;
  int64_t best_cost = 0;
  for (int64_t v = 1; v <= std::min(kWidest, vectors); ++v) {
    for (int64_t p = 1; p <= conv.result_width(); ++p) {
      const bool shares = conv.columns.size > 1 && p < conv.result_width();
      for (int64_t s = 1; s <= (shares ? 1 : most_samples); ++s) {
        const int64_t values = p * s * conv.window();
        if (!fits_registers(v, values, target)) break;
        const int64_t tiles =
            ceil_div(vectors, v) * ceil_div(conv.result_width(), p) * ceil_div(samples, s);
        const int64_t shared = in_rows ? values - ceil_div<int64_t>(values, 4) : 0;
        const int64_t cost = tiles * (step_cost(v, values) - shared);
        if (best_cost != 0 && cost >= best_cost) continue;
        best.vectors = v;
        best.pixels = p;
        best.samples = s;
        best_cost = cost;
      }
    }
  }
}

}  // namespace

std::string Direct::fits(const ir::Graph& body) {
  const auto group = anchor_group(body);
  const auto conv = convolution(body, group);
  if (!conv) return conv.error();
  if (!source_dims(*group, 0) || !source_dims(*group, 1))
    return "its convolution reads an operand through more than transposes";
  if (conv->padded() && !group->through[0].empty())
    return "its convolution pads what it reads through a transpose";
  if (conv->padded() && !conv->zeros_stored) {
    const int64_t bytes = conv->groups * conv->padded_bytes();
    if (auto why = beyond_stack("its padded picture has", bytes); !why.empty()) return why;
  }
  return not_as_picture(body);
}

std::vector<int64_t> Direct::legal(const ir::Graph& body, size_t key) const {
  const Parts parts(body);
  const int64_t room = kMostAccumulators / parts.conv.window();
  if (key == 0) return vector_lanes();
  if (key == 1) return up_to(std::min(ceil_div(parts.conv.outputs, lanes), room));
  if (key == 2) return up_to(std::min(parts.conv.result_width(), room / vectors));
  return up_to(parts.pads() ? 1 : std::min(parts.samples, room / (vectors * pixels)));
}

Choice<Direct> Direct::choose(const Candidate& group) {
  const Parts all(group.body);
  const auto& [parts, conv, samples] = all;
  Direct best;
  best.lanes = group.target.lanes(4);
  if (conv.groups > 1 && 2 * conv.outputs < best.lanes) {
    return fmt::format("output channels {} of a group fill less than half a vector of {}",
                       conv.outputs, best.lanes);
  }
  // Of generic, 16 channels at 28 × 28 take 0.85x for 3 outputs, 0.64x for 4, 0.44x for 6,
  // but 1.25x for 2 and 2.4x for 1 (Zen 5; with AVX2 0.51x, 0.71x, 1x, and 0.74x for 2).
  if (conv.outputs < 3) return fmt::format("output channels {} fill no vector of 4", conv.outputs);
  // 3 channels at 34 × 34 to 4, with a pool of 2 × 2: pixel_rows and the pool apart take 0.55x
  // (AVX2).
  if (conv.outputs < 8 && conv.window() > 1)
    return fmt::format("output channels {} are too few to be pooled at once", conv.outputs);
  while (best.lanes > 4 && best.lanes / 2 >= conv.outputs)
    best.lanes /= 2;
  if (conv.window() > accumulators(group.target)) return no_room(conv, group.target);
  // With 8 registers a window of 2 × 3 leaves none for a weight and a pixel.
  if (!fits_registers(1, conv.window(), group.target)) {
    return fmt::format("a window of its pool has {} pixels, too many for {} registers",
                       conv.window(), group.target.vector_registers);
  }
  set_tile(best, all, group.target);
  TileCost cost{best.vectors * best.pixels * best.samples * conv.window()};
  cost.along(conv.outputs, best.lanes * best.vectors);
  cost.along(conv.result_width(), best.pixels);
  cost.along(samples, best.samples);
  return {best, to_string(cost, group.target)};
}

std::vector<ir::Layout> Direct::layouts(const ir::Graph& body) const {
  std::vector<ir::Layout> layouts(body.inputs.size());
  const auto [parts, conv, samples_] = Parts(body);
  const std::vector<int> dims = *source_dims(parts, 1);
  const int64_t block = lanes * vectors;
  ir::Layout& weight = layouts[parts.weight()];
  if (dims[0] == 0 && (conv.groups == 1 || conv.outputs % block == 0)) {
    // Blocks of outputs, each with all its taps in a row, Nchw32n: a kernel reads one block for all
    // pixels before the next.
    weight.order = {0, dims[1], dims[2], dims[3]};
    weight.block_dim = 0;
    weight.block = block;
    return layouts;
  }
  // [O, I, kH, kW] stored I, kH, kW, O: one vector of outputs for each tap. The last group's
  // vectors reach beyond its outputs.
  weight.order = {dims[1], dims[2], dims[3], dims[0]};
  weight.round = {1, 1, 1, 1};
  const int64_t blocks = ceil_div(conv.outputs, block);
  weight.round[static_cast<size_t>(dims[0])] =
      conv.groups == 1 ? block : (conv.groups - 1) * conv.outputs + blocks * block;
  return layouts;
}

Family direct_family() {
  return family_of<Direct>();
}

}  // namespace linnet::passes
