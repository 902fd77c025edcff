// Errors of runtime/: a message that stands alone, and the exit status it asks for.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace linnet::runtime {

// Exit statuses of the produced executables, the same numbers as the compiler's.
enum class Exit : int {
  kDone = 0,
  kBadInput = 1,
  kBadCall = 2,
  kUnsupported = 3,
  kMachine = 4,
  kBug = 5,
};

struct Error {
  std::string message;
  Exit status = Exit::kBadInput;
};

template <class T> using Result = tl::expected<T, Error>;

// printf into a string.
[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...);

// `return fail("%s: …", name);` in a function that returns a Result.
[[gnu::format(printf, 1, 2)]] tl::unexpected<Error> fail(const char* pattern, ...);
// The same with Exit::kMachine: the disk is full, a folder may not be written, …
[[gnu::format(printf, 1, 2)]] tl::unexpected<Error> fail_machine(const char* pattern, ...);

}  // namespace linnet::runtime

// Leaves the function with the error of `expression`, a Result.
#define LINNET_TRY(expression)                                                                     \
  do {                                                                                             \
    if (auto&& linnet_try_ = (expression); !linnet_try_)                                           \
      return tl::make_unexpected(std::move(linnet_try_.error()));                                  \
  } while (false)
