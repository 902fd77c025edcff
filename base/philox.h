// Philox4x32-10, the counter-based random numbers of linnet: every number is a pure function of
// (seed, stream, step, element), so that a mask can be recomputed and a run resumed.
//
// J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011. The known answers in tests/base/philox_test.cpp are those the authors
// published with it.
#pragma once

#include <array>
#include <cstdint>

namespace linnet {

using PhiloxCounter = std::array<uint32_t, 4>;
using PhiloxKey = std::array<uint32_t, 2>;

inline constexpr uint32_t kPhiloxMultiplier0 = 0xD2511F53;
inline constexpr uint32_t kPhiloxMultiplier1 = 0xCD9E8D57;
inline constexpr uint32_t kPhiloxWeyl0 = 0x9E3779B9;  // golden ratio
inline constexpr uint32_t kPhiloxWeyl1 = 0xBB67AE85;  // √3 − 1

// Four words of 32 random bits.
constexpr PhiloxCounter philox(PhiloxCounter counter, PhiloxKey key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = uint64_t{kPhiloxMultiplier0} * counter[0];
    const uint64_t product1 = uint64_t{kPhiloxMultiplier1} * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key[0],
               static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key[1],
               static_cast<uint32_t>(product0)};
    key[0] += kPhiloxWeyl0;
    key[1] += kPhiloxWeyl1;
  }
  return counter;
}

// linnet's use of it: key = seed (low word first), counter = (element / 4, stream, step low,
// step high). Element e takes word e % 4. At most 2³³ elements a tensor: the top bit of the
// first counter word selects the low words of f64 (below).
inline constexpr uint32_t kPhiloxLowWords = 0x80000000;

constexpr PhiloxCounter philox_block(uint64_t seed, uint32_t stream, uint64_t step,
                                     uint32_t block) {
  return philox({block, stream, static_cast<uint32_t>(step), static_cast<uint32_t>(step >> 32)},
                {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
}

constexpr uint32_t philox_word(uint64_t seed, uint32_t stream, uint64_t step, uint64_t element) {
  return philox_block(seed, stream, step, static_cast<uint32_t>(element / 4))[element % 4];
}

// [0, 1) in steps of 2⁻²⁴: the top 24 bits, which f32 holds exactly. Never 1.
constexpr float uniform_f32(uint32_t word) {
  return static_cast<float>(word >> 8) * 0x1p-24f;
}

// [0, 1) in steps of 2⁻⁵³: all of `high` and the top 21 bits of `low`.
constexpr double uniform_f64(uint32_t high, uint32_t low) {
  return static_cast<double>((uint64_t{high} << 32 | low) >> 11) * 0x1p-53;
}

// Uniform numbers in [0, 1) by element. The f64 number begins with the f32 number's 24 bits
// (`high` is the word f32 takes, `low` comes from block | kPhiloxLowWords), so that a model
// initialised in f64 is the same model as in f32, and dropout drops the same elements but for
// a threshold that falls within the last step.
constexpr float philox_uniform_f32(uint64_t seed, uint32_t stream, uint64_t step,
                                   uint64_t element) {
  return uniform_f32(philox_word(seed, stream, step, element));
}
constexpr double philox_uniform_f64(uint64_t seed, uint32_t stream, uint64_t step,
                                    uint64_t element) {
  const auto block = static_cast<uint32_t>(element / 4);
  return uniform_f64(philox_block(seed, stream, step, block)[element % 4],
                     philox_block(seed, stream, step, block | kPhiloxLowWords)[element % 4]);
}

}  // namespace linnet
