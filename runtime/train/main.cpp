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
  // Without a message where another process tells it.
  if (!error.message.empty()) std::fprintf(stderr, "error: %s\n", error.message.c_str());
  return exit_code(error.status);
}

Result<Parsed> parse(const linnet_trainer_v1& trainer, int argc, char** argv) {
  if (trainer.abi != LINNET_TRAINER_VERSION || trainer.size != sizeof(linnet_trainer_v1))
    return tl::unexpected(Error{"the training step does not fit this runtime", Status::kBug});
  if (!trainer.supported())
    return fail_machine("%s is compiled for %s, and this CPU lacks its instructions", trainer.name,
                        trainer.target);
  return parse_train_options(trainer, argc, argv);
}

int run(const linnet_trainer_v1& trainer, int argc, char** argv, Processes& processes) {
  auto parsed = parse(trainer, argc, argv);
  const Result<void> ready = parsed ? Result<void>() : tl::unexpected(parsed.error());
  if (auto agreed = processes.agree(ready); !agreed) return fail_with(agreed.error());
  const uint64_t done = parsed->done ? 1 : 0;
  if (processes.first_difference({&done, 1})) {
    processes.end_together();
    return fail_with({processes.is_first() ? "the processes differ in --help or --version" : "",
                      Status::kBadCall});
  }
  if (parsed->done) return 0;
  auto report = train(trainer, parsed->options, processes);
  if (!report) return fail_with(report.error());
  if (report->signal != 0) return exit_code(ended_by(report->signal));
  if (!processes.is_first()) return 0;
  if (std::fputs(report_text(*report, parsed->options.json).c_str(), stdout) < 0 ||
      std::fflush(stdout) != 0)
    return fail_with({"standard output cannot be written", Status::kMachine});
  return 0;
}

int main_of(int argc, char** argv, const linnet_trainer_v1& trainer) {
  std::signal(SIGPIPE, SIG_IGN);
  auto processes = Processes::join();
  if (!processes) return fail_with(processes.error());
  int status = 0;
  try {
    status = run(trainer, argc, argv, *processes);
  } catch (const std::exception& error) {  // out of memory
    status = fail_with(processes->told(
        {std::string(trainer.name) + ": " + exception_text(error), Status::kMachine}));
  }
  return processes->end(status);
}

}  // namespace
}  // namespace linnet::runtime::train

extern "C" int linnet_train_main(int argc, char** argv, const linnet_trainer_v1* trainer) {
  return linnet::runtime::train::main_of(argc, argv, *trainer);
}
