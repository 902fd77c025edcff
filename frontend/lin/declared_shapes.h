// Do the values of a model have the shapes that its `data` block gives a meaning to?
#pragma once

#include "ir/module.h"

#include "support/diag.h"

namespace linnet::frontend {

// Reports every declaration whose input or output has another number of channels, columns, labels
// or lags than it names; its first graph is the model as it is used.
void check_declared_shapes(const ir::Module& module, Diagnostics& diagnostics);

}  // namespace linnet::frontend
