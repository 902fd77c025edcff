// The state of one import; import*.cpp define its parts.
#pragma once

#include "frontend/frontend.h"
#include "frontend/onnx/import/fixed_input.h"
#include "frontend/onnx/import/model_file.h"
#include "frontend/onnx/import/node.h"
#include "frontend/onnx/import/schemas.h"
#include "ir/value_map.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace linnet::frontend {

// "ai.onnx" is another name of the domain "".
[[nodiscard]] inline std::string domain_of(const std::string& domain) {
  return domain == "ai.onnx" ? "" : domain;
}

// Nodes of the file after functions are inlined and loops are written out.
inline constexpr int64_t kMostNodes = 1 << 16;
[[nodiscard]] NodeFault too_many_nodes();

// Names of one graph; a nested graph sees those around it, a function's body does not.
struct OnnxScope {
  std::map<std::string, std::shared_ptr<OnnxEntry>> names;
  OnnxScope* outer = nullptr;
  std::map<std::string, int64_t> opsets;  // by domain
};

class OnnxImporter final : public OnnxGraph {
public:
  OnnxImporter(std::string path, const ::onnx::ModelProto& model, const ImportOptions& options,
               Diagnostics& diagnostics);

  // nullopt, with everything that is wrong reported, if the model cannot be imported.
  std::optional<ir::Module> run();

  ir::ValueId value(OnnxEntry& entry, InitializerUse use) override;
  std::optional<ir::Tensor> known(const OnnxEntry& entry) override;
  ir::Tensor tensor(const ::onnx::TensorProto& proto) override;
  std::vector<ir::ValueId> inlined(const ::onnx::GraphProto& body,
                                   const std::vector<ir::ValueId>& inputs,
                                   const std::string& remedy) override;
  void decided(const std::vector<ir::ValueId>& results) override;
  void warn(std::string message, std::string remedy) override;
  int64_t next_stream() override { return next_stream_++; }
  [[nodiscard]] int64_t widened_batch() const override { return widened_batch_; }
  [[nodiscard]] bool depends_on_input(ir::ValueId value) const override;
  [[nodiscard]] std::string bind_remedy(ir::ValueId value) const override;

private:
  // import_ports.cpp: what comes in and goes out of the model.
  void add_initializers(const ::onnx::GraphProto& graph, OnnxScope& scope);
  void add_inputs();
  void widen_batch();
  std::optional<ir::Shape> input_shape(const ::onnx::ValueInfoProto& input);
  [[nodiscard]] std::vector<std::string> free_sizes() const;
  [[nodiscard]] const OnnxState* state_of(const std::string& input) const;
  void check_states();
  void add_states();
  [[nodiscard]] bool is_batch(const std::string& size) const;
  [[nodiscard]] std::optional<ir::Tensor> fixed_value(const std::string& input) const;
  void fix_input(const ::onnx::ValueInfoProto& input, const ir::Tensor& value, ir::DType dtype);
  void check_binds();
  void add_outputs();
  void remark_on_half();
  void warn_of_mixed_samples();
  void check_declared(const ::onnx::ValueInfoProto& declared, ir::ValueId value,
                      std::string_view what);

  // import.cpp: nodes.
  void add_nodes(const google::protobuf::RepeatedPtrField<::onnx::NodeProto>& nodes,
                 OnnxScope& scope);
  void add_node(const ::onnx::NodeProto& node, OnnxScope& scope);
  std::vector<ir::ValueId> import_node(const ::onnx::NodeProto& node, OnnxScope& scope,
                                       std::vector<OnnxEntry*> inputs);
  void check_against(const OnnxSchema& schema, const ::onnx::NodeProto& node) const;

  // import_parameters.cpp: what is learnt.
  ir::ValueId add_parameter(const std::string& name, ir::Tensor elements, ir::SlotKind kind,
                            ir::Place place);
  [[nodiscard]] const ::onnx::TensorProto* weight_of(const ::onnx::NodeProto& node) const;
  ir::ValueId dequantized(const ::onnx::NodeProto& node, ir::ValueId result);
  std::optional<ir::Tensor> computed(ir::ValueId value, int64_t most_bytes);
  void finish_graph();

  // import_nested.cpp: graphs in the place of a node.
  std::vector<ir::ValueId> call(const ::onnx::FunctionProto& function,
                                const ::onnx::NodeProto& node,
                                const std::vector<OnnxEntry*>& inputs, bool defined);
  [[nodiscard]] const ::onnx::FunctionProto* local_function(const ::onnx::NodeProto& node) const;

  void define(const std::string& name, OnnxEntry entry, OnnxScope& scope, std::string_view what) {
    define(name, std::make_shared<OnnxEntry>(entry), scope, what);
  }
  void define(const std::string& name, std::shared_ptr<OnnxEntry> entry, OnnxScope& scope,
              std::string_view what);
  OnnxEntry* find(const std::string& name, OnnxScope& scope);

  // Values that this one depends on, itself included.
  [[nodiscard]] ir::ValueMap<bool> sources_of(ir::ValueId value) const;
  void report(const std::string& place, const NodeFault& fault);
  void report_here(std::string message, std::string remedy = "", Status status = Status::kBadInput);
  [[nodiscard]] std::string place_of(const ::onnx::NodeProto& node) const;
  void name_value(ir::ValueId value, const std::string& name);

  std::string path_, folder_;
  const ::onnx::ModelProto& model_;
  const ImportOptions& options_;
  Diagnostics& diagnostics_;
  ir::Module module_;
  ir::Graph graph_;
  OnnxScope root_;
  OnnxScope* current_ = nullptr;       // of the node under import
  std::string node_place_;             // of the node under import
  std::vector<std::string> calls_;     // functions and nested graphs under way
  std::string outer_place_;            // of the node they stand for; "" at the top
  std::vector<std::string> remedies_;  // of the nested graphs under way
  std::set<int32_t> decided_;          // values made by the one branch of an If
  // Entries of nested graphs' initializers and of Constants: a loop reads them in every round.
  std::map<const ::onnx::TensorProto*, std::shared_ptr<OnnxEntry>> weights_;
  std::vector<std::unique_ptr<::onnx::FunctionProto>> bodies_;  // which they may stand in
  std::map<std::string, std::vector<ir::ValueId>> dequantized_;
  std::set<std::string> looked_into_;  // slots whose values decided something
  bool in_defined_function_ = false;   // the body that ONNX gives an operator
  std::set<Status> hinted_;            // kinds of faults that a general remedy stands behind
  std::vector<Diagnostic> warnings_;   // said when the model is known to be right
  std::set<std::string> used_binds_;
  std::set<int32_t> named_;  // values that have their final name
  int64_t next_stream_ = 0;
  int64_t widened_batch_ = 1;
  bool used_batch_ = false;
  int64_t nodes_ = 0;
};

}  // namespace linnet::frontend
