// What a shard's code tells of its block in the middle of a step: those bytes stay as they are.
#include "tests/training/random_samples.h"
#include "tests/training/training.h"

#include "driver/host.h"
#include "driver/train.h"
#include "runtime/data/batches.h"
#include "runtime/train/checkpoint.h"

#include <numeric>
#include <vector>

namespace linnet {
namespace {

using runtime::train::Aligned;

// One shard of a model's step, with samples of noise.
class Finished : public Training {
protected:
  struct Told {
    const void* block;
    int64_t from;
    std::vector<uint8_t> bytes;  // of the block, from there on
  };
  static std::vector<Told> told_;
  static int64_t block_bytes_;

  static void note(void* block, int64_t from) {
    const auto* bytes = static_cast<const uint8_t*>(block);
    told_.push_back({block, from, {bytes + from, bytes + block_bytes_}});
  }

  void take_step(const std::string& model) {
    write("m.lin", model);
    SourceManager sources;
    Diagnostics diagnostics(sources);
    const driver::Host host{sources, diagnostics};
    driver::ModelOptions options;
    options.path = folder_ + "/m.lin";
    auto opened = driver::Model::open(options, host);
    ASSERT_TRUE(opened.has_value()) << diagnostics.text();
    driver::TrainerOptions build;
    build.here = build.product = build.no_cache = true;
    const auto product =
        driver::trainer(*opened, codegen::find_target("native").target, build, host);
    ASSERT_TRUE(product.has_value()) << diagnostics.text();
    const auto loaded = driver::load_trainer(*product, host);
    ASSERT_TRUE(loaded.has_value());
    const linnet_trainer_v1& t = *loaded->trainer;
    ASSERT_NE(t.shards, nullptr);
    ASSERT_NE(t.shards->finished, nullptr);
    auto samples = runtime::train::samples_of(t, t.batch, nullptr);
    samples.source = std::make_shared<RandomSamples<float>>(samples.bytes);
    std::vector<int64_t> order(static_cast<size_t>(t.batch));
    std::iota(order.begin(), order.end(), 0);
    runtime::train::Batches batches(t, samples);
    runtime::train::Slots slots(t);
    slots.initialize(1);
    Aligned block(t.shards->block_bytes), arena(t.shards->arena_bytes);
    linnet_step_args_v1 args{7, 1, 0.1, 0, 0};
    block_bytes_ = t.shards->block_bytes;
    const auto* inputs = batches.at(order, 0, t.batch / t.shards->count);
    // Where shards wait for each other, this one goes on with what it has itself.
    const auto step = [&] {
      for (args.phase = 0; args.phase <= t.shards->point_count; ++args.phase)
        ASSERT_EQ(
            t.shards->step(inputs, slots.data(), &args, block.memory.get(), arena.memory.get()), 0);
    };
    step();  // nobody listens
    const auto* bytes = static_cast<const uint8_t*>(block.memory.get());
    const std::vector<uint8_t> end(bytes, bytes + block_bytes_);
    std::fill_n(static_cast<uint8_t*>(block.memory.get()), block_bytes_, uint8_t{0xa5});
    told_.clear();
    *t.shards->finished = note;
    step();
    *t.shards->finished = nullptr;
    check(block.memory.get(), end);
  }
  static void check(const void* block, const std::vector<uint8_t>& end) {
    ASSERT_FALSE(told_.empty());
    int64_t before = block_bytes_;
    for (const Told& told : told_) {
      EXPECT_EQ(told.block, block);
      EXPECT_LE(told.from, before);
      EXPECT_GT(told.from, 0);
      EXPECT_EQ(told.from % 64, 0);
      before = told.from;
      // The bytes between arrays are not written.
      for (size_t i = 0; i < told.bytes.size(); ++i)
        EXPECT_TRUE(told.bytes[i] == end[static_cast<size_t>(told.from) + i] ||
                    told.bytes[i] == 0xa5)
            << told.from << " " << i;
    }
  }
};
std::vector<Finished::Told> Finished::told_;
int64_t Finished::block_bytes_ = 0;

TEST_F(Finished, WhatIsToldStays) {
  take_step(
      "model m(x: f32[N, 1, 8, 8]) -> y: f32[N, 3] {\n  layer c1 = conv2d(4, kernel_size: 3)\n"
      "  layer bn = batch_norm2d()\n  layer c2 = conv2d(8, kernel_size: 3)\n"
      "  layer fc1 = linear(40)\n  layer fc2 = linear(3)\n"
      "  x |> c1 |> bn |> relu |> c2 |> relu |> flatten |> fc1 |> tanh |> dropout(0.2) |> fc2\n"
      "}\ntrain m { loss: mse; batch: 16; shards: 4 }\n");
  // The last layers come first: most of the block is final while the first ones are at work.
  EXPECT_LT(told_.back().from, block_bytes_ / 2);
}

// The last layer's gradients are final phases before the end.
TEST_F(Finished, WhatIsToldStaysWhereShardsWait) {
  take_step("model m(x: f32[N, 1, 8, 8]) -> y: f32[N, 3] {\n"
            "  layer c1 = conv2d(4, kernel_size: 3)\n  layer bn1 = batch_norm2d(sync: true)\n"
            "  layer c2 = conv2d(8, kernel_size: 3)\n  layer bn2 = batch_norm2d(sync: true)\n"
            "  layer fc1 = linear(40)\n  layer fc2 = linear(3)\n"
            "  x |> c1 |> bn1 |> relu |> c2 |> bn2 |> relu |> flatten |> fc1 |> tanh |> fc2\n"
            "}\ntrain m { loss: mse; batch: 16; shards: 4 }\n");
  EXPECT_LT(told_.back().from, block_bytes_ / 2);
}

// A gradient that is the sum of two, and one that another is made of.
TEST_F(Finished, WhatIsUsedAgainIsToldLater) {
  take_step("model m(x: f32[N, 4]) -> y: f32[N, 4] {\n  param a: f32[4] = constant(0.5)\n"
            "  param w: f32[4, 4] = normal()\n  param b: f32[4] = constant(0.1)\n"
            "  matmul(tanh(matmul(x * a, w) + b), w) + b\n}\n"
            "train m { loss: mse; batch: 16; shards: 2 }\n");
}

}  // namespace
}  // namespace linnet
