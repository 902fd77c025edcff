// Weights files: tensors by name into the module's slots, and back.
#pragma once

#include "ir/module.h"

#include "support/diag.h"

#include <string>
#include <utility>
#include <vector>

namespace linnet::frontend {

// `--map OLD=NEW`: the tensor OLD of the file is the parameter NEW of the model.
using NameMap = std::vector<std::pair<std::string, std::string>>;

// Reads `path` (safetensors) and gives every parameter and buffer its value, converted to the
// slot's dtype (F64, F16 and BF16 with a remark). `data.NAME.mean` and `data.NAME.std`, the learnt
// scale of an input or output, go to its declaration. Reported at once: all missing, unexpected and
// wrongly shaped tensors, with the nearest names. False if there was an error.
bool load_weights(const std::string& path, const NameMap& map, ir::Module& module,
                  Diagnostics& diagnostics);

// Writes every parameter and buffer, initial values where a slot has none; the same bytes for
// the same module and seed. False, with a diagnostic, if the file cannot be written.
bool save_weights(const std::string& path, const ir::Module& module, uint64_t seed,
                  Diagnostics& diagnostics);

}  // namespace linnet::frontend
