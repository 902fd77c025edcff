// What a training run is asked for: the flags of `linnet train` and of a trainer.
#pragma once

#include "base/result.h"

#include "base/abi/train.h"

#include <cstdint>
#include <string>

namespace linnet::runtime::train {

struct History;

inline constexpr int64_t kDataMemory = 256;
// 0, or that of the checkpoint that is resumed.
inline constexpr uint64_t kNoSeed = UINT64_MAX;

struct TrainOptions {
  std::string data;
  int64_t epochs = 0;  // 0: as the recipe says
  int64_t steps = 0;   // 0: as the recipe says; counts before epochs
  int64_t threads = 1;
  int64_t data_memory = kDataMemory;  // MiB of samples that are kept; of more none are
  uint64_t seed = kNoSeed;
  std::string init;       // weights to begin with, .safetensors
  std::string resume;     // a checkpoint, or the result it stands beside
  std::string output;     // "": where --resume read, else MODEL.safetensors in this folder
  std::string log_steps;  // CSV
  std::string logdir;     // TensorBoard
  std::string plot;       // SVG
  bool file_order = false;
  bool wall_time = false;  // TensorBoard's events have the clock's time instead of the step
  bool json = false;
  bool quiet = false;
  History* history = nullptr;  // filled in while the run goes on; null: nobody asks
};

// The flags of a trainer that stands alone; --help and --version are answered here, with `done`.
struct Parsed {
  TrainOptions options;
  bool done = false;
};
[[nodiscard]] Result<Parsed> parse_train_options(const linnet_trainer_v1& trainer, int argc,
                                                 char** argv);

}  // namespace linnet::runtime::train
