// Files go to base/io; standard input is kept here.
#include "frontend/model_bytes.h"

#include "base/io/file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <string_view>
#include <unistd.h>

namespace linnet::frontend {
namespace {

constexpr size_t kMost = std::numeric_limits<int32_t>::max();
constexpr size_t kChunk = size_t{1} << 16;

// By its descriptor: /dev/stdin cannot be opened where it is a socket, as editors make it.
Result<std::vector<uint8_t>> read_standard_input() {
  std::vector<uint8_t> bytes;
  while (bytes.size() <= kMost) {
    const size_t used = bytes.size();
    bytes.resize(used + kChunk);
    const ssize_t got = read(STDIN_FILENO, bytes.data() + used, kChunk);
    if (got < 0 && errno != EINTR) return fail("standard input: %s", strerror(errno));
    bytes.resize(used + static_cast<size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) return bytes;
  }
  return fail("standard input: longer than %zu bytes", kMost);
}

const Result<std::vector<uint8_t>>& standard_input() {
  static const auto bytes = read_standard_input();
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
