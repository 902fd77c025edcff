// Computes a few tiles both ways.
#include "passes/schedule/winograd_error.h"

#include "base/philox.h"
#include "base/winograd.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace linnet::passes {
namespace {

// Twice as many of either move the error by a tenth (512 channels, normal weights).
constexpr int64_t kOutputs = 16;
constexpr size_t kTiles = 4;
constexpr int kTaps = 3;

template <int kTile> class Probe {
  static constexpr int kSide = kTile + kTaps - 1;
  static constexpr size_t kPoints = kSide * kSide;
  using Points = std::array<double, kPoints>;
  using M = WinogradMatrices<kTile>;

public:
  explicit Probe(const ir::Tensor& weights)
      : weights_(weights.as_doubles()), outputs_(weights.type().shape[0]),
        inputs_(weights.type().shape[1]) {
    for (size_t i = 0; i < kTiles * static_cast<size_t>(inputs_); ++i) {
      std::array<float, kPoints> pixels{};
      Points exact{};
      for (size_t p = 0; p < kPoints; ++p)
        exact[p] = pixels[p] = static_cast<float>(
            2 * philox_uniform_f64(0, 0, 0, static_cast<uint64_t>(i * kPoints + p)) - 1);
      pixels_.push_back(exact);
      points_.push_back(both_sides<kSide, kSide, float>(M::kInput, pixels));
    }
  }

  double error() {
    const int64_t step = std::max<int64_t>(1, outputs_ / kOutputs);
    for (int64_t o = 0; o < outputs_; o += step)
      compare(o);
    return largest_ > 0 ? worst_ / largest_ : 0;
  }

private:
  void compare(int64_t output) {
    std::array<std::array<float, kPoints>, kTiles> sums{};
    std::array<std::array<double, static_cast<size_t>(kTile * kTile)>, kTiles> exact{};
    for (int64_t c = 0; c < inputs_; ++c) {
      std::array<double, kTaps * kTaps> taps{};
      std::copy_n(weights_.begin() + (output * inputs_ + c) * kTaps * kTaps, taps.size(),
                  taps.begin());
      const Points weight = winograd_weight<kTile>(taps);
      for (size_t t = 0; t < kTiles; ++t) {
        const size_t at = t * static_cast<size_t>(inputs_) + static_cast<size_t>(c);
        for (size_t p = 0; p < kPoints; ++p)
          sums[t][p] = std::fma(static_cast<float>(weight[p]), points_[at][p], sums[t][p]);
        add_exactly(taps, pixels_[at], exact[t]);
      }
    }
    for (size_t t = 0; t < kTiles; ++t) {
      const auto result = both_sides<kTile, kSide, float>(M::kOutput, sums[t]);
      for (size_t i = 0; i < result.size(); ++i) {
        worst_ = std::max(worst_, std::abs(static_cast<double>(result[i]) - exact[t][i]));
        largest_ = std::max(largest_, std::abs(exact[t][i]));
      }
    }
  }

  static void add_exactly(const std::array<double, kTaps * kTaps>& taps, const Points& pixels,
                          std::array<double, static_cast<size_t>(kTile* kTile)>& to) {
    for (int y = 0; y < kTile; ++y) {
      for (int x = 0; x < kTile; ++x) {
        for (int k = 0; k < kTaps * kTaps; ++k) {
          const int pixel = (y + k / kTaps) * kSide + x + k % kTaps;
          to[static_cast<size_t>(y * kTile + x)] +=
              taps[static_cast<size_t>(k)] * pixels[static_cast<size_t>(pixel)];
        }
      }
    }
  }

  std::vector<double> weights_;
  int64_t outputs_, inputs_;
  std::vector<Points> pixels_;                      // tile by tile, channel by channel
  std::vector<std::array<float, kPoints>> points_;  // the same transformed
  double worst_ = 0, largest_ = 0;
};

}  // namespace

double winograd_error(const ir::Tensor& weights, int64_t tile) {
  return tile == 2 ? Probe<2>(weights).error() : Probe<4>(weights).error();
}

}  // namespace linnet::passes
