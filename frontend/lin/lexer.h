// Source text → tokens.
#pragma once

#include "frontend/lin/token.h"

#include "support/diag.h"

#include <vector>

namespace linnet::frontend {

// Always ends with kEnd. Faults (bytes that are no UTF-8, NUL, a string without its end, a number
// that is too large) are reported and skipped.
[[nodiscard]] std::vector<Token> lex(uint32_t file, Diagnostics& diagnostics);

}  // namespace linnet::frontend
