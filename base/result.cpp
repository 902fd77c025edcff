// Composes the messages of errors, printf-style, without streams or fmt.
#include "base/result.h"

#include "base/format_list.h"

#include <cstdio>

namespace linnet {

std::string format_list(const char* pattern, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  const int length = vsnprintf(nullptr, 0, pattern, again);
  va_end(again);
  if (length < 0) return pattern;
  std::string text(static_cast<size_t>(length) + 1, '\0');
  vsnprintf(text.data(), text.size(), pattern, arguments);
  text.pop_back();
  return text;
}

namespace {

tl::unexpected<Error> failure(Status status, const char* pattern, va_list arguments) {
  return tl::make_unexpected(Error{format_list(pattern, arguments), status});
}

}  // namespace

std::string format(const char* pattern, ...) {
  va_list arguments;
  va_start(arguments, pattern);
  std::string text = format_list(pattern, arguments);
  va_end(arguments);
  return text;
}

tl::unexpected<Error> fail(const char* pattern, ...) {
  va_list arguments;
  va_start(arguments, pattern);
  auto result = failure(Status::kBadInput, pattern, arguments);
  va_end(arguments);
  return result;
}

tl::unexpected<Error> fail_machine(const char* pattern, ...) {
  va_list arguments;
  va_start(arguments, pattern);
  auto result = failure(Status::kMachine, pattern, arguments);
  va_end(arguments);
  return result;
}

tl::unexpected<Error> fail_call(const char* pattern, ...) {
  va_list arguments;
  va_start(arguments, pattern);
  auto result = failure(Status::kBadCall, pattern, arguments);
  va_end(arguments);
  return result;
}

}  // namespace linnet
