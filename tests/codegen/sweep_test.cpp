// Every legal schedule gives the evaluator's answers: the whole space of each family on small
// groups. A sample in the suite, drawn the same every time; LINNET_SWEEP=full tries all of them
// (`make sweep`).
#include "codegen/check/check_kernel.h"
#include "codegen/lower/bitcode.h"
#include "passes/schedule/gemm.h"
#include "tests/codegen/sweep_trials.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace linnet::codegen {
namespace {

constexpr size_t kSample = 9;  // schedules of each family in the suite

bool whole() {
  const char* wanted = std::getenv("LINNET_SWEEP");
  return wanted && std::string(wanted) == "full";
}

// A matmul of eight columns that claims four: a tile of eight does not fit, of which Halide only
// warns.
TEST(Warning, OfHalideIsAnError) {
  ir::Graph kernel;
  kernel.name = "k";
  kernel.schedule = passes::text_form("gemm", passes::Gemm{8, 1, 1});
  ir::Node matmul;
  matmul.op = &ir::ops::matmul;
  matmul.operands = {kernel.add_input("a", sweep::f32({1, 4})),
                     kernel.add_input("b", sweep::f32({4, 8}))};
  matmul.attrs = *ir::complete_attrs(ir::ops::matmul, {});
  matmul.place = ir::Place::named("test");
  const ir::NodeId made = kernel.append(matmul, {sweep::f32({1, 4})}, {"y"});
  kernel.outputs.push_back({"", kernel.node(made).results.front(), ""});
  try {
    (void)kernel_bitcode(kernel, find_target("native").target);
    FAIL() << "compiled";
  } catch (const InternalError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("Halide: Warning"));
  }
}

class Sweep : public testing::TestWithParam<std::string> {};

TEST_P(Sweep, EveryLegalScheduleIsRight) {
  const passes::Family& family = passes::family(GetParam());
  std::vector<Target> targets;
  for (const char* name : {"x86-64-v4", "x86-64-v2", "x86-64-v3"}) {
    const FoundTarget found = find_target(name);
    if (found.ok && runs_here(found.target)) targets.push_back(found.target);
  }
  const sweep::Space space(family, targets.front());
  ASSERT_EQ(space.missing(), "");
  const size_t step = whole() ? 1 : std::max<size_t>(1, space.size() / kSample);
  size_t tried = 0, wrong = 0;
  for (size_t i = step / 2; i < space.size(); i += step, ++tried) {
    const Target& target = targets[i % targets.size()];
    const auto packed = static_cast<sweep::Packed>(i / targets.size() % 3);
    const ir::Graph kernel = space.kernel(i, packed);
    EXPECT_EQ(passes::schedule_fault(kernel, *kernel.schedule), "") << ir::print(kernel);
    const KernelCheck check = check_kernel(kernel, target, i);
    if (check.error.empty()) continue;
    ++wrong;
    ADD_FAILURE() << "trial " << i << " on " << target.info.name << ": " << check.error << "\n"
                  << ir::print(kernel);
  }
  fmt::print("{}: {} legal schedules of {} groups, {} tried, {} wrong\n", family.name, space.size(),
             space.groups(), tried, wrong);
  std::fflush(stdout);
}

std::vector<std::string> family_names() {
  std::vector<std::string> names;
  for (const passes::Family& family : passes::families())
    names.emplace_back(family.name);
  return names;
}
INSTANTIATE_TEST_SUITE_P(Families, Sweep, testing::ValuesIn(family_names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace linnet::codegen
