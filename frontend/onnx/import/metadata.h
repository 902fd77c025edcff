// What linnet wrote about a model into the file's metadata when it exported it (docs/onnx.md).
#pragma once

#include "frontend/frontend.h"

#include <onnx-ml.pb.h>

#include <string>
#include <vector>

namespace linnet::frontend {

// The states: `linnet.state.h` is the output with h's next value, `linnet.initial.h` how it begins.
[[nodiscard]] std::vector<OnnxState> exported_states(const ::onnx::ModelProto& model,
                                                     const std::string& path,
                                                     SourceManager& sources,
                                                     Diagnostics& diagnostics);

// Adds the lines of the data block, `linnet.data.NAME`, for the inputs and outputs there are.
void declare_exported(const ::onnx::ModelProto& model, const std::string& path,
                      SourceManager& sources, ir::Module& module, Diagnostics& diagnostics);

}  // namespace linnet::frontend
