// Writes a difference down as docs/diff.schema.json describes it.
#include "cli/diff.h"
#include "support/json_text.h"

#include <algorithm>

namespace linnet::cli {
namespace {

using Json = nlohmann::ordered_json;

Json text_or_null(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}
Json changes_json(const std::vector<Change>& changes) {
  Json list = Json::array();
  for (const Change& change : changes)
    list.push_back({{"name", change.name}, {"a", change.a}, {"b", change.b}});
  return list;
}

Json structure_json(const StructureDiff& structure) {
  Json lines = Json::array();
  for (const LineChange& line : structure.lines)
    lines.push_back({{"a", text_or_null(line.a)},
                     {"b", text_or_null(line.b)},
                     {"a_place", text_or_null(line.a_place)},
                     {"b_place", text_or_null(line.b_place)}});
  return {{"a_nodes", structure.a_nodes},
          {"b_nodes", structure.b_nodes},
          {"lines", std::move(lines)},
          {"other_names", structure.renamed},
          {"other_types", structure.types}};
}

Json passes_json(const PassesDiff& passes) {
  Json list = Json::array();
  for (const PassDiff& pass : passes.passes)
    list.push_back({{"pass", pass.pass},
                    {"a_rewrites", or_null(pass.a_rewrites)},
                    {"b_rewrites", or_null(pass.b_rewrites)},
                    {"a_nodes", or_null(pass.a_nodes)},
                    {"b_nodes", or_null(pass.b_nodes)}});
  return {{"first", text_or_null(passes.first)},
          {"same_again", text_or_null(passes.same_again)},
          {"passes", std::move(list)}};
}

Json kernels_json(const Diff& diff) {
  Json list = Json::array();
  for (const KernelDiff& kernel : diff.kernels)
    list.push_back({{"a", text_or_null(kernel.a)},
                    {"b", text_or_null(kernel.b)},
                    {"schedule", text_or_null(kernel.schedule)},
                    {"changes", changes_json(kernel.changes)}});
  return {{"a", diff.a_kernels}, {"b", diff.b_kernels}, {"differ", std::move(list)}};
}

Json times_json(const Diff& diff) {
  const TimesDiff& times = *diff.times;
  Json kernels = Json::array();
  for (const KernelDiff& kernel : diff.times_of)
    kernels.push_back(
        {{"a", kernel.a}, {"b", kernel.b}, {"a_ns", *kernel.a_ns}, {"b_ns", *kernel.b_ns}});
  return {{"a_ns", times.a_ns},       {"b_ns", times.b_ns},
          {"ratio", times.ratio},     {"ratio_of_a_sample", times.ratio_of_a_sample()},
          {"in_turn", times.in_turn}, {"kernels", std::move(kernels)}};
}

Json value_json(const ValueDiff& value) {
  Json json = {{"a", value.a},
               {"b", value.b},
               {"output", value.output},
               {"place", text_or_null(value.place)},
               {"absolute", json_number(value.absolute)},
               {"relative", json_number(value.relative)}};
  if (value.of.empty()) {
    json["sample"] = value.sample;
    json["element"] = value.element;
  } else {
    json["of"] = value.of;
  }
  json["a_value"] = json_number(value.a_value);
  json["b_value"] = json_number(value.b_value);
  return json;
}

Json values_json(const ValuesDiff& values, double tolerance) {
  if (!values.why_not.empty()) return {{"why_not", values.why_not}};
  Json list = Json::array();
  for (const ValueDiff& value : values.values)
    list.push_back(value_json(value));
  const ValueDiff* first = values.first(tolerance);
  return {
      {"by", values.compiled ? "compiled" : "report"},
      {"compared", values.compared},
      {"outputs", {{"compared", values.outputs}, {"a", values.a_outputs}, {"b", values.b_outputs}}},
      {"tolerance", tolerance},
      {"differ", std::move(list)},
      {"first", first ? Json(first->a) : Json()},
      {"other_shapes", values.other_shapes}};
}

}  // namespace

Json diff_json(const Diff& diff, const DiffNames& names, double tolerance) {
  Json json = {{"a", names.a},
               {"b", names.b},
               {"same", diff.same()},
               {"settings", changes_json(diff.settings)},
               {"structure", structure_json(diff.structure)},
               {"passes", passes_json(diff.passes)},
               {"kernels", kernels_json(diff)},
               {"memory", changes_json(diff.memory)}};
  if (diff.times) json["times"] = times_json(diff);
  if (!diff.no_times.empty()) json["no_times"] = diff.no_times;
  if (diff.values) json["values"] = values_json(*diff.values, tolerance);
  return json;
}

}  // namespace linnet::cli
