#include "frontend/lin/elaborate.h"

#include "frontend/lin/lexer.h"
#include "ir/initialize.h"
#include "ir/rewrite.h"

#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace linnet::frontend {
namespace {

constexpr size_t kMaxApplications = 256;  // blocks within blocks
constexpr int64_t kMaxRepeats = 10000;

}  // namespace

std::string kind_of(const Value& value) {
  constexpr const char* kNames[] = {"nothing", "a tensor",       "an integer", "a number",
                                    "a bool",  "a string",       "a list",     "a tuple",
                                    "a word",  "an initialiser", "a layer"};
  return kNames[value.data.index()];
}

void Scope::define(const std::string& name, Binding binding) {
  if (!names.contains(name)) order.push_back(name);
  const auto old = names.find(name);
  // A rebound name was used: the new definition usually reads the old one.
  if (old != names.end()) binding.used = binding.used || old->second.used;
  names[name] = std::move(binding);
}

Elaborator::Elaborator(const std::vector<const Block*>& blocks, uint32_t prelude,
                       Diagnostics& diagnostics, const ImportOptions& options)
    : prelude_(prelude), diagnostics_(diagnostics), options_(options) {
  for (const Block* block : blocks)
    blocks_.insert_or_assign(block->name, block);  // the user's own go before the prelude's
}

std::optional<ir::Module> Elaborator::model(const Block& model) {
  const auto errors = [&] {
    return std::ranges::count(diagnostics_.all(), Severity::kError, &Diagnostic::severity);
  };
  const auto before = errors();  // of the parser: this model may be right all the same
  module_.name = model.name;
  graph_.name = "predict";
  root_.block = &model;
  root_.span = model.span;
  Scope scope;
  scope.instance = &root_;
  bool ok = bind_settings(model, scope);
  try {
    for (const Parameter& parameter : model.data) {
      const ir::ValueId value = graph_.add_input(parameter.name, input_type(parameter, scope));
      input_spans_[value.index] = parameter.type.span;
      scope.define(parameter.name, {{value}, parameter.span, false, true, "input"});
    }
    for (const auto& [name, size] : options_.binds) {
      if (name != "N" && !used_binds_.contains(name))
        error(model.span, fmt::format("the model has no dimension '{}'", name));
    }
    run_items(model.items, scope);
    set_outputs(model, scope);
    warn_unused(scope, model);
  } catch (const Abandon&) {
    ok = false;
  }
  if (!ok || errors() != before) return std::nullopt;
  const bool has_state = std::ranges::any_of(
      module_.slots, [](const ir::Slot& slot) { return slot.kind == ir::SlotKind::kState; });
  if (has_state) graph_.name = "step";
  // Parameters were met on the way; in a graph inputs come first.
  module_.graphs.push_back(
      ir::rewrite(graph_, [](ir::Rewriter&, ir::NodeId, const ir::Node&) { return false; }));
  return std::move(module_);
}

bool Elaborator::bind_settings(const Block& block, Scope& scope) {
  bool ok = true;
  std::vector<std::string> known;
  for (const Parameter& setting : block.settings)
    known.push_back(setting.name);
  for (const auto& [name, text] : options_.settings) {
    if (std::ranges::find(known, name) != known.end()) continue;
    error(block.span, fmt::format("the model has no setting '{}'", name))
        .help(known.empty() ? "it has none" : did_you_mean(name, known));
    ok = false;
  }
  for (const Parameter& setting : block.settings) {
    Value value;
    const auto given =
        std::ranges::find(options_.settings, setting.name, [](const auto& s) { return s.first; });
    try {
      if (given != options_.settings.end()) {
        const std::string& text = given->second;
        const char* end = text.data() + text.size();
        int64_t integer = 0;
        double real = 0;
        if (std::from_chars(text.data(), end, integer).ptr == end) {
          value.data = integer;
        } else if (std::from_chars(text.data(), end, real).ptr == end) {
          value.data = real;
        } else if (text == "true" || text == "false") {
          value.data = text == "true";
        } else {
          value.data = text;
        }
        value = converted(value, setting, setting.span);
      } else if (setting.default_value) {
        value = converted(evaluate(*setting.default_value, scope), setting, setting.span);
      } else {
        fail(setting.span, fmt::format("the setting '{}' has no value", setting.name),
             fmt::format("--set {}=…", setting.name));
      }
    } catch (const Abandon&) {
      ok = false;
    }
    if (value.is_number()) numbers_[setting.name] = value.number();
    scope.define(setting.name, {value, setting.span, false, false, "setting"});
  }
  return ok;
}

ir::Type Elaborator::input_type(const Parameter& parameter, Scope& scope) {
  // Capital names without a value are symbolic: --bind NAME=N, or the batch N = 1.
  for (const ExprPtr& dim : parameter.type.dims) {
    if (dim->kind != ExprKind::kName || scope.names.contains(dim->text)) continue;
    const auto bound = options_.binds.find(dim->text);
    if (bound == options_.binds.end() && dim->text != "N") {
      fail(dim->span, fmt::format("the size of '{}' is not known", dim->text),
           fmt::format("--bind {}=…", dim->text));
    }
    used_binds_.insert(dim->text);
    const int64_t size = bound == options_.binds.end() ? 1 : bound->second;
    scope.define(dim->text, {{size}, dim->span, true, false, "dimension"});
  }
  if (parameter.type.any_shape)
    fail(parameter.type.span, "an input of a model needs its shape", "f32[N, …]");
  const auto dtype = ir::dtype_from_name(parameter.type.name);
  if (!dtype)
    fail(parameter.type.span, fmt::format("no element type '{}'", parameter.type.name),
         "f32, f64, i64, i32, i8, u8, bool");
  ir::Type type{*dtype, shape_of(parameter.type, scope), {}};
  if (!ir::valid(type.shape, type.dtype))
    fail(parameter.type.span, fmt::format("{} is too large", to_string(type)));
  return type;
}

std::vector<Value> Elaborator::apply(Instance& instance, const std::vector<Value>& data,
                                     const std::vector<Span>& spans, Span call) {
  const Block& block = *instance.block;
  if (block.faulty) throw Abandon{};
  if (data.size() != block.data.size()) {
    fail(call, fmt::format("'{}' takes {} tensor{}, {} given", block.name, block.data.size(),
                           block.data.size() == 1 ? "" : "s", data.size()));
  }
  if (std::ranges::find(stack_, &block) != stack_.end() || stack_.size() > kMaxApplications)
    fail(call, fmt::format("block '{}' contains itself", block.name));
  Scope scope;
  scope.instance = &instance;
  for (const auto& [name, value] : instance.settings)
    scope.define(name, {value, block.span, true, false, "setting"});
  calls_.push_back(call);
  stack_.push_back(&block);
  const auto leave = [&] {
    calls_.pop_back();
    stack_.pop_back();
  };
  try {
    for (size_t i = 0; i < data.size(); ++i) {
      const Parameter& parameter = block.data[i];
      const auto* value = data[i].get<ir::ValueId>();
      if (!value) {
        fail(spans[i], fmt::format("'{}' takes a tensor for '{}', not {}", block.name,
                                   parameter.name, kind_of(data[i])));
      }
      match_type(parameter.type, parameter.name, *value, scope, spans[i], block.name);
      scope.define(parameter.name, {data[i], parameter.span, false, true, "input"});
    }
    run_items(block.items, scope);
    auto results = results_of(block, scope, call);
    warn_unused(scope, block);
    leave();
    return results;
  } catch (const Abandon&) {
    leave();
    throw;
  }
}

void Elaborator::run_items(const std::vector<Item>& items, Scope& scope) {
  bool failed = false;
  for (const Item& item : items) {
    try {
      run_item(item, scope);
    } catch (const Abandon&) {
      failed = true;
      if (diagnostics_.full()) throw;
      // What it would have defined is unknown from here on, and not worth a second message.
      for (const std::string& name : item.names)
        scope.define(name, {{}, item.span, true, false, "faulty"});
    }
  }
  if (failed) throw Abandon{};
}

void Elaborator::run_item(const Item& item, Scope& scope) {
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
  case ItemKind::kIf: {
    const Value condition = evaluate(*item.value, scope);
    const bool* truth = condition.get<bool>();
    if (!truth) {
      fail(item.value->span,
           fmt::format("the condition of `if` is {}, not a bool", described(condition)),
           "`if` decides by settings, when the model is built; for tensors there is `where`");
    }
    return run_items(*truth ? item.then : item.otherwise, scope);
  }
  case ItemKind::kFaulty:
    throw Abandon{};  // the parser said why
  case ItemKind::kResult:
    if (scope.result) error(item.span, "the result stands already");
    scope.result = evaluate(*item.value, scope);
    return;
  }
}

void Elaborator::run_layer(const Item& item, Scope& scope) {
  const std::string& name = item.names.front();
  if (item.value->kind != ExprKind::kCall && item.value->kind != ExprKind::kName)
    fail(item.value->span, "a layer is made of a block",
         fmt::format("layer {} = linear(10)", name));
  if (scope.instance->anonymous) {
    fail(calls_.empty() ? item.span : calls_.back(),
         fmt::format("block '{}' has parameters", scope.instance->block->name),
         fmt::format("give it a name: layer … = {}(…)", scope.instance->block->name));
  }
  const Block* block = find_block(item.value->text);
  const ir::OpDef* op = block ? nullptr : ir::find_op(item.value->text);
  if (!block && (!op || op->has(ir::kStructural))) unknown_callee(*item.value, scope);
  if (block && block->faulty) throw Abandon{};
  const std::string path = item.quoted ? name : name + scope.suffix;
  enter(item, path, *scope.instance);
  auto& known = scope.instance->layers[path];
  if (!known) {
    auto made = std::make_unique<Instance>();
    made->block = block;
    made->op = op;
    made->path = scope.instance->path.empty() ? path : scope.instance->path + "." + path;
    made->span = item.span.file == prelude_ && !calls_.empty() ? calls_.front() : item.span;
    static const std::vector<Argument> kNone;
    const auto& groups = item.value->groups;
    if (groups.size() > 1) fail(item.value->span, "a layer takes its data where it is applied");
    if (block) {
      give_settings(*made, *block, groups.empty() ? kNone : groups.front(), scope,
                    item.value->span);
    } else {
      op_settings(*made, *item.value, scope);
    }
    known = std::move(made);
  }
  scope.define(name, {{known.get()}, item.name_span, false, true, "layer"});
}

// The attributes of an op that stands as a layer; its operands come where it is applied.
void Elaborator::op_settings(Instance& instance, const Expr& expr, Scope& scope) {
  OpArguments given;
  given.operands.resize(instance.op->operands.size());  // so that a number is a setting
  given.spans.resize(given.operands.size());
  read_arguments(*instance.op, expr, scope, given);
  if (given.operands.size() > instance.op->operands.size()) {
    fail(given.spans.back(), "a layer takes its data where it is applied",
         fmt::format("x |> {}", diagnostics_.sources().text(expr.span)));
  }
  instance.attrs = std::move(given.attrs);
  instance.attr_spans = std::move(given.attr_spans);
}

// One path, one entry: a second would take the first one's parameters, or lose them.
void Elaborator::enter(const Item& item, const std::string& path, Instance& instance) {
  const auto [known, fresh] = instance.entries.emplace(path, &item);
  if (known->second == &item) return;
  error(item.name_span, fmt::format("'{}' is declared twice", path))
      .help("give the second a name of its own; one layer may be applied more than once")
      .note(known->second->name_span, "the first is here");
  throw Abandon{};
}

void Elaborator::run_stored(const Item& item, Scope& scope) {
  const std::string& name = item.names.front();
  Instance& instance = *scope.instance;
  if (instance.anonymous) {
    fail(calls_.empty() ? item.span : calls_.back(),
         fmt::format("block '{}' has parameters", instance.block->name),
         fmt::format("give it a name: layer … = {}(…)", instance.block->name));
  }
  enter(item, name + scope.suffix, instance);
  const auto dtype = ir::dtype_from_name(item.type.name);
  if (!item.type.tensor || !dtype) fail(item.type.span, "expected a tensor's type", "f32[…]");
  ir::Type type{*dtype, shape_of(item.type, scope), {}};
  const std::string local = name + scope.suffix;
  const std::string path = instance.path.empty() ? local : instance.path + "." + local;
  if (!ir::valid(type.shape, type.dtype))
    fail(item.type.span,
         fmt::format("'{}' would be {}, which is too large", path, to_string(type)));
  const auto known = instance.slots.find(local);
  if (known == instance.slots.end()) {
    ir::Slot slot;
    slot.path = path;
    slot.type = type;
    slot.initializer = initializer(item.value.get(), scope, item.span);
    slot.kind = item.kind == ItemKind::kState    ? ir::SlotKind::kState
                : item.kind == ItemKind::kBuffer ? ir::SlotKind::kBuffer
                                                 : ir::SlotKind::kParameter;
    slot.frozen = item.frozen;
    slot.place = place(item.span);
    if (module_.slot(path)) fail(item.name_span, fmt::format("two parameters '{}'", path));
    instance.slots[local] = module_.slots.size();
    module_.slots.push_back(std::move(slot));
    slot_values_[path] = graph_.add_input(path, type, path);
  } else if (!(module_.slots[known->second].type == type)) {
    const ir::Slot& slot = module_.slots[known->second];
    auto& diagnostic = error(calls_.empty() ? item.span : calls_.back(),
                             fmt::format("'{}' is {} from its first use, here it would be {}", path,
                                         to_string(slot.type), to_string(type)));
    if (!slot.place.spans.empty()) diagnostic.note(slot.place.spans.front(), "first used here");
    throw Abandon{};
  }
  scope.define(name, {{slot_values_[path]}, item.name_span, false, true, "param"});
}

void Elaborator::run_let(const Item& item, Scope& scope) {
  Value value = evaluate(*item.value, scope);
  if (item.names.size() == 1) {
    if (const auto* tensor = value.get<ir::ValueId>(); tensor && graph_.producer(*tensor))
      graph_.rename(*tensor, item.names.front());
    scope.define(item.names.front(), {std::move(value), item.name_span, false, true, "let"});
    return;
  }
  const auto* tuple = value.get<Tuple>();
  if (!tuple || tuple->values.size() != item.names.size()) {
    fail(item.value->span,
         fmt::format("{} names for {}", item.names.size(),
                     tuple ? fmt::format("{} values", tuple->values.size()) : described(value)));
  }
  for (size_t i = 0; i < item.names.size(); ++i) {
    if (const auto* tensor = tuple->values[i].get<ir::ValueId>();
        tensor && graph_.producer(*tensor))
      graph_.rename(*tensor, item.names[i]);
    scope.define(item.names[i], {tuple->values[i], item.name_spans[i], false, true, "let"});
  }
}

void Elaborator::run_next(const Item& item, Scope& scope) {
  const std::string& name = item.names.front();
  const std::string path = scope.instance->path.empty() ? name : scope.instance->path + "." + name;
  const ir::Slot* slot = module_.slot(path);
  if (!slot || slot->kind != ir::SlotKind::kState)
    fail(item.name_span, fmt::format("'{}' is no state", name),
         fmt::format("state {}: f32[…] = zeros()", name));
  const Value value = evaluate(*item.value, scope);
  const auto* tensor = value.get<ir::ValueId>();
  if (!tensor || !graph_.value(*tensor).type.same_logical(slot->type)) {
    auto& diagnostic =
        error(item.value->span, fmt::format("state '{}' is {}, its next value {}", name,
                                            to_string(slot->type), described(value)));
    note_origin(diagnostic, value);
    throw Abandon{};
  }
  if (!next_values_.emplace(path, *tensor).second)
    fail(item.name_span, fmt::format("'{}' has its next value already", name));
  if (auto known = scope.names.find(name); known != scope.names.end()) known->second.used = true;
}

void Elaborator::run_repeat(const Item& item, Scope& scope) {
  const int64_t from = dimension(*item.value->operands[0], scope);
  const int64_t to = dimension(*item.value->operands[1], scope);
  if (to - from > kMaxRepeats)
    fail(item.value->span, fmt::format("{} repetitions; at most {}", to - from, kMaxRepeats));
  const std::string outer = scope.suffix;
  for (int64_t i = from; i < to; ++i) {
    scope.suffix = outer + "." + std::to_string(i);
    scope.define(item.names.front(), {{i}, item.name_span, true, false, "counter"});
    run_items(item.then, scope);
  }
  scope.suffix = outer;
}

void Elaborator::warn_unused(const Scope& scope, const Block& block) {
  if (block.span.file == prelude_) return;
  for (const std::string& name : scope.order) {
    const Binding& binding = scope.names.at(name);
    if (!binding.used && binding.warn && !name.starts_with("_"))
      diagnostics_.warning(binding.span, fmt::format("{} '{}' is never used", binding.kind, name));
  }
}

std::vector<Value> Elaborator::results_of(const Block& block, Scope& scope, Span call) {
  if (!scope.result) fail(block.span, fmt::format("'{}' ends without a result", block.name));
  std::vector<Value> values;
  if (const auto* tuple = scope.result->get<Tuple>()) {
    values = tuple->values;
  } else {
    values.push_back(*scope.result);
  }
  const auto& declared = block.results;
  if (!declared.empty() && declared.size() != values.size()) {
    fail(block.span, fmt::format("'{}' declares {} results and gives {}", block.name,
                                 declared.size(), values.size()));
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const auto* tensor = values[i].get<ir::ValueId>();
    if (!tensor)
      fail(call,
           fmt::format("the result of '{}' is {}, not a tensor", block.name, described(values[i])));
    if (!declared.empty())
      match_type(declared[i].type, declared[i].name.empty() ? "result" : declared[i].name, *tensor,
                 scope, declared[i].type.span, block.name);
  }
  return values;
}

void Elaborator::match_type(const TypeExpr& type, const std::string& name, ir::ValueId value,
                            Scope& scope, Span at, std::string_view what) {
  const ir::Type& actual = graph_.value(value).type;
  const auto wrong = [&](const std::string& expected) {
    auto& diagnostic = error(
        at, fmt::format("{}: {} must be {}, value is {}", what, name, expected, to_string(actual)));
    note_origin(diagnostic, {value});
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
    const auto list = sizes_of(*dim, scope);
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
    if (symbol && fits) scope.define(dim.text, {{given}, dim.span, true, false, "dimension"});
    const bool known = !symbol || fits;
    const int64_t size = sizes[i] ? *sizes[i] : known ? dimension(dim, scope) : -1;
    if (fits && known && size != given) fits = false;
    expected += (i ? "," : "") + (known ? std::to_string(size) : dim.text);
  }
  if (!fits) wrong(std::string(ir::name(actual.dtype)) + expected + "]");
}

// The sizes of a list; nullopt where the expression is no name of one.
std::optional<std::vector<int64_t>> Elaborator::sizes_of(const Expr& expr, Scope& scope) {
  const auto known = scope.names.find(expr.text);
  if (expr.kind != ExprKind::kName || known == scope.names.end()) return std::nullopt;
  const auto* list = known->second.value.get<List>();
  if (!list) return std::nullopt;
  std::vector<int64_t> sizes;
  for (const Value& value : list->values) {
    const auto* size = value.get<int64_t>();
    if (!size || *size < 0)
      fail(expr.span, fmt::format("the sizes in '{}' must be integers from 0 on", expr.text));
    sizes.push_back(*size);
  }
  return sizes;
}

ir::Shape Elaborator::shape_of(const TypeExpr& type, Scope& scope) {
  ir::Shape shape;
  for (const ExprPtr& dim : type.dims) {
    if (const auto list = sizes_of(*dim, scope)) {
      shape.insert(shape.end(), list->begin(), list->end());
    } else {
      shape.push_back(dimension(*dim, scope));
    }
  }
  return shape;
}

int64_t Elaborator::dimension(const Expr& expr, Scope& scope) {
  const Value value = evaluate(expr, scope);
  const auto* size = value.get<int64_t>();
  if (!size) fail(expr.span, fmt::format("a size must be an integer, not {}", described(value)));
  if (*size < 0) fail(expr.span, fmt::format("a size cannot be {}", *size));
  return *size;
}

ir::Recipe Elaborator::initializer(const Expr* expr, Scope& scope, Span at) {
  if (!expr) fail(at, "how does it begin?", "param weight: f32[…] = zeros()");
  const Value value = evaluate(*expr, scope);
  if (const auto* recipe = value.get<ir::Recipe>()) return *recipe;
  if (value.is_number()) return {"constant", {{"value", value.number()}}};
  fail(expr->span, fmt::format("expected an initialiser, not {}", described(value)),
       "zeros(), ones(), constant(0.5), uniform(a: -1, b: 1), normal(std: 0.02), "
       "kaiming_uniform(), glorot_uniform(), …");
}

void Elaborator::set_outputs(const Block& model, Scope& scope) {
  const auto values = results_of(model, scope, model.span);
  for (size_t i = 0; i < values.size(); ++i) {
    std::string name = i < model.results.size() ? model.results[i].name : "";
    if (name.empty()) name = values.size() == 1 ? "output" : fmt::format("output{}", i);
    graph_.outputs.push_back({name, *values[i].get<ir::ValueId>(), ""});
  }
  for (const ir::Slot& slot : module_.slots) {
    if (slot.kind != ir::SlotKind::kState) continue;
    const auto next = next_values_.find(slot.path);
    const ir::ValueId value = next == next_values_.end() ? slot_values_[slot.path] : next->second;
    graph_.outputs.push_back({slot.path, value, slot.path});
  }
}

const Block* Elaborator::find_block(const std::string& name) const {
  const auto at = blocks_.find(name);
  return at == blocks_.end() || at->second->is_model ? nullptr : at->second;
}

Diagnostic& Elaborator::error(Span at, std::string message) {
  if (at.file != prelude_ || calls_.empty()) return diagnostics_.error(at, std::move(message));
  // The innermost call in the user's own text.
  Span user = calls_.front();
  for (const Span& call : calls_) {
    if (call.file != prelude_) user = call;
  }
  const std::string_view block = stack_.empty() ? "" : std::string_view(stack_.back()->name);
  const bool named = block.empty() || message.starts_with(block);
  return diagnostics_.error(user, named ? message : fmt::format("{}: {}", block, message));
}

void Elaborator::fail(Span at, std::string message, std::string help) {
  error(at, std::move(message)).help(std::move(help));
  throw Abandon{};
}

ir::Place Elaborator::place(Span at) const {
  if (at.file != prelude_ || calls_.empty()) return ir::Place(at);
  Span user = calls_.front();
  for (const Span& call : calls_) {
    if (call.file != prelude_) user = call;
  }
  return ir::Place(user);
}

std::string Elaborator::described(const Value& value) const {
  if (const auto* tensor = value.get<ir::ValueId>())
    return "a tensor " + to_string(graph_.value(*tensor).type);
  return kind_of(value);
}

void Elaborator::note_origin(Diagnostic& diagnostic, const Value& value) {
  const auto* tensor = value.get<ir::ValueId>();
  if (!tensor) return;
  const ir::Node* node = graph_.producer(*tensor);
  const auto input = input_spans_.find(tensor->index);
  if (input != input_spans_.end()) {
    diagnostic.note(input->second,
                    fmt::format("{} is declared here", to_string(graph_.value(*tensor).type)));
  }
  if (node && !node->place.spans.empty())
    diagnostic.note(node->place.spans.front(),
                    fmt::format("{} comes from here", to_string(graph_.value(*tensor).type)));
}

}  // namespace linnet::frontend
