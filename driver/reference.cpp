// The evaluator on a module's first graph, with its state kept between calls.
#include "driver/reference.h"

#include "ir/evaluate.h"
#include "ir/initialize.h"

#include <algorithm>
#include <span>

namespace linnet::driver {

Reference::Reference(const ir::Module& module, uint64_t seed, Precision precision)
    : module_(module), graph_(module.graphs.front()), seed_(seed), precision_(precision),
      f64_(precision == Precision::kF64 || ir::computes_in_f64(graph_)) {}

std::vector<Tensor> Reference::operator()(const std::vector<Tensor>& given) {
  return f64_ ? evaluated<double>(given) : evaluated<float>(given);
}

template <class T> std::vector<Tensor> Reference::evaluated(const std::vector<Tensor>& given) {
  std::vector<ir::Array<T>> inputs;
  size_t next = 0;
  for (const ir::GraphInput& input : graph_.inputs) {
    inputs.push_back(ir::to_array<T>(input.slot.empty() ? to_ir(given[next++])
                                                        : state(*module_.slot(input.slot))));
  }
  std::vector<Tensor> outputs;
  auto arrays = ir::evaluate<T>(module_, graph_, inputs);
  for (size_t i = 0; i < arrays.size(); ++i) {
    if (precision_ == Precision::kF64 && arrays[i].holds_floats())
      arrays[i].type.dtype = ir::DType::kF64;  // as it was computed, not rounded
    const ir::GraphOutput& output = graph_.outputs[i];
    if (output.slot.empty()) {
      outputs.push_back(to_file(ir::to_tensor(arrays[i])));
    } else {
      states_.insert_or_assign(output.slot, ir::to_tensor(arrays[i]));
    }
  }
  return outputs;
}

ir::Tensor Reference::state(const ir::Slot& slot) const {
  if (const auto known = states_.find(slot.path); known != states_.end()) return known->second;
  return ir::initial_value(module_, slot, seed_);
}

ir::Tensor to_ir(const Tensor& tensor) {
  const auto* bytes = reinterpret_cast<const std::byte*>(tensor.data.data());
  return ir::Tensor({tensor.dtype, tensor.shape, {}}, {bytes, bytes + tensor.data.size()});
}

Tensor to_file(const ir::Tensor& tensor) {
  Tensor result = make_tensor(tensor.type().dtype, tensor.type().shape);
  std::ranges::copy(tensor.bytes(), std::as_writable_bytes(std::span(result.data)).begin());
  return result;
}

Tensor part(const Tensor& tensor, int64_t t, int64_t parts) {
  if (tensor.shape.empty()) return tensor;
  std::vector<int64_t> shape = tensor.shape;
  shape[0] /= parts;
  Tensor result = make_tensor(tensor.dtype, shape);
  std::ranges::copy(std::span(tensor.data)
                        .subspan(static_cast<size_t>(t) * result.data.size(), result.data.size()),
                    result.data.begin());
  return result;
}

void append(std::vector<Tensor>& list, size_t index, const Tensor& tensor) {
  if (index == list.size()) {
    list.push_back(tensor);
    return;
  }
  if (tensor.shape.empty()) {  // single numbers: an array of them
    list[index].shape = {list[index].elements() + 1};
  } else {
    list[index].shape[0] += tensor.shape[0];
  }
  list[index].data.insert(list[index].data.end(), tensor.data.begin(), tensor.data.end());
}

}  // namespace linnet::driver
