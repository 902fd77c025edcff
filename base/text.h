// Text as files and people need it: UTF-8, JSON strings, the parts of a path.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace linnet {

// The code point at `offset` and its length in bytes; U+FFFD of length 1 for a byte that begins no
// valid UTF-8: overlong forms, surrogates and what is above U+10FFFF are not.
struct CodePoint {
  char32_t value = 0;
  uint32_t length = 1;

  [[nodiscard]] bool valid() const { return value != 0xfffd || length != 1; }
};
[[nodiscard]] CodePoint code_point(std::string_view text, size_t offset);
// Offset of the first byte that is not valid UTF-8, or nullopt.
[[nodiscard]] std::optional<size_t> invalid_utf8(std::string_view text);
// Appends the encoding of a code point that is not a surrogate.
void append_utf8(std::string& text, uint32_t code_point);

// `text` as the inside of a JSON string: quotes, backslashes and control characters escaped,
// bytes that are not UTF-8 replaced by U+FFFD.
[[nodiscard]] std::string json_escaped(std::string_view text);

// What follows the last '/' of a path, and what stands before, that '/' included: "" for a bare
// name, so that folder_prefix(path) + "other" lies beside it.
[[nodiscard]] std::string_view file_name(std::string_view path);
[[nodiscard]] std::string_view folder_prefix(std::string_view path);
// The folder itself, for calls that take one: "." for a bare name, "/" for "/name".
[[nodiscard]] std::string folder_of(std::string_view path);
// `text` without `suffix` at its end, or as it is: without_suffix("lenet.onnx", ".onnx").
[[nodiscard]] std::string_view without_suffix(std::string_view text, std::string_view suffix);

}  // namespace linnet
