// Transforms windows one by one and writes their points into blocks of output channels.
#include "codegen/emit/winograd_weights.h"

#include "base/winograd.h"

#include <algorithm>
#include <array>

namespace linnet::codegen {
namespace {

constexpr int kTaps = static_cast<int>(ir::kWinogradTaps);

template <int kTile> void store_points(const float* from, const ir::Type& type, float* to) {
  constexpr int kSide = kTile + kTaps - 1;
  const int64_t inputs = type.shape[1];
  const int64_t block = type.layout.block;
  const int64_t stored = type.stored_extent(0) * inputs;  // of a point
  for (int64_t o = 0; o < type.shape[0]; ++o) {
    for (int64_t i = 0; i < inputs; ++i, from += kTaps * kTaps) {
      std::array<double, kTaps * kTaps> window{};
      std::copy_n(from, window.size(), window.begin());
      const auto points = winograd_weight<kTile>(window);
      const int64_t at = (o / block * inputs + i) * block + o % block;
      for (int p = 0; p < kSide * kSide; ++p)
        to[p * stored + at] = static_cast<float>(points[static_cast<size_t>(p)]);
    }
  }
}

}  // namespace

void store_winograd(const ir::Tensor& tensor, const ir::Type& type, std::byte* to) {
  const auto* from = reinterpret_cast<const float*>(tensor.bytes().data());
  auto* points = reinterpret_cast<float*>(to);
  (type.layout.winograd == 2 ? store_points<2> : store_points<4>)(from, type, points);
}

}  // namespace linnet::codegen
