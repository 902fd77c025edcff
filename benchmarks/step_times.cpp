// step_times MODEL BLOCKS: what one shard of a model's training step takes, and when in it which
// bytes of its gradients are final, as JSON. Shards write so many blocks by turns, as those of a
// process do.
#include "benchmarks/timing.h"
#include "driver/host.h"
#include "driver/train.h"
#include "runtime/data/batches.h"
#include "runtime/train/checkpoint.h"
#include "runtime/train/exchange.h"

#include "base/philox.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <numeric>
#include <span>
#include <vector>

namespace {

using namespace linnet;
using namespace linnet::benchmarks;
using runtime::train::kFlagBytes;

// What the code of a shard tells, and when.
struct Told {
  double ns;
  int64_t from;
};
std::vector<Told> told;
Clock::time_point begun;
void note(void*, int64_t from) {
  told.push_back({ns_since(begun), from});
}

// Calls `work` for half a second or seven times, whichever is longer.
template <class Work> void repeat(Work work) {
  const auto begin = Clock::now();
  for (int i = 0; i < 7 || ns_since(begin) < 5e8; ++i)
    work();
}

// Inputs are noise of 0 … 1; targets are 0, a value as good as any and the number of a class.
class Noise final : public runtime::train::Source {
public:
  explicit Noise(const linnet_trainer_v1& trainer)
      : bytes_(runtime::train::samples_of(trainer, 0, nullptr).bytes),
        inputs_(static_cast<size_t>(trainer.input_count)) {}

  Result<void> fill(std::span<const int64_t> which, std::span<uint8_t* const> to) const override {
    for (size_t port = 0; port < to.size(); ++port) {
      const auto bytes = static_cast<size_t>(bytes_[port]);
      std::memset(to[port], 0, bytes * which.size());
      auto* values = reinterpret_cast<float*>(to[port]);
      const size_t count = port < inputs_ ? which.size() * bytes / sizeof(float) : 0;
      for (size_t i = 0; i < count; ++i)
        values[i] = static_cast<float>(philox_uniform_f64(1, 0, 0, i));
    }
    return {};
  }

private:
  std::vector<int64_t> bytes_;  // of one sample, by port
  size_t inputs_;
};

class Step {
public:
  Step(const linnet_trainer_v1& trainer, int64_t blocks)
      : t_(trainer), s_(*trainer.shards),
        samples_(samples_of(trainer, trainer.batch, std::make_shared<Noise>(trainer))),
        batches_(trainer, samples_), slots_(trainer), count_(blocks),
        blocks_(blocks * (s_.block_bytes + kFlagBytes)),
        arena_(std::max(s_.arena_bytes, trainer.arena_bytes)),
        order_(static_cast<size_t>(trainer.batch)) {
    slots_.initialize(1);
    std::iota(order_.begin(), order_.end(), 0);
    std::memset(blocks_.memory.get(), 0,
                static_cast<size_t>(blocks * (s_.block_bytes + kFlagBytes)));
    batches_.reserve(t_.batch, s_.count);
    batches_.fill(order_, 0, 0, t_.batch / s_.count);
    if (s_.finished) *s_.finished = note;
  }

  void print() {
    std::vector<std::vector<Told>> rounds;
    std::vector<double> shards, updates, sums;
    take_shard();
    repeat([&] {
      shards.push_back(take_shard());
      rounds.push_back(told);
    });
    repeat([&] { updates.push_back(update()); });
    repeat([&] { sums.push_back(add() / static_cast<double>(s_.block_bytes)); });
    std::printf("{\"batch\":%lld,\"shards\":%lld,\"block_bytes\":%lld,\"shard_ns\":%.1f,"
                "\"update_ns\":%.1f,\"add_ns_per_byte\":%.5f,\"told\":[",
                static_cast<long long>(t_.batch), static_cast<long long>(s_.count),
                static_cast<long long>(s_.block_bytes + kFlagBytes), median(shards),
                median(updates), median(sums));
    for (size_t i = 0; i < rounds.front().size(); ++i) {
      std::vector<double> times;
      for (const auto& round : rounds)
        times.push_back(round[i].ns);
      std::printf("%s[%.1f,%lld]", i == 0 ? "" : ",", median(times),
                  static_cast<long long>(rounds.front()[i].from + kFlagBytes));
    }
    std::printf("]}\n");
  }

private:
  double take_shard() {
    told.clear();
    block_ = (block_ + 1) % count_;
    begun = Clock::now();
    s_.step(batches_.part(0), slots_.data(), &args_, numbers(block_), arena_.memory.get());
    return ns_since(begun);
  }
  // With a learning rate of 0: values stay those of the beginning.
  double update() {
    double losses[2];
    const auto begin = Clock::now();
    s_.update(numbers(0), slots_.data(), &args_, losses, arena_.memory.get());
    return ns_since(begin);
  }
  double add() {
    block_ = (block_ + 1) % count_;
    const auto begin = Clock::now();
    runtime::train::add_numbers(DType::kF32, numbers(0), numbers(block_), s_.block_bytes);
    return ns_since(begin);
  }
  [[nodiscard]] uint8_t* numbers(int64_t block) const {
    return static_cast<uint8_t*>(blocks_.memory.get()) + block * (s_.block_bytes + kFlagBytes) +
           kFlagBytes;
  }

  const linnet_trainer_v1& t_;
  const linnet_shards_v1& s_;
  runtime::train::Samples samples_;
  runtime::train::Batches batches_;
  runtime::train::Slots slots_;
  int64_t count_, block_ = 0;
  runtime::train::Aligned blocks_, arena_;
  std::vector<int64_t> order_;
  linnet_step_args_v1 args_{7, 1, 0, 0, 0};
};

int run(const char* path, int64_t blocks) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  const driver::Host host{sources, diagnostics};
  driver::ModelOptions options;
  options.path = path;
  const auto failed = [&] {
    std::fputs(diagnostics.text().c_str(), stderr);
    return 2;
  };
  auto model = driver::Model::open(options, host);
  if (!model) return failed();
  driver::TrainerOptions build;
  build.here = build.product = build.no_cache = true;
  const auto product = driver::trainer(*model, codegen::find_target("native").target, build, host);
  if (!product) return failed();
  const auto loaded = driver::load_trainer(*product, host);
  if (!loaded) return failed();
  if (!loaded->trainer->shards) {
    std::fprintf(stderr, "%s: its train block has no shards\n", path);
    return 2;
  }
  Step(*loaded->trainer, blocks).print();
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const int64_t blocks = count == 3 ? std::atoll(arguments[2]) : 0;
  if (blocks > 0) return run(arguments[1], blocks);
  std::fputs("usage: step_times MODEL BLOCKS\n", stderr);
  return 2;
}
