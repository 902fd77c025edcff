// `linnet train` as a person runs it: the losses of another framework, checkpoints, signals,
// faults.
#include "tests/training/training.h"

#include "base/io/npy.h"
#include "base/philox.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <vector>

namespace linnet {
namespace {

using testing::HasSubstr;

class Train : public Training {
protected:
  std::string bytes(const std::string& name) const { return text(name); }
  void npy(const std::string& name, const std::vector<int64_t>& shape,
           const std::vector<double>& values) const {
    ASSERT_TRUE(write_npy(folder_ + "/" + name, DType::kF64, shape, values.data()));
  }
  // A regression of 4 numbers whose answer is known, for runs that take milliseconds.
  void small_problem(const std::string& train, int64_t samples = 64) {
    std::vector<double> x, y;
    for (int64_t i = 0; i < samples; ++i) {
      double sum = 0.5;
      for (int k = 0; k < 4; ++k) {
        x.push_back(2 * philox_uniform_f64(0, 0, 0, static_cast<uint64_t>(4 * i + k)) - 1);
        sum += (k + 1) * x.back();
      }
      y.push_back(sum);
    }
    npy("x.npy", {samples, 4}, x);
    npy("y.npy", {samples, 1}, y);
    write("m.lin", "model m(x: f32[N, 4]) -> y: f32[N, 1] {\n  layer fc = linear(1)\n  fc(x)\n}\n"
                   "train m {\n  " +
                       train + "\n}\n");
  }
  const std::string sgd_ =
      "$S/tests/training/lenet_sgd.lin --data $S/models/data/digits "
      "--data-order file --init $S/tests/training/data/lenet_initial.safetensors "
      "--quiet --log-steps l.csv";
};

// JAX's losses, made in another process by another compiler.
TEST_F(Train, FollowsAnotherFrameworkInF64) {
  ASSERT_EQ(linnet("train " + sgd_ + " --dtype f64"), 0) << err_;
  const auto expected = read_npy(LINNET_SOURCE_DIR "/tests/training/data/lenet_loss_f64.npy");
  ASSERT_TRUE(expected.has_value());
  const auto wanted = expected->as<double>();
  const auto actual = losses("l.csv");
  ASSERT_EQ(actual.size(), 200u);
  for (size_t i = 0; i < actual.size(); ++i)
    EXPECT_NEAR(actual[i], wanted[i], 1e-6 * wanted[i]) << "step " << i + 1;
}

TEST_F(Train, FollowsItInF32WhileRoundingIsSmall) {
  ASSERT_EQ(linnet("train " + sgd_ + " --steps 20"), 0) << err_;
  const auto expected = read_npy(LINNET_SOURCE_DIR "/tests/training/data/lenet_loss_f64.npy");
  const auto wanted = expected->as<double>();
  const auto actual = losses("l.csv");
  ASSERT_EQ(actual.size(), 20u);
  for (size_t i = 0; i < actual.size(); ++i)
    EXPECT_NEAR(actual[i], wanted[i], 1e-3 * wanted[i]) << "step " << i + 1;
}

TEST_F(Train, FindsTheAnswerOfARegression) {
  for (const char* optimizer :
       {"sgd(lr: 0.2)", "sgd(lr: 0.05, momentum: 0.9, nesterov: true)", "adam(lr: 0.05)",
        "adamw(lr: 0.05, weight_decay: 0)", "rmsprop(lr: 0.01)"}) {
    small_problem(std::string("loss: mse; batch: 16; epochs: 250; schedule: cosine; optimizer: ") +
                  optimizer);
    ASSERT_EQ(linnet("train m.lin --data . -o w.safetensors --quiet"), 0) << err_;
    const auto weight = weights("w.safetensors", "fc.weight");
    for (size_t k = 0; k < 4; ++k)
      EXPECT_NEAR(weight[k], static_cast<double>(k + 1), 0.02) << optimizer;
    EXPECT_NEAR(weights("w.safetensors", "fc.bias")[0], 0.5, 0.02) << optimizer;
  }
}

// Four steps of each optimiser by torch.optim's formulas on one parameter, in f64.
TEST_F(Train, OptimisersAreTorchs) {
  npy("x.npy", {1, 1}, {1});
  npy("y.npy", {1, 1}, {0});
  struct Case {
    std::string text;
    double (*next)(double w, double g, int t, double* state);
  };
  static constexpr double kLr = 0.1, kWd = 0.01;
  const std::vector<Case> cases = {
      {"sgd(lr: 0.1, momentum: 0.9, weight_decay: 0.01, dampening: 0.5)",
       [](double w, double g, int t, double* s) {
         g += kWd * w;
         s[0] = t == 1 ? g : 0.9 * s[0] + 0.5 * g;
         return w - kLr * s[0];
       }},
      {"sgd(lr: 0.1, momentum: 0.9, nesterov: true)",
       [](double w, double g, int, double* s) {
         s[0] = 0.9 * s[0] + g;
         return w - kLr * (g + 0.9 * s[0]);
       }},
      {"adam(lr: 0.1, weight_decay: 0.01)",
       [](double w, double g, int t, double* s) {
         g += kWd * w;
         s[0] = 0.9 * s[0] + 0.1 * g;
         s[1] = 0.999 * s[1] + 0.001 * g * g;
         const double a = 1 - std::pow(0.9, t), b = 1 - std::pow(0.999, t);
         return w - kLr / a * s[0] / (std::sqrt(s[1]) / std::sqrt(b) + 1e-8);
       }},
      {"adamw(lr: 0.1, weight_decay: 0.01)",
       [](double w, double g, int t, double* s) {
         w *= 1 - kLr * kWd;
         s[0] = 0.9 * s[0] + 0.1 * g;
         s[1] = 0.999 * s[1] + 0.001 * g * g;
         const double a = 1 - std::pow(0.9, t), b = 1 - std::pow(0.999, t);
         return w - kLr / a * s[0] / (std::sqrt(s[1]) / std::sqrt(b) + 1e-8);
       }},
      {"rmsprop(lr: 0.1, momentum: 0.5, centered: true)",
       [](double w, double g, int, double* s) {
         s[0] = 0.99 * s[0] + 0.01 * g * g;
         s[1] = 0.99 * s[1] + 0.01 * g;
         s[2] = 0.5 * s[2] + g / (std::sqrt(s[0] - s[1] * s[1]) + 1e-8);
         return w - kLr * s[2];
       }},
  };
  for (const Case& test : cases) {
    write("m.lin", "model m(x: f32[N, 1]) -> y: f32[N, 1] {\n  param w: f32[1] = constant(2)\n"
                   "  x * w\n}\ntrain m { loss: mse; batch: 1; steps: 4; optimizer: " +
                       test.text + " }\n");
    ASSERT_EQ(linnet("train m.lin --data . --dtype f64 -o w.safetensors --quiet"), 0) << err_;
    double w = 2, state[3] = {0, 0, 0};
    for (int t = 1; t <= 4; ++t)
      w = test.next(w, 2 * w, t, state);
    EXPECT_NEAR(weights("w.safetensors", "w")[0], w, 1e-13) << test.text;
  }
}

// L2 in the optimiser is the written penalty's gradient.
TEST_F(Train, WeightDecayIsThePenaltyWritten) {
  const std::string rest = "; batch: 16; steps: 40; optimizer: sgd(lr: 0.1";
  small_problem("loss: mse" + rest + ", weight_decay: 0.5, decay: weights)");
  ASSERT_EQ(linnet("train m.lin --data . --dtype f64 -o a.safetensors --quiet"), 0) << err_;
  small_problem("loss: mse + 0.5/2 * sum(square(fc.weight))" + rest + ")");
  ASSERT_EQ(linnet("train m.lin --data . --dtype f64 -o b.safetensors --quiet"), 0) << err_;
  const auto a = weights("a.safetensors", "fc.weight"), b = weights("b.safetensors", "fc.weight");
  for (size_t k = 0; k < a.size(); ++k)
    EXPECT_NEAR(a[k], b[k], 40e-12);
  EXPECT_NE(a[0], 0);
}

TEST_F(Train, ClippingBoundsAStep) {
  small_problem("loss: mse; batch: 64; steps: 1; clip: norm(0.001); optimizer: sgd(lr: 1)");
  ASSERT_EQ(linnet("init m.lin -o before.safetensors"), 0) << err_;
  ASSERT_EQ(linnet("train m.lin --data . -o after.safetensors --quiet"), 0) << err_;
  double square = 0;
  for (const char* name : {"fc.weight", "fc.bias"}) {
    const auto a = weights("before.safetensors", name), b = weights("after.safetensors", name);
    for (size_t k = 0; k < a.size(); ++k)
      square += (a[k] - b[k]) * (a[k] - b[k]);
  }
  EXPECT_NEAR(std::sqrt(square), 0.001, 1e-5);
}

TEST_F(Train, WhatIsFrozenStays) {
  small_problem("loss: mse; batch: 16; steps: 10; freeze: fc.bias; optimizer: sgd(lr: 0.1)");
  ASSERT_EQ(linnet("init m.lin -o before.safetensors"), 0) << err_;
  ASSERT_EQ(linnet("train m.lin --data . -o after.safetensors --quiet"), 0) << err_;
  EXPECT_EQ(weights("before.safetensors", "fc.bias"), weights("after.safetensors", "fc.bias"));
  EXPECT_NE(weights("before.safetensors", "fc.weight"), weights("after.safetensors", "fc.weight"));
}

// ---- data

TEST_F(Train, ReadsPicturesInFoldersByLabel) {
  for (int label = 0; label < 10; ++label) {
    const std::string digit = std::to_string(label);
    run("mkdir -p p/train/" + digit + " && cp $S/models/data/digits/" + digit + ".png p/train/" +
        digit + "/a.png");
  }
  run("mkdir -p p/test/3 && cp $S/models/data/digits/3.png p/test/3/");
  ASSERT_EQ(linnet("train $S/models/lenet.lin --data p --batch 10 --steps 60"), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("accuracy 100.00 % (10 of 10)"));
  EXPECT_THAT(out_, HasSubstr("accuracy 100.00 % (1 of 1;"));
  EXPECT_THAT(err_, HasSubstr("no test sample is of the class '0', '1', '2', '4', '5', '6', … (9"));
}

TEST_F(Train, ReadsTables) {
  std::string csv = "width,colour,kind\n";
  for (int i = 0; i < 60; ++i)
    csv +=
        std::to_string(i % 10) + (i % 2 ? ",red," : ",blue,") + (i % 10 > 4 ? "big\n" : "small\n");
  run("mkdir -p t");
  write("t/train.csv", csv);
  write("t/test.csv", csv.substr(0, csv.find("6,blue")));
  write("m.lin",
        "model m(width: f32[N, 1], colour: f32[N, 2]) -> kind: f32[N, 2] {\n"
        "  layer fc = linear(2)\n  fc(concat(width, colour, dim: 1))\n}\n"
        "data m {\n  width: table(columns: [\"width\"], scale: raw)\n"
        "  colour: onehot(\"colour\", [\"red\", \"blue\"])\n"
        "  kind: classes(labels: [\"small\", \"big\"])\n}\n"
        "train m { loss: cross_entropy; batch: 20; epochs: 300; optimizer: adam(lr: 0.1) }\n");
  ASSERT_EQ(linnet("train m.lin --data t --quiet"), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("train       loss 0.0"));
  EXPECT_THAT(out_, HasSubstr("accuracy 100.00 % (6 of 6;"));
  write("t/train.csv", csv + "3,green,small\n");
  EXPECT_EQ(linnet("train m.lin --data t"), 1);
  EXPECT_THAT(err_, HasSubstr("row 62, column 2 (colour): 'green' is none of the 2 categories"));
  write("t/train.csv", csv + "x,red,small\n");
  EXPECT_EQ(linnet("train m.lin --data t"), 1);
  EXPECT_THAT(err_, HasSubstr("row 62, column 1 (width)"));
}

TEST_F(Train, ReadsSeries) {
  ASSERT_EQ(
      linnet("train $S/models/ar_mlp.lin --data $S/models/data/sunspots.csv --steps 20 --json "
             "--quiet"),
      0)
      << err_;
  // 309 years make 305 windows of 4 and the year after; the last tenth is set apart.
  EXPECT_THAT(out_, HasSubstr("\"train\":{\"n\":275,"));
  EXPECT_THAT(out_, HasSubstr("\"validation\":{\"n\":30,"));
}

// The test set is opened when training is over, and not before.
TEST_F(Train, OpensTheTestSetLast) {
  run("mkdir d && cp $S/models/data/digits/train-* d/ && printf 'no IDX' > "
      "d/t10k-images-idx3-ubyte");
  EXPECT_EQ(linnet("train $S/models/mlp.lin --data d --steps 2 -o w.safetensors --quiet"), 1);
  EXPECT_THAT(err_, HasSubstr("t10k-images-idx3-ubyte"));
  EXPECT_TRUE(exists("w.safetensors"));
  run("rm d/t10k-images-idx3-ubyte; (printf x >> d/train-labels-idx1-ubyte)");
  EXPECT_EQ(linnet("train $S/models/mlp.lin --data d --steps 2 -o v.safetensors"), 1);
  EXPECT_FALSE(exists("v.safetensors"));
}

// One step moves the running mean by `momentum` towards the batch's.
TEST_F(Train, BatchNormKeepsRunningStatistics) {
  std::vector<double> x;
  for (int i = 0; i < 16; ++i)
    x.push_back(i % 2 == 0 ? 3 : 5);
  npy("x.npy", {4, 1, 2, 2}, x);
  npy("y.npy", {4, 1, 2, 2}, std::vector<double>(16, 0));
  write("m.lin",
        "model m(x: f32[N, 1, 2, 2]) -> y: f32[N, 1, 2, 2] {\n  layer bn = batch_norm2d()\n"
        "  bn(x)\n}\ntrain m { loss: mse; batch: 4; steps: 1; optimizer: sgd(lr: 0) }\n");
  ASSERT_EQ(linnet("train m.lin --data . --dtype f64 -o w.safetensors --quiet"), 0) << err_;
  EXPECT_NEAR(weights("w.safetensors", "bn.running_mean")[0], 0.4, 1e-15);
  EXPECT_NEAR(weights("w.safetensors", "bn.running_var")[0], 0.9 + 0.1 * 16.0 / 15, 1e-15);
  EXPECT_EQ(linnet("compile m.lin --weights w.safetensors -o m"), 0) << err_;
}

// ---- the same bits

TEST_F(Train, ResumesBitForBit) {
  const std::string model = "$S/tests/training/lenet_sgd.lin --data $S/models/data/digits --quiet ";
  const std::string whole = model + "--steps 60 -o whole.safetensors --log-steps whole.csv";
  ASSERT_EQ(linnet("train " + whole), 0) << err_;
  ASSERT_EQ(linnet("train " + model + "--steps 60 -o again.safetensors"), 0) << err_;
  EXPECT_EQ(bytes("whole.safetensors"), bytes("again.safetensors"));
  // Broken off within an epoch (of 22 steps), then taken up.
  const std::string part = model + "-o part.safetensors --log-steps part.csv ";
  ASSERT_EQ(linnet("train " + part + "--steps 31"), 0) << err_;
  EXPECT_NE(bytes("whole.safetensors"), bytes("part.safetensors"));
  ASSERT_EQ(linnet("train " + part + "--steps 60 --resume part.safetensors"), 0) << err_;
  EXPECT_EQ(bytes("whole.safetensors.ckpt"), bytes("part.safetensors.ckpt"));
  EXPECT_EQ(bytes("whole.safetensors"), bytes("part.safetensors"));
  EXPECT_EQ(text("whole.csv"), text("part.csv"));
  // A run that is finished changes nothing.
  const std::string before = bytes("whole.safetensors.ckpt");
  ASSERT_EQ(linnet("train " + whole + " --resume whole.safetensors"), 0) << err_;
  EXPECT_EQ(bytes("whole.safetensors"), bytes("again.safetensors"));
  EXPECT_EQ(bytes("whole.safetensors.ckpt"), before);
}

// The seed is the checkpoint's, and the samples are those that it was made with.
TEST_F(Train, ResumesAsItBegan) {
  const std::string model = "train $S/tests/training/lenet_sgd.lin --quiet --data ";
  const std::string digits = model + "$S/models/data/digits ";
  ASSERT_EQ(linnet(digits + "--seed 7 --steps 9 -o whole"), 0) << err_;
  ASSERT_EQ(linnet(digits + "--seed 7 --steps 4 -o part"), 0) << err_;
  EXPECT_EQ(linnet(digits + "--resume part --steps 9 --seed 8"), 2);
  EXPECT_THAT(err_, HasSubstr("error: part.ckpt: was trained with --seed 7, which it goes on with, "
                              "and not with 8\n"));
  EXPECT_EQ(linnet(digits + "--resume part --steps 9 --data-order file"), 2);
  EXPECT_THAT(err_, HasSubstr("part.ckpt: takes the samples in another order each epoch"));
  ASSERT_EQ(run("cp -r $S/models/data/digits other; printf '\\377' | dd of=other/"
                "train-images-idx3-ubyte bs=1 seek=16 conv=notrunc"),
            0);
  EXPECT_EQ(linnet(model + "other --resume part --steps 9"), 1);
  EXPECT_THAT(err_, HasSubstr("error: part: was trained on other samples than are in other; --init "
                              "begins a new run with its weights\n"));
  ASSERT_EQ(linnet(digits + "--resume part --steps 9"), 0) << err_;
  EXPECT_EQ(bytes("whole"), bytes("part"));
}

TEST_F(Train, ThreadsChangeNoBit) {
  for (const char* threads : {"1", "2", "3"}) {
    ASSERT_EQ(linnet("train $S/models/lenet.lin --data $S/models/data/digits --epochs 2 --quiet "
                     "--threads " +
                     std::string(threads) + " -o w" + threads),
              0)
        << err_;
  }
  EXPECT_EQ(bytes("w1"), bytes("w2"));
  EXPECT_EQ(bytes("w1"), bytes("w3"));
}

TEST_F(Train, ATrainerAloneGivesTheSameWeights) {
  const std::string data = "--data $S/models/data/digits --epochs 1 --quiet ";
  ASSERT_EQ(linnet("train $S/models/lenet.lin --emit exe -o lenet-train"), 0) << err_;
  EXPECT_LT(bytes("lenet-train").size(), 1u << 20);
  ASSERT_EQ(run("./lenet-train " + data + "-o a.safetensors"), 0) << err_;
  ASSERT_EQ(linnet("train $S/models/lenet.lin " + data + "-o b.safetensors"), 0) << err_;
  EXPECT_EQ(bytes("a.safetensors"), bytes("b.safetensors"));
  EXPECT_EQ(run("./lenet-train --nonsense"), 2);
  EXPECT_EQ(run("./lenet-train --help"), 0);
  EXPECT_THAT(out_, HasSubstr("--resume"));
  EXPECT_EQ(run("ldd ./lenet-train | grep -vE 'linux-vdso|libc\\.so|libm\\.so|ld-linux'"), 1)
      << out_;
}

// The library form, called from C: its first values are the command's, it learns, and its loss is
// that of the outputs it gives.
TEST_F(Train, ALibraryTrainsFromC) {
  small_problem("loss: mse; batch: 4; steps: 5; optimizer: adam(lr: 0.05)");
  ASSERT_EQ(linnet("train m.lin --emit lib"), 0) << err_;
  EXPECT_THAT(text("m_train.h"), HasSubstr("fc.weight.exp_avg"));
  write("main.c", R"(
#include "m_train.h"
#include <stdio.h>
#include <string.h>
static _Alignas(M_ALIGN) unsigned char slots[M_SLOTS_BYTES], arena[M_TRAIN_ARENA_BYTES + 64];
int main(void) {
  float x[16], y[4], target[4], loss[1], first = 0, sum = 0;
  m_step_args args = {3, 0, 0.05};
  if (m_train_init(slots, &args, arena) != 0) return 1;
  FILE *f = fopen("weight.bin", "wb");
  fwrite(slots, 4, 4, f);
  fclose(f);
  for (int i = 0; i < 16; ++i) x[i] = (float)((i * 7 + i / 4) % 5) - 2;
  for (int i = 0; i < 4; ++i) target[i] = x[4 * i] - 2 * x[4 * i + 1] + 1;
  for (args.step = 1; args.step <= 500; ++args.step) {
    if (m_train_step(x, target, slots, &args, loss, arena) != 0) return 2;
    if (args.step == 1) first = loss[0];
  }
  if (m_run_with(slots, x, y, arena) != 0) return 3;
  for (int i = 0; i < 4; ++i) sum += (y[i] - target[i]) * (y[i] - target[i]) / 4;
  if (m_evaluate(x, target, slots, loss, y, arena) != 0) return 4;
  if (!(loss[0] < first / 100)) return 5;
  if (sum - loss[0] > 1e-6f || loss[0] - sum > 1e-6f) return 6;
  return m_train_step(x, target, slots + 4, &args, loss, arena) == -3 ? 0 : 7;
}
)");
  ASSERT_EQ(run("cc -std=c11 -O1 main.c libm_train.a -o main && ./main"), 0) << err_;
  ASSERT_EQ(linnet("init m.lin --seed 3 -o init.safetensors"), 0) << err_;
  const auto expected = weights("init.safetensors", "fc.weight");
  const std::string raw = bytes("weight.bin");
  for (size_t k = 0; k < 4; ++k) {
    float value = 0;
    std::memcpy(&value, raw.data() + 4 * k, 4);
    EXPECT_EQ(static_cast<double>(value), expected[k]);
  }
}

TEST_F(Train, ALibraryCannotDoEveryInitialiser) {
  write("m.lin", "model m(x: f32[N, 4]) -> y: f32[N, 2] {\n"
                 "  layer fc = linear(2, init: orthogonal())\n  fc(x)\n}\ntrain m { loss: mse }\n");
  EXPECT_EQ(linnet("train m.lin --emit lib"), 3);
  EXPECT_THAT(err_, HasSubstr("fc.weight"));
}

// Killed at any moment, the last checkpoint loads and the end is that of an unbroken run. Each kill
// comes a little after a new checkpoint, not at a time: a slow disk only makes it later. Epochs are
// few, since each waits for the disk, and long, so that no run is over before its kill.
TEST_F(Train, SurvivesBeingKilled) {
  small_problem("loss: mse; batch: 1; epochs: 60; optimizer: adam(lr: 0.001)", 32768);
  ASSERT_EQ(linnet("train m.lin --data . --emit exe -o t"), 0) << err_;
  ASSERT_EQ(run("./t --data . -o whole.safetensors --quiet"), 0) << err_;
  std::string resume;
  for (const char* after : {"0", "0.003", "0.006", "0.001", "0.008", "0.002", "0.005", "0.004"}) {
    run("touch seen; ./t --data . -o w.safetensors --quiet " + resume +
        " & p=$!; i=0; while [ $i -lt 1000 ] && { [ ! -s w.safetensors.ckpt ] || cmp -s "
        "w.safetensors.ckpt seen; }; do i=$((i+1)); sleep 0.005; done; sleep " +
        after + "; kill -9 $p; wait $p; cp w.safetensors.ckpt seen");
    ASSERT_TRUE(exists("w.safetensors.ckpt") || exists("w.safetensors.ckpt.prev"));
    resume = "--resume w.safetensors";
  }
  ASSERT_EQ(run("./t --data . --resume w.safetensors -o w.safetensors --quiet"), 0) << err_;
  EXPECT_EQ(bytes("w.safetensors"), bytes("whole.safetensors"));
}

TEST_F(Train, ASignalSavesAndLeaves) {
  small_problem("loss: mse; batch: 16; epochs: 100000000; optimizer: sgd(lr: 0.001)");
  ASSERT_EQ(linnet("train m.lin --data . --emit exe -o t"), 0) << err_;
  EXPECT_EQ(run("timeout --foreground -s INT --preserve-status 0.3 ./t --data . -o w.safetensors "
                "--quiet"),
            130);
  EXPECT_TRUE(exists("w.safetensors.ckpt"));
  EXPECT_FALSE(exists("w.safetensors"));
  EXPECT_EQ(run("timeout --foreground -s TERM --preserve-status 0.2 ./t --data . --resume "
                "w.safetensors -o "
                "w.safetensors --quiet"),
            143);
}

// ---- faults

TEST_F(Train, FaultsAreSaid) {
  small_problem("loss: mse; batch: 16; steps: 5");
  EXPECT_EQ(linnet("train m.lin"), 2);
  EXPECT_THAT(err_, HasSubstr("--data PATH is needed"));
  EXPECT_EQ(linnet("train m.lin --data nowhere"), 1);
  EXPECT_THAT(err_, HasSubstr("nowhere/x.npy"));
  EXPECT_EQ(linnet("train m.lin --data . -o nowhere/w.safetensors"), 4);
  EXPECT_THAT(err_, HasSubstr("nowhere: cannot be written"));
  EXPECT_EQ(linnet("train m.lin --data . --batch 65"), 1);
  EXPECT_THAT(err_, HasSubstr("fewer than a batch of 65"));
  write("state.lin", "model m(x: f32[N, 1]) -> y: f32[N, 1] {\n  state h: f32[N, 1] = zeros()\n"
                     "  let y = x + h\n  next h = y\n  y\n}\ntrain m { loss: mse; batch: 16 }\n");
  EXPECT_EQ(linnet("train state.lin --data ."), 1);
  EXPECT_THAT(err_, HasSubstr("a model with state learns on windows"));
  write("none.lin", "model m(x: f32[N, 4]) -> y: f32[N, 4] { relu(x) }\n");
  EXPECT_EQ(linnet("train none.lin --data ."), 1);
  EXPECT_THAT(err_, HasSubstr("has no train block"));
  npy("y.npy", {63, 1}, std::vector<double>(63, 1));
  EXPECT_EQ(linnet("train m.lin --data ."), 1);
  EXPECT_THAT(err_, HasSubstr("63 samples, but other files hold 64"));
  npy("y.npy", {64, 1}, std::vector<double>(64, NAN));
  EXPECT_EQ(linnet("train m.lin --data ."), 1);
  EXPECT_THAT(err_, HasSubstr("sample 0 of 'y' is not finite"));
}

TEST_F(Train, ALossThatIsNotFiniteStops) {
  small_problem("loss: mse; batch: 16; steps: 2000; optimizer: sgd(lr: 50)");
  EXPECT_EQ(linnet("train m.lin --data . -o w.safetensors --quiet"), 1);
  EXPECT_THAT(err_, HasSubstr("the loss is"));
  EXPECT_THAT(err_, HasSubstr("parameter is 'fc."));
  EXPECT_FALSE(exists("w.safetensors"));
}

TEST_F(Train, ACheckpointOfAnotherModelIsRefused) {
  small_problem("loss: mse; batch: 16; steps: 5");
  ASSERT_EQ(linnet("train m.lin --data . -o w.safetensors --quiet"), 0) << err_;
  small_problem("loss: mae; batch: 16; steps: 5");
  EXPECT_EQ(linnet("train m.lin --data . --resume w.safetensors -o w.safetensors"), 1);
  EXPECT_THAT(err_, HasSubstr("another model"));
  small_problem("loss: mse; batch: 16; steps: 5");
  EXPECT_EQ(linnet("train m.lin --data . --dtype f64 --resume w.safetensors"), 1);
  // Damage is noticed, and the one before taken where there is one.
  const std::string damage =
      "printf x | dd of=w.safetensors.ckpt bs=1 seek=$(($(stat -c %s w.safetensors.ckpt) - 2)) "
      "conv=notrunc";
  run(damage);
  EXPECT_EQ(linnet("train m.lin --data . --resume w.safetensors"), 0);
  EXPECT_THAT(err_, HasSubstr("taking the one before"));
  run("rm w.safetensors.ckpt.prev");
  run(damage);
  EXPECT_EQ(linnet("train m.lin --data . --resume w.safetensors"), 1);
  EXPECT_THAT(err_, HasSubstr("is damaged"));
}

// A full disk leaves what was there, and no litter.
TEST_F(Train, AFullDiskHarmsNothing) {
  const std::string model = "$S/models/mlp.lin --data $S/models/data/digits --quiet ";
  ASSERT_EQ(linnet("train " + model + "--epochs 1 -o w.safetensors"), 0) << err_;
  const std::string before = bytes("w.safetensors") + bytes("w.safetensors.ckpt");
  const std::string limited = "trap '' XFSZ; ulimit -f 100; ";
  EXPECT_EQ(
      run(limited + LINNET_COMMAND " train " + model + "--epochs 2 --seed 5 -o w.safetensors"), 4)
      << err_;
  EXPECT_EQ(bytes("w.safetensors") + bytes("w.safetensors.ckpt"), before);
  ASSERT_EQ(run("ls -A"), 0);
  EXPECT_EQ(out_.find("tmp"), std::string::npos) << out_;
  EXPECT_EQ(out_.find("new"), std::string::npos) << out_;
}

TEST_F(Train, LogsAndPlots) {
  small_problem("loss: mse; batch: 16; epochs: 3; validation: 25%; optimizer: sgd(lr: 0.1)");
  ASSERT_EQ(linnet("train m.lin --data . --logdir logs --plot p.svg --log-steps l.csv --json"), 0)
      << err_;
  EXPECT_THAT(out_, HasSubstr("\"validation\":{\"n\":16,"));
  EXPECT_EQ(losses("l.csv").size(), 9u);
  EXPECT_THAT(text("p.svg"), HasSubstr("validation loss"));
  EXPECT_THAT(text("logs/events.out.tfevents.0.linnet"), HasSubstr("train loss"));
}

}  // namespace
}  // namespace linnet
