// Walks an ONNX graph: inputs, initializers, then each node by its operator's row.
#include "frontend/onnx/import/importer.h"

#include "base/text.h"
#include "ir/entries.h"
#include "ir/rewrite.h"
#include "ir/samples.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <new>

namespace linnet::frontend {
namespace {

using ::onnx::FunctionProto;
using ::onnx::NodeProto;

constexpr std::string_view kTrainingDomain = "ai.onnx.preview.training";

// What a file says may be anything: fit for a line of a terminal.
std::string readable(const std::string& text) {
  constexpr size_t kMostBytes = 600;
  std::string result;
  for (unsigned char c : text) {
    if (result.size() > kMostBytes) return result + " …";
    if (c < 0x20 || c == 0x7f) {
      result += fmt::format("\\x{:02x}", c);
    } else {
      result += static_cast<char>(c);
    }
  }
  if (const auto bad = invalid_utf8(result)) return result.substr(0, *bad) + "…";
  return result;
}

std::string stem_of(const std::string& path) {
  const std::string_view name = without_suffix(file_name(path), ".onnx");
  return name.empty() ? "model" : std::string(name);
}

std::optional<OnnxSchema> schema_of(const OnnxOp& row) {
  return OnnxSchema{row.domain, row.name,         1,
                    false,      row.least_inputs, row.most_inputs,
                    0,          row.most_outputs, attributes_of(row.attributes)};
}

}  // namespace

NodeFault too_many_nodes() {
  return {Status::kUnsupported,
          fmt::format("more than {} nodes once functions and loops are written out", kMostNodes),
          ""};
}

OnnxImporter::OnnxImporter(std::string path, const ::onnx::ModelProto& model,
                           const ImportOptions& options, Diagnostics& diagnostics)
    : path_(std::move(path)), model_(model), options_(options), diagnostics_(diagnostics) {
  folder_ = folder_prefix(path_);
  for (const auto& set : model.opset_import())
    root_.opsets[domain_of(set.domain())] = set.version();
}

std::optional<ir::Module> OnnxImporter::run() {
  module_.name = stem_of(path_);
  graph_.name = options_.states.empty() ? ir::kPredict : ir::kStep;
  for (const auto& [name, value] : options_.settings) {
    report_here(fmt::format("--set {}={}: an ONNX model has no settings", name, value),
                "--bind NAME=N sets the size of a dimension");
  }
  add_initializers(model_.graph(), root_);
  check_states();
  add_inputs();
  check_binds();
  if (diagnostics_.has_errors()) return std::nullopt;
  add_nodes(model_.graph().node(), root_);
  if (!diagnostics_.has_errors()) add_outputs();
  if (diagnostics_.has_errors()) return std::nullopt;
  remark_on_half();
  for (Diagnostic& warning : warnings_)
    diagnostics_.report(std::move(warning));
  warn_of_mixed_samples();
  // Inputs in the model's order, then parameters as they were first read.
  std::ranges::stable_partition(graph_.inputs,
                                [](const ir::GraphInput& input) { return input.slot.empty(); });
  finish_graph();
  return std::move(module_);
}

// A model made for one sample was never meant for more: it may sum over dimension 0.
void OnnxImporter::warn_of_mixed_samples() {
  if (widened_batch_ == 1) return;
  std::map<ir::ValueId, ir::Samples> inputs;
  for (const ir::GraphInput& input : graph_.inputs) {
    if (input.slot.empty()) inputs[input.value] = {0, 1};
  }
  const auto rows = ir::output_samples(graph_, inputs, widened_batch_);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].mixed.empty()) continue;
    Diagnostic diagnostic;
    diagnostic.severity = Severity::kWarning;
    diagnostic.place = rows[i].place.diag();
    diagnostic.message =
        fmt::format("--batch {}: what '{}' gives for one sample depends on others: {}",
                    widened_batch_, readable(graph_.outputs[i].name), rows[i].mixed);
    diagnostic.remedy = "the model was exported for one sample; leave --batch out, or export it "
                        "with a dynamic batch dimension";
    diagnostics_.report(std::move(diagnostic));
  }
}

std::string OnnxImporter::place_of(const NodeProto& node) const {
  if (!outer_place_.empty()) return outer_place_;
  std::string name = node.name();
  for (const std::string& output : node.output())
    name = name.empty() ? output : name;
  if (name.empty()) name = node.op_type();
  return fmt::format("{}: node '{}' ({})", path_, name, node.op_type());
}

void OnnxImporter::report(const std::string& place, const NodeFault& fault) {
  Diagnostic diagnostic;
  diagnostic.place.name = readable(place);
  diagnostic.message = readable(fault.message);
  std::string remedy = fault.remedy;
  // What helps with most files, once.
  if (remedy.empty() && remedies_.empty() && hinted_.insert(fault.status).second) {
    if (fault.status == Status::kUnsupported)
      remedy = "docs/onnx.md says what is supported; onnxsim IN.onnx OUT.onnx, or an export with "
               "another opset, may do without it";
    if (fault.status == Status::kBadInput)
      remedy = "onnx.checker.check_model(\"FILE.onnx\", full_check=True) tells whether others take "
               "the file; if so, run onnx.shape_inference or onnxsim on it, or export it again";
  }
  for (const std::string& outer : remedies_)
    remedy += (remedy.empty() || outer.empty() ? "" : "; ") + outer;
  diagnostic.remedy = readable(remedy);
  diagnostic.status = fault.status;
  diagnostics_.report(std::move(diagnostic));
}

void OnnxImporter::warn(std::string message, std::string remedy) {
  Diagnostic warning;
  warning.severity = Severity::kWarning;
  warning.place.name = readable(node_place_);
  warning.message = std::move(message);
  warning.remedy = std::move(remedy);
  warnings_.push_back(std::move(warning));
}

void OnnxImporter::report_here(std::string message, std::string remedy, Status status) {
  report(path_, {status, std::move(message), std::move(remedy)});
}

OnnxEntry* OnnxImporter::find(const std::string& name, OnnxScope& scope) {
  for (OnnxScope* s = &scope; s; s = s->outer) {
    if (const auto at = s->names.find(name); at != s->names.end()) return at->second.get();
  }
  return nullptr;
}

void OnnxImporter::define(const std::string& name, std::shared_ptr<OnnxEntry> entry,
                          OnnxScope& scope, std::string_view what) {
  if (name.empty() || scope.names.emplace(name, std::move(entry)).second) return;
  report(outer_place_.empty() ? path_ : outer_place_,
         {Status::kBadInput,
          fmt::format("{} '{}': that name is taken; every value is made once", what, name), ""});
}

void OnnxImporter::name_value(ir::ValueId value, const std::string& name) {
  if (!graph_.producer(value) || name.empty() || !named_.insert(value.index).second) return;
  graph_.rename(value, name);
}

ir::ValueMap<bool> OnnxImporter::sources_of(ir::ValueId value) const {
  std::vector<ir::ValueId> open{value};
  ir::ValueMap<bool> seen(graph_, false);
  while (!open.empty()) {
    const ir::ValueId next = open.back();
    open.pop_back();
    if (!next || seen[next]) continue;
    seen[next] = true;
    if (const ir::Node* node = graph_.producer(next))
      open.insert(open.end(), node->operands.begin(), node->operands.end());
  }
  return seen;
}

bool OnnxImporter::depends_on_input(ir::ValueId value) const {
  const ir::ValueMap<bool> sources = sources_of(value);
  return std::ranges::any_of(graph_.inputs, [&](const ir::GraphInput& input) {
    const bool parameter =
        !input.slot.empty() && module_.slot(input.slot)->kind != ir::SlotKind::kState;
    return !parameter && sources[input.value];
  });
}

std::string OnnxImporter::bind_remedy(ir::ValueId value) const {
  constexpr int64_t kMostElements = 16;  // nobody fixes a picture
  const ir::ValueMap<bool> sources = sources_of(value);
  std::vector<std::string> binds;
  for (const ir::GraphInput& input : graph_.inputs) {
    const ir::Value& given = graph_.value(input.value);
    if (!sources[input.value] || !input.slot.empty()) continue;
    if (given.type.elements() > kMostElements) return "";
    binds.push_back(fmt::format("--bind {}=…", given.name));
  }
  return binds.empty() ? "" : "fix what decides it when compiling: " + join(binds, " ");
}

void OnnxImporter::decided(const std::vector<ir::ValueId>& results) {
  for (ir::ValueId result : results) {
    if (result) decided_.insert(result.index);
  }
}

ir::Tensor OnnxImporter::tensor(const ::onnx::TensorProto& proto) {
  auto elements = read_tensor(proto, folder_);
  if (!elements) {
    throw NodeFault{elements.error().status,
                    proto.name().empty()
                        ? elements.error().message
                        : fmt::format("tensor '{}': {}", proto.name(), elements.error().message),
                    ""};
  }
  return *std::move(elements);
}

void OnnxImporter::add_nodes(const google::protobuf::RepeatedPtrField<NodeProto>& nodes,
                             OnnxScope& scope) {
  // What a later node makes: for the message if one reads it too early.
  std::map<std::string, const NodeProto*> later;
  for (const NodeProto& node : nodes) {
    for (const std::string& output : node.output())
      later.emplace(output, &node);
  }
  for (const NodeProto& node : nodes) {
    if (diagnostics_.full()) return;
    bool ready = true;
    for (const std::string& input : node.input()) {
      if (input.empty() || find(input, scope)) continue;
      const auto maker = later.find(input);
      ready = false;
      report(place_of(node),
             maker == later.end()
                 ? NodeFault{Status::kBadInput,
                             fmt::format("input '{}' is made by no node, is no input of the graph "
                                         "and no initializer",
                                         input),
                             "an initializer may have been stripped: export the model again"}
                 : NodeFault{Status::kBadInput,
                             fmt::format("input '{}' is made only later, by node '{}' ({}): nodes "
                                         "stand in the order of their values, without cycles",
                                         input, maker->second->name(), maker->second->op_type()),
                             ""});
    }
    if (ready) {
      add_node(node, scope);
    } else {
      for (const std::string& output : node.output())
        define(output, OnnxEntry{{}, nullptr, true, ""}, scope, "output");
    }
  }
}

void OnnxImporter::add_node(const NodeProto& node, OnnxScope& scope) {
  const std::string place = place_of(node);
  std::vector<ir::ValueId> results(static_cast<size_t>(node.output_size()));
  bool unknown = false;
  std::vector<OnnxEntry*> inputs;
  for (const std::string& input : node.input()) {
    inputs.push_back(input.empty() ? nullptr : find(input, scope));
    unknown = unknown || (inputs.back() && inputs.back()->unknown);
  }
  if (const ::onnx::TensorProto* weight = weight_of(node)) {
    ++nodes_;
    auto& entry = weights_[weight];
    if (!entry) entry = std::make_shared<OnnxEntry>(OnnxEntry{{}, weight, false, node.output(0)});
    define(node.output(0), entry, scope, "output");
    return;
  }
  const size_t reported = diagnostics_.all().size();
  const auto failed = [&](const NodeFault& fault) {
    report(place, fault);
    unknown = true;
  };
  try {
    if (++nodes_ > kMostNodes) throw too_many_nodes();
    // A node that cannot be computed for lack of an input is still checked: all at once.
    if (unknown) inputs.clear();
    auto made = import_node(node, scope, std::move(inputs));
    unknown = unknown || diagnostics_.all().size() != reported;  // inside a function or graph
    if (!unknown) {
      made.resize(results.size());
      results = std::move(made);
    }
  } catch (const NodeFault& fault) {
    failed(fault);
  } catch (const ir::OpFailure& failure) {
    failed({Status::kBadInput, failure.error.message, failure.error.remedy});
  } catch (const std::bad_alloc&) {
    failed({Status::kMachine, "there is not enough memory for what it computes beforehand",
            "export the model with smaller constants, or use a machine with more memory"});
  }
  for (size_t i = 0; i < results.size(); ++i) {
    const std::string& name = node.output(static_cast<int>(i));
    if (name.empty()) continue;
    if (!unknown && !results[i]) {
      failed({Status::kUnsupported, fmt::format("output {} ('{}') is not supported", i, name), ""});
    }
    if (results[i] && outer_place_.empty()) name_value(results[i], name);
    define(name, OnnxEntry{results[i], nullptr, !results[i], ""}, scope, "output");
  }
}

void OnnxImporter::check_against(const OnnxSchema& schema, const NodeProto& node) const {
  const auto wrong = [&](std::string message, std::string remedy = "") {
    throw NodeFault{Status::kBadInput, std::move(message), std::move(remedy)};
  };
  if (schema.deprecated && !find_onnx_op(schema.name)) {
    wrong(fmt::format("{} is gone from operator set {} on", schema.name, schema.since),
          "onnx.version_converter.convert_version(model, …) replaces it");
  }
  const auto count = [&](int given, int least, int most, std::string_view what) {
    if (given >= least && given <= most) return;
    wrong(fmt::format("{} {}s are given, {} takes {}", given, what, schema.name,
                      least == most ? fmt::format("{}", least)
                                    : fmt::format("{} to {}", least, most)));
  };
  count(node.input_size(), schema.least_inputs, schema.most_inputs, "input");
  count(node.output_size(), schema.least_outputs, schema.most_outputs, "output");
  std::vector<std::string> known;
  for (const OnnxAttribute& attribute : schema.attributes)
    known.emplace_back(attribute.name);
  std::set<std::string_view> seen;
  for (const ::onnx::AttributeProto& given : node.attribute()) {
    if (!seen.insert(given.name()).second)
      wrong(fmt::format("attribute '{}' is given twice", given.name()));
    const auto at = std::ranges::find(schema.attributes, given.name(), &OnnxAttribute::name);
    if (at == schema.attributes.end()) {
      wrong(fmt::format("{} of version {} has no attribute '{}'", schema.name, schema.since,
                        given.name()),
            did_you_mean(given.name(), known));
    }
    if (given.type() != at->type && given.type() != ::onnx::AttributeProto::UNDEFINED) {
      const auto name = [](int type) {
        return ::onnx::AttributeProto::AttributeType_Name(
            static_cast<::onnx::AttributeProto::AttributeType>(type));
      };
      wrong(fmt::format("attribute '{}' must be of type {}, not {}", given.name(), name(at->type),
                        name(given.type())));
    }
  }
  for (const OnnxAttribute& attribute : schema.attributes) {
    const bool given = std::ranges::any_of(node.attribute(), [&](const ::onnx::AttributeProto& a) {
      return a.name() == attribute.name;
    });
    if (attribute.required && !given)
      wrong(fmt::format("attribute '{}' is missing", attribute.name));
  }
}

std::vector<ir::ValueId> OnnxImporter::import_node(const NodeProto& node, OnnxScope& scope,
                                                   std::vector<OnnxEntry*> inputs) {
  const bool checking = inputs.empty() && node.input_size() != 0;
  if (const FunctionProto* function = local_function(node))
    return checking ? std::vector<ir::ValueId>{} : call(*function, node, inputs, false);
  const std::string domain = domain_of(node.domain());
  const bool standard = domain.empty() || domain == kTrainingDomain;
  const OnnxOp* row = find_onnx_op(node.op_type(), standard ? "" : domain);
  if (!standard && !row) {
    throw NodeFault{
        Status::kUnsupported,
        domain == kMicrosoftDomain
            ? fmt::format("{} of domain '{}' is not supported", node.op_type(), domain)
            : fmt::format("{} of domain '{}' is not one of ONNX's operators", node.op_type(),
                          domain),
        "export with standard operators only, or give the model the operator as a function"};
  }
  const auto set = scope.opsets.find(domain);
  const int64_t opset = set != scope.opsets.end() ? set->second : domain.empty() ? 7 : 1;
  const auto schema = standard ? find_schema(domain, node.op_type(), opset) : schema_of(*row);
  if (!schema) {
    const auto newer = find_schema(domain, node.op_type(), newest_opset());
    throw NodeFault{Status::kBadInput,
                    newer ? fmt::format("{} is not in operator set {}, which the model imports",
                                        node.op_type(), opset)
                          : fmt::format("ONNX has no operator '{}'", node.op_type()),
                    did_you_mean(node.op_type(), operator_names(domain))};
  }
  check_against(*schema, node);
  const auto body = row ? std::nullopt : function_body(*schema, opset);
  if (!row && !body) {
    throw NodeFault{Status::kUnsupported,
                    fmt::format("{} (operator set {}) is not supported", node.op_type(), opset),
                    "docs/onnx.md lists the operators that are not"};
  }
  if (checking) return {};
  if (body) return call(*body, node, inputs, true);
  const std::string place = place_of(node);
  OnnxNode view(node, opset, std::move(inputs), *this,
                ir::Builder(graph_).at(ir::Place::named(place)).folding());
  OnnxScope* const before = std::exchange(current_, &scope);
  const std::string outer = outer_place_;
  node_place_ = place;
  try {
    row->import(view);
  } catch (...) {
    current_ = before;
    outer_place_ = outer;
    throw;
  }
  current_ = before;
  std::vector<ir::ValueId> results = view.results();
  if (node.op_type() == "DequantizeLinear" && !results.empty() && results[0])
    results[0] = dequantized(node, results[0]);
  return results;
}

}  // namespace linnet::frontend
