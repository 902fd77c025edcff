// What an ONNX model becomes, as text; and what is said of one that cannot be imported.
#include "frontend/onnx/import.h"

#include "frontend/onnx/node.h"
#include "frontend/onnx/schemas.h"

#include "ir/print.h"
#include "ir/verify.h"
#include "runtime/io/file.h"
#include "support/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx-ml.pb.h>

#include <algorithm>
#include <filesystem>

namespace linnet::frontend {
namespace {

using ::onnx::AttributeProto;
using ::onnx::GraphProto;
using ::onnx::ModelProto;
using ::onnx::NodeProto;
using ::onnx::TensorProto;
using Names = std::vector<std::string>;

NodeProto& add_node(GraphProto& graph, const std::string& op, const Names& inputs,
                    const Names& outputs) {
  NodeProto& node = *graph.add_node();
  node.set_op_type(op);
  node.set_name("n_" + outputs.front());
  for (const std::string& name : inputs)
    node.add_input(name);
  for (const std::string& name : outputs)
    node.add_output(name);
  return node;
}

void set(NodeProto& node, const std::string& name, int64_t value) {
  AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(AttributeProto::INT);
  attribute.set_i(value);
}

void add_port(::onnx::ValueInfoProto& port, const std::string& name, const std::vector<int>& dims) {
  port.set_name(name);
  auto& tensor = *port.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(TensorProto::FLOAT);
  auto& shape = *tensor.mutable_shape();
  for (int size : dims) {
    if (size < 0) {
      shape.add_dim()->set_dim_param("free");
    } else {
      shape.add_dim()->set_dim_value(size);
    }
  }
}

void add_floats(GraphProto& graph, const std::string& name, const std::vector<int64_t>& dims,
                const std::vector<float>& values) {
  TensorProto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(TensorProto::FLOAT);
  for (int64_t size : dims)
    tensor.add_dims(size);
  for (float value : values)
    tensor.add_float_data(value);
}

void add_ints(GraphProto& graph, const std::string& name, const std::vector<int64_t>& values) {
  TensorProto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(TensorProto::INT64);
  tensor.add_dims(static_cast<int64_t>(values.size()));
  for (int64_t value : values)
    tensor.add_int64_data(value);
}

ModelProto model_of(const GraphProto& graph, int opset = 17) {
  ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(opset);
  *model.mutable_graph() = graph;
  return model;
}

ImportOptions bound(std::map<std::string, int64_t> sizes) {
  ImportOptions options;
  options.binds = std::move(sizes);
  return options;
}

class OnnxImport : public testing::Test {
protected:
  OnnxImport() : folder_(std::filesystem::path(testing::TempDir()) / "linnet_onnx_import") {
    std::filesystem::create_directories(folder_);
  }
  ~OnnxImport() override { std::filesystem::remove_all(folder_); }

  std::optional<ir::Module> import(const ModelProto& model, const ImportOptions& options = {}) {
    const std::string path = (folder_ / "model.onnx").string();
    EXPECT_TRUE(runtime::write_file(path, model.SerializeAsString()).has_value());
    SourceManager sources;
    Diagnostics diagnostics(sources);
    auto module = load_onnx(path, options, diagnostics);
    message_ = diagnostics.text();
    status_ = diagnostics.status();
    for (size_t at = 0; (at = message_.find(path)) != std::string::npos;)
      message_.replace(at, path.size(), "model.onnx");
    if (module) {
      EXPECT_EQ(ir::verify(*module), std::nullopt);
    }
    return module;
  }
  std::string text_of(const ModelProto& model, const ImportOptions& options = {}) {
    const auto module = import(model, options);
    return module ? ir::print(*module).text : message_;
  }

  std::filesystem::path folder_;
  std::string message_;
  Status status_ = Status::kDone;
};

TEST_F(OnnxImport, FloatInitializersAreParametersUnderTheirNames) {
  GraphProto graph;
  add_port(*graph.add_input(), "x", {1, 2});
  add_floats(graph, "fc.weight", {1, 2}, {3, 4});
  add_floats(graph, "fc.bias", {1}, {5});
  NodeProto& gemm = add_node(graph, "Gemm", {"x", "fc.weight", "fc.bias"}, {"y"});
  set(gemm, "transB", 1);
  add_port(*graph.add_output(), "y", {1, 1});
  EXPECT_EQ(text_of(model_of(graph)), R"(lir 1

module model

slot param @fc.weight: f32[1,2] = zeros() value [3, 4]
slot param @fc.bias: f32[1] = zeros() value [5]

graph @predict(%x: f32[1,2], %fc.weight: f32[1,2] = @fc.weight, %fc.bias: f32[1] = @fc.bias) {
  %v0: f32[2,1] = transpose(%fc.weight) {dims = [1, 0]}
  %v1: f32[1,1] = matmul(%x, %v0)
  %y: f32[1,1] = add(%v1, %fc.bias)
  return y = %y
}
)");
}

// flatten as exporters write it: Shape, Gather, Concat, Reshape.
TEST_F(OnnxImport, TheAlgebraOfShapesIsGone) {
  ImportOptions five;
  five.batch = 5;
  GraphProto graph;
  add_port(*graph.add_input(), "x", {-1, 3, 4});
  add_ints(graph, "zero", {0});
  add_ints(graph, "rest", {-1});
  add_node(graph, "Shape", {"x"}, {"sizes"});
  add_node(graph, "Gather", {"sizes", "zero"}, {"batch"});
  set(add_node(graph, "Concat", {"batch", "rest"}, {"shape"}), "axis", 0);
  add_node(graph, "Reshape", {"x", "shape"}, {"y"});
  add_port(*graph.add_output(), "y", {-1, 12});
  EXPECT_EQ(text_of(model_of(graph), five), R"(lir 1

module model

graph @predict(%x: f32[5,3,4]) {
  %y: f32[5,12] = reshape(%x) {shape = [5, 12]}
  return y = %y
}
)");
}

TEST_F(OnnxImport, AFunctionOfTheModelIsItsBody) {
  GraphProto graph;
  add_port(*graph.add_input(), "x", {2});
  NodeProto& call = add_node(graph, "Leaky", {"x"}, {"y"});
  call.set_domain("mine");
  AttributeProto& slope = *call.add_attribute();
  slope.set_name("slope");
  slope.set_type(AttributeProto::FLOAT);
  slope.set_f(0.25F);
  add_port(*graph.add_output(), "y", {2});
  ModelProto model = model_of(graph);
  auto& set = *model.add_opset_import();
  set.set_domain("mine");
  set.set_version(1);
  ::onnx::FunctionProto& function = *model.add_functions();
  function.set_domain("mine");
  function.set_name("Leaky");
  function.add_input("a");
  function.add_output("b");
  function.add_attribute("slope");
  function.add_opset_import()->set_version(17);
  NodeProto& inner = *function.add_node();
  inner.set_op_type("LeakyRelu");
  inner.add_input("a");
  inner.add_output("b");
  AttributeProto& alpha = *inner.add_attribute();
  alpha.set_name("alpha");
  alpha.set_type(AttributeProto::FLOAT);
  alpha.set_ref_attr_name("slope");
  EXPECT_THAT(text_of(model),
              testing::HasSubstr("%y: f32[2] = leaky_relu(%x) {negative_slope = 0.25}"));
}

TEST_F(OnnxImport, AnIfOnAConstantIsItsBranch) {
  GraphProto graph;
  add_port(*graph.add_input(), "x", {2});
  TensorProto& condition = *graph.add_initializer();
  condition.set_name("condition");
  condition.set_data_type(TensorProto::BOOL);
  condition.add_int32_data(0);
  NodeProto& node = add_node(graph, "If", {"condition"}, {"y"});
  for (const char* branch : {"then_branch", "else_branch"}) {
    AttributeProto& attribute = *node.add_attribute();
    attribute.set_name(branch);
    attribute.set_type(AttributeProto::GRAPH);
    GraphProto& body = *attribute.mutable_g();
    add_node(body, branch[0] == 't' ? "Exp" : "Tanh", {"x"}, {"z"});
    add_port(*body.add_output(), "z", {2});
  }
  add_port(*graph.add_output(), "y", {2});
  EXPECT_THAT(text_of(model_of(graph)),
              testing::HasSubstr("%z: f32[2] = tanh(%x)\n  return y = %z"));
}

TEST_F(OnnxImport, EverythingThatIsNotSupportedIsSaidAtOnce) {
  GraphProto graph;
  add_port(*graph.add_input(), "x", {2});
  add_node(graph, "NonZero", {"x"}, {"a"});
  add_node(graph, "Relu", {"a"}, {"b"});
  add_node(graph, "Unique", {"b"}, {"y"});
  add_port(*graph.add_output(), "y", {2});
  EXPECT_FALSE(import(model_of(graph)));
  EXPECT_EQ(status_, Status::kUnsupported);
  EXPECT_EQ(message_,
            R"(model.onnx: node 'n_a' (NonZero): error: NonZero (operator set 17) is not supported
help: docs/onnx.md lists the operators that are not
model.onnx: node 'n_y' (Unique): error: Unique (operator set 17) is not supported
help: docs/onnx.md lists the operators that are not
)");
}

TEST_F(OnnxImport, AWrongShapeIsSaidAtTheNode) {
  GraphProto graph;
  add_port(*graph.add_input(), "x", {1, 3, 8, 8});
  add_floats(graph, "w", {4, 2, 1, 1}, std::vector<float>(8, 1));
  add_node(graph, "Conv", {"x", "w"}, {"y"});
  add_port(*graph.add_output(), "y", {1, 4, 8, 8});
  EXPECT_FALSE(import(model_of(graph)));
  EXPECT_EQ(status_, Status::kBadInput);
  EXPECT_EQ(message_,
            "model.onnx: node 'n_y' (Conv): error: weight expects 2 input channels, value "
            "has 3\n");
}

TEST_F(OnnxImport, FreeSizesAreNamed) {
  GraphProto graph;
  add_port(*graph.add_input(), "x", {1, -1});
  add_node(graph, "Relu", {"x"}, {"y"});
  add_port(*graph.add_output(), "y", {1, -1});
  EXPECT_FALSE(import(model_of(graph)));
  EXPECT_EQ(message_, "model.onnx: input 'x': error: dimension 1, 'free', has no size\n"
                      "help: give it one: --bind free=…\n");
  EXPECT_TRUE(import(model_of(graph), bound({{"free", 7}})));
  EXPECT_FALSE(import(model_of(graph), bound({{"free", 7}, {"other", 7}})));
  EXPECT_EQ(message_, "model.onnx: error: --bind other=7: no input has such a dimension\n"
                      "help: its free sizes are free\n");
}

// The list in docs/onnx.md of what is missing is the list of what is missing.
TEST(OnnxDocs, NameWhatIsMissing) {
  const Names rows = onnx_op_names();
  Names missing;
  for (const std::string& name : operator_names("")) {
    const auto schema = find_schema("", name, newest_opset());
    if (!schema || schema->deprecated || std::ranges::find(rows, name) != rows.end() ||
        function_body(*schema, newest_opset()))
      continue;
    missing.push_back(name);
  }
  const auto bytes = runtime::read_file(LINNET_SOURCE_DIR "/docs/onnx.md");
  ASSERT_TRUE(bytes.has_value());
  std::string words;  // each run of blanks one blank
  for (uint8_t c : *bytes) {
    const bool blank = c == ' ' || c == '\n';
    if (!blank || words.empty() || words.back() != ' ') words += blank ? ' ' : static_cast<char>(c);
  }
  EXPECT_THAT(words, testing::HasSubstr("these of ONNX's: " + join(missing, ", ") + "."));
}

}  // namespace
}  // namespace linnet::frontend
