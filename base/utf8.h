// UTF-8 as files must hold it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace linnet::runtime {

// Offset of the first byte that is not valid UTF-8, or nullopt.
[[nodiscard]] std::optional<size_t> invalid_utf8_at(std::string_view text);
// Appends the encoding of a code point that is not a surrogate.
void append_utf8(std::string& text, uint32_t code_point);
// `text` as the inside of a JSON string: quotes, backslashes and control characters escaped,
// bytes that are not UTF-8 replaced by U+FFFD.
[[nodiscard]] std::string json_escaped(std::string_view text);

}  // namespace linnet::runtime
