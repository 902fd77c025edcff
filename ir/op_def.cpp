// The list of ops, and what their records say of attributes.
#include "ir/op_def.h"

#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace linnet::ir {
namespace {

constexpr auto kOps = std::to_array<const OpDef*>({
#define LINNET_OP(name) &ops::name,
#include "ir/ops.def"
});

constexpr auto kKernelOps = std::to_array<const OpDef*>({
#define LINNET_KERNEL_OP(name) &ops::name,
#include "ir/ops.def"
});

constexpr std::array<std::string_view, 9> kKinds{
    "an integer",        "a number",          "true or false", "a string", "a list of integers",
    "a list of numbers", "a list of strings", "a dtype",       "a word"};

// `attr` as the alternative the definition asks for, or nullopt.
std::optional<Attr> converted(const AttrDef& def, const Attr& attr) {
  if (attr.index() == def.default_value.index()) return attr;
  if (const int64_t* integer = std::get_if<int64_t>(&attr)) {
    if (std::holds_alternative<double>(def.default_value)) return static_cast<double>(*integer);
    if (std::holds_alternative<Ints>(def.default_value)) {
      return Ints(std::max<size_t>(def.length, 1), *integer);
    }
  }
  if (const Ints* integers = std::get_if<Ints>(&attr)) {
    if (std::holds_alternative<Doubles>(def.default_value)) {
      return Doubles(integers->begin(), integers->end());
    }
    if (integers->empty() && std::holds_alternative<Strings>(def.default_value)) return Strings{};
  }
  if (const std::string* text = std::get_if<std::string>(&attr)) {
    if (std::holds_alternative<Enum>(def.default_value)) return Enum{*text};
  }
  return std::nullopt;
}

std::string length_error(const AttrDef& def, size_t given) {
  return fmt::format("'{}' takes {} integers{}, {} given", def.name, def.length,
                     def.length == 4 ? " (top, left, bottom, right), a pair, or one" : " or one",
                     given);
}

}  // namespace

std::span<const OpDef* const> all_ops() {
  return kOps;
}

const OpDef* find_op(std::string_view name) {
  const auto at = std::ranges::find_if(kOps, [&](const OpDef* op) { return op->name == name; });
  return at == kOps.end() ? nullptr : *at;
}

bool has_kernel(const OpDef& op) {
  return std::ranges::find(kKernelOps, &op) != kKernelOps.end();
}

OpResult<Attrs> complete_attrs(const OpDef& op, Attrs attrs) {
  for (const auto& [name, attr] : attrs) {
    if (std::ranges::none_of(op.attrs, [&](const AttrDef& def) { return def.name == name; })) {
      std::vector<std::string> known;
      for (const AttrDef& def : op.attrs)
        known.emplace_back(def.name);
      return op_error(fmt::format("{} has no setting '{}'", op.name, name), -1, name,
                      known.empty() ? "it takes none" : did_you_mean(name, known));
    }
  }
  for (const AttrDef& def : op.attrs) {
    const Attr* given = attrs.find(def.name);
    if (!given) {
      if (def.required) {
        return op_error(fmt::format("{} needs the setting '{}'", op.name, def.name), -1,
                        std::string(def.name), fmt::format("{}: {}", def.name, def.doc));
      }
      attrs.set(def.name, def.default_value);
      continue;
    }
    std::optional<Attr> value = converted(def, *given);
    if (!value) {
      return op_error(fmt::format("'{}' takes {}, not {}", def.name,
                                  kKinds[def.default_value.index()], to_string(*given)),
                      -1, std::string(def.name));
    }
    if (Ints* list = std::get_if<Ints>(&*value); list && def.length != 0) {
      if (def.length == 4 && list->size() == 2) {
        *list = {(*list)[0], (*list)[1], (*list)[0], (*list)[1]};
      }
      if (list->size() != def.length &&
          !(list->empty() && !def.required && std::get<Ints>(def.default_value).empty())) {
        return op_error(length_error(def, list->size()), -1, std::string(def.name));
      }
    }
    if (const Enum* word = std::get_if<Enum>(&*value)) {
      if (std::ranges::find(def.words, word->word) == def.words.end()) {
        return op_error(fmt::format("'{}' takes one of {}, not {}", def.name,
                                    fmt::join(def.words, ", "), word->word),
                        -1, std::string(def.name));
      }
    }
    attrs.set(def.name, std::move(*value));
  }
  return attrs;
}

}  // namespace linnet::ir
