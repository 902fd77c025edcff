// printf into a string, for functions that take such arguments themselves.
#pragma once

#include <cstdarg>
#include <string>

namespace linnet {

[[nodiscard]] std::string format_list(const char* pattern, va_list arguments);

}  // namespace linnet
