// The bytes of a model's file, or of a model on standard input.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace linnet::frontend {

// As a path: standard input.
inline constexpr const char* kStandardInput = "-";

// An error if it is longer than `most` bytes. Standard input is read once and kept, for a model
// may be loaded for several batch sizes.
[[nodiscard]] Result<std::vector<uint8_t>> read_model_file(const std::string& path, int64_t most);

// ".lir", ".onnx" or ".lin" by how it begins: the version line of text IR, the first field of a
// ModelProto, anything else.
[[nodiscard]] std::string kind_of_standard_input();

}  // namespace linnet::frontend
