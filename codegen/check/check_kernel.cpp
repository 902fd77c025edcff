// Compiles one kernel, runs it between guard pages, and compares with the evaluator's bounds.
#include "codegen/check/check_kernel.h"

#include "codegen/check/guarded.h"
#include "codegen/check/kernel_trial.h"
#include "codegen/emit/compile.h"
#include "codegen/emit/constants.h"

#include "base/abi/model.h"
#include "support/check.h"

#include <fmt/format.h>

#include <cstring>

namespace linnet::codegen {
namespace {

// Calls with exact memory at `guard`, as far off a multiple of 64 as it may be, and compares.
std::string call(const KernelTrial& trial, const linnet_model_v1& model, Guard guard,
                 KernelCheck& check) {
  std::vector<GuardedMemory> memory;
  std::vector<const void*> from;
  std::vector<void*> to;
  const auto add = [&](const KernelTrial::Buffer& buffer) {
    memory.emplace_back(buffer.bytes.size(), guard, buffer.align);
    std::memcpy(memory.back().data(), buffer.bytes.data(), buffer.bytes.size());
    return memory.back().data();
  };
  for (const KernelTrial::Buffer& input : trial.inputs())
    from.push_back(add(input));
  for (const KernelTrial::Buffer& output : trial.outputs())
    to.push_back(add(output));
  GuardedMemory arena(static_cast<size_t>(model.entries[0].arena_bytes), guard,
                      ConstantPool::kAlign);
  const int status = model.entries[0].call(from.data(), to.data(), nullptr, arena.data());
  if (status != 0) return fmt::format("the call returned {}", status);
  for (size_t i = 0; i < to.size(); ++i) {
    std::string error = trial.compare(i, static_cast<const std::byte*>(to[i]), check);
    if (!error.empty()) return error;
  }
  return "";
}

KernelCheck checked(const KernelTrial& trial, const Target& target) {
  KernelCheck check;
  if (!runs_here(target)) {
    check.error = "this CPU lacks instructions of " + target.info.name;
    return check;
  }
  CompileOptions options;
  options.name = trial.module().name;
  options.target = target;
  options.product = true;
  const auto compiled = compile({&trial.module(), 1}, options);
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
  for (Guard guard : {Guard::kAfter, Guard::kBefore}) {
    check.error = call(trial, *model, guard, check);
    if (!check.error.empty()) break;
  }
  return check;
}

}  // namespace

KernelCheck check_kernel(const ir::Graph& kernel, const Target& target, uint64_t seed) {
  return checked(KernelTrial(kernel, seed), target);
}

KernelCheck check_kernel(const ir::Graph& kernel, const Target& target,
                         const std::vector<ir::Tensor>& inputs) {
  return checked(KernelTrial(kernel, inputs), target);
}

}  // namespace linnet::codegen
