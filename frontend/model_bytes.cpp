// Files go to base/io; standard input is kept here.
#include "frontend/model_bytes.h"

#include "base/io/file.h"

#include <limits>
#include <string_view>

namespace linnet::frontend {
namespace {

const Result<std::vector<uint8_t>>& standard_input() {
  static const auto bytes = read_file("/dev/stdin", std::numeric_limits<int32_t>::max());
  return bytes;
}

}  // namespace

Result<std::vector<uint8_t>> read_model_file(const std::string& path, int64_t most) {
  return path == kStandardInput ? standard_input() : read_file(path, most);
}

std::string kind_of_standard_input() {
  const auto& bytes = standard_input();
  if (!bytes) return ".lin";  // whose reader says what is wrong
  const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  if (text.starts_with("lir ")) return ".lir";
  return text.starts_with('\x08') ? ".onnx" : ".lin";
}

}  // namespace linnet::frontend
