// Memory, functions and rounds of `linnet bench`.
#include "cli/bench_call.h"

#include "cli/statistics.h"
#include "cli/tensor_files.h"
#include "ir/entries.h"
#include "ir/loop.h"
#include "ir/op_def.h"
#include "passes/lib/shard_block.h"
#include "support/check.h"

#include "base/philox.h"
#include "runtime/train/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>

namespace linnet::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kRoundNs = 4e6;    // of whole calls, if one takes less
constexpr double kSampleNs = 20e3;  // beside which reading the clock is nothing
constexpr double kShortNs = 10e3;   // calls whose kernels may be shorter than a tick of the clock
constexpr int64_t kTimedPerRound = 256;

double ns_since(Clock::time_point start) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

double once(const std::function<void()>& call, int64_t times) {
  const auto start = Clock::now();
  for (int64_t i = 0; i < times; ++i)
    call();
  return ns_since(start) / static_cast<double>(times);
}

// The median of single readings of the clock.
double median_of_ticks(std::vector<double> ticks) {
  std::ranges::sort(ticks);
  const size_t first = ticks.size() / 4, last = ticks.size() - first;
  double sum = 0;
  for (size_t i = first; i < last; ++i)
    sum += ticks[i];
  return sum / static_cast<double>(last - first);
}

// Samples of one thing, round by round.
class Samples {
public:
  explicit Samples(double (*middle)(std::vector<double>) = median) : middle_(middle) {}
  void add(double sample) { all_.push_back(sample); }
  void end_round() {
    rounds_.push_back(middle_({all_.begin() + static_cast<std::ptrdiff_t>(ended_), all_.end()}));
    ended_ = all_.size();
  }
  // Of what is `tick` long; `less` is taken off first, round by round and of the percentile.
  [[nodiscard]] Timing timing(double tick, const Timing& less) const {
    std::vector<double> sorted = all_, rounds = rounds_;
    std::ranges::sort(sorted);
    for (size_t i = 0; i < rounds.size(); ++i)
      rounds[i] = (rounds[i] - (less.rounds.empty() ? less.median : less.rounds[i])) * tick;
    const double p99 = (percentile(sorted, 9900) - less.median) * tick;
    return {std::max(median(rounds), 0.0), std::max(p99, 0.0), rounds};
  }
  [[nodiscard]] Timing timing() const { return timing(1, {}); }

private:
  double (*middle_)(std::vector<double>);
  std::vector<double> all_, rounds_;
  size_t ended_ = 0;  // of all, those in a round that is over
};

// How often a call that takes `ns` is made for one sample, and how many samples make a round.
struct Repeats {
  Repeats(double ns, double round_ns)
      : calls(std::max<int64_t>(static_cast<int64_t>(kSampleNs / ns), 1)),
        samples(std::max<int64_t>(
            static_cast<int64_t>(round_ns / (ns * static_cast<double>(calls))), 1)) {}
  int64_t calls, samples;
};

// Small numbers, so that nothing overflows.
void fill(void* memory, size_t bytes, ir::DType dtype, uint32_t stream) {
  if (dtype == ir::DType::kF32) {
    auto* values = static_cast<float*>(memory);
    for (size_t i = 0; i < bytes / 4; ++i)
      values[i] = philox_uniform_f32(0, stream, 0, i) - 0.5F;
  } else if (dtype == ir::DType::kF64) {
    auto* values = static_cast<double*>(memory);
    for (size_t i = 0; i < bytes / 8; ++i)
      values[i] = philox_uniform_f64(0, stream, 0, i) - 0.5;
  } else {
    std::memset(memory, 1, bytes);
  }
}

}  // namespace

BenchCall::BenchCall(const ir::Module& module, const ir::Graph& graph)
    : module_(&module), graph_(&graph), steps_(ir::calls_of(graph)) {}

bool BenchCall::take_inputs(Session& session, const std::vector<std::string>& files) {
  std::vector<Port> ports;
  for (const ir::GraphInput& input : graph_->inputs) {
    const ir::Value& value = graph_->value(input.value);
    if (input.slot.empty()) ports.push_back({value.name, value.type});
  }
  std::optional<std::vector<Tensor>> tensors;
  if (!files.empty()) {
    int64_t samples = 0;
    tensors = read_inputs(session, files, ports, false, samples);
    if (!tensors) return false;
  }
  for (size_t i = 0; i < ports.size(); ++i) {
    const ir::Type& type = ports[i].type;
    inputs_.emplace_back(static_cast<size_t>(type.stored_bytes()));
    Buffer& buffer = inputs_.back();
    if (tensors) {
      std::memcpy(buffer.bytes.data(), (*tensors)[i].data.data(),
                  std::min(buffer.size, (*tensors)[i].data.size()));
    } else {
      fill(buffer.bytes.data(), buffer.size, type.dtype, static_cast<uint32_t>(i) + 1);
    }
    from_.push_back(buffer.bytes.data());
  }
  return true;
}

void BenchCall::take_slots(const void* slots, size_t bytes) {
  others_.emplace_back(bytes);
  slots_ = others_.back().bytes.data();
  const auto* first = static_cast<const std::byte*>(slots);
  first_slots_.assign(first, first + bytes);
  restart();
}

void BenchCall::restart() const {
  if (!first_slots_.empty()) std::memcpy(slots_, first_slots_.data(), first_slots_.size());
}

void BenchCall::take_arena(int64_t bytes, size_t shift) {
  arena_bytes_ = static_cast<size_t>(bytes);
  others_.emplace_back(arena_bytes_, arena_bytes_ + shift);
  arena_ = static_cast<std::byte*>(others_.back().bytes.data()) + shift;
}

void BenchCall::poison() const {
  for (const Buffer& output : outputs_)
    std::memset(output.bytes.data(), 0xa5, output.size);
  std::memset(arena_, 0xa5, arena_bytes_);
}

void BenchCall::timed(uint64_t* ticks) const {
  const int status = timed_(from_.data(), to_.data(), slots_, &args_, arena_, ticks);
  LINNET_CHECK(status == 0, fmt::format("the timed call returned {}", status));
}

void BenchCall::first(int64_t count) const {
  const int status = partial_(from_.data(), to_.data(), slots_, &args_, arena_, count);
  LINNET_CHECK(status == 0, fmt::format("the partial call returned {}", status));
}

void BenchCall::take_code(const std::function<void*(const std::string&)>& symbol,
                          const std::string& entry) {
  timed_ = reinterpret_cast<codegen::TimedEntry>(symbol(entry + codegen::kTimedSuffix));
  partial_ = reinterpret_cast<codegen::PartialEntry>(symbol(entry + codegen::kPartialSuffix));
  LINNET_CHECK(timed_ && partial_, "the object has no timed " + entry);
}

std::vector<std::byte> BenchCall::results() const {
  std::vector<std::byte> all;
  const auto add = [&](const void* memory, size_t size) {
    const auto* bytes = static_cast<const std::byte*>(memory);
    all.insert(all.end(), bytes, bytes + size);
  };
  for (const Buffer& output : outputs_)
    add(output.bytes.data(), output.size);
  if (slots_) add(slots_, first_slots_.size());
  return all;
}

std::unique_ptr<BenchCall> BenchCall::of_model(Session& session, const driver::Product& built,
                                               const std::vector<std::string>& inputs,
                                               size_t shift) {
  const ir::Module& module = built.modules.front();
  std::unique_ptr<BenchCall> made(new BenchCall(module, module.graphs.front()));
  made->model_ = driver::Callable::load(built, session.host);
  if (!made->model_) return nullptr;
  const linnet_model_v1& model = made->model_->model();
  const linnet_entry_v1& entry = model.entries[0];
  made->batch_ = entry.batch;
  if (!made->take_inputs(session, inputs)) return nullptr;
  for (const ir::GraphOutput& output : made->graph_->outputs) {
    if (!output.slot.empty()) continue;
    const ir::Type& type = made->graph_->value(output.value).type;
    made->outputs_.emplace_back(static_cast<size_t>(type.stored_bytes()));
    made->to_.push_back(made->outputs_.back().bytes.data());
  }
  if (const linnet_stream_v1* stream = model.stream) {
    const Buffer first(static_cast<size_t>(stream->state_bytes));
    stream->reset(first.bytes.data());
    made->take_slots(first.bytes.data(), first.size);
  }
  made->take_arena(entry.arena_bytes, shift);
  const bool step = made->graph_->name == ir::kStep;
  made->take_code([&](const std::string& name) { return made->model_->symbol(name); },
                  built.compiled.name + (step ? "_step" : "_run"));
  made->whole_ = [call = made.get(), entry] {
    entry.call(call->from_.data(), call->to_.data(), call->slots_, call->arena_);
  };
  return made;
}

std::unique_ptr<BenchCall> BenchCall::of_trainer(Session& session, const driver::Product& built,
                                                 const std::vector<std::string>& inputs,
                                                 uint64_t seed) {
  const ir::Module& module = built.modules.front();
  const ir::Graph& step = driver::step_graph(module);
  const bool shard = step.name == ir::kShardStep;
  std::unique_ptr<BenchCall> made(new BenchCall(module, step));
  made->trainer_ = driver::load_trainer(built, session.host);
  if (!made->trainer_) return nullptr;
  const linnet_trainer_v1* trainer = made->trainer_->trainer;
  made->batch_ = trainer->batch / (shard ? trainer->shards->count : 1);
  if (!made->take_inputs(session, inputs)) return nullptr;
  runtime::train::Slots slots(*trainer);
  slots.initialize(seed);
  made->take_slots(slots.data(), static_cast<size_t>(trainer->slots_bytes));
  made->args_.seed = static_cast<int64_t>(seed);
  shard ? made->take_shard() : made->take_step();
  made->take_code([&](const std::string& name) { return made->trainer_->code->symbol(name); },
                  fmt::format("{}_{}", built.compiled.name, made->graph_->name));
  return made;
}

// Of a step with shards one of them: its block.
void BenchCall::take_shard() {
  const linnet_shards_v1* shards = trainer_->trainer->shards;
  outputs_.emplace_back(static_cast<size_t>(shards->block_bytes));
  auto* block = static_cast<std::byte*>(outputs_.back().bytes.data());
  for (const int64_t offset : passes::block_layout(*graph_).offsets)
    to_.push_back(block + offset);
  take_arena(shards->arena_bytes);
  // Where shards wait for each other, it goes on with what it has itself.
  whole_ = [this, shards, block] {
    for (args_.phase = 0; args_.phase <= shards->point_count; ++args_.phase)
      shards->step(from_.data(), slots_, &args_, block, arena_);
  };
}

void BenchCall::take_step() {
  const linnet_trainer_v1* trainer = trainer_->trainer;
  // Loss and penalty, side by side.
  std::vector<size_t> losses;
  for (const ir::GraphOutput& output : graph_->outputs) {
    if (output.slot.empty())
      losses.push_back(static_cast<size_t>(graph_->value(output.value).type.stored_bytes()));
  }
  LINNET_CHECK(losses.size() == 1 || (losses.size() == 2 && losses[0] == losses[1]),
               "the outputs of a training step are not its losses");
  // The whole step writes a penalty of 0 where the model has none.
  outputs_.emplace_back(losses.size() * losses[0], 2 * losses[0]);
  auto* first = static_cast<std::byte*>(outputs_.back().bytes.data());
  for (size_t i = 0; i < losses.size(); ++i)
    to_.push_back(first + i * losses[0]);
  take_arena(trainer->arena_bytes);
  whole_ = [this, trainer] {
    trainer->train_step(from_.data(), slots_, &args_, to_.front(), arena_);
  };
}

double least_ns(const std::function<void()>& call, int64_t rounds) {
  const Repeats repeats(std::max(once(call, 3), 1.0), kRoundNs / 2);
  double least = once(call, repeats.calls);
  for (int64_t i = 0; i < rounds * repeats.samples; ++i)
    least = std::min(least, once(call, repeats.calls));
  return least;
}

namespace {

void check_same_bits(const BenchCall& call) {
  const auto results_of = [&](const std::function<void()>& run) {
    call.restart();
    call.poison();
    run();
    return call.results();
  };
  std::vector<uint64_t> ticks(call.steps().size() + 2);
  const auto results = results_of([&] { call.whole(); });
  LINNET_CHECK(results_of([&] { call.timed(ticks.data()); }) == results,
               "the timed call gives other bits than the call");
  LINNET_CHECK(results_of([&] { call.first(static_cast<int64_t>(call.steps().size())); }) ==
                   results,
               "the partial call gives other bits than the call");
}

// Samples of each step, in ticks of the clock.
class TimedSteps {
public:
  explicit TimedSteps(const BenchCall& call)
      : call_(call), ticks_(call.steps().size() + 2),
        samples_(call.steps().size() + 1, Samples(median_of_ticks)) {
    call_.timed(ticks_.data());
    first_tick_ = ticks_[0];
  }
  void round(int64_t calls) {
    call_.restart();
    for (int64_t i = 0; i < calls; ++i) {
      call_.timed(ticks_.data());
      for (size_t step = 0; step < samples_.size(); ++step)
        samples_[step].add(static_cast<double>(ticks_[step + 1] - ticks_[step]));
    }
    for (Samples& step : samples_)
      step.end_round();
  }
  // A tick is as long as the time since construction says.
  std::vector<Timing> result() {
    const double span = ns_since(first_);
    call_.timed(ticks_.data());
    const double tick = span / static_cast<double>(ticks_[0] - first_tick_);
    const Timing reading{samples_.back().timing().median, 0, {}};
    samples_.pop_back();
    std::vector<Timing> steps;
    for (const Samples& step : samples_)
      steps.push_back(step.timing(tick, reading));
    return steps;
  }

private:
  const BenchCall& call_;
  const Clock::time_point first_ = Clock::now();
  uint64_t first_tick_ = 0;
  std::vector<uint64_t> ticks_;
  std::vector<Samples> samples_;  // of each step; last, of reading the clock
};

// Of calls of the first steps, none to all of them.
class PartialSteps {
public:
  explicit PartialSteps(const BenchCall& call) : call_(call), samples_(call.steps().size() + 1) {}
  void round(int64_t calls) {
    constexpr int kSamples = 8;
    for (size_t count = 0; count < samples_.size(); ++count) {
      call_.restart();
      const auto part = [&] { call_.first(static_cast<int64_t>(count)); };
      for (int i = 0; i < kSamples; ++i)
        samples_[count].add(once(part, calls));
      samples_[count].end_round();
    }
  }
  std::vector<Timing> result() {
    std::vector<Timing> steps;
    for (size_t i = 1; i < samples_.size(); ++i)
      steps.push_back(samples_[i].timing(1, samples_[i - 1].timing()));
    return steps;
  }

private:
  const BenchCall& call_;
  std::vector<Samples> samples_;
};

}  // namespace

Measured measure(Session& session, const BenchCall& call, int64_t warm_up, int64_t rounds) {
  const Working working(session, "measuring", static_cast<size_t>(rounds));
  check_same_bits(call);
  TimedSteps timed(call);
  PartialSteps partial(call);
  for (int64_t i = 0; i < warm_up; ++i)
    call.whole();
  const auto whole = [&] { call.whole(); };
  const double about = std::max(once(whole, 3), 1.0);
  const Repeats repeats(about, kRoundNs);
  const bool is_short = about < kShortNs;
  Samples samples;
  for (int64_t round = 0; round < rounds; ++round) {
    call.restart();
    for (int64_t i = 0; i < repeats.samples; ++i)
      samples.add(once(whole, repeats.calls));
    samples.end_round();
    is_short ? partial.round(repeats.calls)
             : timed.round(std::min(repeats.calls * repeats.samples, kTimedPerRound));
    session.progress.done(static_cast<size_t>(round) + 1);
  }
  return {samples.timing(), is_short ? partial.result() : timed.result()};
}

}  // namespace linnet::cli
