// How much of a window is written out instead of a loop. Code grows with it, and Halide's time.
#pragma once

#include <cstdint>

namespace linnet::codegen {

// Taps along a row of a convolution's window: 11 is the longest row of the networks in the field
// (AlexNet's first layer).
inline constexpr int64_t kMostUnrolledTaps = 11;
// Taps of a depthwise convolution's whole window, 3 × 3; of more only those along a row: in loops 3
// × 3 takes 1.14x, with stride 2 1.09x; in rows only 1.00x to 1.07x; 5 × 5 whole 0.99x, 1.13x
// (AVX2; Zen 5).
inline constexpr int64_t kMostUnrolledWindow = 9;
// Taps of a pool's whole window, 6 × 6: without a multiplication each, and inside the kernel of the
// convolution before, which a sum of its own would have to store first: a 3 × 3 pool so
// takes 1.33x, 1.27x with AVX2 (Zen 5).
inline constexpr int64_t kMostUnrolledPool = 36;

}  // namespace linnet::codegen
