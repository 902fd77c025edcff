// linnet export MODEL -o model.onnx: the model as other tools read it.
#include "frontend/onnx/export/export.h"
#include "cli/model_options.h"

#include "base/io/file.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <unistd.h>

namespace linnet::cli {
namespace {

// The model at two other batch sizes, which show what follows the batch; none where it is not for
// other sizes. The model at hand is for one sample and sound: what is said of the others is not
// this call's concern.
std::vector<frontend::AtBatch> at_other_batches(driver::Model& model) {
  std::vector<frontend::AtBatch> others;
  for (int64_t batch : {2, 3}) {
    const ir::Module* module = model.try_at_batch(batch);
    if (!module) return {};
    others.push_back({batch, *module});
  }
  return others;
}

Result<void> write_stdout(std::string_view bytes) {
  errno = 0;
  if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size() &&
      std::fflush(stdout) == 0)
    return {};
  return fail_machine("standard output: %s", std::strerror(errno));
}

Status run(Session& session, const ModelOptions& options, const std::string& output) {
  if (!options.spares(session, output)) return Status::kBadCall;
  if (output == "-" && isatty(STDOUT_FILENO) == 1) {
    session.error("an ONNX file is bytes, and standard output is a terminal", Status::kBadCall,
                  "-o F.onnx writes a file, -o - into a pipe");
    return Status::kBadCall;
  }
  auto model = options.open(session);
  const ir::Module* module = model ? model->at_batch(options.samples()) : nullptr;
  if (!module) return Status::kBadInput;
  frontend::ExportOptions choices;
  choices.seed = options.seed;
  if (!options.batch) choices.others = at_other_batches(*model);
  const auto bytes = frontend::export_onnx(*module, choices, session.diagnostics);
  if (!bytes) return Status::kUnsupported;
  if (module->untrained()) {
    session.diagnostics.report(
        {.severity = Severity::kWarning,
         .place = {},
         .message = module->name + " is untrained: its parameters are initial values"});
  }
  const auto written = output == "-" ? write_stdout(*bytes) : write_file(output, *bytes);
  if (written) return Status::kDone;
  session.error(written.error().message, written.error().status);
  return Status::kMachine;
}

}  // namespace

void add_export(CLI::App& app, Session& session) {
  auto options = std::make_shared<ModelOptions>();
  auto output = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("export", "Write a model as an ONNX file");
  command->footer("linnet export lenet.lin --weights lenet.safetensors -o lenet.onnx");
  options->add_model(*command);
  options->add_dtype(*command);
  options->add_weights(*command);
  command->add_option("-o,--output", *output, "The file to write; -: standard output")
      ->required()
      ->type_name("F.onnx");
  command->callback([&session, options, output] {
    session.command = [=](Session& s) { return run(s, *options, *output); };
  });
}

}  // namespace linnet::cli
