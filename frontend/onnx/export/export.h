// A model as the bytes of an ONNX file: opset 21, IR version 10.
#pragma once

#include "ir/module.h"

#include "support/diag.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace linnet::frontend {

inline constexpr int64_t kOnnxOpset = 21;
inline constexpr int64_t kOnnxIrVersion = 10;

// The same model for another number of samples.
struct AtBatch {
  int64_t batch = 1;
  ir::Module module;
};

struct ExportOptions {
  uint64_t seed = 0;  // of the values of untrained parameters
  // The model, which is for one sample, at other batch sizes. Where they differ in nothing but
  // sizes proportional to the batch, the file leaves it open (the dimension "N"); else a warning
  // says why not. Empty: sizes are as they are.
  std::vector<AtBatch> others = {};
};

// Of the first graph of a module as it comes in, before the passes: parameters and buffers become
// initializers under their paths, a state `h` an input `h` and an output `h.next`, the data block
// metadata. The same module gives the same bytes. All that ONNX cannot say is reported (status 3);
// then nullopt.
[[nodiscard]] std::optional<std::string>
export_onnx(const ir::Module& module, const ExportOptions& options, Diagnostics& diagnostics);

}  // namespace linnet::frontend
