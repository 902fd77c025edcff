// What the ES modules of models and of trainers are written with.
#pragma once

#include "base/dtype.h"
#include "base/integers.h"
#include "base/memory.h"
#include "base/text.h"

#include <string>
#include <string_view>
#include <vector>

namespace linnet::codegen {

inline std::string js_quoted(std::string_view text) {
  return '"' + json_escaped(text) + '"';
}

// "Float32Array"
[[nodiscard]] std::string js_array(DType dtype);

// The type of what is passed for all ports, which have a name and a type: one port's array, or an
// object by name.
template <class Port> std::string js_value_type(const std::vector<Port>& ports) {
  if (ports.size() == 1) return js_array(ports[0].type.dtype);
  std::string members;
  for (const Port& port : ports)
    members +=
        (members.empty() ? "" : "; ") + js_quoted(port.name) + ": " + js_array(port.type.dtype);
  return "{ " + members + " }";
}

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
