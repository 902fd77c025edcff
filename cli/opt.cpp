// linnet opt F.lir --passes=a,b,c: IR in, IR out; --update rewrites a test's expected half.
#include "cli/pipeline_options.h"
#include "cli/text_module.h"
#include "frontend/load.h"
#include "passes/run/test_case.h"

#include "base/io/file.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>

namespace linnet::cli {
namespace {

struct OptOptions {
  ModelOptions model;
  PipelineFlags flags;
  std::vector<std::string> passes;
  std::string output = "-";
  bool update = false;
};

Status update(Session& session, const OptOptions& options) {
  const auto text = read_file(options.model.path);
  if (!text) {
    session.error(text.error().message);
    return Status::kBadInput;
  }
  const auto target = options.model.find_target(session);
  if (!target) return Status::kBadCall;
  if (std::string(text->begin(), text->end()).find("// run:") == std::string::npos) {
    session.error(options.model.path + ": not a file of test cases", Status::kBadInput,
                  "its first line says which passes they are of: // run: fuse_pool");
    return Status::kBadInput;
  }
  const passes::UpdatedFile updated = passes::update_cases(
      options.model.path, std::string(text->begin(), text->end()), target->info);
  for (const std::string& error : updated.errors)
    session.error(error);
  if (!updated.errors.empty()) return Status::kBadInput;
  const auto done = write_file(options.model.path, updated.text);
  if (done) return Status::kDone;
  session.error(done.error().message, Status::kMachine);
  return Status::kMachine;
}

Status run(Session& session, const OptOptions& options) {
  if (options.update) return update(session, options);
  std::vector<passes::Pass> rows;
  for (const std::string& name : options.passes)
    rows.push_back(*passes::find_pass(name));
  const auto target = options.model.find_target(session);
  if (!target) return Status::kBadCall;
  auto module = load_text_module(session, options.model.path);
  if (!module) return Status::kBadInput;
  passes::PassContext wanted;
  wanted.target = target->info;
  wanted.seed = options.model.seed;
  passes::ask_for(rows, wanted);
  module = driver::lower(std::move(*module), rows, options.flags, wanted, session.host);
  if (!module) return Status::kBug;
  return frontend::save_lir(options.output, *module, session.diagnostics) ? Status::kDone
                                                                          : Status::kMachine;
}

}  // namespace

void add_opt(CLI::App& app, Session& session) {
  auto options = std::make_shared<OptOptions>();
  CLI::App* command = app.add_subcommand("opt", "Run passes on text IR");
  command->footer("linnet opt module.lir --passes=canonicalize,fold_constants");
  command->add_option("FILE", options->model.path, "A .lir file")->required();
  command->add_option("--passes", options->passes, "The passes, in this order")
      ->delimiter(',')
      ->check(is_pass())
      ->type_name("A,B,C");
  command->add_option("--seed", options->model.seed, "Seed of untrained parameters")
      ->check(seed_fault)
      ->type_name("N");
  options->model.add_target(*command);
  options->flags.add(*command, session);
  command->add_option("-o,--output", options->output, "The file to write; default: standard output")
      ->type_name("F.lir");
  command->add_flag("--update", options->update,
                    "Rewrite the expected halves of the test cases in FILE");
  command->callback([&session, options] {
    session.command = [options](Session& s) { return run(s, *options); };
  });
}

}  // namespace linnet::cli
