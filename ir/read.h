// Reads the text form of a module.
#pragma once

#include "ir/module.h"

#include "support/diag.h"

#include <map>
#include <optional>
#include <string>

namespace linnet::ir {

// Parses file `file` of the source manager; every node's place is its line. Errors go to
// `diagnostics`. `tensors` are the large constants of the file beside it.
[[nodiscard]] std::optional<Module>
read(uint32_t file, const std::map<std::string, Tensor>& tensors, Diagnostics& diagnostics);

}  // namespace linnet::ir
