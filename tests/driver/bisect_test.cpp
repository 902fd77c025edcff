// Faults put into passes, schedules and lowerings of a copy, which bisect must name and make small.
#include "driver/bisect/bisect.h"

#include "base/io/file.h"
#include "driver/bisect/shrink.h"
#include "driver/model.h"
#include "ir/op_def.h"
#include "ir/rewrite.h"
#include "ir/verify.h"
#include "passes/schedule/families.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>

namespace linnet::driver {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using Guilty = BisectAnswer::Guilty;

constexpr const char* kDeep = R"(model deep(x: f32[N, 16]) -> f32[...] {
  layer a = linear(24)
  layer b = linear(24)
  layer c = linear(32)
  layer d = linear(24)
  layer e = linear(8)
  x |> a |> relu |> b |> sigmoid |> c |> tanh |> d |> relu |> e |> softmax
}
)";

// The graph with other ops in the place of some; groups and nodes alike.
ir::Graph with_ops(const ir::Graph& graph, const ir::OpDef& from, const ir::OpDef& to) {
  return ir::rewrite(graph, [&](ir::Rewriter& r, ir::NodeId, const ir::Node& node) {
    if (node.op != &from) return false;
    r.replace(node.results.front(), r.at(node.place).create(to, r.mapped(node.operands)));
    return true;
  });
}

// Every second relu becomes the absolute value.
ir::Module broken_fold(ir::Module module, passes::PassContext& context) {
  for (ir::Graph& graph : module.graphs) {
    int seen = 0;
    graph = ir::rewrite(graph, [&](ir::Rewriter& r, ir::NodeId, const ir::Node& node) {
      if (node.op != &ir::ops::relu) return false;
      const bool wrong = ++seen % 2 == 0;
      if (!context.may_rewrite(node.place, wrong ? "a bad one" : "a good one")) return false;
      const ir::OpDef& op = wrong ? ir::ops::abs : ir::ops::relu;
      r.replace(node.results.front(), r.at(node.place).create(op, r.mapped(node.operands)));
      return true;
    });
  }
  return module;
}

ir::Module dying(ir::Module module, passes::PassContext& context) {
  for (const ir::Node& node : module.graphs.front().nodes()) {
    if (node.op == &ir::ops::tanh && context.may_rewrite(node.place, "the last"))
      std::raise(SIGKILL);
  }
  return module;
}

// Leaves a node without its place, which no module may have.
ir::Module placeless(ir::Module module, passes::PassContext& context) {
  ir::Graph& graph = module.graphs.front();
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    ir::Node& node = graph.node(ir::NodeId{static_cast<int32_t>(i)});
    if (node.op == &ir::ops::sigmoid && context.may_rewrite(node.place, "lost")) node.place = {};
  }
  return module;
}

// The evaluator in the place of compiled code: kernels are what `spoil` makes of them.
Backend evaluator(const std::function<ir::Graph(const ir::Graph&)>& spoil) {
  const auto call = [spoil](ir::Module module, const TensorList& inputs) {
    for (ir::Graph& kernel : module.kernels)
      kernel = spoil(kernel);
    TensorList outputs;
    for (const auto& array : evaluated(module, inputs, 0))
      outputs.push_back(ir::to_tensor(array));
    return outputs;
  };
  Backend backend;
  backend.run = [call](const ir::Module& planned, std::span<const TensorList> inputs) {
    std::vector<TensorList> outputs;
    for (const TensorList& list : inputs)
      outputs.push_back(call(planned, list));
    return outputs;
  };
  backend.check = [call](const ir::Graph& kernel, const TensorList& inputs) -> std::string {
    Sample sample;
    sample.module.kernels.push_back(kernel);
    sample.inputs = inputs;
    if (inputs.empty()) {
      for (const ir::GraphInput& input : kernel.inputs) {
        ir::Type type = kernel.value(input.value).type;
        type.layout = {};
        sample.inputs.push_back(ir::Tensor::splat(type, 0.5));
      }
    }
    std::vector<ir::Array<double>> is;
    for (const ir::Tensor& tensor : call(sample.module, sample.inputs))
      is.push_back(ir::to_array<double>(tensor));
    return departure(kernel, reference_values(sample, 0), is, 1e-4).value_or("");
  };
  return backend;
}

class Bisect : public testing::Test {
protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/linnet_bisect_XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    const auto rows = passes::pipeline(passes::Phase::kTraining, passes::Phase::kPlanned);
    rows_.assign(rows.begin(), rows.end());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  BisectQuestion question(const std::string& text) {
    const std::string path = folder_ + "/model.lin";
    EXPECT_TRUE(write_file(path, text));
    ModelOptions options;
    options.path = path;
    model_ = Model::open(std::move(options), host_);
    BisectQuestion question;
    question.module = *model_->at_batch(3);
    question.inputs = seeded_inputs(question.module);
    question.rows = rows_;
    question.context.target = codegen::find_target("x86-64-v3").target.info;
    question.backend = evaluator([](const ir::Graph& kernel) { return kernel; });
    return question;
  }

  // Another function in the row of this name.
  void plant(std::string_view name, passes::PassFunction run) {
    std::ranges::find(rows_, name, &passes::Pass::name)->run = run;
  }

  std::string folder_;
  SourceManager sources_;
  Diagnostics diagnostics_{sources_};
  Host host_{sources_, diagnostics_};
  std::optional<Model> model_;
  std::vector<passes::Pass> rows_;
};

TEST_F(Bisect, FindsNothingWhereAllIsRight) {
  const BisectAnswer answer = bisect(question(kDeep));
  EXPECT_EQ(answer.guilty, Guilty::kNobody) << guilty_text(answer) << answer.fault;
}

TEST_F(Bisect, NamesThePassAndTheRewrite) {
  plant("drop_dropout", broken_fold);
  const BisectAnswer answer = bisect(question(kDeep));
  EXPECT_EQ(guilty_text(answer), "pass drop_dropout, rewrite 2: a bad one");
  EXPECT_EQ(sources_.position(answer.place.spans.at(0).file, answer.place.spans.at(0).begin).line,
            7U);
  EXPECT_TRUE(answer.any_inputs);
  EXPECT_THAT(answer.passes, testing::ElementsAre("drop_dropout"));
  // The second relu needs a first one.
  EXPECT_LE(answer.nodes, 10);
  EXPECT_EQ(std::ranges::count(answer.small.subject().nodes(), &ir::ops::relu, &ir::Node::op), 2);
  EXPECT_FALSE(ir::verify(answer.small.module));
  for (const ir::Value& value : answer.small.subject().values())
    EXPECT_LE(value.type.elements(), 4) << to_string(value.type);
}

TEST_F(Bisect, APassThatDies) {
  plant("canonicalize", dying);
  const BisectAnswer answer = bisect(question(kDeep));
  EXPECT_EQ(guilty_text(answer), "pass canonicalize, rewrite 1: the last");
  EXPECT_THAT(answer.fault, StartsWith("died of signal 9"));
  EXPECT_EQ(answer.nodes, 1);
  EXPECT_EQ(answer.small.subject().nodes().front().op, &ir::ops::tanh);
}

TEST_F(Bisect, APassThatBreaksTheModule) {
  plant("drop_dead", placeless);
  const BisectAnswer answer = bisect(question(kDeep));
  EXPECT_EQ(guilty_text(answer), "pass drop_dead, rewrite 1: lost");
  EXPECT_THAT(answer.fault, HasSubstr("pass drop_dead left an invalid module"));
  EXPECT_EQ(answer.nodes, 1);
}

TEST_F(Bisect, NamesTheSchedule) {
  BisectQuestion asked = question(kDeep);
  asked.backend = evaluator([](const ir::Graph& kernel) {
    const bool wrong = kernel.schedule && kernel.schedule->family != passes::kGeneric;
    return wrong ? with_ops(kernel, ir::ops::add, ir::ops::sub) : kernel;
  });
  const BisectAnswer answer = bisect(asked);
  EXPECT_EQ(answer.guilty, Guilty::kSchedule) << guilty_text(answer);
  EXPECT_EQ(answer.right_schedule, "generic{}");
  EXPECT_THAT(guilty_text(answer), HasSubstr("of kernel @" + answer.kernel));
  EXPECT_LE(answer.nodes, 10);
  EXPECT_EQ(answer.schedule.substr(0, answer.schedule.find('{')),
            answer.small.subject().schedule->family);
  EXPECT_EQ(passes::schedule_fault(answer.small.subject(), *answer.small.subject().schedule), "");
}

TEST_F(Bisect, NamesTheOpWhoseLoweringIsWrong) {
  BisectQuestion asked = question(kDeep);
  asked.backend = evaluator(
      [](const ir::Graph& kernel) { return with_ops(kernel, ir::ops::tanh, ir::ops::sin); });
  const BisectAnswer answer = bisect(asked);
  EXPECT_EQ(answer.guilty, Guilty::kLowering) << guilty_text(answer);
  EXPECT_EQ(answer.op, "tanh");
  EXPECT_EQ(answer.nodes, 1);
  EXPECT_EQ(answer.small.subject().value(answer.small.subject().inputs[0].value).type.elements(),
            1);
}

// Kernels are right, what calls them is not.
TEST_F(Bisect, NamesTheEntryWhereKernelsAreRight) {
  BisectQuestion asked = question(kDeep);
  const auto right = asked.backend.run;
  asked.backend.run = [right](const ir::Module& planned, std::span<const TensorList> inputs) {
    auto outputs = right(planned, inputs);
    const auto has_tanh = [](const ir::Graph& kernel) {
      return std::ranges::find(kernel.nodes(), &ir::ops::tanh, &ir::Node::op) !=
             kernel.nodes().end();
    };
    if (std::ranges::any_of(planned.kernels, has_tanh))
      for (TensorList& list : outputs)
        list[0] = ir::Tensor::splat(list[0].type(), 7);
    return outputs;
  };
  const BisectAnswer answer = bisect(asked);
  EXPECT_EQ(answer.guilty, Guilty::kEntry) << guilty_text(answer);
  EXPECT_EQ(answer.nodes, 1);
}

TEST_F(Bisect, AGivenOutputThatTheEvaluatorDoesNotGiveEither) {
  BisectQuestion asked = question(kDeep);
  const ir::Graph& graph = asked.module.graphs.front();
  ir::Type type = graph.value(graph.outputs.front().value).type;
  asked.inputs.resize(1);
  asked.expected = {ir::Tensor::splat(type, 3)};
  EXPECT_EQ(bisect(asked).guilty, Guilty::kModel);
}

// Compiled code, a convolution: nothing is wrong with it.
TEST_F(Bisect, CompiledCodeIsAsked) {
  BisectQuestion asked = question(R"(model picture(x: f32[N, 3, 8, 8]) -> f32[...] {
  layer a = conv2d(8, kernel_size: 3, padding: 1)
  x |> a |> relu |> max_pool2d(2)
}
)");
  Options options;
  options.no_cache = true;
  const codegen::Target target = codegen::find_target("x86-64-v2").target;
  asked.context.target = target.info;
  asked.backend = native_backend(target, options);
  EXPECT_EQ(bisect(asked).guilty, Guilty::kNobody);
}

TEST_F(Bisect, NothingButWhatIsAskedForIsLeftOut) {
  const BisectQuestion asked = question(kDeep);
  const Sample sample{asked.module, asked.inputs.front().values};
  const Shows has_sigmoid = [](const Sample& candidate) {
    return std::ranges::find(candidate.subject().nodes(), &ir::ops::sigmoid, &ir::Node::op) !=
           candidate.subject().nodes().end();
  };
  const Sample small = shrink(sample, has_sigmoid, 0, 1000);
  EXPECT_EQ(node_count(small.module, small.subject()), 1);
  EXPECT_TRUE(small.module.slots.empty());
  // No question is left: the sample stays.
  EXPECT_EQ(node_count(shrink(sample, has_sigmoid, 0, 0).module, sample.subject()),
            node_count(sample.module, sample.subject()));
}

}  // namespace
}  // namespace linnet::driver
