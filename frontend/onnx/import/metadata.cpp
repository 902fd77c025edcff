// Reads back states and `data` entries that linnet's own export wrote into the metadata.
#include "frontend/onnx/import/metadata.h"

#include "frontend/lin/declare.h"
#include "frontend/lin/parser.h"
#include "ir/initialize.h"

#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace linnet::frontend {
namespace {

constexpr std::string_view kData = "linnet.data.", kState = "linnet.state.";
constexpr std::string_view kInitial = "linnet.initial.", kUntrained = "linnet.untrained";

std::string value_of(const ::onnx::ModelProto& model, const std::string& key) {
  for (const auto& entry : model.metadata_props()) {
    if (entry.key() == key) return entry.value();
  }
  return "";
}

// The one line NAME: VALUE as an entry of a data block; what is wrong with it has its place there.
std::optional<Declarations> parsed(const std::string& path, const std::string& key,
                                   const std::string& name, const std::string& value,
                                   SourceManager& sources, Diagnostics& diagnostics) {
  const bool line = value.find_first_of("\n\r") == std::string::npos && !invalid_utf8(value) &&
                    name.find_first_of("\"\\\n\r") == std::string::npos;
  const std::string place = fmt::format("{}: metadata '{}'", path, key);
  if (line) {
    const uint32_t file =
        sources.add(place, fmt::format("data model {{ \"{}\": {} }}\n", name, value));
    const size_t before = diagnostics.all().size();
    File read = parse(file, diagnostics);
    if (diagnostics.all().size() != before) return std::nullopt;
    if (read.declarations.size() == 1 && read.blocks.empty() &&
        read.declarations[0].entries.size() == 1)
      return std::move(read.declarations[0]);
  }
  Diagnostic diagnostic;
  diagnostic.place.name = place;
  diagnostic.message = "one value is expected, as a data block has it";
  diagnostic.remedy = "take the entry out of metadata_props, or export the model again";
  diagnostics.report(std::move(diagnostic));
  return std::nullopt;
}

// zeros(), uniform(a: -1, b: 1)
std::optional<ir::Recipe> initializer(const Expr& value) {
  const ir::Initializer* known = ir::find_initializer(value.text);
  if (!known || (value.kind != ExprKind::kCall && value.kind != ExprKind::kName)) return {};
  ir::Recipe recipe{value.text, {}};
  for (const auto& group : value.groups) {
    for (const Argument& argument : group) {
      const bool negative = argument.value->is_negation();
      const Expr& number = negative ? *argument.value->operands[0] : *argument.value;
      const bool setting =
          std::ranges::find(known->settings, std::string_view(argument.name),
                            &ir::InitializerSetting::name) != known->settings.end();
      if (!setting || (number.kind != ExprKind::kInteger && number.kind != ExprKind::kReal))
        return {};
      recipe.attrs.set(argument.name, negative ? -number.real : number.real);
    }
  }
  for (const ir::InitializerSetting& setting : known->settings) {
    if (recipe.attrs.find(setting.name)) continue;
    if (!setting.default_value) return {};
    recipe.attrs.set(setting.name, *setting.default_value);
  }
  return recipe;
}

}  // namespace

std::vector<OnnxState> exported_states(const ::onnx::ModelProto& model, const std::string& path,
                                       SourceManager& sources, Diagnostics& diagnostics) {
  std::vector<OnnxState> states;
  for (const auto& entry : model.metadata_props()) {
    if (!entry.key().starts_with(kState)) continue;
    OnnxState state;
    state.name = state.input = entry.key().substr(kState.size());
    state.output = entry.value();
    state.place = ir::Place::named(fmt::format("{}: metadata '{}'", path, entry.key()));
    const std::string key = std::string(kInitial) + state.name;
    const std::string value = value_of(model, key);
    if (!value.empty()) {
      const auto block = parsed(path, key, state.name, value, sources, diagnostics);
      if (!block) continue;
      auto recipe = initializer(*block->entries[0].value);
      if (recipe) {
        state.initializer = std::move(*recipe);
      } else {
        diagnostics.error(block->entries[0].value->span, "expected an initialiser")
            .help("zeros(), ones(), constant(value: 0.5), uniform(a: -1, b: 1), …");
      }
    }
    states.push_back(std::move(state));
  }
  return states;
}

void declare_exported(const ::onnx::ModelProto& model, const std::string& path,
                      SourceManager& sources, ir::Module& module, Diagnostics& diagnostics) {
  const ir::Graph& graph = module.graphs.front();
  const auto is_port = [&](const std::string& name) {
    return std::ranges::any_of(graph.inputs,
                               [&](const ir::GraphInput& input) {
                                 return input.slot.empty() && graph.value(input.value).name == name;
                               }) ||
           std::ranges::any_of(graph.outputs, [&](const ir::GraphOutput& output) {
             return output.slot.empty() && output.name == name;
           });
  };
  for (const auto& entry : model.metadata_props()) {
    if (!entry.key().starts_with(kData)) continue;
    const std::string name = entry.key().substr(kData.size());
    if (!is_port(name)) continue;  // fixed by --bind, or of another writer
    const auto block = parsed(path, entry.key(), name, entry.value(), sources, diagnostics);
    if (block) declare(*block, "", {}, module, diagnostics);
  }
  if (value_of(model, std::string(kUntrained)).empty()) return;
  Diagnostic warning;
  warning.severity = Severity::kWarning;
  warning.message = path + ": it was exported without weights; its parameters are initial values";
  warning.remedy = "--weights F.safetensors, or train and export it again";
  diagnostics.report(std::move(warning));
}

}  // namespace linnet::frontend
