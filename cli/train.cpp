// linnet train MODEL --data PATH: compile a training step in memory and run the trainers' loop.
#include "cli/build.h"
#include "cli/report.h"

#include "runtime/train/history.h"
#include "runtime/train/loop.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>

namespace linnet::cli {
namespace {

struct TrainFlags {
  ModelOptions model;
  PipelineFlags pipeline;
  driver::TrainerOptions build;
  runtime::train::TrainOptions loop;
  std::string order = "shuffle";
  std::optional<driver::Emit> emit;   // nullopt: train here
  std::string report;                 // a page besides
  std::vector<std::string> of_a_run;  // options given that say how to train, not what is compiled
};

Status failed(Session& session, const Error& error) {
  // Without a message where another process tells it.
  if (!error.message.empty()) session.error(error.message, error.status);
  return error.status;
}

Status report_of(Session& session, const TrainFlags& flags,
                 const runtime::train::History& history) {
  ReportOptions page;
  page.model = flags.model;
  page.pipeline = flags.pipeline;
  static_cast<driver::Options&>(page.build) = flags.build;
  page.output = flags.report;
  page.train = true;
  return write_report(session, page, history_json(history));
}

// What the flags say of the code to be made; false, with the error reported, where they do not go
// together.
bool take_flags(Session& session, TrainFlags& flags) {
  if (!flags.model.spares(session, flags.loop.output) ||
      !takes_report(session, flags.model, flags.pipeline.tuning, flags.report))
    return false;
  const bool executable = flags.emit == driver::Emit::kExecutable;
  flags.build.library = flags.emit && !executable;
  flags.build.product = !flags.build.library;
  flags.build.here = !flags.emit;
  flags.build.main = executable;
  // A trainer may be asked for a log when it runs; the kernels are the step's but for a few.
  flags.build.gradients = executable || !flags.loop.logdir.empty() || !flags.report.empty();
  flags.loop.file_order = flags.order == "file";
  if (flags.emit && !flags.of_a_run.empty()) {
    session.error(fmt::format("{} is for training, and --emit only makes the trainer",
                              flags.of_a_run.front()),
                  Status::kBadCall,
                  executable ? "the trainer takes it when it is run: ./NAME-train --data PATH " +
                                   flags.of_a_run.front()
                             : "a library leaves that to its caller");
    return false;
  }
  if (flags.emit && !flags.report.empty()) {
    session.error("--report tells of a run, and --emit only makes the trainer", Status::kBadCall,
                  "linnet report MODEL --train tells of the step");
    return false;
  }
  if (!linking_fits(session, flags.build, flags.emit)) return false;
  if (!flags.emit && flags.loop.data.empty()) {
    session.error("--data PATH is needed", Status::kBadCall,
                  "a folder with MNIST's files, pictures by label, a CSV, or .npy files");
    return false;
  }
  flags.build.es_module = flags.emit == driver::Emit::kWasm;
  if (flags.build.es_module && !prepare_wasm(session, flags.model, flags.loop.output)) return false;
  if (flags.emit == driver::Emit::kSource) {
    session.error("--emit c: no trainer is written in C", Status::kUnsupported,
                  "linnet compile --emit c writes the trained model");
    return false;
  }
  if (!flags.emit) return true;
  const auto target = flags.model.find_target(session);
  return target && driver::can_make(*flags.emit, *target, session.host);
}

// Trains here: this process, or it and others that a launcher of MPI started.
Status train_with(Session& session, TrainFlags& flags, runtime::train::Processes& processes) {
  const auto built = take_flags(session, flags)
                         ? build_trainer(session, flags.model, flags.pipeline, flags.build)
                         : std::nullopt;
  const auto loaded = built ? driver::load_trainer(*built, session.host) : std::nullopt;
  Result<void> ready;
  if (!loaded) ready = tl::unexpected(Error{"reported", session.diagnostics.status()});
  if (const auto agreed = processes.agree(ready); !agreed) {
    session.silent = agreed.error().message.empty();  // another process tells it
    return agreed.error().status;
  }
  runtime::train::History history;
  if (!flags.report.empty()) flags.loop.history = &history;
  const auto report = runtime::train::train(*loaded->trainer, flags.loop, processes);
  if (!report) return failed(session, report.error());
  if (report->signal != 0) return ended_by(report->signal);
  if (!processes.is_first()) return Status::kDone;
  std::fputs(report_text(*report, flags.loop.json).c_str(), stdout);
  return flags.report.empty() ? Status::kDone : report_of(session, flags, history);
}

Status train_here(Session& session, TrainFlags& flags) {
  auto processes = runtime::train::Processes::join();
  if (!processes) return failed(session, processes.error());
  if (!processes->is_first()) {
    session.progress.silence();
    session.quiet = true;
  }
  const Status status =
      session.finish(caught(session, [&] { return train_with(session, flags, *processes); }));
  session.silent = true;  // told before the others end
  return static_cast<Status>(processes->end(exit_code(status)));
}

// Makes the trainer that --emit asks for.
Status write_trainer(Session& session, TrainFlags& flags) {
  if (!take_flags(session, flags)) return session.diagnostics.status();
  const auto built = build_trainer(session, flags.model, flags.pipeline, flags.build);
  if (!built) return Status::kBadInput;
  const bool executable = flags.emit == driver::Emit::kExecutable;
  const std::string name = built->compiled.name + (executable ? "-train" : "_train");
  return write_product(session, built->compiled, *flags.emit, name, flags.loop.output);
}

Status run(Session& session, TrainFlags& flags) {
  if (flags.loop.quiet || flags.loop.json) session.progress.silence();
  session.quiet = flags.loop.quiet;
  return flags.emit ? write_trainer(session, flags) : train_here(session, flags);
}

// What a run writes down besides its result.
void add_logs(CLI::App& command, TrainFlags& flags) {
  command.add_option("--log-steps", flags.loop.log_steps, "Write a row step,loss,lr for each step")
      ->type_name("F.csv");
  command.add_option("--logdir", flags.loop.logdir, "Write events for TensorBoard")
      ->type_name("DIR");
  command.add_flag("--wall-time", flags.loop.wall_time,
                   "Real times in the events instead of step numbers");
  command.add_option("--plot", flags.loop.plot, "Draw the curves of the losses")
      ->type_name("F.svg");
  add_report_option(command, flags.report);
}

void add_data(CLI::App& command, TrainFlags& flags) {
  command.add_option("--data", flags.loop.data, "Folder or file of the samples (docs/tutorial.md)")
      ->type_name("PATH");
  command.add_option("--data-order", flags.order, "Order of the samples")
      ->check(CLI::IsMember({"shuffle", "file"}));
  command
      .add_option("--data-memory", flags.loop.data_memory,
                  "Samples that take more MiB are read when they are needed")
      ->check(CLI::Range(int64_t{1}, kMostCount))
      ->capture_default_str()
      ->type_name("MIB");
}

}  // namespace

void add_train(CLI::App& app, Session& session) {
  auto flags = std::make_shared<TrainFlags>();
  CLI::App* command = app.add_subcommand("train", "Train a model by its train block");
  command->footer("linnet train lenet.lin --data digits -o lenet.safetensors");
  flags->model.add_model(*command);
  flags->model.add_dtype(*command);
  flags->model.add_target(*command);
  flags->pipeline.add(*command, session);
  add_cache(*command, flags->build);
  auto& loop = flags->loop;
  add_data(*command, *flags);
  CLI::Option* epochs =
      command->add_option("--epochs", loop.epochs, "Passes over the training samples")
          ->check(CLI::Range(int64_t{1}, kMostCount))
          ->type_name("N");
  command->add_option("--steps", loop.steps, "Training steps in all, instead of epochs")
      ->check(CLI::Range(int64_t{1}, kMostCount))
      ->excludes(epochs)
      ->type_name("N");
  command
      ->add_option("--threads", loop.threads, "Threads; the results do not depend on their number")
      ->check(CLI::Range(1, 256))
      ->type_name("N");
  command->add_option("--seed", flags->model.seed, "Seed of initial values, sample order and noise")
      ->check(seed_fault)
      ->type_name("N");
  CLI::Option* init =
      command->add_option("--init", loop.init, "Begin with these weights")->type_name("F");
  command->add_option("--resume", loop.resume, "Go on from the checkpoint F.ckpt")
      ->excludes(init)
      ->type_name("F");
  command
      ->add_option("-o,--output", loop.output,
                   "The result, default NAME.safetensors; F.ckpt beside it")
      ->check(file_fault)
      ->type_name("F");
  add_logs(*command, *flags);
  command->add_flag("--json", loop.json, "Print one JSON object at the end");
  command->add_flag("--quiet", loop.quiet, "Print only the final results");
  add_emit(*command, flags->emit, "Make a trainer instead of training");
  add_linking(*command, flags->build);
  command->add_option("--jobs", flags->build.jobs, "Kernels compiled at the same time")
      ->check(CLI::Range(1, 256))
      ->type_name("N");
  command->callback([&session, command, flags] {
    for (const char* option :
         {"--epochs", "--steps", "--threads", "--init", "--resume", "--data-order", "--data-memory",
          "--log-steps", "--wall-time", "--plot", "--json"}) {
      if (command->count(option) != 0) flags->of_a_run.emplace_back(option);
    }
    if (command->count("--seed") != 0) flags->loop.seed = flags->model.seed;
    session.command = [flags](Session& s) { return run(s, *flags); };
  });
}

}  // namespace linnet::cli
