// What `linnet tune` builds on: kernels by their keys, plans by schedules, what two plans differ
// in.
#include "driver/tunable.h"

#include "base/io/file.h"
#include "ir/op_def.h"
#include "ir/print.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

namespace linnet::driver {
namespace {

class Tunables : public testing::Test {
protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/linnet_tunable_XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::optional<Tunable> open(const std::string& name, const std::string& text) {
    const std::string path = folder_ + "/" + name;
    EXPECT_TRUE(write_file(path, text));
    ModelOptions options;
    options.path = path;
    models_.push_back(Model::open(std::move(options), host_));
    CompileOptions compile;
    compile.no_cache = true;
    return Tunable::open(*models_.back(), codegen::find_target("x86-64-v3").target, compile, host_);
  }

  std::string folder_;
  SourceManager sources_;
  Diagnostics diagnostics_{sources_};
  Host host_{sources_, diagnostics_};
  std::vector<std::optional<Model>> models_;
};

constexpr const char* kTwice = R"(model twice(x: f32[N, 16]) -> f32[...] {
  layer a = linear(16)
  layer b = linear(16)
  layer c = linear(12)
  x |> a |> relu |> b |> relu |> c
}
)";
constexpr const char* kOnce = R"(model once(row: f32[N, 16]) -> f32[...] {
  layer inner = linear(16)
  layer head = linear(4)
  row |> inner |> relu |> head
}
)";

std::set<std::string> keys_of(const Tunable& tunable) {
  std::set<std::string> keys;
  for (const TunableKernel& kernel : tunable.kernels())
    keys.insert(kernel.key);
  return keys;
}

TEST_F(Tunables, EqualKernelsAreOneInAndAcrossModels) {
  const auto twice = open("twice.lin", kTwice), once = open("once.lin", kOnce);
  ASSERT_TRUE(twice && once) << diagnostics_.text();
  ASSERT_EQ(twice->kernels().size(), 2U);
  EXPECT_EQ(twice->kernels()[0].results.size(), 2U);
  EXPECT_EQ(once->kernels().size(), 2U);
  EXPECT_EQ(twice->kernels()[0].key, once->kernels()[0].key);
  EXPECT_EQ(keys_of(*once).count(twice->kernels()[1].key), 0U);
}

int64_t calls(const ir::Module& module) {
  return std::ranges::count_if(module.graphs.front().nodes(),
                               [](const ir::Node& node) { return node.op == &ir::ops::call; });
}

TEST_F(Tunables, ADifferenceIsWhatTheScheduleChanges) {
  const auto twice = open("twice.lin", kTwice);
  ASSERT_TRUE(twice) << diagnostics_.text();
  passes::Tuning none, tuned;
  const auto plan = twice->planned(none, host_);
  ASSERT_TRUE(plan) << diagnostics_.text();
  EXPECT_FALSE(difference(*plan, *plan).any);

  const ir::Schedule schedule{"dense", {{"lanes", 4}, {"vectors", 3}, {"chains", 2}, {"rows", 1}}};
  tuned.set("x86-64-v3", twice->kernels()[1].key, {schedule, "", {}, false});
  const auto other = twice->planned(tuned, host_);
  ASSERT_TRUE(other) << diagnostics_.text();
  EXPECT_TRUE(tuned.lines().begin()->second.matched);
  const Difference found = difference(*plan, *other);
  EXPECT_TRUE(found.any);
  EXPECT_EQ(calls(found.before), 1);
  EXPECT_EQ(calls(found.after), 1);
  ASSERT_EQ(found.after.kernels.size(), 1U);
  EXPECT_EQ(*found.after.kernels.front().schedule, schedule);
  // Packed as this schedule reads them: twelve outputs in a block.
  EXPECT_THAT(ir::print(found.after.kernels.front()), testing::HasSubstr("12"));
  EXPECT_EQ(found.before.kernels.front().schedule->family, "dense");
  EXPECT_NE(*found.before.kernels.front().schedule, schedule);
  const auto product = twice->product(found.after, host_);
  ASSERT_TRUE(product) << diagnostics_.text();
  EXPECT_EQ(product->compiled.work.size(), 1U);
}

}  // namespace
}  // namespace linnet::driver
