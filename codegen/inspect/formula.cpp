// Prints expressions and scalar trees with the signs of mathematics.
#include "codegen/inspect/formula.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <cstdlib>
#include <map>

namespace linnet::codegen {
namespace {

using source::Node;
using source::NodeId;

constexpr int kSum = 0, kProduct = 1, kTight = 2;

std::string integer(int64_t value) {
  return value < 0 ? fmt::format("−{}", -value) : fmt::format("{}", value);
}

// A literal of C: "0x1.8p+1f", "-(float)INFINITY", "INT64_C(3)".
std::string literal(std::string text) {
  const bool negative = text.starts_with('-');
  if (text.find("INFINITY") != text.npos) return negative ? "−∞" : "∞";
  if (text.find("NAN") != text.npos) return "NaN";
  if (const size_t at = text.find('('); at != text.npos) text = text.substr(at + 1);
  return number(std::strtod(text.c_str(), nullptr));
}

// "max" of "linnet_max_f32".
std::string function_name(const std::string& text) {
  std::string name = text.substr(text.find('_') + 1);
  for (const char* suffix : {"_f32", "_f64", "_i64", "_i32", "_i8", "_u8"}) {
    if (name.ends_with(suffix)) name.resize(name.size() - std::string_view(suffix).size());
  }
  return name;
}

std::string sign_of(const std::string& sign) {
  static const std::map<std::string, std::string, std::less<>> kSigns = {
      {"*", " · "},  {"/", " / "}, {"+", " + "},  {"-", " − "},  {"<", " < "},  {"<=", " ≤ "},
      {">=", " ≥ "}, {">", " > "}, {"==", " = "}, {"!=", " ≠ "}, {"&&", " ∧ "}, {"||", " ∨ "}};
  const auto at = kSigns.find(sign);
  return at == kSigns.end() ? " " + sign + " " : at->second;
}

}  // namespace

std::string number(double value) {
  if (std::isinf(value)) return value < 0 ? "−∞" : "∞";
  std::string text = fmt::format("{:.9g}", value);
  if (text.starts_with('-')) text = "−" + text.substr(1);
  return text;
}

std::string Formula::within(const Text& text, int binds) const {
  return text.binds < binds ? "(" + text.text + ")" : text.text;
}

Formula::Text Formula::index(const source::Index& of) {
  std::string text;
  for (const auto& [term, factor] : of.terms) {
    const int64_t magnitude = std::abs(factor);
    const std::string sign = factor < 0 ? "−" : text.empty() ? "" : "+";
    const std::string name = within(printed(term), kProduct);
    text += sign + (magnitude == 1 ? name : fmt::format("{}·{}", magnitude, name));
  }
  const bool alone = text.empty() || (of.terms.size() == 1 && of.constant == 0);
  if (text.empty()) return {integer(of.constant), kTight};
  if (of.constant > 0) text += "+";
  if (of.constant != 0) text += integer(of.constant);
  return {text, alone ? kProduct : kSum};
}

std::string Formula::index_text(const source::Index& of) {
  return index(of).text;
}

std::string Formula::element(const std::string& array, const source::Position& position) {
  if (position.empty()) return array;
  std::vector<std::string> at;
  for (const source::Index& one : position)
    at.push_back(index_text(one));
  return fmt::format("{}[{}]", array, fmt::join(at, ","));
}

Formula::Text Formula::binary(const Node& node) {
  const int binds = node.text == "*" || node.text == "/" ? kProduct : kSum;
  // The right side of − and / is closed.
  const int right = node.text == "-" || node.text == "/" ? binds + 1 : binds;
  return {within(printed(node.args[0]), binds) + sign_of(node.text) +
              within(printed(node.args[1]), right),
          binds};
}

Formula::Text Formula::call(const Node& node) {
  const std::string name = function_name(node.text);
  std::vector<std::string> arguments;
  for (const NodeId argument : node.args)
    arguments.push_back(text(argument));
  if (name == "ceil_div")
    return {fmt::format("⌈{} / {}⌉", within(printed(node.args[0]), kTight), arguments[1])};
  if (name == "place") {
    notes_.insert("a negative index counts from the end, what lies outside is the first or last");
    return {arguments[0]};
  }
  return {fmt::format("{}({})", name, fmt::join(arguments, ", "))};
}

// Σ, Π, max or min over the variables.
Formula::Text Formula::reduction(const Node& node) {
  std::vector<std::string> variables;
  for (size_t i = 0; i < node.variables.size(); ++i) {
    variables.push_back(text(node.variables[i]));
    bounds_.emplace_back(variables.back(), node.extents[i]);
  }
  const Node& step = e_.node(node.args[1]);
  const std::string over = variables.empty() ? ""
                           : variables.size() == 1
                               ? "_" + variables[0] + " "
                               : fmt::format("_{{{}}} ", fmt::join(variables, ","));
  const auto part = [&] { return step.args[0] == node.accumulator ? step.args[1] : step.args[0]; };
  if (step.kind == Node::kBinary && (step.text == "+" || step.text == "*")) {
    const Text each = printed(part());
    if (variables.empty()) return each;
    return {(step.text == "+" ? "Σ" : "Π") + over + within(each, kProduct), kProduct};
  }
  const std::string sign = step.kind == Node::kCall ? function_name(step.text) : "fold";
  return {sign + over + within(printed(part()), kProduct), kProduct};
}

Formula::Text Formula::printed(NodeId id) {
  const Node& node = e_.node(id);
  switch (node.kind) {
  case Node::kLiteral:
    return {literal(node.text)};
  case Node::kVariable:
    return {node.text};
  case Node::kLoad:
    return {element(node.text, node.position)};
  case Node::kIndex:
    return index(node.index);
  case Node::kDivide:
    return {fmt::format("⌊{}/{}⌋", within(index(node.index), kProduct), node.factor)};
  case Node::kModulo:
    return {fmt::format("({} mod {})", within(index(node.index), kProduct), node.factor)};
  case Node::kBinary:
    return binary(node);
  case Node::kUnary:
    return {(node.text == "!" ? "¬" : "−") + within(printed(node.args[0]), kTight), kProduct};
  case Node::kCall:
    return call(node);
  case Node::kCast:
    return printed(node.args[0]);
  case Node::kGuard:
    if (e_.node(node.args[1]).kind == Node::kLoad && e_.node(node.args[2]).kind == Node::kLiteral) {
      notes_.insert(
          fmt::format("{} is {} outside", e_.node(node.args[1]).text, text(node.args[2])));
      return printed(node.args[1]);
    }
    [[fallthrough]];
  case Node::kSelect:
    return {fmt::format("({} if {}, else {})", text(node.args[1]), text(node.args[0]),
                        text(node.args[2]))};
  case Node::kReduce:
    return reduction(node);
  }
  return {};
}

namespace {

struct Sign {
  std::string_view text;
  int binds;
};

// Of the operators that stand between their operands.
const Sign* infix(ir::ScalarOp op) {
  static const std::map<ir::ScalarOp, Sign> kSigns = {
      {ir::ScalarOp::kAdd, {" + ", kSum}},     {ir::ScalarOp::kSub, {" − ", kSum}},
      {ir::ScalarOp::kMul, {" · ", kProduct}}, {ir::ScalarOp::kDiv, {" / ", kProduct}},
      {ir::ScalarOp::kLess, {" < ", kSum}},    {ir::ScalarOp::kLessEqual, {" ≤ ", kSum}},
      {ir::ScalarOp::kEqual, {" = ", kSum}},   {ir::ScalarOp::kAnd, {" ∧ ", kSum}},
      {ir::ScalarOp::kOr, {" ∨ ", kSum}}};
  const auto at = kSigns.find(op);
  return at == kSigns.end() ? nullptr : &at->second;
}

struct ScalarText {
  std::string text;
  int binds = kTight;
};

ScalarText printed(const ir::ScalarExpr& tree, const std::vector<std::string>& arguments) {
  if (tree.op() == ir::ScalarOp::kArgument) return {arguments[static_cast<size_t>(tree.index())]};
  if (tree.op() == ir::ScalarOp::kConstant) return {number(tree.constant())};
  std::vector<ScalarText> x;
  for (const ir::ScalarExpr& operand : tree.operands())
    x.push_back(printed(operand, arguments));
  const auto closed = [](const ScalarText& one, int binds) {
    return one.binds < binds ? "(" + one.text + ")" : one.text;
  };
  if (const Sign* sign = infix(tree.op())) {
    const bool ordered = tree.op() == ir::ScalarOp::kSub || tree.op() == ir::ScalarOp::kDiv;
    return {closed(x[0], sign->binds) + std::string(sign->text) +
                closed(x[1], sign->binds + (ordered ? 1 : 0)),
            sign->binds};
  }
  if (tree.op() == ir::ScalarOp::kNeg) return {"−" + closed(x[0], kTight), kProduct};
  if (tree.op() == ir::ScalarOp::kNot) return {"¬" + closed(x[0], kTight), kTight};
  if (tree.op() == ir::ScalarOp::kAbs) return {"|" + x[0].text + "|"};
  if (tree.op() == ir::ScalarOp::kFloor) return {"⌊" + x[0].text + "⌋"};
  if (tree.op() == ir::ScalarOp::kCeil) return {"⌈" + x[0].text + "⌉"};
  if (tree.op() == ir::ScalarOp::kSqrt) return {"√" + closed(x[0], kTight)};
  if (tree.op() == ir::ScalarOp::kSelect)
    return {fmt::format("({} if {}, else {})", x[1].text, x[0].text, x[2].text)};
  std::vector<std::string> texts;
  for (const ScalarText& one : x)
    texts.push_back(one.text);
  return {fmt::format("{}({})", ir::name(tree.op()), fmt::join(texts, ", "))};
}

}  // namespace

std::string scalar_text(const ir::ScalarExpr& tree, const std::vector<std::string>& arguments) {
  return printed(tree, arguments).text;
}

}  // namespace linnet::codegen
