// Elementary functions in compiled kernels give the evaluator's bits: on bit patterns of every
// exponent, in the vectors of every target (4, 8 and 16 lanes of f32), alone and before a sum.
#include "codegen/emit/compile.h"
#include "ir/builder.h"
#include "ir/evaluate.h"

#include "base/abi/model.h"
#include "base/philox.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace linnet::codegen {
namespace {

using ir::DType;
using ir::ValueId;

struct Case {
  const ir::OpDef* op;
  DType dtype;
  std::string target;
};

constexpr int64_t kCount = 1 << 17;

// @predict calls a kernel of the op, which may be followed by a sum: the last product inside the
// function must not be fused with it.
ir::Module module_of(const Case& c, bool followed) {
  ir::Module module;
  module.name = "bits";
  ir::Graph kernel;
  kernel.name = "k";
  kernel.schedule = ir::Schedule{"generic", {}};
  ir::Graph entry;
  entry.name = "predict";
  std::vector<ValueId> inner;
  std::vector<ValueId> outer;
  const ir::Type type{c.dtype, {kCount}, {}};
  for (size_t i = 0; i < c.op->operands.size(); ++i) {
    const std::string name = fmt::format("x{}", i);
    inner.push_back(kernel.add_input(name, type));
    outer.push_back(entry.add_input(name, type));
    entry.value(outer.back()).storage = ir::Storage{ir::Memory::kInput, static_cast<int64_t>(i)};
  }
  ir::Builder builder = ir::Builder(kernel).at(ir::Place::named("test"));
  ValueId y = builder.create(*c.op, inner);
  if (followed) {
    const ValueId one = builder.constant(ir::Tensor::splat({c.dtype, {}, {}}, 1.25));
    y = builder.create(ir::ops::add, {y, one});
  }
  kernel.outputs.push_back({"y", y, ""});
  const auto results =
      ir::Builder(entry).at(ir::Place::named("test")).call("k", outer, {type}, {"y"});
  entry.value(results[0]).storage = ir::Storage{ir::Memory::kOutput, 0};
  entry.outputs.push_back({"y", results[0], ""});
  module.kernels.push_back(std::move(kernel));
  module.graphs.push_back(std::move(entry));
  return module;
}

// Every exponent and sign alike, special values among them; the second half within ±16, where
// functions have their seams.
template <class T> std::vector<T> samples(uint32_t stream) {
  using Bits = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
  const T limit = std::numeric_limits<T>::infinity();
  std::vector<T> values = {0,
                           T(-0.0),
                           1,
                           -1,
                           2,
                           -3,
                           T(0.5),
                           T(-0.5),
                           limit,
                           -limit,
                           std::numeric_limits<T>::quiet_NaN(),
                           std::numeric_limits<T>::min(),
                           std::numeric_limits<T>::denorm_min()};
  while (values.size() < kCount) {
    const uint64_t i = values.size();
    const uint64_t low = philox_word(7, stream, 0, 2 * i);
    const uint64_t high = philox_word(7, stream, 0, 2 * i + 1);
    if (i % 2) {
      values.push_back(std::bit_cast<T>(static_cast<Bits>(high << 32 | low)));
    } else {
      values.push_back(static_cast<T>(32 * philox_uniform_f64(9, stream, 0, i) - 16));
    }
  }
  return values;
}

template <class T> void expect_the_same_bits(const Case& c, bool followed) {
  const FoundTarget found = find_target(c.target);
  ASSERT_TRUE(found.ok);
  if (!runs_here(found.target)) GTEST_SKIP() << "no " << c.target << " here";
  const ir::Module module = module_of(c, followed);
  CompileOptions options;
  options.name = "bits";
  options.target = found.target;
  options.product = true;
  const auto compiled = compile({&module, 1}, options);
  ASSERT_TRUE(compiled) << compiled.error().message;
  const auto loaded = load(*compiled);
  ASSERT_TRUE(loaded) << loaded.error().message;
  const auto* model =
      static_cast<const linnet_model_v1*>((*loaded)->symbol("linnet_product_model"));
  std::vector<ir::Array<T>> inputs;
  std::vector<const void*> from;
  for (size_t i = 0; i < c.op->operands.size(); ++i) {
    ir::Array<T> array;
    array.type = {c.dtype, {kCount}, {}};
    array.values = samples<T>(static_cast<uint32_t>(i));
    inputs.push_back(std::move(array));
  }
  for (const auto& input : inputs)
    from.push_back(input.values.data());
  std::vector<T> actual(kCount);
  void* to[] = {actual.data()};
  ASSERT_EQ(model->entries[0].call(from.data(), to, nullptr, nullptr), 0);
  const std::vector<T> expected =
      ir::evaluate<T>(ir::Module{}, module.kernels[0], inputs).front().values;
  int64_t different = 0;
  for (size_t i = 0; i < kCount; ++i) {
    const bool same =
        (std::isnan(actual[i]) && std::isnan(expected[i])) ||
        (actual[i] == expected[i] && std::signbit(actual[i]) == std::signbit(expected[i]));
    if (!same && ++different <= 5) {
      ADD_FAILURE() << fmt::format(
          "{}({:a}{}) is {:a} in the kernel, {:a} in the evaluator", c.op->name,
          inputs[0].values[i], inputs.size() > 1 ? fmt::format(", {:a}", inputs[1].values[i]) : "",
          actual[i], expected[i]);
    }
  }
  EXPECT_EQ(different, 0);
}

class Bits : public testing::TestWithParam<Case> {};

TEST_P(Bits, KernelEqualsEvaluator) {
  for (const bool followed : {false, true}) {
    if (GetParam().dtype == DType::kF64) {
      expect_the_same_bits<double>(GetParam(), followed);
    } else {
      expect_the_same_bits<float>(GetParam(), followed);
    }
  }
}

// Every elementary function, and one op that is made of one.
std::vector<Case> cases() {
  std::vector<Case> list;
  const std::vector<const ir::OpDef*> functions = {
#define LINNET_SCALAR(enumerator, name, operands, op)
#define LINNET_ELEMENTARY(enumerator, name, operands, op) &ir::op,
#include "ir/scalar_ops.def"
      &ir::ops::sigmoid};
  for (const ir::OpDef* op : functions) {
    for (DType dtype : {DType::kF32, DType::kF64}) {
      for (const char* target : {"x86-64-v2", "x86-64-v3", "x86-64-v4"})
        list.push_back({op, dtype, target});
    }
  }
  return list;
}

std::string case_name(const testing::TestParamInfo<Case>& info) {
  return fmt::format("{}_{}_v{}", info.param.op->name, ir::name(info.param.dtype),
                     info.param.target.back());
}

INSTANTIATE_TEST_SUITE_P(Functions, Bits, testing::ValuesIn(cases()), case_name);

}  // namespace
}  // namespace linnet::codegen
