// A schedule that a person changed in text IR: legal ones are computed, others are errors at their
// place that name what is legal, whatever command reads the file.
#include "tests/cli/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace linnet {
namespace {

using testing::HasSubstr;

class HandWrittenSchedule : public Command {
protected:
  // A kernel of a convolution, 4 × 6 pixels of 16 channels, as the pipeline leaves it.
  void SetUp() override {
    Command::SetUp();
    write("m.lin", "model m(x: f32[N, 2, 6, 8]) -> f32[...] {\n"
                   "  layer c = conv2d(16, kernel_size: 3)\n  relu(c(x))\n}\n");
    ASSERT_EQ(linnet("dump m.lin --target x86-64-v3 --after plan_memory -o m.lir"), 0) << err_;
    ASSERT_THAT(text("m.lir"), HasSubstr(kChosen));
  }

  // The file with this schedule instead.
  void schedule(const std::string& wanted) {
    std::string changed = text("m.lir");
    changed.replace(changed.find(kChosen), std::string(kChosen).size(), wanted);
    write("n.lir", changed);
    (void)run("cp m.lir.safetensors n.lir.safetensors");
  }
  void expect_error(const std::string& wanted, const std::string& message) {
    schedule(wanted);
    EXPECT_EQ(linnet("compile n.lir"), 1) << wanted;
    EXPECT_THAT(err_, HasSubstr(message));
    EXPECT_THAT(err_, testing::ContainsRegex("n\\.lir:[0-9]+:[0-9]+: error: "));
    EXPECT_THAT(err_, HasSubstr("^~~~"));
    EXPECT_FALSE(exists("m"));
  }

  static constexpr const char* kChosen = "direct{lanes=8, vectors=2, pixels=6, samples=1}";
};

TEST_F(HandWrittenSchedule, IllegalOnesAreLocatedErrors) {
  expect_error("direct{lanes=8, vectors=2, pixels=7, samples=1}",
               "direct: pixels=7; legal here: 1 to 6, with lanes=8, vectors=2");
  expect_error("direct{lanes=12, vectors=2, pixels=6, samples=1}",
               "direct: lanes=12; legal here: 4, 8 or 16");
  expect_error("direct{lanes=8, vectors=2, pixels=0, samples=1}", "pixels=0; legal here: 1 to 6");
  expect_error("direct{lanes=8, vectors=2, pixels=-1, samples=1}", "pixels=-1; legal here: 1 to 6");
  expect_error("direct{lanes=8, vectors=2, samples=1}",
               "direct needs 'pixels'; legal here: 1 to 6, with lanes=8, vectors=2");
  expect_error("direct{lanes=8, vectors=2, pixels=6, samples=1, pixel=2}",
               "direct has no key 'pixel'; its keys: lanes, vectors, pixels, samples");
  expect_error("direct{lanes=8, vectors=2, pixels=6, pixels=6, samples=1}",
               "direct has 'pixels' twice");
  expect_error("dirct{lanes=8}", "no kernel family 'dirct'; did you mean 'direct'?");
  expect_error("depthwise{lanes=8, pixels=6}",
               "depthwise does not compute this group: its convolution has one group");
  expect_error("dense{lanes=8, vectors=2, chains=1, rows=1}",
               "dense does not compute this group: it is no matmul");
  expect_error("direct{lanes=8, vectors=2, pixels=6, samples=1, threads=2}",
               "threads=2; legal are 0 or 1");
}

TEST_F(HandWrittenSchedule, EveryCommandLooks) {
  schedule("direct{lanes=8, vectors=2, pixels=10, samples=1}");
  for (const char* command : {"compile", "kernel", "bench", "run", "dump", "check",
                              "opt --passes=drop_dead", "opt --passes=drop_dead -o o.lir"}) {
    EXPECT_EQ(linnet(std::string(command) + " n.lir"), 1) << command;
    EXPECT_THAT(err_, HasSubstr("legal here: 1 to 6")) << command;
  }
  EXPECT_FALSE(exists("o.lir"));
}

TEST_F(HandWrittenSchedule, LegalOnesAreRight) {
  for (const char* wanted : {kChosen, "direct{lanes=8, vectors=1, pixels=4, samples=1}",
                             "direct{samples=1, pixels=5, vectors=3, lanes=4}", "generic{}",
                             "pixel_rows{lanes=4, channels=8, rows=2}"}) {
    schedule(wanted);
    EXPECT_EQ(linnet("kernel n.lir"), 0) << wanted << "\n" << err_;
    EXPECT_THAT(out_, HasSubstr(wanted));
  }
}

TEST_F(Command, ExplainChooseSchedulesTellsWhyEachFamilyLost) {
  EXPECT_EQ(linnet("dump $S/models/lenet.lin --target x86-64-v4 --after choose_schedules "
                   "--explain choose_schedules"),
            0);
  EXPECT_THAT(err_, HasSubstr("by pooled_rows{lanes=16, channels=3}: 12 of 24 accumulators, 88 % "
                              "of their work counts"));
  EXPECT_THAT(err_, HasSubstr("by direct: output channels 6 are too few to be pooled at once"));
  EXPECT_THAT(err_, HasSubstr("by pooled_rows: output channels 16 fill half a vector of 16: direct "
                              "is better"));
  EXPECT_THAT(err_, HasSubstr("by generic: generic{}; pooled_rows comes before it"));
}

TEST_F(Command, ExplainSplitPaddingTellsWhoTakesTheConvolutionThen) {
  write("d.lin",
        "model d(x: f32[N, 8, 9, 9]) -> f32[...] {\n"
        "  layer c = conv2d(8, kernel_size: 3, padding: 1, groups: 8)\n  relu(x) |> c\n}\n");
  EXPECT_EQ(linnet("dump d.lin --target x86-64-v3 --explain split_padding,choose_schedules"), 0);
  EXPECT_THAT(err_, HasSubstr("padded before: then depthwise takes it (without: generic, because "
                              "its convolution has padding, which would be a copy before it); a "
                              "copy of 3872 bytes [split_padding]"));
  EXPECT_THAT(err_, HasSubstr("; padded before, a copy of 3872 bytes (--explain split_padding)"));
  write("n.lin", "model n(x: f32[N, 1, 9, 9]) -> f32[...] {\n"
                 "  layer c = conv2d(8, kernel_size: 3, padding: 1)\n  x |> c\n}\n");
  EXPECT_EQ(linnet("dump n.lin --target x86-64-v3 --explain split_padding,choose_schedules"), 0);
  EXPECT_THAT(err_, testing::Not(HasSubstr("padded before")));
}

TEST_F(Command, APoolAsLargeAsThePictureLeavesTheConvolutionItsFamily) {
  for (const char* window : {"25, 5", "24, 4", "5, 5", "25, 1"}) {
    write("big.lin", "model big(x: f32[N, 64, 25, 5]) -> f32[...] {\n"
                     "  layer c = conv2d(64, kernel_size: 1)\n  x |> c |> relu |> avg_pool2d([" +
                         std::string(window) + "], stride: [" + window + "])\n}\n");
    EXPECT_EQ(linnet("dump big.lin --after plan_memory -o big.lir --explain fuse_pool"), 0);
    EXPECT_THAT(text("big.lir"), HasSubstr(" direct{"));
    EXPECT_EQ(linnet("kernel big.lir"), 0) << window << err_;
  }
}

}  // namespace
}  // namespace linnet
