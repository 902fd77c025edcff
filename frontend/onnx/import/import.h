// An ONNX model becomes a module: every node by its operator's row, names and places kept.
#pragma once

#include "frontend/frontend.h"

#include <memory>
#include <optional>
#include <string>

namespace linnet::frontend {

// Reads `path` (.onnx); nullptr, with errors reported, if it is no ONNX model. What load_onnx says
// holds of its modules.
[[nodiscard]] std::unique_ptr<ModelFile> open_onnx(const std::string& path, SourceManager& sources,
                                                   const ImportOptions& options,
                                                   Diagnostics& diagnostics);

// Its module for options.batch samples. One entry graph `predict`; floats that were initializers
// are parameters under their names, with their values. What depends on constants and shapes alone
// is computed here, so that the shape algebra of exporters is gone. Errors go to `diagnostics`: all
// nodes that are wrong (status 1) or not supported (status 3); nullopt if there was any. What
// linnet's own export says of data and states is read back; options.states go before the latter.
[[nodiscard]] std::optional<ir::Module> load_onnx(const std::string& path, SourceManager& sources,
                                                  const ImportOptions& options,
                                                  Diagnostics& diagnostics);

}  // namespace linnet::frontend
