// One try, in a process of its own: what it showed, whether it ended or died.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace linnet::driver {

struct Fault {
  enum class Kind : uint8_t {
    kValues,   // another answer
    kInvalid,  // a pass left what no module may be
    kFailed,   // an exception
    kDied      // a signal, or no end
  };
  Kind kind = Kind::kValues;
  std::string text;  // "output 'y', element 3 is 2, not 4"
  size_t at = 0;     // which of the inputs, or which row, as the try counts them
};

// The fault that `trial` gives, or what became of its process; nullopt: none.
[[nodiscard]] std::optional<Fault> attempt(const std::function<std::optional<Fault>()>& trial);

// Of the same kind and, up to names and numbers, with the same text ahead of its first colon: what
// keeps a smaller case to the fault it was made for.
[[nodiscard]] bool alike(const Fault& a, const Fault& b);

// A number that a try sets and its parent reads, even if the try died.
class SharedIndex {
public:
  SharedIndex();
  ~SharedIndex();
  SharedIndex(const SharedIndex&) = delete;
  SharedIndex& operator=(const SharedIndex&) = delete;

  void set(size_t value) { *value_ = value; }
  [[nodiscard]] size_t get() const { return *value_; }

private:
  volatile size_t* value_;
};

}  // namespace linnet::driver
