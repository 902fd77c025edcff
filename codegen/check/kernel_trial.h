// One kernel with inputs and the answers it must give, wherever it runs.
#pragma once

#include "codegen/check/check_kernel.h"
#include "ir/evaluate.h"
#include "ir/module.h"

#include <cstddef>
#include <string>
#include <vector>

namespace linnet::codegen {

class KernelTrial {
public:
  // Memory as the kernel takes it; `bytes` of an output are what it finds there.
  struct Buffer {
    std::vector<std::byte> bytes;
    size_t align;
  };

  // Inputs are random by `seed`; padding between their elements holds signalling NaNs.
  KernelTrial(const ir::Graph& kernel, uint64_t seed);
  // The same with these inputs, row-major.
  KernelTrial(const ir::Graph& kernel, const std::vector<ir::Tensor>& inputs);

  // The module whose only work is the kernel, to be compiled.
  [[nodiscard]] const ir::Module& module() const { return module_; }
  [[nodiscard]] const std::vector<Buffer>& inputs() const { return inputs_; }
  [[nodiscard]] const std::vector<Buffer>& outputs() const { return outputs_; }
  // What is wrong with the bytes that an output holds after the call, or "".
  [[nodiscard]] std::string compare(size_t output, const std::byte* data, KernelCheck& check) const;

private:
  [[nodiscard]] std::string compare_floats(size_t output, const ir::Tensor& actual,
                                           KernelCheck& check) const;

  ir::Graph kernel_;
  ir::Module module_;
  std::vector<Buffer> inputs_, outputs_;
  std::vector<ir::Array<ir::Bounded>> expected_;
};

}  // namespace linnet::codegen
