// The kernel that moves a window over a series by one value.
#pragma once

#include "ir/graph.h"

#include <optional>

namespace linnet::passes {

// Of a kernel that drops the first element of an input of one row and puts another input behind the
// last: which input the row is. It may be written over that input: codegen/emit/emit_window.h.
struct WindowShift {
  size_t window = 0, newest = 0;  // positions of inputs
};
[[nodiscard]] std::optional<WindowShift> window_shift(const ir::Graph& body);

}  // namespace linnet::passes
