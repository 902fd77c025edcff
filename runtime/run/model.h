// The compiled model behind one call for any number of samples.
#pragma once

#include "base/abi/model.h"
#include "base/io/tensor.h"
#include "base/memory.h"
#include "base/result.h"

#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

namespace linnet::runtime {

class Model {
public:
  // `most`: samples of a call at most; 0: as many as were compiled.
  explicit Model(const linnet_model_v1& model, int64_t most = 0);

  [[nodiscard]] const linnet_model_v1& abi() const { return *model_; }
  // Zero-filled, for `samples` samples.
  [[nodiscard]] static Tensor make(const linnet_port_v1& port, int64_t samples);
  // Every tensor holds `samples` samples. The largest batch as often as it fits, then smaller ones.
  [[nodiscard]] Result<void> run(std::span<const Tensor> inputs, std::span<Tensor> outputs,
                                 int64_t samples) const;
  // One call of the largest batch; for timing.
  [[nodiscard]] int64_t batch() const;
  int call(const void* const* inputs, void* const* outputs) const;

private:
  const linnet_model_v1* model_;
  int64_t first_ = 0;  // the largest entry that is allowed
  std::unique_ptr<void, FreeMemory> arena_;
  std::unique_ptr<void, FreeMemory> state_;  // of a model with state: each call is a step
};

}  // namespace linnet::runtime
