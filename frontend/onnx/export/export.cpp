// Writes the module's entry, its slots and metadata as ONNX, through the rows of export_ops.
#include "frontend/onnx/export/export.h"

#include "frontend/onnx/export/export_ops.h"

#include "ir/initialize.h"
#include "ir/loop.h"
#include "ir/print.h"
#include "ir/rewrite.h"
#include "ir/scalar_nodes.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace linnet::frontend {
namespace {

// A protobuf message stays below this.
constexpr int64_t kMostBytes = (int64_t{1} << 31) - 1;

// What has no row is written by the ops it is made of: those of its expansion, or of its formula.
bool expands(const ir::Node& node) {
  if (export_row(*node.op)) return false;
  return node.op->expand || ir::has_scalar_expansion(*node.op, node.attrs);
}

// The node computed in a dtype for which ONNX has its op; nothing where it has it as it is.
std::vector<ir::ValueId> in_other_dtype(ir::Rewriter& rewriter, const ir::Node& node) {
  const ExportRow* row = export_row(*node.op);
  if (!row || !row->through) return {};
  const ir::Graph& old = rewriter.old();
  const ir::DType dtype = old.value(node.operands[0]).type.dtype;
  const ir::DType other = row->through(dtype);
  if (other == dtype) return {};
  ir::Builder builder = rewriter.at(node.place);
  std::vector<ir::ValueId> operands = rewriter.mapped(node.operands);
  for (ir::ValueId& operand : operands) {
    if (operand) operand = builder.create(ir::ops::cast, {operand}, {{"dtype", other}}, "cast");
  }
  ir::ValueId result = builder.create(*node.op, operands, node.attrs, node.op->name);
  if (const ir::DType wanted = old.value(node.results[0]).type.dtype;
      builder.type(result).dtype != wanted)
    result = builder.create(ir::ops::cast, {result}, {{"dtype", wanted}}, "cast");
  return {result};
}

// Only ops that ONNX has: what has no row is expanded, what is the identity at inference goes.
ir::Graph prepared(ir::Graph graph) {
  const auto visit = [](ir::Rewriter& rewriter, ir::NodeId, const ir::Node& node) {
    std::vector<ir::ValueId> results;
    if (node.op->has(ir::kTrainingOnly)) {
      results = {rewriter[node.operands[0]]};
    } else {
      results = in_other_dtype(rewriter, node);
      if (expands(node)) {
        ir::Builder builder = rewriter.at(node.place);
        const auto operands = rewriter.mapped(node.operands);
        results = node.op->expand ? node.op->expand(builder, operands, node.attrs)
                                  : ir::scalar_expansion(*node.op, builder, operands, node.attrs);
      }
      if (!results.empty()) rewriter.rename(results[0], rewriter.old().value(node.results[0]).name);
    }
    for (size_t i = 0; i < results.size(); ++i)
      rewriter.replace(node.results[i], results[i]);
    return !results.empty();
  };
  do {
    graph = ir::rewrite(graph, visit);
  } while (std::ranges::any_of(graph.nodes(), expands));
  return graph;
}

// Ops without a place in ONNX, all of them.
bool all_known(const ir::Graph& graph, Diagnostics& diagnostics) {
  bool known = true;
  for (const ir::Node& node : graph.nodes()) {
    const ExportRow* row = export_row(*node.op);
    if (node.tensor || (row && row->refused.empty())) continue;
    Diagnostic diagnostic;
    diagnostic.place = node.place.diag();
    const bool from_passes = node.op->has(ir::kStructural);
    diagnostic.message = fmt::format("{} cannot be exported: {}", node.op->name,
                                     row           ? row->refused
                                     : from_passes ? "it comes from the passes"
                                                   : "linnet knows nothing in ONNX that it is");
    if (!row && from_passes) diagnostic.remedy = "export the model as it is before the passes";
    diagnostic.status = Status::kUnsupported;
    diagnostics.report(std::move(diagnostic));
    known = false;
  }
  return known;
}

void report_size(const ir::Module& module, Diagnostics& diagnostics) {
  Diagnostic diagnostic;
  diagnostic.message = module.name + ": its weights take more than the 2 GiB of an ONNX file";
  diagnostic.status = Status::kUnsupported;
  diagnostics.report(std::move(diagnostic));
}

bool fits(const ir::Module& module, const ir::Graph& graph, Diagnostics& diagnostics) {
  int64_t bytes = 0;
  for (const ir::GraphInput& input : graph.inputs) {
    if (!input.slot.empty() && module.slot(input.slot)->kind != ir::SlotKind::kState)
      bytes += std::min(graph.value(input.value).type.stored_bytes(), kMostBytes);
  }
  for (const ir::Node& node : graph.nodes())
    bytes += node.tensor ? static_cast<int64_t>(node.tensor->bytes().size()) : 0;
  if (bytes < kMostBytes) return true;
  report_size(module, diagnostics);
  return false;
}

// Sizes that follow the batch, or a warning that says why it is not left open.
BatchSizes batch_sizes(const ir::Graph& graph, const ExportOptions& options,
                       Diagnostics& diagnostics) {
  std::vector<ir::Graph> graphs;
  for (const AtBatch& other : options.others)
    graphs.push_back(prepared(ir::without_loops(other.module, other.module.graphs.front())));
  std::vector<std::pair<int64_t, const ir::Graph*>> others;
  for (size_t i = 0; i < graphs.size(); ++i)
    others.emplace_back(options.others[i].batch, &graphs[i]);
  auto sizes = BatchSizes::compare(graph, others, shape_attr);
  std::string why = sizes ? "" : sizes.error().message;
  bool from_input = sizes && !sizes->any();
  for (const ir::GraphInput& input : graph.inputs) {
    const size_t rank = graph.value(input.value).type.rank();
    for (size_t dim = 0; sizes && dim < rank; ++dim)
      from_input = from_input || (input.slot.empty() && sizes->factor(input.value, dim) == 1);
  }
  if (sizes && !from_input) why = "no input has the batch as a size";
  if (why.empty()) return *sizes;
  Diagnostic diagnostic;
  diagnostic.severity = Severity::kWarning;
  if (!sizes) diagnostic.place = sizes.error().place.diag();
  diagnostic.message = "the file is for batches of 1: " + why;
  diagnostic.remedy = "--batch N makes one for N samples";
  diagnostics.report(std::move(diagnostic));
  return {};
}

class Exporter {
public:
  Exporter(const ir::Module& module, const ir::Graph& graph, const BatchSizes& sizes, uint64_t seed,
           onnx::ModelProto& model)
      : module_(module), graph_(graph), sizes_(sizes), seed_(seed), model_(model),
        proto_(*model.mutable_graph()), writer_(graph, sizes, proto_) {}

  void run() {
    proto_.set_name(module_.name);
    write_inputs();
    name_outputs();
    for (const ir::GraphInput& input : graph_.inputs) {
      if (is_parameter(input)) writer_.name(input.value, input.slot);
    }
    plan();
    write_initializers();
    for (const Step& step : steps_)
      step.pattern ? step.pattern->write(writer_) : write_node(writer_, *step.node);
    write_outputs();
    describe_values();
    write_metadata();
  }

private:
  // A node, or with a pattern several that end in it.
  struct Step {
    const ir::Node* node;
    std::optional<ExportPattern> pattern;
  };

  [[nodiscard]] bool is_parameter(const ir::GraphInput& input) const {
    return !input.slot.empty() && module_.slot(input.slot)->kind != ir::SlotKind::kState;
  }

  void write_inputs() {
    for (const ir::GraphInput& input : graph_.inputs) {
      if (is_parameter(input)) continue;
      writer_.name(input.value, input.slot.empty() ? graph_.value(input.value).name : input.slot);
      writer_.describe(*proto_.add_input(), writer_[input.value], input.value);
    }
  }

  // Outputs have the model's names. A value that is an output bears its name, but for constants,
  // inputs and what is an output twice: these are copied by an Identity at the end.
  void name_outputs() {
    std::vector<bool> taken(graph_.values().size(), false);
    for (const ir::GraphOutput& output : graph_.outputs) {
      const std::string wanted = output.slot.empty() ? output.name : output.slot + ".next";
      const ir::Node* node = graph_.producer(output.value);
      const auto value = static_cast<size_t>(output.value.index);
      if (node && !node->tensor && !taken[value]) {
        taken[value] = true;
        writer_.name(output.value, wanted);
        output_names_.push_back(writer_[output.value]);
      } else {
        output_names_.push_back(writer_.unique(wanted));
      }
    }
  }

  // Backwards from the outputs: what is needed, and which nodes are one op together.
  void plan() {
    std::vector<int> uses;
    for (const auto& users : graph_.users())
      uses.push_back(static_cast<int>(users.size()));
    needed_.assign(graph_.values().size(), false);
    const auto need = [&](ir::ValueId value) {
      if (value) needed_[static_cast<size_t>(value.index)] = true;
    };
    for (const ir::GraphOutput& output : graph_.outputs)
      need(output.value);
    for (auto node = graph_.nodes().rbegin(); node != graph_.nodes().rend(); ++node) {
      if (node->tensor || !std::ranges::any_of(node->results, [&](ir::ValueId r) {
            return needed_[static_cast<size_t>(r.index)];
          }))
        continue;
      Step step{&*node, export_pattern(graph_, sizes_, uses, *node)};
      std::ranges::for_each(step.pattern ? step.pattern->inputs : node->operands, need);
      steps_.push_back(std::move(step));
    }
    std::ranges::reverse(steps_);
  }

  // Every parameter, read or not, as a state_dict has it; of constants those that are read.
  void write_initializers() {
    for (const ir::GraphInput& input : graph_.inputs) {
      if (!is_parameter(input)) continue;
      writer_.initializer(writer_[input.value],
                          ir::initial_value(module_, *module_.slot(input.slot), seed_));
    }
    for (const ir::Node& node : graph_.nodes()) {
      if (node.tensor && needed_[static_cast<size_t>(node.results[0].index)])
        writer_.initializer(writer_[node.results[0]], *node.tensor);
    }
  }

  void write_outputs() {
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      const ir::ValueId value = graph_.outputs[i].value;
      const std::string& name = output_names_[i];
      if (writer_[value] != name) {
        onnx::NodeProto& node = *proto_.add_node();
        node.set_name(name);
        node.set_op_type("Identity");
        node.add_input(writer_[value]);
        node.add_output(name);
      }
      writer_.describe(*proto_.add_output(), name, value);
    }
  }

  // The types in between, for those who read the file.
  void describe_values() {
    for (const Step& step : steps_) {
      for (ir::ValueId result : step.node->results) {
        const std::string& name = writer_[result];
        if (std::ranges::find(output_names_, name) == output_names_.end())
          writer_.describe(*proto_.add_value_info(), name, result);
      }
    }
  }

  void metadata(std::string key, std::string value) {
    onnx::StringStringEntryProto& entry = *model_.add_metadata_props();
    entry.set_key(std::move(key));
    entry.set_value(std::move(value));
  }

  void write_metadata() {
    for (const ir::Declaration& declaration : module_.data)
      metadata("linnet.data." + declaration.target, to_string(declaration.recipe));
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      const std::string& path = graph_.outputs[i].slot;
      if (path.empty()) continue;
      metadata("linnet.state." + path, output_names_[i]);
      metadata("linnet.initial." + path, to_string(module_.slot(path)->initializer));
    }
    if (module_.untrained()) metadata("linnet.untrained", "parameters are initial values");
  }

  const ir::Module& module_;
  const ir::Graph& graph_;
  const BatchSizes& sizes_;
  uint64_t seed_;
  onnx::ModelProto& model_;
  onnx::GraphProto& proto_;
  OnnxWriter writer_;
  std::vector<std::string> output_names_;
  std::vector<bool> needed_;
  std::vector<Step> steps_;
};

std::string serialized(const onnx::ModelProto& model) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  model.SerializeWithCachedSizes(&coded);
  coded.Trim();
  return bytes;
}

}  // namespace

std::optional<std::string> export_onnx(const ir::Module& module, const ExportOptions& options,
                                       Diagnostics& diagnostics) {
  if (module.graphs.empty()) {
    Diagnostic diagnostic;
    diagnostic.message = module.name + ": there is no graph to export";
    diagnostics.report(std::move(diagnostic));
    return std::nullopt;
  }
  const ir::Graph graph = prepared(ir::without_loops(module, module.graphs.front()));
  const bool known = all_known(graph, diagnostics);
  if (!fits(module, graph, diagnostics) || !known) return std::nullopt;
  const BatchSizes sizes = batch_sizes(graph, options, diagnostics);
  onnx::ModelProto model;
  model.set_ir_version(kOnnxIrVersion);
  model.add_opset_import()->set_version(kOnnxOpset);
  model.set_producer_name("linnet");
  model.set_producer_version(LINNET_VERSION);
  Exporter(module, graph, sizes, options.seed, model).run();
  if (model.ByteSizeLong() > static_cast<size_t>(kMostBytes)) {
    report_size(module, diagnostics);
    return std::nullopt;
  }
  return serialized(model);
}

}  // namespace linnet::frontend
