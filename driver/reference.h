// A model's entry by the evaluator, call after call, on tensors as files hold them.
#pragma once

#include "base/io/tensor.h"
#include "ir/module.h"
#include "ir/op_def.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace linnet::driver {

// In which numbers the evaluator computes: those of the model (f32, or f64 where it has any), or
// f64 throughout.
enum class Precision : uint8_t { kModel, kF64 };

// The evaluator on the module's first graph; from call to call it keeps what is in slots. The
// module outlives it. Slots without a value have the initial one by `seed`.
class Reference {
public:
  Reference(const ir::Module& module, uint64_t seed, Precision precision = Precision::kModel);

  // `given`: the inputs that are no slots, in order. The outputs that are no slots, in order; in
  // f64 throughout they are f64 where the model has floats.
  [[nodiscard]] std::vector<Tensor> operator()(const std::vector<Tensor>& given);

private:
  template <class T> std::vector<Tensor> evaluated(const std::vector<Tensor>& given);
  [[nodiscard]] ir::Tensor state(const ir::Slot& slot) const;

  const ir::Module& module_;
  const ir::Graph& graph_;
  uint64_t seed_;
  Precision precision_;
  bool f64_;
  std::map<std::string, ir::Tensor> states_;  // by slot
};

// The same numbers as the IR holds them, and back.
[[nodiscard]] ir::Tensor to_ir(const Tensor& tensor);
[[nodiscard]] Tensor to_file(const ir::Tensor& tensor);

// The t-th of `parts` equal parts along the first dimension; of a single number itself.
[[nodiscard]] Tensor part(const Tensor& tensor, int64_t t, int64_t parts);
// Appends `tensor` to list[index] along the first dimension; single numbers become an array.
void append(std::vector<Tensor>& list, size_t index, const Tensor& tensor);

}  // namespace linnet::driver
