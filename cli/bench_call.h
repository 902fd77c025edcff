// What `linnet bench` times: one call of a model, or a training step, on memory of its own; whole,
// and with the clock read around each of its kernels.
#pragma once

#include "cli/session.h"
#include "driver/call.h"
#include "driver/train.h"

#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace linnet::cli {

// ns. The clock of some machines ticks but every 10 ns, so that the mean of the samples between the
// quartiles stands for the median of what is timed one by one.
struct Timing {
  double median = 0;           // of `rounds`, but not below 0
  double p99 = 0;              // of all samples
  std::vector<double> rounds;  // the median of each
};

class BenchCall {
public:
  // The largest batch of what was built with `product` and `timed_entries`. `inputs`:
  // NAME=F.npy of every input at that batch; none: small numbers, the same on every run.
  // nullptr, with an error, if files or machine do not fit. `shift`: bytes, a multiple of 64, by
  // which the arena begins later than usual; how memory lies may change what a kernel takes.
  [[nodiscard]] static std::unique_ptr<BenchCall> of_model(Session& session,
                                                           const driver::Product& built,
                                                           const std::vector<std::string>& inputs,
                                                           size_t shift = 0);
  // A training step at learning rate 0, so that the parameters stay what they are.
  [[nodiscard]] static std::unique_ptr<BenchCall> of_trainer(Session& session,
                                                             const driver::Product& built,
                                                             const std::vector<std::string>& inputs,
                                                             uint64_t seed);

  [[nodiscard]] const ir::Module& module() const { return *module_; }
  [[nodiscard]] const ir::Graph& graph() const { return *graph_; }
  [[nodiscard]] int64_t batch() const { return batch_; }
  // The calls of kernels, in order.
  [[nodiscard]] const std::vector<const ir::Node*>& steps() const { return steps_; }

  void restart() const;  // state as it was in the beginning
  void whole() const { whole_(); }
  // ticks: of codegen::TimedEntry, two more than steps.
  void timed(uint64_t* ticks) const;
  void first(int64_t count) const;  // steps, without a clock
  // Outputs and arena full of what no call leaves there: what results() then tells, a call wrote.
  void poison() const;
  // All that the call wrote for its caller: outputs, then slots.
  [[nodiscard]] std::vector<std::byte> results() const;

private:
  struct Buffer {
    explicit Buffer(size_t size) : Buffer(size, size) {}
    Buffer(size_t size, size_t room) : bytes(room), size(size) {
      std::memset(bytes.data(), 0, room);
    }
    driver::AlignedBytes bytes;
    size_t size;
  };
  BenchCall(const ir::Module& module, const ir::Graph& graph);
  [[nodiscard]] bool take_inputs(Session& session, const std::vector<std::string>& files);
  void take_step();
  void take_shard();
  void take_slots(const void* slots, size_t bytes);
  void take_arena(int64_t bytes, size_t shift = 0);
  void take_code(const std::function<void*(const std::string&)>& symbol, const std::string& entry);

  const ir::Module* module_;
  const ir::Graph* graph_;
  int64_t batch_ = 1;
  std::vector<const ir::Node*> steps_;
  std::unique_ptr<driver::Callable> model_;
  std::optional<driver::LoadedTrainer> trainer_;
  std::vector<Buffer> inputs_, outputs_, others_;
  std::vector<const void*> from_;
  std::vector<void*> to_;
  std::vector<std::byte> first_slots_;
  void* slots_ = nullptr;
  void* arena_ = nullptr;
  size_t arena_bytes_ = 0;
  linnet_step_args_v1 args_{0, 1, 0.0, 0, 0};
  std::function<void()> whole_;
  codegen::TimedEntry timed_ = nullptr;
  codegen::PartialEntry partial_ = nullptr;
};

struct Measured {
  Timing whole;
  std::vector<Timing> steps;
};

// Whole calls and timed ones in turn, round by round, so that a noisy neighbour meets them alike.
// What reading the clock costs is taken off. In calls of less than 10 µs a kernel is shorter than
// the clock's ticks: there it is the difference of the call up to it with it and without it. Fails
// as a bug of linnet if they do not give the same bits.
[[nodiscard]] Measured measure(Session& session, const BenchCall& call, int64_t warm_up,
                               int64_t rounds);

// The least that one call takes, ns: of samples of at least 20 µs, about 2 ms a round.
[[nodiscard]] double least_ns(const std::function<void()>& call, int64_t rounds);

}  // namespace linnet::cli
