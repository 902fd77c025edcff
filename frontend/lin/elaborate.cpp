// A model's block → module: its settings and inputs, its entries, its outputs.
#include "frontend/lin/elaborate.h"

#include "frontend/lin/elaborate/losses.h"
#include "frontend/lin/elaborate/settings.h"
#include "ir/entries.h"
#include "ir/rewrite.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace linnet::frontend {
namespace {

// What stands behind `--set NAME=`.
Value read_setting(const std::string& text) {
  const char* end = text.data() + text.size();
  int64_t integer = 0;
  double real = 0;
  if (std::from_chars(text.data(), end, integer).ptr == end) return {integer};
  if (std::from_chars(text.data(), end, real).ptr == end) return {real};
  if (text == "true" || text == "false") return {text == "true"};
  return {text};
}

}  // namespace

Elaborator::Elaborator(const std::vector<const Block*>& blocks, uint32_t prelude,
                       Diagnostics& diagnostics, const ImportOptions& options)
    : library_(blocks), prelude_(prelude), diagnostics_(diagnostics), options_(options),
      language_(library_, diagnostics, prelude, module_, graph_) {}

std::optional<ir::Module> Elaborator::model(const Block& model) {
  const auto errors = [&] {
    return std::ranges::count(diagnostics_.all(), Severity::kError, &Diagnostic::severity);
  };
  const auto before = errors();  // of the parser: this model may be right all the same
  module_.name = model.name;
  graph_.name = ir::kPredict;
  root_.block = &model;
  root_.span = model.span;
  Scope scope;
  scope.instance = &root_;
  bool ok = bind_settings(model, scope);
  try {
    for (const Parameter& parameter : model.data) {
      const ir::ValueId value = graph_.add_input(parameter.name, input_type(parameter, scope));
      language_.nodes.declare_input(value, parameter.type.span);
      scope.define(parameter.name, {{value}, parameter.span, "input"});
    }
    for (const auto& [name, size] : options_.binds) {
      if (name != "N" && !used_binds_.contains(name))
        language_.report.error(model.span, fmt::format("the model has no dimension '{}'", name));
    }
    set_outputs(model, language_.blocks.run(model, scope, model.span));
  } catch (const Abandon&) {
    ok = false;
  }
  if (!ok || errors() != before) return std::nullopt;
  const bool has_state = std::ranges::any_of(
      module_.slots, [](const ir::Slot& slot) { return slot.kind == ir::SlotKind::kState; });
  if (has_state) graph_.name = ir::kStep;
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
    language_.report.error(block.span, fmt::format("the model has no setting '{}'", name))
        .help(known.empty() ? "it has none" : did_you_mean(name, known));
    ok = false;
  }
  for (const Parameter& setting : block.settings) {
    Value value;
    const auto given =
        std::ranges::find(options_.settings, setting.name, [](const auto& s) { return s.first; });
    try {
      if (given != options_.settings.end()) {
        value = converted(read_setting(given->second), setting, setting.span, language_.nodes,
                          language_.report);
      } else if (setting.default_value) {
        value = converted(language_.expressions.evaluate(*setting.default_value, scope), setting,
                          setting.span, language_.nodes, language_.report);
      } else {
        language_.report.fail(setting.span,
                              fmt::format("the setting '{}' has no value", setting.name),
                              fmt::format("--set {}=…", setting.name));
      }
    } catch (const Abandon&) {
      ok = false;
    }
    if (value.is_number()) numbers_[setting.name] = value.number();
    scope.define(setting.name, {value, setting.span});
  }
  return ok;
}

ir::Type Elaborator::input_type(const Parameter& parameter, Scope& scope) {
  // Capital names without a value are symbolic: --bind NAME=N, or the batch N = 1.
  for (const ExprPtr& dim : parameter.type.dims) {
    if (dim->kind != ExprKind::kName || scope.names.contains(dim->text)) continue;
    const auto bound = options_.binds.find(dim->text);
    if (bound == options_.binds.end() && dim->text != "N") {
      language_.report.fail(dim->span, fmt::format("the size of '{}' is not known", dim->text),
                            fmt::format("--bind {}=…", dim->text));
    }
    used_binds_.insert(dim->text);
    const int64_t size = bound == options_.binds.end() ? 1 : bound->second;
    scope.define(dim->text, {{size}, dim->span, "", true});
  }
  if (parameter.type.any_shape)
    language_.report.fail(parameter.type.span, "an input of a model needs its shape", "f32[N, …]");
  const auto dtype = ir::dtype_from_name(parameter.type.name);
  if (!dtype)
    language_.report.fail(parameter.type.span,
                          fmt::format("no element type '{}'", parameter.type.name),
                          "f32, f64, i64, i32, i8, u8, bool");
  ir::Type type{*dtype, language_.expressions.shape_of(parameter.type, scope), {}};
  if (!ir::valid(type.shape, type.dtype))
    language_.report.fail(parameter.type.span, fmt::format("{} is too large", to_string(type)));
  return type;
}

void Elaborator::set_outputs(const Block& model, const std::vector<Value>& values) {
  for (size_t i = 0; i < values.size(); ++i) {
    std::string name = i < model.results.size() ? model.results[i].name : "";
    if (name.empty()) name = values.size() == 1 ? "output" : fmt::format("output{}", i);
    graph_.outputs.push_back({name, *values[i].get<ir::ValueId>(), ""});
  }
  for (ir::GraphOutput& state : language_.blocks.next_states())
    graph_.outputs.push_back(std::move(state));
}

bool Elaborator::training(const Block& model, const Expr& loss, ir::Module& module) const {
  return Losses(library_, diagnostics_, prelude_, model, numbers_, module,
                language_.nodes.next_stream())
      .add(loss);
}

}  // namespace linnet::frontend
