// Builds the graph of an expression: equal nodes are one, indices stay sums as long as they can.
#include "codegen/source/expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace linnet::codegen::source {
namespace {

// What makes two nodes equal.
std::string key_of(const Node& node) {
  std::string key = fmt::format("{} {} {} {}", static_cast<int>(node.kind),
                                static_cast<int>(node.type), node.text, node.factor);
  for (const NodeId arg : node.args)
    key += fmt::format(" {}", arg);
  key += fmt::format(" [{}", node.index.constant);
  for (const auto& [term, factor] : node.index.terms)
    key += fmt::format(" {}*{}", term, factor);
  for (const NodeId variable : node.variables)
    key += fmt::format(" v{}", variable);
  return key + fmt::format(" a{}", node.accumulator);
}

Index combined(const Index& a, const Index& b, int64_t factor) {
  Index sum;
  sum.constant = a.constant + factor * b.constant;
  auto x = a.terms.begin();
  auto y = b.terms.begin();
  while (x != a.terms.end() || y != b.terms.end()) {
    if (y == b.terms.end() || (x != a.terms.end() && x->first < y->first)) {
      sum.terms.push_back(*x++);
    } else if (x == a.terms.end() || y->first < x->first) {
      sum.terms.emplace_back(y->first, factor * y->second);
      ++y;
    } else {
      const int64_t both = x->second + factor * y->second;
      if (both != 0) sum.terms.emplace_back(x->first, both);
      ++x;
      ++y;
    }
  }
  return sum;
}

}  // namespace

CType c_type_of(ir::DType dtype) {
  switch (dtype) {
  case ir::DType::kF32:
    return CType::kF32;
  case ir::DType::kF64:
    return CType::kF64;
  case ir::DType::kF16:
  case ir::DType::kBF16:
    return CType::kHalf;
  case ir::DType::kI64:
    return CType::kI64;
  case ir::DType::kI32:
    return CType::kI32;
  case ir::DType::kI8:
    return CType::kI8;
  case ir::DType::kU8:
  case ir::DType::kBool:
    return CType::kU8;
  }
  return CType::kF32;
}

bool is_floating(CType type) {
  return type == CType::kF32 || type == CType::kF64;
}

std::string_view c_name(CType type) {
  constexpr std::string_view kNames[] = {"float",  "double",  "int64_t",  "int32_t",
                                         "int8_t", "uint8_t", "uint16_t", "int"};
  return kNames[static_cast<size_t>(type)];
}

std::string_view suffix(CType type) {
  constexpr std::string_view kNames[] = {"f32", "f64", "i64", "i32", "i8", "u8", "half", "int"};
  return kNames[static_cast<size_t>(type)];
}

Index operator+(const Index& a, const Index& b) {
  return combined(a, b, 1);
}

Index operator-(const Index& a, const Index& b) {
  return combined(a, b, -1);
}

Index operator*(const Index& a, int64_t factor) {
  return factor == 0 ? Index(0) : combined(Index(0), a, factor);
}

Index Expressions::one(NodeId node) {
  Index index;
  index.terms.emplace_back(node, 1);
  return index;
}

NodeId Expressions::add(Node node) {
  const std::string key = key_of(node);
  if (const auto known = known_.find(key); known != known_.end()) return known->second;
  const auto take = [&](NodeId id) {
    const Node& from = this->node(id);
    if (from.kind == Node::kVariable) {
      node.free.insert(id);
    } else {
      node.free.insert(from.free.begin(), from.free.end());
    }
  };
  std::ranges::for_each(node.args, take);
  for (const auto& [term, factor] : node.index.terms)
    take(term);
  for (const NodeId variable : node.variables)
    node.free.erase(variable);
  node.free.erase(node.accumulator);
  const auto id = static_cast<NodeId>(nodes_.size());
  nodes_.push_back(std::move(node));
  known_.emplace(key, id);
  return id;
}

void Expressions::name(NodeId id, const std::string& hint) {
  std::string& name = nodes_[static_cast<size_t>(id)].hint;
  if (name.empty()) name = hint;
}

NodeId Expressions::variable(const std::string& text, int64_t extent) {
  return add({.kind = Node::kVariable,
              .type = CType::kI32,
              .text = text,
              .low = 0,
              .high = std::max<int64_t>(extent - 1, 0)});
}

NodeId Expressions::accumulator(CType type, const std::string& text) {
  return add({.kind = Node::kVariable, .type = type, .text = text});
}

NodeId Expressions::literal(CType type, double value) {
  if (!is_floating(type)) return integer(type, static_cast<int64_t>(value));
  return add({.kind = Node::kLiteral, .type = type, .text = number_text(type, value)});
}

NodeId Expressions::integer(CType type, int64_t value) {
  if (is_floating(type)) return literal(type, static_cast<double>(value));
  return add({.kind = Node::kLiteral, .type = type, .text = integer_text(type, value)});
}

NodeId Expressions::load(CType type, const std::string& array, const Index& index,
                         const Position& position) {
  return add(
      {.kind = Node::kLoad, .type = type, .text = array, .index = index, .position = position});
}

NodeId Expressions::number(const Index& index) {
  if (index.terms.empty()) return integer(CType::kI32, index.constant);
  return add({.kind = Node::kIndex, .type = CType::kI32, .index = index});
}

NodeId Expressions::binary(CType type, const std::string& op, NodeId a, NodeId b) {
  return add({.kind = Node::kBinary, .type = type, .args = {a, b}, .text = op});
}

NodeId Expressions::compare(const std::string& op, NodeId a, NodeId b) {
  if (a == b && !is_floating(type(a))) return truth(op == "==" || op == "<=" || op == ">=");
  // What no byte can be, compilers warn of.
  const auto byte = [&](NodeId id, std::string_view text) {
    return node(id).kind == Node::kLiteral && type(id) == CType::kU8 && node(id).text == text;
  };
  if (op == "<" && (byte(b, "0") || byte(a, "255"))) return truth(false);
  if (op == "<=" && (byte(a, "0") || byte(b, "255"))) return truth(true);
  return binary(CType::kTruth, op, a, b);
}

bool Expressions::is_true(NodeId id) const {
  return node(id).kind == Node::kLiteral && node(id).text == "1" && type(id) == CType::kTruth;
}

bool Expressions::is_false(NodeId id) const {
  return node(id).kind == Node::kLiteral && node(id).text == "0" && type(id) == CType::kTruth;
}

NodeId Expressions::both(NodeId a, NodeId b) {
  if (is_true(a) || is_false(b)) return b;
  if (is_true(b) || is_false(a)) return a;
  return binary(CType::kTruth, "&&", a, b);
}

NodeId Expressions::either(NodeId a, NodeId b) {
  if (is_false(a) || is_true(b)) return b;
  if (is_false(b) || is_true(a)) return a;
  return binary(CType::kTruth, "||", a, b);
}

NodeId Expressions::negation(NodeId a) {
  return add({.kind = Node::kUnary, .type = CType::kTruth, .args = {a}, .text = "!"});
}

NodeId Expressions::negative(NodeId a) {
  return add({.kind = Node::kUnary, .type = type(a), .args = {a}, .text = "-"});
}

NodeId Expressions::call(CType type, const std::string& function, const std::vector<NodeId>& args) {
  return add({.kind = Node::kCall, .type = type, .args = args, .text = function});
}

NodeId Expressions::cast(CType type, NodeId a) {
  if (this->type(a) == type) return a;
  return add({.kind = Node::kCast, .type = type, .args = {a}});
}

NodeId Expressions::select(NodeId condition, NodeId then, NodeId otherwise) {
  if (is_true(condition) || then == otherwise) return then;
  if (is_false(condition)) return otherwise;
  return add({.kind = Node::kSelect, .type = type(then), .args = {condition, then, otherwise}});
}

NodeId Expressions::guard(NodeId condition, NodeId then, NodeId otherwise) {
  if (is_true(condition) || then == otherwise) return then;
  if (is_false(condition)) return otherwise;
  return add({.kind = Node::kGuard, .type = type(then), .args = {condition, then, otherwise}});
}

NodeId Expressions::reduce(const std::vector<NodeId>& variables,
                           const std::vector<int64_t>& extents, NodeId accumulator, NodeId first,
                           NodeId step) {
  Node node{.kind = Node::kReduce, .type = type(accumulator), .args = {first, step}};
  node.variables = variables;
  node.extents = extents;
  node.accumulator = accumulator;
  return add(std::move(node));
}

Index Expressions::index_of(NodeId number, int64_t low, int64_t high) {
  Node node{.kind = Node::kCast, .type = CType::kI32, .args = {number}, .text = "index"};
  node.low = low;
  node.high = high;
  return one(add(std::move(node)));
}

std::pair<int64_t, int64_t> Expressions::range(const Index& index) const {
  std::pair<int64_t, int64_t> all{index.constant, index.constant};
  for (const auto& [term, factor] : index.terms) {
    const Node& of = node(term);
    all.first += factor * (factor > 0 ? of.low : of.high);
    all.second += factor * (factor > 0 ? of.high : of.low);
  }
  return all;
}

namespace {

int64_t floored(int64_t a, int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

}  // namespace

// (by · a + b) / by = a + b / by where b is not negative.
std::pair<Index, Index> Expressions::split(const Index& index, int64_t by) const {
  Index whole, rest;
  whole.constant = floored(index.constant, by);
  rest.constant = index.constant - whole.constant * by;
  for (const auto& [term, factor] : index.terms) {
    const bool divides = factor % by == 0;
    (divides ? whole : rest).terms.emplace_back(term, divides ? factor / by : factor);
  }
  // Where it may be negative, as far as is known, a guard around it sees to that it is not.
  if (range(rest).first < 0) return {Index(), index};
  return {whole, rest};
}

Index Expressions::divide(const Index& index, int64_t by) {
  if (by == 1) return index;
  const auto [whole, rest] = split(index, by);
  const auto [low, high] = range(rest);
  if (low >= 0 && high < by) return whole;
  Node quotient{.kind = Node::kDivide, .type = CType::kI32, .index = rest, .factor = by};
  quotient.low = std::max<int64_t>(low, 0) / by;
  quotient.high = high / by;
  return whole + one(add(std::move(quotient)));
}

Index Expressions::modulo(const Index& index, int64_t by) {
  if (by == 1) return 0;
  const Index rest = split(index, by).second;
  const auto [low, high] = range(rest);
  if (low >= 0 && high < by) return rest;
  Node remainder{.kind = Node::kModulo, .type = CType::kI32, .index = rest, .factor = by};
  remainder.low = 0;
  remainder.high = by - 1;
  return one(add(std::move(remainder)));
}

NodeId Expressions::inside(const Index& index, int64_t extent) {
  const auto [low, high] = range(index);
  NodeId all = truth(true);
  if (low < 0) all = both(all, compare(">=", number(index), integer(CType::kI32, 0)));
  if (high >= extent) all = both(all, compare("<", number(index), integer(CType::kI32, extent)));
  return all;
}

std::string number_text(CType type, double value) {
  const bool single = type == CType::kF32;
  if (std::isnan(value)) return single ? "(float)NAN" : "(double)NAN";
  if (std::isinf(value)) {
    const std::string_view sign = value < 0 ? "-" : "";
    return fmt::format("{}({})INFINITY", sign, single ? "float" : "double");
  }
  const double magnitude = std::fabs(value);
  // Short whole numbers and halves are exact in decimal too, and read better.
  const bool plain = magnitude < 65536 && magnitude * 64 == std::floor(magnitude * 64);
  std::string text = plain ? fmt::format("{}", value) : fmt::format("{:a}", value);
  if (plain && text.find('.') == std::string::npos) text += ".0";
  return text + (single ? "f" : "");
}

std::string integer_text(CType type, int64_t value) {
  if (type == CType::kI64) {
    if (value == std::numeric_limits<int64_t>::min()) return "INT64_MIN";
    return fmt::format("INT64_C({})", value);
  }
  if (value == std::numeric_limits<int32_t>::min()) return "INT32_MIN";
  if (type == CType::kU8) return fmt::format("{}", static_cast<uint8_t>(value));
  return fmt::format("{}", value);
}

}  // namespace linnet::codegen::source
