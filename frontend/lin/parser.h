// Tokens → syntax tree.
#pragma once

#include "frontend/lin/ast.h"

#include "support/diag.h"

namespace linnet::frontend {

// What could be read; faults are reported, and reading goes on at the next entry.
[[nodiscard]] File parse(uint32_t file, Diagnostics& diagnostics);

}  // namespace linnet::frontend
