// batch_norm2d(sync: true): shards that wait for each other have the statistics of the whole batch.
#include "tests/training/training.h"

#include "base/io/npy.h"
#include "base/philox.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <numeric>
#include <sstream>
#include <utility>
#include <vector>

namespace linnet {
namespace {

using testing::HasSubstr;

constexpr const char* kModel = R"(
model m(x: f32[N, 2, 6, 6]) -> y: f32[N, 3] {
  layer conv = conv2d(5, kernel_size: 3)
  layer bn1 = batch_norm2d(SYNC)
  layer fc1 = linear(7)
  layer bn2 = batch_norm2d(momentum: 0.3, SYNC)
  layer fc2 = linear(3)
  let features = x |> conv |> bn1 |> relu |> max_pool2d(2) |> flatten |> fc1
  reshape(features, shape: [N, 7, 1, 1]) |> bn2 |> tanh |> flatten |> dropout(0.2) |> fc2
}
train m {
  loss: mse + 0.01 * sum(square(fc2.weight)); optimizer: sgd(lr: 0.05, momentum: 0.9)
  batch: 24; SHARDS; steps: 6
}
)";

const char* const kWeights[] = {
    "conv.weight",     "conv.bias",        "bn1.weight",      "bn1.bias",        "fc1.weight",
    "fc1.bias",        "bn2.weight",       "bn2.bias",        "fc2.weight",      "fc2.bias",
    "bn1.running_var", "bn1.running_mean", "bn2.running_var", "bn2.running_mean"};

class Synced : public Training {
protected:
  void SetUp() override {
    Training::SetUp();
    npy("x.npy", {48, 2, 6, 6}, 0);
    npy("y.npy", {48, 3}, 1);
  }
  void npy(const std::string& name, const std::vector<int64_t>& shape, uint32_t stream) const {
    const int64_t count =
        std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
    std::vector<double> values;
    // The samples' means grow, so that no shard's is that of the batch.
    for (int64_t i = 0; i < count; ++i)
      values.push_back(philox_uniform_f64(9, stream, 0, static_cast<uint64_t>(i)) +
                       2 * static_cast<double>(i) / static_cast<double>(count));
    ASSERT_TRUE(write_npy(folder_ + "/" + name, DType::kF64, shape, values.data()));
  }
  static std::string model(const std::string& sync, const std::string& shards) {
    std::string text = kModel;
    for (size_t at = 0; (at = text.find("SYNC")) != std::string::npos;)
      text.replace(at, 4, sync);
    return text.replace(text.find("SHARDS"), 6, shards);
  }
  void train(const std::string& sync, const std::string& shards, const std::string& to,
             const std::string& flags = "--dtype f64") {
    write("m.lin", model(sync, shards));
    ASSERT_EQ(linnet("train m.lin --data . --data-order file --seed 5 --quiet -o " + to +
                     " --log-steps " + to + ".csv " + flags),
              0)
        << err_;
  }
  // The most that numbers of two lists differ, relative to the largest of them.
  static double difference(const std::vector<double>& a, const std::vector<double>& b) {
    EXPECT_EQ(a.size(), b.size());
    double most = 0, largest = 0;
    for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
      most = std::max(most, std::abs(a[i] - b[i]));
      largest = std::max(largest, std::abs(b[i]));
    }
    EXPECT_GT(largest, 0);
    return most / largest;
  }
};

// Forward and backward, running statistics too, through two layers of which one waits for what the
// other has made.
TEST_F(Synced, ShardsAreTheWholeBatch) {
  train("sync: false", "shards: 1", "whole");
  for (const char* shards : {"shards: 8", "shards: 3"}) {
    train("sync: true", shards, "w");
    ASSERT_EQ(losses("w.csv").size(), 6u);
    EXPECT_LE(difference(losses("w.csv"), losses("whole.csv")), 1e-13) << shards;
    for (const char* name : kWeights)
      EXPECT_LE(difference(weights("w", name), weights("whole", name)), 1e-13) << name << shards;
  }
  // One shard has none to wait for: the very step.
  train("sync: true", "shards: 1", "one");
  EXPECT_EQ(text("one"), text("whole"));
  EXPECT_EQ(text("one.csv"), text("whole.csv"));
  // Without, each shard has statistics of its own.
  train("sync: false", "shards: 8", "apart");
  EXPECT_GT(difference(losses("apart.csv"), losses("whole.csv")), 1e-3);
  EXPECT_GT(difference(weights("apart", "conv.weight"), weights("whole", "conv.weight")), 1e-4);
}

// Written with JAX (data/make_shards.py), of the batch in one piece.
TEST_F(Synced, FollowsAnotherFrameworkInF64) {
  ASSERT_EQ(run("cd $S/tests/training && cp shards.lin data/shards_x.npy data/shards_y.npy "
                "$OLDPWD && cd $OLDPWD && mv shards_x.npy x.npy && mv shards_y.npy y.npy"),
            0);
  std::string text_of_model = text("shards.lin");
  const size_t at = text_of_model.find("batch_norm2d()");
  ASSERT_NE(at, std::string::npos);
  write("s.lin", text_of_model.replace(at, 14, "batch_norm2d(sync: true)"));
  const std::string data = LINNET_SOURCE_DIR "/tests/training/data/";
  ASSERT_EQ(linnet("train s.lin --data . --data-order file --dtype f64 --init " + data +
                   "shards_initial.safetensors --seed 7 --quiet -o w --log-steps w.csv"),
            0)
      << err_;
  const auto expected = [&](const std::string& name) {
    const auto file = read_npy(data + name);
    EXPECT_TRUE(file.has_value()) << name;
    const auto values = file->as<double>();
    return std::vector<double>(values.begin(), values.end());
  };
  EXPECT_LE(difference(losses("w.csv"), expected("sync_loss_f64.npy")), 1e-13);
  auto running = weights("w", "bn.running_mean");
  const auto variances = weights("w", "bn.running_var");
  running.insert(running.end(), variances.begin(), variances.end());
  EXPECT_LE(difference(running, expected("sync_running_f64.npy")), 1e-13);
}

// A number of shards that threads divide, and one that is no power of two.
TEST_F(Synced, ThreadsMoveNoBit) {
  const std::pair<const char*, std::string> cases[] = {{"shards: 8", "--dtype f32 --threads "},
                                                       {"shards: 6", "--dtype f64 --threads "}};
  for (const auto& [shards, flags] : cases) {
    train("sync: true", shards, "w1", flags + "1");
    train("sync: true", shards, "w2", flags + "2");
    EXPECT_EQ(text("w2"), text("w1")) << shards;
    EXPECT_EQ(text("w2.ckpt"), text("w1.ckpt")) << shards;
    EXPECT_EQ(text("w2.csv"), text("w1.csv")) << shards;
  }
}

// Unbiased, by the count of the whole batch.
TEST_F(Synced, RunningStatisticsAreOfTheBatch) {
  const std::vector<double> x = {3, 5, 3, 5, 3, 5, 3, 5, 10, 16, 10, 16, 10, 16, 10, 16};
  ASSERT_TRUE(
      write_npy(folder_ + "/x.npy", DType::kF64, std::vector<int64_t>{4, 1, 2, 2}, x.data()));
  npy("y.npy", {4, 1, 2, 2}, 3);
  write("m.lin", "model m(x: f32[N, 1, 2, 2]) -> y: f32[N, 1, 2, 2] {\n"
                 "  layer bn = batch_norm2d(sync: true)\n  bn(x)\n}\n"
                 "train m { loss: mse; batch: 4; shards: 2; steps: 1; optimizer: sgd(lr: 0) }\n");
  ASSERT_EQ(linnet("train m.lin --data . --data-order file --dtype f64 -o w --quiet"), 0) << err_;
  double variance = 0;
  for (const double value : x)
    variance += (value - 8.5) * (value - 8.5);
  EXPECT_NEAR(weights("w", "bn.running_mean")[0], 0.1 * 8.5, 1e-15);
  EXPECT_NEAR(weights("w", "bn.running_var")[0], 0.9 + 0.1 * variance / 15, 1e-14);
}

// The function of a library keeps an arena for each shard, and gives the bits of a trainer.
TEST_F(Synced, ALibraryTakesTheWholeBatch) {
  train("sync: true", "shards: 6", "w", "--dtype f64");
  ASSERT_EQ(linnet("train m.lin --emit lib --dtype f64"), 0) << err_;
  write("main.c", R"(
#include "m_train.h"
#include <stdio.h>
static _Alignas(M_ALIGN) unsigned char slots[M_SLOTS_BYTES], arena[M_TRAIN_ARENA_BYTES];
static double x[48 * 72], y[48 * 3];
static void read_npy(const char *name, double *to, int count) {
  FILE *f = fopen(name, "rb");
  fseek(f, -8L * count, SEEK_END);
  if (fread(to, 8, (size_t)count, f) != (size_t)count) to[0] = 0;
  fclose(f);
}
int main(void) {
  double loss[1], penalty[1];
  m_step_args args = {5, 0, 0.05};
  read_npy("x.npy", x, 48 * 72);
  read_npy("y.npy", y, 48 * 3);
  if (m_train_init(slots, &args, arena) != 0) return 1;
  for (int i = 0; i < M_TRAIN_ARENA_BYTES; ++i) arena[i] = 0xff; /* NaN */
  for (args.step = 1; args.step <= 6; ++args.step) {
    const int at = (int)((args.step - 1) % 2) * 24;
    if (m_train_step(x + at * 72, y + at * 3, slots, &args, loss, penalty, arena) != 0) return 2;
  }
  FILE *f = fopen("slots.bin", "wb");
  fwrite(slots, 1, M_SLOTS_BYTES, f);
  fclose(f);
  return 0;
}
)");
  ASSERT_EQ(run("cc -std=c11 -O1 main.c libm_train.a -lm -o main && ./main"), 0) << err_;
  const std::string raw = text("slots.bin");
  size_t at = 0;
  for (const char* name : {"conv.weight", "conv.bias", "bn1.weight", "bn1.bias"}) {
    const auto expected = weights("w", name);
    for (size_t k = 0; k < expected.size(); ++k) {
      double value = 0;
      std::memcpy(&value, raw.data() + at + k * 8, 8);
      EXPECT_EQ(value, expected[k]) << name << k;
    }
    at += (expected.size() * 8 + 63) / 64 * 64;
  }
}

TEST_F(Synced, ACheckCountsAnArenaForEachShard) {
  const auto arena = [&](const std::string& sync) {
    write("m.lin", model(sync, "shards: 8"));
    EXPECT_EQ(linnet("check m.lin --train --json"), 0) << err_;
    const size_t at = out_.find("\"arena_bytes\":", out_.find("\"training\""));
    return std::atol(out_.c_str() + at + 14);
  };
  EXPECT_GT(arena("sync: true"), 2 * arena("sync: false"));
  // One shard alone is timed, and found to give the same bits however it is called.
  ASSERT_EQ(linnet("bench m.lin --train --rounds 1 --calls 1 --no-cache --json"), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("\"batch\":3"));
}

}  // namespace
}  // namespace linnet
