// linnet init MODEL -o F.safetensors: the initial values of every parameter.
#include "cli/model_options.h"
#include "frontend/weights.h"

#include <CLI/CLI.hpp>

namespace linnet::cli {

void add_init(CLI::App& app, Session& session) {
  auto options = std::make_shared<ModelOptions>();
  auto output = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("init", "Write a model's initial parameters");
  command->footer("linnet init lenet.lin --seed 7 -o lenet.safetensors");
  options->add_model(*command);
  command->add_option("--seed", options->seed, "Seed of the initial values")
      ->check(seed_fault)
      ->type_name("N");
  command->add_option("-o,--output", *output, "The file to write")
      ->required()
      ->check(file_fault)
      ->type_name("F.safetensors");
  command->callback([&session, options, output] {
    session.command = [options, output](Session& s) {
      if (!options->spares(s, *output)) return Status::kBadCall;
      const auto module = options->load(s);
      if (!module) return Status::kBadInput;
      return frontend::save_weights(*output, *module, options->seed, s.diagnostics)
                 ? Status::kDone
                 : Status::kMachine;
    };
  });
}

}  // namespace linnet::cli
