// The loop of `linnet train` and of trainers.
#include "runtime/train/loop.h"

#include "base/integers.h"
#include "base/io/file.h"
#include "base/text.h"
#include "runtime/data/batches.h"
#include "runtime/data/labels.h"
#include "runtime/data/order.h"
#include "runtime/data/ports.h"
#include "runtime/train/checkpoint.h"
#include "runtime/train/curve.h"
#include "runtime/train/divergence.h"
#include "runtime/train/evaluation.h"
#include "runtime/train/fingerprint.h"
#include "runtime/train/interrupt.h"
#include "runtime/train/logs.h"
#include "runtime/train/progress.h"
#include "runtime/train/same_run.h"
#include "runtime/train/schedule.h"
#include "runtime/train/shards.h"
#include "runtime/train/solve.h"
#include "runtime/train/threads.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <unistd.h>

namespace linnet::runtime::train {
namespace {

constexpr int64_t kMebibyte = int64_t{1} << 20;
constexpr auto kCheckpointEvery = std::chrono::seconds(2);
// Of so many training samples the accuracy is told after each epoch.
constexpr int64_t kAccuracySamples = 1024;
// After so many steps processes compare their parameters.
constexpr int64_t kCompareEvery = 50;

class Loop {
public:
  Loop(const linnet_trainer_v1& trainer, const TrainOptions& options, Processes& processes)
      : t_(trainer), o_(resolved(trainer, options)), processes_(processes), slots_(trainer),
        arena_(trainer.arena_bytes), evaluation_(trainer, slots_, arena_, processes),
        logs_(trainer, slots_, arena_) {}

  Result<TrainReport> run() {
    LINNET_TRY(processes_.agree(prepare()));
    LINNET_TRY(check_same_run(t_, o_, data_, steps_, state_.step, slots_, processes_));
    if (processes_.is_first()) LINNET_TRY(logs_.open(o_, state_.step));
    Progress progress(o_.quiet || !processes_.is_first(), steps_, each_, t_.batch);
    if (!note_.empty()) progress.note(note_);
    if (processes_.together())
      progress.note(format("%lld processes share the %lld shards of a batch",
                           static_cast<long long>(processes_.count()),
                           static_cast<long long>(t_.shards->count)));
    if (const int64_t left = data_.train.count % t_.batch;
        left != 0 && state_.step == 0 && !t_.recipe.least_squares)
      progress.note(
          format("each epoch leaves out %lld of %lld samples, which make no whole batch of "
                 "%lld%s (PyTorch's drop_last)",
                 static_cast<long long>(left), static_cast<long long>(data_.train.count),
                 static_cast<long long>(t_.batch), state_.file_order ? "" : "; others each time"));
    note_absent(progress, "training", data_.train);
    LINNET_TRY(t_.recipe.least_squares ? solved(progress) : steps(progress));
    TrainReport report;
    report.steps = state_.step;
    report.epochs = t_.recipe.least_squares ? 0 : state_.step / each_;
    report.output = o_.output;
    report.signal = signal_;
    if (report.signal != 0 && !processes_.is_first()) return report;
    if (report.signal != 0) {
      progress.stopped(format("stopped by %s after step %lld of %lld, in epoch %lld: go on with "
                              "--resume %s",
                              report.signal == SIGINT ? "SIGINT" : "SIGTERM",
                              static_cast<long long>(state_.step), static_cast<long long>(steps_),
                              static_cast<long long>((state_.step - 1) / each_ + 1),
                              o_.output.c_str()));
      return report;
    }
    LINNET_TRY(finish(report, progress));
    return report;
  }

private:
  static TrainOptions resolved(const linnet_trainer_v1& trainer, TrainOptions options) {
    if (!options.output.empty()) return options;
    options.output =
        options.resume.empty() ? std::string(trainer.name) + ".safetensors" : options.resume;
    options.output = without_suffix(options.output, ".ckpt");
    return options;
  }

  static void note_absent(Progress& progress, const char* part, const Samples& samples) {
    if (!samples.absent.empty())
      progress.note(
          format("no %s sample is of the class %s", part, quoted_list(samples.absent).c_str()));
  }

  // All that can fail before the first step.
  Result<void> prepare() {
    LINNET_TRY(check_processes(t_, processes_));
    if (processes_.is_first()) LINNET_TRY(check_outputs());
    LINNET_TRY(take_state());
    LINNET_TRY_ASSIGN(data_, read_training(t_, o_.data,
                                           {.seed = state_.seed,
                                            .validation = t_.recipe.validation,
                                            .memory = o_.data_memory * kMebibyte}));
    each_ = data_.train.count / t_.batch;
    plan();
    if (state_.step < steps_ && !stops()) state_.finished = false;  // more is asked for than was
    return check_samples();
  }

  // Said before training, not after: folders that cannot be written.
  Result<void> check_outputs() const {
    if (o_.init == o_.output)
      return fail_call("%s would be written over: --init begins with it; name another with -o",
                       o_.output.c_str());
    for (const std::string* path : {&o_.output, &o_.log_steps, &o_.plot}) {
      if (path->empty()) continue;
      if (is_folder(*path))
        return fail_call("%s: is a folder; the file needs another name", path->c_str());
      const std::string folder = folder_of(*path);
      if (access(folder.c_str(), W_OK) != 0)
        return fail_machine("%s: cannot be written: %s", folder.c_str(), std::strerror(errno));
    }
    return {};
  }

  void plan() {
    if (t_.recipe.least_squares) {
      steps_ = 1;
      return;
    }
    const bool by_steps = o_.steps > 0 || (o_.epochs == 0 && t_.recipe.steps > 0);
    const int64_t epochs = o_.epochs > 0 ? o_.epochs : std::max<int64_t>(t_.recipe.epochs, 1);
    steps_ = by_steps ? (o_.steps > 0 ? o_.steps : t_.recipe.steps) : epochs * each_;
  }

  // Where the run stands before its first step: at the beginning, or at a checkpoint.
  Result<void> take_state() {
    if (o_.resume.empty()) {
      state_.seed = o_.seed == kNoSeed ? 0 : o_.seed;
      state_.file_order = o_.file_order;
      state_.schedule = first_state(t_.recipe);
      slots_.initialize(state_.seed);
      return o_.init.empty() ? Result<void>() : load_weights(t_, o_.init, slots_);
    }
    const std::string path = o_.resume + (o_.resume.ends_with(".ckpt") ? "" : ".ckpt");
    LINNET_TRY_ASSIGN(state_, load_checkpoint(t_, path, slots_, note_));
    if (o_.seed != kNoSeed && o_.seed != state_.seed)
      return fail_call("%s: was trained with --seed %llu, which it goes on with, and not with %llu",
                       path.c_str(), static_cast<unsigned long long>(state_.seed),
                       static_cast<unsigned long long>(o_.seed));
    if (o_.file_order && !state_.file_order)
      return fail_call("%s: takes the samples in another order each epoch, and goes on so; "
                       "--data-order file is for a run from the beginning",
                       path.c_str());
    return {};
  }

  // The samples are those that the checkpoint was made with.
  Result<void> check_samples() {
    LINNET_TRY_ASSIGN(const uint64_t samples, fingerprint(data_));
    if (state_.samples != 0 && state_.samples != samples)
      return fail("%s: was trained on other samples than are in %s; --init begins a new run with "
                  "its weights",
                  o_.resume.c_str(), o_.data.c_str());
    state_.samples = samples;
    return {};
  }

  [[nodiscard]] bool stops() const {
    return out_of_patience(t_.recipe, state_.schedule, state_.step / each_);
  }

  Result<void> steps(Progress& progress) {
    const InterruptGuard guard;
    threads_.emplace(t_, static_cast<int>(std::min<int64_t>(o_.threads, 256)));
    if (t_.shards) shards_.emplace(t_, *threads_, processes_);
    Batches batches(t_, data_.train);
    Order order(data_.train, state_.seed, state_.file_order);
    const auto began = std::chrono::steady_clock::now();
    auto saved = began;
    while (state_.step < steps_ && !stops()) {
      progress.begin_step();
      LINNET_TRY(step(batches, order));
      progress.step(state_.step, losses_[0]);
      const bool whole = state_.step % each_ == 0;
      if (whole) LINNET_TRY(end_epoch(progress));
      const auto now = std::chrono::steady_clock::now();
      // Of several processes the step has told which signal came to any; after it evaluation may
      // have taken long, and no step may follow.
      if (whole || state_.step == steps_ || !processes_.together())
        signal_ = static_cast<int>(processes_.greatest(static_cast<uint64_t>(interrupted())));
      if (signal_ != 0) return save();
      if (whole || now - saved >= kCheckpointEvery) {
        if (state_.step < steps_ && !stops()) LINNET_TRY(save());
        saved = now;
      }
    }
    if (shards_ && processes_.together() && std::getenv(kTimesVariable))
      progress.note(
          format("%.3f s, of which %.3f s behind the last kernel of a step",
                 std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count(),
                 shards_->summing()));
    return {};
  }

  Result<void> solved(Progress& progress) {
    LINNET_TRY_ASSIGN(const auto& note, solve(t_, slots_, evaluation_, data_.train));
    if (!note.empty()) progress.note(note);
    state_.step = steps_;
    return {};
  }

  // The samples of step number `step`, from 0.
  std::vector<int64_t> batch_of(Order& order, int64_t step) const {
    return order.at(step / each_, step % each_ * t_.batch, t_.batch);
  }

  Result<void> step(Batches& batches, Order& order) {
    const int64_t number = state_.step + 1;
    const linnet_step_args_v1 args{static_cast<int64_t>(state_.seed), number,
                                   rate_of(t_.recipe, state_.schedule, number, steps_, each_), 0,
                                   0};
    rate_ = args.lr;
    double raw[2] = {0, 0};
    if (next_.empty()) next_ = batch_of(order, state_.step);
    const std::vector<int64_t> batch = std::move(next_);
    batches.begin(batch);
    next_ = number < steps_ ? batch_of(order, number) : std::vector<int64_t>();
    batches.ahead(next_, shards_ ? shards_->first_sample() : 0,
                  shards_ ? shards_->samples() : t_.batch);
    if (const int code = call(batches, batch, args, raw); code != 0)
      return processes_.agree(step_failed(code));
    for (int i = 0; i < 2; ++i)
      losses_[i] = value_at(t_, raw, i);
    if (!std::isfinite(losses_[0]) || !std::isfinite(losses_[1]))
      return processes_.agree(diverged(t_, slots_, number, losses_[0] + losses_[1]));
    if (number % kCompareEvery == 0 || number % each_ == 0 || number == steps_)
      LINNET_TRY(check_same_slots(t_, slots_, number, processes_));
    state_.step = number;
    state_.loss_sum += losses_[0];
    state_.penalty_sum += losses_[1];
    train_curve_.points.push_back({number, losses_[0]});
    logs_.step(number, losses_[0], rate_);
    return {};
  }

  // Where samples could not be read, by the process that reads them.
  [[nodiscard]] Result<void> step_failed(int code) const {
    if (code == kUnread) return data_.train.check();
    return tl::unexpected(Error{format("the training step returned %d", code), Status::kBug});
  }

  // The code of a step, its losses in the trainer's dtype.
  int call(Batches& batches, const std::vector<int64_t>& samples, const linnet_step_args_v1& args,
           void* losses) {
    const bool last = args.step % each_ == 0 || args.step == steps_;
    if (!shards_) {
      const auto* batch = batches.at(samples, 0, t_.batch);
      if (!data_.train.check()) return kUnread;
      if (last) logs_.keep_gradients(batch, args);
      return t_.train_step(batch, slots_.data(), &args, losses, arena_.memory.get());
    }
    signal_ = interrupted();
    const int code = shards_->sum(batches, samples, slots_.data(), args, signal_);
    if (code != 0) return code;
    const void* sums = shards_->sums();
    if (last) logs_.keep_gradients(&sums, args);
    return t_.shards->update(sums, slots_.data(), &args, losses, arena_.memory.get());
  }

  Result<void> end_epoch(Progress& progress) {
    EpochReport report;
    report.epoch = state_.step / each_;
    report.epochs = ceil_div(steps_, each_);
    report.rate = rate_;
    report.loss = state_.loss_sum / static_cast<double>(each_);
    report.penalty = state_.penalty_sum / static_cast<double>(each_);
    state_.loss_sum = state_.penalty_sum = 0;
    // By what all processes know: they score it together.
    if (evaluation_.has_accuracy() && (!o_.quiet || !o_.logdir.empty() || o_.history)) {
      report.accuracy = evaluation_.score(data_.train, kAccuracySamples).accuracy();
      LINNET_TRY(processes_.agree(data_.train.check()));
    }
    if (data_.validation) {
      report.validation = evaluation_.score(*data_.validation);
      LINNET_TRY(processes_.agree(data_.validation->check()));
      const double loss = report.validation->loss, accuracy = report.validation->accuracy();
      // Of equal accuracies the smaller loss is better.
      const double value = accuracy < 0 ? -loss : accuracy - loss * 1e-6;
      if (state_.best_epoch < 0 || value > state_.best_score) {
        state_.best_score = value;
        state_.best_loss = loss;
        state_.best_accuracy = accuracy;
        state_.best_epoch = report.epoch;
        state_.best = slots_.bytes();
      }
      after_epoch(t_.recipe, state_.schedule, report.epoch, loss);
    }
    state_.add_to_history(report.epoch, static_cast<double>(state_.step), report.loss,
                          report.validation ? report.validation->loss : 0);
    logs_.epoch(state_.step, report);
    progress.epoch(report);
    return {};
  }

  Result<void> save() {
    if (!processes_.is_first()) return {};
    LINNET_TRY(logs_.flush());
    return save_checkpoint(t_, o_.output + ".ckpt", slots_, state_);
  }

  Result<void> finish(TrainReport& report, Progress& progress) {
    if (state_.best_epoch >= 0) report.best_epoch = state_.best_epoch;
    report.stopped_early = state_.step < steps_;
    report.kept = kept();
    const bool again = state_.finished;
    state_.finished = true;
    if (!again) LINNET_TRY(save());
    if (state_.best_epoch >= 0) slots_.assign(state_.best);
    if (processes_.is_first() && (!again || !file_exists(o_.output)))
      LINNET_TRY(save_result(t_, o_.output, slots_.data(), data_.scales));
    report.train = evaluation_.score(data_.train);
    LINNET_TRY(processes_.agree(data_.train.check()));
    if (data_.validation) {
      report.validation = evaluation_.score(*data_.validation);
      LINNET_TRY(processes_.agree(data_.validation->check()));
    }
    const auto read = read_test(t_, o_.data, data_.scales);
    LINNET_TRY(processes_.agree(read ? Result<void>() : tl::unexpected(read.error())));
    if (const std::optional<Samples>& test = *read) {
      note_absent(progress, "test", *test);
      report.test = evaluation_.score(*test);
      LINNET_TRY(processes_.agree(test->check()));
    }
    return plot();
  }

  // Which state is the result, and why.
  std::string kept() const {
    if (t_.recipe.least_squares) return "";
    const int64_t epochs = state_.step / each_;
    std::string text;
    if (state_.best_epoch < 0) {
      text = format("the last state, after step %lld: no %s", static_cast<long long>(state_.step),
                    data_.validation ? "epoch ended, after which validation would have chosen"
                                     : "validation part chooses another");
    } else {
      text =
          format("epoch %lld of %lld: its validation %s", static_cast<long long>(state_.best_epoch),
                 static_cast<long long>(epochs),
                 evaluation_.has_accuracy()
                     ? format("accuracy is the best, %.2f %%", 100 * state_.best_accuracy).c_str()
                     : format("loss is the least, %.4f", state_.best_loss).c_str());
    }
    if (state_.step < steps_)
      text +=
          format("; stopped early, the validation loss has not fallen for %lld epochs (least: "
                 "%.4f, epoch %lld)",
                 static_cast<long long>(epochs - state_.schedule.least_epoch),
                 state_.schedule.least_loss, static_cast<long long>(state_.schedule.least_epoch));
    return text;
  }

  Result<void> plot() const {
    if (o_.plot.empty() || !processes_.is_first()) return {};
    Curve train{"train loss", {}}, validation{"validation loss", {}};
    for (size_t i = 0; i + 2 < state_.history.size(); i += 3) {
      const auto step = static_cast<int64_t>(state_.history[i]);
      train.points.push_back({step, state_.history[i + 1]});
      if (data_.validation) validation.points.push_back({step, state_.history[i + 2]});
    }
    // Of many epochs a picture of single batches would be noise.
    std::vector<Curve> curves{train.points.size() > 2 ? train : train_curve_};
    if (!validation.points.empty()) curves.push_back(validation);
    return write_plot(o_.plot, std::string(t_.name) + ": " + t_.loss, curves);
  }

  const linnet_trainer_v1& t_;
  const TrainOptions o_;
  Processes& processes_;
  Slots slots_;
  Aligned arena_;
  Evaluation evaluation_;
  std::optional<Threads> threads_;
  std::optional<Shards> shards_;
  DataSet data_;
  RunState state_;
  std::vector<int64_t> next_;  // the samples of the next step; read while this one runs
  std::string note_;
  Logs logs_;
  Curve train_curve_{"train loss", {}};
  double losses_[2] = {0, 0};
  double rate_ = 0;    // of the last step
  int signal_ = 0;     // that asked to stop
  int64_t each_ = 1;   // steps of an epoch
  int64_t steps_ = 0;  // of the whole run
};

}  // namespace

Result<TrainReport> train(const linnet_trainer_v1& trainer, const TrainOptions& options,
                          Processes& processes) {
  auto report = Loop(trainer, options, processes).run();
  if (!report) report = tl::unexpected(processes.told(report.error()));
  if (report && report->signal != 0) processes.end_together();
  return report;
}

}  // namespace linnet::runtime::train
