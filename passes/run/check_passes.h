// `--check-passes`: does a module still compute what it computed?
#pragma once

#include "ir/module.h"
#include "ir/op_def.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace linnet::passes {

// What an element of an input is: a distribution, or a corner.
struct InputKind {
  std::string_view name;  // "uniform in [-1, 1)"
  double centre, width;
};
[[nodiscard]] std::span<const InputKind> input_kinds();
// An input of a kind; `stream` is another number for each input of a graph.
[[nodiscard]] ir::Array<double> filled(const ir::Type& type, const InputKind& kind,
                                       uint32_t stream);

// Evaluates every entry graph of both modules wholly in f64, on random inputs, small ones, zeros
// and ones, and compares the outputs: within 1e-9 of the largest magnitude, NaN and infinities
// alike, integers exactly. What differs, or nullopt. Parameters that one module still holds as
// slots and the other as constants take their value or initial value by `seed`.
[[nodiscard]] std::optional<std::string> compare_modules(const ir::Module& before,
                                                         const ir::Module& after, uint64_t seed);

}  // namespace linnet::passes
