#include "frontend/elaborate.h"
#include "ir/initialize.h"
#include "ir/op_def.h"

#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace linnet::frontend {
namespace {

struct Foreign {
  std::string_view theirs, ours;
};

// Names of PyTorch's modules and Keras' layers.
constexpr std::array kForeignCallees = std::to_array<Foreign>({
    {"Linear", "linear"},
    {"Dense", "linear"},
    {"dense", "linear"},
    {"fc", "linear"},
    {"Conv2d", "conv2d"},
    {"Conv2D", "conv2d"},
    {"conv", "conv2d"},
    {"MaxPool2d", "max_pool2d"},
    {"MaxPooling2D", "max_pool2d"},
    {"maxpool", "max_pool2d"},
    {"AvgPool2d", "avg_pool2d"},
    {"AveragePooling2D", "avg_pool2d"},
    {"BatchNorm2d", "batch_norm2d"},
    {"BatchNormalization", "batch_norm2d"},
    {"Dropout", "dropout"},
    {"Flatten", "flatten"},
    {"ReLU", "relu"},
    {"Sigmoid", "sigmoid"},
    {"Tanh", "tanh"},
    {"Softmax", "softmax"},
    {"GELU", "gelu"},
    {"ELU", "elu"},
    {"LeakyReLU", "leaky_relu"},
    {"GRUCell", "gru_cell"},
    {"LSTMCell", "lstm_cell"},
    {"max", "maximum"},
    {"min", "minimum"},
    {"view", "reshape"},
    {"permute", "transpose"},
    {"cat", "concat"},
    {"Identity", "dropout(0)"},
});
constexpr std::array kForeignSettings = std::to_array<Foreign>({
    {"kernel", "kernel_size"},
    {"filters", "out_channels"},
    {"units", "out_features"},
    {"strides", "stride"},
    {"pool_size", "kernel_size"},
    {"use_bias", "bias"},
    {"rate", "p"},
    {"pad", "padding"},
    {"dilation_rate", "dilation"},
    {"axis", "dim"},
    {"keepdims", "keepdim"},
    {"epsilon", "eps"},
    {"kernel_shape", "kernel_size"},
    {"pads", "padding"},
    {"group", "groups"},
    {"alpha", "negative_slope"},
});

template <size_t n>
std::string_view translated(const std::array<Foreign, n>& table, std::string_view name) {
  const auto row = std::ranges::find(table, name, &Foreign::theirs);
  return row == table.end() ? "" : row->ours;
}

}  // namespace

Value Elaborator::evaluate(const Expr& expr, Scope& scope) {
  switch (expr.kind) {
  case ExprKind::kName:
    return name(expr, scope);
  case ExprKind::kInteger:
    return {expr.integer};
  case ExprKind::kReal:
    return {expr.real};
  case ExprKind::kString:
    return {expr.text};
  case ExprKind::kList:
  case ExprKind::kTuple: {
    std::vector<Value> values;
    for (const ExprPtr& operand : expr.operands)
      values.push_back(evaluate(*operand, scope));
    if (expr.kind == ExprKind::kList) return {List{std::move(values)}};
    return {Tuple{std::move(values)}};
  }
  case ExprKind::kCall:
    return call(expr, scope, nullptr, {});
  case ExprKind::kMember:
    return member(expr);
  case ExprKind::kIndex:
    return index(expr, scope);
  case ExprKind::kUnary:
    return unary(expr, scope);
  case ExprKind::kBinary:
    return expr.text == "|>" ? pipe(expr, scope) : binary(expr, scope);
  case ExprKind::kRange:
    fail(expr.span, "a range stands only in `repeat` and in `data`");
  }
  return {};
}

Value Elaborator::name(const Expr& expr, Scope& scope) {
  const auto known = scope.names.find(expr.text);
  if (known != scope.names.end()) {
    known->second.used = true;
    if (known->second.kind == "faulty") throw Abandon{};
    return known->second.value;
  }
  if (expr.text == "true" || expr.text == "false") return {expr.text == "true"};
  // A word: an attribute's choice such as `tanh` in gelu(approximate: tanh).
  std::vector<std::string> names(scope.order.begin(), scope.order.end());
  if (loss_scope_) {
    for (std::string_view word : loss_names())
      names.emplace_back(word);
  }
  fail(expr.span, fmt::format("'{}' is not defined", expr.text), did_you_mean(expr.text, names));
}

// A path names a parameter; only a loss sees those of all layers.
Value Elaborator::member(const Expr& expr) {
  if (!loss_scope_) fail(expr.span, "a path stands only in a `train` block");
  const auto slot = slot_values_.find(expr.text);
  if (slot != slot_values_.end()) return {slot->second};
  std::vector<std::string> paths;
  for (const auto& [path, value] : slot_values_)
    paths.push_back(path);
  fail(expr.span, fmt::format("the model has no parameter '{}'", expr.text),
       did_you_mean(expr.text, paths));
}

Value Elaborator::pipe(const Expr& expr, Scope& scope) {
  const Value left = evaluate(*expr.operands[0], scope);
  const Expr& right = *expr.operands[1];
  if (right.kind != ExprKind::kName && right.kind != ExprKind::kCall)
    fail(right.span, "behind `|>` stands a layer, a block or an op");
  return call(right, scope, &left, expr.operands[0]->span);
}

Value Elaborator::call(const Expr& expr, Scope& scope, const Value* piped, Span piped_span) {
  const auto known = scope.names.find(expr.text);
  if (known != scope.names.end()) {
    known->second.used = true;
    if (known->second.kind == "faulty") throw Abandon{};
    if (auto* const* instance = known->second.value.get<Instance*>())
      return call_instance(**instance, expr, scope, piped, piped_span);
    if (find_block(expr.text) == nullptr && ir::find_op(expr.text) == nullptr) {
      fail(expr.span, fmt::format("'{}' is {} and cannot be applied", expr.text,
                                  described(known->second.value)));
    }
  }
  // f(a, b) with tensors alone is the op where a block of this name has settings: inside the
  // prelude's conv2d stands the op conv2d.
  const Block* block = find_block(expr.text);
  const bool op_call = !piped && expr.groups.size() == 1 && block && !block->settings.empty() &&
                       ir::find_op(expr.text) != nullptr;
  if (block && !op_call) return call_block(*block, expr, scope, piped, piped_span);
  if (const ir::OpDef* op = ir::find_op(expr.text); op && !op->has(ir::kStructural)) {
    const bool number =
        expr.text == "sqrt" && !piped && expr.groups.size() == 1 && expr.groups[0].size() == 1;
    if (number) {
      const Value value = evaluate(*expr.groups[0][0].value, scope);
      if (value.is_number()) return {std::sqrt(value.number())};
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
  unknown_callee(expr.text, expr.kind == ExprKind::kCall ? expr.name_span : expr.span, scope);
}

Value Elaborator::call_instance(Instance& instance, const Expr& expr, Scope& scope,
                                const Value* piped, Span piped_span) {
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
  (void)piped_span;
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

void Elaborator::give_settings(Instance& instance, const Block& block,
                               const std::vector<Argument>& arguments, Scope& scope, Span at) {
  std::vector<std::string> names;
  for (const Parameter& setting : block.settings)
    names.push_back(setting.name);
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

Value Elaborator::call_op(const ir::OpDef& op, const Expr& expr, Scope& scope, const Value* piped,
                          Span piped_span) {
  std::vector<Value> operands;
  std::vector<Span> spans;
  if (piped) {
    operands.push_back(*piped);
    spans.push_back(piped_span);
  }
  ir::Attrs attrs;
  std::map<std::string, Span> attr_spans;
  std::vector<std::string> known;
  for (const ir::AttrDef& attr : op.attrs)
    known.emplace_back(attr.name);
  size_t next_attr = 0;
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
        if (next_attr >= known.size())
          fail(argument.span, fmt::format("{} takes no further setting", op.name));
        key = known[next_attr++];
      }
      if (std::ranges::find(known, key) == known.end())
        unknown_setting(key, argument.span, op.name, known);
      attrs.set(key, attribute(value, argument.value->span));
      attr_spans[key] = argument.span;
    }
  }
  // Every application draws numbers of its own.
  if (std::ranges::find(known, "stream") != known.end() && !attrs.find("stream"))
    attrs.set("stream", next_stream_++);
  return create(op, operands, spans, std::move(attrs), attr_spans, expr.span);
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
  for (size_t i = 0; i < values.size(); ++i)
    note_origin(diagnostic, {values[i]});
  throw Abandon{};
}

Value Elaborator::binary(const Expr& expr, Scope& scope) {
  const Value a = evaluate(*expr.operands[0], scope);
  const Value b = evaluate(*expr.operands[1], scope);
  if (!a.is_tensor() && !b.is_tensor()) return arithmetic(expr, a, b);
  static constexpr std::array kOps =
      std::to_array<std::pair<std::string_view, const ir::OpDef*>>({{"+", &ir::ops::add},
                                                                    {"-", &ir::ops::sub},
                                                                    {"*", &ir::ops::mul},
                                                                    {"/", &ir::ops::div},
                                                                    {"<", &ir::ops::lt},
                                                                    {"<=", &ir::ops::le},
                                                                    {">", &ir::ops::gt},
                                                                    {">=", &ir::ops::ge},
                                                                    {"==", &ir::ops::eq},
                                                                    {"and", &ir::ops::logical_and},
                                                                    {"or", &ir::ops::logical_or}});
  const auto row =
      std::ranges::find(kOps, std::string_view(expr.text), [](const auto& r) { return r.first; });
  if (row == kOps.end())
    fail(expr.name_span, fmt::format("'{}' has no meaning for tensors", expr.text));
  return create(*row->second, {a, b}, {expr.operands[0]->span, expr.operands[1]->span}, {}, {},
                expr.span);
}

Value Elaborator::arithmetic(const Expr& expr, const Value& a, const Value& b) {
  const std::string& op = expr.text;
  const auto wrong = [&] {
    fail(expr.span, fmt::format("{} {} {}", described(a), op, described(b)));
  };
  if (op == "and" || op == "or") {
    if (!a.get<bool>() || !b.get<bool>()) wrong();
    return {op == "and" ? *a.get<bool>() && *b.get<bool>() : *a.get<bool>() || *b.get<bool>()};
  }
  if (op == "==" || op == "!=") {
    bool same = false;
    if (a.is_number() && b.is_number()) {
      same = a.number() == b.number();
    } else if (a.get<std::string>() && b.get<std::string>()) {
      same = *a.get<std::string>() == *b.get<std::string>();
    } else if (a.get<bool>() && b.get<bool>()) {
      same = *a.get<bool>() == *b.get<bool>();
    } else {
      wrong();
    }
    return {same == (op == "==")};
  }
  if (!a.is_number() || !b.is_number()) wrong();
  const double x = a.number();
  const double y = b.number();
  if (op == "<") return {x < y};
  if (op == "<=") return {x <= y};
  if (op == ">") return {x > y};
  if (op == ">=") return {x >= y};
  if (a.get<int64_t>() && b.get<int64_t>()) {
    const int64_t i = *a.get<int64_t>();
    const int64_t j = *b.get<int64_t>();
    std::optional<int64_t> exact;
    if (op == "+") exact = checked_add(i, j);
    if (op == "-" && j != INT64_MIN) exact = checked_add(i, -j);
    if (op == "*") exact = checked_mul(i, j);
    if (op == "/") {
      if (j == 0) fail(expr.span, "division by zero");
      if (j == -1 || i % j != 0) return j == -1 && i != INT64_MIN ? Value{-i} : Value{x / y};
      exact = i / j;
    }
    if (!exact) fail(expr.span, "this number does not fit into 64 bits");
    return {*exact};
  }
  if (op == "+") return {x + y};
  if (op == "-") return {x - y};
  if (op == "*") return {x * y};
  return {x / y};
}

Value Elaborator::unary(const Expr& expr, Scope& scope) {
  const Value value = evaluate(*expr.operands[0], scope);
  const Span span = expr.operands[0]->span;
  if (value.is_tensor())
    return create(expr.text == "-" ? ir::ops::neg : ir::ops::logical_not, {value}, {span}, {}, {},
                  expr.span);
  if (expr.text == "not" && value.get<bool>()) return {!*value.get<bool>()};
  if (expr.text == "-" && value.get<int64_t>() && *value.get<int64_t>() != INT64_MIN)
    return {-*value.get<int64_t>()};
  if (expr.text == "-" && value.get<double>()) return {-*value.get<double>()};
  fail(expr.span, fmt::format("{} {}", expr.text, described(value)));
}

Value Elaborator::index(const Expr& expr, Scope& scope) {
  const Value from = evaluate(*expr.operands[0], scope);
  const Value at = evaluate(*expr.operands[1], scope);
  const auto* list = from.get<List>();
  const auto* tuple = from.get<Tuple>();
  const auto* position = at.get<int64_t>();
  if ((!list && !tuple) || !position) {
    fail(expr.span, fmt::format("{} cannot be indexed by {}", described(from), described(at)),
         from.is_tensor() ? "slice(x, starts: […], ends: […]) cuts a tensor" : "");
  }
  const auto& values = list ? list->values : tuple->values;
  if (*position < 0 || *position >= static_cast<int64_t>(values.size()))
    fail(expr.span, fmt::format("there is no element {} among {}", *position, values.size()));
  return values[static_cast<size_t>(*position)];
}

void Elaborator::unknown_callee(const std::string& name, Span at, const Scope& scope) {
  const std::string_view ours = translated(kForeignCallees, name);
  if (!ours.empty())
    fail(at, fmt::format("there is no '{}'", name), fmt::format("here it is called '{}'", ours));
  std::vector<std::string> names(scope.order.begin(), scope.order.end());
  for (const auto& [block_name, block] : blocks_)
    names.push_back(block_name);
  for (const ir::OpDef* op : ir::all_ops())
    names.emplace_back(op->name);
  fail(at, fmt::format("there is no layer, block or op '{}'", name), did_you_mean(name, names));
}

void Elaborator::unknown_setting(const std::string& name, Span at, std::string_view owner,
                                 const std::vector<std::string>& known) {
  const std::string_view ours = translated(kForeignSettings, name);
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
