// A kernel as a C function.
#pragma once

#include "codegen/source/c_source.h"
#include "codegen/source/writer.h"
#include "ir/graph.h"

#include <optional>
#include <string>

namespace linnet::codegen::source {

// `static void SYMBOL(inputs…, outputs…)` with the kernel's IR above it. Adds to `called` the
// helper functions it calls.
[[nodiscard]] std::string kernel_function(const ir::Graph& kernel, const std::string& symbol,
                                          const std::string& prefix, Called& called);

// A node of the graph that has no C.
[[nodiscard]] std::optional<NotInC> not_in_c(const ir::Graph& kernel);

// Text within a comment: lines that begin with ` * `.
[[nodiscard]] std::string comment(const std::string& text);
// A statement in lines of at most 100 columns, broken at spaces.
[[nodiscard]] std::string wrapped_line(const std::string& line);

}  // namespace linnet::codegen::source
