// The roof: as many multiply-adds as one core can do, measured with generated code.
#pragma once

#include "codegen/target.h"

#include <cstdint>
#include <memory>

namespace linnet::codegen {

class Loaded;

// A loop of independent chains of fused multiply-adds (products and sums where the target has no
// FMA) on the target's widest vectors.
class PeakLoop {
public:
  explicit PeakLoop(const Target& target);
  ~PeakLoop();
  void run(int64_t steps) const;
  [[nodiscard]] int64_t flops(int64_t steps) const;

private:
  std::unique_ptr<Loaded> code_;
  void (*loop_)(int64_t, float*) = nullptr;
  int64_t lanes_ = 0;
};

}  // namespace linnet::codegen
