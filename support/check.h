// Broken invariants: bugs of linnet, never of its input.
#pragma once

#include <stdexcept>
#include <string>

namespace linnet {

// Thrown when an invariant of linnet itself does not hold. The command turns it into
// status 5 with the path of a reproducer.
class InternalError : public std::logic_error {
public:
  using std::logic_error::logic_error;
};

[[noreturn]] void check_failed(const char* condition, const char* file, int line,
                               const std::string& message);

}  // namespace linnet

// LINNET_CHECK(condition, "what was expected"): always on, in release builds too.
#define LINNET_CHECK(condition, message)                                                           \
  do {                                                                                             \
    if (!(condition)) ::linnet::check_failed(#condition, __FILE__, __LINE__, message);             \
  } while (false)
