// The operands and attributes of an op, read from a call's parentheses.
#include "frontend/lin/elaborate/op_arguments.h"

#include "frontend/lin/elaborate/expressions.h"
#include "frontend/lin/elaborate/settings.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::frontend {

namespace {

// The call of an op with all settings but the first by name. Where an op has but one setting, a
// list, its elements may have been meant: reshape(x, 3, 4).
std::string by_name(const ir::OpDef& op, const Expr& expr,
                    const std::vector<const Argument*>& positions, const Report& report) {
  std::vector<std::string> shown;
  std::string elements;
  size_t next = 0;
  const bool one_list =
      op.attrs.size() == 1 && std::holds_alternative<ir::Ints>(op.attrs.front().default_value);
  for (const std::vector<Argument>& group : expr.groups) {
    for (const Argument& argument : group) {
      std::string text(report.text(argument.value->span));
      if (std::ranges::find(positions, &argument) == positions.end()) {
        shown.emplace_back(report.text(argument.span));
      } else if (one_list) {
        elements += (elements.empty() ? "" : ", ") + text;
      } else {
        const std::string_view name = op.attrs[std::min(next, op.attrs.size() - 1)].name;
        shown.push_back(next == 0 ? text : fmt::format("{}: {}", name, text));
        ++next;
      }
    }
  }
  if (one_list) shown.push_back(fmt::format("{}: [{}]", op.attrs.front().name, elements));
  return fmt::format("{}({})", op.name, join(shown, ", "));
}

ir::Attr attribute(const Value& value, Span at, const Nodes& nodes, Report& report) {
  if (const auto* v = value.get<int64_t>()) return *v;
  if (const auto* v = value.get<double>()) return *v;
  if (const auto* v = value.get<bool>()) return *v;
  if (const auto* v = value.get<std::string>()) return *v;
  const auto* list = value.get<List>();
  const auto* tuple = value.get<Tuple>();
  if (list || tuple) {
    const auto& values = list ? list->values : tuple->values;
    if (std::ranges::all_of(values, [](const Value& v) { return v.get<int64_t>() != nullptr; })) {
      ir::Ints ints;
      for (const Value& v : values)
        ints.push_back(*v.get<int64_t>());
      return ints;
    }
    if (std::ranges::all_of(values, &Value::is_number)) {
      ir::Doubles numbers;
      for (const Value& v : values)
        numbers.push_back(v.number());
      return numbers;
    }
  }
  report.fail(at, fmt::format("a setting cannot be {}", nodes.described(value)));
}

}  // namespace

void read_arguments(const ir::OpDef& op, const Expr& expr, Scope& scope, OpArguments& given,
                    Expressions& expressions, const Nodes& nodes, Report& report) {
  auto& [operands, spans, attrs, attr_spans] = given;
  std::vector<const Argument*> positions;
  std::vector<std::string> known;
  for (const ir::AttrDef& attr : op.attrs)
    known.emplace_back(attr.name);
  const bool variadic = !op.operands.empty() && op.operands.back().variadic;
  for (const std::vector<Argument>& group : expr.groups) {
    for (const Argument& argument : group) {
      std::string key = argument.name;
      // A word may be an attribute's choice: `approximate: tanh`.
      const auto def = std::ranges::find(op.attrs, key, &ir::AttrDef::name);
      const bool choice =
          def != op.attrs.end() && argument.value->kind == ExprKind::kName &&
          (!def->words.empty() || std::holds_alternative<ir::DType>(def->default_value));
      if (choice) {
        const auto dtype = ir::dtype_from_name(argument.value->text);
        if (dtype && def->words.empty()) {
          attrs.set(key, *dtype);
        } else {
          attrs.set(key, ir::Enum{argument.value->text});
        }
        attr_spans[key] = argument.span;
        continue;
      }
      const Value value = expressions.evaluate(*argument.value, scope);
      const bool wants_operand = operands.size() < op.operands.size() || variadic;
      if (key.empty() && (value.is_tensor() || (value.is_number() && wants_operand && !variadic))) {
        operands.push_back(value);
        spans.push_back(argument.span);
        continue;
      }
      if (key.empty()) {
        positions.push_back(&argument);
        if (known.empty()) report.fail(argument.span, fmt::format("{} takes no setting", op.name));
        key = known.front();
        if (positions.size() > 1) continue;
      }
      if (std::ranges::find(known, key) == known.end())
        unknown_setting(key, argument.span, op.name, known, report);
      if (attrs.find(key)) report.fail(argument.span, fmt::format("'{}' is given twice", key));
      attrs.set(key, attribute(value, argument.value->span, nodes, report));
      attr_spans[key] = argument.span;
    }
  }
  if (positions.size() <= 1) return;
  const Span span{positions.front()->span.file, positions.front()->span.begin,
                  positions.back()->span.end};
  report.fail(span, fmt::format("{} takes only its first setting by position", op.name),
              by_name(op, expr, positions, report));
}

}  // namespace linnet::frontend
