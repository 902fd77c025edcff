// A module as a graph for Graphviz.
#pragma once

#include "ir/module.h"

#include <string>

namespace linnet::ir {

// Entry graphs and kernels as clusters; edges carry types. Constants are left out, small ones
// stand in the label of their user.
[[nodiscard]] std::string dot(const Module& module);

}  // namespace linnet::ir
