// What a block of one's own owes: the five duties of the textbook's custom block, nested and tied
// ones, noise; and the gradient of whole models against central differences in f64.
#include "frontend/frontend.h"
#include "frontend/load.h"
#include "ir/builder.h"
#include "ir/evaluate.h"
#include "ir/initialize.h"
#include "ir/summary.h"
#include "passes/passes.h"
#include "passes/training/backward.h"

#include "base/philox.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace linnet {
namespace {

using ir::Array;

constexpr const char* kBlock = R"(
block hidden(width: int)(x: f32[N, K]) -> f32[N, width] {
  param weight: f32[K, width] = normal(std: 0.5)
  param bias: f32[width] = uniform(-1, 1)
  tanh(matmul(x, weight) + bias)
}
)";

ir::Module load(const std::string& text, int64_t batch = 3, bool training = false) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  frontend::ImportOptions options;
  options.binds["N"] = batch;
  options.training = training;
  auto module = frontend::load_lin(sources.add("test.lin", text), sources, options, diagnostics);
  EXPECT_TRUE(module.has_value()) << diagnostics.text();
  if (!module) return {};
  passes::PassContext context;
  return passes::widen_floats(std::move(*module), context);
}

// Values for a graph's inputs: random ones, and initial values for slots.
std::vector<Array<double>> inputs_of(const ir::Module& module, const ir::Graph& graph) {
  std::vector<Array<double>> inputs;
  for (const ir::GraphInput& input : graph.inputs) {
    const ir::Type& type = graph.value(input.value).type;
    if (const ir::Slot* slot = module.slot(input.slot)) {
      const auto stream = static_cast<uint32_t>(slot - module.slots.data());
      inputs.push_back(ir::to_array<double>(ir::initial_value(*slot, 5, stream)));
      continue;
    }
    std::vector<double> values;
    for (int64_t i = 0; i < type.elements(); ++i) {
      const double u =
          philox_uniform_f64(3, static_cast<uint32_t>(inputs.size()), 0, static_cast<uint64_t>(i));
      values.push_back(is_float(type.dtype) ? 2 * u - 1 : std::floor(10 * u));
    }
    inputs.push_back(ir::to_array<double>(ir::Tensor::from_doubles(type, values)));
  }
  return inputs;
}

// Gradients of the graph's first output (of its sum) by every input of floats, each against central
// differences at `most` of its elements; the relative error of the whole, and how many are not 0.
struct Checked {
  double error = 0;
  std::set<std::string> zero;
};
Checked check_gradients(ir::Module module, const std::string& name, int64_t most) {
  ir::Graph& graph = *module.graph(name);
  graph = passes::expand_for_gradient(module, graph);
  ir::ValueId root = graph.outputs.front().value;
  if (graph.value(root).type.elements() != 1)
    root = ir::Builder(graph).at(ir::Place::named("test")).create(ir::ops::sum, {root});
  std::vector<ir::ValueId> by;
  for (const ir::GraphInput& input : graph.inputs) {
    if (is_float(graph.value(input.value).type.dtype)) by.push_back(input.value);
  }
  const auto gradients = passes::append_gradients(graph, root, by);
  graph.outputs = {{"root", root, ""}};
  for (ir::ValueId gradient : gradients.values)
    graph.outputs.push_back({"g" + std::to_string(graph.outputs.size()), gradient, ""});
  auto inputs = inputs_of(module, graph);
  const auto exact = ir::evaluate<double>(module, graph, inputs);
  graph.outputs.resize(1);
  Checked result;
  double worst = 0, largest = 0;
  size_t k = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].holds_floats()) continue;
    const Array<double>& gradient = exact[++k];
    EXPECT_EQ(gradient.type.shape, inputs[i].type.shape);
    const auto count = static_cast<int64_t>(gradient.values.size());
    bool any = false;
    for (double value : gradient.values)
      any = any || value != 0;
    if (!any) result.zero.insert(graph.value(graph.inputs[i].value).name);
    for (int64_t j = 0; j < std::min(most, count); ++j) {
      double& x = inputs[i].values[static_cast<size_t>(j * count / std::min(most, count))];
      const double wanted = gradient.values[static_cast<size_t>(j * count / std::min(most, count))];
      const double before = x, h = 1e-5;
      x = before + h;
      const double up = ir::evaluate<double>(module, graph, inputs)[0].values[0];
      x = before - h;
      const double down = ir::evaluate<double>(module, graph, inputs)[0].values[0];
      x = before;
      worst = std::max(worst, std::fabs((up - down) / (2 * h) - wanted));
      largest = std::max(largest, std::fabs(wanted));
    }
  }
  result.error = worst / largest;
  return result;
}

std::string model_of(const std::string& body, const std::string& type = "f32[...]") {
  return std::string(kBlock) + "model m(x: f32[N, 4]) -> y: " + type + " {\n" + body + "\n}\n";
}

TEST(BlockDuties, TakesInput) {
  const ir::Module module = load(model_of("layer a = hidden(5)\n a(x)"));
  EXPECT_EQ(module.graphs[0].inputs[0].slot, "");
  EXPECT_EQ(module.graphs[0].value(module.graphs[0].inputs[0].value).type.shape, (ir::Shape{3, 4}));
}

TEST(BlockDuties, ChangesTheShape) {
  const ir::Module module = load(model_of("layer a = hidden(5)\n a(x)", "f32[N, 5]"));
  const ir::Graph& graph = module.graphs[0];
  EXPECT_EQ(graph.value(graph.outputs[0].value).type.shape, (ir::Shape{3, 5}));
}

TEST(BlockDuties, GivesTheGradientOfItsOutputByItsInput) {
  const Checked checked =
      check_gradients(load(model_of("layer a = hidden(5)\n a(x)")), "predict", 40);
  EXPECT_LE(checked.error, 1e-6);
  EXPECT_TRUE(checked.zero.empty());
}

TEST(BlockDuties, StoresAndShowsItsParameters) {
  const ir::Module module = load(model_of("layer a = hidden(5)\n a(x)"));
  ASSERT_NE(module.slot("a.weight"), nullptr);
  EXPECT_EQ(module.slot("a.weight")->type.shape, (ir::Shape{4, 5}));
  EXPECT_EQ(ir::summarize(module).parameters, 25);
}

TEST(BlockDuties, InitialisesThem) {
  const ir::Module module =
      load(model_of("layer a = hidden(5)\n layer b = hidden(5)\n a(x) + b(x)"));
  const auto value = [&](const char* path) {
    const ir::Slot* slot = module.slot(path);
    return ir::initial_value(*slot, 1, static_cast<uint32_t>(slot - module.slots.data()))
        .as_doubles();
  };
  EXPECT_NE(value("a.weight"), value("b.weight"));
  EXPECT_EQ(value("a.weight"), value("a.weight"));
  EXPECT_NE(value("a.bias")[0], value("a.bias")[1]);
}

TEST(Blocks, NestedOnesTrainWhole) {
  const std::string nest = "block nest(x: f32[N, K]) -> f32[...] {\n  layer first = hidden(6)\n"
                           "  layer second = hidden(2)\n  x |> first |> second\n}\n";
  const ir::Module module =
      load(nest + model_of("layer a = nest()\n layer b = linear(1)\n x |> a |> b"));
  EXPECT_NE(module.slot("a.first.weight"), nullptr);
  const Checked checked = check_gradients(module, "predict", 30);
  EXPECT_LE(checked.error, 1e-6);
  EXPECT_TRUE(checked.zero.empty());
}

TEST(Blocks, TiedLayersAddTheirGradients) {
  const Checked checked = check_gradients(
      load(model_of("layer a = linear(4)\n x |> a |> tanh |> a |> tanh |> a")), "predict", 30);
  EXPECT_LE(checked.error, 1e-6);
}

// The layers of a transformer, by every parameter and input of floats.
TEST(Blocks, StandardLayersTrain) {
  const std::vector<std::pair<std::string, std::set<std::string>>> cases = {
      {"x: f32[N, 4, 7]) -> f32[...] { layer a = conv1d(6, kernel_size: 3, stride: 2, padding: 1, "
       "groups: 2); x |> a |> tanh",
       {}},
      {"x: f32[N, 3, 4]) -> f32[...] { layer a = layer_norm([3, 4]); x |> a |> tanh", {}},
      {"i: i64[N, 3]) -> f32[...] { layer a = embedding(10, embedding_dim: 4); i |> a |> tanh", {}},
      // softmax knows no shift: no gradient by the bias of the keys, a third of in_proj_bias
      {"q: f32[N, 3, 4], k: f32[N, 2, 4]) -> f32[...] { layer a = multi_head_attention(2, "
       "batch_first: true); a(q, k, k) |> tanh",
       {}},
      {"x: f32[N, 3, 4]) -> f32[...] { layer a = linear(2); x[:, 1:, ::-1] ** 2 |> a |> tanh", {}}};
  for (const auto& [program, zero] : cases) {
    const Checked checked = check_gradients(load("model m(" + program + " }\n", 2), "predict", 16);
    EXPECT_LE(checked.error, 1e-6) << program;
    EXPECT_EQ(checked.zero, zero) << program;
  }
}

TEST(Blocks, AFrozenRandomWeightIsNotTrained) {
  const std::string fixed =
      "block fixed(x: f32[N, K]) -> f32[N, K] {\n"
      "  frozen param weight: f32[K, K] = uniform()\n  matmul(x, weight)\n}\n";
  ir::Module module =
      load(fixed + model_of("layer f = fixed()\n layer a = linear(1)\n x |> f |> a") +
               "train m { loss: mse; batch: 3; epochs: 1 }\n",
           3, true);
  passes::PassContext context;
  module = passes::differentiate(passes::enter_training(std::move(module), context), context);
  std::set<std::string> updated;
  for (const ir::GraphOutput& output : module.graph(ir::kTrainStep)->outputs)
    updated.insert(output.slot);
  EXPECT_TRUE(updated.contains("a.weight"));
  EXPECT_FALSE(updated.contains("f.weight"));
}

class WholeModel : public testing::TestWithParam<const char*> {};
TEST_P(WholeModel, GradientIsTheDifference) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  frontend::ImportOptions options;
  options.binds["N"] = 2;
  options.training = true;
  auto module =
      frontend::load_model(std::string(LINNET_SOURCE_DIR) + "/models/" + GetParam() + ".lin",
                           sources, options, diagnostics);
  ASSERT_TRUE(module.has_value()) << diagnostics.text();
  passes::PassContext context;
  const Checked checked =
      check_gradients(passes::widen_floats(std::move(*module), context), "evaluate", 4);
  EXPECT_LE(checked.error, 1e-6);
  EXPECT_TRUE(checked.zero.empty()) << *checked.zero.begin();
}
INSTANTIATE_TEST_SUITE_P(Models, WholeModel,
                         testing::Values("lenet", "lenet_classic", "mlp", "ar", "ar_mlp",
                                         "latent_ar", "latent_ar_lstm", "arx"),
                         [](const auto& info) { return std::string(info.param); });

// ---- noise

// The output of a training graph of ones that are dropped, at a step.
class Dropped {
public:
  explicit Dropped(const std::string& layers) {
    module_ = load("model m(x: f32[N, 8]) -> y: f32[N, 8] {\n  " + layers +
                       "\n}\ntrain m { loss: mse; batch: 2; epochs: 1 }\n",
                   2, true);
    passes::PassContext context;
    module_ = passes::enter_training(std::move(module_), context);
    ir::Graph& graph = *module_.graph(ir::kTrainStep);
    ir::ValueId y;
    for (const ir::Node& node : graph.nodes()) {
      if (node.op == &ir::ops::mse_loss) y = node.operands[0];
    }
    graph.outputs = {{"y", y, ""}};
  }
  std::vector<double> at(int64_t seed, int64_t step) {
    const ir::Graph& graph = *module_.graph(ir::kTrainStep);
    auto inputs = inputs_of(module_, graph);
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (graph.inputs[i].slot == ir::kSeedSlot) inputs[i].ints[0] = seed;
      if (graph.inputs[i].slot == ir::kStepSlot) inputs[i].ints[0] = step;
      if (i == 0) inputs[i].values.assign(16, 1);
    }
    return ir::evaluate<double>(module_, graph, inputs)[0].values;
  }

private:
  ir::Module module_;
};

TEST(Dropout, MeanOfManyMasksIsTheInput) {
  Dropped dropped("dropout(x, 0.3)");
  constexpr int kMasks = 10000;
  std::vector<double> sum(16, 0);
  for (int step = 1; step <= kMasks; ++step) {
    const auto y = dropped.at(1, step);
    for (size_t i = 0; i < 16; ++i) {
      EXPECT_TRUE(y[i] == 0 || std::fabs(y[i] - 1 / 0.7) < 1e-15);
      sum[i] += y[i];
    }
  }
  const double sigma = std::sqrt(0.3 / 0.7 / kMasks);
  for (double s : sum)
    EXPECT_NEAR(s / kMasks, 1, 4 * sigma);
}

TEST(Dropout, MasksDifferByStepAndLayerAndRepeatBySeed) {
  Dropped one("dropout(x, 0.5)");
  EXPECT_EQ(one.at(7, 3), one.at(7, 3));
  EXPECT_NE(one.at(7, 3), one.at(7, 4));
  EXPECT_NE(one.at(7, 3), one.at(8, 3));
  Dropped two("let a = dropout(x, 0.5)\n  let b = dropout(x, 0.5)\n  a - b");
  EXPECT_NE(two.at(7, 3), std::vector<double>(16, 0));
}

TEST(GaussianNoise, HasItsDeviation) {
  Dropped noisy("gaussian_noise(x, 0.5)");
  double sum = 0, square = 0;
  constexpr int kSteps = 2000;
  for (int step = 1; step <= kSteps; ++step) {
    for (double y : noisy.at(2, step)) {
      sum += y - 1;
      square += (y - 1) * (y - 1);
    }
  }
  constexpr double kCount = 16.0 * kSteps;
  EXPECT_NEAR(sum / kCount, 0, 4 * 0.5 / std::sqrt(kCount));
  EXPECT_NEAR(square / kCount, 0.25, 4 * 0.25 * std::sqrt(2 / kCount));
}

}  // namespace
}  // namespace linnet
