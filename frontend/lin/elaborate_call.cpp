// What a name in a call means: a layer, a block, an op, an initialiser; and its settings.
#include "frontend/lin/elaborate.h"
#include "frontend/lin/foreign.h"
#include "ir/initialize.h"
#include "ir/op_def.h"

#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace linnet::frontend {

Value Elaborator::call(const Expr& expr, Scope& scope, const Value* piped, Span piped_span) {
  const auto known = scope.names.find(expr.text);
  if (known != scope.names.end()) {
    known->second.used = true;
    if (known->second.kind == "faulty") throw Abandon{};
    if (auto* const* instance = known->second.value.get<Instance*>())
      return call_instance(**instance, expr, scope, piped);
    if (find_block(expr.text) == nullptr && ir::find_op(expr.text) == nullptr) {
      fail(expr.span, fmt::format("'{}' is {} and cannot be applied", expr.text,
                                  described(known->second.value)));
    }
  }
  if (expr.text == "len" && !piped && expr.groups.size() == 1 && expr.groups[0].size() == 1) {
    const Value list = evaluate(*expr.groups[0][0].value, scope);
    if (list.get<List>()) return {static_cast<int64_t>(list.get<List>()->values.size())};
  }
  // f(a, b) with tensors alone is the op where a block of this name has settings: inside the
  // prelude's conv2d stands the op conv2d.
  const Block* block = find_block(expr.text);
  const bool op_call = !piped && expr.groups.size() == 1 && block && !block->settings.empty() &&
                       ir::find_op(expr.text) != nullptr;
  if (block && !op_call) return call_block(*block, expr, scope, piped, piped_span);
  if (const ir::OpDef* op = ir::find_op(expr.text); op && !op->has(ir::kStructural)) {
    const bool number = expr.text == "sqrt" && !piped && expr.groups.size() == 1 &&
                        expr.groups[0].size() == 1 && expr.groups[0][0].name.empty();
    if (number) {
      const Value value = evaluate(*expr.groups[0][0].value, scope);
      if (value.is_number()) return {std::sqrt(value.number())};
      return create(*op, {value}, {expr.groups[0][0].span}, {}, {}, expr.span);
    }
    return call_op(*op, expr, scope, piped, piped_span);
  }
  if (const ir::Initializer* initializer = ir::find_initializer(expr.text)) {
    ir::Recipe recipe{expr.text, {}};
    std::vector<std::string> names;
    for (const auto& setting : initializer->settings)
      names.emplace_back(setting.name);
    size_t next = 0;
    static const std::vector<Argument> kNone;
    for (const Argument& argument : expr.groups.empty() ? kNone : expr.groups.front()) {
      const std::string key = !argument.name.empty() ? argument.name
                              : next < names.size()  ? names[next++]
                                                     : "";
      if (std::ranges::find(names, key) == names.end())
        unknown_setting(key, argument.span, expr.text, names);
      const Value value = evaluate(*argument.value, scope);
      if (!value.is_number())
        fail(argument.span, fmt::format("'{}' takes a number, not {}", key, described(value)));
      recipe.attrs.set(key, value.number());
    }
    for (const auto& setting : initializer->settings) {
      if (recipe.attrs.find(setting.name)) continue;
      if (!setting.default_value)
        fail(expr.span, fmt::format("{} needs '{}'", expr.text, setting.name));
      recipe.attrs.set(setting.name, *setting.default_value);
    }
    return {recipe};
  }
  unknown_callee(expr, scope);
}

Value Elaborator::call_instance(Instance& instance, const Expr& expr, Scope& scope,
                                const Value* piped) {
  std::vector<Value> data;
  std::vector<Span> spans;
  if (piped) {
    data.push_back(*piped);
    spans.push_back(expr.span);
  }
  if (expr.groups.size() > 1)
    fail(expr.span, fmt::format("layer '{}' has its settings already", expr.text));
  if (!expr.groups.empty()) {
    for (const Argument& argument : expr.groups.front()) {
      if (!argument.name.empty()) fail(argument.span, "a layer takes its data by position");
      data.push_back(evaluate(*argument.value, scope));
      spans.push_back(argument.span);
    }
  }
  if (instance.op) {
    const Value value =
        create(*instance.op, data, spans, instance.attrs, instance.attr_spans, expr.span);
    if (const auto* tensor = value.get<ir::ValueId>()) graph_.rename(*tensor, instance.path);
    return value;
  }
  auto results = apply(instance, data, spans, expr.span);
  if (results.size() != 1) return {Tuple{std::move(results)}};
  const auto* tensor = results.front().get<ir::ValueId>();
  if (tensor && graph_.producer(*tensor) && !instance.path.empty())
    graph_.rename(*tensor, instance.path);
  return results.front();
}

Value Elaborator::call_block(const Block& block, const Expr& expr, Scope& scope, const Value* piped,
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
  give_settings(instance, block, *settings, scope, expr.span);
  for (const Argument& argument : *tensors) {
    if (!argument.name.empty())
      fail(argument.span, fmt::format("'{}' takes its data by position", block.name),
           fmt::format("{}({}: …)(x)", block.name, argument.name));
    data.push_back(evaluate(*argument.value, scope));
    spans.push_back(argument.span);
  }
  auto results = apply(instance, data, spans, expr.span);
  if (results.size() == 1) return results.front();
  return {Tuple{std::move(results)}};
}

// The call of a block as it should be: all settings but the first by name. If that gives a size to
// every setting without a default, the arguments are read in PyTorch's order, which begins with the
// sizes of what comes in: a layer here knows them from its value. `at`: the arguments at fault.
std::string Elaborator::corrected_call(const Block& block, const std::vector<Argument>& arguments,
                                       Scope& scope, Span* at) {
  std::vector<std::string> names;
  for (const Parameter& setting : block.settings)
    names.push_back(setting.name);
  const TorchSignature* torch = block.span.file == prelude_ ? torch_signature(block.name) : nullptr;
  std::span<const std::string_view> order, implied, required;
  if (torch) {
    order = torch->parameters;
    implied = order.first(torch->implied);
    required = order.first(torch->required);
  }
  const auto holds = [](const auto& list, std::string_view name) {
    return std::ranges::find(list, name) != list.end();
  };
  const auto is_size = [&](const Argument& argument) {
    const Value value = evaluate(*argument.value, scope);
    return value.get<int64_t>() || value.get<List>() || value.get<Tuple>();
  };
  using Read = std::vector<std::pair<std::string, const Argument*>>;
  // nullopt if there are more positions than names, or a name stands twice.
  const auto read_as = [&](const auto& positions) -> std::optional<Read> {
    Read read;
    size_t next = 0;
    for (const Argument& argument : arguments) {
      if (argument.name.empty() && next == positions.size()) return std::nullopt;
      const std::string ours(our_setting(argument.name));
      const std::string name = argument.name.empty() ? std::string(positions[next++])
                               : holds(names, ours)  ? ours
                                                     : argument.name;
      if (std::ranges::find(read, name, [](const auto& r) { return r.first; }) != read.end())
        return std::nullopt;
      read.emplace_back(name, &argument);
    }
    return read;
  };
  std::optional<Read> read = read_as(order);
  size_t sizes = 0;
  for (const auto& [name, argument] : read.value_or(Read{})) {
    if (holds(required, name) && is_size(*argument)) ++sizes;
  }
  if (!torch || sizes != required.size()) read = read_as(names);
  if (!read) return "";
  std::vector<std::string> shown;
  std::string dropped;
  Span span;
  for (const auto& [name, argument] : *read) {
    const std::string text(diagnostics_.sources().text(argument->value->span));
    if (argument->name.empty() || holds(implied, name)) {
      span = {argument->span.file, span.end == 0 ? argument->span.begin : span.begin,
              argument->span.end};
    }
    if (holds(implied, name)) {
      dropped = name;
    } else if (shown.empty() && name == names.front()) {
      shown.push_back(text);
    } else {
      shown.push_back(fmt::format("{}: {}", name, text));
    }
  }
  if (at) *at = span;
  return fmt::format("{}({}){}", block.name, join(shown, ", "),
                     dropped.empty() ? "" : fmt::format("; {} is known from the value", dropped));
}

// Only the first setting may stand by position: linear(784, 10) would be read as 784 outputs.
void Elaborator::check_positions(const Block& block, const std::vector<Argument>& arguments,
                                 const std::vector<std::string>& names, Scope& scope) {
  if (names.empty()) return;
  const TorchSignature* torch = block.span.file == prelude_ ? torch_signature(block.name) : nullptr;
  size_t positions = 0;
  bool implied = false, again = false;  // a size the value tells; the first setting once more
  for (const Argument& argument : arguments) {
    if (argument.name.empty()) ++positions;
    again = again || (positions == 1 && argument.name == names.front());
    if (torch)
      implied =
          implied || std::ranges::find(torch->parameters.first(torch->implied), argument.name) !=
                         torch->parameters.first(torch->implied).end();
  }
  // batch_norm2d(64): all that PyTorch's module needs, and none of ours.
  const bool alone = torch && torch->required == torch->implied && positions == 1 &&
                     evaluate(*arguments.front().value, scope).get<int64_t>();
  if (positions <= 1 && !implied && !again && !alone) return;
  Span at;
  const std::string call = corrected_call(block, arguments, scope, &at);
  if (call.empty()) return;  // said where the setting is read
  fail(at,
       positions > 1
           ? fmt::format("'{}' takes only its first setting by position", block.name)
           : fmt::format("'{}' has no setting '{}'", block.name, torch->parameters.front()),
       call);
}

void Elaborator::give_settings(Instance& instance, const Block& block,
                               const std::vector<Argument>& arguments, Scope& scope, Span at) {
  std::vector<std::string> names;
  for (const Parameter& setting : block.settings)
    names.push_back(setting.name);
  check_positions(block, arguments, names, scope);
  size_t next = 0;
  for (const Argument& argument : arguments) {
    std::string key = argument.name;
    if (key.empty()) {
      if (next >= names.size()) {
        fail(argument.span,
             fmt::format("'{}' takes {} setting{}", block.name, names.size(),
                         names.size() == 1 ? "" : "s"),
             names.empty() ? "" : "they are " + join(names, ", "));
      }
      key = names[next++];
    }
    const auto setting = std::ranges::find(block.settings, key, &Parameter::name);
    if (setting == block.settings.end()) unknown_setting(key, argument.span, block.name, names);
    if (instance.settings.contains(key))
      fail(argument.span, fmt::format("'{}' is given twice", key));
    instance.settings[key] =
        converted(evaluate(*argument.value, scope), *setting, argument.value->span);
  }
  for (const Parameter& setting : block.settings) {
    if (instance.settings.contains(setting.name)) continue;
    if (!setting.default_value) {
      fail(at, fmt::format("'{}' needs the setting '{}'", block.name, setting.name),
           fmt::format("{}({}: …)", block.name, setting.name));
    }
    Scope defaults;
    defaults.instance = &instance;
    for (const auto& [name, value] : instance.settings)
      defaults.define(name, {value, setting.span, true, false, "setting"});
    instance.settings[setting.name] =
        converted(evaluate(*setting.default_value, defaults), setting, setting.span);
  }
}

Value Elaborator::converted(const Value& value, const Parameter& setting, Span at) {
  const std::string& type = setting.type.name;
  const bool integer = value.get<int64_t>() != nullptr;
  if (type == "int" && integer) return value;
  if (type == "float" && value.is_number()) return {value.number()};
  if (type == "bool" && value.get<bool>()) return value;
  if (type == "string" && value.get<std::string>()) return value;
  if (type == "string" && value.is_number()) return {fmt::format("{}", value.number())};
  if (type == "init" && value.get<ir::Recipe>()) return value;
  if (type == "list" && value.get<List>()) return value;
  if (type == "list" && integer) return {List{{value}}};
  if (type == "pair") {
    if (integer) return {List{{value, value}}};
    const auto* list = value.get<List>();
    const auto* tuple = value.get<Tuple>();
    const auto* values = list ? &list->values : tuple ? &tuple->values : nullptr;
    const bool integers = values && std::ranges::all_of(*values, [](const Value& v) {
                            return v.get<int64_t>() != nullptr;
                          });
    if (integers && (values->size() == 2 || values->size() == 4)) return {List{*values}};
  }
  const std::string_view article = type == "int" || type == "init" ? "an" : "a";
  const std::string wanted = type == "int"     ? "integer"
                             : type == "float" ? "number"
                             : type == "init"  ? "initialiser"
                             : type == "pair"  ? "integer or a pair [h, w]"
                                               : type;
  fail(at, fmt::format("'{}' takes {} {}, not {}", setting.name, type == "pair" ? "an" : article,
                       wanted, described(value)));
}

// The call of an op with all settings but the first by name. Where an op has but one setting, a
// list, its elements may have been meant: reshape(x, 3, 4).
std::string Elaborator::by_name(const ir::OpDef& op, const Expr& expr,
                                const std::vector<const Argument*>& positions) const {
  const SourceManager& sources = diagnostics_.sources();
  std::vector<std::string> shown;
  std::string elements;
  size_t next = 0;
  const bool one_list =
      op.attrs.size() == 1 && std::holds_alternative<ir::Ints>(op.attrs.front().default_value);
  for (const std::vector<Argument>& group : expr.groups) {
    for (const Argument& argument : group) {
      std::string text(sources.text(argument.value->span));
      if (std::ranges::find(positions, &argument) == positions.end()) {
        shown.emplace_back(sources.text(argument.span));
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

Value Elaborator::call_op(const ir::OpDef& op, const Expr& expr, Scope& scope, const Value* piped,
                          Span piped_span) {
  OpArguments given;
  if (piped) {
    given.operands.push_back(*piped);
    given.spans.push_back(piped_span);
  }
  read_arguments(op, expr, scope, given);
  return create(op, given.operands, given.spans, std::move(given.attrs), given.attr_spans,
                expr.span);
}

void Elaborator::read_arguments(const ir::OpDef& op, const Expr& expr, Scope& scope,
                                OpArguments& given) {
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
      const Value value = evaluate(*argument.value, scope);
      const bool wants_operand = operands.size() < op.operands.size() || variadic;
      if (key.empty() && (value.is_tensor() || (value.is_number() && wants_operand && !variadic))) {
        operands.push_back(value);
        spans.push_back(argument.span);
        continue;
      }
      if (key.empty()) {
        positions.push_back(&argument);
        if (known.empty()) fail(argument.span, fmt::format("{} takes no setting", op.name));
        key = known.front();
        if (positions.size() > 1) continue;
      }
      if (std::ranges::find(known, key) == known.end())
        unknown_setting(key, argument.span, op.name, known);
      if (attrs.find(key)) fail(argument.span, fmt::format("'{}' is given twice", key));
      attrs.set(key, attribute(value, argument.value->span));
      attr_spans[key] = argument.span;
    }
  }
  if (positions.size() <= 1) return;
  const Span span{positions.front()->span.file, positions.front()->span.begin,
                  positions.back()->span.end};
  fail(span, fmt::format("{} takes only its first setting by position", op.name),
       by_name(op, expr, positions));
}

ir::Attr Elaborator::attribute(const Value& value, Span at) {
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
  fail(at, fmt::format("a setting cannot be {}", described(value)));
}

Value Elaborator::create(const ir::OpDef& op, const std::vector<Value>& operands,
                         const std::vector<Span>& spans, ir::Attrs attrs,
                         const std::map<std::string, Span>& attr_spans, Span at) {
  // Every application draws numbers of its own.
  if (std::ranges::find(op.attrs, "stream", &ir::AttrDef::name) != op.attrs.end() &&
      !attrs.find("stream"))
    attrs.set("stream", next_stream_++);
  // A number beside a tensor has the tensor's type.
  ir::DType dtype = ir::DType::kF32;
  for (const Value& value : operands) {
    if (const auto* tensor = value.get<ir::ValueId>()) {
      dtype = graph_.value(*tensor).type.dtype;
      if (dtype != ir::DType::kBool) break;
    }
  }
  ir::Builder builder = ir::Builder(graph_).at(place(at));
  std::vector<ir::ValueId> values;
  for (size_t i = 0; i < operands.size(); ++i) {
    if (const auto* tensor = operands[i].get<ir::ValueId>()) {
      values.push_back(*tensor);
    } else if (operands[i].is_number()) {
      if (!is_float(dtype) && operands[i].get<double>())
        fail(spans[i],
             fmt::format("a tensor of {} and a number that is no integer", ir::name(dtype)));
      values.push_back(
          builder.constant(ir::Tensor::splat({dtype, {}, {}}, operands[i].number()), "number"));
    } else {
      fail(spans[i], fmt::format("{} takes tensors, not {}", op.name, described(operands[i])));
    }
  }
  auto results = builder.try_create(op, values, std::move(attrs), op.name);
  if (results) {
    if (results->size() == 1) return {results->front()};
    Tuple tuple;
    for (ir::ValueId result : *results)
      tuple.values.push_back({result});
    return {tuple};
  }
  const ir::OpError& why = results.error();
  Span where = at;
  if (why.operand >= 0 && static_cast<size_t>(why.operand) < spans.size() &&
      spans[static_cast<size_t>(why.operand)].end != 0) {
    where = spans[static_cast<size_t>(why.operand)];
  }
  if (const auto span = attr_spans.find(why.attr); span != attr_spans.end()) where = span->second;
  const bool named = why.message.starts_with(op.name);
  auto& diagnostic =
      error(where, named ? why.message : fmt::format("{}: {}", op.name, why.message));
  diagnostic.help(why.remedy);
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::ranges::find(values.begin(), values.begin() + static_cast<ptrdiff_t>(i), values[i]) ==
        values.begin() + static_cast<ptrdiff_t>(i))
      note_origin(diagnostic, {values[i]});
  }
  throw Abandon{};
}

void Elaborator::unknown_callee(const Expr& callee, Scope& scope) {
  const std::string& name = callee.text;
  const Span at = callee.kind == ExprKind::kCall ? callee.name_span : callee.span;
  const size_t dot = name.rfind('.');
  const std::string last = name.substr(dot + 1);  // npos + 1 is 0
  const std::string owner = name.substr(0, name.find('.'));
  if (owner == "self" && dot == 4)
    fail(at, "there is no `self`: a layer is known by its name", last + "(…)");
  const auto known = scope.names.find(owner);
  const bool translated = !our_callee(name).empty();
  const std::string ours = translated ? std::string(our_callee(name)) : last;
  const Block* block = find_block(ours);
  if (dot != std::string::npos && known != scope.names.end()) {
    fail(at, fmt::format("'{}' is {} and has no methods", owner, described(known->second.value)),
         fmt::format("{} |> {}", owner, ours));
  }
  const bool exists = block || ir::find_op(ours) != nullptr;
  if (translated || (dot != std::string::npos && exists)) {
    const bool settings = block && callee.groups.size() == 1;
    const std::string call =
        settings ? corrected_call(*block, callee.groups[0], scope, nullptr) : "";
    fail(at, fmt::format("there is no '{}'", name),
         call.empty() ? fmt::format("here it is called '{}'", ours) : "here: " + call);
  }
  std::vector<std::string> names(scope.order.begin(), scope.order.end());
  for (const auto& [block_name, known_block] : blocks_)
    names.push_back(block_name);
  for (const ir::OpDef* op : ir::all_ops())
    names.emplace_back(op->name);
  fail(at, fmt::format("there is no layer, block or op '{}'", name), did_you_mean(name, names));
}

void Elaborator::unknown_setting(const std::string& name, Span at, std::string_view owner,
                                 const std::vector<std::string>& known) {
  const std::string_view ours = our_setting(name);
  const std::string message = name.empty() ? fmt::format("{} takes no further setting", owner)
                                           : fmt::format("{} has no setting '{}'", owner, name);
  if (std::ranges::find(known, ours) != known.end())
    fail(at, message, fmt::format("here it is called '{}'", ours));
  const std::string near = did_you_mean(name, known);
  fail(at, message,
       !near.empty()   ? near
       : known.empty() ? "it takes none"
                       : "its settings are " + join(known, ", "));
}

}  // namespace linnet::frontend
