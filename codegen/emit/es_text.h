// What the ES modules of models and of trainers are written with.
#pragma once

#include "base/dtype.h"
#include "base/integers.h"
#include "base/memory.h"
#include "base/text.h"

#include <string>
#include <string_view>

namespace linnet::codegen {

inline std::string js_quoted(std::string_view text) {
  return '"' + json_escaped(text) + '"';
}

// "Float32Array"
[[nodiscard]] std::string js_array(DType dtype);

// Begins what declares `load`, which gives this type.
[[nodiscard]] std::string js_load_types(std::string_view type);

// Gives out memory behind what the linker has laid.
class Places {
public:
  explicit Places(int64_t from) : next_(round_up(from, kAlign)) {}
  int64_t take(int64_t bytes) {
    const int64_t at = next_;
    next_ += round_up(bytes, kAlign);
    return at;
  }
  [[nodiscard]] int64_t end() const { return next_; }

private:
  int64_t next_;
};

}  // namespace linnet::codegen
