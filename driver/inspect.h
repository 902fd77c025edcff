// A compiled model whose values can be read after a call: compiled with PassOptions::keep_values,
// so that each one that its kernels store has memory of its own.
#pragma once

#include "base/abi/model.h"
#include "base/io/tensor.h"
#include "base/memory.h"
#include "driver/compile.h"

#include <memory>
#include <vector>

namespace linnet::driver {

class Inspected {
public:
  // The product's last module, loaded into this process; it was made with `here` and `product`,
  // for one thread. nullptr, with an error, if it does not load.
  [[nodiscard]] static std::unique_ptr<Inspected> load(Product product, const Host& host);
  // A module at the end of phase `imported`, compiled for this and loaded. nullptr, with an error,
  // if that fails.
  [[nodiscard]] static std::unique_ptr<Inspected> compile(const ir::Module& module,
                                                          const codegen::Target& target,
                                                          CompileOptions options, const Host& host);

  // The planned module; values are those of its first graph.
  [[nodiscard]] const ir::Module& module() const { return product_.modules.back(); }
  // One call, with the state that the call before left; the outputs that are no slots.
  const std::vector<Tensor>& call(const std::vector<Tensor>& inputs);
  // Is it in memory after a call: written by a kernel, given back, or the next value of a slot?
  [[nodiscard]] bool holds(ir::ValueId value) const;
  // What the last call left there.
  [[nodiscard]] Tensor value(ir::ValueId value) const;

private:
  explicit Inspected(Product product) : product_(std::move(product)) {}
  using Memory = std::unique_ptr<void, FreeMemory>;

  Product product_;
  std::unique_ptr<codegen::Loaded> loaded_;
  const linnet_model_v1* model_ = nullptr;
  Memory arena_, state_;
  std::vector<Tensor> outputs_;
};

}  // namespace linnet::driver
