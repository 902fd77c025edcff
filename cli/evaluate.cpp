// linnet evaluate MODEL --weights F --data D: how good the model is on samples with known answers.
#include "cli/build.h"
#include "codegen/emit/ports.h"
#include "driver/call.h"

#include "runtime/run/evaluate.h"
#include "runtime/run/tasks.h"
#include "runtime/train/measure.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>

namespace linnet::cli {
namespace {

struct EvaluateFlags {
  ModelOptions model;
  PipelineFlags pipeline;
  driver::Options build;
  std::string data, plot;
  bool json = false;
};

Status failed(Session& session, const Error& error) {
  session.error(error.message, error.status);
  return error.status;
}

// By the train block's own evaluation: loss and counts are those that training prints.
Status by_trainer(Session& session, driver::Model& model, const EvaluateFlags& flags, bool series) {
  driver::TrainerOptions options{flags.build};
  options.here = true;
  options.product = true;
  options.evaluate_only = true;
  const auto built = build_trainer(session, model, flags.model, flags.pipeline, options);
  if (!built) return Status::kBadInput;
  const auto loaded = driver::load_trainer(*built, session.host);
  if (!loaded) return Status::kMachine;
  const auto evaluation = runtime::train::measure(*loaded->trainer, flags.data);
  if (!evaluation) return failed(session, evaluation.error());
  if (series) {
    std::fputs((flags.json ? evaluation->json(false) : evaluation->text(false)).c_str(), stdout);
    return Status::kDone;
  }
  const auto reported = runtime::report(*evaluation, flags.json, flags.plot);
  return reported ? Status::kDone : failed(session, reported.error());
}

// By the compiled model, as an executable does it.
Status by_product(Session& session, driver::Model& opened, const EvaluateFlags& flags,
                  bool series) {
  driver::CompileOptions options{flags.build};
  options.here = true;
  options.product = true;
  const auto built = build(session, opened, flags.model, flags.pipeline, options);
  if (!built) return Status::kBadInput;
  const auto callable = driver::Callable::load(*built, session.host);
  if (!callable) return Status::kMachine;
  const runtime::Model model(callable->model());
  if (series) {
    runtime::Options as_executable;
    as_executable.evaluate = flags.data;
    as_executable.json = flags.json;
    const auto done = runtime::run_series(model, as_executable);
    return done ? Status::kDone : failed(session, done.error());
  }
  const auto evaluation = runtime::evaluate_model(model, flags.data);
  if (!evaluation) return failed(session, evaluation.error());
  const auto reported = runtime::report(*evaluation, flags.json, flags.plot);
  return reported ? Status::kDone : failed(session, reported.error());
}

Status run(Session& session, const EvaluateFlags& flags) {
  auto model = flags.model.open(session, flags.pipeline);
  const ir::Module* module = model ? model->at_batch(1) : nullptr;
  if (!module) return Status::kBadInput;
  if (module->untrained())
    session.diagnostics.report({.severity = Severity::kWarning,
                                .place = {},
                                .message = module->name + " is untrained: its parameters are "
                                                          "initial values",
                                .remedy = "--weights F.safetensors brings trained ones"});
  const codegen::Ports ports = codegen::ports_of(*module);
  const bool series = !ports.inputs.empty() && ports.inputs.front().abi().series;
  if (series && !flags.plot.empty()) {
    session.error("--plot draws classes and numbers, not series", Status::kBadCall,
                  "an executable draws forecasts: ./NAME FILE.csv --steps K --plot F.svg");
    return Status::kBadCall;
  }
  const bool trains = module->training("loss") != nullptr;
  if (trains) {
    const Status status = by_trainer(session, *model, flags, series);
    if (!series || status != Status::kDone) return status;
  }
  return by_product(session, *model, flags, series);
}

}  // namespace

void add_evaluate(CLI::App& app, Session& session) {
  auto flags = std::make_shared<EvaluateFlags>();
  CLI::App* command =
      app.add_subcommand("evaluate", "Measure loss and accuracy (or RMSE, R²) on labelled samples");
  add_build(*command, session, flags->model, flags->pipeline, flags->build);
  command->add_option("--data", flags->data, "Folder or file of the samples, as for train")
      ->required()
      ->type_name("PATH");
  command
      ->add_option("--plot", flags->plot,
                   "Draw the confusion matrix, or predicted against true values")
      ->type_name("F.svg");
  command->add_flag("--json", flags->json, "Print one JSON object instead of the table");
  command->footer("linnet evaluate lenet.lin --weights lenet.safetensors --data digits");
  command->callback(
      [&session, flags] { session.command = [flags](Session& s) { return run(s, *flags); }; });
}

}  // namespace linnet::cli
