// Training steps whose batch is cut in shards: bits that no thread moves, masks that no shard
// moves, the tree of sums, statistics of batch_norm, checkpoints, libraries, refusals.
#include "tests/training/random_samples.h"
#include "tests/training/training.h"

#include "base/io/npy.h"
#include "base/philox.h"
#include "driver/host.h"
#include "driver/train.h"
#include "runtime/train/checkpoint.h"
#include "runtime/train/shards.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <numeric>
#include <sstream>
#include <vector>

namespace linnet {
namespace {

using runtime::train::Shards;
using testing::HasSubstr;

class Sharded : public Training {
protected:
  void npy(const std::string& name, const std::vector<int64_t>& shape, uint32_t stream) const {
    const int64_t count =
        std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
    std::vector<double> values;
    for (int64_t i = 0; i < count; ++i)
      values.push_back(2 * philox_uniform_f64(9, stream, 0, static_cast<uint64_t>(i)) - 1);
    ASSERT_TRUE(write_npy(folder_ + "/" + name, DType::kF64, shape, values.data()));
  }
  // Layers of all sorts on 4 numbers, and 64 samples.
  void small_problem(const std::string& train) {
    npy("x.npy", {64, 4}, 0);
    npy("y.npy", {64, 3}, 1);
    write("m.lin", "model m(x: f32[N, 4]) -> y: f32[N, 3] {\n  layer fc1 = linear(9)\n"
                   "  layer fc2 = linear(3)\n  x |> fc1 |> tanh |> fc2\n}\ntrain m {\n  " +
                       train + "\n}\n");
  }
  // `name`: a file in tests/training/data/.
  static void expect_near(const std::vector<double>& actual, const std::string& name,
                          double tolerance) {
    const auto expected = read_npy(LINNET_SOURCE_DIR "/tests/training/data/" + name);
    ASSERT_TRUE(expected.has_value()) << name;
    const auto wanted = expected->as<double>();
    ASSERT_EQ(actual.size(), wanted.size()) << name;
    for (size_t i = 0; i < actual.size(); ++i)
      EXPECT_NEAR(actual[i], wanted[i], tolerance * std::abs(wanted[i])) << name << " " << i;
  }
  // The same weights, checkpoint and log by one thread and by two.
  void same_by_threads(const std::string& arguments, const std::string& what) {
    for (const char* threads : {"1", "2"}) {
      const std::string to = threads;
      ASSERT_EQ(linnet("train " + arguments + " --quiet --cache c --threads " + to + " -o w" + to +
                       " --log-steps l" + to),
                0)
          << what << err_;
    }
    EXPECT_EQ(text("w1.ckpt"), text("w2.ckpt")) << what;
    EXPECT_EQ(text("w1"), text("w2")) << what;
    EXPECT_EQ(text("l1"), text("l2")) << what;
    EXPECT_NE(text("l1"), "");
  }
};

constexpr const char* kLeNet = R"(
model m(image: f32[N, 1, 28, 28]) -> logits: f32[N, 10] {
  layer conv1 = conv2d(6, kernel_size: 5, padding: 2)
  layer bn = batch_norm2d()
  layer conv2 = conv2d(16, kernel_size: 5)
  layer fc1 = linear(120)
  layer fc2 = linear(84)
  layer fc3 = linear(10)
  let features = image |> conv1 |> bn |> relu |> max_pool2d(2) |> conv2 |> relu |> max_pool2d(2)
  features |> flatten |> fc1 |> relu |> dropout(0.3) |> fc2 |> relu |> fc3
}
data m {
  image: image(color: gray, scale: 1/255)
  logits: classes(labels: 0..9)
}
train m {
  loss: cross_entropy; optimizer: sgd(lr: 0.05, momentum: 0.9)
  batch: 64; shards: 8; steps: 24; clip: norm(1)
}
)";

constexpr const char* kGru = R"(
model m(x: f32[N, 1]) -> y: f32[N, 1] {
  state h: f32[N, 8] = zeros()
  layer cell = gru_cell(8)
  layer head = linear(1)
  let h1 = cell(x, h)
  next h = h1
  h1 |> dropout(0.25) |> head
}
data m {
  x: series(column: "sunspots", mean: 0, std: 100)
  y: ahead(of: x, steps: 1)
}
train m {
  loss: mse + 1e-3 * sum(square(head.weight)); optimizer: adam(lr: 0.01)
  window: 6; batch: 16; shards: 8; steps: 30
}
)";

TEST_F(Sharded, ThreadsMoveNoBit) {
  write("lenet.lin", kLeNet);
  write("gru.lin", kGru);
  small_problem("loss: mse; batch: 32; shards: 8; epochs: 3; optimizer: adam(lr: 0.01)");
  for (const char* dtype : {" --dtype f32", " --dtype f64"}) {
    const std::string type = dtype;
    same_by_threads("lenet.lin --data $S/models/data/digits" + type, "lenet" + type);
    same_by_threads("gru.lin --data $S/models/data/sunspots.csv" + type, "gru" + type);
    same_by_threads("m.lin --data ." + type, "mlp" + type);
  }
  // A number of shards that is no power of two.
  small_problem("loss: mse; batch: 60; shards: 6; steps: 9; optimizer: adam(lr: 0.01)");
  same_by_threads("m.lin --data . --logdir events", "six shards");
}

// What a train block may say counts once for a step, however many shards there are.
TEST_F(Sharded, AStepIsThatOfTheWholeBatch) {
  for (const char* rest :
       {"loss: mse; optimizer: sgd(lr: 0.2, momentum: 0.9, nesterov: true)",
        "loss: mse + 0.1 * sum(square(fc2.weight)); optimizer: adam(lr: 0.02)",
        "loss: mse + 0.1 * sum(square(fc2.weight)); optimizer: adamw(lr: 0.02, weight_decay: 0.1)"
        "; clip: norm(0.05)",
        "loss: huber(delta: 0.1); optimizer: sgd(lr: 0.5); clip: value(0.01); warmup: 3",
        "loss: mae; optimizer: sgd(lr: 0.1); freeze: fc1; schedule: cosine; validation: 25%"}) {
    for (const char* shards : {"1", "4"}) {
      small_problem(std::string("batch: 16; epochs: 4; shards: ") + shards + "; " + rest);
      ASSERT_EQ(linnet("train m.lin --data . --dtype f64 --quiet -o w" + std::string(shards)), 0)
          << err_;
    }
    for (const char* name : {"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"}) {
      const auto one = weights("w1", name);
      const auto four = weights("w4", name);
      ASSERT_EQ(four.size(), one.size());
      for (size_t i = 0; i < one.size(); ++i)
        EXPECT_NEAR(four[i], one[i], 1e-11) << name << " " << rest;
    }
  }
}

// Written with JAX, shard after shard (data/make_shards.py): dropout and batch_norm among the
// layers, a penalty, momentum.
TEST_F(Sharded, FollowsAnotherFrameworkInF64) {
  ASSERT_EQ(run("cp $S/tests/training/data/shards_x.npy x.npy && "
                "cp $S/tests/training/data/shards_y.npy y.npy"),
            0);
  ASSERT_EQ(linnet("train $S/tests/training/shards.lin --data . --data-order file --dtype f64 "
                   "--init $S/tests/training/data/shards_initial.safetensors --seed 7 --quiet "
                   "-o w --log-steps l.csv"),
            0)
      << err_;
  expect_near(losses("l.csv"), "shards_loss_f64.npy", 1e-13);
  auto running = weights("w", "bn.running_mean");
  const auto variances = weights("w", "bn.running_var");
  running.insert(running.end(), variances.begin(), variances.end());
  expect_near(running, "shards_running_f64.npy", 1e-13);
}

// Without noise and batch_norm the shards give what the whole batch gives: JAX's losses of it.
TEST_F(Sharded, FollowsTheWholeBatchOfAnotherFramework) {
  std::ifstream file(LINNET_SOURCE_DIR "/tests/training/lenet_sgd.lin");
  std::string model{std::istreambuf_iterator<char>(file), {}};
  const std::string batch = "batch: 64;";
  ASSERT_NE(model.find(batch), std::string::npos);
  model.replace(model.find(batch), batch.size(), "batch: 64; shards: 8;");
  write("m.lin", model);
  ASSERT_EQ(linnet("train m.lin --data $S/models/data/digits --data-order file --dtype f64 --init "
                   "$S/tests/training/data/lenet_initial.safetensors --quiet --log-steps l.csv "
                   "--threads 2"),
            0)
      << err_;
  expect_near(losses("l.csv"), "lenet_loss_f64.npy", 1e-12);
}

// A shard's windows lie between those of the whole batch, in every step of time.
TEST_F(Sharded, ThroughTimeMasksAreThoseOfTheWholeBatch) {
  std::string whole = kGru;
  whole.erase(whole.find(" shards: 8;"), 11);
  write("sharded.lin", kGru);
  write("whole.lin", whole);
  for (const std::string name : {"sharded", "whole"})
    ASSERT_EQ(linnet("train " + name +
                     ".lin --data $S/models/data/sunspots.csv --dtype f64 "
                     "--quiet -o w --log-steps " +
                     name),
              0)
        << err_;
  const auto actual = losses("sharded"), wanted = losses("whole");
  ASSERT_EQ(actual.size(), 30u);
  for (size_t i = 0; i < actual.size(); ++i)
    EXPECT_NEAR(actual[i], wanted[i], 1e-13) << i;
}

TEST_F(Sharded, OneShardIsNone) {
  small_problem("loss: mse; batch: 16; epochs: 2; optimizer: adam(lr: 0.01)");
  ASSERT_EQ(linnet("train m.lin --data . --quiet -o none"), 0) << err_;
  small_problem("loss: mse; batch: 16; shards: 1; epochs: 2; optimizer: adam(lr: 0.01)");
  ASSERT_EQ(linnet("train m.lin --data . --quiet -o one"), 0) << err_;
  EXPECT_EQ(text("none"), text("one"));
}

// Sample n reads row n of a table alone, so that its gradient shows what was drawn for the sample:
// where samples are rows, where they are columns, and where each has several rows. Means of powers
// of two are exact: the same bits for any number of shards. (Normal numbers are made of the drawn
// ones by several operations, which may be contracted in other ways in other kernels.)
TEST_F(Sharded, NoiseIsThatOfTheSampleInTheWholeBatch) {
  std::vector<float> one_hot(256, 0), zeros(64, 0);
  for (size_t i = 0; i < 16; ++i)
    one_hot[17 * i] = 1;
  ASSERT_TRUE(
      write_npy(folder_ + "/x.npy", DType::kF32, std::vector<int64_t>{16, 16}, one_hot.data()));
  ASSERT_TRUE(
      write_npy(folder_ + "/y.npy", DType::kF32, std::vector<int64_t>{16, 4}, zeros.data()));
  for (const char* body :
       {"matmul(x, w) |> dropout(0.5)", "matmul(x, w) |> gaussian_noise(0.5)",
        "transpose(dropout(transpose(matmul(x, w)), 0.5))",
        "transpose(gaussian_noise(transpose(matmul(x, w)), 1))",
        "reshape(dropout(reshape(matmul(x, w), shape: [2 * N, 2]), 0.25), shape: [N, 4])",
        // Not of the samples: the same for all.
        "matmul(x, dropout(w, 0.5))"}) {
    const bool exact = std::string(body).find("gaussian") == std::string::npos;
    std::vector<std::vector<double>> results;
    for (const char* shards : {"1", "2", "16"}) {
      write("m.lin", std::string("model m(x: f32[N, 16]) -> y: f32[N, 4] {\n"
                                 "  param w: f32[16, 4] = constant(0.5)\n  ") +
                         body +
                         "\n}\ntrain m { loss: mse; batch: 16; steps: 3; optimizer: sgd(lr: 1); " +
                         "shards: " + shards + " }\n");
      ASSERT_EQ(linnet("train m.lin --data . --data-order file --quiet --seed 5 -o w"), 0)
          << body << err_;
      results.push_back(weights("w", "w"));
    }
    const std::vector<double>& first = results.front();
    for (const auto& result : results) {
      for (size_t i = 0; i < first.size(); ++i)
        EXPECT_NEAR(result[i], first[i], exact ? 0 : 1e-6) << body;
    }
    EXPECT_NE(std::ranges::count(first, first[0]), 64) << body;  // not all are alike
  }
}

// The running statistics move towards the mean of those of the shards, which are normalised by
// their own, as by PyTorch's DistributedDataParallel.
TEST_F(Sharded, BatchNormTakesTheStatisticsOfAShard) {
  std::vector<double> x;
  for (int i = 0; i < 16; ++i)
    x.push_back(i < 8 ? (i % 2 == 0 ? 3 : 5) : (i % 2 == 0 ? 10 : 16));
  ASSERT_TRUE(
      write_npy(folder_ + "/x.npy", DType::kF64, std::vector<int64_t>{4, 1, 2, 2}, x.data()));
  npy("y.npy", {4, 1, 2, 2}, 3);
  write(
      "m.lin",
      "model m(x: f32[N, 1, 2, 2]) -> y: f32[N, 1, 2, 2] {\n  layer bn = batch_norm2d()\n"
      "  bn(x)\n}\ntrain m { loss: mse; batch: 4; shards: 2; steps: 1; optimizer: sgd(lr: 0) }\n");
  ASSERT_EQ(linnet("train m.lin --data . --data-order file --dtype f64 -o w --quiet"), 0) << err_;
  EXPECT_NEAR(weights("w", "bn.running_mean")[0], 0.1 * (4 + 13) / 2, 1e-15);
  EXPECT_NEAR(weights("w", "bn.running_var")[0], 0.9 + 0.1 * (1 + 9) / 2 * 8 / 7, 1e-15);
}

// ---- the tree

// Adds the halves of a range first, in place of levels: the left one has the largest power of two
// of shards that is not all of them.
template <class T>
T tree(const std::vector<std::vector<uint8_t>>& blocks, size_t first, size_t count, size_t at) {
  if (count == 1) {
    T value = 0;
    std::memcpy(&value, blocks[first].data() + at * sizeof(T), sizeof(T));
    return value;
  }
  size_t left = 1;
  while (2 * left < count)
    left *= 2;
  return tree<T>(blocks, first, left, at) + tree<T>(blocks, first + left, count - left, at);
}

// The entries of a trainer called one by one, beside what the loop makes of them.
template <class T> class Entries {
public:
  explicit Entries(const linnet_trainer_v1& trainer)
      : t_(trainer), samples_(runtime::train::samples_of(trainer, trainer.batch, nullptr)),
        slots_(trainer), order_(static_cast<size_t>(trainer.batch)),
        arena_(std::max(trainer.arena_bytes, trainer.shards->arena_bytes)),
        block_(trainer.shards->block_bytes) {
    samples_.source = std::make_shared<RandomSamples<T>>(samples_.bytes);
    slots_.initialize(3);
    std::iota(order_.rbegin(), order_.rend(), 0);
  }

  // Each shard alone, and their sums by the recursion.
  void call_shards() {
    for (int64_t i = 0; i < t_.shards->count; ++i) {
      runtime::train::Batches one(t_, samples_);
      std::memset(block_.memory.get(), 0, static_cast<size_t>(t_.shards->block_bytes));
      args_.shard = i;
      const int64_t part = t_.batch / t_.shards->count;
      ASSERT_EQ(t_.shards->step(one.at(order_, i * part, part), slots_.data(), &args_,
                                block_.memory.get(), arena_.memory.get()),
                0);
      const auto* bytes = static_cast<const uint8_t*>(block_.memory.get());
      blocks_.emplace_back(bytes, bytes + t_.shards->block_bytes);
    }
    EXPECT_NE(blocks_[0], blocks_[1]);
    for (size_t at = 0; at < blocks_[0].size() / sizeof(T); ++at)
      sums_.push_back(tree<T>(blocks_, 0, blocks_.size(), at));
  }

  void compare_with_threads(int threads) {
    const runtime::train::Threads pool(t_, threads);
    Shards all(t_, pool, runtime::train::Processes());
    runtime::train::Batches batches(t_, samples_);
    int signal = 0;
    for (int repeat = 0; repeat < 20; ++repeat) {
      ASSERT_EQ(all.sum(batches, order_, slots_.data(), args_, signal), 0);
      ASSERT_EQ(std::memcmp(all.sums(), sums_.data(), blocks_[0].size()), 0) << threads;
    }
  }

  // The logged gradients are means, and the penalty's is added once: of a weight twice itself.
  void compare_gradients() {
    std::vector<std::vector<T>> gradients;
    for (int64_t i = 0; i < t_.slot_count; ++i) {
      if (t_.slots[i].kind == LINNET_PARAMETER)
        gradients.emplace_back(static_cast<size_t>(t_.slots[i].bytes) / sizeof(T));
    }
    std::vector<void*> outputs;
    for (auto& gradient : gradients)
      outputs.push_back(gradient.data());
    const void* sums = sums_in_block();
    ASSERT_EQ(t_.gradients(&sums, slots_.data(), &args_, outputs.data(), arena_.memory.get()), 0);
    size_t at = 64 / sizeof(T);  // behind the loss
    for (size_t i = 0; i < gradients.size(); ++i) {
      const bool penalised = std::string(t_.slots[i].path) == "fc2.weight";
      for (size_t k = 0; k < gradients[i].size(); ++k) {
        T weight = 0;
        std::memcpy(&weight, slots_.of(t_.slots[i]) + k * sizeof(T), sizeof(T));
        const double wanted = mean(at + k) + (penalised ? 2 * static_cast<double>(weight) : 0);
        EXPECT_NEAR(static_cast<double>(gradients[i][k]), wanted, 1e-6) << t_.slots[i].path;
      }
      at += (gradients[i].size() * sizeof(T) + 63) / 64 * 64 / sizeof(T);
    }
  }

  void compare_losses() {
    T losses[2] = {0, 0};
    ASSERT_EQ(
        t_.shards->update(sums_in_block(), slots_.data(), &args_, losses, arena_.memory.get()), 0);
    EXPECT_NEAR(static_cast<double>(losses[0]), mean(0), 1e-6);
    EXPECT_GT(losses[1], 0);
  }

private:
  [[nodiscard]] double mean(size_t at) const {
    return static_cast<double>(sums_[at]) / static_cast<double>(blocks_.size());
  }
  const void* sums_in_block() {
    std::memcpy(block_.memory.get(), sums_.data(), blocks_[0].size());
    return block_.memory.get();
  }

  const linnet_trainer_v1& t_;
  runtime::train::Samples samples_;
  runtime::train::Slots slots_;
  std::vector<int64_t> order_;
  runtime::train::Aligned arena_, block_;
  linnet_step_args_v1 args_{7, 1, 0.1, 0, 0};
  std::vector<std::vector<uint8_t>> blocks_;
  std::vector<T> sums_;
};

template <class T> void check_tree(driver::Model& model, const driver::Host& host) {
  driver::TrainerOptions options;
  options.here = options.product = options.no_cache = options.gradients = true;
  const auto product = driver::trainer(model, codegen::find_target("native").target, options, host);
  ASSERT_TRUE(product.has_value());
  const auto loaded = driver::load_trainer(*product, host);
  ASSERT_TRUE(loaded.has_value());
  const linnet_trainer_v1& trainer = *loaded->trainer;
  ASSERT_NE(trainer.shards, nullptr);
  EXPECT_EQ(trainer.train_step, nullptr);
  EXPECT_EQ(trainer.shards->block_bytes % 64, 0);
  EXPECT_EQ(trainer.dtype, sizeof(T) == 8 ? LINNET_F64 : LINNET_F32);
  Entries<T> entries(trainer);
  entries.call_shards();
  for (const int threads : {1, 2, 3})
    entries.compare_with_threads(threads);
  entries.compare_gradients();
  entries.compare_losses();
}

TEST_F(Sharded, SumsAreThoseOfTheTreeOverShards) {
  for (const char* train : {"batch: 32; shards: 8", "batch: 30; shards: 5"}) {
    small_problem(std::string("loss: mse + sum(square(fc2.weight)); optimizer: sgd(lr: 0.1); ") +
                  train);
    for (const bool f64 : {false, true}) {
      SourceManager sources;
      Diagnostics diagnostics(sources);
      const driver::Host host{sources, diagnostics};
      driver::ModelOptions options;
      options.path = folder_ + "/m.lin";
      options.f64 = f64;
      auto model = driver::Model::open(options, host);
      ASSERT_TRUE(model.has_value()) << diagnostics.text();
      f64 ? check_tree<double>(*model, host) : check_tree<float>(*model, host);
    }
  }
}

// ---- checkpoints and products

TEST_F(Sharded, ResumesWithOtherThreads) {
  small_problem("loss: mse; batch: 16; shards: 4; steps: 30; optimizer: adam(lr: 0.01)");
  const std::string flags = "train m.lin --data . --quiet ";
  ASSERT_EQ(linnet(flags + "-o whole --log-steps whole.csv --threads 2"), 0) << err_;
  ASSERT_EQ(linnet(flags + "--steps 13 -o part --log-steps part.csv"), 0) << err_;
  ASSERT_EQ(linnet(flags + "--resume part -o part --log-steps part.csv --threads 3"), 0) << err_;
  EXPECT_EQ(text("whole.ckpt"), text("part.ckpt"));
  EXPECT_EQ(text("whole"), text("part"));
  EXPECT_EQ(text("whole.csv"), text("part.csv"));
  // Another tree gives other bits.
  small_problem("loss: mse; batch: 16; shards: 8; steps: 40; optimizer: adam(lr: 0.01)");
  EXPECT_EQ(linnet(flags + "--resume part"), 1);
  EXPECT_THAT(err_, HasSubstr("part.ckpt: was trained with shards: 4, not 8, which add up in "
                              "another order: set it back, or begin anew with --init"));
  small_problem("loss: mse; batch: 16; steps: 40; optimizer: adam(lr: 0.01)");
  EXPECT_EQ(linnet(flags + "--resume part"), 1);
  EXPECT_THAT(err_, HasSubstr("with shards: 4, not 1"));
}

TEST_F(Sharded, ATrainerAloneGivesTheSameWeights) {
  write("m.lin", kLeNet);
  const std::string data = "--data $S/models/data/digits --quiet ";
  ASSERT_EQ(linnet("train m.lin --emit exe -o t"), 0) << err_;
  ASSERT_EQ(run("./t " + data + "-o a --threads 2"), 0) << err_;
  ASSERT_EQ(linnet("train m.lin " + data + "-o b"), 0) << err_;
  EXPECT_EQ(text("a"), text("b"));
  EXPECT_EQ(text("a.ckpt"), text("b.ckpt"));
}

// The function of a library does all shards and the tree: the bits of a trainer.
TEST_F(Sharded, ALibraryTakesTheWholeBatch) {
  for (const bool f64 : {false, true}) {
    const std::string dtype = f64 ? " --dtype f64" : "";
    small_problem("loss: mse + 0.01 * sum(square(fc1.weight)); batch: 24; shards: 6; steps: 40;"
                  " optimizer: adam(lr: 0.05); clip: norm(0.5)");
    ASSERT_EQ(linnet("train m.lin --emit lib" + dtype), 0) << err_;
    EXPECT_THAT(text("m_train.h"), HasSubstr("#define M_BATCH 24\n"));
    EXPECT_THAT(text("m_train.h"), HasSubstr("int m_train_step(const "));
    EXPECT_EQ(text("m_train.h").find("shard"), std::string::npos);
    ASSERT_EQ(linnet("train m.lin --data . --data-order file --quiet -o w" + dtype), 0) << err_;
    write("main.c", std::string("typedef ") + (f64 ? "double" : "float") + R"( T;
#include "m_train.h"
#include <stdio.h>
static _Alignas(M_ALIGN) unsigned char slots[M_SLOTS_BYTES], arena[M_TRAIN_ARENA_BYTES];
static T x[64 * 4], y[64 * 3];
static void read_npy(const char *name, T *to, int count) {
  FILE *f = fopen(name, "rb");
  double value;
  fseek(f, -8L * count, SEEK_END);
  for (int i = 0; i < count && fread(&value, 8, 1, f) == 1; ++i) to[i] = (T)value;
  fclose(f);
}
int main(void) {
  T loss[1], penalty[1];
  m_step_args args = {0, 0, 0.05};
  read_npy("x.npy", x, 64 * 4);
  read_npy("y.npy", y, 64 * 3);
  if (m_train_init(slots, &args, arena) != 0) return 1;
  for (args.step = 1; args.step <= 40; ++args.step) {
    const int at = (int)((args.step - 1) % 2) * 24;
    if (m_train_step(x + at * 4, y + at * 3, slots, &args, loss, penalty, arena) != 0) return 2;
  }
  FILE *f = fopen("slots.bin", "wb");
  fwrite(slots, 1, M_SLOTS_BYTES, f);
  fclose(f);
  if (m_train_step(x, y, slots, &args, loss, penalty, arena + 4) != -2) return 3;
  return m_train_step(x, y, 0, &args, loss, penalty, arena) == -3 ? 0 : 4;
}
)");
    ASSERT_EQ(run("cc -std=c11 -O1 main.c libm_train.a -lm -o main && ./main"), 0) << err_;
    // The first slots are the parameters, in the order of the file's names.
    const std::string raw = text("slots.bin");
    size_t at = 0;
    for (const char* name : {"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"}) {
      const auto expected = weights("w", name);
      const size_t size = f64 ? 8 : 4;
      for (size_t k = 0; k < expected.size(); ++k) {
        double wide = 0;
        float narrow = 0;
        std::memcpy(f64 ? static_cast<void*>(&wide) : &narrow, raw.data() + at + k * size, size);
        EXPECT_EQ(f64 ? wide : static_cast<double>(narrow), expected[k]) << name << dtype;
      }
      at += (expected.size() * size + 63) / 64 * 64;
    }
  }
}

TEST_F(Sharded, WhatHasNoStepsIsSolvedAsBefore) {
  npy("x.npy", {64, 4}, 0);
  npy("y.npy", {64, 1}, 1);
  const auto solve = [&](const std::string& shards, const std::string& to) {
    write("m.lin", "model m(x: f32[N, 4]) -> y: f32[N, 1] {\n  layer fc = linear(1)\n  fc(x)\n}\n"
                   "train m { loss: mse; optimizer: least_squares(); " +
                       shards + "batch: 16 }\n");
    ASSERT_EQ(linnet("train m.lin --data . --quiet -o " + to), 0) << err_;
  };
  solve("", "a");
  solve("shards: 4; ", "b");
  EXPECT_EQ(weights("a", "fc.weight").size(), 4u);
  for (size_t k = 0; k < 4; ++k)
    EXPECT_NEAR(weights("a", "fc.weight")[k], weights("b", "fc.weight")[k], 1e-6);
}

TEST_F(Sharded, MemoryAndTimesAreOfAStep) {
  small_problem("loss: mse; batch: 64; shards: 8");
  ASSERT_EQ(linnet("check m.lin --train --json"), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("\"batch\":64"));
  EXPECT_THAT(out_, HasSubstr("\"sample_bytes\":1792"));  // 64 · (4 + 3) · 4
  ASSERT_EQ(linnet("bench m.lin --train --rounds 1 --calls 1 --no-cache --json"), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("\"batch\":8"));
}

// ---- refusals

TEST_F(Sharded, RefusalsSayWhatToDo) {
  small_problem("loss: mse; batch: 60; shards: 8; steps: 5");
  EXPECT_EQ(linnet("train m.lin --data ."), 1);
  EXPECT_THAT(err_, HasSubstr("m.lin:7:25: error: a batch of 60 samples does not make 8 equal "
                              "shards"));
  EXPECT_THAT(err_, HasSubstr("help: shards: 6, or batch: 64"));
  small_problem("loss: mse; batch: 64; shards: 8; steps: 5");
  EXPECT_EQ(linnet("train m.lin --data . --batch 20"), 1);
  EXPECT_THAT(err_, HasSubstr("a batch of 20 samples does not make 8 equal shards"));
  EXPECT_THAT(err_, HasSubstr("--batch 24"));
  small_problem("loss: mse; batch: 64; shards: 0");
  EXPECT_EQ(linnet("train m.lin --data ."), 1);
  EXPECT_THAT(err_, HasSubstr("'shards' takes a whole number from 1 on"));
  small_problem("loss: mse; batch: 64; shards: 8; sync: true");
  EXPECT_EQ(linnet("train m.lin --data ."), 1);
  EXPECT_THAT(err_, HasSubstr("batch_norm2d(sync: true) takes the statistics of all shards"));
  // A block is of numbers of one type.
  write("m.lin", "model m(x: f32[N, 4]) -> y: f32[N, 4] {\n  param s: f64[4] = constant(1)\n"
                 "  x * cast(s, dtype: f32)\n}\ntrain m { loss: mse; batch: 16; shards: 4 }\n");
  EXPECT_EQ(linnet("train m.lin --data ."), 1);
  EXPECT_THAT(err_, HasSubstr("m.lin:2:3: error: 'shards' adds up numbers of the loss's type, f32, "
                              "and 's' is f64"));
  EXPECT_THAT(err_, HasSubstr("help: freeze it, or shards: 1"));
  // Rows of the Gram matrix are no samples.
  npy("x.npy", {16, 4}, 0);
  npy("y.npy", {16, 4}, 1);
  write("m.lin", "model m(x: f32[N, 4]) -> y: f32[N, 4] {\n  param w: f32[4, 4] = normal()\n"
                 "  matmul(x, w)\n}\ntrain m {\n"
                 "  loss: mse + mean(dropout(matmul(transpose(y), y), 0.5))\n"
                 "  batch: 16; shards: 2; steps: 1\n}\n");
  EXPECT_EQ(linnet("train m.lin --data ."), 1);
  EXPECT_THAT(err_, HasSubstr("'shards' cuts the batch, and where its samples lie in the operand "
                              "of dropout"));
}

}  // namespace
}  // namespace linnet
