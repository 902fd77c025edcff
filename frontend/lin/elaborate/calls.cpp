// What a name in a call means: a layer, a block, an op, an initialiser.
#include "frontend/lin/elaborate/calls.h"

#include "frontend/lin/elaborate/blocks.h"
#include "frontend/lin/elaborate/expressions.h"
#include "frontend/lin/elaborate/op_arguments.h"
#include "frontend/lin/elaborate/settings.h"
#include "frontend/lin/foreign.h"
#include "ir/initialize.h"
#include "ir/op_def.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace linnet::frontend {

Value Calls::call(const Expr& expr, Scope& scope, const Value* piped, Span piped_span) {
  const auto known = scope.names.find(expr.text);
  if (known != scope.names.end()) {
    known->second.used = true;
    if (known->second.faulty) throw Abandon{};
    if (auto* const* instance = known->second.value.get<Instance*>())
      return call_instance(**instance, expr, scope, piped);
    if (library_.find(expr.text) == nullptr && ir::find_op(expr.text) == nullptr) {
      report_.fail(expr.span, fmt::format("'{}' is {} and cannot be applied", expr.text,
                                          nodes_.described(known->second.value)));
    }
  }
  if (expr.text == "len" && !piped && expr.groups.size() == 1 && expr.groups[0].size() == 1) {
    const Value list = expressions_.evaluate(*expr.groups[0][0].value, scope);
    if (list.get<List>()) return {static_cast<int64_t>(list.get<List>()->values.size())};
  }
  // f(a, b) with tensors alone is the op where a block of this name has settings: inside the
  // prelude's conv2d stands the op conv2d.
  const Block* block = library_.find(expr.text);
  const bool op_call = !piped && expr.groups.size() == 1 && block && !block->settings.empty() &&
                       ir::find_op(expr.text) != nullptr;
  if (block && !op_call) return call_block(*block, expr, scope, piped, piped_span);
  if (const ir::OpDef* op = ir::find_op(expr.text); op && !op->has(ir::kStructural)) {
    const bool number = expr.text == "sqrt" && !piped && expr.groups.size() == 1 &&
                        expr.groups[0].size() == 1 && expr.groups[0][0].name.empty();
    if (number) {
      const Value value = expressions_.evaluate(*expr.groups[0][0].value, scope);
      if (value.is_number()) return {std::sqrt(value.number())};
      return nodes_.create(*op, {value}, {expr.groups[0][0].span}, {}, {}, expr.span);
    }
    return call_op(*op, expr, scope, piped, piped_span);
  }
  if (const ir::Initializer* initializer = ir::find_initializer(expr.text))
    return recipe(*initializer, expr, scope);
  unknown_callee(expr, scope);
}

Value Calls::recipe(const ir::Initializer& initializer, const Expr& expr, Scope& scope) {
  ir::Recipe made{expr.text, {}};
  std::vector<std::string> names;
  for (const auto& setting : initializer.settings)
    names.emplace_back(setting.name);
  size_t next = 0;
  static const std::vector<Argument> kNone;
  for (const Argument& argument : expr.groups.empty() ? kNone : expr.groups.front()) {
    const std::string key = !argument.name.empty() ? argument.name
                            : next < names.size()  ? names[next++]
                                                   : "";
    if (std::ranges::find(names, key) == names.end())
      unknown_setting(key, argument.span, expr.text, names, report_);
    const Value value = expressions_.evaluate(*argument.value, scope);
    if (!value.is_number())
      report_.fail(argument.span,
                   fmt::format("'{}' takes a number, not {}", key, nodes_.described(value)));
    made.attrs.set(key, value.number());
  }
  for (const auto& setting : initializer.settings) {
    if (made.attrs.find(setting.name)) continue;
    if (!setting.default_value)
      report_.fail(expr.span, fmt::format("{} needs '{}'", expr.text, setting.name));
    made.attrs.set(setting.name, *setting.default_value);
  }
  return {made};
}

Value Calls::call_instance(Instance& instance, const Expr& expr, Scope& scope, const Value* piped) {
  std::vector<Value> data;
  std::vector<Span> spans;
  if (piped) {
    data.push_back(*piped);
    spans.push_back(expr.span);
  }
  if (expr.groups.size() > 1)
    report_.fail(expr.span, fmt::format("layer '{}' has its settings already", expr.text));
  if (!expr.groups.empty()) {
    for (const Argument& argument : expr.groups.front()) {
      if (!argument.name.empty()) report_.fail(argument.span, "a layer takes its data by position");
      data.push_back(expressions_.evaluate(*argument.value, scope));
      spans.push_back(argument.span);
    }
  }
  if (instance.op) {
    const Value value =
        nodes_.create(*instance.op, data, spans, instance.attrs, instance.attr_spans, expr.span);
    nodes_.rename(value, instance.path);
    return value;
  }
  auto results = blocks_.apply(instance, data, spans, expr.span);
  if (results.size() != 1) return {Tuple{std::move(results)}};
  if (!instance.path.empty()) nodes_.rename(results.front(), instance.path);
  return results.front();
}

Value Calls::call_block(const Block& block, const Expr& expr, Scope& scope, const Value* piped,
                        Span piped_span) {
  Instance instance;
  instance.block = &block;
  instance.anonymous = true;
  instance.span = expr.span;
  std::vector<Value> data;
  std::vector<Span> spans;
  if (piped) {
    data.push_back(*piped);
    spans.push_back(piped_span);
  }
  static const std::vector<Argument> kNone;
  const std::vector<Argument>* settings = &kNone;
  const std::vector<Argument>* tensors = &kNone;
  if (expr.groups.size() == 2) {
    settings = &expr.groups[0];
    tensors = &expr.groups[1];
  } else if (expr.groups.size() == 1) {
    // One pair of parentheses: settings in a pipe, data otherwise.
    (piped ? settings : tensors) = &expr.groups[0];
  }
  Settings(report_, nodes_, expressions_).give(instance, block, *settings, scope, expr.span);
  for (const Argument& argument : *tensors) {
    if (!argument.name.empty())
      report_.fail(argument.span, fmt::format("'{}' takes its data by position", block.name),
                   fmt::format("{}({}: …)(x)", block.name, argument.name));
    data.push_back(expressions_.evaluate(*argument.value, scope));
    spans.push_back(argument.span);
  }
  auto results = blocks_.apply(instance, data, spans, expr.span);
  if (results.size() == 1) return results.front();
  return {Tuple{std::move(results)}};
}

Value Calls::call_op(const ir::OpDef& op, const Expr& expr, Scope& scope, const Value* piped,
                     Span piped_span) {
  OpArguments given;
  if (piped) {
    given.operands.push_back(*piped);
    given.spans.push_back(piped_span);
  }
  read_arguments(op, expr, scope, given, expressions_, nodes_, report_);
  return nodes_.create(op, given.operands, given.spans, std::move(given.attrs), given.attr_spans,
                       expr.span);
}

void Calls::unknown_callee(const Expr& callee, Scope& scope) {
  const std::string& name = callee.text;
  const Span at = callee.kind == ExprKind::kCall ? callee.name_span : callee.span;
  const size_t dot = name.rfind('.');
  const std::string last = name.substr(dot + 1);  // npos + 1 is 0
  const std::string owner = name.substr(0, name.find('.'));
  if (owner == "self" && dot == 4)
    report_.fail(at, "there is no `self`: a layer is known by its name", last + "(…)");
  const auto known = scope.names.find(owner);
  const bool translated = !our_callee(name).empty();
  const std::string ours = translated ? std::string(our_callee(name)) : last;
  const Block* block = library_.find(ours);
  if (dot != std::string::npos && known != scope.names.end()) {
    report_.fail(
        at,
        fmt::format("'{}' is {} and has no methods", owner, nodes_.described(known->second.value)),
        fmt::format("{} |> {}", owner, ours));
  }
  const bool exists = block || ir::find_op(ours) != nullptr;
  if (translated || (dot != std::string::npos && exists)) {
    const bool settings = block && callee.groups.size() == 1;
    const std::string call = settings
                                 ? Settings(report_, nodes_, expressions_)
                                       .corrected_call(*block, callee.groups[0], scope, nullptr)
                                 : "";
    report_.fail(at, fmt::format("there is no '{}'", name),
                 call.empty() ? fmt::format("here it is called '{}'", ours) : "here: " + call);
  }
  std::vector<std::string> names(scope.order.begin(), scope.order.end());
  for (std::string& block_name : library_.names())
    names.push_back(std::move(block_name));
  for (const ir::OpDef* op : ir::all_ops())
    names.emplace_back(op->name);
  report_.fail(at, fmt::format("there is no layer, block or op '{}'", name),
               did_you_mean(name, names));
}

}  // namespace linnet::frontend
