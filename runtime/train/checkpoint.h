// The full state of a training run in one file, and its result in another.
#pragma once

#include "base/io/tensor.h"
#include "base/memory.h"
#include "base/result.h"
#include "runtime/data/samples.h"
#include "runtime/train/schedule.h"

#include "base/abi/train.h"

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::runtime::train {

// The blob of slots a step works on.
class Slots {
public:
  explicit Slots(const linnet_trainer_v1& trainer);
  [[nodiscard]] uint8_t* data() const { return static_cast<uint8_t*>(memory_.get()); }
  [[nodiscard]] uint8_t* of(const linnet_slot_v1& slot) const { return data() + slot.offset; }
  // Initial values of all slots by the seed.
  void initialize(uint64_t seed);
  [[nodiscard]] std::vector<uint8_t> bytes() const;
  void assign(const std::vector<uint8_t>& bytes);

private:
  const linnet_trainer_v1* trainer_;
  std::unique_ptr<void, FreeMemory> memory_;
};

// Numbers that change with any bit: of bytes behind what was hashed before, of a text, of any slot.
[[nodiscard]] uint64_t hash_of_bytes(uint64_t before, const void* data, size_t bytes);
[[nodiscard]] uint64_t hash_of_text(std::string_view text);
[[nodiscard]] uint64_t hash_of(const linnet_trainer_v1& trainer, const Slots& slots);

// Where a run stands besides its slots.
struct RunState {
  int64_t step = 0;  // steps done
  uint64_t seed = 0;
  uint64_t samples = 0;  // their fingerprint; 0: not known
  bool file_order = false;
  bool finished = false;
  double best_score = 0;                     // the higher, the better
  double best_loss = 0, best_accuracy = -1;  // of validation in the best epoch
  int64_t best_epoch = -1;                   // -1: none yet
  std::vector<uint8_t> best;  // parameters and buffers of the best epoch, as a blob of slots
  ScheduleState schedule;
  double loss_sum = 0, penalty_sum = 0;  // of this epoch's steps
  // Of epochs at even distance, at most kMostHistory: last step, loss, loss of validation.
  static constexpr int64_t kMostHistory = 512;
  std::vector<double> history;
  void add_to_history(int64_t epoch, double step, double loss, double validation_loss);
};

// Writes F.ckpt, the one before becoming F.ckpt.prev.
[[nodiscard]] Result<void> save_checkpoint(const linnet_trainer_v1& trainer,
                                           const std::string& path, const Slots& slots,
                                           const RunState& state);
// Reads it, or the one before where it is damaged, which `note` then says.
[[nodiscard]] Result<RunState> load_checkpoint(const linnet_trainer_v1& trainer,
                                               const std::string& path, Slots& slots,
                                               std::string& note);

// Parameters and buffers (of `blob`, laid out like the slots) as safetensors, with the scales.
[[nodiscard]] Result<void> save_result(const linnet_trainer_v1& trainer, const std::string& path,
                                       const uint8_t* blob, const std::vector<Scale>& scales);
// Fills parameters and buffers from a safetensors file: each must be there, of its shape.
[[nodiscard]] Result<void> load_weights(const linnet_trainer_v1& trainer, const std::string& path,
                                        Slots& slots);

}  // namespace linnet::runtime::train
