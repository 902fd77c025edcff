// What each phase promises, checked; and what keeps a module from being compiled.
#pragma once

#include "passes/run/pass.h"

#include <optional>
#include <string>
#include <string_view>

namespace linnet::passes {

struct Unfinished {
  std::string_view pass;  // the first of the pipeline whose work is missing
  std::string why;        // "it gives every value an address, and %image has none"
};

// What a module that ends `phase` has, and this one lacks; nullopt: nothing.
//   imported   it is valid (ir::verify)
//   training   nothing that only training knows, nor a parameter in a slot, but in training; there
//              each step ends with the next values
//   canonical  no op that is defined by smaller ones
//   fused      every op that has code is in a group
//   scheduled  each group has a legal schedule, and its inputs the layouts its family reads
//   planned    kernels are called, and every value has a place that none shares that lives with it
[[nodiscard]] std::optional<Unfinished> check_phase(const ir::Module& module, Phase phase);

// The same of all phases together, but only what code cannot be made without: for whoever leaves
// passes out. nullopt: code can be made.
[[nodiscard]] std::optional<Unfinished> unfinished(const ir::Module& module);

}  // namespace linnet::passes
