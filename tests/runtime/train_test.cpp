// The parts of a training run by themselves: the learning rate, what is kept, what is written.
#include "runtime/train/checkpoint.h"
#include "runtime/train/events.h"
#include "runtime/train/interrupt.h"
#include "runtime/train/log_file.h"
#include "runtime/train/progress.h"
#include "runtime/train/report.h"
#include "runtime/train/schedule.h"
#include "tests/base/files.h"

#include <cmath>
#include <csignal>
#include <cstring>

namespace linnet::runtime::train {
namespace {

using testing::HasSubstr;

linnet_recipe_v1 recipe_of(linnet_schedule schedule) {
  linnet_recipe_v1 recipe{};
  recipe.lr = 0.1;
  recipe.schedule = schedule;
  return recipe;
}

double rate(const linnet_recipe_v1& recipe, int64_t step) {
  return rate_of(recipe, first_state(recipe), step, 100, 10);
}

// ---- the learning rate

TEST(Schedule, ConstantWithWarmup) {
  linnet_recipe_v1 recipe = recipe_of(LINNET_CONSTANT);
  EXPECT_EQ(rate(recipe, 1), 0.1);
  recipe.warmup = 4;
  EXPECT_DOUBLE_EQ(rate(recipe, 1), 0.025);
  EXPECT_DOUBLE_EQ(rate(recipe, 4), 0.1);
  EXPECT_EQ(rate(recipe, 5), 0.1);
}

// StepLR(step_size=2, gamma=0.5): epochs of 10 steps.
TEST(Schedule, StepsAtTheEndOfEpochs) {
  linnet_recipe_v1 recipe = recipe_of(LINNET_STEP);
  recipe.step_size = 2;
  recipe.gamma = 0.5;
  EXPECT_EQ(rate(recipe, 20), 0.1);
  EXPECT_EQ(rate(recipe, 21), 0.05);
  EXPECT_EQ(rate(recipe, 40), 0.05);
  EXPECT_EQ(rate(recipe, 41), 0.025);
  recipe.gamma = 0;
  EXPECT_EQ(rate(recipe, 100), 0);
}

TEST(Schedule, CosineIsHalfAWave) {
  linnet_recipe_v1 recipe = recipe_of(LINNET_COSINE);
  recipe.min_lr = 0.02;
  EXPECT_DOUBLE_EQ(rate(recipe, 1), 0.1);
  EXPECT_DOUBLE_EQ(rate(recipe, 51), 0.06);
  EXPECT_NEAR(rate(recipe, 100), 0.02, 1e-4);
  EXPECT_GT(rate(recipe, 100), 0.02);
}

// ReduceLROnPlateau(factor=0.5, patience=1, threshold=0.1, cooldown=1, min_lr=0.02).
TEST(Schedule, PlateauFallsWhenTheLossDoesNot) {
  linnet_recipe_v1 recipe = recipe_of(LINNET_PLATEAU);
  recipe.factor = 0.5;
  recipe.plateau_patience = 1;
  recipe.threshold = 0.1;
  recipe.cooldown = 1;
  recipe.min_lr = 0.02;
  ScheduleState state = first_state(recipe);
  const auto after = [&](int64_t epoch, double loss) {
    after_epoch(recipe, state, epoch, loss);
    return state.rate;
  };
  EXPECT_EQ(after(1, 1.0), 0.1);
  EXPECT_EQ(after(2, 0.95), 0.1) << "better by less than the threshold: borne once";
  EXPECT_EQ(after(3, 0.95), 0.05);
  EXPECT_EQ(after(4, 0.95), 0.05) << "the cooldown";
  EXPECT_EQ(after(5, 0.95), 0.05);
  EXPECT_EQ(after(6, std::nan("")), 0.025) << "no number is no better";
  EXPECT_EQ(after(7, 2), 0.025);
  EXPECT_EQ(after(8, 2), 0.025);
  EXPECT_EQ(after(9, 2), 0.02) << "not below min_lr";
  EXPECT_EQ(after(10, 0.5), 0.02);
  EXPECT_EQ(state.least_loss, 0.5);
  EXPECT_EQ(state.least_epoch, 10);
  EXPECT_EQ(rate_of(recipe, state, 50, 100, 10), 0.02);
}

TEST(Schedule, AbsoluteThresholdAndEps) {
  linnet_recipe_v1 recipe = recipe_of(LINNET_PLATEAU);
  recipe.factor = 0.5;
  recipe.threshold = 0.2;
  recipe.threshold_abs = 1;
  recipe.eps = 1;
  ScheduleState state = first_state(recipe);
  after_epoch(recipe, state, 1, 1.0);
  after_epoch(recipe, state, 2, 0.75);
  EXPECT_EQ(state.plateau_least, 0.75);
  after_epoch(recipe, state, 3, 0.6);
  EXPECT_EQ(state.plateau_least, 0.75);
  EXPECT_EQ(state.rate, 0.1) << "a reduction below eps is not made";
}

TEST(Schedule, PatienceEndsWithTheEpochsAfterTheBest) {
  linnet_recipe_v1 recipe = recipe_of(LINNET_CONSTANT);
  ScheduleState state = first_state(recipe);
  after_epoch(recipe, state, 1, 1.0);
  EXPECT_FALSE(out_of_patience(recipe, state, 100)) << "none declared";
  recipe.patience = 2;
  EXPECT_FALSE(out_of_patience(recipe, state, 2));
  EXPECT_TRUE(out_of_patience(recipe, state, 3));
}

// ---- checkpoints

// A model of a weight of 3 f32 and a momentum of the optimiser's.
class Checkpoint : public testing::Test {
protected:
  Checkpoint() {
    slots_[0] = slot("w", LINNET_PARAMETER, 0);
    slots_[1] = slot("w.momentum_buffer", LINNET_OPTIMIZER, 64);
    trainer_.model_hash = "1234";
    trainer_.dtype = LINNET_F32;
    trainer_.batch = 8;
    trainer_.slot_count = 2;
    trainer_.slots = slots_;
    trainer_.slots_bytes = 128;
  }

  static linnet_slot_v1 slot(const char* path, int64_t kind, int64_t offset) {
    linnet_slot_v1 slot{};
    slot.path = path;
    slot.kind = kind;
    slot.dtype = LINNET_F32;
    slot.rank = 1;
    slot.dims[0] = 3;
    slot.offset = offset;
    slot.bytes = 12;
    slot.initializer.kind = "ones";
    return slot;
  }
  float& weight(const Slots& slots, int i) const {
    return reinterpret_cast<float*>(slots.of(slots_[0]))[i];
  }
  RunState state() const {
    RunState state;
    state.step = 7;
    state.seed = 18446744073709551615U;
    state.file_order = true;
    state.best_epoch = 2;
    state.best_score = 0.1;
    state.best_loss = 1.0 / 3;
    state.schedule.rate = 0.05;
    state.loss_sum = 1e-300;
    state.best.resize(128);
    const float best = 5;
    std::memcpy(state.best.data(), &best, sizeof best);
    state.add_to_history(1, 7, 0.5, 0.25);
    return state;
  }
  std::string refused(const Slots& slots, const std::string& path) {
    Slots into(trainer_);
    (void)slots;
    std::string note;
    return message(load_checkpoint(trainer_, path, into, note));
  }

  linnet_slot_v1 slots_[2];
  linnet_trainer_v1 trainer_{};
  TestFolder folder_;
  std::string path_ = folder_ / "run.ckpt";
};

TEST_F(Checkpoint, HoldsTheWholeRun) {
  Slots slots(trainer_);
  slots.initialize(0);
  EXPECT_EQ(weight(slots, 2), 1);
  weight(slots, 1) = -0.0F;
  const RunState saved = state();
  ASSERT_EQ(message(save_checkpoint(trainer_, path_, slots, saved)), "");
  Slots read(trainer_);
  std::string note;
  const auto loaded = load_checkpoint(trainer_, path_, read, note);
  ASSERT_EQ(message(loaded), "");
  EXPECT_EQ(note, "");
  EXPECT_EQ(std::memcmp(read.of(slots_[0]), slots.of(slots_[0]), 12), 0);
  EXPECT_EQ(loaded->step, 7);
  EXPECT_EQ(loaded->seed, saved.seed);
  EXPECT_TRUE(loaded->file_order);
  EXPECT_FALSE(loaded->finished);
  EXPECT_EQ(loaded->best_loss, 1.0 / 3);
  EXPECT_EQ(loaded->loss_sum, 1e-300);
  EXPECT_EQ(loaded->schedule.rate, 0.05);
  EXPECT_EQ(loaded->schedule.least_loss, saved.schedule.least_loss) << "infinite";
  EXPECT_EQ(std::memcmp(loaded->best.data(), saved.best.data(), 12), 0);
  EXPECT_EQ(loaded->history, saved.history);
}

TEST_F(Checkpoint, TheOneBeforeStandsInForADamagedOne) {
  Slots slots(trainer_);
  slots.initialize(0);
  RunState now = state();
  ASSERT_EQ(message(save_checkpoint(trainer_, path_, slots, now)), "");
  now.step = 8;
  ASSERT_EQ(message(save_checkpoint(trainer_, path_, slots, now)), "");
  std::string bytes = text_of(path_);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  ASSERT_EQ(message(write_file(path_, bytes)), "");
  std::string note;
  const auto loaded = load_checkpoint(trainer_, path_, slots, note);
  ASSERT_EQ(message(loaded), "");
  EXPECT_EQ(loaded->step, 7);
  EXPECT_EQ(note, path_ + ": is damaged (its checksum differs); taking the one before, " + path_ +
                      ".prev");
  EXPECT_THAT(folder_.names(), testing::UnorderedElementsAre("run.ckpt", "run.ckpt.prev"))
      << "nothing half-written stays";
}

TEST_F(Checkpoint, AnotherModelsIsRefused) {
  Slots slots(trainer_);
  slots.initialize(0);
  RunState none;
  ASSERT_EQ(message(save_checkpoint(trainer_, path_, slots, none)), "");
  trainer_.batch = 4;
  EXPECT_EQ(refused(slots, path_), path_ + ": was trained with --dtype f32 and batches of 8, not "
                                           "f32 and 4");
  trainer_.batch = 8;
  slots_[1].path = "w.exp_avg";
  EXPECT_EQ(refused(slots, path_), path_ + ": 'w.exp_avg' is missing");
  slots_[1].path = "w.momentum_buffer";
  slots_[0].dims[0] = 2;
  EXPECT_EQ(refused(slots, path_), path_ + ": 'w' is [3], the model has [2]");
  slots_[0].dims[0] = 3;
  trainer_.model_hash = "5678";
  EXPECT_EQ(refused(slots, path_),
            path_ + ": is a checkpoint of another model, or of another version of it");
}

TEST_F(Checkpoint, WeightsAloneAreNone) {
  Slots slots(trainer_);
  slots.initialize(0);
  const std::string weights = folder_ / "w.safetensors";
  ASSERT_EQ(message(save_result(trainer_, weights, slots.data(), {{"x", {1.5}, {2}}})), "");
  EXPECT_EQ(refused(slots, weights), weights + ": is no checkpoint of a training run");
  EXPECT_NE(refused(slots, folder_ / "none"), "");
  // They begin a run all the same.
  Slots other(trainer_);
  EXPECT_EQ(message(load_weights(trainer_, weights, other)), "");
  EXPECT_EQ(weight(other, 0), 1);
  EXPECT_THAT(text_of(weights), HasSubstr("data.x.mean"));
}

// At most 512 rows, at even distance, the same whether the run was resumed or not.
TEST(History, IsThinnedByTheEpochAlone) {
  RunState state;
  for (int64_t epoch = 1; epoch <= 2000; ++epoch)
    state.add_to_history(epoch, static_cast<double>(epoch), 0, 0);
  ASSERT_EQ(state.history.size(), 3U * 500);
  for (size_t row = 0; row < 500; ++row)
    EXPECT_EQ(state.history[3 * row], 4.0 * static_cast<double>(row + 1));
}

// ---- signals, progress, logs

TEST(Interrupt, TheFirstSignalIsRememberedAndTheFormerHandlersComeBack) {
  struct sigaction before{}, after{};
  sigaction(SIGTERM, nullptr, &before);
  {
    const InterruptGuard guard;
    EXPECT_EQ(interrupted(), 0);
    std::raise(SIGTERM);
    EXPECT_EQ(interrupted(), SIGTERM);
  }
  sigaction(SIGTERM, nullptr, &after);
  EXPECT_EQ(before.sa_handler, after.sa_handler);
  const InterruptGuard again;
  EXPECT_EQ(interrupted(), 0) << "of a run before";
}

TEST(InterruptDeathTest, TheSecondEndsTheProcess) {
  const auto twice = [] {
    const InterruptGuard guard;
    std::raise(SIGINT);
    std::raise(SIGINT);
  };
  EXPECT_EXIT(twice(), testing::ExitedWithCode(128 + SIGINT), "");
}

TEST(StepRate, LeavesOutTheFirstStepAndWhatStandsBetween) {
  using std::chrono::seconds;
  StepRate rate;
  const Clock::time_point start{};
  EXPECT_EQ(rate.value(), 0);
  rate.begin(start);
  rate.end(start + seconds(10), 32);
  EXPECT_DOUBLE_EQ(rate.value(), 3.2) << "the only one";
  rate.begin(start + seconds(50));
  rate.end(start + seconds(51), 32);
  EXPECT_DOUBLE_EQ(rate.value(), 32);
  rate.next_epoch();
  EXPECT_EQ(rate.value(), 0);
  rate.begin(start + seconds(60));
  rate.end(start + seconds(62), 32);
  EXPECT_DOUBLE_EQ(rate.value(), 16);
}

TEST(ProgressLines, SayWhatAnEpochCameTo) {
  EpochReport report;
  report.epoch = 2;
  report.epochs = 3;
  report.rate = 0.05;
  report.loss = 0.25;
  const auto shown = [&](bool quiet) {
    testing::internal::CaptureStderr();
    Progress progress(quiet, 30, 10, 4);
    progress.step(1, 0.5);
    progress.note("a checkpoint is damaged");
    progress.epoch(report);
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_EQ(shown(true), "");
  EXPECT_THAT(shown(false), testing::StartsWith("note: a checkpoint is damaged\n"
                                                "epoch 2/3  lr 0.05  loss 0.2500  "));
  report.penalty = 0.5;
  report.accuracy = 0.875;
  report.validation = Score{8, 0.125, 4};
  EXPECT_THAT(shown(false),
              HasSubstr("epoch 2/3  lr 0.05  loss 0.2500  penalty 0.5000  accuracy 87.5 %  "
                        "validation loss 0.1250  accuracy 50.0 %  "));
}

TEST(Logs, AreAppendedWholeByAFlush) {
  const TestFolder folder;
  const std::string path = folder / "run.csv";
  auto log = LogFile::open(path, "step,loss\n");
  ASSERT_EQ(message(log), "");
  log->add("1,0.5\n");
  EXPECT_EQ(text_of(path), "step,loss\n");
  ASSERT_EQ(message(log->flush()), "");
  EXPECT_EQ(text_of(path), "step,loss\n1,0.5\n");
  LogFile moved = std::move(*log);
  EXPECT_FALSE(log->is_open());
  moved.add("2,0.25\n");
  ASSERT_EQ(message(moved.flush()), "");
  EXPECT_EQ(text_of(path), "step,loss\n1,0.5\n2,0.25\n");
  EXPECT_NE(message(LogFile::open(folder / "none/run.csv", "")), "");
  LogFile none;
  none.add("lost");
  EXPECT_EQ(message(none.flush()), "") << "a log that nobody asked for";
}

// Equal runs write equal files: the wall times are the step numbers.
TEST(Events, AreTheSameBytesTwiceAndAreKeptUpToAStep) {
  const TestFolder folder;
  const std::string path = folder / "events.out.tfevents.0.linnet";
  const auto write = [&](int64_t kept, int64_t from, int64_t to) {
    auto events = EventFile::open(folder.path(), kept, false);
    ASSERT_EQ(message(events), "");
    for (int64_t step = from; step <= to; ++step)
      events->scalar(step, "train/loss", 1.0 / static_cast<double>(step));
    const double values[] = {1, 2, 2, 3};
    if (to == 4) events->histogram(4, "w", values);
    ASSERT_EQ(message(events->flush()), "");
  };
  write(0, 1, 4);
  const std::string whole = text_of(path);
  EXPECT_THAT(whole, HasSubstr("train/loss"));
  write(2, 3, 4);  // a run that is resumed after step 2
  EXPECT_EQ(text_of(path), whole);
  write(0, 1, 2);
  EXPECT_LT(text_of(path).size(), whole.size());
}

TEST(Report, IsForAPersonOrOneLineOfJson) {
  TrainReport report;
  report.steps = 30;
  report.epochs = 3;
  report.output = "w\".safetensors";
  report.train = {10, 0.5, 9};
  report.test = Score{10, 0.25, 8};
  report.kept = "epoch 2: the best";
  EXPECT_EQ(report_text(report, false),
            "train       loss 0.5000  accuracy 90.00 % (9 of 10)\n"
            "test        loss 0.2500  accuracy 80.00 % (8 of 10; 95 % interval 49.0 to 94.3 %)\n"
            "kept        epoch 2: the best\n"
            "written     w\".safetensors\n");
  report.train.correct = -1;
  report.test.reset();
  EXPECT_EQ(report_text(report, true),
            "{\"steps\":30,\"epochs\":3,\"best_epoch\":-1,\"stopped_early\":false,"
            "\"output\":\"w\\\".safetensors\",\"train\":{\"n\":10,\"loss\":0.5}}\n");
}

}  // namespace
}  // namespace linnet::runtime::train
