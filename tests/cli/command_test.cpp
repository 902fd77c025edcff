// The command as a person runs it: statuses, messages, files.
#include "tests/cli/command.h"

#include "base/io/file.h"
#include "base/io/npy.h"
#include "base/io/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdlib>
#include <string>
#include <sys/wait.h>

#include <vector>

namespace linnet {
namespace {

using testing::HasSubstr;

TEST_F(Command, StatusesSayWhoseFaultItIs) {
  EXPECT_EQ(linnet("--version"), 0);
  EXPECT_EQ(linnet("--help"), 0);
  EXPECT_EQ(linnet("compil x.lin"), 2);
  EXPECT_THAT(err_, HasSubstr("did you mean 'compile'?"));
  EXPECT_EQ(linnet("compile nothing.lin"), 1);
  EXPECT_EQ(linnet("compile $S/models/lenet.lin --target nonsense"), 2);
  write("m.onnx", "");
  EXPECT_EQ(linnet("compile m.onnx"), 1);
  EXPECT_THAT(err_, HasSubstr("m.onnx: the file is empty"));
  write("same.lin", "model m(x: f32[N, 4]) -> f32[N, 4] { relu(x) }\n");
  EXPECT_EQ(linnet("compile same.lin -o ./same.lin"), 2);
  EXPECT_THAT(err_, HasSubstr("would overwrite what is read"));
  write("m.pt", "");
  EXPECT_EQ(linnet("compile m.pt"), 1);
  EXPECT_THAT(err_, HasSubstr("torch.onnx.export"));
  write("huge.lin", "model m(x: f32[N, 150528]) -> f32[...] { layer a = linear(100000); a(x) }\n");
  EXPECT_EQ(linnet("check huge.lin"), 0);
  EXPECT_EQ(linnet("compile huge.lin"), 3);
  EXPECT_THAT(err_, HasSubstr("more than the 2 GiB"));
  EXPECT_EQ(linnet("compile model.onnx"), 1);
  EXPECT_EQ(linnet("compile $S/models/ar.lin -o /nonexistent/folder/x"), 4);
}

TEST_F(Command, NothingIsLeftHalfWritten) {
  EXPECT_NE(linnet("compile $S/models/lenet.lin --weights $S/models/data/mlp.safetensors -o lenet"),
            0);
  EXPECT_FALSE(exists("lenet"));
  EXPECT_EQ(linnet("compile $S/models/ar.lin --cc no-such-compiler -o ar"), 4);
  EXPECT_THAT(err_, HasSubstr("no-such-compiler"));
  EXPECT_FALSE(exists("ar"));
}

// The stack's size is written into the finished object, but for texts the code is made again.
TEST_F(Command, TextsAreOfTheCodeThatIsWritten) {
  EXPECT_EQ(linnet("compile $S/models/ar.lin -o plain"), 0) << err_;
  EXPECT_EQ(linnet("compile $S/models/ar.lin -o dumped --dump-dir texts"), 0) << err_;
  EXPECT_EQ(run("cmp plain dumped"), 0) << out_;
  EXPECT_THAT(text("texts/ar.s"), HasSubstr("linnet_product_entries:"));
}

TEST_F(Command, WeightsThatDoNotFitAreListedAtOnce) {
  const std::vector<float> values(400 * 120, 0.0F);
  ASSERT_TRUE(write_safetensors(folder_ + "/w.safetensors",
                                {{"head.weigth", DType::kF32, {1, 4}, values.data()},
                                 {"head.bias", DType::kF32, {2}, values.data()},
                                 {"other", DType::kF32, {1}, values.data()}}));
  EXPECT_EQ(linnet("run $S/models/ar.lin --weights w.safetensors"), 1);
  EXPECT_THAT(err_, HasSubstr("no tensor 'head.weight' [1,4]"));
  EXPECT_THAT(err_, HasSubstr("--map head.weigth=head.weight"));
  EXPECT_THAT(err_, HasSubstr("'head.bias' is [2], the model's is [1]"));
  EXPECT_THAT(err_, HasSubstr("the model has no parameter 'other'"));
}

TEST_F(Command, MapRenamesAndF64IsConverted) {
  const std::vector<double> weight = {1, 2, 3, 4};
  const double bias = 0.5;
  ASSERT_TRUE(write_safetensors(folder_ + "/w.safetensors",
                                {{"linear.weight", DType::kF64, {1, 4}, weight.data()},
                                 {"head.bias", DType::kF64, {1}, &bias}}));
  const float history[] = {1, 1, 1, 1};
  ASSERT_TRUE(write_npy(folder_ + "/x.npy", DType::kF32, std::vector<int64_t>{1, 4}, history));
  EXPECT_EQ(linnet("run $S/models/ar.lin --weights w.safetensors --map linear.weight=head.weight "
                   "--input history=x.npy --output-dir o"),
            0)
      << err_;
  EXPECT_THAT(err_, HasSubstr("converted from f64 to f32"));
  const auto y = read_npy(folder_ + "/o/forecast.npy");
  ASSERT_TRUE(y.has_value());
  EXPECT_EQ(y->as<float>()[0], 10.5F);
}

TEST_F(Command, RunAndReferenceAgree) {
  for (const std::string flag : {"", "--reference"}) {
    EXPECT_EQ(
        linnet("run $S/models/lenet_classic.lin --seed 3 --input @0=x.npy --output-dir o " + flag),
        1);
  }
  std::vector<float> x(2 * 784);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<float>(i % 17) / 17;
  ASSERT_TRUE(
      write_npy(folder_ + "/x.npy", DType::kF32, std::vector<int64_t>{2, 1, 28, 28}, x.data()));
  EXPECT_EQ(linnet("run $S/models/lenet_classic.lin --seed 3 --input @0=x.npy --output-dir a"), 0)
      << err_;
  EXPECT_EQ(linnet("run $S/models/lenet_classic.lin --seed 3 --input image=x.npy --output-dir b "
                   "--reference"),
            0)
      << err_;
  const auto a = read_npy(folder_ + "/a/logits.npy");
  const auto b = read_npy(folder_ + "/b/logits.npy");
  ASSERT_TRUE(a && b);
  ASSERT_EQ(a->shape, (std::vector<int64_t>{2, 10}));
  for (size_t i = 0; i < 20; ++i)
    EXPECT_NEAR(a->as<float>()[i], b->as<float>()[i], 1e-5);
}

// dump --after P, then opt with the rest: the final dump, byte for byte.
TEST_F(Command, DumpsAreReadBack) {
  const std::string model = "$S/models/lenet.lin --weights $S/models/data/lenet.safetensors";
  EXPECT_EQ(linnet("dump " + model + " --after plan_memory"), 0);
  const std::string expected = out_;
  EXPECT_EQ(linnet("dump " + model + " --after fuse_pool -o half.lir"), 0) << err_;
  EXPECT_TRUE(exists("half.lir.safetensors"));
  EXPECT_EQ(linnet("opt half.lir --passes=group_kernels,choose_schedules,choose_layout,"
                   "pack_weights,outline_kernels,plan_memory"),
            0)
      << err_;
  EXPECT_EQ(out_, expected);
  EXPECT_EQ(linnet("kernel half.lir"), 1);  // no kernels yet
  EXPECT_EQ(linnet("dump " + model + " --after plan_memory -o whole.lir"), 0);
  EXPECT_EQ(linnet("kernel whole.lir"), 0) << err_;
  EXPECT_EQ(linnet("dump " + model + " --all --check-passes"), 0) << err_;
  EXPECT_EQ(linnet("dump " + model + " --format dot"), 0);
  EXPECT_THAT(out_, HasSubstr("digraph"));
}

TEST_F(Command, ExplainSaysWhy) {
  EXPECT_EQ(
      linnet(
          "dump $S/models/lenet.lin --after plan_memory --explain fuse_pool --explain plan_memory"),
      0);
  EXPECT_THAT(err_, HasSubstr("max_pool2d %max_pool2d joins %relu"));
  EXPECT_THAT(err_,
              HasSubstr("arena of @predict: 6336 bytes planned; a C library's ARENA_BYTES adds"));
}

// It is 642,544 bytes; a page more is free, for what every program carries of runtime/ adds up.
TEST_F(Command, LenetsExecutableKeepsItsSize) {
  EXPECT_EQ(linnet("compile $S/models/lenet.lin --target x86-64-v3 -o lenet"), 0) << err_;
  EXPECT_LE(text("lenet").size(), 646640u);
}

TEST_F(Command, CheckPrintsTheTable) {
  EXPECT_EQ(linnet("check $S/models/lenet.lin"), 0);
  EXPECT_THAT(out_, HasSubstr("61,706"));
  EXPECT_EQ(linnet("check $S/models/lenet.lin --json"), 0);
  const auto json = nlohmann::json::parse(out_);
  EXPECT_EQ(json["multiply_adds"], 416520);
  EXPECT_EQ(json["layers"].size(), 12u);
}

TEST_F(Command, DiagnosticsCanBeJson) {
  write("m.lin", "model m(x: f32[N, 4]) -> f32[N, 4] { reluu(x) }\n");
  EXPECT_EQ(linnet("--diagnostics json check m.lin"), 1);
  const auto json = nlohmann::json::parse(err_.substr(0, err_.find('\n')));
  EXPECT_EQ(json["severity"], "error");
}

TEST_F(Command, InitIsTheSameEveryTime) {
  EXPECT_EQ(linnet("init $S/models/lenet.lin --seed 7 -o a.safetensors"), 0);
  EXPECT_EQ(linnet("init $S/models/lenet.lin --seed 7 -o b.safetensors"), 0);
  EXPECT_EQ(linnet("init $S/models/lenet.lin --seed 8 -o c.safetensors"), 0);
  EXPECT_EQ(text("a.safetensors"), text("b.safetensors"));
  EXPECT_NE(text("a.safetensors"), text("c.safetensors"));
  EXPECT_EQ(linnet("weights a.safetensors"), 0);
  EXPECT_THAT(out_, HasSubstr("conv1.weight"));
}

TEST_F(Command, BenchPrintsJson) {
  EXPECT_EQ(linnet("bench $S/models/ar.lin --json"), 0) << err_;
  const auto json = nlohmann::json::parse(out_);
  EXPECT_EQ(json["flops"], 8);
  EXPECT_EQ(json["kernels"].size(), 1u);
  EXPECT_GT(json["peak_gflops"], 0);
}

TEST_F(Command, NewModelsCompileAndAnswer) {
  for (const std::string kind : {"series", "table"}) {
    EXPECT_EQ(linnet("new " + kind + " " + kind), 0);
    EXPECT_EQ(linnet("compile " + kind + "/model.lin -o program"), 0) << err_;
    EXPECT_EQ(run("./program " + kind + "/data.csv"), 0) << err_;
    EXPECT_NE(out_, "");
    EXPECT_THAT(err_, HasSubstr("untrained"));
    EXPECT_EQ(linnet("new " + kind + " " + kind), 2);  // it exists
  }
}

// ---- executables

TEST_F(Command, LenetAnswersPeopleAndMachines) {
  ASSERT_EQ(linnet("compile $S/models/lenet.lin --weights $S/models/data/lenet.safetensors -o "
                   "lenet --batch 64"),
            0)
      << err_;
  EXPECT_EQ(run("./lenet $S/models/data/digits/t10k-images-idx3-ubyte"), 0) << err_;
  EXPECT_EQ(out_, "357 of 360 right, accuracy 99.17 %\n");
  EXPECT_EQ(run("./lenet --json $S/models/data/digits/t10k-images-idx3-ubyte "
                "$S/models/data/digits/t10k-labels-idx1-ubyte"),
            0);
  EXPECT_EQ(out_, "{\"n\":360,\"correct\":357,\"accuracy\":0.991667}\n");
  EXPECT_EQ(run("cd $S/models/data/digits && \"$OLDPWD\"/lenet 3.png 8.png"), 0);
  EXPECT_EQ(run("./lenet --json $S/models/data/digits/7.png"), 0);
  EXPECT_EQ(nlohmann::json::parse(out_)["label"], "7");
  EXPECT_EQ(run("./lenet --version"), 0);
  EXPECT_THAT(out_, HasSubstr("batch 64"));
  EXPECT_EQ(run("./lenet"), 2);
  EXPECT_EQ(run("./lenet --nonsense"), 2);
  EXPECT_EQ(run("./lenet nothing.png"), 1);
  EXPECT_EQ(run("./lenet lenet"), 1);  // no picture
  EXPECT_THAT(err_, HasSubstr("error: lenet"));
  // Small, and dependent on nothing but libc and libm.
  EXPECT_EQ(run("ldd lenet"), 0);
  EXPECT_EQ(out_.find("stdc++"), std::string::npos);
}

TEST_F(Command, LenetIsSmall) {
  ASSERT_EQ(
      linnet("compile $S/models/lenet.lin --weights $S/models/data/lenet.safetensors -o lenet"), 0);
  const size_t weights = read_file(LINNET_SOURCE_DIR "/models/data/lenet.safetensors")->size();
  EXPECT_LT(text("lenet").size(), weights + 400000);
}

TEST_F(Command, OutOfMemoryNamesModelAndBytes) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizers reserve more address space than the limit";
#endif
  write("big.lin",
        "model big(x: f32[M, 20000]) -> y: f32[M, 20000] {\n"
        "  let outer = matmul(transpose(x, [1, 0]), x) |> relu\n  matmul(x, outer)\n}\n");
  const std::vector<int64_t> shape{1, 20000};
  const std::vector<float> x(20000, 1);
  ASSERT_TRUE(write_npy(folder_ + "/x.npy", DType::kF32, shape, x.data()).has_value());
  const std::string limited = "ulimit -v 1000000; ";
  EXPECT_EQ(run(limited + LINNET_COMMAND " run big.lin --bind M=1 --input x=x.npy"), 4);
  EXPECT_EQ(err_, "error: big.lin: out of memory: the arena of a call takes 1600000000 bytes\n");
  ASSERT_EQ(linnet("compile big.lin --bind M=1"), 0) << err_;
  EXPECT_EQ(run(limited + "./big --input x=x.npy"), 4);
  EXPECT_EQ(err_, "error: big: out of memory: the arena of a call takes 1600000000 bytes\n");
}

TEST_F(Command, TwoFoldersGiveTheSameFile) {
  ASSERT_EQ(run("mkdir a b && cp $S/models/mlp.lin a"), 0);
  ASSERT_EQ(linnet("compile a/mlp.lin --jobs 1 -o a/mlp"), 0);
  ASSERT_EQ(linnet("compile $S/models/mlp.lin --jobs 4 -o b/mlp"), 0);
  EXPECT_TRUE(text("a/mlp") == text("b/mlp"));
  EXPECT_NE(text("a/mlp"), "");
}

TEST_F(Command, ArForecastsTheSunspots) {
  ASSERT_EQ(linnet("compile $S/models/ar.lin --set p=9 --weights "
                   "$S/models/data/ar9_sunspots.safetensors -o ar"),
            0);
  EXPECT_EQ(run("./ar $S/models/data/sunspots.csv --steps 2"), 0);
  EXPECT_THAT(out_, HasSubstr("2009  26.57"));
  EXPECT_THAT(out_, HasSubstr("2010  "));
  write("short.csv", "year,sunspots\n1700,5\n");
  EXPECT_EQ(run("./ar short.csv"), 1);
  EXPECT_THAT(err_, HasSubstr("a forecast takes the last 9"));
}

}  // namespace
}  // namespace linnet
