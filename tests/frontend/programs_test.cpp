// Good programs, by the values they give: the textbook's numbers and the language's rules.
#include "frontend/frontend.h"
#include "ir/evaluate.h"
#include "ir/initialize.h"
#include "ir/print.h"
#include "ir/read.h"
#include "ir/summary.h"
#include "ir/verify.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

namespace linnet::frontend {
namespace {

using Values = std::vector<double>;

struct Program {
  ir::Module module;

  // Evaluates with these inputs; slots from `slots` by path, else their initial value.
  Values run(const std::vector<Values>& inputs, const std::map<std::string, Values>& slots = {},
             size_t output = 0) const {
    const ir::Graph& graph = module.graphs.front();
    std::vector<ir::Array<double>> arrays;
    size_t next = 0;
    for (const ir::GraphInput& input : graph.inputs) {
      ir::Array<double> array;
      array.type = graph.value(input.value).type;
      if (input.slot.empty() && !is_float(array.type.dtype)) {
        for (double value : inputs.at(next++))
          array.ints.push_back(static_cast<int64_t>(value));
      } else if (input.slot.empty()) {
        array.values = inputs.at(next++);
      } else if (slots.contains(input.slot)) {
        array.values = slots.at(input.slot);
      } else {
        array = ir::to_array<double>(ir::initial_value(*module.slot(input.slot), 0, 0));
      }
      EXPECT_EQ(array.values.size() + array.ints.size(), array.size());
      arrays.push_back(array);
    }
    return ir::evaluate<double>(module, graph, arrays).at(output).values;
  }
};

Program load(const std::string& text, ImportOptions options = {}) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  auto module = load_lin(sources.add("test.lin", text), sources, options, diagnostics);
  EXPECT_TRUE(module.has_value()) << diagnostics.text();
  if (!module) return {};
  EXPECT_EQ(ir::verify(*module), std::nullopt);
  const ir::Printed printed = ir::print(*module);
  const auto again = ir::read(sources.add("printed", printed.text), printed.tensors, diagnostics);
  EXPECT_TRUE(again.has_value()) << diagnostics.text();
  if (again) {
    EXPECT_EQ(ir::print(*again).text, printed.text);
  }
  return {std::move(*module)};
}

const char* const kCorrelation =
    "model m(c: int = 1, o: int = 1, k: int = 2, s: int = 3)(x: f32[N, c, s, s]) -> f32[...] {\n"
    "  layer conv = conv2d(o, kernel_size: k, bias: false)\n"
    "  conv(x)\n}\n";

ImportOptions settings(std::vector<std::pair<std::string, std::string>> list) {
  ImportOptions options;
  options.settings = std::move(list);
  return options;
}

// Zhang, Lipton, Li, Smola, "Dive into Deep Learning", chapter 7.
TEST(Textbook, CrossCorrelation) {
  const Program p = load(kCorrelation);
  EXPECT_EQ(p.run({{0, 1, 2, 3, 4, 5, 6, 7, 8}}, {{"conv.weight", {0, 1, 2, 3}}}),
            (Values{19, 25, 37, 43}));
}

TEST(Textbook, SeveralInputChannels) {
  const Program p = load(kCorrelation, settings({{"c", "2"}}));
  const Values x = {0, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  EXPECT_EQ(p.run({x}, {{"conv.weight", {0, 1, 2, 3, 1, 2, 3, 4}}}), (Values{56, 72, 104, 120}));
}

TEST(Textbook, SeveralOutputChannels) {
  const Program p = load(kCorrelation, settings({{"c", "2"}, {"o", "3"}}));
  const Values x = {0, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  Values weight;
  for (int o = 0; o < 3; ++o) {
    for (double w : {0, 1, 2, 3, 1, 2, 3, 4})
      weight.push_back(w + o);
  }
  EXPECT_EQ(p.run({x}, {{"conv.weight", weight}}),
            (Values{56, 72, 104, 120, 76, 100, 148, 172, 96, 128, 192, 224}));
}

TEST(Textbook, OneByOneConvolutionIsLinearPerPixel) {
  const Program p = load(kCorrelation, settings({{"c", "2"}, {"o", "2"}, {"k", "1"}, {"s", "2"}}));
  const Values x = {1, 2, 3, 4, 10, 20, 30, 40};
  EXPECT_EQ(p.run({x}, {{"conv.weight", {1, 2, 3, -1}}}),
            (Values{21, 42, 63, 84, -7, -14, -21, -28}));
}

TEST(Textbook, Pools) {
  const std::string text = "model m(x: f32[N, 1, 3, 3]) -> f32[...] { x |> ";
  const Values x = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ(load(text + "max_pool2d(2, stride: 1) }").run({x}), (Values{4, 5, 7, 8}));
  EXPECT_EQ(load(text + "avg_pool2d(2, stride: 1) }").run({x}), (Values{2, 3, 5, 6}));
}

TEST(Textbook, ParameterCountsNeedNoMemory) {
  const auto count = [](const std::string& text) {
    return ir::summarize(load(text).module).parameters;
  };
  EXPECT_EQ(count("model m(x: f32[N, 784]) -> f32[...] { layer a = linear(1000); a(x) }"), 785000);
  EXPECT_EQ(count("model m(x: f32[N, 150528]) -> f32[...] { layer a = linear(1000); a(x) }"),
            150529000);
  EXPECT_EQ(count("model m(x: f32[N, 3, 32, 32]) -> f32[...] { layer a = conv2d(6, kernel_size: "
                  "5); a(x) }"),
            456);
  EXPECT_EQ(count("model m(x: f32[N, 3, 32, 32]) -> f32[...] { max_pool2d(x, 2) }"), 0);
}

// A residual after batch norm sees what its branch sees, 3×3 convolutions in a chain 2 more each;
// the running statistics are no parameters.
TEST(Textbook, ReceptiveFieldsGoThroughBatchNormAndResiduals) {
  const Program program = load(R"(
block unit(x: f32[N, C, H, W]) -> f32[N, C, H, W] {
  layer conv = conv2d(C, kernel_size: 3, padding: 1, bias: false)
  layer bn = batch_norm2d()
  relu(x + bn(conv(x)))
}
model m(x: f32[N, 1, 16, 16]) -> y: f32[N, 2] {
  layer stem = conv2d(4, kernel_size: 3, padding: 1, bias: false)
  layer unit1 = unit()
  layer unit2 = unit()
  layer head = linear(2)
  x |> stem |> unit1 |> unit2 |> max_pool2d(2) |> softmax(dim: 1) |> flatten |> head
})");
  const ir::Summary summary = ir::summarize(program.module);
  std::string text;
  int64_t parameters = 0;
  for (const ir::SummaryRow& row : summary.rows) {
    text += row.op + " " + std::to_string(row.receptive_height) + "\n";
    parameters += row.parameters;
  }
  EXPECT_EQ(text, "conv2d 3\nconv2d 5\nbatch_norm 5\nadd 5\nrelu 5\nconv2d 7\nbatch_norm 7\nadd "
                  "7\nrelu 7\nmax_pool2d 8\nsoftmax 8\nflatten 0\nmatmul 0\n");
  EXPECT_EQ(parameters, summary.parameters);
  EXPECT_EQ(summary.buffers, 16);
}

// In the interior, to the bit: a convolution commutes with shifts, a linear layer does not.
TEST(Textbook, ConvolutionCommutesWithShifts) {
  const Program conv = load(kCorrelation, settings({{"s", "6"}, {"k", "3"}}));
  Values x(36), shifted(36, 0);
  for (int i = 0; i < 36; ++i)
    x[static_cast<size_t>(i)] = 0.1 * ((i * 7) % 11) - 0.4;
  for (size_t y = 0; y < 6; ++y) {
    for (size_t c = 1; c < 6; ++c)
      shifted[y * 6 + c] = x[y * 6 + c - 1];
  }
  const Values a = conv.run({x});
  const Values b = conv.run({shifted});
  for (size_t y = 0; y < 4; ++y) {
    for (size_t c = 2; c < 4; ++c)
      EXPECT_EQ(b[y * 4 + c], a[y * 4 + c - 1]);
  }
  const Program linear =
      load("model m(x: f32[N, 36]) -> f32[...] { layer a = linear(36, bias: false); a(x) }");
  const Values c = linear.run({x});
  const Values d = linear.run({shifted});
  EXPECT_NE(d[8], c[7]);
}

TEST(Language, SharedLayersShareTheirWeights) {
  const Program p = load("model m(x: f32[N, 2]) -> f32[N, 2] { layer a = linear(2); a(a(x)) }");
  EXPECT_EQ(p.module.slots.size(), 2u);
  EXPECT_EQ(p.run({{1, 2}}, {{"a.weight", {0, 1, 1, 0}}, {"a.bias", {1, 0}}}), (Values{2, 3}));
}

TEST(Language, RepeatMakesPathsOfTorch) {
  const Program p =
      load("model m(n: int = 3)(x: f32[N, 2]) -> f32[N, 2] {\n"
           "  let h = x\n"
           "  repeat i in 0..n { layer body = linear(2, bias: false); let h = relu(body(h)) }\n"
           "  h\n}\n");
  ASSERT_EQ(p.module.slots.size(), 3u);
  EXPECT_EQ(p.module.slots[0].path, "body.0.weight");
  EXPECT_EQ(p.module.slots[2].path, "body.2.weight");
}

TEST(Language, IfDecidesBySettings) {
  const std::string text = "model m(k: int = 1)(x: f32[N, 2]) -> f32[N, 2] {\n"
                           "  if k == 1 { x + 1 } else if k > 2 { x * 2 } else { -x }\n}\n";
  EXPECT_EQ(load(text).run({{1, 2}}), (Values{2, 3}));
  EXPECT_EQ(load(text, settings({{"k", "2"}})).run({{1, 2}}), (Values{-1, -2}));
  EXPECT_EQ(load(text, settings({{"k", "3"}})).run({{1, 2}}), (Values{2, 4}));
}

TEST(Language, BlocksNestAndPathsAreQuotable) {
  const Program p = load("block pair(w: int)(x: f32[N, K]) -> f32[N, w] {\n"
                         "  layer one = linear(w)\n  layer two = linear(w, bias: false)\n"
                         "  x |> one |> two\n}\n"
                         "model m(x: f32[N, 2]) -> f32[N, 3] {\n"
                         "  layer \"stage.0.pair\" = pair(3)\n  layer p = pair(3)\n"
                         "  p(x)\n}\n");
  EXPECT_EQ(p.module.slots.front().path, "p.one.weight");
}

TEST(Language, LayersWithPathsAreAppliedByThem) {
  const Program p = load("block twice(x: f32[N, K]) -> f32[N, K] {\n"
                         "  layer \"0\" = linear(K, bias: false)\n"
                         "  layer \"1\" = linear(K, bias: false)\n"
                         "  \"1\"(x |> \"0\")\n}\n"
                         "model m(x: f32[N, 1]) -> f32[N, 1] {\n"
                         "  layer \"body.0\" = twice()\n  layer \"body.1\" = twice()\n"
                         "  x |> body.0 |> body.1\n}\n");
  ASSERT_EQ(p.module.slots.size(), 4u);
  EXPECT_EQ(p.module.slots[0].path, "body.0.0.weight");
  EXPECT_EQ(p.module.slots[3].path, "body.1.1.weight");
  EXPECT_EQ(p.run({{1}}, {{"body.0.0.weight", {2}},
                          {"body.0.1.weight", {3}},
                          {"body.1.0.weight", {5}},
                          {"body.1.1.weight", {7}}}),
            (Values{210}));
}

TEST(Language, TuplesAndSeveralOutputs) {
  const Program p = load("model m(x: f32[N, 2]) -> (a: f32[N, 2], b: f32[N, 2]) {\n"
                         "  let (u, v) = (x + 1, x * 3)\n  (v, u)\n}\n");
  EXPECT_EQ(p.run({{1, 2}}, {}, 0), (Values{3, 6}));
  EXPECT_EQ(p.run({{1, 2}}, {}, 1), (Values{2, 3}));
  EXPECT_EQ(p.module.graphs.front().outputs[1].name, "b");
}

TEST(Language, SymbolicDimensionsAreBound) {
  ImportOptions options;
  options.binds = {{"N", 3}, {"T", 2}};
  const Program p = load("model m(x: f32[N, T]) -> f32[N, T] { relu(x) }", options);
  EXPECT_EQ(p.module.graphs.front().values().front().type.shape, (ir::Shape{3, 2}));
}

TEST(Language, StateIsReadAndGetsItsNextValue) {
  const Program p = load("model m(x: f32[N, 2]) -> f32[N, 2] {\n"
                         "  state h: f32[N, 2] = zeros()\n"
                         "  next h = h + x\n  h\n}\n");
  const ir::Graph& graph = p.module.graphs.front();
  EXPECT_EQ(graph.name, "step");
  ASSERT_EQ(graph.outputs.size(), 2u);
  EXPECT_EQ(graph.outputs[1].slot, "h");
  EXPECT_EQ(p.run({{1, 2}}, {{"h", {10, 20}}}, 0), (Values{10, 20}));  // before this call
  EXPECT_EQ(p.run({{1, 2}}, {{"h", {10, 20}}}, 1), (Values{11, 22}));
}

TEST(Language, AnOpOrABlockWithoutParametersIsALayer) {
  const Program p = load("block twice(x: f32[N, K]) -> f32[N, K] { 2 * x }\n"
                         "model m(x: f32[N, 2]) -> f32[...] {\n"
                         "  layer act = relu()\n  layer slope = leaky_relu(0.5)\n"
                         "  layer two = twice\n  layer join = concat(dim: 1)\n"
                         "  join(x |> act |> two, slope(x))\n}\n");
  EXPECT_EQ(p.run({{-3, 4}}), (Values{0, 8, -1.5, 4}));
  std::vector<std::string> names;
  for (const ir::Node& node : p.module.graphs.front().nodes())
    names.push_back(p.module.graphs.front().value(node.results.front()).name);
  EXPECT_EQ(names, (std::vector<std::string>{"act", "number", "two", "slope", "join"}));
}

TEST(Language, EachApplicationOfADropoutLayerDrawsItsOwnNumbers) {
  const Program p = load("model m(x: f32[N, 2]) -> f32[...] {\n"
                         "  layer drop = dropout(0.5)\n  x |> drop |> drop\n}\n");
  const auto nodes = p.module.graphs.front().nodes();
  ASSERT_EQ(nodes.size(), 2u);
  EXPECT_NE(nodes[0].attrs.get(ir::Key<int64_t>{"stream"}),
            nodes[1].attrs.get(ir::Key<int64_t>{"stream"}));
}

// Expected values are numpy's.
TEST(Language, SlicesAreNumpys) {
  const Values x = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  const auto sliced = [&](const std::string& positions, const std::string& shape) {
    const Program p = load("model m(x: f32[N, 3, 4]) -> f32[...] { x[" + positions + "] }");
    const ir::Graph& graph = p.module.graphs.front();
    EXPECT_EQ(ir::to_string(graph.value(graph.outputs[0].value).type), "f32" + shape) << positions;
    return p.run({x});
  };
  EXPECT_EQ(sliced(":, 1:", "[1,2,4]"), (Values{4, 5, 6, 7, 8, 9, 10, 11}));
  EXPECT_EQ(sliced("0, -1", "[4]"), (Values{8, 9, 10, 11}));
  EXPECT_EQ(sliced("..., -1", "[1,3]"), (Values{3, 7, 11}));
  EXPECT_EQ(sliced(":, ::2, 1:-1", "[1,2,2]"), (Values{1, 2, 9, 10}));
  EXPECT_EQ(sliced(":, ::-1, 0", "[1,3]"), (Values{8, 4, 0}));
  EXPECT_EQ(sliced(":, 0, 2:0:-1", "[1,2]"), (Values{2, 1}));
  EXPECT_EQ(sliced(":, -9:1, :9:3", "[1,1,2]"), (Values{0, 3}));
  EXPECT_EQ(sliced(":, 2:1", "[1,0,4]"), (Values{}));
  EXPECT_EQ(sliced("0, ..., 1 + 1, 3", "[]"), (Values{11}));
  EXPECT_EQ(sliced("...", "[1,3,4]"), x);
}

TEST(Language, ListsAreSlicedToo) {
  const Program p = load("block last(sizes: list)(x: f32[N, K]) -> f32[...] {\n"
                         "  reshape(x, shape: [sizes[-1], sizes[1:][0], sizes[::-1][2]])\n}\n"
                         "model m(x: f32[1, 6]) -> f32[1, 3, 2] { x |> last([2, 3, 1]) }\n");
  EXPECT_EQ(p.run({{1, 2, 3, 4, 5, 6}}), (Values{1, 2, 3, 4, 5, 6}));
}

TEST(Language, PowersBindAsInPython) {
  const Program p = load("model m(x: f32[N, 2]) -> f32[...] {\n"
                         "  -x ** 2 + x ** 2 ** -1 * 2 ** 3 ** 2 / 2 ** 9 + (-2) ** 3\n}\n");
  const Values y = p.run({{4, 9}});
  EXPECT_NEAR(y.at(0), -16 + 2 - 8, 1e-12);
  EXPECT_NEAR(y.at(1), -81 + 3 - 8, 1e-12);
}

TEST(Language, NamesAreOfAnyScriptAndAByteOrderMarkIsNoFault) {
  const Program p = load("\xef\xbb\xbf"
                         "model réseau(entrée: f32[N, 2]) -> выход: f32[N, 2] {\n"
                         "  layer 層1 = linear(2, bias: false)\n  let größe = entrée |> 層1\n"
                         "  größe\n}\n");
  EXPECT_EQ(p.run({{1, 2}}, {{"層1.weight", {1, 0, 0, 3}}}), (Values{1, 6}));
}

// torch.nn.GRUCell with weights 0.1 · (index % 5) - 0.2, from PyTorch's formula in numpy.
TEST(Prelude, GruCellIsTorchs) {
  const Program p = load("model m(x: f32[N, 1], h: f32[N, 2]) -> f32[N, 2] {\n"
                         "  layer cell = gru_cell(2)\n  cell(x, h)\n}\n");
  const auto weights = [](size_t count) {
    Values w;
    for (size_t i = 0; i < count; ++i)
      w.push_back(0.1 * static_cast<double>(i % 5) - 0.2);
    return w;
  };
  const Values h = p.run({{0.5}, {0.3, -0.4}}, {{"cell.weight_ih", weights(6)},
                                                {"cell.weight_hh", weights(12)},
                                                {"cell.bias_ih", weights(6)},
                                                {"cell.bias_hh", weights(6)}});
  ASSERT_EQ(h.size(), 2u);
  EXPECT_NEAR(h[0], 0.31935666550527797, 1e-12);
  EXPECT_NEAR(h[1], -0.3888435278923118, 1e-12);
}

// By PyTorch's formulas in numpy, with the names and shapes of a state_dict: layers.py.
TEST(Prelude, LayersAreTorchs) {
  std::ifstream file(std::string(LINNET_SOURCE_DIR) + "/tests/frontend/layers.txt");
  std::string name, program;
  std::vector<Values> inputs;
  std::map<std::string, Values> slots;
  int cases = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string kind, path;
    words >> kind;
    if (kind == "case") {
      words >> name;
      inputs.clear();
      slots.clear();
      continue;
    }
    if (kind == "program") {
      program = line.substr(8);
      continue;
    }
    if (kind == "slot") words >> path;
    const Values values{std::istream_iterator<double>(words), {}};
    if (kind == "input") inputs.push_back(values);
    if (kind == "slot") slots[path] = values;
    if (kind != "output") continue;
    ++cases;
    const Program p = load(program);
    EXPECT_EQ(p.module.slots.size(), slots.size()) << name;
    for (const ir::Slot& slot : p.module.slots)
      EXPECT_TRUE(slots.contains(slot.path)) << name << " " << slot.path;
    const Values y = p.run(inputs, slots);
    ASSERT_EQ(y.size(), values.size()) << name;
    for (size_t i = 0; i < y.size(); ++i)
      EXPECT_NEAR(y[i], values[i], 1e-7) << name << " " << i;  // its numbers are f32
  }
  EXPECT_EQ(cases, 10);
}

TEST(Prelude, LayersBeginAsTorchsDo) {
  const Program p = load("model m(x: f32[N, 3, 8], i: i64[N, 2]) {\n"
                         "  layer a = multi_head_attention(2, batch_first: true)\n"
                         "  layer e = embedding(5, embedding_dim: 8)\n  layer n = layer_norm(8)\n"
                         "  layer c = conv1d(4, kernel_size: 2)\n"
                         "  (n(a(x, x, x)), e(i), c(x))\n}\n");
  std::map<std::string, std::string> kinds;
  for (const ir::Slot& slot : p.module.slots)
    kinds[slot.path] = slot.initializer.kind;
  EXPECT_EQ(kinds, (std::map<std::string, std::string>{{"a.in_proj_weight", "glorot_uniform"},
                                                       {"a.in_proj_bias", "zeros"},
                                                       {"a.out_proj.weight", "kaiming_uniform"},
                                                       {"a.out_proj.bias", "zeros"},
                                                       {"e.weight", "normal"},
                                                       {"n.weight", "ones"},
                                                       {"n.bias", "zeros"},
                                                       {"c.weight", "kaiming_uniform"},
                                                       {"c.bias", "uniform"}}));
}

TEST(Prelude, BatchNormHasItsBuffers) {
  const Program p = load("model m(x: f32[N, 2, 1, 2]) -> f32[...] {\n"
                         "  layer bn = batch_norm2d()\n  bn(x)\n}\n");
  ASSERT_EQ(p.module.slots.size(), 4u);
  EXPECT_EQ(p.module.slots[2].kind, ir::SlotKind::kBuffer);
  const Values y = p.run({{1, 2, 3, 4}}, {{"bn.running_mean", {1, 3}},
                                          {"bn.running_var", {4, 1}},
                                          {"bn.weight", {2, 1}},
                                          {"bn.bias", {0, 10}}});
  EXPECT_NEAR(y[1], 1 / std::sqrt(1 + 0.25e-5), 1e-9);
  EXPECT_NEAR(y[3], 10 + 1 / std::sqrt(1 + 1e-5), 1e-9);
}

TEST(Data, DeclarationsArePassedOn) {
  const Program p = load("model m(x: f32[N, 1, 2, 2]) -> y: f32[N, 4] { flatten(x) }\n"
                         "data m {\n  x: image(color: gray, scale: 1/255, resize: nearest)\n"
                         "  y: classes(labels: 0..3)\n}\n"
                         "train m { loss: cross_entropy; batch: 64; validation: 10% }\n");
  ASSERT_EQ(p.module.data.size(), 2u);
  EXPECT_EQ(p.module.data[0].recipe.attrs.get(ir::Key<double>{"scale"}), 1.0 / 255);
  EXPECT_EQ(p.module.data[1].recipe.attrs.get(ir::Key<ir::Strings>{"labels"}),
            (ir::Strings{"0", "1", "2", "3"}));
  ASSERT_EQ(p.module.train.size(), 3u);
  ASSERT_NE(p.module.training("validation"), nullptr);
  EXPECT_EQ(p.module.training("validation")->recipe.attrs.get(ir::Key<double>{"value"}), 0.1);
}

}  // namespace
}  // namespace linnet::frontend
