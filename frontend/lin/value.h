// What an expression of the model language stands for while a model is built.
#pragma once

#include "frontend/lin/ast.h"
#include "ir/graph.h"
#include "ir/module.h"
#include "ir/op_def.h"

#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace linnet::frontend {

struct Value;

// A block with its settings, and what it owns, or an op with its attributes: made by `layer`,
// applied once or more.
struct Instance {
  const Block* block = nullptr;
  const ir::OpDef* op = nullptr;  // instead of the block
  ir::Attrs attrs;                // of the op
  std::map<std::string, Span> attr_spans;
  std::string path;  // "body.0", "" for an application without `layer`
  bool anonymous = false;
  std::map<std::string, Value> settings;
  std::map<std::string, std::unique_ptr<Instance>> layers;  // by path below this one
  std::map<std::string, size_t> slots;                      // by path: index in the module
  std::map<std::string, const Item*> entries;  // the layer, param, … that a path below was made by
  Span span;                                   // where it was made, in the user's file
};

struct Tuple {
  std::vector<Value> values;
};
struct List {
  std::vector<Value> values;
};

struct Value {
  std::variant<std::monostate, ir::ValueId, int64_t, double, bool, std::string, List, Tuple,
               ir::Recipe, Instance*>
      data;

  template <class T> [[nodiscard]] const T* get() const { return std::get_if<T>(&data); }
  [[nodiscard]] bool is_tensor() const { return get<ir::ValueId>() != nullptr; }
  [[nodiscard]] bool is_number() const { return get<int64_t>() || get<double>(); }
  [[nodiscard]] double number() const {
    return get<int64_t>() ? static_cast<double>(*get<int64_t>()) : *get<double>();
  }
};

// "a tensor f32[1,10]" needs the graph; everything else: "an integer", "a list", …
[[nodiscard]] std::string kind_of(const Value& value);

}  // namespace linnet::frontend
