// Random inputs of a kernel, the evaluator's answers with their bounds, and the comparison.
#include "codegen/check/kernel_trial.h"

#include "codegen/emit/constants.h"
#include "ir/builder.h"
#include "ir/entries.h"
#include "passes/schedule/families.h"

#include "base/philox.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace linnet::codegen {
namespace {

using ir::Bounded;

bool is_padded(const ir::Value& value) {
  return value.storage && ir::is_padded(value.storage->memory);
}

ir::Tensor random_tensor(ir::Type type, uint64_t seed, uint32_t stream) {
  type.layout = {};
  const auto size = static_cast<size_t>(type.elements());
  if (is_float(type.dtype)) {
    std::vector<double> values(size);
    for (size_t i = 0; i < size; ++i)
      values[i] = 2 * philox_uniform_f64(seed, stream, 0, i) - 1;
    return ir::Tensor::from_doubles(type, values);
  }
  std::vector<int64_t> values(size);
  for (size_t i = 0; i < size; ++i) {
    const auto word = static_cast<int32_t>(philox_word(seed, stream, 0, i));
    values[i] = type.dtype == ir::DType::kBool ? word & 1 : word >> 20;
  }
  return ir::Tensor::from_ints(type, values);
}

std::vector<ir::Tensor> random_inputs(const ir::Graph& kernel, uint64_t seed) {
  std::vector<ir::Tensor> inputs;
  for (const ir::GraphInput& input : kernel.inputs)
    inputs.push_back(
        random_tensor(kernel.value(input.value).type, seed, static_cast<uint32_t>(inputs.size())));
  return inputs;
}

// Bytes of a signalling NaN where the layout leaves room between or behind elements; zeros in a
// halo.
std::vector<std::byte> poisoned(const ir::Tensor& tensor, const ir::Type& type) {
  std::vector<std::byte> bytes = stored_bytes(tensor, type);
  if (type.dtype != ir::DType::kF32 || type.layout.has_halo() ||
      type.stored_bytes() == type.elements() * ir::size_of(type.dtype))
    return bytes;
  const std::vector<double> ones(static_cast<size_t>(type.elements()), 1.0);
  ir::Type plain = type;
  plain.layout = {};
  const auto used = stored_bytes(ir::Tensor::from_doubles(plain, ones), type);
  const uint32_t signalling = 0x7fa00000;
  for (size_t i = 0; i < bytes.size(); i += 4) {
    uint32_t one = 0;
    std::memcpy(&one, used.data() + i, 4);
    if (one == 0) std::memcpy(bytes.data() + i, &signalling, 4);
  }
  return bytes;
}

// The module whose only work is the kernel: inputs and outputs as the kernel has them.
ir::Module around(const ir::Graph& kernel) {
  ir::Module module;
  module.name = "kernel_under_test";
  ir::Graph copy = kernel;
  if (!copy.schedule) copy.schedule = ir::Schedule{"generic", {}};
  ir::Graph entry;
  entry.name = ir::kPredict;
  std::vector<ir::ValueId> operands;
  std::vector<ir::Type> types;
  std::vector<std::string> names;
  for (size_t i = 0; i < kernel.inputs.size(); ++i) {
    const ir::Value& value = kernel.value(kernel.inputs[i].value);
    const ir::ValueId id = entry.add_input(value.name, value.type);
    entry.value(id).storage = ir::Storage{ir::Memory::kInput, static_cast<int64_t>(i)};
    operands.push_back(id);
  }
  for (const ir::GraphOutput& output : kernel.outputs) {
    types.push_back(kernel.value(output.value).type);
    names.push_back(output.name);
  }
  const auto results =
      ir::Builder(entry).at(ir::Place::named("kernel")).call(kernel.name, operands, types, names);
  for (size_t i = 0; i < results.size(); ++i) {
    entry.value(results[i]).storage = ir::Storage{ir::Memory::kOutput, static_cast<int64_t>(i)};
    entry.outputs.push_back({entry.value(results[i]).name, results[i], ""});
  }
  if (const int64_t bytes = passes::scratch_bytes(copy); bytes > 0) {
    const auto call = static_cast<int32_t>(entry.nodes().size()) - 1;
    entry.node(ir::NodeId{call}).attrs.set(ir::kScratch, {0, bytes});
  }
  module.kernels.push_back(std::move(copy));
  module.graphs.push_back(std::move(entry));
  return module;
}

// Roundings on the way to an element: the longest sum and one for each node.
double roundings(const ir::Graph& kernel) {
  int64_t longest = 1;
  for (const ir::Value& value : kernel.values())
    longest = std::max(longest, value.type.elements());
  return std::min<double>(static_cast<double>(longest), 4096) +
         static_cast<double>(kernel.nodes().size());
}

bool zeros_around(const std::byte* data, const std::vector<int64_t>& where, const ir::Type& type) {
  const auto size = static_cast<size_t>(ir::size_of(type.dtype));
  for (size_t i = 0; i < where.size() * size; ++i) {
    if (where[i / size] == 0 && data[i] != std::byte{0}) return false;
  }
  return true;
}

}  // namespace

KernelTrial::KernelTrial(const ir::Graph& kernel, uint64_t seed)
    : KernelTrial(kernel, random_inputs(kernel, seed)) {}

KernelTrial::KernelTrial(const ir::Graph& kernel, const std::vector<ir::Tensor>& inputs)
    : kernel_(kernel), module_(around(kernel)) {
  const auto align_of = [](const ir::Value& value) {
    return is_padded(value)
               ? static_cast<size_t>(ConstantPool::kAlign)
               : std::min<size_t>(static_cast<size_t>(ir::size_of(value.type.dtype)), 4);
  };
  std::vector<ir::Array<Bounded>> arrays;
  for (size_t i = 0; i < kernel.inputs.size(); ++i) {
    const ir::Value& value = kernel.value(kernel.inputs[i].value);
    arrays.push_back(ir::to_array<Bounded>(inputs[i]));
    inputs_.push_back({poisoned(inputs[i], value.type), align_of(value)});
  }
  for (const ir::GraphOutput& output : kernel.outputs) {
    const ir::Value& value = kernel.value(output.value);
    outputs_.push_back(
        {std::vector<std::byte>(static_cast<size_t>(value.type.stored_bytes()), std::byte{0xa5}),
         align_of(value)});
  }
  expected_ = ir::evaluate<Bounded>(ir::Module{}, kernel, arrays);
}

std::string KernelTrial::compare(size_t output, const std::byte* data, KernelCheck& check) const {
  const ir::Type& type = kernel_.value(kernel_.outputs[output].value).type;
  const ir::Array<Bounded>& expected = expected_[output];
  const auto where = stored_numbers(type);
  if (type.layout.has_halo() && !zeros_around(data, where, type))
    return "its halo is not all zeros";
  const ir::Tensor actual = logical_tensor(data, where, type);
  if (!is_float(type.dtype)) {
    const auto values = actual.as_ints();
    for (size_t i = 0; i < values.size(); ++i) {
      if (values[i] != expected.ints[i])
        return fmt::format("element {} is {}, not {}", i, values[i], expected.ints[i]);
    }
    return "";
  }
  return compare_floats(output, actual, check);
}

std::string KernelTrial::compare_floats(size_t output, const ir::Tensor& actual,
                                        KernelCheck& check) const {
  const ir::Type& type = kernel_.value(kernel_.outputs[output].value).type;
  const ir::Array<Bounded>& expected = expected_[output];
  const double eps = type.dtype == ir::DType::kF64 ? std::numeric_limits<double>::epsilon()
                                                   : std::numeric_limits<float>::epsilon();
  // Where everything underflows, the least normal number is as good as 0.
  const double least = type.dtype == ir::DType::kF64 ? std::numeric_limits<double>::min()
                                                     : std::numeric_limits<float>::min();
  const auto values = actual.as_doubles();
  const int64_t rounding = kernel_.schedule ? passes::family(kernel_.schedule->family).rounding : 0;
  double largest = 0;
  for (const Bounded& e : expected.values)
    largest = std::max(largest, rounding * e.magnitude);
  for (size_t i = 0; i < values.size(); ++i) {
    const Bounded& e = expected.values[i];
    if (std::isnan(e.value) && std::isnan(values[i])) continue;
    if (e.value == values[i]) continue;
    const double bound =
        4 * (1 + std::sqrt(roundings(kernel_))) * eps * std::max(e.magnitude, largest) + least;
    const double share = std::fabs(values[i] - e.value) / bound;
    check.worst = std::max(check.worst, share);
    if (!(share <= 1)) {
      return fmt::format("element {} is {:.9g}, not {:.9g} ± {:.3g}", i, values[i], e.value, bound);
    }
  }
  return "";
}

}  // namespace linnet::codegen
