// The `train` block's loss: the model's graph once more, with targets, loss and counters.
#include "frontend/lin/elaborate/losses.h"

#include "frontend/lin/unroll.h"
#include "ir/entries.h"
#include "ir/op_def.h"
#include "ir/rewrite.h"
#include "ir/value_map.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace linnet::frontend {

namespace {

// The words for losses, and the ops they stand for.
struct LossWord {
  std::string_view word;
  const ir::OpDef* op;
};
const std::array<LossWord, 6>& loss_words() {
  static const std::array<LossWord, 6> kWords = {{
      {"cross_entropy", &ir::ops::cross_entropy},
      {"mse", &ir::ops::mse_loss},
      {"mae", &ir::ops::l1_loss},
      {"huber", &ir::ops::huber_loss},
      {"bce", &ir::ops::binary_cross_entropy},
      {"bce_with_logits", &ir::ops::binary_cross_entropy_with_logits},
  }};
  return kWords;
}

ExprPtr copy_of(const Expr& expr) {
  auto node = std::make_unique<Expr>();
  node->kind = expr.kind;
  node->span = expr.span;
  node->text = expr.text;
  node->op = expr.op;
  node->integer = expr.integer;
  node->real = expr.real;
  node->name_span = expr.name_span;
  return node;
}

// How an output's target is called inside: no name of the language has a blank.
std::string target_name(const std::string& output) {
  return "target " + output;
}

struct Term {
  const Expr* expr;
  bool negative;
};

void split_sum(const Expr& expr, bool negative, std::vector<Term>& terms) {
  const bool minus = expr.is(ExprKind::kBinary, Operator::kMinus);
  if (!minus && !expr.is(ExprKind::kBinary, Operator::kPlus)) {
    terms.push_back({&expr, negative});
    return;
  }
  split_sum(*expr.operands[0], negative, terms);
  split_sum(*expr.operands[1], negative != minus, terms);
}

}  // namespace

Losses::Losses(const Library& library, Diagnostics& diagnostics, uint32_t prelude,
               const Block& model, const std::map<std::string, double>& numbers, ir::Module& module,
               int64_t next_stream)
    : model_(model), numbers_(numbers), module_(module),
      language_(library, diagnostics, prelude, module, graph_, next_stream) {}

// A copy in which `mse` and `huber(delta: 2)` are calls of their ops, on the model's first output
// or the one named, and its target.
ExprPtr Losses::with_losses(const Expr& expr) {
  if (expr.kind == ExprKind::kName || expr.kind == ExprKind::kCall) {
    for (const LossWord& loss : loss_words()) {
      if (loss.word == expr.text) return loss_call(*loss.op, expr);
    }
  }
  ExprPtr node = copy_of(expr);
  for (const ExprPtr& operand : expr.operands)
    node->operands.push_back(with_losses(*operand));
  for (const std::vector<Argument>& group : expr.groups) {
    node->groups.emplace_back();
    for (const Argument& argument : group)
      node->groups.back().push_back({argument.name, argument.span, with_losses(*argument.value)});
  }
  return node;
}

ExprPtr Losses::loss_call(const ir::OpDef& op, const Expr& expr) {
  ExprPtr node = copy_of(expr);
  node->kind = ExprKind::kCall;
  node->text = op.name;
  node->groups.emplace_back();
  std::string output = model_outputs_.front().name;
  std::vector<Argument> settings;
  for (const std::vector<Argument>& group : expr.groups) {
    for (const Argument& argument : group) {
      if (argument.name.empty() && argument.value->kind == ExprKind::kName) {
        output = argument.value->text;
      } else {
        settings.push_back({argument.name, argument.span, copy_of(*argument.value)});
      }
    }
  }
  const auto operand = [&](const std::string& name) {
    Argument argument;
    argument.span = expr.span;
    argument.value = std::make_unique<Expr>();
    argument.value->span = expr.span;
    argument.value->text = name;
    node->groups.back().push_back(std::move(argument));
  };
  const std::string target = target_of(output, op, expr.span);
  check_activation(op, output, expr.span);
  operand(output);
  operand(target);
  for (Argument& setting : settings)
    node->groups.back().push_back(std::move(setting));
  return node;
}

// These losses work on logits: with the activation in the model it is applied twice, and training
// is slow or stops early.
void Losses::check_activation(const ir::OpDef& loss, const std::string& output, Span at) {
  const bool classes = &loss == &ir::ops::cross_entropy;
  if (!classes && &loss != &ir::ops::binary_cross_entropy_with_logits) return;
  const ir::OpDef& twice = classes ? ir::ops::softmax : ir::ops::sigmoid;
  ir::ValueId value = std::ranges::find(model_outputs_, output, &ir::GraphOutput::name)->value;
  const ir::Node* node = graph_.producer(value);
  while (node && node->op->has(ir::kView)) {
    value = node->operands.front();
    node = graph_.producer(value);
  }
  if (!node || node->op != &twice) return;
  Diagnostic& warning = language_.report.diagnostics().warning(
      at, fmt::format("{} applies {} itself, and the model ends with one",
                      classes ? "cross_entropy" : "bce_with_logits", twice.name));
  warning.help(classes ? "leave softmax out of the model: with classes(…) programs show "
                         "probabilities all the same"
                       : "leave sigmoid out of the model, or take the loss bce");
  if (!node->place.spans.empty()) warning.note(node->place.spans.front(), "it is here");
}

// Adds the graph's input for the target of an output when it is first asked for.
std::string Losses::target_of(const std::string& output, const ir::OpDef& loss, Span at) {
  const auto known = std::ranges::find(model_outputs_, output, &ir::GraphOutput::name);
  if (known == model_outputs_.end()) {
    std::vector<std::string> names;
    for (const ir::GraphOutput& o : model_outputs_)
      names.push_back(o.name);
    const std::string near = did_you_mean(output, names);
    language_.report.fail(at, fmt::format("the model has no output '{}'", output),
                          near.empty() ? "expected one of " + join(names, ", ") : near);
  }
  const std::string name = target_name(output);
  if (scope_.names.contains(name)) return name;
  ir::Type type = language_.nodes.type(known->value);
  if (&loss == &ir::ops::cross_entropy) {
    type.dtype = ir::DType::kI64;
    if (type.rank() > 1) type.shape.resize(1);
  }
  const ir::ValueId target = graph_.add_input(ir::target_input(output), type);
  scope_.define(name, {{target}, at, "", true});
  return name;
}

ir::ValueId Losses::checked_term(const Expr& term) {
  const Value value = language_.expressions.evaluate(term, scope_);
  const auto* tensor = value.get<ir::ValueId>();
  if (!tensor) language_.report.fail(term.span, "a term of the loss is a tensor of one element");
  const ir::Type& type = language_.nodes.type(*tensor);
  if (type.elements() != 1 || !is_float(type.dtype)) {
    language_.report.fail(term.span,
                          fmt::format("a term of the loss is one number, not {}", to_string(type)),
                          "mean(…) or sum(…) makes one of many");
  }
  return *tensor;
}

// Data is what depends on an input or a target; the rest is a penalty.
bool Losses::is_data(ir::ValueId value) const {
  std::vector<ir::ValueId> fed;
  for (const ir::GraphInput& input : graph_.inputs) {
    if (input.slot.empty()) fed.push_back(input.value);
  }
  return ir::dependents(graph_, fed)[value];
}

void Losses::build(const Expr& loss, bool step) {
  const ExprPtr whole = with_losses(loss);
  std::vector<Term> terms;
  split_sum(*whole, false, terms);
  ir::ValueId sums[2];  // of the data, of the penalty
  for (const Term& term : terms) {
    ir::ValueId number = checked_term(*term.expr);
    const bool data = is_data(number);
    ir::Builder builder = ir::Builder(graph_).at(language_.report.place(term.expr->span));
    if (!graph_.value(number).type.shape.empty())
      number = builder.create(ir::ops::reshape, {number}, {{"shape", ir::Ints{}}}, "term");
    if (term.negative) number = builder.create(ir::ops::neg, {number}, {}, "term");
    ir::ValueId& sum = sums[data ? 0 : 1];
    sum = sum ? builder.create(ir::ops::add, {sum, number}, {}, "sum") : number;
  }
  if (!sums[0]) {
    language_.report.fail(
        loss.span, "the loss does not depend on the model's outputs",
        "loss: cross_entropy, mse, mae, huber, bce or an expression with one of them");
  }
  graph_.outputs = {{std::string(ir::kLoss), sums[0], ""}};
  if (step) {
    if (sums[1]) graph_.outputs.push_back({std::string(ir::kPenalty), sums[1], ""});
  } else {
    for (const ir::GraphOutput& output : model_outputs_)
      graph_.outputs.push_back({output.name, output.value, ""});
  }
}

void Losses::add_counters() {
  const auto add = [&](std::string_view path, std::string_view name, ir::DType dtype) {
    const ir::Type type{dtype, {}, {}};
    graph_.add_input(name, type, std::string(path));
    if (module_.slot(path)) return;
    ir::Slot slot;
    slot.path = path;
    slot.type = type;
    slot.initializer = {"zeros", {}};
    slot.kind = ir::SlotKind::kCounter;
    slot.place = ir::Place::named("train");
    module_.slots.push_back(std::move(slot));
  };
  add(ir::kSeedSlot, "seed", ir::DType::kI64);
  add(ir::kStepSlot, "step", ir::DType::kI64);
  add(ir::kRateSlot, "lr", ir::DType::kF64);
}

// A model with state learns on windows: its step is unrolled.
bool Losses::through_time(const Expr& loss) {
  const auto state = std::ranges::find(module_.slots, ir::SlotKind::kState, &ir::Slot::kind);
  const ir::Declaration* window = module_.training("window");
  if (state == module_.slots.end()) {
    if (!window) return true;
    Diagnostic diagnostic;
    diagnostic.place = window->place.diag();
    diagnostic.message = "'window' is for models with state, and this one has none";
    language_.report.diagnostics().report(std::move(diagnostic));
    return false;
  }
  if (!window) {
    language_.report.diagnostics()
        .error(loss.span, "a model with state learns on windows, and none is declared")
        .help("window: 32")
        .note(state->place.spans.front(), "the state is here");
    return false;
  }
  const double steps = window->recipe.attrs.get(ir::Key<double>{"value"});
  constexpr double kMostSteps = 4096;
  std::string wrong = fmt::format("a window of {:.0f} steps; at most {:.0f}", steps, kMostSteps);
  if (steps <= kMostSteps) {
    const auto unrolled = unroll(module_, static_cast<int64_t>(steps));
    if (unrolled) return true;
    wrong = unrolled.error() + ": over a window its first dimension must be the samples'";
  }
  Diagnostic diagnostic;
  diagnostic.place = window->place.diag();
  diagnostic.message = wrong;
  language_.report.diagnostics().report(std::move(diagnostic));
  return false;
}

// The model's graph, its inputs, outputs and parameters in the scope of the loss.
void Losses::begin(const ir::Graph& forward, std::string_view name) {
  graph_ = forward;
  graph_.name = name;
  model_outputs_ = std::move(graph_.outputs);
  graph_.outputs.clear();
  parameters_.clear();
  scope_ = {};
  scope_.parameters = &parameters_;
  for (const LossWord& loss : loss_words())
    scope_.words.push_back(loss.word);
  for (const auto& [setting, number] : numbers_)
    scope_.define(setting, {{number}, {}, "", true});
  auto declared = model_.data.begin();
  for (const ir::GraphInput& input : graph_.inputs) {
    if (!input.slot.empty()) {
      parameters_[input.slot] = input.value;
      continue;
    }
    scope_.define(graph_.value(input.value).name, {{input.value}, {}, "", true});
    if (declared != model_.data.end())
      language_.nodes.declare_input(input.value, (declared++)->type.span);
  }
  for (const ir::GraphOutput& output : model_outputs_)
    scope_.define(output.name, {{output.value}, {}, "", true});
}

bool Losses::add(const Expr& loss) {
  if (!through_time(loss)) return false;
  const ir::Graph forward = module_.graphs.front();
  for (const bool step : {true, false}) {
    begin(forward, step ? ir::kTrainStep : ir::kEvaluate);
    try {
      build(loss, step);
    } catch (const Abandon&) {
      return false;
    }
    if (step) add_counters();
    // Inputs, targets, slots; then nodes.
    std::ranges::stable_partition(graph_.inputs,
                                  [](const ir::GraphInput& input) { return input.slot.empty(); });
    module_.graphs.push_back(
        ir::rewrite(graph_, [](ir::Rewriter&, ir::NodeId, const ir::Node&) { return false; }));
  }
  return true;
}

}  // namespace linnet::frontend
