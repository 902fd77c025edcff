// A compiled model called in this process, through the struct an executable would use.
#pragma once

#include "base/abi/model.h"
#include "base/io/tensor.h"
#include "base/memory.h"
#include "driver/product.h"

#include <memory>
#include <span>
#include <string>

namespace linnet::driver {

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
  [[nodiscard]] static std::unique_ptr<Callable> load(const Product& product, const Host& host);

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

}  // namespace linnet::driver
