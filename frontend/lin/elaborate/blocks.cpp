// Blocks are applied: their entries run in order, in a scope of their own.
#include "frontend/lin/elaborate/blocks.h"

#include "frontend/lin/elaborate/calls.h"
#include "frontend/lin/elaborate/expressions.h"
#include "frontend/lin/elaborate/op_arguments.h"
#include "frontend/lin/elaborate/settings.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::frontend {
namespace {

constexpr size_t kMaxApplications = 256;  // blocks within blocks
constexpr int64_t kMaxRepeats = 10000;

std::string below(const Instance& instance, const std::string& name) {
  return instance.path.empty() ? name : instance.path + "." + name;
}

}  // namespace

std::vector<Value> Blocks::apply(Instance& instance, const std::vector<Value>& data,
                                 const std::vector<Span>& spans, Span call) {
  const Block& block = *instance.block;
  if (block.faulty) throw Abandon{};
  if (data.size() != block.data.size()) {
    report_.fail(call,
                 fmt::format("'{}' takes {} tensor{}, {} given", block.name, block.data.size(),
                             block.data.size() == 1 ? "" : "s", data.size()));
  }
  const auto& within = report_.blocks();
  if (std::ranges::find(within, &block) != within.end() || within.size() > kMaxApplications)
    report_.fail(call, fmt::format("block '{}' contains itself", block.name));
  Scope scope;
  scope.instance = &instance;
  for (const auto& [name, value] : instance.settings)
    scope.define(name, {value, block.span, "", true});
  const Report::Application application(report_, block, call);
  for (size_t i = 0; i < data.size(); ++i) {
    const Parameter& parameter = block.data[i];
    const auto* value = data[i].get<ir::ValueId>();
    if (!value) {
      report_.fail(spans[i], fmt::format("'{}' takes a tensor for '{}', not {}", block.name,
                                         parameter.name, kind_of(data[i])));
    }
    match_type(parameter.type, parameter.name, *value, scope, spans[i], block.name);
    scope.define(parameter.name, {data[i], parameter.span, "input"});
  }
  return run(block, scope, call);
}

std::vector<Value> Blocks::run(const Block& block, Scope& scope, Span call) {
  run_items(block.items, scope);
  auto results = results_of(block, scope, call);
  warn_unused(scope, block);
  return results;
}

void Blocks::run_items(const std::vector<Item>& items, Scope& scope) {
  bool failed = false;
  for (const Item& item : items) {
    try {
      run_item(item, scope);
    } catch (const Abandon&) {
      failed = true;
      if (report_.diagnostics().full()) throw;
      // What it would have defined is unknown from here on, and not worth a second message.
      for (const std::string& name : item.names)
        scope.define(name, {{}, item.span, "", true, true});
    }
  }
  if (failed) throw Abandon{};
}

void Blocks::run_item(const Item& item, Scope& scope) {
  switch (item.kind) {
  case ItemKind::kLayer:
    return run_layer(item, scope);
  case ItemKind::kParam:
  case ItemKind::kBuffer:
  case ItemKind::kState:
    return run_stored(item, scope);
  case ItemKind::kLet:
    return run_let(item, scope);
  case ItemKind::kNext:
    return run_next(item, scope);
  case ItemKind::kRepeat:
    return run_repeat(item, scope);
  case ItemKind::kIf:
    return run_if(item, scope);
  case ItemKind::kFaulty:
    throw Abandon{};  // the parser said why
  case ItemKind::kResult:
    if (scope.result) report_.error(item.span, "the result stands already");
    scope.result = expressions_.evaluate(*item.value, scope);
    return;
  }
}

void Blocks::run_if(const Item& item, Scope& scope) {
  const Value condition = expressions_.evaluate(*item.value, scope);
  const bool* truth = condition.get<bool>();
  if (!truth) {
    report_.fail(
        item.value->span,
        fmt::format("the condition of `if` is {}, not a bool", nodes_.described(condition)),
        "`if` decides by settings, when the model is built; for tensors there is `where`");
  }
  run_items(*truth ? item.then : item.otherwise, scope);
}

// Parameters have names by the layer that holds them.
void Blocks::refuse_anonymous(const Item& item, const Instance& instance) {
  if (!instance.anonymous) return;
  const std::string& block = instance.block->name;
  report_.fail(report_.call(item.span), fmt::format("block '{}' has parameters", block),
               fmt::format("give it a name: layer … = {}(…)", block));
}

void Blocks::run_layer(const Item& item, Scope& scope) {
  const std::string& name = item.names.front();
  if (item.value->kind != ExprKind::kCall && item.value->kind != ExprKind::kName)
    report_.fail(item.value->span, "a layer is made of a block",
                 fmt::format("layer {} = linear(10)", name));
  refuse_anonymous(item, *scope.instance);
  const Block* block = library_.find(item.value->text);
  const ir::OpDef* op = block ? nullptr : ir::find_op(item.value->text);
  if (!block && (!op || op->has(ir::kStructural))) calls_.unknown_callee(*item.value, scope);
  if (block && block->faulty) throw Abandon{};
  const std::string path = item.quoted ? name : name + scope.suffix;
  enter(item, path, *scope.instance);
  auto& known = scope.instance->layers[path];
  if (!known) {
    auto made = std::make_unique<Instance>();
    made->block = block;
    made->op = op;
    made->path = below(*scope.instance, path);
    made->span = report_.outside(item.span);
    static const std::vector<Argument> kNone;
    const auto& groups = item.value->groups;
    if (groups.size() > 1)
      report_.fail(item.value->span, "a layer takes its data where it is applied");
    if (block) {
      Settings(report_, nodes_, expressions_)
          .give(*made, *block, groups.empty() ? kNone : groups.front(), scope, item.value->span);
    } else {
      op_settings(*made, *item.value, scope);
    }
    known = std::move(made);
  }
  scope.define(name, {{known.get()}, item.name_span, "layer"});
}

// The attributes of an op that stands as a layer; its operands come where it is applied.
void Blocks::op_settings(Instance& instance, const Expr& expr, Scope& scope) {
  OpArguments given;
  given.operands.resize(instance.op->operands.size());  // so that a number is a setting
  given.spans.resize(given.operands.size());
  read_arguments(*instance.op, expr, scope, given, expressions_, nodes_, report_);
  if (given.operands.size() > instance.op->operands.size()) {
    report_.fail(given.spans.back(), "a layer takes its data where it is applied",
                 fmt::format("x |> {}", report_.text(expr.span)));
  }
  instance.attrs = std::move(given.attrs);
  instance.attr_spans = std::move(given.attr_spans);
}

// One path, one entry: a second would take the first one's parameters, or lose them.
void Blocks::enter(const Item& item, const std::string& path, Instance& instance) {
  const auto [known, fresh] = instance.entries.emplace(path, &item);
  if (known->second == &item) return;
  report_.error(item.name_span, fmt::format("'{}' is declared twice", path))
      .help("give the second a name of its own; one layer may be applied more than once")
      .note(known->second->name_span, "the first is here");
  throw Abandon{};
}

void Blocks::run_stored(const Item& item, Scope& scope) {
  const std::string& name = item.names.front();
  Instance& instance = *scope.instance;
  refuse_anonymous(item, instance);
  enter(item, name + scope.suffix, instance);
  const auto dtype = ir::dtype_from_name(item.type.name);
  if (!item.type.tensor || !dtype)
    report_.fail(item.type.span, "expected a tensor's type", "f32[…]");
  ir::Type type{*dtype, expressions_.shape_of(item.type, scope), {}};
  const std::string local = name + scope.suffix;
  const std::string path = below(instance, local);
  if (!ir::valid(type.shape, type.dtype))
    report_.fail(item.type.span,
                 fmt::format("'{}' would be {}, which is too large", path, to_string(type)));
  const auto known = instance.slots.find(local);
  if (known == instance.slots.end()) {
    instance.slots[local] = module_.slots.size();
    add_slot(item, path, std::move(type), scope);
  } else if (!(module_.slots[known->second].type == type)) {
    const ir::Slot& slot = module_.slots[known->second];
    auto& diagnostic = report_.error(
        report_.call(item.span), fmt::format("'{}' is {} from its first use, here it would be {}",
                                             path, to_string(slot.type), to_string(type)));
    if (!slot.place.spans.empty()) diagnostic.note(slot.place.spans.front(), "first used here");
    throw Abandon{};
  }
  scope.define(name, {{slot_values_[path]}, item.name_span, "param"});
}

void Blocks::add_slot(const Item& item, const std::string& path, ir::Type type, Scope& scope) {
  ir::Slot slot;
  slot.path = path;
  slot.type = type;
  slot.initializer = initializer(item.value.get(), scope, item.span);
  slot.kind = item.kind == ItemKind::kState    ? ir::SlotKind::kState
              : item.kind == ItemKind::kBuffer ? ir::SlotKind::kBuffer
                                               : ir::SlotKind::kParameter;
  slot.frozen = item.frozen;
  slot.place = report_.place(item.span);
  if (module_.slot(path)) report_.fail(item.name_span, fmt::format("two parameters '{}'", path));
  module_.slots.push_back(std::move(slot));
  slot_values_[path] = nodes_.graph().add_input(path, type, path);
}

void Blocks::run_let(const Item& item, Scope& scope) {
  Value value = expressions_.evaluate(*item.value, scope);
  if (item.names.size() == 1) {
    nodes_.rename(value, item.names.front());
    scope.define(item.names.front(), {std::move(value), item.name_span, "let"});
    return;
  }
  const auto* tuple = value.get<Tuple>();
  if (!tuple || tuple->values.size() != item.names.size()) {
    report_.fail(item.value->span,
                 fmt::format("{} names for {}", item.names.size(),
                             tuple ? fmt::format("{} values", tuple->values.size())
                                   : nodes_.described(value)));
  }
  for (size_t i = 0; i < item.names.size(); ++i) {
    nodes_.rename(tuple->values[i], item.names[i]);
    scope.define(item.names[i], {tuple->values[i], item.name_spans[i], "let"});
  }
}

void Blocks::run_next(const Item& item, Scope& scope) {
  const std::string& name = item.names.front();
  const std::string path = below(*scope.instance, name);
  const ir::Slot* slot = module_.slot(path);
  if (!slot || slot->kind != ir::SlotKind::kState)
    report_.fail(item.name_span, fmt::format("'{}' is no state", name),
                 fmt::format("state {}: f32[…] = zeros()", name));
  const Value value = expressions_.evaluate(*item.value, scope);
  const auto* tensor = value.get<ir::ValueId>();
  if (!tensor || !nodes_.type(*tensor).same_logical(slot->type)) {
    auto& diagnostic = report_.error(item.value->span,
                                     fmt::format("state '{}' is {}, its next value {}", name,
                                                 to_string(slot->type), nodes_.described(value)));
    nodes_.note_origin(diagnostic, value);
    throw Abandon{};
  }
  if (!next_values_.emplace(path, *tensor).second)
    report_.fail(item.name_span, fmt::format("'{}' has its next value already", name));
  if (auto known = scope.names.find(name); known != scope.names.end()) known->second.used = true;
}

void Blocks::run_repeat(const Item& item, Scope& scope) {
  const int64_t from = expressions_.dimension(*item.value->operands[0], scope);
  const int64_t to = expressions_.dimension(*item.value->operands[1], scope);
  if (to - from > kMaxRepeats)
    report_.fail(item.value->span,
                 fmt::format("{} repetitions; at most {}", to - from, kMaxRepeats));
  const std::string outer = scope.suffix;
  for (int64_t i = from; i < to; ++i) {
    scope.suffix = outer + "." + std::to_string(i);
    scope.define(item.names.front(), {{i}, item.name_span, "", true});
    run_items(item.then, scope);
  }
  scope.suffix = outer;
}

void Blocks::warn_unused(const Scope& scope, const Block& block) {
  if (report_.in_prelude(block.span)) return;
  for (const std::string& name : scope.order) {
    const Binding& binding = scope.names.at(name);
    if (!binding.used && !binding.warn_as.empty() && !name.starts_with("_"))
      report_.diagnostics().warning(binding.span,
                                    fmt::format("{} '{}' is never used", binding.warn_as, name));
  }
}

std::vector<Value> Blocks::results_of(const Block& block, Scope& scope, Span call) {
  if (!scope.result)
    report_.fail(block.span, fmt::format("'{}' ends without a result", block.name));
  std::vector<Value> values;
  if (const auto* tuple = scope.result->get<Tuple>()) {
    values = tuple->values;
  } else {
    values.push_back(*scope.result);
  }
  const auto& declared = block.results;
  if (!declared.empty() && declared.size() != values.size()) {
    report_.fail(block.span, fmt::format("'{}' declares {} results and gives {}", block.name,
                                         declared.size(), values.size()));
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const auto* tensor = values[i].get<ir::ValueId>();
    if (!tensor)
      report_.fail(call, fmt::format("the result of '{}' is {}, not a tensor", block.name,
                                     nodes_.described(values[i])));
    if (!declared.empty())
      match_type(declared[i].type, declared[i].name.empty() ? "result" : declared[i].name, *tensor,
                 scope, declared[i].type.span, block.name);
  }
  return values;
}

void Blocks::match_type(const TypeExpr& type, const std::string& name, ir::ValueId value,
                        Scope& scope, Span at, std::string_view what) {
  const ir::Type& actual = nodes_.type(value);
  const auto wrong = [&](const std::string& expected) {
    auto& diagnostic = report_.error(
        at, fmt::format("{}: {} must be {}, value is {}", what, name, expected, to_string(actual)));
    nodes_.note_origin(diagnostic, {value});
    if (type.dims.size() == 2 && actual.rank() > 2)
      diagnostic.help("`flatten` joins all dimensions but the first, before a linear layer");
    throw Abandon{};
  };
  if (type.name != ir::name(actual.dtype) &&
      !(type.name == "f32" && is_float(actual.dtype))) {  // f32 means the float type
    wrong(type.name + "[…]");
  }
  // A list among the dimensions stands for its elements.
  std::vector<const Expr*> dims;
  std::vector<std::optional<int64_t>> sizes;
  for (const ExprPtr& dim : type.dims) {
    const auto list = expressions_.sizes_of(*dim, scope);
    for (size_t i = 0; i < (list ? list->size() : 1); ++i) {
      dims.push_back(dim.get());
      sizes.push_back(list ? std::optional((*list)[i]) : std::nullopt);
    }
  }
  if (type.any_shape && dims.empty()) return;
  const size_t rank = actual.rank();
  const size_t first = type.any_shape && rank > dims.size() ? rank - dims.size() : 0;
  std::string expected = type.any_shape ? "[...," : "[";
  bool fits = rank == first + dims.size();
  for (size_t i = 0; i < dims.size(); ++i) {
    const Expr& dim = *dims[i];
    const bool symbol = dim.kind == ExprKind::kName && !scope.names.contains(dim.text);
    const int64_t given = fits ? actual.shape[first + i] : -1;
    if (symbol && fits) scope.define(dim.text, {{given}, dim.span, "", true});
    const bool known = !symbol || fits;
    const int64_t size = sizes[i] ? *sizes[i] : known ? expressions_.dimension(dim, scope) : -1;
    if (fits && known && size != given) fits = false;
    expected += (i ? "," : "") + (known ? std::to_string(size) : dim.text);
  }
  if (!fits) wrong(std::string(ir::name(actual.dtype)) + expected + "]");
}

ir::Recipe Blocks::initializer(const Expr* expr, Scope& scope, Span at) {
  if (!expr) report_.fail(at, "how does it begin?", "param weight: f32[…] = zeros()");
  const Value value = expressions_.evaluate(*expr, scope);
  if (const auto* recipe = value.get<ir::Recipe>()) return *recipe;
  if (value.is_number()) return {"constant", {{"value", value.number()}}};
  report_.fail(expr->span, fmt::format("expected an initialiser, not {}", nodes_.described(value)),
               "zeros(), ones(), constant(0.5), uniform(a: -1, b: 1), normal(std: 0.02), "
               "kaiming_uniform(), glorot_uniform(), …");
}

std::vector<ir::GraphOutput> Blocks::next_states() const {
  std::vector<ir::GraphOutput> states;
  for (const ir::Slot& slot : module_.slots) {
    if (slot.kind != ir::SlotKind::kState) continue;
    const auto next = next_values_.find(slot.path);
    const ir::ValueId value =
        next == next_values_.end() ? slot_values_.at(slot.path) : next->second;
    states.push_back({slot.path, value, slot.path});
  }
  return states;
}

}  // namespace linnet::frontend
