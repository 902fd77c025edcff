// The `main` of every produced executable: finds out what is asked, and of which kind the model is.
#include "base/memory.h"
#include "runtime/run/evaluate.h"
#include "runtime/run/tasks.h"

#include <csignal>
#include <cstdio>
#include <exception>
#include <unistd.h>

namespace linnet::runtime {
namespace {

// Threads of a call, until the process ends.
Result<void> start_threads(const linnet_threads_v1* threads, int64_t wanted) {
  const int64_t most = threads ? threads->most : 1;
  if (wanted > most)
    return fail_call("--threads %lld: it was compiled for %lld; linnet compile --threads N",
                     static_cast<long long>(wanted), static_cast<long long>(most));
  const int64_t count = wanted == 0 ? most : wanted;
  if (!threads || threads->start(static_cast<int>(count), 0) == LINNET_DONE) return {};
  return fail_machine("the system does not start %lld threads", static_cast<long long>(count));
}

Result<void> run(const Options& options, const std::string& program) {
  const linnet_model_v1& abi = linnet_product_model;
  if (options.help) {
    std::fputs(usage(abi, program).c_str(), stdout);
    return {};
  }
  if (options.version) {
    std::fputs(version(abi).c_str(), stdout);
    return {};
  }
  if (options.licenses) {
    std::fputs(licenses(), stdout);
    return {};
  }
  if (abi.untrained)
    std::fprintf(stderr, "%s: untrained: parameters are initial values\n", abi.name);
  LINNET_TRY(start_threads(abi.threads, options.threads));
  const Model model(abi, options.batch);
  if (options.bench) return run_bench(model, options);
  const linnet_port_v1& input = abi.inputs[0];
  const bool series = input.series && abi.stream;
  if (!options.evaluate.empty() && !series) {
    LINNET_TRY_ASSIGN(const auto& evaluation, evaluate_model(model, options.evaluate));
    return report(evaluation, options.json, options.plot);
  }
  if (options.follow && !series) return fail_call("--follow is for models of series");
  if (options.files.empty() && options.inputs.empty() && !options.follow &&
      options.evaluate.empty())
    return fail_call("nothing to do\n%s", usage(abi, program).c_str());
  if (!options.inputs.empty()) return run_tensors(model, options);
  if (input.image && abi.input_count == 1) return run_images(model, options);
  if (series) return run_series(model, options);
  return run_samples(model, options);
}

int main_of(int argc, char** argv) {
  // `./lenet DIR | head`: who reads has seen enough, and nothing is left to do. It comes from
  // writing answers only: files are written whole, and between answers.
  std::signal(SIGPIPE, [](int) { _exit(0); });
  const linnet_model_v1& abi = linnet_product_model;
  if (abi.abi != LINNET_ABI_VERSION || abi.size != sizeof(linnet_model_v1)) {
    std::fputs("error: the model does not fit this runtime\n", stderr);
    return exit_code(Status::kBug);
  }
  if (!abi.supported()) {
    std::fprintf(stderr, "error: %s is compiled for %s, and this CPU lacks its instructions\n",
                 abi.name, abi.target);
    return exit_code(Status::kMachine);
  }
  std::string program = argc > 0 ? argv[0] : abi.name;
  auto options = parse_options(argc, argv);
  const Result<void> done = options ? run(*options, program) : tl::unexpected(options.error());
  if (!done) {
    std::fflush(stdout);
    std::fprintf(stderr, "error: %s\n", done.error().message.c_str());
    return exit_code(done.error().status);
  }
  if (std::fflush(stdout) != 0 || std::ferror(stdout)) {
    std::fputs("error: standard output cannot be written\n", stderr);
    return exit_code(Status::kMachine);
  }
  return 0;
}

}  // namespace
}  // namespace linnet::runtime

int main(int argc, char** argv) {
  try {
    return linnet::runtime::main_of(argc, argv);
  } catch (const std::exception& error) {  // out of memory
    std::fprintf(stderr, "error: %s: %s\n", linnet_product_model.name,
                 linnet::exception_text(error).c_str());
    return exit_code(linnet::Status::kMachine);
  }
}
