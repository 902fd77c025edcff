// One ONNX node under import: what the row of its operator sees. Everything asked for in vain
// throws, with a message that the importer reports at the node.
#pragma once

#include "ir/gradient.h"
#include "ir/op_def.h"

#include "support/diag.h"

#include <onnx-ml.pb.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::frontend {

// Why a node cannot be imported.
struct NodeFault {
  Status status = Status::kBadInput;
  std::string message;
  std::string remedy;
};

// What a name of the graph stands for: a value, or an initializer that nothing has read yet.
struct OnnxEntry {
  ir::ValueId value;
  const ::onnx::TensorProto* initializer = nullptr;
  bool unknown = false;  // what should have made it could not be imported
  std::string name;      // of the Constant that holds the initializer; "": the initializer's own
};

// How an initializer becomes a value.
enum class InitializerUse {
  kParameter,  // floats of one dimension or more: a parameter that is trained
  kBuffer,     // floats: a running statistic
  kConstant,   // part of the program
};

// What the importer does for its nodes.
class OnnxGraph {
public:
  virtual ~OnnxGraph() = default;
  virtual ir::ValueId value(OnnxEntry& entry, InitializerUse use) = 0;
  // nullopt if only a run could tell.
  virtual std::optional<ir::Tensor> known(const OnnxEntry& entry) = 0;
  virtual ir::Tensor tensor(const ::onnx::TensorProto& proto) = 0;
  // A nested graph in place of the node, its inputs bound to `inputs`; its outputs. `remedy` is
  // added to what is said of its nodes.
  virtual std::vector<ir::ValueId> inlined(const ::onnx::GraphProto& body,
                                           const std::vector<ir::ValueId>& inputs,
                                           const std::string& remedy = "") = 0;
  // The results are those of one branch: what the file declares of them may be the other's types.
  virtual void decided(const std::vector<ir::ValueId>& results) = 0;
  virtual int64_t next_stream() = 0;  // of random numbers
  // Says at the node what is done in another way than the model asks for.
  virtual void warn(std::string message, std::string remedy) = 0;
  // Samples that take the place of the one a model was exported for; 1 otherwise.
  [[nodiscard]] virtual int64_t widened_batch() const = 0;
  // Or on parameters and constants alone?
  [[nodiscard]] virtual bool depends_on_input(ir::ValueId value) const = 0;
  // "fix what decides it …: --bind sr=…" where the value depends on small inputs; else "".
  [[nodiscard]] virtual std::string bind_remedy(ir::ValueId value) const = 0;
};

class OnnxNode {
public:
  using Var = ir::Var;

  OnnxNode(const ::onnx::NodeProto& proto, int64_t opset, std::vector<OnnxEntry*> inputs,
           OnnxGraph& graph, ir::Builder builder)
      : proto_(proto), opset_(opset), inputs_(std::move(inputs)), graph_(graph),
        builder_(std::move(builder)), results_(static_cast<size_t>(proto.output_size())) {}

  [[nodiscard]] const std::string& op() const { return proto_.op_type(); }
  // Version of the operator set that the node's domain has in this model.
  [[nodiscard]] int64_t opset() const { return opset_; }
  [[nodiscard]] ir::Builder& builder() { return builder_; }
  [[nodiscard]] OnnxGraph& graph() { return graph_; }

  // Inputs. An initializer of floats becomes a parameter when it is read by `in`.
  [[nodiscard]] size_t input_count() const { return inputs_.size(); }
  [[nodiscard]] bool has(size_t i) const { return i < inputs_.size() && inputs_[i] != nullptr; }
  [[nodiscard]] Var in(size_t i, InitializerUse use = InitializerUse::kParameter);
  // What is known before the model runs: a constant, or computed from shapes and constants.
  [[nodiscard]] std::optional<ir::Tensor> known(size_t i);
  // The same where nothing else will do; `what` names it in the message.
  [[nodiscard]] ir::Tensor constant(size_t i, std::string_view what);
  [[nodiscard]] ir::Ints ints(size_t i, std::string_view what);
  [[nodiscard]] int64_t integer(size_t i, std::string_view what);
  [[nodiscard]] double number(size_t i, std::string_view what);
  [[nodiscard]] std::vector<double> numbers(size_t i, std::string_view what);

  // Attributes.
  [[nodiscard]] int attribute_count() const { return proto_.attribute_size(); }
  [[nodiscard]] const ::onnx::AttributeProto* find(std::string_view name) const;
  [[nodiscard]] int64_t integer(std::string_view name, int64_t fallback) const;
  [[nodiscard]] double number(std::string_view name, double fallback) const;
  [[nodiscard]] bool flag(std::string_view name, bool fallback) const;
  [[nodiscard]] std::string text(std::string_view name, std::string fallback) const;
  [[nodiscard]] ir::Ints ints(std::string_view name, ir::Ints fallback = {}) const;
  [[nodiscard]] std::vector<double> numbers(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> texts(std::string_view name) const;
  // An attribute `axis` brought into 0 … rank − 1.
  [[nodiscard]] size_t axis(int64_t given, size_t rank) const;

  // Results.
  [[nodiscard]] bool wants(size_t i) const {
    return i < results_.size() && !proto_.output(static_cast<int>(i)).empty();
  }
  [[nodiscard]] size_t output_count() const { return results_.size(); }
  void give(const Var& result) { give(0, result); }
  void give(size_t i, const Var& result) {
    if (i < results_.size()) results_[i] = result.id();
  }
  [[nodiscard]] const std::vector<ir::ValueId>& results() const { return results_; }

  // Constants.
  [[nodiscard]] Var var(ir::ValueId id) { return {builder_, id}; }
  [[nodiscard]] Var literal(ir::Tensor tensor) { return var(builder_.constant(std::move(tensor))); }
  [[nodiscard]] Var literal(ir::DType dtype, double value) {
    return literal(ir::Tensor::splat({dtype, {}, {}}, value));
  }
  [[nodiscard]] Var literal(const ir::Ints& values);  // i64 [n]
  [[nodiscard]] Var literal(ir::DType dtype, const ir::Shape& shape,
                            const std::vector<double>& values);

  // The model is wrong; it is right, but linnet cannot do it.
  [[noreturn]] void wrong(std::string message, std::string remedy = "") const;
  [[noreturn]] void unsupported(std::string message, std::string remedy = "") const;

private:
  [[nodiscard]] const ::onnx::AttributeProto*
  find(std::string_view name, ::onnx::AttributeProto::AttributeType type) const;

  const ::onnx::NodeProto& proto_;
  int64_t opset_;
  std::vector<OnnxEntry*> inputs_;
  OnnxGraph& graph_;
  ir::Builder builder_;
  std::vector<ir::ValueId> results_;
};

// How an operator is imported: one row each, in frontend/onnx/ops/.
struct OnnxOp {
  std::string_view name;
  void (*import)(OnnxNode& node);
  // Of operators that are not ONNX's, for which it has no schema: their domain, how many inputs and
  // outputs they have, and attributes as "axis:2,alpha:1!" (name, type, whether it is required).
  std::string_view domain = "";
  int least_inputs = 0, most_inputs = 0, most_outputs = 1;
  std::string_view attributes = "";
};

// The domain of the operators that ONNX Runtime adds.
inline constexpr std::string_view kMicrosoftDomain = "com.microsoft";

// The row of an operator of ONNX's domains ("" and "ai.onnx.preview.training"), or of another, or
// nullptr.
[[nodiscard]] const OnnxOp* find_onnx_op(std::string_view name, std::string_view domain = "");
// Names of all rows of a domain, sorted.
[[nodiscard]] std::vector<std::string> onnx_op_names(std::string_view domain = "");

}  // namespace linnet::frontend
