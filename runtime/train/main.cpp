// Parses the flags of a trainer, runs it, and prints an error with its exit status.
#include "runtime/train/main.h"

#include "base/memory.h"
#include "runtime/train/loop.h"

#include <csignal>
#include <cstdio>
#include <exception>

namespace linnet::runtime::train {
namespace {

int fail_with(const Error& error) {
  std::fflush(stdout);
  std::fprintf(stderr, "error: %s\n", error.message.c_str());
  return exit_code(error.status);
}

int main_of(int argc, char** argv, const linnet_trainer_v1& trainer) {
  std::signal(SIGPIPE, SIG_IGN);
  if (trainer.abi != LINNET_TRAINER_VERSION || trainer.size != sizeof(linnet_trainer_v1))
    return fail_with({"the training step does not fit this runtime", Status::kBug});
  if (!trainer.supported())
    return fail_with({format("%s is compiled for %s, and this CPU lacks its instructions",
                             trainer.name, trainer.target),
                      Status::kMachine});
  auto parsed = parse_train_options(trainer, argc, argv);
  if (!parsed) return fail_with(parsed.error());
  if (parsed->done) return 0;
  auto report = train(trainer, parsed->options);
  if (!report) return fail_with(report.error());
  if (report->signal != 0) return exit_code(ended_by(report->signal));
  if (std::fputs(report_text(*report, parsed->options.json).c_str(), stdout) < 0 ||
      std::fflush(stdout) != 0)
    return fail_with({"standard output cannot be written", Status::kMachine});
  return 0;
}

}  // namespace
}  // namespace linnet::runtime::train

extern "C" int linnet_train_main(int argc, char** argv, const linnet_trainer_v1* trainer) {
  try {
    return linnet::runtime::train::main_of(argc, argv, *trainer);
  } catch (const std::exception& error) {  // out of memory
    return linnet::runtime::train::fail_with(
        {std::string(trainer->name) + ": " + linnet::exception_text(error),
         linnet::Status::kMachine});
  }
}
