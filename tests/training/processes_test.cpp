// Training by several processes, as a launcher of MPI would start them: the same files for any
// number of them, and what is said when something does not fit. Messages are files
// (fake_mpi.c); tests/mpi has the same with MPI itself.
#include "tests/training/training.h"

#include "base/io/npy.h"
#include "base/philox.h"

#include <gmock/gmock.h>

#include <vector>

namespace linnet {
namespace {

using testing::HasSubstr;

// Its step's sums are a message of 2 kB.
constexpr const char* kModel = R"(
model m(x: f32[N, 8]) -> y: f32[N, 3] {
  layer fc1 = linear(40)
  layer bn = batch_norm2d()
  layer fc2 = linear(3)
  let hidden = reshape(fc1(x), shape: [N, 10, 2, 2])
  hidden |> bn |> tanh |> flatten |> dropout(0.3) |> fc2
}
train m {
  loss: mse; optimizer: adam(lr: 0.02); clip: norm(1)
  batch: 16; SHARDS; epochs: 6; validation: 20%; schedule: plateau(patience: 0)
}
)";

class Together : public Training {
protected:
  static void SetUpTestSuite() {
    shared_ = testing::TempDir() + "/linnet_together_XXXXXX";
    ASSERT_NE(mkdtemp(shared_.data()), nullptr);
    // Trainers that most tests start, one for another target, and data.
    ASSERT_TRUE(write_file(shared_ + "/m.lin", model("shards: 8")));
    const std::string make = "cd '" + shared_ +
                             "' && XDG_CACHE_HOME=/dev/null " LINNET_COMMAND
                             " train m.lin --emit exe -o ";
    ASSERT_EQ(std::system((make + "t").c_str()), 0);
    ASSERT_EQ(std::system((make + "t2 --target x86-64-v2").c_str()), 0);
    npy("x.npy", 8, 0);
    npy("y.npy", 3, 1);
  }
  static void TearDownTestSuite() { std::system(("rm -rf '" + shared_ + "'").c_str()); }
  static void npy(const std::string& name, int64_t width, uint32_t stream) {
    std::vector<double> values;
    for (int64_t i = 0; i < 150 * width; ++i)
      values.push_back(2 * philox_uniform_f64(9, stream, 0, static_cast<uint64_t>(i)) - 1);
    const std::vector<int64_t> shape{150, width};
    ASSERT_TRUE(write_npy(shared_ + "/" + name, DType::kF64, shape, values.data()));
  }
  static std::string model(const std::string& shards) {
    std::string text = kModel;
    return text.replace(text.find("SHARDS"), 6, shards);
  }
  // `command` in so many processes; $RANK is the number of each, $T the folder of trainers and
  // data. The status of the one that ended with the largest.
  int together(int count, const std::string& command, const std::string& setting = "") {
    const std::string number = std::to_string(count);
    return run("T=" + shared_ + "; rm -rf mail; mkdir mail; export T RANK OMPI_COMM_WORLD_SIZE=" +
               number + " FAKE_MPI_FOLDER=$PWD/mail LINNET_MPI=" LINNET_FAKE_MPI + "; " + setting +
               "\nall=; for RANK in $(seq 0 " + std::to_string(count - 1) +
               "); do export FAKE_MPI_RANK=$RANK; " + command +
               " & all=\"$all $!\"; done\nworst=0; for one in $all; do wait $one; s=$?; "
               "if [ $s -gt $worst ]; then worst=$s; fi; done; exit $worst");
  }
  int alone(const std::string& command, const std::string& setting = "") {
    return run("T=" + shared_ + "; export T " + setting + "\n" + command);
  }
  void expect_one_error(const std::string& text) const {
    EXPECT_THAT(err_, HasSubstr("error: " + text));
    EXPECT_EQ(err_.find("error:"), err_.rfind("error:")) << err_;
  }

  static std::string shared_;
};
std::string Together::shared_;

const std::string kTrain = "$T/t --data $T ";

TEST_F(Together, AnyNumberOfProcessesWritesTheSameFiles) {
  const std::string flags = "-o w --log-steps l --logdir e --plot p.svg --json ";
  ASSERT_EQ(alone(kTrain + flags), 0) << err_;
  const std::string report = out_;
  const std::string files[] = {"w", "w.ckpt", "l", "e/events.out.tfevents.0.linnet", "p.svg"};
  std::vector<std::string> wanted;
  for (const std::string& file : files) {
    wanted.push_back(text(file));
    EXPECT_NE(wanted.back(), "") << file;
  }
  for (const int count : {2, 3, 4, 5, 8}) {
    ASSERT_EQ(run("rm -rf w* l e p.svg"), 0);
    ASSERT_EQ(together(count, kTrain + flags + (count == 3 ? "--threads 2" : ""),
                       count == 5 ? "export LINNET_MPI_TIMES=late" : ""),
              0)
        << err_;
    if (count == 5) {
      EXPECT_THAT(err_, HasSubstr(" s behind the last kernel of a step\n"));
    }
    for (size_t i = 0; i < wanted.size(); ++i)
      EXPECT_EQ(text(files[i]), wanted[i]) << files[i] << " by " << count;
    EXPECT_EQ(out_, report) << "one of them prints";
    EXPECT_THAT(err_, HasSubstr("epoch 6/6 "));
    EXPECT_EQ(err_.find("epoch 6/6 "), err_.rfind("epoch 6/6 "));
  }
}

TEST_F(Together, TheCommandDoesTheSame) {
  ASSERT_EQ(alone(kTrain + "-o w --quiet"), 0) << err_;
  ASSERT_EQ(together(2, LINNET_COMMAND " train $T/m.lin --data $T -o w2"), 0) << err_;
  EXPECT_EQ(text("w"), text("w2"));
  EXPECT_EQ(text("w.ckpt"), text("w2.ckpt"));
  EXPECT_EQ(out_.find("written "), out_.rfind("written "));
  // What is wrong with the call or the model, the first says.
  EXPECT_EQ(together(3, LINNET_COMMAND " train $T/m.lin"), 2);
  expect_one_error("--data PATH is needed");
  write("m.lin", model("shrds: 8"));
  EXPECT_EQ(together(3, LINNET_COMMAND " train m.lin --data $T"), 1);
  EXPECT_EQ(err_.find("error:"), err_.rfind("error:"));
  EXPECT_THAT(err_, HasSubstr("train has no entry 'shrds'"));
}

// Shards that wait for each other in the middle of a step, of other processes too.
TEST_F(Together, StatisticsOfAllShardsAreThoseOfAllProcesses) {
  std::string text_of_model = model("shards: 8");
  text_of_model.replace(text_of_model.find("batch_norm2d()"), 14, "batch_norm2d(sync: true)");
  write("m.lin", text_of_model);
  ASSERT_EQ(alone(LINNET_COMMAND " train m.lin --emit exe -o s"), 0) << err_;
  const std::string flags = "./s --data $T -o w --log-steps l --quiet ";
  ASSERT_EQ(alone(flags), 0) << err_;
  const std::string files[] = {"w", "w.ckpt", "l"};
  std::vector<std::string> wanted;
  for (const std::string& file : files)
    wanted.push_back(text(file));
  ASSERT_EQ(alone(kTrain + "-o apart --quiet"), 0) << err_;
  EXPECT_NE(text("apart"), wanted[0]) << "of each shard its own";
  for (const int count : {2, 3, 8}) {
    ASSERT_EQ(run("rm -rf w* l"), 0);
    ASSERT_EQ(together(count, flags + (count == 3 ? "--threads 2" : ""),
                       count == 8 ? "export LINNET_MPI_TIMES=late" : ""),
              0)
        << err_;
    for (size_t i = 0; i < wanted.size(); ++i)
      EXPECT_EQ(text(files[i]), wanted[i]) << files[i] << " by " << count;
  }
}

// Four go on with what three began, after a signal to one of them.
TEST_F(Together, ASignalToOneStopsAllAndOthersGoOn) {
  const std::string flags = "-o w --epochs 300 --quiet --log-steps l ";
  ASSERT_EQ(alone(kTrain + flags), 0) << err_;
  ASSERT_EQ(run("mv w whole; mv w.ckpt whole.ckpt; mv l whole.csv"), 0);
  write("one.sh", "$T/t --data $T " + flags + "&\n" + R"(
if [ $FAKE_MPI_RANK = 1 ]; then
  while [ ! -e w.ckpt ]; do sleep 0.01; done
  kill -INT $!
fi
wait $!
)");
  // A shell starts what it sends to the background with SIGINT ignored; the trainer listens anew.
  EXPECT_EQ(together(3, "sh one.sh"), 130) << err_;
  EXPECT_THAT(err_, HasSubstr("stopped by SIGINT after step "));
  EXPECT_EQ(err_.find("stopped by"), err_.rfind("stopped by")) << "said once";
  EXPECT_FALSE(exists("w"));
  ASSERT_EQ(together(4, kTrain + flags + "--resume w"), 0) << err_;
  EXPECT_EQ(text("w"), text("whole"));
  EXPECT_EQ(text("w.ckpt"), text("whole.ckpt"));
  EXPECT_EQ(text("l"), text("whole.csv"));
}

// ---- refusals

TEST_F(Together, WithoutALibraryNoneTrains) {
  EXPECT_EQ(together(2, kTrain + "-o w", "unset LINNET_MPI"), 4);
  EXPECT_THAT(err_, HasSubstr("error: started as one of 2 processes (OMPI_COMM_WORLD_SIZE), and "
                              "liblinnet-mpi.so, by which they would train together, is neither "
                              "beside the program ("));
  EXPECT_THAT(err_, HasSubstr("make it with that MPI's mpicc (`make mpi` in the sources of linnet; "
                              "docs/training.md), and name it by LINNET_MPI=PATH"));
  EXPECT_FALSE(exists("w"));
  // Of other launchers.
  EXPECT_EQ(alone("PMI_SIZE=3 " + kTrain), 4);
  EXPECT_THAT(err_, HasSubstr("started as one of 3 processes (PMI_SIZE)"));
  EXPECT_EQ(alone("SLURM_STEP_NUM_TASKS=2 " + kTrain), 4);
  EXPECT_THAT(err_, HasSubstr("started as one of 2 processes (SLURM_STEP_NUM_TASKS)"));
  EXPECT_EQ(alone("PMIX_RANK=0 " + kTrain), 4);
  EXPECT_THAT(err_, HasSubstr("started as one of several processes (PMIX_RANK)"));
  // One process needs none, and each by itself may be meant.
  EXPECT_EQ(alone("OMPI_COMM_WORLD_SIZE=1 " + kTrain + "--steps 1"), 0);
  EXPECT_EQ(together(2, kTrain + "--steps 1 -o w$RANK", "LINNET_MPI=none"), 0) << err_;
  EXPECT_EQ(text("w0"), text("w1"));
  EXPECT_NE(text("w0"), "");
}

TEST_F(Together, ALibraryThatIsNoneIsNamed) {
  EXPECT_EQ(together(2, kTrain, "LINNET_MPI=./absent.so"), 4);
  EXPECT_THAT(err_, HasSubstr("error: ./absent.so: cannot open shared object file"));
  write("other.c", "int linnet_mpi = 9;\n");
  ASSERT_EQ(run("cc -shared -fPIC other.c -o other.so"), 0) << err_;
  EXPECT_EQ(together(2, kTrain, "LINNET_MPI=./other.so"), 4);
  EXPECT_THAT(
      err_,
      HasSubstr(
          "./other.so: is no liblinnet-mpi.so, or one of another version of linnet: make it with"));
  EXPECT_EQ(together(2, kTrain, "export FAKE_MPI_FAILS=15"), 4);
  EXPECT_THAT(err_, HasSubstr("an MPI of files: MPI_Init returned 15"));
}

TEST_F(Together, TheMpiOfAnotherLauncherIsRefused) {
  EXPECT_EQ(together(3, kTrain + "-o w", "export FAKE_MPI_COUNT=1"), 4);
  EXPECT_THAT(err_, HasSubstr("error: started as one of 3 processes (OMPI_COMM_WORLD_SIZE), but an "
                              "MPI of files, which " LINNET_FAKE_MPI " was made with, sees 1: it "
                              "is not the MPI that started them; make it with that MPI's mpicc"));
  EXPECT_FALSE(exists("w"));
}

TEST_F(Together, AProgramWithoutSharedLibrariesSaysSo) {
  ASSERT_EQ(alone(LINNET_COMMAND " train $T/m.lin --emit exe --static -o t"), 0) << err_;
  EXPECT_EQ(together(2, "./t --data $T"), 4);
  EXPECT_THAT(err_, HasSubstr("started as one of 2 processes (OMPI_COMM_WORLD_SIZE), and a program "
                              "linked with --static cannot load an MPI: make it without, or start "
                              "it once"));
  EXPECT_EQ(alone("./t --data $T --steps 1 --quiet"), 0) << err_;
}

TEST_F(Together, ThereIsAShardForEach) {
  EXPECT_EQ(together(9, kTrain), 2);
  expect_one_error("9 processes share the shards of a batch, and m has 8: write `shards: 16` into "
                   "its train block, or start no more processes than shards\n");
  EXPECT_EQ(together(17, kTrain), 2);
  expect_one_error("17 processes share the shards of a batch, and m has 8: write a larger batch "
                   "into its train block, or start no more processes than shards\n");
  write("m.lin", model("shards: 1"));
  EXPECT_EQ(together(2, LINNET_COMMAND " train m.lin --data $T"), 2);
  expect_one_error("2 processes share the shards of a batch, and m has 1: write `shards: 2` into "
                   "its train block, or start one process\n");
  write("m.lin", "model m(x: f32[N, 8]) -> y: f32[N, 1] {\n  layer fc = linear(1)\n  fc(x)\n}\n"
                 "train m { loss: mse; optimizer: least_squares(); batch: 16 }\n");
  EXPECT_EQ(together(2, LINNET_COMMAND " train m.lin --data $T"), 2);
  expect_one_error("least_squares() takes all samples at once, and one process: start it without "
                   "mpirun");
}

TEST_F(Together, WhatAllWouldSayTheFirstSays) {
  EXPECT_EQ(together(3, "$T/t --data nowhere"), 1);
  expect_one_error("nowhere/x.npy: ");
  EXPECT_EQ(together(3, "$T/t --epoch 3"), 2);
  expect_one_error("");
  // One alone has a fault: it is named, and all end.
  EXPECT_EQ(together(3, "$T/t -o w --data $( [ $RANK = 2 ] && echo nowhere || echo $T )"), 1);
  expect_one_error("process 2 of 3: nowhere/x.npy: ");
  EXPECT_FALSE(exists("w"));
}

TEST_F(Together, TheSameIsAskedOfAll) {
  const auto differ = [&](const std::string& command, const std::string& what) {
    EXPECT_EQ(together(2, command + " -o w"), 2) << what;
    expect_one_error("the processes differ " + what);
    EXPECT_FALSE(exists("w"));
  };
  const std::string called = "in how they are called (--seed, --steps, --epochs, --data-order, "
                             "--quiet, --logdir, --report)\n";
  differ(kTrain + "--seed $RANK", called);
  differ(kTrain + "--steps 1$RANK", called);
  differ("$T/t$( [ $RANK = 0 ] || echo 2 ) --data $T",
         "in the machine that their code is made for: --target x86-64-v3 makes the same on all\n");
  ASSERT_EQ(
      alone(kTrain + "--quiet --steps 3 -o a && " + kTrain + "--quiet --steps 3 --seed 1 -o b"), 0)
      << err_;
  differ(kTrain + "--init $( [ $RANK = 0 ] && echo a || echo b )",
         "in the step or the values that they begin with: each reads the checkpoint and the "
         "weights itself\n");
  ASSERT_EQ(run("mkdir less"), 0);
  const std::vector<int64_t> x{100, 8}, y{100, 3};
  const std::vector<double> zeros(800);
  ASSERT_TRUE(write_npy(folder_ + "/less/x.npy", DType::kF64, x, zeros.data()));
  ASSERT_TRUE(write_npy(folder_ + "/less/y.npy", DType::kF64, y, zeros.data()));
  differ("$T/t --data $( [ $RANK = 0 ] && echo $T || echo less )",
         "in the number of samples: each reads --data itself\n");
  // One number of one sample.
  ASSERT_EQ(run("mkdir other; cp " + shared_ +
                "/*.npy other; printf '\\001' | dd of=other/y.npy bs=1 seek=934 "
                "conv=notrunc"),
            0)
      << err_;
  differ("$T/t --data $( [ $RANK = 0 ] && echo $T || echo other )",
         "in the samples: each reads --data itself\n");
}

// A bit that changes on its way to one process is seen at the end of the epoch, or of 50 steps.
TEST_F(Together, ParametersThatDifferStopTheRun) {
  EXPECT_EQ(together(2, kTrain + "-o w", "export FAKE_MPI_FLIP=9"), 4);
  expect_one_error("step 14: the parameters of the processes differ, which a fault of memory or "
                   "network does, or CPUs that compute otherwise; the last checkpoint is as it "
                   "was, and --resume goes on from it\n");
  EXPECT_FALSE(exists("w"));
  EXPECT_TRUE(exists("w.ckpt"));
}

// One that fails where the others do not ask, whichever it is, ends those that wait for it.
TEST_F(Together, WhatFailsInOneEndsAll) {
  ASSERT_EQ(run("mkdir large"), 0);
  const std::vector<int64_t> x{1'000'000, 8}, y{1'000'000, 3};
  const std::vector<float> zeros(8'000'000);
  ASSERT_TRUE(write_npy(folder_ + "/large/x.npy", DType::kF32, x, zeros.data()));
  ASSERT_TRUE(write_npy(folder_ + "/large/y.npy", DType::kF32, y, zeros.data()));
  EXPECT_EQ(together(2, "( [ $RANK = 0 ] || ulimit -v 40000; $T/t --data large --steps 1 -o w )"),
            4);
  expect_one_error("process 1 of 2: m: out of memory\n");
  EXPECT_FALSE(exists("w"));
}

// As when the disk is full.
TEST_F(Together, WhatTheFirstCannotWriteEndsAll) {
  EXPECT_EQ(together(2, kTrain + "-o absent/w"), 4);
  expect_one_error("process 0 of 2: absent: cannot be written");
  EXPECT_EQ(together(3, kTrain + "-o w --epochs 1000", "ln -s /dev/full w.ckpt.new"), 4);
  expect_one_error("process 0 of 3: /dev/full: No space left on device\n");
}

// Each reads its own samples; what is made of one that it cannot read is kept by nobody.
TEST_F(Together, SamplesAreReadByWhoNeedsThem) {
  write("m.lin", "model m(x: f32[N, 1, 160, 160]) -> kind: f32[N, 2] {\n  layer fc = linear(2)\n"
                 "  x |> flatten |> fc\n}\ndata m {\n  x: image(color: gray, scale: 1/255)\n"
                 "  kind: classes(labels: [\"red\", \"blue\"])\n}\n"
                 "train m { loss: cross_entropy; batch: 4; shards: 4; epochs: 2; "
                 "optimizer: sgd(lr: 0.01); validation: 0.2 }\n");
  ASSERT_EQ(run("mkdir -p d/red d/blue; for i in $(seq 0 79); do cp " LINNET_SOURCE_DIR
                "/models/data/digits/$((i % 10)).png d/red/$i.png; cp d/red/$i.png d/blue; "
                "done; " LINNET_COMMAND " train m.lin --emit exe -o t"),
            0)
      << err_;
  ASSERT_EQ(alone("./t --data d --quiet -o one"), 0) << err_;
  for (const int count : {2, 3}) {
    ASSERT_EQ(together(count, "./t --data d --quiet -o w --data-memory 1"), 0) << err_;
    EXPECT_EQ(text("w"), text("one"));
    EXPECT_EQ(text("w.ckpt"), text("one.ckpt"));
  }
  // One that is not among those which are looked at before the first step.
  ASSERT_EQ(run("rm w*; echo no picture > d/red/38.png"), 0);
  EXPECT_EQ(together(3, "./t --data d --quiet -o w --data-memory 1 --epochs 1"), 1);
  EXPECT_THAT(err_, HasSubstr(" of 3: d/red/38.png: neither a PNG nor a JPEG picture"));
  EXPECT_EQ(err_.find("error: process "), err_.rfind("error: process ")) << err_;
  EXPECT_FALSE(exists("w"));
  EXPECT_FALSE(exists("w.ckpt"));
}

TEST_F(Together, ALossThatIsNoNumberIsToldOnce) {
  write("m.lin", "model m(x: f32[N, 8]) -> y: f32[N, 3] {\n  layer fc = linear(3)\n  fc(x)\n}\n"
                 "train m { loss: mse; optimizer: sgd(lr: 1e30); batch: 16; shards: 4 }\n");
  EXPECT_EQ(together(3, LINNET_COMMAND " train m.lin --data $T"), 1);
  expect_one_error("step ");
  EXPECT_THAT(err_, HasSubstr(": the loss is "));
}

}  // namespace
}  // namespace linnet
