// Phases as a person names them: where dump, opt and compile end, and the list.
#include "tests/cli/command.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace linnet {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Phases : public Command {
protected:
  void SetUp() override {
    Command::SetUp();
    write("m.lin", "model m(x: f32[N, 4]) -> y: f32[N, 3] {\n"
                   "  layer fc = linear(3)\n  x |> fc |> dropout(0.5) |> softmax\n}\n");
  }
};

// A phase is the same as its last pass.
TEST_F(Phases, DumpEndsAfterAPhase) {
  const std::vector<std::pair<std::string, std::string>> ends = {{"training", "differentiate"},
                                                                 {"canonical", "drop_dead"},
                                                                 {"fused", "group_kernels"},
                                                                 {"scheduled", "pack_weights"},
                                                                 {"planned", "plan_memory"}};
  EXPECT_EQ(linnet("dump m.lin"), 0);
  std::string before = out_;
  EXPECT_EQ(linnet("dump m.lin --stop-after imported"), 0) << err_;
  EXPECT_EQ(out_, before);
  for (const auto& [phase, pass] : ends) {
    EXPECT_EQ(linnet("dump m.lin --after " + pass), 0) << err_;
    const std::string expected = out_;
    EXPECT_NE(expected, before);
    EXPECT_EQ(linnet("dump m.lin --after " + phase), 0) << err_;
    EXPECT_EQ(out_, expected) << phase;
    EXPECT_EQ(linnet("dump m.lin --stop-after " + phase), 0) << err_;
    EXPECT_EQ(out_, expected) << phase;
    before = expected;
  }
  EXPECT_EQ(linnet("dump m.lin --stop-after canonical --explain fuse_pool"), 0);
  EXPECT_THAT(err_, HasSubstr("--explain fuse_pool: the pipeline ends with canonical before it"));
}

TEST_F(Phases, OptEndsAfterAPhase) {
  EXPECT_EQ(linnet("dump m.lin -o m.lir"), 0);
  const std::string passes =
      "opt m.lir --passes=freeze_parameters,drop_dropout,expand_ops,fuse_pool";
  EXPECT_EQ(linnet(passes + " --stop-after training"), 0) << err_;
  EXPECT_EQ(out_.find("dropout("), std::string::npos);
  EXPECT_THAT(out_, HasSubstr(" = softmax("));
}

// The IR of the pipeline so far, and no product.
TEST_F(Phases, CompileDumpsAPhase) {
  EXPECT_EQ(linnet("compile m.lin --stop-after fused --dump-dir d -o m"), 0) << err_;
  EXPECT_EQ(linnet("dump m.lin --stop-after fused"), 0);
  EXPECT_EQ(text("d/m.lir"), out_);
  EXPECT_FALSE(exists("m"));
  EXPECT_EQ(linnet("compile m.lin --stop-after fused -o m"), 2);
  EXPECT_THAT(err_, StartsWith("error: --stop-after fused: there is no code for a module without "
                               "pass choose_schedules: "));
}

TEST_F(Phases, CheckPassesAsksForWhatTheyPromise) {
  EXPECT_EQ(linnet("dump m.lin --after planned --check-passes -o /dev/null"), 0) << err_;
  EXPECT_EQ(err_, "");
}

TEST_F(Phases, PassesAreListedByPhase) {
  EXPECT_EQ(linnet("passes"), 0);
  EXPECT_THAT(out_, StartsWith("imported: the model as it was written, "));
  EXPECT_THAT(out_, HasSubstr("\n  widen_floats       f32 becomes f64 (--dtype f64)\n"));
  EXPECT_THAT(out_, HasSubstr("\n\nfused: every op is in the kernel that computes it\n"
                              "  fuse_epilogue      bias, activation, "));
  EXPECT_EQ(linnet("passes --json"), 0);
  const auto phases = nlohmann::json::parse(out_);
  ASSERT_EQ(phases.size(), 6u);
  EXPECT_EQ(phases[5]["phase"], "planned");
  EXPECT_EQ(phases[5]["passes"][1]["pass"], "plan_memory");
  EXPECT_EQ(phases[5]["passes"][1]["needs"], nlohmann::json::array({"outline_kernels"}));
}

}  // namespace
}  // namespace linnet
