// The roofs: as many multiply-adds as one core can do and as many bytes as it can read, measured
// with generated code.
#pragma once

#include "codegen/object/target.h"

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

// A loop that reads memory with the target's widest vectors, each byte once.
class ReadLoop {
public:
  // Bytes of an iteration; what run() is given is a multiple. Of 1,024 bytes, with 16 loads of as
  // many addresses apart, prefetching gives half of it from memory (Zen 5: 8.4 GB/s, not 15.9).
  static constexpr int64_t kStep = 512;

  explicit ReadLoop(const Target& target);
  ~ReadLoop();
  // `memory` at a multiple of 64.
  void run(const void* memory, int64_t bytes) const;

private:
  std::unique_ptr<Loaded> code_;
  void (*loop_)(const void*, int64_t, void*) = nullptr;
};

}  // namespace linnet::codegen
