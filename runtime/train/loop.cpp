#include "runtime/train/loop.h"

#include "runtime/io/file.h"
#include "runtime/labels.h"
#include "runtime/ports.h"
#include "runtime/train/checkpoint.h"
#include "runtime/train/curve.h"
#include "runtime/train/interrupt.h"
#include "runtime/train/least_squares.h"
#include "runtime/train/progress.h"
#include "runtime/train/threads.h"
#include "support/math.h"
#include "support/scalar_backend.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>
#include <numbers>
#include <unistd.h>

namespace linnet::runtime::train {
namespace {

constexpr uint32_t kShuffleStream = 0xFFFFFFFF;
constexpr auto kCheckpointEvery = std::chrono::seconds(2);

// Batches cut out of samples, in any order.
class Batches {
public:
  Batches(const linnet_trainer_v1& trainer, const Samples& samples)
      : samples_(samples), count_(static_cast<size_t>(trainer.input_count + trainer.target_count)),
        buffers_(count_) {}

  // Pointers to `count` samples, those numbered order[first] and on.
  const void* const* at(const std::vector<int64_t>& order, int64_t first, int64_t count) {
    pointers_.clear();
    for (size_t i = 0; i < count_; ++i) {
      const Tensor& tensor = samples_.tensor(i);
      const size_t bytes = tensor.data.size() / static_cast<size_t>(samples_.count);
      buffers_[i].resize(bytes * static_cast<size_t>(count));
      for (int64_t k = 0; k < count; ++k) {
        const auto from = static_cast<size_t>(order[static_cast<size_t>(first + k)]) * bytes;
        std::memcpy(buffers_[i].data() + static_cast<size_t>(k) * bytes, tensor.data.data() + from,
                    bytes);
      }
      pointers_.push_back(buffers_[i].data());
    }
    return pointers_.data();
  }

private:
  const Samples& samples_;
  size_t count_;
  std::vector<std::vector<uint8_t>> buffers_;
  std::vector<const void*> pointers_;
};

struct Aligned {
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  std::unique_ptr<void, Free> memory;
  explicit Aligned(int64_t bytes)
      : memory(std::aligned_alloc(64, static_cast<size_t>(std::max<int64_t>(bytes, 64) + 63) / 64 *
                                          64)) {
    if (!memory) throw std::bad_alloc();
  }
};

std::string shortest(double value, bool f32) {
  char text[40];
  const auto end = f32 ? std::to_chars(text, text + sizeof text, static_cast<float>(value)).ptr
                       : std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

class Loop {
public:
  Loop(const linnet_trainer_v1& trainer, const TrainOptions& options)
      : t_(trainer), o_(options), slots_(trainer), arena_(trainer.arena_bytes) {}

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
          format("the last %lld samples of each epoch make no whole batch and are left out",
                 static_cast<long long>(left)));
    note_absent(progress, "training", data_.train);
    LINNET_TRY(t_.recipe.least_squares ? solve(progress) : steps(progress));
    TrainReport report;
    report.steps = state_.step;
    report.signal = interrupted();
    if (report.signal != 0) return report;
    LINNET_TRY(finish(report, progress));
    return report;
  }

private:
  void note_absent(Progress& progress, const char* part, const Samples& samples) const {
    const auto absent = absent_classes(t_, samples);
    if (!absent.empty())
      progress.note(format("no %s sample is of the class %s", part, quoted_list(absent).c_str()));
  }

  // Said before training, not after: folders that cannot be written.
  Result<void> check_outputs() const {
    for (const std::string* path : {&o_.output, &o_.log_steps, &o_.plot}) {
      if (path->empty()) continue;
      const size_t slash = path->rfind('/');
      const std::string folder = slash == std::string::npos ? "." : path->substr(0, slash + 1);
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
    if (!o_.resume.empty()) {
      const bool beside = !o_.resume.ends_with(".ckpt");
      auto state = load_checkpoint(t_, o_.resume + (beside ? ".ckpt" : ""), slots_, note_);
      if (!state) return tl::unexpected(state.error());
      state_ = std::move(*state);
      if (state_.step < steps_) state_.finished = false;  // more is asked for than was
      LINNET_TRY(resume_log());
      return {};
    }
    slots_.initialize(o_.seed);
    if (!o_.init.empty()) return load_weights(t_, o_.init, slots_);
    return {};
  }

  // Lines of the steps that the checkpoint has done stay.
  Result<void> resume_log() {
    if (o_.log_steps.empty() || !file_exists(o_.log_steps)) return {};
    auto bytes = read_file(o_.log_steps);
    if (!bytes) return tl::unexpected(bytes.error());
    const std::string text(bytes->begin(), bytes->end());
    for (size_t at = 0; at < text.size();) {
      const size_t end = text.find('\n', at);
      if (end == std::string::npos) break;
      const int64_t step = std::strtoll(text.c_str() + at, nullptr, 10);
      if (step > 0 && step <= state_.step) log_ += text.substr(at, end + 1 - at);
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
    while (state_.step < steps_) {
      const int64_t epoch = state_.step / each_;
      if (epoch != order_epoch) {
        order = order_of(epoch);
        order_epoch = epoch;
      }
      LINNET_TRY(step(batches, order));
      progress.step(state_.step, losses_[0]);
      const bool whole = state_.step % each_ == 0;
      if (whole) LINNET_TRY(end_epoch(progress));
      const auto now = std::chrono::steady_clock::now();
      if (interrupted() != 0) return save();
      if (whole || now - saved >= kCheckpointEvery) {
        if (state_.step < steps_) LINNET_TRY(save());
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
      count += slot.bytes / bytes_of(static_cast<DType>(slot.dtype));
    }
    const auto store = [&](const std::vector<double>& values) {
      const double* from = values.data();
      for (const linnet_slot_v1* slot : trained) {
        const int64_t size = slot->bytes / bytes_of(static_cast<DType>(slot->dtype));
        convert(DType::kF64, from, static_cast<DType>(slot->dtype), slots_.of(*slot), size);
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
          return outputs_of(data_.train);
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

  // The model's first output on every sample.
  std::vector<double> outputs_of(const Samples& samples) {
    std::vector<double> values;
    const int64_t each = elements_of(t_.outputs[0]);
    for_batches(samples,
                [&](const std::vector<std::vector<uint8_t>>& outputs, int64_t, int64_t count) {
                  for (int64_t i = 0; i < count * each; ++i)
                    values.push_back(value_at(outputs[1].data(), i));
                });
    return values;
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
                                   rate_of(t_.recipe, number, steps_, each_)};
    double raw[2] = {0, 0};
    const int code = t_.train_step(batches.at(order, state_.step % each_ * t_.batch, t_.batch),
                                   slots_.data(), &args, raw, arena_.memory.get());
    if (code != 0)
      return tl::unexpected(Error{format("the training step returned %d", code), Exit::kBug});
    for (int i = 0; i < 2; ++i)
      losses_[i] = value_at(raw, i);
    if (!std::isfinite(losses_[0]) || !std::isfinite(losses_[1])) return diverged(number);
    state_.step = number;
    state_.loss_sum += losses_[0];
    state_.penalty_sum += losses_[1];
    train_curve_.points.push_back({number, losses_[0]});
    if (!o_.log_steps.empty())
      log_ += std::to_string(number) + "," + shortest(losses_[0], t_.dtype == LINNET_F32) + "\n";
    return {};
  }

  double value_at(const void* floats, int64_t i) const {
    return t_.dtype == LINNET_F64 ? static_cast<const double*>(floats)[i]
                                  : static_cast<double>(static_cast<const float*>(floats)[i]);
  }

  // The parameters after the step say where it went wrong: the first that is not finite, in the
  // model's order, else the largest.
  tl::unexpected<Error> diverged(int64_t step) const {
    const linnet_slot_v1* worst = nullptr;
    double size = 0;
    for (int64_t i = 0; i < t_.slot_count && std::isfinite(size); ++i) {
      const linnet_slot_v1& slot = t_.slots[i];
      if (slot.dtype != t_.dtype || slot.kind == LINNET_OPTIMIZER) continue;
      const int64_t count = slot.bytes / bytes_of(static_cast<DType>(slot.dtype));
      for (int64_t k = 0; k < count && std::isfinite(size); ++k) {
        const double value = std::fabs(value_at(slots_.of(slot), k));
        if (value <= size) continue;  // NaN is not
        worst = &slot;
        size = value;
      }
    }
    std::string where;
    if (worst)
      where = format("; the %s parameter is '%s'",
                     std::isfinite(size) ? "largest" : "first that is not finite", worst->path);
    return fail(
        "step %lld: the loss is %g%s. A smaller lr, `clip: norm(1)` or a warm-up may help%s",
        static_cast<long long>(step), losses_[0] + losses_[1], where.c_str(),
        o_.output.empty() ? "" : "; the last checkpoint is as it was");
  }

  Result<void> end_epoch(Progress& progress) {
    const int64_t epoch = state_.step / each_;
    const double mean = state_.loss_sum / static_cast<double>(each_);
    const double penalty = state_.penalty_sum / static_cast<double>(each_);
    state_.loss_sum = state_.penalty_sum = 0;
    epoch_curve_.points.push_back({state_.step, mean});
    double loss = -1, accuracy = -1;
    if (data_.validation) {
      const Score score = evaluate(*data_.validation);
      loss = score.loss;
      accuracy = score.accuracy();
      validation_curve_.points.push_back({state_.step, loss});
      // Of equal accuracies the smaller loss is better.
      const double value = accuracy < 0 ? -loss : accuracy - loss * 1e-6;
      if (state_.best_epoch < 0 || value > state_.best_score) {
        state_.best_score = value;
        state_.best_epoch = epoch;
        state_.best = slots_.bytes();
      }
    }
    progress.epoch(epoch, mean, penalty, loss, accuracy);
    return {};
  }

  Result<void> save() {
    if (!o_.log_steps.empty()) LINNET_TRY(write_file(o_.log_steps, log_));
    if (o_.output.empty()) return {};
    return save_checkpoint(t_, o_.output + ".ckpt", slots_, state_);
  }

  Result<void> finish(TrainReport& report, Progress& progress) {
    if (state_.best_epoch >= 0) report.best_epoch = state_.best_epoch;
    const bool again = state_.finished;
    state_.finished = true;
    if (!again) LINNET_TRY(save());
    if (state_.best_epoch >= 0) slots_.assign(state_.best);
    if (!o_.output.empty() && (!again || !file_exists(o_.output)))
      LINNET_TRY(save_result(t_, o_.output, slots_.data(), data_.scales));
    report.train = evaluate(data_.train);
    if (data_.validation) report.validation = evaluate(*data_.validation);
    auto test = read_test(t_, o_.data, data_.scales);
    if (!test) return tl::unexpected(test.error());
    if (*test) {
      note_absent(progress, "test", **test);
      report.test = evaluate(**test);
    }
    std::vector<Curve> curves{train_curve_};
    if (!validation_curve_.points.empty()) curves.push_back(validation_curve_);
    if (!o_.logdir.empty()) LINNET_TRY(write_events(o_.logdir, curves));
    // A picture of single batches would be noise.
    if (epoch_curve_.points.size() > 2) curves.front() = epoch_curve_;
    if (!o_.plot.empty())
      LINNET_TRY(write_plot(o_.plot, std::string(t_.name) + ": " + t_.loss, curves));
    return {};
  }

  // Every sample once: the largest batch as often as it fits, then single ones. `use` gets the
  // loss and the outputs, the first sample and how many.
  template <class Use> void for_batches(const Samples& samples, Use use) {
    std::vector<int64_t> order(static_cast<size_t>(samples.count));
    for (size_t i = 0; i < order.size(); ++i)
      order[i] = static_cast<int64_t>(i);
    Batches batches(t_, samples);
    int64_t done = 0;
    for (int64_t e = 0; e < t_.evaluate_count; ++e) {
      const linnet_evaluate_entry_v1& entry = t_.evaluate[e];
      std::vector<std::vector<uint8_t>> outputs(1, std::vector<uint8_t>(8));
      for (int64_t i = 0; i < t_.output_count; ++i)
        outputs.emplace_back(static_cast<size_t>(elements_of(t_.outputs[i]) * entry.batch * 8));
      std::vector<void*> pointers;
      for (auto& output : outputs)
        pointers.push_back(output.data());
      for (; samples.count - done >= entry.batch; done += entry.batch) {
        entry.call(batches.at(order, done, entry.batch), slots_.data(), pointers.data(),
                   arena_.memory.get());
        use(outputs, done, entry.batch);
      }
    }
  }

  Score evaluate(const Samples& samples) {
    Score score;
    const int64_t classes = classes_output();
    score.count = samples.count * (classes >= 0 ? elements_of(t_.targets[0]) : 1);
    if (classes >= 0) score.correct = 0;
    double sum = 0;
    for_batches(samples, [&](const std::vector<std::vector<uint8_t>>& outputs, int64_t first,
                             int64_t count) {
      sum += value_at(outputs[0].data(), 0) * static_cast<double>(count);
      if (classes >= 0)
        score.correct += correct(outputs[static_cast<size_t>(classes) + 1].data(),
                                 t_.outputs[classes], samples, first, count);
    });
    score.loss = sum / static_cast<double>(samples.count);
    return score;
  }

  // The output whose target is a class, or −1.
  int64_t classes_output() const {
    if (t_.target_count == 0 || !t_.targets[0].classes || t_.targets[0].dtype != LINNET_I64)
      return -1;
    for (int64_t i = 0; i < t_.output_count; ++i) {
      if (std::strcmp(t_.outputs[i].name, t_.targets[0].name) == 0) return i;
    }
    return -1;
  }

  // Right answers of `count` samples; one of a window has several.
  int64_t correct(const void* values, const linnet_port_v1& port, const Samples& samples,
                  int64_t first, int64_t count) const {
    const int64_t classes = port.dims[port.rank - 1];
    const int64_t each = elements_of(t_.targets[0]);
    int64_t right = 0;
    for (int64_t i = 0; i < count * each; ++i) {
      int64_t best = 0;
      for (int64_t k = 1; k < classes; ++k) {
        if (value_at(values, i * classes + k) > value_at(values, i * classes + best)) best = k;
      }
      right += best == samples.targets[0].as<int64_t>()[static_cast<size_t>(first * each + i)];
    }
    return right;
  }

  const linnet_trainer_v1& t_;
  const TrainOptions& o_;
  Slots slots_;
  Aligned arena_;
  DataSet data_;
  RunState state_;
  std::string note_;
  std::string log_;
  Curve train_curve_{"train loss", {}}, epoch_curve_{"train loss", {}},
      validation_curve_{"validation loss", {}};
  double losses_[2] = {0, 0};
  int64_t each_ = 1;   // steps of an epoch
  int64_t steps_ = 0;  // of the whole run
};

std::string score_text(const char* name, const Score& score, bool interval) {
  std::string text = format("%-11s loss %.4f", name, score.loss);
  if (score.correct < 0) return text + "\n";
  text += format("  accuracy %.2f %% (%lld of %lld", 100 * score.accuracy(),
                 static_cast<long long>(score.correct), static_cast<long long>(score.count));
  if (interval) {
    const Interval bounds = wilson(score.correct, score.count);
    text += format("; 95 %% interval %.1f to %.1f %%", 100 * bounds.low, 100 * bounds.high);
  }
  return text + ")\n";
}

std::string score_json(const char* name, const Score& score) {
  std::string text = format("\"%s\":{\"n\":%lld,\"loss\":%.9g", name,
                            static_cast<long long>(score.count), score.loss);
  if (score.correct >= 0) {
    const Interval bounds = wilson(score.correct, score.count);
    text +=
        format(",\"correct\":%lld,\"accuracy\":%.6f,\"interval\":[%.6f,%.6f]",
               static_cast<long long>(score.correct), score.accuracy(), bounds.low, bounds.high);
  }
  return text + "}";
}

}  // namespace

double rate_of(const linnet_recipe_v1& recipe, int64_t step, int64_t steps,
               int64_t steps_an_epoch) {
  using Math = math::Scalar<double>;
  double rate = recipe.lr;
  if (recipe.schedule == LINNET_STEP) {
    const int64_t times = (step - 1) / steps_an_epoch / std::max<int64_t>(recipe.step_size, 1);
    for (int64_t i = 0; i < times && rate != 0; ++i)
      rate *= recipe.gamma;
  } else if (recipe.schedule == LINNET_COSINE) {
    const double part =
        static_cast<double>(step - 1) / static_cast<double>(std::max<int64_t>(steps, 1));
    const double wave = (1 + math::cos<Math>(std::numbers::pi * part)) * 0.5;
    rate = recipe.min_lr + (recipe.lr - recipe.min_lr) * wave;
  }
  if (step <= recipe.warmup) rate *= static_cast<double>(step) / static_cast<double>(recipe.warmup);
  return rate;
}

Interval wilson(int64_t correct, int64_t count) {
  if (count == 0) return {0, 1};
  constexpr double kZ = 1.959963984540054;  // the 97.5 % point of the normal distribution
  const auto n = static_cast<double>(count);
  const double p = static_cast<double>(correct) / n;
  const double centre = p + kZ * kZ / (2 * n);
  const double spread = kZ * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n));
  const double scale = 1 + kZ * kZ / n;
  return {std::max(0.0, (centre - spread) / scale), std::min(1.0, (centre + spread) / scale)};
}

std::string report_text(const TrainReport& report, bool json) {
  if (json) {
    std::string text =
        format("{\"steps\":%lld,\"best_epoch\":%lld,", static_cast<long long>(report.steps),
               static_cast<long long>(report.best_epoch));
    text += score_json("train", report.train);
    if (report.validation) text += "," + score_json("validation", *report.validation);
    if (report.test) text += "," + score_json("test", *report.test);
    return text + "}\n";
  }
  std::string text = score_text("train", report.train, false);
  if (report.validation) text += score_text("validation", *report.validation, false);
  if (report.test) text += score_text("test", *report.test, true);
  return text;
}

Result<TrainReport> train(const linnet_trainer_v1& trainer, const TrainOptions& options) {
  return Loop(trainer, options).run();
}

}  // namespace linnet::runtime::train
