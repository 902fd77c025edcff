// Compiles one kernel, runs it between guard pages, and compares with the evaluator's bounds.
#include "codegen/check/check_kernel.h"

#include "codegen/check/guarded.h"
#include "codegen/emit/compile.h"
#include "codegen/emit/constants.h"
#include "ir/builder.h"
#include "ir/entries.h"
#include "ir/evaluate.h"
#include "passes/schedule/families.h"

#include "base/abi/model.h"
#include "base/philox.h"
#include "support/check.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

namespace linnet::codegen {
namespace {

using ir::Bounded;

constexpr const char* kName = "kernel_under_test";

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
  module.name = kName;
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

class Checker {
public:
  Checker(const ir::Graph& kernel, uint64_t seed) : kernel_(kernel) {
    for (size_t i = 0; i < kernel.inputs.size(); ++i) {
      inputs_.push_back(
          random_tensor(kernel.value(kernel.inputs[i].value).type, seed, static_cast<uint32_t>(i)));
    }
    std::vector<ir::Array<Bounded>> arrays;
    for (const ir::Tensor& tensor : inputs_)
      arrays.push_back(ir::to_array<Bounded>(tensor));
    expected_ = ir::evaluate<Bounded>(ir::Module{}, kernel, arrays);
  }

  // Calls with exact memory at `guard`, `offset` bytes off a multiple of 64, and compares.
  std::string call(const linnet_model_v1& model, Guard guard, KernelCheck& check) {
    std::vector<GuardedMemory> memory;
    std::vector<const void*> from;
    std::vector<void*> to;
    const auto add = [&](ir::ValueId id) {
      const ir::Value& value = kernel_.value(id);
      const auto bytes = static_cast<size_t>(value.type.stored_bytes());
      const size_t least = std::min<size_t>(static_cast<size_t>(ir::size_of(value.type.dtype)), 4);
      memory.emplace_back(bytes, guard, is_padded(value) ? ConstantPool::kAlign : least);
      return memory.back().data();
    };
    for (size_t i = 0; i < kernel_.inputs.size(); ++i) {
      std::byte* data = add(kernel_.inputs[i].value);
      const auto bytes = poisoned(inputs_[i], kernel_.value(kernel_.inputs[i].value).type);
      std::memcpy(data, bytes.data(), bytes.size());
      from.push_back(data);
    }
    for (const ir::GraphOutput& output : kernel_.outputs) {
      std::byte* data = add(output.value);
      std::memset(data, 0xa5, memory.back().size());
      to.push_back(data);
    }
    GuardedMemory arena(static_cast<size_t>(model.entries[0].arena_bytes), guard,
                        ConstantPool::kAlign);
    const int status = model.entries[0].call(from.data(), to.data(), nullptr, arena.data());
    if (status != 0) return fmt::format("the call returned {}", status);
    for (size_t i = 0; i < to.size(); ++i) {
      std::string error = compare(i, static_cast<const std::byte*>(to[i]), check);
      if (!error.empty()) return error;
    }
    return "";
  }

private:
  std::string compare(size_t output, const std::byte* data, KernelCheck& check) const {
    const ir::Type& type = kernel_.value(kernel_.outputs[output].value).type;
    const ir::Array<Bounded>& expected = expected_[output];
    const auto where = numbered(type);
    if (type.layout.has_halo() && !zeros_around(data, where, type))
      return "its halo is not all zeros";
    const ir::Tensor actual = gather(data, where, type);
    if (!is_float(type.dtype)) {
      const auto values = actual.as_ints();
      for (size_t i = 0; i < values.size(); ++i) {
        if (values[i] != expected.ints[i])
          return fmt::format("element {} is {}, not {}", i, values[i], expected.ints[i]);
      }
      return "";
    }
    const double eps = type.dtype == ir::DType::kF64 ? std::numeric_limits<double>::epsilon()
                                                     : std::numeric_limits<float>::epsilon();
    // Where everything underflows, the least normal number is as good as 0.
    const double least = type.dtype == ir::DType::kF64 ? std::numeric_limits<double>::min()
                                                       : std::numeric_limits<float>::min();
    const auto values = actual.as_doubles();
    const int64_t rounding =
        kernel_.schedule ? passes::family(kernel_.schedule->family).rounding : 0;
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
        return fmt::format("element {} is {:.9g}, not {:.9g} ± {:.3g}", i, values[i], e.value,
                           bound);
      }
    }
    return "";
  }

  // Numbers of elements from 1 on, stored the same way, tell where each lies; 0 is none.
  static std::vector<int64_t> numbered(ir::Type type) {
    std::vector<int64_t> order(static_cast<size_t>(type.elements()));
    for (size_t i = 0; i < order.size(); ++i)
      order[i] = static_cast<int64_t>(i) + 1;
    type.dtype = ir::DType::kI64;
    ir::Type plain = type;
    plain.layout = {};
    const auto bytes = stored_bytes(ir::Tensor::from_ints(plain, order), type);
    std::vector<int64_t> numbers(bytes.size() / 8);
    std::memcpy(numbers.data(), bytes.data(), bytes.size());
    return numbers;
  }

  static bool zeros_around(const std::byte* data, const std::vector<int64_t>& where,
                           const ir::Type& type) {
    const auto size = static_cast<size_t>(ir::size_of(type.dtype));
    for (size_t i = 0; i < where.size() * size; ++i) {
      if (where[i / size] == 0 && data[i] != std::byte{0}) return false;
    }
    return true;
  }

  // The logical elements of a stored tensor.
  static ir::Tensor gather(const std::byte* data, const std::vector<int64_t>& where,
                           const ir::Type& type) {
    ir::Type plain = type;
    plain.layout = {};
    const auto size = static_cast<size_t>(ir::size_of(type.dtype));
    std::vector<std::byte> bytes(static_cast<size_t>(type.elements()) * size);
    for (size_t i = 0; i < where.size(); ++i) {
      if (where[i] == 0) continue;
      std::memcpy(bytes.data() + static_cast<size_t>(where[i] - 1) * size, data + i * size, size);
    }
    return ir::Tensor(plain, std::move(bytes));
  }

  const ir::Graph& kernel_;
  std::vector<ir::Tensor> inputs_;
  std::vector<ir::Array<Bounded>> expected_;
};

}  // namespace

KernelCheck check_kernel(const ir::Graph& kernel, const Target& target, uint64_t seed) {
  KernelCheck check;
  if (!runs_here(target)) {
    check.error = "this CPU lacks instructions of " + target.info.name;
    return check;
  }
  const ir::Module module = around(kernel);
  CompileOptions options;
  options.name = kName;
  options.target = target;
  options.product = true;
  const auto compiled = compile({&module, 1}, options);
  if (!compiled) {
    check.error = compiled.error().message;
    return check;
  }
  for (const KernelReport& report : compiled->kernels)
    check.code_bytes = report.code_bytes;
  const auto loaded = load(*compiled);
  if (!loaded) {
    check.error = loaded.error().message;
    return check;
  }
  const auto* model =
      static_cast<const linnet_model_v1*>((*loaded)->symbol("linnet_product_model"));
  LINNET_CHECK(model != nullptr, "the object has no model");
  Checker checker(kernel, seed);
  for (Guard guard : {Guard::kAfter, Guard::kBefore}) {
    check.error = checker.call(*model, guard, check);
    if (!check.error.empty()) break;
  }
  return check;
}

}  // namespace linnet::codegen
