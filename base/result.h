// Errors of base/ and runtime/: a message that stands alone, and the exit status it asks for.
#pragma once

#include "base/status.h"

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace linnet {

struct Error {
  std::string message;
  Status status = Status::kBadInput;
};

// What a function gives, or why it cannot: an Error, unless its part has more to say of a failure
// (the operand at fault, a remedy) or only words.
template <class T, class Failure = Error> using Result = tl::expected<T, Failure>;

// printf into a string.
[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...);

// `return fail("%s: …", name);` in a function that returns a Result.
[[gnu::format(printf, 1, 2)]] tl::unexpected<Error> fail(const char* pattern, ...);
// The same with Status::kMachine: the disk is full, a folder may not be written, …
[[gnu::format(printf, 1, 2)]] tl::unexpected<Error> fail_machine(const char* pattern, ...);
// The same with Status::kBadCall: a flag without its value, nothing to do, …
[[gnu::format(printf, 1, 2)]] tl::unexpected<Error> fail_call(const char* pattern, ...);

}  // namespace linnet

// Leaves the function with the error of `expression`, a Result or another tl::expected.
#define LINNET_TRY(expression)                                                                     \
  do {                                                                                             \
    if (auto&& linnet_try_ = (expression); !linnet_try_)                                           \
      return tl::make_unexpected(std::move(linnet_try_.error()));                                  \
  } while (false)

// The same, or the value: LINNET_TRY_ASSIGN(const Tensor x, read_npy(path)); assigns it too:
// LINNET_TRY_ASSIGN(options.files, …). `const auto&` takes no copy: the Result lives on. A comma
// outside parentheses needs them around.
#define LINNET_TRY_ASSIGN(target, expression)                                                      \
  LINNET_TRY_ASSIGN_IN(LINNET_JOIN(linnet_try_, __LINE__), target, expression)
#define LINNET_TRY_ASSIGN_IN(result, target, expression)                                           \
  auto result = (expression);                                                                      \
  if (!(result)) return tl::make_unexpected(std::move((result).error()));                          \
  target = *std::move(result)
#define LINNET_JOIN(a, b) LINNET_JOIN_IN(a, b)
#define LINNET_JOIN_IN(a, b) a##b
