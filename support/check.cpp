// Throws InternalError with the broken condition and its place.
#include "support/check.h"

#include <fmt/format.h>

namespace linnet {

void check_failed(const char* condition, const char* file, int line, const std::string& message) {
  throw InternalError(fmt::format("{}:{}: {} ({})", file, line, message, condition));
}

}  // namespace linnet
