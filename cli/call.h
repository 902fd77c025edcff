// A compiled model called in this process, through the struct an executable would use.
#pragma once

#include "cli/build.h"
#include "cli/tensor_files.h"

#include "base/abi/model.h"
#include "base/io/tensor.h"
#include "base/memory.h"

#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace linnet::cli {

// Memory at a multiple of 64 bytes.
class AlignedBytes {
public:
  explicit AlignedBytes(size_t bytes, const char* purpose = "the arena of a call")
      : data_(aligned_memory(static_cast<int64_t>(bytes), purpose)) {}
  [[nodiscard]] void* data() const { return data_.get(); }

private:
  std::unique_ptr<void, FreeMemory> data_;
};

class Callable {
public:
  // The object must have been built with `product`. nullptr, with an error, if it does not load
  // or this CPU lacks the instructions. With the threads that it was compiled for, while it lives.
  [[nodiscard]] static std::unique_ptr<Callable> load(Session& session,
                                                      const driver::Product& built);

  Callable() = default;
  ~Callable();
  Callable(const Callable&) = delete;
  Callable& operator=(const Callable&) = delete;

  [[nodiscard]] const linnet_model_v1& model() const { return *model_; }
  [[nodiscard]] void* symbol(const std::string& name) const { return loaded_->symbol(name); }
  // Calls for `samples` samples: the largest batch as often as it fits, then smaller ones.
  // Inputs and outputs hold all samples. 0, or what the call returned.
  int run(std::span<const Tensor> inputs, std::span<Tensor> outputs, int64_t samples) const;

private:
  std::unique_ptr<codegen::Loaded> loaded_;
  const linnet_model_v1* model_ = nullptr;
};

// The outputs of a call for `samples` samples, along dimension 0 where the model is batched or has
// state; `ports`: what it gives for one.
[[nodiscard]] std::vector<Tensor> called(const Callable& callable, std::span<const Port> ports,
                                         std::span<const Tensor> inputs, int64_t samples);

}  // namespace linnet::cli
