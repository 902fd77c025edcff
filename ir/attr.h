// Attributes: one closed variant, read through typed keys.
#pragma once

#include "ir/type.h"

#include "support/check.h"

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace linnet::ir {

// One of a closed list of words, such as `nearest`.
struct Enum {
  std::string word;
  friend bool operator==(const Enum&, const Enum&) = default;
};

using Ints = std::vector<int64_t>;
using Doubles = std::vector<double>;
using Strings = std::vector<std::string>;
using Attr = std::variant<int64_t, double, bool, std::string, Ints, Doubles, Strings, DType, Enum>;

// As the text form writes it: 3, 0.5, true, "text", [1, 2], f32, nearest.
[[nodiscard]] std::string to_string(const Attr& attr);

// The name of an attribute together with its C++ type.
template <class T> struct Key {
  std::string_view name;
};

// Attributes of a node, sorted by name.
class Attrs {
public:
  using Entry = std::pair<std::string, Attr>;

  Attrs() = default;
  Attrs(std::initializer_list<Entry> entries) {
    for (const Entry& entry : entries)
      set(entry.first, entry.second);
  }

  void set(std::string_view name, Attr value);
  template <class T> void set(Key<T> key, T value) { set(key.name, Attr(std::move(value))); }
  void erase(std::string_view name);
  [[nodiscard]] const Attr* find(std::string_view name) const;
  // The attribute must exist and have the key's type: the builder has seen to that.
  template <class T> [[nodiscard]] const T& get(Key<T> key) const {
    const Attr* attr = find(key.name);
    LINNET_CHECK(attr != nullptr, "no attribute '" + std::string(key.name) + "'");
    const T* value = std::get_if<T>(attr);
    LINNET_CHECK(value != nullptr, "attribute '" + std::string(key.name) + "' has another type");
    return *value;
  }
  template <class T> [[nodiscard]] T get_or(Key<T> key, T fallback) const {
    const Attr* attr = find(key.name);
    const T* value = attr ? std::get_if<T>(attr) : nullptr;
    return value ? *value : fallback;
  }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] auto begin() const { return entries_.begin(); }
  [[nodiscard]] auto end() const { return entries_.end(); }
  friend bool operator==(const Attrs&, const Attrs&) = default;

private:
  std::vector<Entry> entries_;
};

}  // namespace linnet::ir
