// What keeps a module from being compiled: which pass did not do its work, for whoever leaves
// passes out.
#pragma once

#include "ir/module.h"

#include <optional>
#include <string>
#include <string_view>

namespace linnet::passes {

struct Unfinished {
  std::string_view pass;  // the first of the pipeline whose work is missing
  std::string why;        // "it gives every value an address, and %image has none"
};

// Code is made of calls of kernels that have a schedule, on values that have an address. nullopt:
// the module is so.
[[nodiscard]] std::optional<Unfinished> unfinished(const ir::Module& module);

}  // namespace linnet::passes
