// The structure of exported files, read back and printed one node a line.
#include "frontend/onnx/export/export.h"

#include "frontend/frontend.h"
#include "frontend/onnx/export/export_ops.h"
#include "ir/read.h"
#include "ir/scalar_nodes.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace linnet::frontend {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string dims(const onnx::ValueInfoProto& info) {
  std::string text;
  for (const auto& dim : info.type().tensor_type().shape().dim()) {
    text += text.empty() ? "" : ",";
    text += dim.has_dim_param() ? dim.dim_param() : fmt::format("{}", dim.dim_value());
  }
  return info.name() + "[" + text + "]";
}

// Small lists of integers are shown where they are read.
std::string operand(const onnx::GraphProto& graph, const std::string& name) {
  for (const onnx::TensorProto& tensor : graph.initializer()) {
    if (tensor.name() != name || tensor.data_type() != onnx::TensorProto::INT64) continue;
    std::vector<int64_t> list(tensor.raw_data().size() / sizeof(int64_t));
    std::memcpy(list.data(), tensor.raw_data().data(), tensor.raw_data().size());
    return fmt::format("[{}]", fmt::join(list, ","));
  }
  return name.empty() ? "_" : name;
}

std::string attribute(const onnx::AttributeProto& attr) {
  switch (attr.type()) {
  case onnx::AttributeProto::INT:
    return fmt::format("{}={}", attr.name(), attr.i());
  case onnx::AttributeProto::FLOAT:
    return fmt::format("{}={}", attr.name(), attr.f());
  case onnx::AttributeProto::STRING:
    return fmt::format("{}={}", attr.name(), attr.s());
  case onnx::AttributeProto::INTS:
    return fmt::format("{}=[{}]", attr.name(), fmt::join(attr.ints(), ","));
  default:
    return attr.name() + "=?";
  }
}

// `name: output = Op(inputs) attributes`
std::string print(const onnx::GraphProto& graph) {
  std::string text;
  for (const auto& input : graph.input())
    text += dims(input) + " ";
  text += "->";
  for (const auto& output : graph.output())
    text += " " + dims(output);
  text += "\n";
  for (const onnx::NodeProto& node : graph.node()) {
    std::vector<std::string> inputs;
    for (const std::string& input : node.input())
      inputs.push_back(operand(graph, input));
    text += fmt::format("{}: {} = {}({})", node.name(), node.output(0), node.op_type(),
                        fmt::join(inputs, ", "));
    for (const auto& attr : node.attribute())
      text += " " + attribute(attr);
    text += "\n";
  }
  return text;
}

class Exported {
public:
  // A .lin, exported with its batch open where it can be.
  explicit Exported(const std::string& text, bool open = true) {
    const uint32_t file = sources_.add("m.lin", text);
    const auto at = [&](int64_t batch) {
      ImportOptions options;
      if (batch != 1) options.binds["N"] = batch;
      auto loaded = load_lin(file, sources_, options, diagnostics_);
      EXPECT_TRUE(loaded.has_value()) << diagnostics_.text();
      return loaded ? std::move(*loaded) : ir::Module();
    };
    ExportOptions options;
    for (int64_t batch : {2, 3}) {
      if (open) options.others.push_back({batch, at(batch)});
    }
    const ir::Module one = at(1);
    if (!diagnostics_.has_errors()) run(one, options);
  }
  // A .lir as it is.
  static Exported lir(const std::string& text) {
    Exported result;
    const auto module = ir::read(result.sources_.add("m.lir", text), {}, result.diagnostics_);
    EXPECT_TRUE(module.has_value()) << result.diagnostics_.text();
    if (module) result.run(*module, {});
    return result;
  }

  onnx::ModelProto model;
  std::string bytes, text;
  std::optional<std::string> result;
  std::string messages;
  Status status = Status::kDone;

private:
  Exported() = default;
  void run(const ir::Module& module, const ExportOptions& options) {
    result = export_onnx(module, options, diagnostics_);
    EXPECT_EQ(result, export_onnx(module, options, diagnostics_));
    messages = diagnostics_.text();
    status = diagnostics_.status();
    if (!result) return;
    EXPECT_TRUE(model.ParseFromString(*result));
    text = print(model.graph());
  }

  SourceManager sources_;
  Diagnostics diagnostics_{sources_};
};

std::string exported(const std::string& text) {
  return Exported(text).text;
}

TEST(Export, EveryOpHasAWayOrAReason) {
  std::vector<std::string_view> refused;
  for (const ExportRow& row : export_rows())
    EXPECT_EQ(&row, export_row(*row.op)) << row.op->name << " has two rows";
  for (const ir::OpDef* op : ir::all_ops()) {
    const ExportRow* row = export_row(*op);
    if (row && row->onnx.empty()) refused.push_back(op->name);
    if (row) {
      EXPECT_NE(row->onnx.empty(), row->refused.empty()) << op->name;
    } else {
      const auto attrs = ir::complete_attrs(*op, {});
      const bool made_of_others = op->expand || (attrs && ir::has_scalar_expansion(*op, *attrs));
      EXPECT_TRUE(made_of_others || op->has(ir::kStructural) || op->has(ir::kTrainingOnly) ||
                  op->doc.find("ONNX ") == std::string_view::npos)
          << op->name << ": its record names an operator of ONNX, so that a row in "
          << "frontend/onnx/export/export_ops.cpp is wanted";
    }
  }
  EXPECT_THAT(refused, ElementsAre("max_pool2d_index", "max_pool2d_backward", "random_uniform"));
}

// An elementwise op without a row is written by its formula, each node under its name.
TEST(Export, AnOpThatOnnxLacksIsItsFormula) {
  EXPECT_EQ(export_row(ir::ops::square), nullptr);
  EXPECT_EQ(exported("model m(x: f32[N, 2]) -> y: f32[N, 2] {\n  square(x)\n}\n"),
            "x[N,2] -> y[N,2]\nsquare: y = Mul(x, x)\n");
}

TEST(Export, ConvolutionsAndDenseLayersTakeTheirBias) {
  EXPECT_EQ(exported("model m(image: f32[N, 1, 6, 6]) -> logits: f32[N, 3] {\n"
                     "  layer conv1 = conv2d(2, kernel_size: 3, padding: 1)\n"
                     "  layer fc1 = linear(3)\n"
                     "  image |> conv1 |> relu |> max_pool2d(2) |> flatten |> fc1\n}\n"),
            R"(image[N,1,6,6] -> logits[N,3]
conv1: conv1 = Conv(image, conv1.weight, conv1.bias) strides=[1,1] pads=[1,1,1,1] dilations=[1,1] group=1 kernel_shape=[3,3]
relu: relu = Relu(conv1)
max_pool2d: max_pool2d = MaxPool(relu) kernel_shape=[2,2] pads=[0,0,0,0] dilations=[1,1] ceil_mode=0 strides=[2,2]
flatten: flatten = Flatten(max_pool2d) axis=1
fc1: logits = Gemm(flatten, fc1.weight, fc1.bias) transB=1
)");
}

TEST(Export, WhatIsReadTwiceStaysApart) {
  EXPECT_EQ(
      exported("model m(x: f32[N, 4], w: f32[3, 4], b: f32[3]) -> (y: f32[N, 3], z: f32[N, 3]) {\n"
               "  let p = matmul(x, transpose(w))\n"
               "  (p + b, p)\n}\n"),
      R"(x[N,4] w[3,4] b[3] -> y[N,3] z[N,3]
p: z = Gemm(x, w) transB=1
add: y = Add(z, b)
)");
}

TEST(Export, ABiasThatIsNoneStaysATerm) {
  // A number for each row of pixels, and a term that makes the product wider.
  EXPECT_EQ(exported("model m(x: f32[N, 1, 2, 2], w: f32[2, 1, 1, 1], b: f32[2], c: f32[N, 4], "
                     "v: f32[4, 1]) -> (y: f32[...], z: f32[...]) {\n"
                     "  (conv2d(x, w) + reshape(b, shape: [2, 1]), matmul(c, v) + b)\n}\n"),
            R"(x[N,1,2,2] w[2,1,1,1] b[2] c[N,4] v[4,1] -> y[N,2,2,2] z[N,2]
conv2d: conv2d = Conv(x, w) strides=[1,1] pads=[0,0,0,0] dilations=[1,1] group=1 kernel_shape=[1,1]
reshape: reshape = Reshape(b, [2,1])
add: y = Add(conv2d, reshape)
matmul: matmul = MatMul(c, v)
add_1: z = Add(matmul, b)
)");
}

TEST(Export, ReshapesDoNotNameTheBatch) {
  EXPECT_EQ(
      exported("model m(x: f32[N, 6]) -> (a: f32[...], b: f32[...], c: f32[...], d: f32[...]) {\n"
               "  let a = reshape(x, shape: [N, 2, 3])\n"
               "  let b = reshape(a, shape: [2 * N, 3])\n"
               "  let c = reshape(b, shape: [N, 3, 2])\n"
               "  (a, b, c, broadcast_to(reshape(x, shape: [N, 1, 6]), shape: [N, 2, 6]))\n}\n"),
      R"(x[N,6] -> a[N,2,3] b[2*N,3] c[N,3,2] d[N,2,6]
a: a = Reshape(x, [0,2,3])
b: b = Reshape(a, [-1,3])
c: c = Reshape(b, [-1,3,2])
reshape: reshape = Reshape(x, [0,1,6])
broadcast_to: d = Expand(reshape, [1,2,6])
)");
}

TEST(Export, AShapeWithTheBatchIsComputed) {
  EXPECT_EQ(exported("model m(x: f32[N, 6], b: f32[6]) -> y: f32[...] {\n"
                     "  broadcast_to(b, shape: [2, N, 6]) + x\n}\n"),
            R"(x[N,6] b[6] -> y[2,N,6]
N: N = Shape(x) start=0 end=1
broadcast_to.shape: broadcast_to.shape = Concat([2], N, [6]) axis=0
broadcast_to: broadcast_to = Expand(b, broadcast_to.shape)
add: y = Add(broadcast_to, x)
)");
}

TEST(Export, WithoutOtherBatchesSizesAreFixed) {
  const Exported file("model m(x: f32[N, 6]) -> y: f32[N, 2, 3] { reshape(x, shape: [N, 2, 3]) }\n",
                      false);
  EXPECT_EQ(file.text, R"(x[1,6] -> y[1,2,3]
reshape: y = Reshape(x, [1,2,3])
)");
}

TEST(Export, WhatDependsOnTheBatchOtherwiseIsNamed) {
  const Exported file("model m(x: f32[N, 3]) -> y: f32[N, 3] {\n  x * (1 / N)\n}\n");
  EXPECT_EQ(file.status, Status::kDone);
  EXPECT_EQ(file.messages,
            "m.lin:2:3: warning: the file is for batches of 1: a constant depends on the batch\n"
            "   2 |   x * (1 / N)\n"
            "     |   ^~~~~~~~~~~\n"
            "help: --batch N makes one for N samples\n");
  EXPECT_THAT(file.text, HasSubstr("x[1,3] -> y[1,3]\n"));
}

TEST(Export, StatesAreInputsAndOutputs) {
  const Exported file("model m(x: f32[N, 2]) -> y: f32[N, 2] {\n"
                      "  state h: f32[N, 2] = constant(1)\n"
                      "  let h1 = h + x\n  next h = h1\n  h1\n}\n");
  EXPECT_EQ(file.text, R"(x[N,2] h[N,2] -> y[N,2] h.next[N,2]
h1: y = Add(h, x)
h.next: h.next = Identity(y)
)");
  std::map<std::string, std::string> metadata;
  for (const auto& entry : file.model.metadata_props())
    metadata[entry.key()] = entry.value();
  EXPECT_EQ(metadata,
            (std::map<std::string, std::string>{{"linnet.state.h", "h.next"},
                                                {"linnet.initial.h", "constant(value: 1.0)"}}));
}

TEST(Export, DataIsMetadataAndTrainingOnlyOpsGo) {
  const Exported file("model m(x: f32[N, 3]) -> y: f32[N, 3] { dropout(x * 2) |> softmax }\n"
                      "data m { y: classes(labels: [\"a\", \"b\", \"c\"]) }\n");
  EXPECT_EQ(file.text, R"(x[N,3] -> y[N,3]
mul: mul = Mul(x, number)
softmax: y = Softmax(mul) axis=-1
)");
  ASSERT_EQ(file.model.metadata_props_size(), 1);
  EXPECT_EQ(file.model.metadata_props(0).key(), "linnet.data.y");
  EXPECT_EQ(file.model.metadata_props(0).value(), R"(classes(labels: ["a", "b", "c"]))");
  EXPECT_EQ(file.model.producer_name(), "linnet");
  EXPECT_EQ(file.model.opset_import(0).version(), kOnnxOpset);
  EXPECT_EQ(file.model.ir_version(), kOnnxIrVersion);
}

TEST(Export, TypesThatAnOpLacksGoThroughAnother) {
  EXPECT_EQ(Exported::lir(R"(lir 1

module m

graph @predict(%x: i8[3], %k: i32[3]) {
  %y: i8[] = sum(%x)
  %z: bool[3] = is_nan(%k)
  return y = %y, z = %z
}
)")
                .text,
            R"(x[3] k[3] -> y[] z[3]
cast: cast = Cast(x) to=6
sum: sum = ReduceSum(cast) keepdims=0
y: y = Cast(sum) to=3
cast_1: cast_1 = Cast(k) to=1
z: z = IsNaN(cast_1)
)");
}

TEST(Export, WhatOnnxCannotSayIsListed) {
  const Exported file = Exported::lir(R"(lir 1

module m

graph @predict(%x: f32[1,1,4,4], %seed: i64[]) {
  %i: i32[1,1,2,2] = max_pool2d_index(%x) {kernel_size = [2, 2]}
  %u: f32[4] = random_uniform(%seed, %seed) {shape = [4]}
  return i = %i, u = %u
}
)");
  EXPECT_FALSE(file.result.has_value());
  EXPECT_EQ(file.status, Status::kUnsupported);
  EXPECT_THAT(file.messages,
              HasSubstr("m.lir:6:3: error: max_pool2d_index cannot be exported: it belongs to "
                        "gradients, and the file holds the model as it is used\n"));
  EXPECT_THAT(file.messages, HasSubstr("m.lir:7:3: error: random_uniform cannot be exported: its "
                                       "numbers are Philox's, a function of seed and step; "));
}

TEST(Export, AFileEndsAtTwoGiB) {
  const Exported file("model m(x: f32[N, 30000]) -> y: f32[...] {\n"
                      "  layer a = linear(30000)\n  a(x)\n}\n");
  EXPECT_FALSE(file.result.has_value());
  EXPECT_EQ(file.status, Status::kUnsupported);
  EXPECT_EQ(file.messages, "error: m: its weights take more than the 2 GiB of an ONNX file\n");
}

}  // namespace
}  // namespace linnet::frontend
