// JSON Schema 2020-12, as much of it as docs/*.schema.json use; a keyword that is not here is said
// to be wrong, so that nothing in a schema goes unchecked.
#pragma once

#include <nlohmann/json.hpp>

#include <algorithm>
#include <regex>
#include <set>
#include <string>

namespace linnet::json_schema {

using nlohmann::json;

inline bool is_of_type(const json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  // 1.0 is an integer there.
  return type == "integer" &&
         (value.is_number_integer() ||
          (value.is_number() && value.get<double>() == static_cast<double>(value.get<int64_t>())));
}

class Schema {
public:
  explicit Schema(json root) : root_(std::move(root)) {}
  // What is wrong with `value`, a line each: "/kernels/0/ns: …"; "" if nothing is.
  [[nodiscard]] std::string wrong(const json& value) const { return check(root_, value, ""); }

private:
  std::string check(const json& schema, const json& value, const std::string& at) const {
    std::string wrong;
    for (const auto& [keyword, rule] : schema.items()) {
      static const std::set<std::string> kNotes = {"$schema", "$defs", "title", "description"};
      if (kNotes.contains(keyword)) continue;
      if (keyword == "$ref") {
        wrong += check(root_.at(json::json_pointer(rule.get<std::string>().substr(1))), value, at);
      } else if (!of_any(keyword, rule, value) || !of_number(keyword, rule, value)) {
        wrong += at + ": " + value.dump().substr(0, 60) + " is not " + keyword + " " + rule.dump() +
                 "\n";
      }
      wrong += inside(schema, keyword, value, at);
    }
    return wrong;
  }
  // Keywords of values as a whole; those of the others are true here.
  static bool of_any(const std::string& keyword, const json& rule, const json& value) {
    if (keyword == "type" && rule.is_array())
      return std::ranges::any_of(rule, [&](const json& type) { return is_of_type(value, type); });
    if (keyword == "type") return is_of_type(value, rule);
    if (keyword == "enum") return std::ranges::find(rule, value) != rule.end();
    if (keyword == "pattern")
      return !value.is_string() ||
             std::regex_search(value.get<std::string>(), std::regex(rule.get<std::string>()));
    if (keyword == "minItems") return !value.is_array() || value.size() >= rule.get<size_t>();
    if (keyword == "maxItems") return !value.is_array() || value.size() <= rule.get<size_t>();
    static const std::set<std::string> kElsewhere = {
        "minimum", "exclusiveMinimum",    "required", "properties", "items",
        "$ref",    "additionalProperties"};
    return kElsewhere.contains(keyword);
  }
  static bool of_number(const std::string& keyword, const json& rule, const json& value) {
    if (!value.is_number()) return true;
    if (keyword == "minimum") return value >= rule;
    return keyword != "exclusiveMinimum" || value > rule;
  }
  // Members and elements.
  std::string inside(const json& schema, const std::string& keyword, const json& value,
                     const std::string& at) const {
    std::string wrong;
    const json& rule = schema.at(keyword);
    if (keyword == "items" && value.is_array()) {
      for (size_t i = 0; i < value.size(); ++i)
        wrong += check(rule, value[i], at + "/" + std::to_string(i));
    }
    if (!value.is_object()) return wrong;
    if (keyword == "required") {
      for (const json& name : rule) {
        if (!value.contains(name.get<std::string>()))
          wrong += at + ": has no " + name.dump() + "\n";
      }
    }
    if (keyword == "properties") {
      for (const auto& [name, inner] : rule.items()) {
        if (value.contains(name)) wrong += check(inner, value[name], at + "/" + name);
      }
    }
    if (keyword == "additionalProperties" && rule == false) {
      for (const auto& [name, member] : value.items()) {
        if (!schema.at("properties").contains(name)) wrong += at + "/" + name + ": is not known\n";
      }
    }
    return wrong;
  }

  json root_;
};

}  // namespace linnet::json_schema
