// linnet dump as a compiler engineer uses it, --time-passes and --dump-dir, and models on pipes.
#include "tests/cli/command.h"

#include <gmock/gmock.h>

namespace linnet {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Dump : public Command {
protected:
  void SetUp() override {
    Command::SetUp();
    write("m.lin", "model m(x: f32[N, 3, 12, 12]) -> y: f32[N, 10] {\n"
                   "  layer conv = conv2d(8, kernel_size: 3)\n  layer fc = linear(10)\n"
                   "  x |> conv |> relu |> max_pool2d(2) |> flatten |> fc\n}\n");
  }
  std::vector<std::string> files(const std::string& folder) {
    return list_folder(folder_ + "/" + folder).value_or(std::vector<std::string>{});
  }
};

TEST_F(Dump, ExplainRunsAsFarAsThePass) {
  EXPECT_EQ(linnet("dump m.lin --after fuse_pool"), 0);
  const std::string expected = out_;
  EXPECT_EQ(linnet("dump m.lin --explain fuse_pool"), 0);
  EXPECT_EQ(out_, expected);
  EXPECT_THAT(err_, HasSubstr("max_pool2d %max_pool2d joins %relu\n"));
  EXPECT_EQ(linnet("dump m.lin --explain fuse_pool,fuse_epilogue"), 0);
  EXPECT_EQ(out_, expected);
  EXPECT_THAT(err_, HasSubstr("max_pool2d %max_pool2d joins %relu [fuse_pool]"));
  EXPECT_THAT(err_, HasSubstr("[fuse_epilogue]"));
  EXPECT_EQ(linnet("dump m.lin --after plan_memory"), 0);
  const std::string whole = out_;
  EXPECT_EQ(linnet("dump m.lin --explain all"), 0);
  EXPECT_EQ(out_, whole);
  EXPECT_THAT(err_, HasSubstr("[expand_ops]"));
  EXPECT_THAT(err_, HasSubstr("[plan_memory]"));
  EXPECT_EQ(linnet("dump m.lin --after drop_dead --explain plan_memory"), 0);
  EXPECT_THAT(err_, HasSubstr("--explain plan_memory: the pipeline ends with drop_dead before it"));
}

TEST_F(Dump, AllLeavesOutWhatChangesNothing) {
  EXPECT_EQ(linnet("dump m.lin --all"), 0);
  EXPECT_THAT(out_, StartsWith("// ---- before the passes\n"));
  EXPECT_THAT(out_, HasSubstr("\n// ---- fuse_pool: "));
  EXPECT_EQ(out_.find("// ---- drop_dropout: "), std::string::npos);
  EXPECT_THAT(out_, HasSubstr(" passes changed nothing (--unchanged shows them): stream_series, "));
  EXPECT_EQ(linnet("dump m.lin --all --unchanged"), 0);
  EXPECT_THAT(out_, HasSubstr("\n// ---- drop_dropout: "));
  EXPECT_EQ(out_.find("changed nothing"), std::string::npos);
}

TEST_F(Dump, DiffShowsWhatEachPassChanged) {
  EXPECT_EQ(linnet("dump m.lin --diff"), 0);
  EXPECT_THAT(out_, StartsWith("// ---- freeze_parameters: "));
  EXPECT_THAT(out_, HasSubstr("\n@@ -"));
  EXPECT_THAT(out_, HasSubstr("\n-  %flatten: f32[1,200] = flatten("));
  EXPECT_THAT(out_, HasSubstr("\n+  %flatten: f32[1,200] = reshape("));
  EXPECT_THAT(out_, HasSubstr("changed nothing"));
}

// The files are the module as `--after` prints it, and a diff takes one to the next.
TEST_F(Dump, OutputFolderHoldsAFileAPass) {
  EXPECT_EQ(linnet("dump m.lin --all -o all"), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("changed nothing"));
  ASSERT_TRUE(exists("all/00_input.lir"));
  ASSERT_TRUE(exists("all/17_fuse_pool.lir"));
  EXPECT_FALSE(exists("all/03_drop_dropout.lir"));
  EXPECT_EQ(linnet("dump m.lin --after fuse_pool -o after.lir"), 0);
  EXPECT_EQ(text("all/17_fuse_pool.lir"), text("after.lir"));
  EXPECT_EQ(linnet("dump m.lin --diff -o diffs"), 0) << err_;
  ASSERT_TRUE(exists("diffs/17_fuse_pool.diff"));
  EXPECT_EQ(run("cp all/16_fuse_epilogue.lir f && patch -s f diffs/17_fuse_pool.diff && "
                "cmp f all/17_fuse_pool.lir"),
            std::system("command -v patch >/dev/null") == 0 ? 0 : 127)
      << out_ << err_;
  EXPECT_EQ(linnet("dump m.lin --all -o m.lin"), 4);
  EXPECT_THAT(err_, HasSubstr("m.lin: the folder cannot be made"));
}

TEST_F(Dump, AReaderThatGoesIsNoError) {
  write("big.sh", LINNET_COMMAND " dump $S/models/lenet.lin --all --unchanged; echo $? > status");
  EXPECT_EQ(run("S=$S sh big.sh | head -1"), 0);
  EXPECT_EQ(err_, "");
  EXPECT_EQ(text("status"), "0\n");
  EXPECT_EQ(run(LINNET_COMMAND " dump m.lin >/dev/full"), 4);
  EXPECT_THAT(err_, HasSubstr("standard output cannot be written"));
}

TEST_F(Dump, AModelMayComeOnStandardInput) {
  EXPECT_EQ(linnet("dump m.lin"), 0);
  const std::string expected = out_;
  EXPECT_EQ(linnet("dump - < m.lin"), 0) << err_;
  EXPECT_EQ(out_, expected);
  EXPECT_EQ(linnet("dump m.lin | " LINNET_COMMAND " dump -"), 0) << err_;
  EXPECT_EQ(out_, expected);
  EXPECT_EQ(linnet("compile m.lin --emit obj -o a.o && " LINNET_COMMAND
                   " compile - --emit obj -o b.o < m.lin && cmp a.o b.o"),
            0)
      << err_;
  EXPECT_EQ(linnet("export m.lin -o m.onnx && " LINNET_COMMAND " check --batch 2 - < m.onnx"), 0)
      << err_;
  EXPECT_THAT(out_, HasSubstr("f32[2,10]"));
  EXPECT_EQ(linnet("check - < /dev/null"), 1);
  write("bad.lin", "model m(x: f32[N, 4]) -> f32[N, 4] { reluu(x) }\n");
  EXPECT_EQ(linnet("check - < bad.lin"), 1);
  EXPECT_THAT(err_, StartsWith("standard input:1:38: error: "));
}

TEST_F(Dump, TimePassesCoversHalideLlvmAndLinking) {
  EXPECT_EQ(linnet("compile m.lin --time-passes --cache c"), 0);
  for (const char* row :
       {" µs  fuse_pool\n", " µs  Halide, @", " µs  Halide, all kernels",
        " µs  LLVM, kernels and entries into one module\n", " µs  LLVM, optimising\n",
        " µs  LLVM, machine code\n", " µs  linking and writing m\n"})
    EXPECT_THAT(err_, HasSubstr(row));
  EXPECT_EQ(linnet("compile m.lin --time-passes --cache c"), 0);
  EXPECT_THAT(err_, HasSubstr(" (in the cache)\n"));
  EXPECT_EQ(err_.find("LLVM, optimising"), std::string::npos);
}

TEST_F(Dump, DumpDirHoldsEveryLevelOfEachKernel) {
  EXPECT_EQ(linnet("compile m.lin --dump-dir d --cache c"), 0) << err_;
  EXPECT_EQ(linnet("compile m.lin --dump-dir d2 --cache c"), 0) << err_;  // from the cache
  EXPECT_EQ(run("diff -r d d2"), 0) << out_;
  for (const char* file : {"d/m.lir", "d/m.before.ll", "d/m.ll", "d/m.s"})
    EXPECT_NE(text(file), "") << file;
  int kernels = 0;
  for (const std::string& file : files("d")) {
    if (!file.ends_with(".stmt")) continue;
    ++kernels;
    const std::string base = "d/" + file.substr(0, file.size() - 5);
    EXPECT_THAT(text(base + ".stmt"), HasSubstr("for (")) << base;
    EXPECT_THAT(text(base + ".before.ll"), StartsWith("define ")) << base;
    EXPECT_THAT(text(base + ".ll"), StartsWith("define ")) << base;
    EXPECT_THAT(text(base + ".s"), HasSubstr("ret")) << base;
    EXPECT_NE(text(base + ".ll"), text(base + ".before.ll"));
  }
  EXPECT_GE(kernels, 2);
}

}  // namespace
}  // namespace linnet
