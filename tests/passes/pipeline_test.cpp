// The pipeline as a whole: random graphs keep their values, any pass may be left out, a dump after
// a pass and the rest give the same, faults are found and named.
#include "ir/print.h"
#include "ir/read.h"
#include "ir/verify.h"
#include "passes/lib/rewrite_graphs.h"
#include "passes/run/check_passes.h"
#include "passes/run/run_pipeline.h"
#include "tests/passes/random_graphs.h"

#include <gtest/gtest.h>

namespace linnet::passes {
namespace {

ir::Module read_back(const ir::Module& module) {
  const ir::Printed printed = ir::print(module);
  SourceManager sources;
  Diagnostics diagnostics(sources);
  auto again = ir::read(sources.add("printed", printed.text), printed.tensors, diagnostics);
  EXPECT_TRUE(again.has_value()) << diagnostics.text() << printed.text;
  if (!again) return {};
  EXPECT_EQ(ir::print(*again).text, printed.text);
  return std::move(*again);
}

TEST(Pipeline, RandomGraphsKeepTheirValues) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    const ir::Module module = RandomGraphs(seed).make();
    ASSERT_EQ(ir::verify(module), std::nullopt) << seed;
    PassContext context;
    PipelineOptions options;
    options.check = true;
    const auto result = run_pipeline(module, pipeline(), options, context);
    EXPECT_EQ(result.broken, "") << "seed " << seed << "\n" << ir::print(module).text;
    EXPECT_EQ(compare_modules(module, result.module, 0), std::nullopt) << seed;
  }
}

// Optional passes may be left out, one at a time.
TEST(Pipeline, EachOptimisationMayBeLeftOut) {
  for (const char* pass :
       {"canonicalize", "fold_batch_norm", "fold_constants", "share_subgraphs", "drop_dead",
        "fuse_epilogue", "fuse_pool", "pack_weights", "choose_layout"}) {
    for (uint64_t seed = 0; seed < 6; ++seed) {
      const ir::Module module = RandomGraphs(seed).make();
      PassContext context;
      PipelineOptions options;
      options.verify = true;
      options.disabled = {pass};
      const auto result = run_pipeline(module, pipeline(), options, context);
      EXPECT_EQ(result.broken, "") << pass;
      EXPECT_EQ(compare_modules(module, result.module, 0), std::nullopt) << pass;
    }
  }
}

// `dump --after P` and then the rest give the final dump, byte for byte, for every P.
TEST(Pipeline, MayBeInterruptedAfterAnyPass) {
  for (uint64_t seed = 0; seed < 8; ++seed) {
    PassContext context;
    std::vector<ir::Module> after;
    PipelineOptions options;
    options.after = [&](const Pass&, const ir::Module& module) { after.push_back(module); };
    const auto whole = run_pipeline(RandomGraphs(seed).make(), pipeline(), options, context);
    const std::string expected = ir::print(whole.module).text;
    for (size_t i = 0; i < after.size(); ++i) {
      const auto rest = run_pipeline(read_back(after[i]), pipeline().subspan(i + 1), {}, context);
      EXPECT_EQ(ir::print(rest.module).text, expected) << "after " << pipeline()[i].name;
    }
  }
}

TEST(Pipeline, StopsAfterSoManyRewrites) {
  const ir::Module module = RandomGraphs(3).make();
  for (int64_t limit = 0; limit < 30; ++limit) {
    PassContext context;
    context.limit = limit;
    PipelineOptions options;
    options.verify = true;
    options.disabled = {"choose_schedules", "choose_layout", "pack_weights", "outline_kernels",
                        "plan_memory"};
    const auto result = run_pipeline(module, pipeline(), options, context);
    EXPECT_EQ(result.broken, "");
    EXPECT_EQ(compare_modules(module, result.module, 0), std::nullopt) << limit;
  }
}

// ---- Five planted faults: --check-passes finds each and names the pass.

ir::Module convolution() {
  const char* const text = "lir 1\n\nmodule m\n\n"
                           "graph @predict(%x: f32[1,2,6,6]) {\n"
                           "  %w: f32[3,2,3,3] = constant @\"w\"\n"
                           "  %v: f32[3,2,3,3] = constant @\"v\"\n"
                           "  %b: f32[3,1,1] = constant [0.001, -0.001, 0.0005]\n"
                           "  %c: f32[1,3,6,6] = conv2d(%x, %w) {padding = [1, 1, 1, 1]}\n"
                           "  %d: f32[1,3,6,6] = conv2d(%x, %v) {padding = [1, 1, 1, 1]}\n"
                           "  %s: f32[1,3,6,6] = add(%c, %b)\n"
                           "  %r: f32[1,3,6,6] = relu(%s)\n"
                           "  %t: f32[1,3,6,6] = sub(%r, %d)\n"
                           "  %p: f32[1,3,3,6] = max_pool2d(%t) {kernel_size = [2, 1]}\n"
                           "  return y = %p\n}\n";
  SourceManager sources;
  Diagnostics diagnostics(sources);
  std::map<std::string, ir::Tensor> tensors;
  for (const char* name : {"w", "v"}) {
    std::vector<double> values;
    for (size_t i = 0; i < 54; ++i)
      values.push_back(static_cast<double>((i * 7 + static_cast<size_t>(*name)) % 13) / 13 - 0.5);
    tensors.emplace(name, ir::Tensor::from_doubles({ir::DType::kF32, {3, 2, 3, 3}, {}}, values));
  }
  auto module = ir::read(sources.add("m", text), tensors, diagnostics);
  EXPECT_TRUE(module.has_value()) << diagnostics.text();
  return std::move(*module);
}

using Visit = std::function<bool(ir::Rewriter&, ir::NodeId, const ir::Node&)>;

std::string found_by(PassFunction fault) {
  const Pass row{.name = "faulty", .run = fault, .summary = "a planted fault"};
  PassContext context;
  PipelineOptions options;
  options.check = true;
  return run_pipeline(convolution(), {&row, 1}, options, context).broken;
}

ir::Module drop_bias(ir::Module module, PassContext&) {
  return rewrite_graphs(std::move(module), [](ir::Rewriter& r, ir::NodeId, const ir::Node& node) {
    if (node.op != &ir::ops::add) return false;
    r.replace(node.results[0], r[node.operands[0]]);
    return true;
  });
}

ir::Module shift_padding(ir::Module module, PassContext&) {
  return rewrite_graphs(std::move(module), [](ir::Rewriter& r, ir::NodeId, const ir::Node& node) {
    if (node.op != &ir::ops::conv2d) return false;
    ir::Node shifted = node;
    shifted.attrs.set("padding", ir::Ints{0, 1, 2, 1});
    r.copy(shifted);
    return true;
  });
}

ir::Module pool_other_axis(ir::Module module, PassContext&) {
  return rewrite_graphs(std::move(module), [](ir::Rewriter& r, ir::NodeId, const ir::Node& node) {
    if (node.op != &ir::ops::max_pool2d) return false;
    ir::Builder b = r.at(node.place);
    const auto turned = b.create(ir::ops::transpose, {r[node.operands[0]]});
    const auto pooled = b.create(ir::ops::max_pool2d, {turned}, node.attrs);
    r.replace(node.results[0],
              b.create(ir::ops::reshape, {pooled}, {{"shape", ir::Ints{1, 3, 3, 6}}}));
    return true;
  });
}

ir::Module relu_before_bias(ir::Module module, PassContext&) {
  ir::ValueId bias;
  return rewrite_graphs(std::move(module),
                        [bias](ir::Rewriter& r, ir::NodeId, const ir::Node& node) mutable {
                          if (node.op == &ir::ops::add) {
                            bias = r[node.operands[1]];
                            r.replace(node.results[0], r[node.operands[0]]);
                            return true;
                          }
                          if (node.op != &ir::ops::relu) return false;
                          ir::Builder b = r.at(node.place);
                          const auto rectified = b.create(ir::ops::relu, {r[node.operands[0]]});
                          r.replace(node.results[0], b.create(ir::ops::add, {rectified, bias}));
                          return true;
                        });
}

ir::Module swap_weights(ir::Module module, PassContext&) {
  std::vector<ir::ValueId> weights;
  int seen = 0;
  return rewrite_graphs(std::move(module), [weights, seen](ir::Rewriter& r, ir::NodeId,
                                                           const ir::Node& node) mutable {
    if (node.tensor && weights.size() < 2) {
      r.copy(node);
      weights.push_back(r[node.results[0]]);
      return true;
    }
    if (node.op != &ir::ops::conv2d) return false;
    r.replace(node.results[0],
              r.at(node.place)
                  .create(ir::ops::conv2d,
                          {r[node.operands[0]], weights[static_cast<size_t>(1 - seen++)]},
                          node.attrs));
    return true;
  });
}

TEST(CheckPasses, FindsADroppedBias) {
  EXPECT_NE(found_by(drop_bias).find("pass faulty changed the values"), std::string::npos);
}
TEST(CheckPasses, FindsAShiftedPadding) {
  EXPECT_NE(found_by(shift_padding).find("pass faulty changed the values"), std::string::npos);
}
TEST(CheckPasses, FindsAPoolOverTheWrongAxis) {
  EXPECT_NE(found_by(pool_other_axis).find("pass faulty changed the values"), std::string::npos);
}
TEST(CheckPasses, FindsReluBeforeTheBias) {
  EXPECT_NE(found_by(relu_before_bias).find("pass faulty changed the values"), std::string::npos);
}
TEST(CheckPasses, FindsSwappedWeights) {
  EXPECT_NE(found_by(swap_weights).find("pass faulty changed the values"), std::string::npos);
}
TEST(CheckPasses, FindsNothingWhereNothingIs) {
  EXPECT_EQ(found_by([](ir::Module module, PassContext&) { return module; }), "");
}

}  // namespace
}  // namespace linnet::passes
