// Random models of one to three of the language's layers through the whole pipeline, compared with
// the evaluator: whatever can be written compiles and is right. Each has a seed of its own, printed
// when it fails; LINNET_LAYERS=2000 tries so many (`make random-layers`), LINNET_LAYERS_SEED=7
// begins there.
#include "base/abi/model.h"
#include "base/integers.h"
#include "base/philox.h"
#include "codegen/emit/compile.h"
#include "frontend/load.h"
#include "ir/evaluate.h"
#include "ir/op_def.h"
#include "ir/summary.h"
#include "passes/run/run_pipeline.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <memory>

namespace linnet::codegen {
namespace {

using ir::Bounded;

int64_t setting(const char* name, int64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::atoll(text) : otherwise;
}

// Blocks that learn the sizes they need from what they are applied to.
constexpr const char* kBlocks = R"(
block normed(x: f32[..., K]) -> f32[...] {
  layer n = layer_norm(K)
  n(x)
}
block normed_map(x: f32[..., H, W]) -> f32[...] {
  layer n = layer_norm([H, W], bias: false)
  n(x)
}
block attended(heads: int)(x: f32[N, L, E]) -> f32[...] {
  layer a = multi_head_attention(heads, batch_first: true)
  a(x, x, x)
}
block rnn(hidden: int)(x: f32[N, C, L]) -> f32[...] {
  layer begin = linear(hidden)
  layer cell = rnn_cell(hidden)
  let h = begin(x[:, :, 0])
  repeat t in 1..L { let h = cell(x[:, :, t], h) }
  h
}
block gru(hidden: int)(x: f32[N, C, L]) -> f32[...] {
  layer begin = linear(hidden)
  layer cell = gru_cell(hidden)
  let h = begin(x[:, :, 0])
  repeat t in 1..L { let h = cell(x[:, :, t], h) }
  h
}
block lstm(hidden: int)(x: f32[N, C, L]) -> f32[...] {
  layer begin = linear(hidden)
  layer cell = lstm_cell(hidden)
  let h = begin(x[:, :, 0])
  let c = tanh(h)
  repeat t in 1..L { let (h, c) = cell(x[:, :, t], h, c) }
  concat(h, c, dim: 1)
}
)";

// The text of a model; what does not fit the shapes is left to the front end to refuse.
class Layers {
public:
  explicit Layers(uint64_t seed) : seed_(seed) {}

  std::string model() {
    constexpr int kRanks[] = {2, 2, 3, 3, 3, 4, 4, 4, 4, 4};
    rank_ = kRanks[pick(10)];
    std::string input = "f32[N";
    for (int dim = 1; dim < rank_; ++dim)
      input += fmt::format(", {}", size());
    input += "]";
    std::string body = "  let v0 = x\n";
    const int layers = 1 + pick(3);
    for (int i = 0; i < layers; ++i)
      body += layer(i);
    return fmt::format("model m(x: {}) -> f32[...] {{\n{}  v{}\n}}\n{}", input, body, layers,
                       kBlocks);
  }
  int64_t batch() { return pick(4) == 0 ? 1 + pick(5) : 1; }

private:
  int pick(int count) {
    return static_cast<int>(philox_word(seed_, 11, 0, next_++) % static_cast<uint32_t>(count));
  }
  // 1, odd ones, around the multiples of vectors.
  int size() {
    constexpr int kSizes[] = {1,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10,
                              12, 13, 15, 16, 17, 20, 24, 25, 31, 33};
    return kSizes[pick(21)];
  }
  int channels() {
    constexpr int kChannels[] = {1, 2, 3, 4, 6, 8, 10, 16, 17, 32, 35, 64};
    return kChannels[pick(12)];
  }
  std::string pair(int most) {
    const int first = 1 + pick(most);
    return pick(2) ? fmt::format("{}", first) : fmt::format("[{}, {}]", first, 1 + pick(most));
  }
  std::string window() {  // of a pool, up to the whole picture
    switch (pick(3)) {
    case 0:
      return pair(3);
    case 1:
      return fmt::format("[{}, {}]", size(), size());
    default:
      return pair(8);
    }
  }

  std::string picture_layer(const std::string& from, int i) {
    switch (pick(11)) {
    case 0:
    case 1:
    case 2: {
      std::string settings = fmt::format("{}, kernel_size: {}", channels(), pair(pick(3) ? 3 : 7));
      if (pick(3) == 0) settings += ", stride: " + pair(3);
      if (pick(2) == 0) settings += ", padding: " + fmt::format("{}", pick(4));
      if (pick(6) == 0) settings += ", dilation: " + pair(2);
      if (pick(6) == 0) settings += ", bias: false";
      return fmt::format("  layer c{0} = conv2d({1})\n  let r{0} = c{0}({2})\n", i, settings, from);
    }
    case 3: {  // groups, as many as channels as a rule
      const int groups = channels();
      return fmt::format(
          "  layer d{0} = conv2d({1}, kernel_size: {2}, groups: {3}, padding: {4}, stride: {5})\n"
          "  layer p{0} = conv2d({3}, kernel_size: 1)\n  let r{0} = d{0}(p{0}({6}))\n",
          i, groups * (1 + pick(2)), pair(3), groups, pick(2), 1 + pick(2), from);
    }
    case 4:
    case 5: {
      const std::string kind = pick(2) ? "max_pool2d" : "avg_pool2d";
      std::string settings = window();
      if (pick(2)) settings += ", stride: " + (pick(2) ? pair(3) : settings);
      if (pick(4) == 0) settings += ", padding: 1";
      if (pick(5) == 0) settings += ", ceil_mode: true";
      return fmt::format("  let r{} = {} |> {}({})\n", i, from, kind, settings);
    }
    case 6:
      return fmt::format("  let r{} = {}({})\n", i,
                         pick(2) ? "global_avg_pool2d" : "global_max_pool2d", from);
    case 7:
      return fmt::format("  layer n{0} = batch_norm2d()\n  let r{0} = n{0}({1})\n", i, from);
    case 8:
      return fmt::format("  layer n{0} = {1}()\n  let r{0} = n{0}({2})\n", i,
                         pick(2) ? "normed" : "normed_map", from);
    case 9:  // a row of each picture
      rank_ = 3;
      return fmt::format("  let r{} = {}[:, :, {}]\n", i, from, pick(2) ? 0 : -1);
    default:
      rank_ = 2;
      return fmt::format("  let r{} = flatten({})\n", i, from);
    }
  }

  // [N, C, L]: a sequence with its time last, or rows of features.
  std::string sequence_layer(const std::string& from, int i) {
    switch (pick(8)) {
    case 0:
    case 1: {
      std::string settings = fmt::format("{}, kernel_size: {}", channels(), 1 + pick(5));
      if (pick(3) == 0) settings += fmt::format(", stride: {}", 1 + pick(3));
      if (pick(2) == 0) settings += fmt::format(", padding: {}", pick(4));
      if (pick(4) == 0) settings += ", dilation: 2";
      if (pick(6) == 0) settings += ", groups: 2";
      if (pick(6) == 0) settings += ", bias: false";
      return fmt::format("  layer c{0} = conv1d({1})\n  let r{0} = c{0}({2})\n", i, settings, from);
    }
    case 2:
      return fmt::format("  layer n{0} = {1}()\n  let r{0} = n{0}({2})\n", i,
                         pick(2) ? "normed" : "normed_map", from);
    case 3:
      return fmt::format("  layer a{0} = attended({1})\n  let r{0} = a{0}({2})\n", i, 1 + pick(4),
                         from);
    case 4: {
      constexpr const char* kCells[] = {"rnn", "gru", "lstm"};
      rank_ = 2;
      return fmt::format("  layer h{0} = {1}({2})\n  let r{0} = h{0}({3})\n", i, kCells[pick(3)],
                         size(), from);
    }
    case 5:
      return fmt::format("  let r{} = transpose({}, dims: [0, 2, 1])\n", i, from);
    case 6:
      return fmt::format("  layer l{0} = linear({1})\n  let r{0} = l{0}({2})\n", i, channels(),
                         from);
    default:
      rank_ = 2;
      return fmt::format("  let r{} = {}\n", i,
                         pick(2) ? fmt::format("mean({}, dim: [2])", from)
                                 : fmt::format("flatten({})", from));
    }
  }

  std::string row_layer(const std::string& from, int i) {
    // Indices are exact: they come from the input by a power of two.
    if (i == 0 && pick(3) == 0) {
      rank_ = 3;
      return fmt::format("  layer e{0} = embedding({1}, {2})\n"
                         "  let r{0} = e{0}(cast(abs({3}) * 8, dtype: i64))\n",
                         i, 1 + pick(9), size(), from);
    }
    switch (pick(5)) {
    case 0:
      return fmt::format("  let r{} = softmax({}, dim: 1)\n", i, from);
    case 2:
      return fmt::format("  layer n{0} = normed()\n  let r{0} = n{0}({1})\n", i, from);
    case 1:
      return fmt::format("  let r{0} = {1} - mean({1}, dim: [1], keepdim: true)\n", i, from);
    default:
      return fmt::format("  layer l{0} = linear({1})\n  let r{0} = l{0}({2})\n", i, channels(),
                         from);
    }
  }

  // What follows a layer, v{i + 1} = f(r{i}).
  std::string layer(int i) {
    const std::string from = fmt::format("v{}", i);
    std::string text = rank_ == 4   ? picture_layer(from, i)
                       : rank_ == 3 ? sequence_layer(from, i)
                                    : row_layer(from, i);
    constexpr const char* kAfter[] = {"relu", "tanh", "sigmoid", "gelu", "silu", "leaky_relu"};
    switch (pick(7)) {
    case 0:
    case 1:
    case 2:
      text += fmt::format("  let v{} = {}(r{})\n", i + 1, kAfter[pick(6)], i);
      break;
    case 3:
      text += fmt::format("  let v{} = r{} + tanh(r{})\n", i + 1, i, i);
      break;
    case 4:
      text += fmt::format("  let v{} = concat(r{}, relu(r{}), dim: 1)\n", i + 1, i, i);
      break;
    default:
      text += fmt::format("  let v{} = r{}\n", i + 1, i);
    }
    // A pool right behind, as in most networks; any window.
    if (rank_ == 4 && pick(3) == 0) {
      const std::string w = window();
      text +=
          fmt::format("  let v{0} = v{0} |> {1}({2}{3})\n", i + 1,
                      pick(2) ? "max_pool2d" : "avg_pool2d", w, pick(2) ? ", stride: " + w : "");
    }
    return text;
  }

  uint64_t seed_;
  uint64_t next_ = 0;
  int rank_ = 4;
};

// The model of a text, its parameters frozen; nullopt where the front end refuses it.
std::optional<ir::Module> load(const std::string& text, int64_t batch, uint64_t seed) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  frontend::ImportOptions options;
  options.batch = batch;
  auto module = frontend::load_lin(sources.add("m.lin", text), sources, options, diagnostics);
  if (!module) return std::nullopt;
  passes::PassContext context;
  context.seed = seed;
  passes::PipelineOptions until;
  until.stop_after = "freeze_parameters";
  return passes::run_pipeline(std::move(*module), passes::pipeline(), until, context).module;
}

// Multiply-adds beyond which the evaluator takes too long.
bool small(const ir::Module& module) {
  int64_t work = 0;
  const ir::Graph& graph = module.graphs.front();
  for (const ir::Node& node : graph.nodes()) {
    work += graph.value(node.results.front()).type.elements();
    work += ir::multiply_adds(graph, node);
  }
  return work < 2'000'000;
}

// Roundings on the way to an element: the longest sum of each node.
double roundings(const ir::Graph& graph) {
  double count = 0;
  for (const ir::Node& node : graph.nodes()) {
    int64_t longest = 1;
    for (ir::ValueId operand : node.operands)
      longest = std::max(longest, graph.value(operand).type.elements());
    count += std::min<double>(static_cast<double>(longest), 4096);
  }
  return count;
}

// What is wrong with the compiled model, or "".
std::string difference(const ir::Module& module, const Target& target, uint64_t seed) {
  const ir::Graph& graph = module.graphs.front();
  passes::PassContext context;
  context.target = target.info;
  context.seed = seed;
  passes::PipelineOptions verified;
  verified.verify = true;
  auto planned = passes::run_pipeline(module, passes::pipeline(), verified, context);
  if (!planned.broken.empty()) return planned.broken;
  CompileOptions options;
  options.name = "m";
  options.target = target;
  options.product = true;
  const auto compiled = compile({&planned.module, 1}, options);
  if (!compiled) return compiled.error().message + "; " + compiled.error().remedy;
  const auto loaded = load(*compiled);
  if (!loaded) return loaded.error().message;
  const auto* model =
      static_cast<const linnet_model_v1*>((*loaded)->symbol("linnet_product_model"));

  const ir::Type& type = graph.value(graph.inputs.front().value).type;
  std::vector<float> x;
  std::vector<double> values;
  for (int64_t i = 0; i < type.elements(); ++i) {
    x.push_back(
        static_cast<float>(2 * philox_uniform_f64(seed, 12, 0, static_cast<uint64_t>(i)) - 1));
    values.push_back(x.back());
  }
  const std::vector<ir::Array<Bounded>> inputs = {
      ir::to_array<Bounded>(ir::Tensor::from_doubles(type, values))};
  const auto expected = ir::evaluate<Bounded>(module, graph, inputs).front();
  std::vector<float> y(expected.values.size(), -123.0F);
  const size_t bytes = round_up(static_cast<size_t>(compiled->arena_bytes), 64) + 64;
  const std::unique_ptr<void, decltype(&std::free)> arena(std::aligned_alloc(64, bytes), std::free);
  const void* from[] = {x.data()};
  void* to[] = {y.data()};
  const int status = model->entries[0].call(from, to, nullptr, arena.get());
  if (status != 0) return fmt::format("the call returned {}", status);
  const double eps = std::numeric_limits<float>::epsilon();
  const double factor = 4 * (1 + std::sqrt(roundings(graph))) * eps;
  for (size_t i = 0; i < y.size(); ++i) {
    const Bounded& e = expected.values[i];
    const double bound = factor * e.magnitude + std::numeric_limits<float>::min();
    if (std::isnan(e.value) && std::isnan(y[i])) continue;
    if (!(std::fabs(y[i] - e.value) <= bound))
      return fmt::format("element {} is {:.9g}, not {:.9g} ± {:.3g}", i, y[i], e.value, bound);
  }
  return "";
}

TEST(RandomLayers, CompileAndAreRight) {
  const auto count = static_cast<size_t>(setting("LINNET_LAYERS", 40));
  auto seed = static_cast<uint64_t>(setting("LINNET_LAYERS_SEED", 1));
  std::vector<Target> targets;
  for (const char* name : {"x86-64-v4", "x86-64-v3", "x86-64-v2"}) {
    const FoundTarget found = find_target(name);
    if (found.ok && runs_here(found.target)) targets.push_back(found.target);
  }
  size_t tried = 0, wrong = 0;
  const uint64_t first = seed;
  for (; tried < count; ++seed) {
    Layers layers(seed);
    const std::string text = layers.model();
    const auto module = load(text, layers.batch(), seed);
    if (!module || !small(*module)) continue;
    const Target& target = targets[tried % targets.size()];
    ++tried;
    const std::string error = difference(*module, target, seed);
    if (error.empty()) continue;
    ++wrong;
    ADD_FAILURE() << "seed " << seed << " on " << target.info.name << ": " << error << "\n" << text;
  }
  fmt::print("{} models of seeds {} to {}, {} wrong\n", tried, first, seed - 1, wrong);
  EXPECT_LT(seed - first, 20 * count) << "the front end refuses too many";
}

}  // namespace
}  // namespace linnet::codegen
