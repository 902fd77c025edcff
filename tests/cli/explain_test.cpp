// linnet explain: an op or a family by its record, and that what it names is there.
#include "cli/op_example.h"
#include "cli/where.h"
#include "ir/op_def.h"
#include "passes/schedule/families.h"
#include "tests/cli/command.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace linnet {
namespace {

using testing::HasSubstr;

class Explain : public Command {
protected:
  nlohmann::json explained(const std::string& words) {
    EXPECT_EQ(linnet("explain " + words + " --json"), 0) << err_;
    return nlohmann::json::parse(out_);
  }
  static void expect_files(const nlohmann::json& files) {
    EXPECT_FALSE(files.empty());
    for (const nlohmann::json& file : files)
      EXPECT_TRUE(file_exists(LINNET_SOURCE_DIR "/" + file.get<std::string>())) << file;
  }
};

TEST_F(Explain, APoolTellsItsGradientKernelAndFiles) {
  EXPECT_EQ(linnet("explain op max_pool2d --target x86-64-v3"), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("max_pool2d(input)\nLargest element of each window"));
  EXPECT_THAT(out_, HasSubstr("attribute    kernel_size: ints[2], required"));
  EXPECT_THAT(out_, HasSubstr("gradient     of its own: max_pool2d_index, max_pool2d_backward"));
  EXPECT_THAT(out_, HasSubstr("record       ir/ops/max_pool2d.cpp\n"));
  EXPECT_THAT(out_, HasSubstr("tests/ops/max_pool2d.lir"));
  EXPECT_THAT(out_, HasSubstr("kernel       max_pool2d: pool{lanes=8, pixels=2}"));
  EXPECT_THAT(out_, HasSubstr("\n  direct "));  // and why it does not take it
}

TEST_F(Explain, AnOpThatIsMadeOfOthersTellsThem) {
  const auto facts = explained("op softmax");
  EXPECT_EQ(facts["expands_into"], nlohmann::json({"amax", "sub", "exp", "sum", "div"}));
  EXPECT_EQ(explained("op abs")["gradient"]["by"], "of its scalar tree");
  EXPECT_EQ(explained("op relu")["gradient"]["by"], "of its own");
  EXPECT_EQ(explained("op dropout")["in_training"], true);
  EXPECT_EQ(explained("op round")["expands_into"], nlohmann::json::array());
}

TEST_F(Explain, AFamilyTellsItsOrderAndWhatItTakes) {
  const auto facts = explained("family dense --target x86-64-v3");
  EXPECT_EQ(facts["takes"][0]["op"], "matmul");
  EXPECT_THAT(facts["doc"].get<std::string>(), HasSubstr("a matmul with a packed weight"));
  expect_files(facts["files"]);
  EXPECT_EQ(linnet("explain family generic"), 0);
  const std::string count = std::to_string(passes::families().size());
  EXPECT_THAT(out_, HasSubstr("order        " + count + " of " + count));
}

TEST_F(Explain, EveryOpHasAnExampleARecordAndCases) {
  EXPECT_EQ(explained("op").size(), ir::all_ops().size());
  for (const ir::OpDef* op : ir::all_ops()) {
    for (const char* kind : {"op", "case"})
      expect_files(cli::where(kind, op->name));
    EXPECT_EQ(cli::op_example(*op).has_value(), !op->has(ir::kStructural)) << op->name;
  }
  for (const passes::Family& family : passes::families()) {
    expect_files(cli::where("family", family.name));
    EXPECT_EQ(cli::where("family_doc", family.name).size(), 1u) << family.name;
    const auto example = cli::where("family_example", family.name);
    ASSERT_GT(example.size(), 2u) << family.name;
    EXPECT_THAT(example[1], HasSubstr(") " + std::string(family.name) + "{"));
  }
}

TEST_F(Explain, AFamilyShowsAKernelThatItTakes) {
  EXPECT_EQ(linnet("explain family depthwise"), 0);
  EXPECT_THAT(
      out_,
      HasSubstr("A kernel of it, from tests/passes/choose_schedules.lir:\n"
                "  %c: f32[1,8,4,4] = group(%x, %w_1) depthwise{lanes=8, pixels=4, vectors=1} {"));
}

// Twelve pixels in windows of two are six: what the pool gave.
TEST_F(Explain, TheExampleOfAPoolsGradientIsAPools) {
  EXPECT_THAT(explained("op max_pool2d_backward")["example"].get<std::string>(),
              HasSubstr("f32[1,16,12,12] = max_pool2d_backward(%gradient, %index) {kernel_size = "
                        "[2, 2], size = [12, 12]}"));
}

TEST_F(Explain, AnUnknownNameGetsTheNearest) {
  EXPECT_EQ(linnet("explain op con2d"), 2);
  EXPECT_EQ(err_, "error: no op 'con2d'\nhelp: did you mean 'conv2d'?\n");
  EXPECT_EQ(linnet("explain family directly_or_not"), 2);
  EXPECT_EQ(err_, "error: no family 'directly_or_not'\nhelp: linnet explain family lists all\n");
  EXPECT_EQ(linnet("explain pass fuse_pool"), 2);
  EXPECT_EQ(out_, "");
}

}  // namespace
}  // namespace linnet
