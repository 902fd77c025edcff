// A value of one of the C structures in base/abi/, filled member by member, with all it points to.
// The compiler reads it as that structure, the product as a constant made of the same fields.
#pragma once

#include "support/check.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace linnet::ir {

// Every member takes eight bytes or is an array of such. Copies share what they hold: filled first,
// copied then.
class Contract {
public:
  // What a member points to: one structure, or an array of them.
  struct Pointed {
    std::vector<Contract> list;
    bool array = false;
  };
  using Value = std::variant<int64_t, double, std::vector<int64_t>, std::vector<double>,
                             std::string, std::vector<std::string>, Pointed>;
  struct Field {
    size_t offset;  // bytes
    Value value;
  };

  // All zeros and NULL.
  template <class S> [[nodiscard]] static Contract of() {
    static_assert(sizeof(S) % sizeof(uint64_t) == 0);
    Contract made;
    made.held_->bytes.resize(sizeof(S));
    made.held_->kind = &kKind<S>;
    return made;
  }

  template <class S> Contract& set(int64_t S::* member, int64_t value) {
    structure<S>().*member = value;
    return add(structure<S>().*member, value);
  }
  template <class S> Contract& set(double S::* member, double value) {
    structure<S>().*member = value;
    return add(structure<S>().*member, value);
  }
  // Arrays inside the structure; elements that are not given are 0.
  template <class S, class T, size_t kCount>
  Contract& set(T (S::*member)[kCount], std::vector<T> values) {
    values.resize(kCount);
    std::ranges::copy(values, structure<S>().*member);
    return add(structure<S>().*member, std::move(values));
  }
  template <class S> Contract& set(const char* S::* member, std::string_view text) {
    structure<S>().*member = keep(text);
    return add(structure<S>().*member, std::string(text));
  }
  // NULL if there are none.
  template <class S>
  Contract& set(const char* const* S::* member, const std::vector<std::string>& texts) {
    if (texts.empty()) return *this;
    auto& pointers = held_->lists.emplace_back();
    for (const std::string& text : texts)
      pointers.push_back(keep(text));
    structure<S>().*member = pointers.data();
    return add(structure<S>().*member, texts);
  }
  // One structure, and an array of them, which has a member that counts.
  template <class S, class T> Contract& set(const T* S::* member, const Contract& one) {
    structure<S>().*member = &one.as<T>();
    return add(structure<S>().*member, Pointed{{one}, false});
  }
  template <class S, class T>
  Contract& set(const T* S::* member, int64_t S::* count, const std::vector<Contract>& list) {
    set(count, static_cast<int64_t>(list.size()));
    if (list.empty()) return *this;
    auto& bytes = held_->arrays.emplace_back();
    for (const Contract& one : list)
      bytes.insert(bytes.end(), one.held_->bytes.begin(), one.held_->bytes.end());
    structure<S>().*member = reinterpret_cast<const T*>(bytes.data());
    return add(structure<S>().*member, Pointed{list, true});
  }

  template <class S> [[nodiscard]] const S& as() const {
    LINNET_CHECK(held_->kind == &kKind<S>, "another structure");
    return *reinterpret_cast<const S*>(held_->bytes.data());
  }

  [[nodiscard]] size_t bytes() const { return held_->bytes.size(); }
  // By offset; between them are zeros.
  [[nodiscard]] std::span<const Field> fields() const { return held_->fields; }

private:
  template <class S> static constexpr char kKind = 0;

  struct Held {
    std::vector<std::byte> bytes;  // from operator new: aligned for any member
    const char* kind = nullptr;
    std::vector<Field> fields;
    std::deque<std::string> texts;
    std::deque<std::vector<const char*>> lists;
    std::deque<std::vector<std::byte>> arrays;
  };

  template <class S> S& structure() {
    LINNET_CHECK(held_->kind == &kKind<S>, "another structure");
    return *reinterpret_cast<S*>(held_->bytes.data());
  }
  const char* keep(std::string_view text) { return held_->texts.emplace_back(text).c_str(); }

  // A member that is set again keeps its last value.
  template <class M> Contract& add(const M& member, Value value) {
    const auto offset =
        static_cast<size_t>(reinterpret_cast<const std::byte*>(&member) - held_->bytes.data());
    const auto at = std::ranges::lower_bound(held_->fields, offset, {}, &Field::offset);
    if (at != held_->fields.end() && at->offset == offset) {
      at->value = std::move(value);
    } else {
      held_->fields.insert(at, {offset, std::move(value)});
    }
    return *this;
  }

  std::shared_ptr<Held> held_ = std::make_shared<Held>();
};

}  // namespace linnet::ir
