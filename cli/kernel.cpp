// linnet kernel F.lir: every kernel of a file alone, compiled and compared with the evaluator.
#include "cli/pipeline_options.h"
#include "cli/text_module.h"
#include "codegen/check/check_kernel.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace linnet::cli {
namespace {

Status run(Session& session, const ModelOptions& model, uint64_t seed) {
  const auto target = model.find_target(session);
  if (!target) return Status::kBadCall;
  const auto module = load_text_module(session, model.path);
  if (!module) return Status::kBadInput;
  if (module->kernels.empty()) {
    session.error(model.path + ": no kernel in it", Status::kBadInput,
                  "linnet dump MODEL --after plan_memory prints some");
    return Status::kBadInput;
  }
  for (const ir::Graph& kernel : module->kernels) {
    const codegen::KernelCheck check = codegen::check_kernel(kernel, *target, seed);
    if (!check.error.empty()) {
      session.error(fmt::format("kernel @{}: {}", kernel.name, check.error), Status::kBug);
      continue;
    }
    // What takes less than a call is no function of its own.
    const std::string code = check.code_bytes == 0
                                 ? "part of its caller's code"
                                 : fmt::format("{} bytes of code", check.code_bytes);
    fmt::print("@{}  {}  largest error {:.3g} % of the rounding bound, {}\n", kernel.name,
               kernel.schedule ? to_string(*kernel.schedule) : "", 100 * check.worst, code);
  }
  return Status::kDone;
}

}  // namespace

void add_kernel(CLI::App& app, Session& session) {
  auto model = std::make_shared<ModelOptions>();
  CLI::App* command =
      app.add_subcommand("kernel", "Compile the kernels of a .lir and compare with the evaluator");
  command->footer("linnet kernel kernel.lir --target x86-64-v3");
  command->add_option("FILE", model->path, "A .lir file with kernels")->required();
  command->add_option("--seed", model->seed, "Seed of the random inputs")
      ->check(seed_fault)
      ->type_name("N");
  model->add_target(*command);
  command->callback([&session, model] {
    session.command = [model](Session& s) { return run(s, *model, model->seed); };
  });
}

}  // namespace linnet::cli
