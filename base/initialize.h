// The first values of parameters, one definition for the compiler and for trainers: Philox numbers,
// the same bits on every machine.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linnet {

struct InitialSetting {
  std::string name;
  double value = 0;
};

// PyTorch's _calculate_fan_in_and_fan_out: weight [O, I, …] has fan_in I·…, fan_out O·…; a shape of
// rank 1 has both fans equal to its size, rank 0 both 1.
struct Fans {
  int64_t in = 1;
  int64_t out = 1;
};
[[nodiscard]] Fans fans(std::span<const int64_t> shape);

// What the elements of most initialisers are drawn from: centre + width · number, the number
// uniform in [0, 1) or standard normal. A width of 0: `centre` everywhere.
struct Distribution {
  bool normal = false;
  double centre = 0, width = 0;
};
// nullopt for those whose elements are not drawn so: truncated_normal and orthogonal.
[[nodiscard]] std::optional<Distribution> distribution(std::string_view kind,
                                                       std::span<const InitialSetting> settings,
                                                       std::span<const int64_t> shape);

// The elements of a tensor by the initialiser `kind` (torch.nn.init's, see ir/initialize.h), row-
// major; a single number where all are equal. key = seed, step 0; element e takes number e of the
// stream, normal ones 2e and 2e + 1. Settings left out have their defaults; `fan_in` and `fan_out`
// stand for the shape's.
[[nodiscard]] std::vector<double> initial_values(std::string_view kind,
                                                 std::span<const InitialSetting> settings,
                                                 std::span<const int64_t> shape, uint64_t seed,
                                                 uint32_t stream);

}  // namespace linnet
