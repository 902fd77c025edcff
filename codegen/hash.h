// Content hashes for headers and `--version`.
#pragma once

#include <string>
#include <string_view>

namespace linnet::codegen {

// SHA-256 in hexadecimal.
[[nodiscard]] std::string sha256(std::string_view bytes);

}  // namespace linnet::codegen
