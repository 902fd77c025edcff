// Threads for the tiles of kernels. Which thread computes a tile changes no bit.
#pragma once

#include "base/abi/train.h"

namespace linnet::runtime::train {

// While it lives, the trainer's kernels split their tiles among `count` threads, this one included.
// One at a time in a process.
class Threads {
public:
  Threads(const linnet_trainer_v1& trainer, int count);
  ~Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

private:
  const linnet_trainer_v1& trainer_;
  bool begun_ = false;
};

}  // namespace linnet::runtime::train
