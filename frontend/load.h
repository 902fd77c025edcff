// One way in for every kind of model file.
#pragma once

#include "frontend/frontend.h"
#include "ir/read.h"

namespace linnet::frontend {

// A `.lin` (parsed), `.onnx` or `.lir` (read as it is, with the safetensors beside it; for any
// number of samples the same); "-" is one of these on standard input. Errors go to `diagnostics`;
// nullptr if there was any that leaves nothing to make. `sources` outlives the result.
[[nodiscard]] std::unique_ptr<ModelFile> open_model(const std::string& path, SourceManager& sources,
                                                    const ImportOptions& options,
                                                    Diagnostics& diagnostics);
// Its module for options.batch samples; nullopt if there was an error.
[[nodiscard]] std::optional<ir::Module> load_model(const std::string& path, SourceManager& sources,
                                                   const ImportOptions& options,
                                                   Diagnostics& diagnostics);

// `x.lir` → `x.lir.safetensors`: where the large constants of a text module stand.
[[nodiscard]] std::string tensors_path(const std::string& path);

// A text module with the constants beside it.
[[nodiscard]] std::optional<ir::Module> load_lir(const std::string& path, SourceManager& sources,
                                                 Diagnostics& diagnostics,
                                                 ir::SchedulePlaces* schedules = nullptr);

// Writes the text of a module, and its large constants beside it where there are any; "-" is
// standard output, which takes only the text. False, with a diagnostic, on failure.
bool save_lir(const std::string& path, const ir::Module& module, Diagnostics& diagnostics);

}  // namespace linnet::frontend
