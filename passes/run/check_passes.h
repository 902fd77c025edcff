// `--check-passes`: does a module still compute what it computed?
#pragma once

#include "ir/module.h"

#include <cstdint>
#include <optional>
#include <string>

namespace linnet::passes {

// Evaluates every entry graph of both modules wholly in f64, on random inputs, small ones, zeros
// and ones, and compares the outputs: within 1e-9 of the largest magnitude, NaN and infinities
// alike, integers exactly. What differs, or nullopt. Parameters that one module still holds as
// slots and the other as constants take their value or initial value by `seed`.
[[nodiscard]] std::optional<std::string> compare_modules(const ir::Module& before,
                                                         const ir::Module& after, uint64_t seed);

}  // namespace linnet::passes
