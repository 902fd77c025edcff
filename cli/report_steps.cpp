// Writes modules down as JSON, node by node.
#include "cli/report_steps.h"

#include "ir/loop.h"
#include "ir/op_def.h"
#include "support/json_text.h"

#include <algorithm>

namespace linnet::cli {
namespace {

using Json = ReportSteps::Json;

int64_t count_nodes(const ir::Graph& graph) {
  auto count = static_cast<int64_t>(graph.nodes().size());
  for (const ir::Node& node : graph.nodes()) {
    for (const ir::Graph& region : node.regions)
      count += count_nodes(region);
  }
  return count;
}

int64_t count_nodes(const ir::Module& module) {
  int64_t count = 0;
  for (const auto* graphs : {&module.kernels, &module.graphs}) {
    for (const ir::Graph& graph : *graphs)
      count += count_nodes(graph);
  }
  return count;
}

// The first value that a remark names: "fused %relu into …" is of relu. "": none.
std::string subject_of(std::string_view message) {
  const size_t begin = message.find('%');
  if (begin == std::string_view::npos) return "";
  const std::string_view rest = message.substr(begin + 1);
  std::string_view name = rest.substr(0, rest.find_first_of(" ,;:()[]{}"));
  while (name.ends_with('.'))
    name.remove_suffix(1);
  return std::string(name);
}

// How JavaScript counts: two for what is beyond the first 65,536 characters.
int64_t utf16_units(std::string_view text) {
  int64_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    units += byte >= 0xF0 ? 2 : (byte & 0xC0U) == 0x80 ? 0 : 1;
  }
  return units;
}

}  // namespace

int64_t ReportSteps::place(Json one) {
  const auto [at, fresh] =
      known_places_.emplace(json_text(one), static_cast<int64_t>(places_.size()));
  if (fresh) places_.push_back(std::move(one));
  return at->second;
}

Json ReportSteps::span(const Span& span) {
  const SourceManager& sources = session_.sources;
  const auto [source, fresh] =
      known_sources_.emplace(span.file, static_cast<int64_t>(sources_.size()));
  if (fresh) {
    sources_.push_back({{"path", std::string(sources.name(span.file))},
                        {"text", std::string(sources.text(span.file))}});
  }
  const LineColumn at = sources.position(span.file, span.begin);
  const LineColumn end = sources.position(span.file, span.end);
  // Of a span of several lines the rest of the first.
  const std::string_view line = sources.line(span.file, span.begin);
  const uint32_t start = sources.line_start(span.file, span.begin);
  const size_t from = std::min<size_t>(span.begin - start, line.size());
  const std::string_view covered =
      line.substr(from, end.line == at.line ? span.end - span.begin : line.npos);
  return {{"source", source->second},
          {"line", at.line},
          {"column", at.column},
          {"from", utf16_units(line.substr(0, from))},
          {"length", std::max<int64_t>(utf16_units(covered), 1)}};
}

Json ReportSteps::places(const ir::Place& of) {
  Json list = Json::array();
  for (const Span& one : of.spans)
    list.push_back(place(span(one)));
  for (const std::string& name : of.names)
    list.push_back(place({{"name", name}}));
  return list;
}

int64_t ReportSteps::node(const ir::Graph& graph, const ir::Node& node, const ir::NodeText& text) {
  Json json = {{"op", node.op->name},
               {"results", Json::array()},
               {"types", Json::array()},
               {"operands", Json::array()},
               {"text", text.text}};
  Json storage = Json::array();
  for (const ir::ValueId id : node.results) {
    const ir::Value& value = graph.value(id);
    json["results"].push_back(value.name);
    json["types"].push_back(ir::to_string(value.type));
    if (value.storage) storage.push_back(ir::to_string(*value.storage));
  }
  for (const ir::ValueId id : node.operands) {
    if (id) json["operands"].push_back(graph.value(id).name);
  }
  if (!node.regions.empty()) json["close"] = "}";
  json["places"] = places(node.place);
  if (!node.callee.empty()) json["callee"] = node.callee;
  if (node.schedule) json["schedule"] = ir::to_string(*node.schedule);
  if (!storage.empty()) json["storage"] = std::move(storage);
  for (size_t i = 0; i < text.regions.size(); ++i)
    json["regions"].push_back(state(node.regions[i], text.regions[i], "region"));
  const auto [at, fresh] =
      known_nodes_.emplace(json_text(json), static_cast<int64_t>(pool_.size()));
  if (fresh) pool_.push_back(std::move(json));
  return at->second;
}

Json ReportSteps::state(const ir::Graph& graph, const ir::GraphText& text, std::string_view kind) {
  Json json = {{"name", graph.name},      {"kind", kind},
               {"head", text.head},       {"tail", Json::array({text.result})},
               {"inputs", Json::array()}, {"outputs", Json::array()},
               {"nodes", Json::array()}};
  if (kind != "region") json["tail"].push_back("}");  // that of a region is its node's
  for (const ir::GraphInput& input : graph.inputs) {
    const ir::Value& value = graph.value(input.value);
    Json one = {{"name", value.name}, {"type", ir::to_string(value.type)}};
    if (!input.slot.empty()) one["slot"] = "@" + input.slot;
    json["inputs"].push_back(std::move(one));
  }
  for (const ir::GraphOutput& output : graph.outputs) {
    Json one = {{"name", output.name}, {"value", graph.value(output.value).name}};
    if (!output.slot.empty()) one["slot"] = "@" + output.slot;
    json["outputs"].push_back(std::move(one));
  }
  for (size_t i = 0; i < graph.nodes().size(); ++i)
    json["nodes"].push_back(node(graph, graph.nodes()[i], text.nodes[i]));
  return json;
}

Json ReportSteps::graphs(const ir::Module& module, const ir::ModuleText& text) {
  Json list = Json::array();
  for (size_t i = 0; i < module.kernels.size(); ++i)
    list.push_back(state(module.kernels[i], text.kernels[i], "kernel"));
  for (size_t i = 0; i < module.graphs.size(); ++i) {
    const bool body = ir::is_loop_body(module, module.graphs[i]);
    list.push_back(state(module.graphs[i], text.graphs[i], body ? "loop" : "graph"));
  }
  return list;
}

Json ReportSteps::remarks() {
  Json list = Json::array();
  for (const passes::Remark& remark : remarks_) {
    Json one = {
        {"fired", remark.fired}, {"places", places(remark.place)}, {"message", remark.message}};
    if (std::string subject = subject_of(remark.message); !subject.empty())
      one["subject"] = std::move(subject);
    list.push_back(std::move(one));
  }
  return list;
}

bool ReportSteps::add_step(std::string_view pass, std::string_view phase, std::string_view summary,
                           const ir::Module& module) {
  const ir::ModuleText text = ir::text_of(module);
  Json head = text.head;
  Json now = graphs(module, text);
  std::string written = json_text(head) + json_text(now);
  const bool changed = written != last_;
  last_ = std::move(written);
  steps_.push_back({{"pass", pass},
                    {"phase", phase},
                    {"summary", summary},
                    {"ns", 0},
                    {"rewrites", std::ranges::count(remarks_, true, &passes::Remark::fired)},
                    {"changed", changed},
                    {"nodes", count_nodes(module)},
                    {"head", std::move(head)},
                    {"graphs", changed ? std::move(now) : Json::array()},
                    {"remarks", remarks()}});
  remarks_.clear();
  return changed;
}

void ReportSteps::begins(const ir::Module& module) {
  add_step("import", passes::name(passes::Phase::kImported), "the model as it was read", module);
}

bool ReportSteps::after(const passes::Pass& pass, const ir::Module& module) {
  return add_step(pass.name, passes::name(pass.phase), pass.summary, module);
}

void ReportSteps::took(const passes::PassTime& time) {
  times_[std::string(time.name)] += time.time.count();
}

void ReportSteps::move_to(Json& report, bool times) {
  for (Json& step : steps_) {
    const auto time = times_.find(step["pass"].get<std::string>());
    if (times && time != times_.end()) step["ns"] = time->second;
  }
  report["sources"] = std::move(sources_);
  report["places"] = std::move(places_);
  report["pool"] = std::move(pool_);
  report["steps"] = std::move(steps_);
}

}  // namespace linnet::cli
