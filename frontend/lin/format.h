// Source text of the language → the same in its one style.
#pragma once

#include "support/diag.h"

#include <optional>
#include <string>

namespace linnet::frontend {

// Blanks and indentation are the style's; where lines end is the author's, but that braces stand on
// one line or on lines of their own. Comments stay, of blank lines one. The tokens are the same:
// checked. nullopt, with the parser's errors, if the text cannot be parsed.
[[nodiscard]] std::optional<std::string> format(uint32_t file, Diagnostics& diagnostics);

}  // namespace linnet::frontend
