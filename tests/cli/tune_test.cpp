// linnet tune, and --tuning of the others. Which schedule is faster is nobody's business here.
#include "tests/cli/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sstream>

namespace linnet {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class TuneCommand : public Command {
protected:
  void SetUp() override {
    Command::SetUp();
    write("t.lin", "model t(x: f32[N, 64]) -> y: f32[N, 24] {\n"
                   "  layer inner = linear(48)\n  layer head = linear(24)\n"
                   "  x |> inner |> relu |> head\n}\n");
  }
  // A line of a file for the first layer.
  std::string line_for(const std::string& schedule) {
    EXPECT_EQ(linnet("tune t.lin --target x86-64-v3 --seconds 1 --json -o t.tuning"), 0) << err_;
    const json report = json::parse(out_);
    for (const json& kernel : report["kernels"]) {
      if (kernel["name"] == "inner_relu")
        return "\"x86-64-v3\" " + std::string(kernel["kernel"]) + " " + schedule + "\n";
    }
    ADD_FAILURE() << out_;
    return "";
  }
};

TEST_F(TuneCommand, WritesSortedLinesAndATable) {
  ASSERT_EQ(linnet("tune t.lin --target x86-64-v3 --seconds 2"), 0) << err_;
  EXPECT_THAT(out_, testing::ContainsRegex("^kernel +default +tuned +tried +default ns"));
  EXPECT_THAT(out_, testing::ContainsRegex("\nt +batch 1 "));
  std::istringstream file(text("t.tuning"));
  std::string line, last;
  ASSERT_TRUE(std::getline(file, line));
  EXPECT_THAT(line, testing::StartsWith("// By `linnet tune`"));
  while (std::getline(file, line)) {
    EXPECT_THAT(line, testing::MatchesRegex(
                          "\"x86-64-v3\" [0-9a-f]+ [a-z_]+[{].*[}]  // t [a-z_]+: 0[.][0-9]+ of "
                          "[a-z_]+[{].*[}]"));
    EXPECT_LT(last, line);
    last = line;
  }
}

TEST_F(TuneCommand, GoesOnFromAFileAndKeepsItsLines) {
  const std::string others = "\"x86-64-v3\" 00000000000000ff generic{}  // of another model\n"
                             "\"znver9\" 00000000000000ff generic{}\n";
  write("f.tuning", others);
  ASSERT_EQ(linnet("tune t.lin --target x86-64-v3 --seconds 1 --tuning f.tuning -o f.tuning"), 0)
      << err_;
  for (const char* line : {"\n\"x86-64-v3\" 00000000000000ff generic{}  // of another model\n",
                           "\n\"znver9\" 00000000000000ff generic{}\n"})
    EXPECT_THAT(text("f.tuning"), HasSubstr(line));
}

TEST_F(TuneCommand, JsonTellsEveryKernel) {
  ASSERT_EQ(linnet("tune t.lin --target x86-64-v3 --seconds 1 --batch 2 --json -o x.tuning"), 0)
      << err_;
  const json report = json::parse(out_);
  EXPECT_EQ(report["file"], "x.tuning");
  EXPECT_EQ(report["batch"], 2);
  EXPECT_EQ(report["target"], "x86-64-v3");
  ASSERT_EQ(report["kernels"].size(), 2U);
  for (const json& kernel : report["kernels"]) {
    for (const char* key :
         {"name", "kernel", "tried", "default", "tuned", "default_ns", "tuned_ns", "ratio"})
      EXPECT_TRUE(kernel.contains(key)) << key;
  }
}

TEST_F(TuneCommand, TunedModelsGiveTheSameNumbers) {
  write("t.tuning", line_for("dense{lanes=4, vectors=5, chains=1, rows=1}  // by hand"));
  const std::string call = "run t.lin --target x86-64-v3 --seed 3 --input x=x.npy --json";
  ASSERT_EQ(run("$S/.venv/bin/python -c \"import numpy as n; "
                "n.save('x.npy', (n.arange(64).reshape(1, 64) % 7 - 3).astype('f'))\""),
            0)
      << err_;
  ASSERT_EQ(linnet(call), 0) << err_;
  const json before = json::parse(out_);
  ASSERT_EQ(linnet(call + " --tuning t.tuning"), 0) << err_;
  EXPECT_EQ(err_, "");
  const json after = json::parse(out_);
  const json left = before.flatten(), right = after.flatten();
  ASSERT_EQ(left.size(), right.size());
  for (const auto& [key, value] : left.items()) {
    if (!value.is_number()) continue;
    EXPECT_NEAR(value.get<double>(), right[key].get<double>(), 1e-4) << key;
  }
  ASSERT_EQ(linnet("dump t.lin --target x86-64-v3 --after plan_memory --tuning t.tuning "
                   "--explain choose_schedules -o t.lir"),
            0);
  EXPECT_THAT(text("t.lir"), HasSubstr(") dense{lanes=4, vectors=5, chains=1, rows=1} {"));
  EXPECT_THAT(err_, HasSubstr("by dense{lanes=4, vectors=5, chains=1, rows=1}: tuned, in place of "
                              "dense{lanes=8, "));
  EXPECT_EQ(linnet("compile t.lin --target x86-64-v3 --tuning t.tuning --emit obj -o t.o"), 0)
      << err_;
  EXPECT_EQ(linnet("bench t.lin --target x86-64-v3 --tuning t.tuning --rounds 1 --json"), 0)
      << err_;
}

TEST_F(TuneCommand, LinesForOthersGetOneRemark) {
  const std::string line = line_for("dense{lanes=4, vectors=5, chains=1, rows=1}");
  write("o.tuning", line + "\"x86-64-v3\" 00000000000000ff generic{}\n" +
                        "\"znver9\" 00000000000000ff generic{}\n");
  EXPECT_EQ(linnet("compile t.lin --target x86-64-v3 --batch 4 --tuning o.tuning --emit obj"), 0);
  EXPECT_THAT(err_, HasSubstr("remark: o.tuning: 2 of 3 schedules match no kernel (1 for targets "
                              "other than x86-64-v3)\n"));
  EXPECT_EQ(linnet("compile t.lin --target x86-64-v2 --tuning o.tuning --emit obj"), 0);
  EXPECT_THAT(err_, HasSubstr("3 of 3 schedules match no kernel"));
}

TEST_F(TuneCommand, WrongFilesAreLocatedErrors) {
  write("a.tuning", line_for("dense{lanes=8, vectors=7, chains=1, rows=1}"));
  write("b.tuning", "x86-64-v3 generic{}\n");
  for (const char* command : {"compile", "bench", "dump --after choose_schedules", "tune"}) {
    EXPECT_EQ(linnet(std::string(command) + " t.lin --target x86-64-v3 --tuning a.tuning"), 1)
        << command;
    EXPECT_THAT(err_, HasSubstr("a.tuning:1:30: error: ")) << command;
    EXPECT_THAT(err_, HasSubstr("dense: vectors=7; legal here: 1 to 6, with lanes=8")) << command;
    EXPECT_EQ(linnet(std::string(command) + " t.lin --target x86-64-v3 --tuning b.tuning"), 1);
    EXPECT_THAT(err_, HasSubstr("b.tuning:1:1: error: expected a target in quotes")) << command;
    EXPECT_EQ(linnet(std::string(command) + " t.lin --tuning none.tuning"), 1) << command;
    EXPECT_THAT(err_, HasSubstr("error: --tuning none.tuning: No such file")) << command;
  }
  EXPECT_FALSE(exists("t"));
}

TEST_F(TuneCommand, WrongCallsAreRefused) {
  EXPECT_EQ(linnet("tune t.lin --seconds 0"), 2);
  EXPECT_EQ(linnet("tune t.lin -o t.lin"), 2);
  EXPECT_THAT(err_, HasSubstr("would overwrite what is read"));
  ASSERT_EQ(linnet("dump t.lin --after plan_memory -o t.lir"), 0);
  EXPECT_EQ(linnet("tune t.lir"), 1);
  EXPECT_THAT(err_, HasSubstr("t.lir: no kernel is without a schedule"));
}

}  // namespace
}  // namespace linnet
