// Kernels of the sweep and of single ops, with the evaluator's answers.
#include "codegen/check/kernel_trial.h"
#include "tests/codegen/op_kernels.h"
#include "tests/codegen/sweep_trials.h"
#include "tests/targets/grid/cases.h"

#include <fmt/format.h>

#include <cstring>
#include <memory>

namespace linnet::grid {

std::vector<std::byte> signalling_nans(int64_t bytes) {
  std::vector<std::byte> memory(static_cast<size_t>(bytes));
  const uint32_t nan = 0x7fa00000;
  for (size_t i = 0; i + 4 <= memory.size(); i += 4)
    std::memcpy(memory.data() + i, &nan, 4);
  return memory;
}

std::vector<std::vector<std::byte>> objects_of(codegen::Compiled compiled) {
  std::vector<std::vector<std::byte>> objects{std::move(compiled.object)};
  if (!compiled.constants.empty()) objects.push_back(std::move(compiled.constants));
  return objects;
}

namespace {

// One kernel as the function k{number}_run.
Case kernel_case(const ir::Graph& kernel, const codegen::Target& target, std::string name,
                 size_t number) {
  Case made;
  made.name = std::move(name);
  const auto trial = std::make_shared<const codegen::KernelTrial>(kernel, number);
  codegen::CompileOptions options;
  options.name = fmt::format("k{}", number);
  options.target = target;
  options.jobs = 1;
  auto compiled = codegen::compile({&trial->module(), 1}, options);
  if (!compiled) {
    ADD_FAILURE() << made.name << ": " << compiled.error().message;
    return made;
  }
  Call call{.function = options.name + "_run", .arguments = {}, .returns = true};
  for (const auto& input : trial->inputs())
    call.arguments.push_back(made.region(input.bytes, input.align));
  for (const auto& output : trial->outputs())
    call.arguments.push_back(made.region(output.bytes, output.align, true));
  call.arguments.push_back(made.region(signalling_nans(compiled->arena_bytes), 64));
  made.calls.push_back(std::move(call));
  made.objects = objects_of(*std::move(compiled));
  made.fault = [trial](const Answer& answer) -> std::string {
    if (answer.statuses.front() != 0)
      return fmt::format("the call returned {}", answer.statuses.front());
    codegen::KernelCheck check;
    for (size_t i = 0; i < answer.regions.size(); ++i) {
      std::string fault = trial->compare(i, answer.regions[i].data(), check);
      if (!fault.empty()) return fault;
    }
    return "";
  };
  return made;
}

}  // namespace

std::vector<Case> kernel_cases(const codegen::Target& target, size_t sample) {
  std::vector<Case> made;
  for (const passes::Family& family : passes::families()) {
    const codegen::sweep::Space space(family, target);
    EXPECT_GT(space.size(), 0U) << family.name;
    const size_t step = std::max<size_t>(1, space.size() / sample);
    for (size_t i = step / 2; i < space.size(); i += step) {
      const ir::Graph kernel =
          space.kernel(i, static_cast<codegen::sweep::Packed>(made.size() % 3));
      made.push_back(kernel_case(
          kernel, target, fmt::format("trial {} {}", i, to_string(*kernel.schedule)), made.size()));
    }
  }
  return made;
}

std::vector<Case> op_cases(const codegen::Target& target, size_t step) {
  std::vector<std::pair<std::string, ir::Graph>> kernels;
  for (const ir::OpDef* op : codegen::elementwise_ops()) {
    for (const auto& types : codegen::elementwise_types(*op)) {
      kernels.emplace_back(fmt::format("{} of {}", op->name, to_string(types.back())),
                           codegen::kernel_of(*op, types));
    }
  }
  for (const ir::OpDef* op : codegen::kernel_ops()) {
    const auto cases = codegen::case_kernels(*op);
    for (size_t i = 0; i < cases.size(); ++i)
      kernels.emplace_back(fmt::format("{}.lir, case {}", op->name, i + 1), cases[i]);
  }
  std::vector<Case> made;
  for (size_t i = step / 2; i < kernels.size(); i += step)
    made.push_back(kernel_case(kernels[i].second, target, kernels[i].first, i));
  return made;
}

}  // namespace linnet::grid
