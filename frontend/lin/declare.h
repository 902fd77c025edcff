// `data` and `train` blocks: checked against what each entry may say.
#pragma once

#include "frontend/lin/ast.h"
#include "ir/module.h"

#include "support/diag.h"

#include <map>
#include <string>

namespace linnet::frontend {

// Adds the entries to the module's declarations. `folder`, where the model's file is, begins the
// paths in file("labels.txt"); `settings` are the model's numbers (lags: p). Where the model could
// not be built (`built` false) the module holds the names of inputs and outputs alone.
void declare(const Declarations& block, const std::string& folder,
             const std::map<std::string, double>& settings, ir::Module& module,
             Diagnostics& diagnostics, bool built = true);

}  // namespace linnet::frontend
