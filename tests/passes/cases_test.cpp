// The text cases of every pass: tests/passes/PASS.lir. `linnet opt --update` rewrites the expected
// halves; the reviewer reads the diff.
#include "passes/pass.h"
#include "passes/test_case.h"

#include "runtime/io/file.h"

#include <gtest/gtest.h>

#include <algorithm>

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
  const auto all = runtime::list_folder(kFolder);
  for (const std::string& name : all.value_or(std::vector<std::string>{})) {
    if (name.ends_with(".lir")) names.push_back(name.substr(0, name.size() - 4));
  }
  return names;
}

class Cases : public testing::TestWithParam<std::string> {};

TEST_P(Cases, GiveWhatTheySay) {
  const std::string path = kFolder + GetParam() + ".lir";
  const auto bytes = runtime::read_file(path);
  ASSERT_TRUE(bytes.has_value());
  for (const TestCase& test : split_cases({bytes->begin(), bytes->end()})) {
    ASSERT_FALSE(test.passes.empty());
    const CaseOutcome outcome = run_case(GetParam(), test, target());
    EXPECT_EQ(outcome.error, "") << test.input;
    EXPECT_EQ(outcome.text, test.expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Each, Cases, testing::ValuesIn(files()),
                         [](const auto& info) { return info.param; });

TEST(Cases, EveryPassIsInOne) {
  std::string runs;
  for (const std::string& name : files()) {
    const auto bytes = runtime::read_file(kFolder + name + ".lir");
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
