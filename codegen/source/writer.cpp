// Writes expressions as C statements into the scopes that bind their variables.
#include "codegen/source/writer.h"

#include "codegen/emit/header.h"
#include "support/check.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::codegen::source {
namespace {

// How loosely operators bind in C.
enum Looseness {
  kOperand,
  kUnary,
  kProduct,
  kSum,
  kCompared,
  kEquality,
  kConjunction,
  kDisjunction,
  kChoice
};

// Characters of a conditional expression that stands within another.
constexpr size_t kLongest = 40;

Looseness looseness_of(const std::string& op) {
  if (op == "*" || op == "/") return kProduct;
  if (op == "+" || op == "-") return kSum;
  if (op == "==" || op == "!=") return kEquality;
  if (op == "&&") return kConjunction;
  if (op == "||") return kDisjunction;
  return kCompared;
}

}  // namespace

Names::Names()
    : taken_{"auto", "bool", "break", "case", "char", "const", "continue", "default", "do",
             "double", "else", "enum", "extern", "float", "for", "goto", "if", "inline", "int",
             "long", "register", "restrict", "return", "short", "signed", "sizeof", "static",
             "struct", "switch", "typedef", "union", "void", "unsigned", "volatile", "while", "NAN",
             "INFINITY", "NULL", "asm", "typeof", "true", "false", "linux", "unix",
             // What the file calls: a value of this name would hide it.
             "ceil", "ceilf", "fabs", "fabsf", "floor", "floorf", "fma", "fmaf", "memcmp", "memcpy",
             "memset", "nearbyint", "nearbyintf", "sqrt", "sqrtf"} {}

std::string Names::fresh(const std::string& wanted) {
  const std::string base = codegen::c_name(wanted);
  std::string name = base;
  for (int i = 1; !taken_.insert(name).second; ++i)
    name = fmt::format("{}_{}", base, i);
  return name;
}

Writer::Writer(const Expressions& expressions, Names& names, Called& called,
               const std::string& prefix, Style style)
    : e_(expressions), names_(names), called_(called), fma_(upper_case(prefix)),
      each_(style == Style::kEachInAVariable), scopes_(1) {}

void Writer::line(const std::string& text) {
  scopes_.back().lines.push_back(std::string(2 * scopes_.size(), ' ') + text);
}

void Writer::open(std::vector<NodeId> bound, bool guard) {
  scopes_.push_back({{bound.begin(), bound.end()}, guard});
}

void Writer::close() {
  std::vector<std::string> lines = std::move(scopes_.back().lines);
  scopes_.pop_back();
  auto& outer = scopes_.back().lines;
  outer.insert(outer.end(), lines.begin(), lines.end());
  line("}");
}

void Writer::loop(NodeId variable, int64_t extent, const std::function<void()>& body) {
  // The head is written last: what the body computes outside of it comes before.
  const std::string name = e_.node(variable).text;
  open({variable}, false);
  body();
  std::vector<std::string> lines = std::move(scopes_.back().lines);
  scopes_.pop_back();
  line(fmt::format("for (int32_t {0} = 0; {0} < {1}; ++{0}) {{", name, extent));
  auto& outer = scopes_.back().lines;
  outer.insert(outer.end(), lines.begin(), lines.end());
  line("}");
}

void Writer::count_uses(const std::vector<NodeId>& roots) {
  for (const NodeId root : roots)
    count(root);
}

void Writer::count(NodeId id) {
  if (++uses_[id] > 1) return;
  const Node& node = e_.node(id);
  for (const NodeId arg : node.args)
    count(arg);
  for (const auto& [term, factor] : node.index.terms)
    count(term);
}

std::string Writer::text_of(NodeId root) {
  return text(root).text;
}

// The outermost scope that binds all the node needs, and is computed no oftener than this one is.
size_t Writer::scope_for(const Node& node) const {
  size_t scope = scopes_.size() - 1;
  std::set<NodeId> wanted = node.free;
  while (scope > 0) {
    const Scope& here = scopes_[scope];
    const bool binds =
        std::ranges::any_of(here.bound, [&](NodeId bound) { return wanted.contains(bound); });
    if (binds || here.guard) break;
    --scope;
  }
  return scope;
}

const std::string* Writer::held(NodeId id) const {
  for (size_t i = scopes_.size(); i-- > 0;) {
    if (const auto known = scopes_[i].held.find(id); known != scopes_[i].held.end())
      return &known->second;
  }
  return nullptr;
}

std::string Writer::name_for(const Node& node) {
  return names_.fresh(node.hint.empty() ? "t" : node.hint);
}

std::string Writer::within(const Text& text, int looseness) const {
  return text.looseness > looseness ? "(" + text.text + ")" : text.text;
}

Writer::Text Writer::hold(NodeId id, size_t scope, const std::string& value) {
  const Node& node = e_.node(id);
  const std::string name = name_for(node);
  Scope& at = scopes_[scope];
  at.lines.push_back(std::string(2 * (scope + 1), ' ') +
                     fmt::format("const {} {} = {};", c_name(node.type), name, value));
  at.held[id] = name;
  return {name};
}

Writer::Text Writer::text(NodeId id) {
  const Node& node = e_.node(id);
  if (node.kind == Node::kVariable) return {node.text};
  if (node.kind == Node::kLiteral) return make(id);
  if (const std::string* name = held(id)) return {*name};
  if (node.kind == Node::kReduce) return reduced(id);
  const Text made = make(id);
  if (const std::string* name = held(id)) return {*name};
  const auto uses = uses_.find(id);
  const bool shared = each_ || (uses != uses_.end() && uses->second > 1);
  const bool fills = node.kind == Node::kGuard && made.text.size() > kLongest;
  // Indices are short, and truth values read best where they decide.
  if (!(shared || fills) || node.kind == Node::kIndex || node.type == CType::kTruth) return made;
  return hold(id, scope_for(node), made.text);
}

Writer::Text Writer::term(NodeId id, int64_t factor) {
  const Text one = text(id);
  if (factor == 1) return one;
  return {fmt::format("{} * {}", within(one, kProduct), factor), kProduct};
}

std::string Writer::index_text(const Index& index) {
  std::string sum;
  std::vector<std::pair<NodeId, int64_t>> terms = index.terms;
  std::ranges::stable_sort(terms, [](const auto& a, const auto& b) { return a.second > b.second; });
  for (const auto& [id, factor] : terms) {
    const Text part = term(id, factor < 0 ? -factor : factor);
    const std::string one = within(part, kProduct);
    sum += sum.empty() ? (factor < 0 ? "-" + within(part, kOperand) : one)
                       : (factor < 0 ? " - " : " + ") + one;
  }
  if (sum.empty()) return fmt::format("{}", index.constant);
  if (index.constant > 0) sum += fmt::format(" + {}", index.constant);
  if (index.constant < 0) sum += fmt::format(" - {}", -index.constant);
  return sum;
}

Writer::Text Writer::make(NodeId id) {
  const Node& node = e_.node(id);
  switch (node.kind) {
  case Node::kLiteral:
    return {node.text, node.text.front() == '-' ? kUnary : kOperand};
  case Node::kVariable:
    return {node.text};
  case Node::kLoad:
    arrays_.insert(node.text);
    return {fmt::format("{}[{}]", node.text, index_text(node.index))};
  case Node::kIndex: {
    const bool single = node.index.terms.size() == 1 && node.index.constant == 0 &&
                        node.index.terms.front().second == 1;
    return {index_text(node.index), single ? kOperand : kSum};
  }
  case Node::kDivide:
  case Node::kModulo: {
    const bool single = node.index.terms.size() == 1 && node.index.constant == 0;
    const std::string of = index_text(node.index);
    return {fmt::format("{} {} {}", single ? of : "(" + of + ")",
                        node.kind == Node::kDivide ? '/' : '%', node.factor),
            kProduct};
  }
  case Node::kBinary:
    return binary(node);
  case Node::kUnary:
    return {node.text + within(text(node.args[0]), kOperand), kUnary};
  case Node::kCall:
    return call(node);
  case Node::kCast:
    return {fmt::format("({}){}", c_name(node.type), within(text(node.args[0]), kOperand)), kUnary};
  case Node::kSelect: {
    const Text condition = text(node.args[0]), then = text(node.args[1]);
    const Text otherwise = text(node.args[2]);
    return {fmt::format("{} ? {} : {}", within(condition, kDisjunction), within(then, kDisjunction),
                        within(otherwise, kChoice)),
            kChoice};
  }
  case Node::kGuard:
    return guarded(id);
  case Node::kReduce:
    return reduced(id);
  }
  return {};
}

// A product of floats that only one sum reads: fused with it, as linnet's libraries do where there
// is an instruction for it (codegen/object/fuse_multiply_add.h).
// Of two products only the first: codegen/lower/scalar_lower.h.
bool Writer::fusible(NodeId id) const {
  const auto uses = uses_.find(id);
  return !each_ && is_product(id) && uses != uses_.end() && uses->second == 1;
}

bool Writer::is_product(NodeId id) const {
  const Node& node = e_.node(id);
  return node.kind == Node::kBinary && node.text == "*" && is_floating(node.type);
}

Writer::Text Writer::fused(const Node& node, bool product_first) {
  const Node& product = e_.node(node.args[product_first ? 0 : 1]);
  Text a = text(product.args[0]);
  const Text b = text(product.args[1]);
  Text c = text(node.args[product_first ? 1 : 0]);
  if (node.text == "-") {
    Text& negated = product_first ? c : a;
    negated = {"-" + within(negated, kOperand), kUnary};
  }
  return {fmt::format("{}_FMA{}({}, {}, {})", fma_, node.type == CType::kF32 ? "F" : "", a.text,
                      b.text, c.text)};
}

Writer::Text Writer::binary(const Node& node) {
  if (node.type != CType::kTruth && !is_floating(node.type)) return integer_binary(node);
  if (is_floating(node.type) && (node.text == "+" || node.text == "-")) {
    if (fusible(node.args[0])) return fused(node, true);
    if (!is_product(node.args[0]) && fusible(node.args[1])) return fused(node, false);
  }
  const int looseness = looseness_of(node.text);
  const Text a = text(node.args[0]), b = text(node.args[1]);
  // Compilers warn of && within ||.
  const int inner = node.text == "||" ? kEquality : looseness;
  // Truth values may stand in a row; of numbers the order counts.
  const int right = node.type == CType::kTruth && looseness >= kConjunction ? inner : looseness - 1;
  return {fmt::format("{} {} {}", within(a, inner), node.text, within(b, right)), looseness};
}

// Without a sign, for signed overflow has no meaning; integers wrap.
Writer::Text Writer::integer_binary(const Node& node) {
  const std::string wide = node.type == CType::kI64 ? "uint64_t" : "uint32_t";
  const std::string a = within(text(node.args[0]), kOperand);
  const std::string b = within(text(node.args[1]), kOperand);
  return {fmt::format("({0})(({1}){2} {3} ({1}){4})", c_name(node.type), wide, a, node.text, b),
          kUnary};
}

Writer::Text Writer::call(const Node& node) {
  called_.insert(node.text);
  std::string text = node.text + "(";
  for (size_t i = 0; i < node.args.size(); ++i)
    text += (i ? ", " : "") + this->text(node.args[i]).text;
  return {text + ")"};
}

// Does it need lines of its own, so that it cannot stand in a conditional expression?
bool Writer::has_statements(NodeId id) const {
  const Node& node = e_.node(id);
  if (node.kind == Node::kReduce) return true;
  const auto uses = uses_.find(id);
  const bool shared = uses != uses_.end() && uses->second > 1;
  if (shared && node.kind != Node::kLiteral && node.kind != Node::kVariable &&
      node.kind != Node::kIndex && node.type != CType::kTruth && !held(id))
    return true;
  const auto any = [&](NodeId arg) { return has_statements(arg); };
  return std::ranges::any_of(node.args, any) ||
         std::ranges::any_of(node.index.terms, [&](const auto& term) { return any(term.first); });
}

Writer::Text Writer::guarded(NodeId id) {
  const Node& node = e_.node(id);
  const Text condition = text(node.args[0]);
  // Neither side may be computed where the other one holds: of pieces one after the other, an index
  // of the second is negative in the first. A literal may.
  const auto alone = [&](NodeId side) {
    open({}, true);
    const Text value = text(side);
    LINNET_CHECK(scopes_.back().lines.empty(), "statements in a conditional expression");
    scopes_.pop_back();
    return value;
  };
  const bool literal = e_.node(node.args[2]).kind == Node::kLiteral;
  if (!has_statements(node.args[1]) && (literal || !has_statements(node.args[2]))) {
    const Text then = alone(node.args[1]), otherwise = alone(node.args[2]);
    return {fmt::format("{} ? {} : {}", within(condition, kDisjunction), within(then, kDisjunction),
                        within(otherwise, kChoice)),
            kChoice};
  }
  const std::string name = name_for(node);
  const auto assign = [&](NodeId side) {
    open({}, true);
    const std::string value = text(side).text;
    line(fmt::format("{} = {};", name, value));
  };
  const std::string first = literal ? " = " + text(node.args[2]).text : "";
  line(fmt::format("{} {}{};", c_name(node.type), name, first));
  line(fmt::format("if ({}) {{", condition.text));
  assign(node.args[1]);
  close();
  if (!literal) {
    scopes_.back().lines.back().append(" else {");
    assign(node.args[2]);
    close();
  }
  scopes_.back().held[id] = name;
  return {name};
}

Writer::Text Writer::reduced(NodeId id) {
  const Node& node = e_.node(id);
  const size_t at = scope_for(node);
  // Whatever is written until it is done goes into the scope that it belongs to.
  std::vector<Scope> inner(
      std::make_move_iterator(scopes_.begin() + static_cast<ptrdiff_t>(at) + 1),
      std::make_move_iterator(scopes_.end()));
  scopes_.resize(at + 1);
  const std::string name = e_.node(node.accumulator).text;
  line(fmt::format("{} {} = {};", c_name(node.type), name, text(node.args[0]).text));
  const std::function<void(size_t)> nest = [&](size_t depth) {
    if (depth < node.variables.size())
      return loop(node.variables[depth], node.extents[depth], [&] { nest(depth + 1); });
    scopes_.back().bound.insert(node.accumulator);
    line(fmt::format("{} = {};", name, text(node.args[1]).text));
  };
  if (std::ranges::find(node.extents, 0) == node.extents.end()) nest(0);
  scopes_.back().held[id] = name;
  scopes_.insert(scopes_.end(), std::make_move_iterator(inner.begin()),
                 std::make_move_iterator(inner.end()));
  return {name};
}

}  // namespace linnet::codegen::source
