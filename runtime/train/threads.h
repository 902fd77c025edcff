// Threads for the tiles of kernels. Which thread computes a tile changes no bit.
#pragma once

#include "base/abi/train.h"

namespace linnet::runtime::train {

// While it lives, the trainer's kernels split their tiles among `count` threads, this one included;
// not those of a job that is shared already.
// One at a time in a process.
class Threads {
public:
  Threads(const linnet_trainer_v1& trainer, int count);
  ~Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  // How many there are; fewer than were asked for where the system has none.
  [[nodiscard]] int count() const { return begun_ ? count_ : 1; }
  // job(closure, i) for each i below `count`, on any of them; returns when all are done.
  using Job = void (*)(void* closure, int64_t i);
  void each(int64_t count, Job job, void* closure) const;

private:
  const linnet_trainer_v1& trainer_;
  int count_;
  bool begun_ = false;
};

}  // namespace linnet::runtime::train
