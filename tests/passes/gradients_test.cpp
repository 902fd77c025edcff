// The gradient of every op against central differences of the evaluator in f64, on the shapes and
// attributes of tests/ops/OP.lir, which says where there is none; and by hand where there is no
// derivative.
#include "base/io/file.h"
#include "base/philox.h"
#include "ir/evaluate.h"
#include "ir/gradient.h"
#include "ir/read.h"
#include "passes/training/backward.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

namespace linnet::passes {
namespace {

using ir::Array;
using ir::ValueId;

std::vector<std::string> cases_of(std::string_view op) {
  const auto bytes =
      read_file(std::string(LINNET_SOURCE_DIR) + "/tests/ops/" + std::string(op) + ".lir");
  std::vector<std::string> cases;
  if (!bytes) return cases;
  std::string text(bytes->begin(), bytes->end());
  const std::string separator = "// -----\n";
  for (size_t at = 0; at != std::string::npos;) {
    const size_t next = text.find(separator, at);
    cases.push_back(text.substr(at, next - at));
    at = next == std::string::npos ? next : next + separator.size();
  }
  return cases;
}

struct Range {
  double low = -1.9, high = 2.1;
};
// Where an op is smooth and defined: `// gradient from 0.4 to 2.4` in its file.
Range range_of(const std::string& text) {
  Range range;
  const size_t at = text.find("// gradient from ");
  if (at == std::string::npos) return range;
  const char* line = text.data() + at;
  EXPECT_EQ(std::sscanf(line, "// gradient from %lf to %lf", &range.low, &range.high), 2);
  return range;
}

// A module in f64 whose only output is the sum of the first one's elements, each times a number of
// its own, so that no two errors cancel.
class Checked {
public:
  Checked(ir::Module module, const Range& range) : module_(std::move(module)) {
    ir::Graph& graph = module_.graphs.front();
    graph = expand_for_gradient(module_, graph);
    const ValueId y = graph.outputs.front().value;
    ir::Builder b = ir::Builder(graph).at(ir::Place::named("test"));
    const ir::Var output(b, y);
    const ir::Type type = output.type();
    const ir::Var weights(b,
                          b.constant(ir::Tensor::from_doubles(type, random(9, type, {0.5, 1.5}))));
    root_ = sum_all(output * weights).id();
    for (size_t i = 0; i < graph.inputs.size(); ++i) {
      const ir::Value& value = graph.value(graph.inputs[i].value);
      inputs_.push_back(ir::to_array<double>(ir::Tensor::from_doubles(
          value.type, random(static_cast<uint32_t>(i), value.type, range))));
      if (is_float(value.type.dtype)) by_.push_back(graph.inputs[i].value);
    }
  }

  ir::Graph& graph() { return module_.graphs.front(); }
  std::vector<Array<double>>& inputs() { return inputs_; }
  [[nodiscard]] const std::vector<ValueId>& by() const { return by_; }
  [[nodiscard]] ValueId root() const { return root_; }

  // The outputs given, evaluated.
  std::vector<Array<double>> values(const std::vector<ValueId>& wanted) {
    graph().outputs.clear();
    for (ValueId value : wanted)
      graph().outputs.push_back({"o" + std::to_string(value.index), value, ""});
    return ir::evaluate<double>(module_, graph(), inputs_);
  }

private:
  static ir::Var sum_all(const ir::Var& a) { return a.type().rank() ? a.apply(ir::ops::sum) : a; }
  static std::vector<double> random(uint32_t stream, const ir::Type& type, const Range& range) {
    std::vector<double> values;
    for (int64_t i = 0; i < type.elements(); ++i) {
      const double u = philox_uniform_f64(11, stream, 0, static_cast<uint64_t>(i));
      values.push_back(is_float(type.dtype) ? range.low + (range.high - range.low) * u
                                            : std::floor(2 * u));
    }
    return values;
  }

  ir::Module module_;
  std::vector<Array<double>> inputs_;
  std::vector<ValueId> by_;
  ValueId root_;
};

// The largest difference between gradients and central differences, as a share of the largest
// gradient; and that gradient itself.
struct Difference {
  double relative = 0;
  double largest = 0;
};
Difference differences(Checked& test) {
  const size_t forward = test.graph().nodes().size();
  const Gradients gradients = append_gradients(test.graph(), test.root(), test.by());
  EXPECT_GE(test.graph().nodes().size(), forward);
  Difference result;
  double worst = 0;
  for (size_t k = 0; k < test.by().size(); ++k) {
    if (!gradients.values[k]) continue;
    const Array<double> exact = test.values({gradients.values[k]}).front();
    size_t input = 0;
    while (test.graph().inputs[input].value != test.by()[k])
      ++input;
    EXPECT_EQ(exact.type.shape, test.inputs()[input].type.shape);
    for (size_t i = 0; i < exact.values.size(); ++i) {
      double& x = test.inputs()[input].values[i];
      const double before = x;
      const double h = 1e-5;
      x = before + h;
      const double up = test.values({test.root()}).front().values[0];
      x = before - h;
      const double down = test.values({test.root()}).front().values[0];
      x = before;
      worst = std::max(worst, std::fabs((up - down) / (2 * h) - exact.values[i]));
      result.largest = std::max(result.largest, std::fabs(exact.values[i]));
    }
  }
  result.relative = worst / std::max(result.largest, 1e-3);
  return result;
}

class EveryOp : public testing::TestWithParam<const ir::OpDef*> {};

TEST_P(EveryOp, GradientIsTheDifference) {
  const std::string op(GetParam()->name);
  double largest = 0;
  size_t checked = 0;
  const std::vector<std::string> cases = cases_of(op);
  for (const std::string& text : cases) {
    SourceManager sources;
    Diagnostics diagnostics(sources);
    if (text.find("// error:") != std::string::npos) continue;
    auto module = ir::read(sources.add("case", text), {}, diagnostics);
    ASSERT_TRUE(module.has_value()) << diagnostics.text();
    const ir::Graph& graph = module->graphs.front();
    const ir::Type& type = graph.value(graph.outputs.front().value).type;
    if (!is_float(type.dtype) || type.elements() == 0) continue;
    Checked test(std::move(*module), range_of(cases.front()));
    const Difference difference = differences(test);
    EXPECT_LE(difference.relative, 1e-6) << text;
    largest = std::max(largest, difference.largest);
    ++checked;
  }
  // `// no gradient`: steps are flat, and what gives no floats or takes none has no gradient; nor
  // has what only the gradient of another is made of.
  const bool none = !cases.empty() && cases.front().find("// no gradient\n") != std::string::npos;
  const bool walked = GetParam()->gradient || GetParam() == &ir::ops::loop;
  if (none || (GetParam()->has(ir::kStructural) && !walked)) {
    EXPECT_EQ(largest, 0);
    return;
  }
  EXPECT_GT(checked, 0u) << op << " has no case of floats";
  EXPECT_GT(largest, 0) << "the gradient of " << op << " is 0";
}

INSTANTIATE_TEST_SUITE_P(Gradients, EveryOp,
                         testing::ValuesIn(ir::all_ops().begin(), ir::all_ops().end()),
                         [](const auto& info) { return std::string(info.param->name); });

// The gradient of the sum of op(x) at these x.
std::vector<double> gradient_at(const ir::OpDef& op, std::vector<double> x, ir::Attrs attrs = {},
                                ir::Shape shape = {}) {
  if (shape.empty()) shape = {static_cast<int64_t>(x.size())};
  ir::Module module;
  ir::Graph graph;
  graph.name = "predict";
  const ir::Type type{ir::DType::kF64, shape, {}};
  const ValueId input = graph.add_input("x", type);
  ir::Builder b = ir::Builder(graph).at(ir::Place::named("test"));
  ValueId y = b.create(op, {input}, std::move(attrs));
  if (b.type(y).rank() != 0) y = b.create(ir::ops::sum, {y});
  const ValueId by[] = {input};
  const Gradients gradients = append_gradients(graph, y, by);
  graph.outputs = {{"g", gradients.values[0], ""}};
  module.graphs.push_back(graph);
  const Array<double> inputs[] = {ir::to_array<double>(ir::Tensor::from_doubles(type, x))};
  return ir::evaluate<double>(module, module.graphs[0], inputs).front().values;
}

using Values = std::vector<double>;

// PyTorch's conventions where there is no derivative.
TEST(Ties, HaveExactValues) {
  EXPECT_EQ(gradient_at(ir::ops::relu, {-1, 0, 1}), (Values{0, 0, 1}));
  EXPECT_EQ(gradient_at(ir::ops::abs, {-2, 0, 2}), (Values{-1, 0, 1}));
  EXPECT_EQ(gradient_at(ir::ops::leaky_relu, {0}, {{"negative_slope", 0.25}}), (Values{0.25}));
  EXPECT_EQ(gradient_at(ir::ops::clip, {-1, 0, 1, 2}, {{"min", 0.0}, {"max", 1.0}}),
            (Values{0, 1, 1, 0}));
  EXPECT_EQ(gradient_at(ir::ops::hard_sigmoid, {-3, 3}), (Values{0, 0}));
  EXPECT_EQ(gradient_at(ir::ops::hard_swish, {-4, 4}), (Values{0, 1}));
  EXPECT_EQ(gradient_at(ir::ops::amax, {1, 3, 3, 2}), (Values{0, 0.5, 0.5, 0}));
  EXPECT_EQ(gradient_at(ir::ops::amin, {1, 3, 1, 1}), (Values{1. / 3, 0, 1. / 3, 1. / 3}));
  EXPECT_EQ(gradient_at(ir::ops::prod, {0, 2, 3}), (Values{6, 0, 0}));
  EXPECT_EQ(gradient_at(ir::ops::prod, {0, 0, 3}), (Values{0, 0, 0}));
}

TEST(Ties, MaxPoolTakesTheFirst) {
  const ir::Attrs two{{"kernel_size", ir::Ints{2, 2}}};
  EXPECT_EQ(gradient_at(ir::ops::max_pool2d, {5, 5, 5, 5}, two, {1, 1, 2, 2}),
            (Values{1, 0, 0, 0}));
  EXPECT_EQ(gradient_at(ir::ops::max_pool2d, {1, 2, 3, 3}, two, {1, 1, 2, 2}),
            (Values{0, 0, 1, 0}));
  const ir::Attrs sliding{{"kernel_size", ir::Ints{2, 2}}, {"stride", ir::Ints{1, 1}}};
  EXPECT_EQ(gradient_at(ir::ops::max_pool2d, {0, 0, 0, 0, 1, 1, 0, 1, 1}, sliding, {1, 1, 3, 3}),
            (Values{0, 0, 0, 0, 4, 0, 0, 0, 0}));
}

TEST(Blocked, SaysWhichOpPassesNone) {
  ir::Graph graph;
  graph.name = "predict";
  const ValueId x = graph.add_input("x", {ir::DType::kF64, {3}, {}});
  const ValueId z = graph.add_input("z", {ir::DType::kF64, {3}, {}});
  ir::Builder b = ir::Builder(graph).at(ir::Place::named("here"));
  const ValueId whole = b.create(ir::ops::cast, {x}, {{"dtype", ir::DType::kI64}}, "whole");
  const ValueId back = b.create(ir::ops::cast, {whole}, {{"dtype", ir::DType::kF64}});
  const ValueId flat = b.create(ir::ops::floor, {z});
  const ValueId loss = b.create(ir::ops::sum, {b.create(ir::ops::add, {back, flat})});
  const ValueId by[] = {x, z};
  const Gradients gradients = append_gradients(graph, loss, by);
  EXPECT_FALSE(gradients.values[0]);
  EXPECT_FALSE(gradients.values[1]);  // 0 everywhere, which is no fault
  ASSERT_EQ(gradients.blocked.size(), 1u);
  EXPECT_EQ(gradients.blocked[0].message,
            "no gradient of %x passes through cast %whole, whose result is i64");
}

}  // namespace
}  // namespace linnet::passes
