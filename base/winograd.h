// Winograd's minimal filtering F(m × m, 3 × 3), m = 2 and 4: Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A, with
// the matrices of Lavin and Gray, "Fast algorithms for convolutional neural networks" (2016).
#pragma once

#include <array>
#include <cstddef>

namespace linnet {

template <int kRows, int kColumns>
using Matrix =
    std::array<std::array<double, static_cast<size_t>(kColumns)>, static_cast<size_t>(kRows)>;

template <int kTile> struct WinogradMatrices;

template <> struct WinogradMatrices<2> {
  static constexpr Matrix<4, 3> kWeight = {
      {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}}};
  static constexpr Matrix<4, 4> kInput = {
      {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}}};
  static constexpr Matrix<2, 4> kOutput = {{{1, 1, 1, 0}, {0, 1, -1, -1}}};
};

template <> struct WinogradMatrices<4> {
  static constexpr Matrix<6, 3> kWeight = {{{1.0 / 4, 0, 0},
                                            {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                            {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                            {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                            {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                            {0, 0, 1}}};
  static constexpr Matrix<6, 6> kInput = {{{4, 0, -5, 0, 1, 0},
                                           {0, -4, -4, 1, 1, 0},
                                           {0, 4, -4, -1, 1, 0},
                                           {0, -2, -1, 2, 1, 0},
                                           {0, 2, -1, -2, 1, 0},
                                           {0, 4, 0, -5, 0, 1}}};
  static constexpr Matrix<4, 6> kOutput = {
      {{1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}}};
};

// M x Mᵀ, row by row, in the arithmetic of T: f64 or f32, in which the matrices of input and output
// are exact.
template <int kTo, int kFrom, class T>
[[nodiscard]] std::array<T, static_cast<size_t>(kTo* kTo)>
both_sides(const Matrix<kTo, kFrom>& matrix,
           const std::array<T, static_cast<size_t>(kFrom* kFrom)>& x) {
  std::array<T, static_cast<size_t>(kTo * kFrom)> half{};
  std::array<T, static_cast<size_t>(kTo * kTo)> result{};
  const auto at = [](int row, int column, int columns) {
    return static_cast<size_t>(row * columns + column);
  };
  const auto factor = [&](int row, int column) {
    return static_cast<T>(matrix[static_cast<size_t>(row)][static_cast<size_t>(column)]);
  };
  for (int i = 0; i < kTo; ++i) {
    for (int j = 0; j < kFrom; ++j) {
      for (int k = 0; k < kFrom; ++k)
        half[at(i, j, kFrom)] += factor(i, k) * x[at(k, j, kFrom)];
    }
  }
  for (int i = 0; i < kTo; ++i) {
    for (int j = 0; j < kTo; ++j) {
      for (int k = 0; k < kFrom; ++k)
        result[at(i, j, kTo)] += half[at(i, k, kFrom)] * factor(j, k);
    }
  }
  return result;
}

// G g Gᵀ of 3 × 3 taps: (m + 2)² points.
template <int kTile>
[[nodiscard]] std::array<double, static_cast<size_t>((kTile + 2) * (kTile + 2))>
winograd_weight(const std::array<double, 9>& taps) {
  return both_sides<kTile + 2, 3, double>(WinogradMatrices<kTile>::kWeight, taps);
}

}  // namespace linnet
