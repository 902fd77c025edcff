// linnet dump MODEL: the IR as it enters the pipeline, after a pass, or after every pass.
#include "cli/pipeline_options.h"
#include "ir/dot.h"
#include "ir/print.h"

#include <fmt/format.h>

#include <cstdio>

namespace linnet::cli {
namespace {

struct DumpOptions {
  ModelOptions model;
  PipelineFlags flags;
  std::string after;
  std::string output = "-";
  std::string format = "text";
  bool all = false;
};

Status print_module(Session& session, const DumpOptions& options, const ir::Module& module) {
  if (options.format == "dot") {
    std::fputs(ir::dot(module).c_str(), stdout);
    return Status::kDone;
  }
  return frontend::save_lir(options.output, module, session.diagnostics) ? Status::kDone
                                                                         : Status::kMachine;
}

Status run(Session& session, const DumpOptions& options) {
  const auto target = options.model.find_target(session);
  auto module = options.model.load(session, options.model.batch);
  if (!target || !module) return Status::kBadInput;
  if (options.all) {
    fmt::print("// ---- before the passes\n");
    print_module(session, options, *module);
    const auto print_after = [&](const passes::Pass& pass, const ir::Module& now) {
      fmt::print("\n// ---- {}: {}\n", pass.name, pass.summary);
      print_module(session, options, now);
    };
    const bool ok = options.flags
                        .run(session, std::move(*module), *target, options.model.seed,
                             passes::pipeline(), print_after)
                        .has_value();
    return ok ? Status::kDone : Status::kBug;
  }
  if (!options.after.empty()) {
    PipelineFlags flags = options.flags;
    flags.stop_after = options.after;
    module = flags.run(session, std::move(*module), *target, options.model.seed);
    if (!module) return Status::kBug;
  }
  return print_module(session, options, *module);
}

}  // namespace

void add_dump(CLI::App& app, Session& session) {
  auto options = std::make_shared<DumpOptions>();
  CLI::App* command = app.add_subcommand("dump", "Print a model's IR");
  command->footer("linnet dump lenet.lin --after fuse_pool --explain fuse_pool");
  options->model.add_model(*command);
  options->model.add_dtype(*command);
  options->model.add_weights(*command);
  options->model.add_target(*command);
  options->flags.add(*command);
  command->add_option("--after", options->after, "As it is after this pass")
      ->check(is_pass())
      ->type_name("PASS");
  command->add_flag("--train", options->model.training,
                    "Also the graphs of a training step and of evaluation");
  command->add_flag("--all", options->all, "Before the passes and after each");
  command->add_option("--format", options->format, "Text IR, or a graph for Graphviz")
      ->check(CLI::IsMember({"text", "dot"}));
  command
      ->add_option("-o,--output", options->output,
                   "Write F.lir, and large constants to F.lir.safetensors")
      ->type_name("F.lir");
  command->callback([&session, options] {
    session.command = [options](Session& s) { return run(s, *options); };
  });
}

}  // namespace linnet::cli
