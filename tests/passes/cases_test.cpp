// The text cases of every pass: tests/passes/PASS.lir. `linnet opt --update` rewrites the expected
// halves; the reviewer reads the diff.
#include "passes/run/pass.h"
#include "passes/run/test_case.h"

#include "ir/print.h"
#include "ir/read.h"

#include "base/io/file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace linnet::passes {
namespace {

const std::string kFolder = std::string(LINNET_SOURCE_DIR) + "/tests/passes/";

// A machine that never changes, so that schedules do not.
TargetInfo target() {
  TargetInfo info;
  info.name = "x86-64-v3";
  return info;
}

std::vector<std::string> files() {
  std::vector<std::string> names;
  const auto all = list_folder(kFolder);
  for (const std::string& name : all.value_or(std::vector<std::string>{})) {
    if (name.ends_with(".lir")) names.push_back(name.substr(0, name.size() - 4));
  }
  return names;
}

class Cases : public testing::TestWithParam<std::string> {};

TEST_P(Cases, GiveWhatTheySay) {
  const std::string path = kFolder + GetParam() + ".lir";
  const auto bytes = read_file(path);
  ASSERT_TRUE(bytes.has_value());
  for (const TestCase& test : split_cases({bytes->begin(), bytes->end()})) {
    ASSERT_FALSE(test.passes.empty());
    const CaseOutcome outcome = run_case(GetParam(), test, target());
    EXPECT_EQ(outcome.error, "") << test.input;
    EXPECT_EQ(outcome.text, test.expected);
  }
}

// Nodes of the largest group.
size_t largest_group(const ir::Module& module) {
  size_t most = 0;
  for (const ir::Graph& graph : module.graphs) {
    for (const ir::Node& node : graph.nodes()) {
      for (const ir::Graph& region : node.regions)
        most = std::max(most, region.nodes().size());
    }
  }
  return most;
}

// `--pass-limit`: a rewrite that does not ask may be the guilty one, and is never found. Code
// generation needs constant weights, schedules, kernels, places in memory and a group for each
// node, allowed or not, and nothing without elements; what only some ask for was asked for.
TEST_P(Cases, RewriteNothingUnlessAllowed) {
  static const std::set<std::string> kUnlimited = {
      "choose_schedules", "choose_layout", "freeze_parameters", "outline_kernels",
      "plan_memory",      "widen_floats",  "log_gradients",     "first_values"};
  if (kUnlimited.contains(GetParam())) return;
  const bool groups = GetParam() == "fuse_epilogue" || GetParam() == "group_kernels";
  const auto bytes = read_file(kFolder + GetParam() + ".lir");
  ASSERT_TRUE(bytes.has_value());
  size_t rewritten = 0;
  for (const TestCase& test : split_cases({bytes->begin(), bytes->end()})) {
    if (GetParam() == "fold_constants" && test.input.find("[0") != std::string::npos) continue;
    SourceManager sources;
    Diagnostics diagnostics(sources);
    const auto module = ir::read(sources.add(GetParam(), test.input), {}, diagnostics);
    ASSERT_TRUE(module.has_value()) << diagnostics.text();
    PassContext context;
    context.target = target();
    ir::Module before = *module;
    for (const std::string& name : test.passes) {
      if (name == GetParam()) break;
      before = find_pass(name)->run(std::move(before), context);
    }
    const Pass& pass = *find_pass(GetParam());
    const std::string text = ir::print(before).text;
    if (ir::print(pass.run(before, context)).text != text) ++rewritten;
    context.limit = 0;
    const ir::Module limited = pass.run(before, context);
    if (groups) {
      EXPECT_LE(largest_group(limited), 1U) << test.input;
    } else {
      EXPECT_EQ(ir::print(limited).text, text);
    }
  }
  EXPECT_GT(rewritten, 0U) << "no case of this pass changes anything";
}

INSTANTIATE_TEST_SUITE_P(Each, Cases, testing::ValuesIn(files()),
                         [](const auto& info) { return info.param; });

TEST(Cases, EveryPassIsInOne) {
  std::string runs;
  for (const std::string& name : files()) {
    const auto bytes = read_file(kFolder + name + ".lir");
    for (const TestCase& test : split_cases({bytes->begin(), bytes->end()})) {
      for (const std::string& pass : test.passes)
        runs += " " + pass;
    }
  }
  for (const Pass& pass : pipeline())
    EXPECT_NE(runs.find(pass.name), std::string::npos) << pass.name << " has no case";
}

}  // namespace
}  // namespace linnet::passes
