// What an ONNX model becomes, as text; and what is said of one that cannot be imported.
#include "frontend/onnx/import/import.h"

#include "frontend/onnx/import/fixed_input.h"

#include "frontend/onnx/import/node.h"
#include "frontend/onnx/import/schemas.h"

#include "base/io/file.h"
#include "ir/print.h"
#include "ir/verify.h"
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
    EXPECT_TRUE(write_file(path, model.SerializeAsString()).has_value());
    SourceManager sources;
    Diagnostics diagnostics(sources);
    auto module = load_onnx(path, sources, options, diagnostics);
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

// 1.5, -2 and the largest f16 as bits, as one field has them and another; 0.1 of bfloat16.
TEST_F(OnnxImport, NumbersOf16BitsAreF32AndSaidOnce) {
  GraphProto graph;
  add_port(*graph.add_input(), "x", {3});
  graph.mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(
      TensorProto::FLOAT16);
  TensorProto& bits = *graph.add_initializer();
  bits.set_name("w");
  bits.set_data_type(TensorProto::FLOAT16);
  bits.add_dims(3);
  for (int32_t value : {0x3e00, 0xc000, 0x7bff})
    bits.add_int32_data(value);
  TensorProto& raw = *graph.add_initializer();
  raw.set_name("b");
  raw.set_data_type(TensorProto::BFLOAT16);
  raw.add_dims(1);
  raw.set_raw_data(std::string("\xcd\x3d", 2));
  add_node(graph, "Mul", {"x", "w"}, {"z"});
  set(add_node(graph, "Cast", {"b"}, {"c"}), "to", TensorProto::FLOAT16);
  add_node(graph, "Add", {"z", "c"}, {"y"});
  add_port(*graph.add_output(), "y", {3});
  graph.mutable_output(0)->mutable_type()->mutable_tensor_type()->set_elem_type(
      TensorProto::FLOAT16);
  const std::string text = text_of(model_of(graph));
  EXPECT_THAT(text, testing::HasSubstr("@w: f32[3] = zeros() value [1.5, -2, 65504]"));
  EXPECT_THAT(text, testing::HasSubstr("@b: f32[1] = zeros() value [0.100097656]"));
  EXPECT_EQ(message_,
            "model.onnx: remark: float16 and bfloat16 numbers are taken and computed as f32\n"
            "help: inputs and outputs are f32; files of f16 are converted when they are read\n");
}

TEST_F(OnnxImport, ADropoutInTrainingModeIsLinnetsWithAWarning) {
  GraphProto graph;
  add_port(*graph.add_input(), "x", {3});
  add_floats(graph, "ratio", {}, {0.25F});
  TensorProto& mode = *graph.add_initializer();
  mode.set_name("mode");
  mode.set_data_type(TensorProto::BOOL);
  mode.add_int32_data(1);
  add_node(graph, "Dropout", {"x", "ratio", "mode"}, {"y"});
  add_port(*graph.add_output(), "y", {3});
  ModelProto model = model_of(graph);
  EXPECT_THAT(text_of(model), testing::HasSubstr("%y: f32[3] = dropout(%x) {p = 0.25}"));
  EXPECT_EQ(message_, "model.onnx: node 'n_y' (Dropout): warning: this Dropout was exported in "
                      "training mode: linnet drops while it trains, and nothing in a run\n"
                      "help: export the model in evaluation mode if that is meant\n");
  // Nothing to drop, nothing to say.
  model.mutable_graph()->mutable_initializer(0)->set_float_data(0, 0);
  EXPECT_TRUE(import(model));
  EXPECT_EQ(message_, "");
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
            "has 3\nhelp: onnx.checker.check_model(\"FILE.onnx\", full_check=True) tells whether "
            "others take the file; if so, run onnx.shape_inference or onnxsim on it, or export it "
            "again\n");
}

TEST_F(OnnxImport, AnInputOfATerabyteIsNamed) {
  GraphProto graph;
  add_port(*graph.add_input(), "x", {1 << 19, 1 << 19});
  add_node(graph, "Relu", {"x"}, {"y"});
  add_port(*graph.add_output(), "y", {1 << 19, 1 << 19});
  EXPECT_FALSE(import(model_of(graph)));
  EXPECT_EQ(status_, Status::kUnsupported);
  EXPECT_EQ(message_,
            "model.onnx: input 'x': error: f32[524288,524288] is too large: at most 2 GiB "
            "and 8 dimensions are possible\nhelp: export the model for smaller inputs, or "
            "with free sizes for --bind\n");
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
  EXPECT_EQ(message_,
            "model.onnx: error: --bind other=7: the model has no free size and no input of that "
            "name\nhelp: free sizes: free; inputs: x\n");
}

// Paddle writes -1 or '?', others a name of no letters: sizes of their own, not one.
TEST_F(OnnxImport, SizesWithoutANameAreFreeByTheirPlace) {
  GraphProto graph;
  add_port(*graph.add_input(), "x", {1, -1, -1, -1});
  auto& sizes = *graph.mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape();
  sizes.mutable_dim(1)->set_dim_value(-1);
  sizes.mutable_dim(2)->set_dim_param("?");
  sizes.mutable_dim(3)->set_dim_param("");
  add_node(graph, "Relu", {"x"}, {"y"});
  *graph.add_output() = graph.input(0);
  graph.mutable_output(0)->set_name("y");
  EXPECT_FALSE(import(model_of(graph)));
  EXPECT_EQ(message_, "model.onnx: input 'x': error: dimension 1 has no size\n"
                      "help: give it one: --bind x.1=…\n"
                      "model.onnx: input 'x': error: dimension 2 has no size\n"
                      "help: give it one: --bind x.2=…\n"
                      "model.onnx: input 'x': error: dimension 3 has no size\n"
                      "help: give it one: --bind x.3=…\n");
  EXPECT_THAT(text_of(model_of(graph), bound({{"x.1", 3}, {"x.2", 4}, {"x.3", 5}})),
              testing::HasSubstr("%y: f32[1,3,4,5] = relu(%x)"));
}

// A branch that the model decides gives its own types; what the file says may be the other's.
TEST_F(OnnxImport, AnIfGivesTheTypesOfTheBranchThatIsTaken) {
  GraphProto graph;
  add_port(*graph.add_input(), "x", {2, 1, 3});
  add_ints(graph, "axis", {1});
  add_ints(graph, "one", {1});
  add_node(graph, "Shape", {"x"}, {"sizes"});
  add_node(graph, "Gather", {"sizes", "one"}, {"size"});
  add_node(graph, "Equal", {"size", "one"}, {"is_one"});
  NodeProto& node = add_node(graph, "If", {"is_one"}, {"squeezed"});
  for (const char* branch : {"then_branch", "else_branch"}) {
    AttributeProto& attribute = *node.add_attribute();
    attribute.set_name(branch);
    attribute.set_type(AttributeProto::GRAPH);
    GraphProto& body = *attribute.mutable_g();
    if (branch[0] == 't') {
      add_node(body, "Squeeze", {"x", "axis"}, {"z"});
      add_port(*body.add_output(), "z", {2, 3});
    } else {
      add_node(body, "Identity", {"x"}, {"z"});
      add_port(*body.add_output(), "z", {2, -1, 3});
    }
  }
  add_node(graph, "Tanh", {"squeezed"}, {"y"});
  add_port(*graph.add_value_info(), "squeezed", {2, -1, 3});
  add_port(*graph.add_output(), "y", {2, -1, 3});
  EXPECT_THAT(text_of(model_of(graph)),
              testing::HasSubstr("%z: f32[2,3] = reshape(%x) {shape = [2, 3]}\n"
                                 "  %y: f32[2,3] = tanh(%z)"));
  graph.mutable_node(3)->clear_attribute();  // near miss: no If, and a type that is not made
  graph.mutable_node(3)->set_op_type("Identity");
  graph.mutable_node(3)->set_input(0, "x");
  graph.mutable_output(0)->clear_type();
  add_port(*graph.mutable_output(0), "y", {2, 3});
  EXPECT_FALSE(import(model_of(graph)));
  EXPECT_THAT(message_, testing::HasSubstr("but the nodes make f32[2,1,3]"));
}

// y = x · k, by a branch for each rate; the one for 2 does not fit.
GraphProto two_rates() {
  GraphProto graph;
  add_port(*graph.add_input(), "x", {1, 3});
  ::onnx::ValueInfoProto& rate = *graph.add_input();
  add_port(rate, "rate", {});
  rate.mutable_type()->mutable_tensor_type()->set_elem_type(TensorProto::INT32);
  TensorProto& two = *graph.add_initializer();
  two.set_name("two");
  two.set_data_type(TensorProto::INT32);
  two.add_int32_data(2);
  add_ints(graph, "shape", {1, 2});
  add_node(graph, "Equal", {"rate", "two"}, {"is_two"});
  NodeProto& node = add_node(graph, "If", {"is_two"}, {"y"});
  for (const char* branch : {"then_branch", "else_branch"}) {
    AttributeProto& attribute = *node.add_attribute();
    attribute.set_name(branch);
    attribute.set_type(AttributeProto::GRAPH);
    GraphProto& body = *attribute.mutable_g();
    if (branch[0] == 't')
      add_node(body, "Reshape", {"x", "shape"}, {"z"});
    else
      add_node(body, "Exp", {"x"}, {"z"});
    add_port(*body.add_output(), "z", {1, -1});
  }
  add_port(*graph.add_output(), "y", {1, -1});
  return graph;
}

TEST_F(OnnxImport, AFixedInputIsAConstantThatDecides) {
  EXPECT_EQ(text_of(model_of(two_rates()), bound({{"rate", 3}})), R"(lir 1

module model

graph @predict(%x: f32[1,3]) {
  %z: f32[1,3] = exp(%x)
  return y = %z
}
)");
  ImportOptions real;
  real.values["rate"] = *fixed_number("3.5");
  EXPECT_FALSE(import(model_of(two_rates()), real));
  EXPECT_EQ(message_, "model.onnx: input 'rate': error: --bind rate: 3.5 is no number of type "
                      "i32\nhelp: give a number, "
                      "which fills the input, or @FILE.npy with its shape\n");
  real.values["rate"] = ir::Tensor::from_ints({ir::DType::kI64, {2}, {}}, ir::Ints{3, 3});
  EXPECT_FALSE(import(model_of(two_rates()), real));
  EXPECT_EQ(message_,
            "model.onnx: input 'rate': error: --bind rate: i32[] is expected, the value is "
            "i64[2]\nhelp: give a number, which fills the input, or @FILE.npy with its shape\n");
}

TEST_F(OnnxImport, WhatOnlyARunDecidesNamesTheInputToFix) {
  EXPECT_FALSE(import(model_of(two_rates())));
  EXPECT_THAT(message_, testing::AllOf(testing::HasSubstr("node 'n_z' (Reshape): error: "),
                                       testing::HasSubstr(
                                           "fix what decides it when compiling: --bind rate=…")));
  // A name that is a size as well is the size.
  GraphProto graph = two_rates();
  graph.mutable_input(0)->clear_type();
  add_port(*graph.mutable_input(0), "x", {1, -1});
  graph.mutable_input(1)->set_name("free");
  graph.mutable_node(0)->set_input(0, "free");
  EXPECT_FALSE(import(model_of(graph), bound({{"free", 3}})));
  ImportOptions both = bound({{"free", 3}});
  both.values["free"] = *fixed_number("3");
  EXPECT_THAT(text_of(model_of(graph), both), testing::HasSubstr("graph @predict(%x: f32[1,3]) {"));
}

TEST_F(OnnxImport, TheBatchIsWhereverItsNameStands) {
  GraphProto graph;
  add_port(*graph.add_input(), "x", {-1, 3});
  add_port(*graph.add_input(), "h", {1, -1, 3});
  add_node(graph, "Add", {"x", "h"}, {"y"});
  add_port(*graph.add_output(), "y", {1, -1, 3});
  ImportOptions five;
  five.batch = 5;
  EXPECT_THAT(text_of(model_of(graph), five), testing::HasSubstr("%h: f32[1,5,3]"));
}

TEST_F(OnnxImport, AForcedBatchThatMixesSamplesIsWarnedAbout) {
  GraphProto graph;
  add_port(*graph.add_input(), "x", {1, 3});
  set(add_node(graph, "Softmax", {"x"}, {"over_samples"}), "axis", 0);
  add_port(*graph.add_output(), "over_samples", {1, 3});
  set(add_node(graph, "Softmax", {"x"}, {"over_features"}), "axis", 1);
  add_port(*graph.add_output(), "over_features", {1, 3});
  EXPECT_TRUE(import(model_of(graph)));
  EXPECT_EQ(message_, "");
  ImportOptions five;
  five.batch = 5;
  EXPECT_TRUE(import(model_of(graph), five));
  EXPECT_THAT(message_,
              testing::HasSubstr("warning: --batch 5: what 'over_samples' gives for one sample "
                                 "depends on others: softmax along dimension 0"));
  EXPECT_THAT(message_, testing::Not(testing::HasSubstr("over_features")));
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
  const auto bytes = read_file(LINNET_SOURCE_DIR "/docs/onnx.md");
  ASSERT_TRUE(bytes.has_value());
  std::string words;  // each run of blanks one blank
  for (uint8_t c : *bytes) {
    const bool blank = c == ' ' || c == '\n';
    if (!blank || words.empty() || words.back() != ' ') words += blank ? ' ' : static_cast<char>(c);
  }
  EXPECT_THAT(words, testing::HasSubstr("these of ONNX's: " + join(missing, ", ") + "."));
  // And that of what ONNX Runtime adds.
  EXPECT_THAT(words, testing::HasSubstr("as its quantiser and optimizer write them): " +
                                        join(onnx_op_names(kMicrosoftDomain), ", ") + "."));
}

}  // namespace
}  // namespace linnet::frontend
