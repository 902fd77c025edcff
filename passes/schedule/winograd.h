// winograd: a 3 × 3 convolution by Winograd's minimal filtering, F(m × m, 3 × 3), strip by strip.
#pragma once

#include "passes/schedule/family.h"

namespace linnet::passes {

struct Winograd {
  int64_t tile = 0;     // m: outputs of a tile a side; it reads (m + 2)² points
  int64_t lanes = 0;    // channels of a vector, of the input and of the output
  int64_t strip = 0;    // rows of tiles that are transformed, multiplied and stored at once
  int64_t vectors = 0;  // of output channels in registers: they share the points they read
  int64_t tiles = 0;    // in registers: they share weights

  static constexpr std::array kOps = {&ir::ops::conv2d};
  static constexpr std::array<Key<Winograd>, 5> kKeys = {
      {{"tile", &Winograd::tile, Key<Winograd>::kInTurn},
       {"lanes", &Winograd::lanes},
       {"strip", &Winograd::strip, Key<Winograd>::kInTurn},
       {"vectors", &Winograd::vectors},
       {"tiles", &Winograd::tiles}}};
  static constexpr Stores kStores = Stores::kChannelsLast;
  static constexpr bool kReadsChannelsLast = true;
  static constexpr bool kWantsChannelsLast = true;
  static constexpr bool kReadsHalo = true;
  static constexpr int64_t kRounding = 1;
  [[nodiscard]] static std::string fits(const ir::Graph& body);
  [[nodiscard]] static Choice<Winograd> choose(const Candidate& group);
  [[nodiscard]] std::vector<int64_t> legal(const ir::Graph& body, size_t key) const;
  [[nodiscard]] std::vector<ir::Layout> layouts(const ir::Graph& body) const;
  [[nodiscard]] int64_t scratch(const ir::Graph& body) const;

private:
  // Strip, vectors and tiles that take the least for this `tile` and `lanes`; cycles, modelled.
  double fit(const Candidate& group, int64_t samples);
};

// Sizes of a convolution in tiles of m × m outputs.
struct WinogradSizes {
  int64_t columns = 0, tile_rows = 0;  // of tiles
  int64_t points = 0;                  // of a tile
  int64_t channels = 0, outputs = 0;

  WinogradSizes(const ir::Graph& body, int64_t tile);
  // Elements of the transformed input, and of the products, of a strip of so many rows of tiles.
  [[nodiscard]] int64_t input_elements(int64_t strip) const {
    return points * strip * columns * channels;
  }
  [[nodiscard]] int64_t product_elements(int64_t strip) const {
    return points * strip * columns * outputs;
  }
};

}  // namespace linnet::passes
