// The driver behind a C interface: what `linnet run` compiles, kept for calls.
#include "api/linnet.h"

#include "cli/build.h"
#include "cli/call.h"

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <cstring>
#include <mutex>

struct linnet_network {
  std::string header;
  std::unique_ptr<linnet::driver::Callable> code;
};

namespace linnet::cli {
namespace {

// The command that linnet_load runs: `words` are its arguments. nullptr, with what went wrong in
// the session, on failure.
std::unique_ptr<linnet_network> load(Session& session, int count, const char* const* words) {
  auto network = std::make_unique<linnet_network>();
  ModelOptions model;
  PipelineFlags pipeline;
  driver::CompileOptions options;
  options.here = true;
  options.product = true;
  session.json_diagnostics = true;
  session.progress.silence();

  CLI::App app;
  app.set_help_flag();  // for a command line: it prints, and no model is compiled
  CLI::App* command = app.add_subcommand("load", "Compile into the calling process");
  add_build(*command, session, model, pipeline, options);
  pipeline.add_threads(*command);
  add_name(*command, options);
  command->add_option("--jobs", options.jobs)->check(CLI::Range(1, 256));
  command->add_flag("--flush-denormals", options.flush_denormals);
  command->callback([&] {
    session.command = [&](Session& s) {
      pipeline.remarks = true;
      options.name_tiny_weights = !options.flush_denormals;
      const auto built = build(s, model, pipeline, options);
      if (!built) return Status::kBadInput;
      network->header = built->compiled.header;
      network->code = driver::Callable::load(*built, s.host);
      return network->code ? Status::kDone : Status::kMachine;
    };
  });
  std::vector<const char*> line{"linnet", "load"};
  line.insert(line.end(), words, words + count);
  const Status status = run_line(session, app, static_cast<int>(line.size()), line.data());
  if (session.diagnostics.status() != Status::kDone || status != Status::kDone) return nullptr;
  return network;
}

// Halide names things by counters of the process, and passes share registries.
std::mutex& turn() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace
}  // namespace linnet::cli

const char* linnet_version(void) {
  return LINNET_VERSION;
}

linnet_network* linnet_load(int count, const char* const* words, char** messages) {
  const std::scoped_lock lock(linnet::cli::turn());
  *messages = nullptr;
  try {
    linnet::cli::Session session;
    auto network = linnet::cli::load(session, count, words);
    *messages = strdup(session.diagnostics.json().c_str());
    return network.release();
  } catch (...) {  // of memory, while a message was written
    return nullptr;
  }
}

const linnet_model_v1* linnet_model(const linnet_network* network) {
  return &network->code->model();
}

const char* linnet_header(const linnet_network* network) {
  return network->header.c_str();
}

void linnet_unload(linnet_network* network) {
  delete network;
}

void linnet_free(char* text) {
  std::free(text);
}
