// Where shards wait: sums with no call between them are one point, unless one sums another's
// result.
#include "passes/lib/shard_points.h"

#include "ir/read.h"
#include "passes/lib/storage.h"
#include "passes/run/run_pipeline.h"
#include "support/source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace linnet::passes {
namespace {

ir::Module read(const std::string& text) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  auto module = ir::read(sources.add("m.lir", text), {}, diagnostics);
  EXPECT_TRUE(module.has_value()) << diagnostics.text();
  return module ? std::move(*module) : ir::Module();
}

// Of each point how many sums, and their bytes.
std::vector<std::pair<size_t, int64_t>> points_of(const std::string& body) {
  const ir::Module module = read("lir 1\n\nmodule m\n\nkernel @k(%x: f32[20]) {\n"
                                 "  %y: f32[20] = square(%x)\n  return %y\n}\n\n"
                                 "graph @shard_step(%x: f32[20], %z: f32[3]) {\n" +
                                 body + "}\n");
  std::vector<std::pair<size_t, int64_t>> list;
  for (const ShardPoint& point : shard_points(module.graphs.front())) {
    list.emplace_back(point.sums.size(), point.bytes);
    EXPECT_EQ(point.offsets.size(), point.sums.size());
    EXPECT_EQ(point.offsets.front(), 0);
  }
  return list;
}
using Points = std::vector<std::pair<size_t, int64_t>>;

TEST(ShardPoints, SumsSideBySideAreOne) {
  EXPECT_EQ(points_of("  %a: f32[20] = call @k(%x)\n"
                      "  %s: f32[20] = shard_sum(%a)\n  %t: f32[3] = shard_sum(%z)\n"
                      "  %v: f32[1,3] = reshape(%t) {shape = [1, 3]}\n"
                      "  %u: f32[20] = shard_sum(%x)\n"
                      "  %b: f32[20] = call @k(%s)\n  return b = %b, u = %u, v = %v\n"),
            (Points{{3, 128 + 64 + 128}}));
}

TEST(ShardPoints, ACallBetweenMakesTwo) {
  EXPECT_EQ(points_of("  %s: f32[20] = shard_sum(%x)\n  %a: f32[20] = call @k(%x)\n"
                      "  %t: f32[20] = shard_sum(%a)\n  return s = %s, t = %t\n"),
            (Points{{1, 128}, {1, 128}}));
}

TEST(ShardPoints, ASumOfASumComesAfterIt) {
  EXPECT_EQ(points_of("  %s: f32[20] = shard_sum(%x)\n"
                      "  %v: f32[4,5] = reshape(%s) {shape = [4, 5]}\n"
                      "  %w: f32[20] = reshape(%v) {shape = [20]}\n"
                      "  %t: f32[20] = shard_sum(%w)\n  return t = %t\n"),
            (Points{{1, 128}, {1, 128}}));
}

TEST(ShardPoints, OthersHaveNone) {
  EXPECT_TRUE(points_of("  %a: f32[20] = call @k(%x)\n  return a = %a\n").empty());
}

// Through all passes: no kernel has the sum, nor what is on both sides of it.
TEST(ShardPoints, AKernelEndsWhereShardsWait) {
  const char* text = "lir 1\n\nmodule m\n\ngraph @shard_step(%x: f32[4,20]) {\n"
                     "  %m: f32[20] = mean(%x) {dim = [0]}\n  %s: f32[20] = shard_sum(%m)\n"
                     "  %c: f32[4,20] = sub(%x, %s)\n  %q: f32[4,20] = square(%c)\n"
                     "  %r: f32[20] = mean(%q) {dim = [0]}\n  %t: f32[20] = shard_sum(%r)\n"
                     "  %y: f32[4,20] = div(%c, %t)\n  return y = %y, t = %t\n}\n";
  PassContext context;
  PipelineOptions options;
  options.verify = true;
  const auto planned = run_pipeline(read(text), pipeline(), options, context);
  ASSERT_EQ(planned.broken, "");
  const ir::Graph& graph = planned.module.graphs.front();
  EXPECT_EQ(shard_points(graph).size(), 2u);
  EXPECT_EQ(planned.module.kernels.size(), 4u);  // one for each use of x and c
  EXPECT_EQ(exchanged_bytes(graph), 128);
  int64_t plan = 0;
  for (const ir::Value& value : graph.values()) {
    if (value.storage->memory == ir::Memory::kArena)
      plan = std::max(plan, value.storage->offset + value.type.stored_bytes());
  }
  EXPECT_GT(plan, 0);
  EXPECT_LE(plan, arena_bytes(graph) - exchanged_bytes(graph));
}

}  // namespace
}  // namespace linnet::passes
