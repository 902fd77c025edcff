// The loop of `linnet train` and of trainers.
#include "runtime/train/loop.h"

#include "base/integers.h"
#include "base/io/file.h"
#include "base/shortest.h"
#include "base/text.h"
#include "runtime/data/batches.h"
#include "runtime/data/labels.h"
#include "runtime/data/ports.h"
#include "runtime/train/checkpoint.h"
#include "runtime/train/curve.h"
#include "runtime/train/evaluation.h"
#include "runtime/train/events.h"
#include "runtime/train/interrupt.h"
#include "runtime/train/least_squares.h"
#include "runtime/train/log_file.h"
#include "runtime/train/progress.h"
#include "runtime/train/schedule.h"
#include "runtime/train/threads.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstring>
#include <unistd.h>

namespace linnet::runtime::train {
namespace {

constexpr uint32_t kShuffleStream = 0xFFFFFFFF;
constexpr auto kCheckpointEvery = std::chrono::seconds(2);
// Of so many training samples the accuracy is told after each epoch.
constexpr int64_t kAccuracySamples = 1024;

// A loss in the digits of its type.
std::string loss_text(double value, DType dtype) {
  return dtype == DType::kF32 ? shortest(static_cast<float>(value)) : shortest(value);
}

class Loop {
public:
  Loop(const linnet_trainer_v1& trainer, const TrainOptions& options)
      : t_(trainer), o_(resolved(trainer, options)), slots_(trainer), arena_(trainer.arena_bytes),
        evaluation_(trainer, slots_, arena_) {}

  Result<TrainReport> run() {
    LINNET_TRY(check_outputs());
    auto data = read_training(t_, o_.data, o_.seed, t_.recipe.validation);
    if (!data) return tl::unexpected(data.error());
    data_ = std::move(*data);
    each_ = data_.train.count / t_.batch;
    plan();
    LINNET_TRY(begin());
    Progress progress(o_.quiet, steps_, each_, t_.batch);
    if (!note_.empty()) progress.note(note_);
    if (const int64_t left = data_.train.count % t_.batch;
        left != 0 && state_.step == 0 && !t_.recipe.least_squares)
      progress.note(
          format("each epoch leaves out %lld of %lld samples, which make no whole batch of "
                 "%lld%s (PyTorch's drop_last)",
                 static_cast<long long>(left), static_cast<long long>(data_.train.count),
                 static_cast<long long>(t_.batch), state_.file_order ? "" : "; others each time"));
    note_absent(progress, "training", data_.train);
    LINNET_TRY(t_.recipe.least_squares ? solve(progress) : steps(progress));
    TrainReport report;
    report.steps = state_.step;
    report.epochs = t_.recipe.least_squares ? 0 : state_.step / each_;
    report.output = o_.output;
    report.signal = interrupted();
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

  void note_absent(Progress& progress, const char* part, const Samples& samples) const {
    const auto absent = absent_classes(t_, samples);
    if (!absent.empty())
      progress.note(format("no %s sample is of the class %s", part, quoted_list(absent).c_str()));
  }

  // Said before training, not after: folders that cannot be written.
  Result<void> check_outputs() const {
    if (o_.init == o_.output)
      return tl::unexpected(
          Error{format("%s would be written over: --init begins with it; name another with -o",
                       o_.output.c_str()),
                Status::kBadCall});
    for (const std::string* path : {&o_.output, &o_.log_steps, &o_.plot}) {
      if (path->empty()) continue;
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

  Result<void> begin() {
    state_.seed = o_.seed;
    state_.file_order = o_.file_order;
    state_.schedule = first_state(t_.recipe);
    if (!o_.resume.empty()) {
      const bool beside = !o_.resume.ends_with(".ckpt");
      auto state = load_checkpoint(t_, o_.resume + (beside ? ".ckpt" : ""), slots_, note_);
      if (!state) return tl::unexpected(state.error());
      state_ = std::move(*state);
      if (state_.step < steps_ && !stops()) state_.finished = false;  // more is asked for than was
      return open_logs();
    }
    slots_.initialize(o_.seed);
    if (!o_.init.empty()) LINNET_TRY(load_weights(t_, o_.init, slots_));
    return open_logs();
  }

  [[nodiscard]] bool stops() const {
    return out_of_patience(t_.recipe, state_.schedule, state_.step / each_);
  }

  // What they hold of the steps that the checkpoint has done stays.
  Result<void> open_logs() {
    if (!o_.log_steps.empty()) {
      std::string kept = "step,loss,lr\n";
      LINNET_TRY(keep_lines(kept));
      auto log = LogFile::open(o_.log_steps, kept);
      if (!log) return tl::unexpected(log.error());
      log_ = std::move(*log);
    }
    if (o_.logdir.empty()) return {};
    auto events = EventFile::open(o_.logdir, state_.step, o_.wall_time);
    if (!events) return tl::unexpected(events.error());
    events_ = std::move(*events);
    return {};
  }

  Result<void> keep_lines(std::string& kept) const {
    if (state_.step == 0 || !file_exists(o_.log_steps)) return {};
    auto bytes = read_file(o_.log_steps);
    if (!bytes) return tl::unexpected(bytes.error());
    const std::string text(bytes->begin(), bytes->end());
    for (size_t at = 0; at < text.size();) {
      const size_t end = text.find('\n', at);
      if (end == std::string::npos) break;
      const int64_t step = std::strtoll(text.c_str() + at, nullptr, 10);
      if (step > 0 && step <= state_.step) kept += text.substr(at, end + 1 - at);
      at = end + 1;
    }
    return {};
  }

  Result<void> steps(Progress& progress) {
    const InterruptGuard guard;
    const Threads threads(t_, static_cast<int>(std::min<int64_t>(o_.threads, 256)));
    Batches batches(t_, data_.train);
    std::vector<int64_t> order;
    int64_t order_epoch = -1;
    auto saved = std::chrono::steady_clock::now();
    while (state_.step < steps_ && !stops()) {
      const int64_t epoch = state_.step / each_;
      if (epoch != order_epoch) {
        order = order_of(epoch);
        order_epoch = epoch;
      }
      progress.begin_step();
      LINNET_TRY(step(batches, order));
      progress.step(state_.step, losses_[0]);
      const bool whole = state_.step % each_ == 0;
      if (whole) LINNET_TRY(end_epoch(progress));
      const auto now = std::chrono::steady_clock::now();
      if (interrupted() != 0) return save();
      if (whole || now - saved >= kCheckpointEvery) {
        if (state_.step < steps_ && !stops()) LINNET_TRY(save());
        saved = now;
      }
    }
    return {};
  }

  // All parameters at once. Where the result differs from the optimum, f32 has rounded it.
  Result<void> solve(Progress& progress) {
    std::vector<const linnet_slot_v1*> trained;
    int64_t count = 0;
    for (int64_t i = 0; i < t_.slot_count; ++i) {
      const linnet_slot_v1& slot = t_.slots[i];
      if (slot.kind != LINNET_PARAMETER || slot.frozen) continue;
      trained.push_back(&slot);
      count += slot.bytes / size_of(dtype_of_abi(slot.dtype));
    }
    const auto store = [&](const std::vector<double>& values) {
      const double* from = values.data();
      for (const linnet_slot_v1* slot : trained) {
        const int64_t size = slot->bytes / size_of(dtype_of_abi(slot->dtype));
        convert(DType::kF64, from, dtype_of_abi(slot->dtype), slots_.of(*slot), size);
        from += size;
      }
    };
    const Tensor wide = converted(data_.train.targets[0], DType::kF64);
    const std::vector<double> target(wide.as<double>().begin(), wide.as<double>().end());
    int64_t rank = 0;
    const auto solution = least_squares(
        count, target,
        [&](const std::vector<double>& values) -> Result<std::vector<double>> {
          store(values);
          return evaluation_.outputs(data_.train);
        },
        rank);
    if (!solution) return tl::unexpected(solution.error());
    store(*solution);
    if (rank < count)
      progress.note(format("the data decide %lld of %lld directions of the parameters; of equal "
                           "fits the smallest is taken",
                           static_cast<long long>(rank), static_cast<long long>(count)));
    state_.step = steps_;
    return {};
  }

  std::vector<int64_t> order_of(int64_t epoch) const {
    if (!state_.file_order)
      return permutation(data_.train.count, state_.seed, kShuffleStream,
                         static_cast<uint64_t>(epoch));
    std::vector<int64_t> order(static_cast<size_t>(data_.train.count));
    for (size_t i = 0; i < order.size(); ++i)
      order[i] = static_cast<int64_t>(i);
    return order;
  }

  Result<void> step(Batches& batches, const std::vector<int64_t>& order) {
    const int64_t number = state_.step + 1;
    const linnet_step_args_v1 args{static_cast<int64_t>(state_.seed), number,
                                   rate_of(t_.recipe, state_.schedule, number, steps_, each_)};
    rate_ = args.lr;
    double raw[2] = {0, 0};
    const auto* batch = batches.at(order, state_.step % each_ * t_.batch, t_.batch);
    if (events_.is_open() && number % each_ == 0) keep_gradients(batch, args);
    const int code = t_.train_step(batch, slots_.data(), &args, raw, arena_.memory.get());
    if (code != 0)
      return tl::unexpected(Error{format("the training step returned %d", code), Status::kBug});
    for (int i = 0; i < 2; ++i)
      losses_[i] = value_at(t_, raw, i);
    if (!std::isfinite(losses_[0]) || !std::isfinite(losses_[1])) return diverged(number);
    state_.step = number;
    state_.loss_sum += losses_[0];
    state_.penalty_sum += losses_[1];
    train_curve_.points.push_back({number, losses_[0]});
    if (log_.is_open())
      log_.add(std::to_string(number) + "," + loss_text(losses_[0], dtype_of_abi(t_.dtype)) + "," +
               shortest(rate_) + "\n");
    if (events_.is_open()) events_.scalar(number, "train loss", losses_[0]);
    return {};
  }

  // Those that the step is about to use, for the end of the epoch.
  void keep_gradients(const void* const* batch, const linnet_step_args_v1& args) {
    if (!t_.gradients) return;
    std::vector<void*> outputs;
    gradients_.resize(static_cast<size_t>(t_.slot_count));
    for (int64_t i = 0; i < t_.slot_count; ++i) {
      const linnet_slot_v1& slot = t_.slots[i];
      if (slot.kind != LINNET_PARAMETER || slot.frozen) continue;
      auto& gradient = gradients_[static_cast<size_t>(i)];
      gradient.resize(static_cast<size_t>(slot.bytes));
      outputs.push_back(gradient.data());
    }
    t_.gradients(batch, slots_.data(), &args, outputs.data(), arena_.memory.get());
  }

  // The parameters after the step say where it went wrong: the first that is not finite, in the
  // model's order, else the largest.
  tl::unexpected<Error> diverged(int64_t step) const {
    const linnet_slot_v1* worst = nullptr;
    double size = 0;
    for (int64_t i = 0; i < t_.slot_count && std::isfinite(size); ++i) {
      const linnet_slot_v1& slot = t_.slots[i];
      if (slot.dtype != t_.dtype || slot.kind == LINNET_OPTIMIZER) continue;
      const int64_t count = slot.bytes / size_of(dtype_of_abi(slot.dtype));
      for (int64_t k = 0; k < count && std::isfinite(size); ++k) {
        const double value = std::fabs(value_at(t_, slots_.of(slot), k));
        if (value <= size) continue;  // NaN is not
        worst = &slot;
        size = value;
      }
    }
    std::string where;
    if (worst)
      where = format("; the %s parameter is '%s'",
                     std::isfinite(size) ? "largest" : "first that is not finite", worst->path);
    return fail("step %lld: the loss is %g%s. A smaller lr, `clip: norm(1)` or a warm-up may help; "
                "the last "
                "checkpoint is as it was",
                static_cast<long long>(step), losses_[0] + losses_[1], where.c_str());
  }

  Result<void> end_epoch(Progress& progress) {
    EpochReport report;
    report.epoch = state_.step / each_;
    report.epochs = ceil_div(steps_, each_);
    report.rate = rate_;
    report.loss = state_.loss_sum / static_cast<double>(each_);
    report.penalty = state_.penalty_sum / static_cast<double>(each_);
    state_.loss_sum = state_.penalty_sum = 0;
    if (evaluation_.has_accuracy() && (!o_.quiet || events_.is_open()))
      report.accuracy = evaluation_.score(data_.train, kAccuracySamples).accuracy();
    if (data_.validation) {
      report.validation = evaluation_.score(*data_.validation);
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
    if (events_.is_open()) log_epoch(report);
    progress.epoch(report);
    return {};
  }

  void log_epoch(const EpochReport& report) {
    const int64_t step = state_.step;
    events_.scalar(step, "learning rate", report.rate);
    if (report.accuracy) events_.scalar(step, "train accuracy", *report.accuracy);
    if (report.validation) {
      events_.scalar(step, "validation loss", report.validation->loss);
      if (report.validation->correct >= 0)
        events_.scalar(step, "validation accuracy", report.validation->accuracy());
    }
    for (int64_t i = 0; i < t_.slot_count; ++i) {
      const linnet_slot_v1& slot = t_.slots[i];
      if (slot.kind != LINNET_PARAMETER || slot.dtype != t_.dtype) continue;
      log_values("weight", slot.path, slots_.of(slot), slot.bytes);
      if (gradients_.empty()) continue;
      const auto& gradient = gradients_[static_cast<size_t>(i)];
      if (!gradient.empty()) log_values("gradient", slot.path, gradient.data(), slot.bytes);
    }
  }

  // The norm of an array of the trainer's floats, and a histogram of its elements.
  void log_values(const char* what, const char* path, const void* floats, int64_t bytes) {
    std::vector<double> values(static_cast<size_t>(bytes / size_of(dtype_of_abi(t_.dtype))));
    double squares = 0;
    for (size_t k = 0; k < values.size(); ++k) {
      values[k] = value_at(t_, floats, static_cast<int64_t>(k));
      squares += values[k] * values[k];
    }
    events_.scalar(state_.step, format("%s norm/%s", what, path), std::sqrt(squares));
    events_.histogram(state_.step, format("%ss/%s", what, path), values);
  }

  Result<void> save() {
    LINNET_TRY(log_.flush());
    LINNET_TRY(events_.flush());
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
    if (!again || !file_exists(o_.output))
      LINNET_TRY(save_result(t_, o_.output, slots_.data(), data_.scales));
    report.train = evaluation_.score(data_.train);
    if (data_.validation) report.validation = evaluation_.score(*data_.validation);
    auto test = read_test(t_, o_.data, data_.scales);
    if (!test) return tl::unexpected(test.error());
    if (*test) {
      note_absent(progress, "test", **test);
      report.test = evaluation_.score(**test);
    }
    return plot();
  }

  // Which state is the result, and why.
  std::string kept() const {
    if (t_.recipe.least_squares) return "";
    const int64_t epochs = state_.step / each_;
    std::string text;
    if (state_.best_epoch < 0) {
      text = format("the last state, after step %lld: no validation part chooses another",
                    static_cast<long long>(state_.step));
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
    if (o_.plot.empty()) return {};
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
  Slots slots_;
  Aligned arena_;
  Evaluation evaluation_;
  DataSet data_;
  RunState state_;
  std::string note_;
  LogFile log_;
  EventFile events_;
  std::vector<std::vector<uint8_t>> gradients_;  // of the epoch's last step, by slot
  Curve train_curve_{"train loss", {}};
  double losses_[2] = {0, 0};
  double rate_ = 0;    // of the last step
  int64_t each_ = 1;   // steps of an epoch
  int64_t steps_ = 0;  // of the whole run
};

}  // namespace

Result<TrainReport> train(const linnet_trainer_v1& trainer, const TrainOptions& options) {
  return Loop(trainer, options).run();
}

}  // namespace linnet::runtime::train
