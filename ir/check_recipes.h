// Are the recipes of a module that was read from text ones that linnet has?
#pragma once

#include "ir/module.h"

#include <optional>
#include <string>

namespace linnet::ir {

struct RecipeFault {
  Place place;
  std::string message, remedy;
};

// Nothing, or the first slot whose initialiser, declaration of data whose kind, or optimiser is
// unknown or has settings that it cannot have. Other front ends make recipes that are right.
[[nodiscard]] std::optional<RecipeFault> check_recipes(const Module& module);

}  // namespace linnet::ir
