// linnet explain op|family NAME: what linnet knows of one, from its record and its code.
#include "cli/model_options.h"
#include "cli/op_example.h"
#include "cli/where.h"
#include "ir/print.h"
#include "passes/lib/candidate.h"
#include "passes/run/run_pipeline.h"
#include "passes/schedule/families.h"
#include "passes/training/backward.h"
#include "support/json_text.h"
#include "support/text.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <map>

namespace linnet::cli {
namespace {

using Json = nlohmann::ordered_json;

struct ExplainFlags {
  ModelOptions model;  // for --target
  std::string kind, name;
  bool json = false;
};

// ---- Facts, as --json prints them

std::string kind_of(const ir::AttrDef& attr) {
  constexpr const char* kKinds[] = {"int",    "float",   "bool",  "string", "ints",
                                    "floats", "strings", "dtype", "word"};
  std::string kind = kKinds[attr.default_value.index()];
  if (attr.length > 0) kind += fmt::format("[{}]", attr.length);
  for (size_t i = 0; i < attr.words.size(); ++i)
    kind = (i ? kind + "|" : "") + std::string(attr.words[i]);
  return kind;
}

Json traits_of(const ir::OpDef& op) {
  constexpr std::pair<ir::Trait, const char*> kTraits[] = {{ir::kElementwise, "elementwise"},
                                                           {ir::kAnchor, "anchor"},
                                                           {ir::kPool, "pool"},
                                                           {ir::kReduction, "reduction"},
                                                           {ir::kDataMovement, "data movement"},
                                                           {ir::kView, "view"},
                                                           {ir::kRandom, "random"},
                                                           {ir::kStructural, "structural"},
                                                           {ir::kTrainingOnly, "training only"},
                                                           {ir::kCommutative, "commutative"}};
  Json traits = Json::array();
  for (const auto& [trait, word] : kTraits) {
    if (op.has(trait)) traits.push_back(word);
  }
  return traits;
}

// The ops of a graph in order, each once, without constants.
Json ops_of(const ir::Graph& graph, size_t first = 0) {
  Json names = Json::array();
  for (size_t i = first; i < graph.nodes().size(); ++i) {
    const std::string_view name = graph.nodes()[i].op->name;
    if (name != ir::ops::constant.name && std::ranges::find(names, name) == names.end())
      names.push_back(name);
  }
  return names;
}

// The ops that are appended for the gradient of the example, by what its record says.
Json gradient_of(const ir::OpDef& op, const std::optional<ir::Module>& example) {
  const char* by = op.gradient ? "of its own"
                   : op.scalar ? "of its scalar tree"
                   : op.expand ? "of the ops it expands into"
                               : "none";
  Json gradient = {{"by", by}, {"ops", Json::array()}};
  if (!example) return gradient;
  ir::Graph graph = passes::expand_for_gradient(*example, example->graphs.front());
  const ir::ValueId root = graph.outputs.front().value;
  if (!ir::is_float(graph.value(root).type.dtype)) return gradient;
  std::vector<ir::ValueId> by_values;
  for (size_t i = 0; i < graph.values().size(); ++i) {
    const ir::ValueId id{static_cast<int32_t>(i)};
    if (id != root && ir::is_float(graph.value(id).type.dtype)) by_values.push_back(id);
  }
  const size_t forward = graph.nodes().size();
  (void)passes::append_gradients(graph, root, by_values);
  gradient["ops"] = ops_of(graph, forward);
  return gradient;
}

ir::Module after(const ir::Module& example, std::string_view pass, const codegen::Target& target) {
  passes::PassContext context;
  context.target = target.info;
  passes::PipelineOptions options;
  options.stop_after = pass;
  return passes::run_pipeline(example, passes::pipeline(), options, context).module;
}

// What the kernels of the example are: ops, family with its numbers, and why no other family.
Json kernels_of(const ir::Module& example, const codegen::Target& target) {
  const ir::Module module = after(example, "choose_schedules", target);
  const ir::Graph& graph = module.graphs.front();
  Json kernels = Json::array();
  for (const ir::Node& node : graph.nodes()) {
    if (!node.schedule) continue;
    const passes::Candidate candidate{node.regions.front(),
                                      passes::constants_of(graph, node.operands), target.info};
    Json others = Json::array();
    for (const passes::Alternative& other : passes::alternatives(candidate, *node.schedule))
      others.push_back({{"family", other.family}, {"why", other.why}});
    kernels.push_back({{"ops", ops_of(candidate.body)},
                       {"schedule", to_string(*node.schedule)},
                       {"family", node.schedule->family},
                       {"why", passes::chosen_schedule(candidate).why},
                       {"others", std::move(others)}});
  }
  return kernels;
}

Json record_of(const ir::OpDef& op) {
  Json operands = Json::array(), attributes = Json::array();
  for (const ir::OperandDef& operand : op.operands)
    operands.push_back({{"name", operand.name},
                        {"doc", operand.doc},
                        {"optional", operand.optional},
                        {"variadic", operand.variadic}});
  for (const ir::AttrDef& attr : op.attrs) {
    Json json = {{"name", attr.name}, {"type", kind_of(attr)}, {"doc", attr.doc}};
    if (!attr.required) json["default"] = ir::to_string(attr.default_value);
    attributes.push_back(std::move(json));
  }
  return {{"op", op.name},
          {"doc", op.doc},
          {"operands", operands},
          {"attributes", attributes},
          {"traits", traits_of(op)}};
}

Json facts_of_op(const ir::OpDef& op, const codegen::Target& target) {
  Json facts = record_of(op);
  const auto example = op_example(op);
  facts["example"] = example ? ir::print(example->graphs.front()) : "";
  facts["gradient"] = gradient_of(op, example);
  facts["in_training"] = op.in_training != nullptr;
  facts["expands_into"] = Json::array();
  if (op.expand && example)
    facts["expands_into"] = ops_of(after(*example, "expand_ops", target).graphs.front());
  facts["lowering"] = where("lowering", op.name);
  facts["target"] = target.info.name;
  facts["kernels"] = example ? kernels_of(*example, target) : Json::array();
  facts["record"] = where("op", op.name);
  facts["cases"] = where("case", op.name);
  return facts;
}

Json facts_of_family(const passes::Family& family, const codegen::Target& target) {
  Json takes = Json::array(), refuses = Json::array();
  for (const ir::OpDef* op : ir::all_ops()) {
    const auto example = op_example(*op);
    if (!example) continue;
    for (const Json& kernel : kernels_of(*example, target)) {
      if (kernel["family"] == family.name) {
        takes.push_back({{"op", op->name}, {"schedule", kernel["schedule"]}});
      } else if (op->has(ir::kAnchor)) {
        for (const Json& other : kernel["others"]) {
          if (other["family"] == family.name)
            refuses.push_back({{"op", op->name}, {"why", other["why"]}});
        }
      }
    }
  }
  const auto order = &family - passes::families().data();
  return {{"family", family.name},
          {"doc", where("family_doc", family.name).front()},
          {"numbers", family.keys},
          {"place", order + 1},
          {"of", passes::families().size()},
          {"target", target.info.name},
          {"example", where("family_example", family.name)},
          {"takes", takes},
          {"refuses", refuses},
          {"files", where("family", family.name)},
          {"cases", where("family_case", family.name)}};
}

// ---- The same for people

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string listed(const Json& values, const std::string& none) {
  std::vector<std::string> parts;
  for (const Json& value : values)
    parts.push_back(text_of(value));
  return parts.empty() ? none : join(parts, ", ");
}

void row(const std::string& title, const std::string& text) {
  fmt::print("{:<13}{}\n", title, text);
}

void print_kernel(const Json& kernel) {
  const std::string why = text_of(kernel["why"]);
  row("kernel", fmt::format("{}: {}{}", listed(kernel["ops"], ""), text_of(kernel["schedule"]),
                            why.empty() ? "" : ", " + why));
  for (const Json& other : kernel["others"])
    fmt::print("  {:<13}{}\n", text_of(other["family"]), text_of(other["why"]));
}

std::string signature(const Json& facts) {
  std::vector<std::string> operands;
  for (const Json& operand : facts["operands"])
    operands.push_back(text_of(operand["name"]) + (operand["variadic"] ? ", …" : "") +
                       (operand["optional"] ? "?" : ""));
  return fmt::format("{}({})", text_of(facts["op"]), join(operands, ", "));
}

void print_op(const Json& facts) {
  fmt::print("{}\n{}\n\n", signature(facts), text_of(facts["doc"]));
  for (const Json& operand : facts["operands"]) {
    if (!text_of(operand["doc"]).empty())
      row("operand", text_of(operand["name"]) + ": " + text_of(operand["doc"]));
  }
  for (const Json& attr : facts["attributes"])
    row("attribute",
        fmt::format("{}: {}{}, {}", text_of(attr["name"]), text_of(attr["type"]),
                    attr.contains("default") ? " = " + text_of(attr["default"]) : ", required",
                    text_of(attr["doc"])));
  row("traits", listed(facts["traits"], "none"));
  const Json& gradient = facts["gradient"];
  row("gradient", text_of(gradient["by"]) +
                      (gradient["ops"].empty() ? "" : ": " + listed(gradient["ops"], "")));
  if (facts["in_training"]) row("in training", "another value: in_training of its record");
  if (!facts["expands_into"].empty()) row("expands into", listed(facts["expands_into"], ""));
  row("lowering", listed(facts["lowering"], "as its traits, its expansion or its family say"));
  row("record", listed(facts["record"], ""));
  row("cases", listed(facts["cases"], "none"));
  if (text_of(facts["example"]).empty()) return;
  fmt::print("\nAn example, and its kernels on {}: the first family that wants one takes it.\n{}\n",
             text_of(facts["target"]), text_of(facts["example"]));
  for (const Json& kernel : facts["kernels"])
    print_kernel(kernel);
}

void print_family(const Json& facts) {
  fmt::print("{}: {}\n\n", text_of(facts["family"]), text_of(facts["doc"]));
  row("order", fmt::format("{} of {}: families before it are asked first", facts["place"].dump(),
                           facts["of"].dump()));
  row("numbers", listed(facts["numbers"], "none"));
  row("files", listed(facts["files"], ""));
  row("cases", listed(facts["cases"], "none"));
  fmt::print("\nA kernel of it, from {}:\n", text_of(facts["example"][0]));
  for (size_t i = 1; i < facts["example"].size(); ++i)
    fmt::print("{}\n", text_of(facts["example"][i]));
  fmt::print("\nOf the examples of `linnet explain op`, on {}:\n", text_of(facts["target"]));
  std::map<std::string, std::vector<std::string>> taken;  // ops by schedule
  for (const Json& each : facts["takes"])
    taken[text_of(each["schedule"])].push_back(text_of(each["op"]));
  for (const auto& [schedule, ops] : taken)
    row("takes", schedule + ": " + join(ops, ", "));
  for (const Json& refused : facts["refuses"])
    row("leaves", text_of(refused["op"]) + ": " + text_of(refused["why"]));
}

// ---- The command

// "relu  max(x, 0); …": every op or family with its first sentence.
Json facts_of_all(bool op) {
  Json all = Json::array();
  for (const std::string& name : explained_names(op ? "op" : "family")) {
    const std::string doc(op ? std::string(ir::find_op(name)->doc)
                             : where("family_doc", name).front());
    all.push_back({{"name", name}, {"doc", doc}});
  }
  return all;
}

Status run(Session& session, const ExplainFlags& flags) {
  const bool op = flags.kind == "op";
  if (flags.name.empty()) {
    const Json all = facts_of_all(op);
    if (flags.json) fmt::print("{}\n", json_text(all));
    for (const Json& each : flags.json ? Json::array() : all)
      fmt::print("{:<34}{}\n", text_of(each["name"]), text_of(each["doc"]));
    return Status::kDone;
  }
  const ir::OpDef* found_op = op ? ir::find_op(flags.name) : nullptr;
  const passes::Family* family = op ? nullptr : passes::find_family(flags.name);
  if (!found_op && !family) {
    const auto names = explained_names(flags.kind);
    const std::string near = did_you_mean(flags.name, names);
    session.error(fmt::format("no {} '{}'", flags.kind, flags.name), Status::kBadCall,
                  near.empty() ? fmt::format("linnet explain {} lists all", flags.kind) : near);
    return Status::kBadCall;
  }
  const auto target = flags.model.find_target(session);
  if (!target) return Status::kBadCall;
  const Json facts = op ? facts_of_op(*found_op, *target) : facts_of_family(*family, *target);
  if (flags.json) {
    fmt::print("{}\n", json_text(facts));
  } else if (op) {
    print_op(facts);
  } else {
    print_family(facts);
  }
  return Status::kDone;
}

}  // namespace

void add_explain(CLI::App& app, Session& session) {
  auto flags = std::make_shared<ExplainFlags>();
  CLI::App* command =
      app.add_subcommand("explain", "What an op or a family of kernels is and where its code is");
  command->footer("linnet explain op conv2d --target x86-64-v3");
  command->add_option("KIND", flags->kind, "op or family")
      ->check(CLI::IsMember({"op", "family"}))
      ->required();
  command->add_option("NAME", flags->name, "Which one; without it all are listed");
  flags->model.add_target(*command);
  command->add_flag("--json", flags->json, "One JSON object, or of a list an array");
  command->callback(
      [&session, flags] { session.command = [flags](Session& s) { return run(s, *flags); }; });
}

}  // namespace linnet::cli
