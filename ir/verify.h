// Checks what every module must satisfy, after every pass in tests.
#pragma once

#include "ir/module.h"

#include <optional>
#include <string>

namespace linnet::ir {

// Nothing, or the first thing that is broken: operands defined before use, types equal to what
// the record infers, names unique, slots known, a place on every node, storage of the
// right kind. `where` gets the place of the node or slot that is broken, if it has one.
[[nodiscard]] std::optional<std::string> verify(const Module& module, Place* where = nullptr);

}  // namespace linnet::ir
