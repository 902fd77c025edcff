// --cache DIR as a person uses it.
#include "tests/cli/command.h"

#include <gmock/gmock.h>

namespace linnet {
namespace {

using testing::HasSubstr;

class CacheFlag : public Command {
protected:
  void SetUp() override {
    Command::SetUp();
    write("m.lin", "model m(x: f32[N, 3, 12, 12]) -> y: f32[N, 10] {\n"
                   "  layer conv = conv2d(8, kernel_size: 3)\n  layer fc = linear(10)\n"
                   "  x |> conv |> relu |> max_pool2d(2) |> flatten |> fc\n}\n");
  }
  // The object that `compile` makes with these flags.
  std::string object(const std::string& flags, const std::string& model = "m.lin") {
    EXPECT_EQ(
        linnet("compile " + model + " --target x86-64-v3 --emit obj --name m -o m.o " + flags), 0);
    EXPECT_EQ(err_, "warning: m is untrained: its parameters are initial values\n"
                    "help: --weights F.safetensors; linnet train makes such a file\n");
    return text("m.o");
  }
  std::vector<std::string> entries() {
    return runtime::list_folder(folder_ + "/cache").value_or(std::vector<std::string>{});
  }
};

TEST_F(CacheFlag, FillsAFolderAndReadsIt) {
  const std::string expected = object("");
  EXPECT_EQ(object("--cache cache"), expected);
  const auto filled = entries();
  EXPECT_GE(filled.size(), 2U);
  EXPECT_EQ(object("--cache cache"), expected);
  EXPECT_EQ(entries(), filled);
  write("n.lin", "model n(picture: f32[N, 3, 12, 12]) -> logits: f32[N, 10] {\n"
                 "  layer first = conv2d(8, kernel_size: 3)\n  layer last = linear(10)\n"
                 "  picture |> first |> relu |> max_pool2d(2) |> flatten |> last\n}\n");
  object("--cache cache", "n.lin");
  EXPECT_LE(entries().size(), filled.size() + 1) << "the same kernels; perhaps another object";
  EXPECT_EQ(linnet("compile m.lin --target x86-64-v4 --emit obj -o v4.o --cache cache"), 0);
  EXPECT_GE(entries().size(), 2 * filled.size());
}

TEST_F(CacheFlag, WhatIsDamagedIsMadeAgain) {
  const std::string expected = object("--cache cache");
  EXPECT_EQ(run("cp -r cache good && for f in cache/*; do truncate -s 100 $f; done"), 0);
  EXPECT_EQ(object("--cache cache"), expected);
  EXPECT_EQ(run("diff -r cache good"), 0) << out_;
  EXPECT_EQ(run("for f in cache/*; do printf x | dd of=$f bs=1 seek=1000 conv=notrunc; done"), 0);
  EXPECT_NE(run("diff -r cache good"), 0);
  EXPECT_EQ(object("--cache cache"), expected);
  EXPECT_EQ(run("diff -r cache good"), 0) << out_;
}

TEST_F(CacheFlag, TwoProcessesFillItAtOnce) {
  const std::string expected = object("");
  const std::string compile =
      LINNET_COMMAND " compile m.lin --target x86-64-v3 --emit obj --name m --cache cache -o ";
  EXPECT_EQ(run("mkdir a b; " + compile + "a/m.o & first=$!; " + compile +
                "b/m.o; second=$?; wait $first && exit $second"),
            0);
  EXPECT_THAT(err_, testing::Not(HasSubstr("cache")));
  EXPECT_EQ(text("a/m.o"), expected);
  EXPECT_EQ(text("b/m.o"), expected);
  const auto filled = entries();
  EXPECT_EQ(object("--cache cache"), expected);
  EXPECT_EQ(entries(), filled);
  for (const std::string& name : filled)
    EXPECT_EQ(name.size(), 64U) << name;
}

TEST_F(CacheFlag, IsAnErrorOnlyWhereItCannotBeHad) {
  EXPECT_EQ(linnet("compile m.lin --emit obj --cache missing/cache"), 4);
  EXPECT_EQ(err_, "error: --cache missing/cache: cannot be made: No such file or directory\n");
  EXPECT_EQ(linnet("compile m.lin --emit obj --cache m.lin"), 4);
  EXPECT_THAT(err_, HasSubstr("--cache m.lin: is not a folder"));
  EXPECT_EQ(linnet("compile m.lin --emit obj -o m.o --cache /proc/self"), 0);
  EXPECT_THAT(err_, HasSubstr("warning: --cache /proc/self: cannot be written: "));
  EXPECT_TRUE(exists("m.o"));
}

TEST_F(CacheFlag, RunAndTrainersUseItToo) {
  EXPECT_EQ(run("printf 'model m(x: f32[N, 4]) -> y: f32[N, 1] { layer fc = linear(1); fc(x) }\n"
                "train m { loss: mse; optimizer: sgd(lr: 0.1); batch: 8; epochs: 1 }\n' > t.lin"),
            0);
  EXPECT_EQ(linnet("train t.lin --emit obj -o a.o"), 0) << err_;
  EXPECT_EQ(linnet("train t.lin --emit obj -o b.o --cache cache"), 0) << err_;
  EXPECT_FALSE(entries().empty());
  EXPECT_EQ(linnet("train t.lin --emit obj -o c.o --cache cache"), 0) << err_;
  EXPECT_EQ(run("cmp a.o b.o && cmp a.o c.o"), 0);
  const size_t before = entries().size();
  EXPECT_EQ(linnet("run t.lin --cache cache --input x=nothing.npy"), 1);
  EXPECT_GT(entries().size(), before);
}

}  // namespace
}  // namespace linnet
