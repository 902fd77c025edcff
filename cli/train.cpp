// linnet train MODEL --data PATH: compile a training step in memory and run the trainers' loop.
#include "cli/build.h"

#include "runtime/io/file.h"
#include "runtime/train/loop.h"

#include <fmt/format.h>

#include <cstdio>

namespace linnet::cli {
namespace {

struct TrainFlags {
  ModelOptions model;
  PipelineFlags pipeline;
  BuildOptions build;
  runtime::train::TrainOptions loop;
  std::string order = "shuffle";
  std::string emit;
};

Status failed(Session& session, const runtime::Error& error) {
  const auto status = static_cast<Status>(error.status);
  session.error(error.message, status);
  return status;
}

// lenet-train; liblenet_train.a, liblenet_train.so or lenet_train.o with lenet_train.h beside it.
Status emit(Session& session, const TrainFlags& flags, const Built& built) {
  const codegen::Compiled& compiled = built.compiled;
  const std::string stem = compiled.name + "_train";
  std::string path = flags.loop.output;
  if (path.empty()) {
    path = flags.emit == "exe"      ? compiled.name + "-train"
           : flags.emit == "lib"    ? "lib" + stem + ".a"
           : flags.emit == "shared" ? "lib" + stem + ".so"
                                    : stem + ".o";
  }
  std::optional<codegen::Failure> failure;
  if (flags.emit == "exe") failure = link_executable(compiled, path);
  if (flags.emit == "lib") failure = write_archive(compiled, path);
  if (flags.emit == "shared") failure = link_shared(compiled, path);
  if (flags.emit == "obj") failure = write_objects(compiled, path);
  if (failure) {
    report(session, *failure);
    return failure->status;
  }
  if (flags.emit == "exe") return Status::kDone;
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  const auto written = runtime::write_file(folder + stem + ".h", compiled.header);
  return written ? Status::kDone : failed(session, written.error());
}

Status run(Session& session, TrainFlags& flags) {
  flags.build.training_library = !flags.emit.empty() && flags.emit != "exe";
  flags.build.product = !flags.build.training_library;
  flags.build.trainer_main = flags.emit == "exe";
  flags.loop.file_order = flags.order == "file";
  flags.loop.seed = flags.model.seed;
  if (flags.emit.empty() && flags.loop.data.empty()) {
    session.error("--data PATH is needed", Status::kBadCall,
                  "a folder with MNIST's files, pictures by label, a CSV, or .npy files");
    return Status::kBadCall;
  }
  const auto built = build_trainer(session, flags.model, flags.pipeline, flags.build,
                                   flags.model.batch == 1 ? 0 : flags.model.batch);
  if (!built) return Status::kBadInput;
  if (!flags.emit.empty()) return emit(session, flags, *built);
  if (!codegen::runs_here(built->target)) {
    session.error("this CPU lacks instructions of " + built->target.info.name, Status::kMachine);
    return Status::kMachine;
  }
  codegen::Failure failure;
  const auto loaded = codegen::load(built->compiled, failure);
  if (!loaded) {
    report(session, failure);
    return failure.status;
  }
  const auto* trainer =
      static_cast<const linnet_trainer_v1*>(loaded->symbol("linnet_product_trainer"));
  LINNET_CHECK(trainer != nullptr, "the object has no linnet_product_trainer");
  const auto report = runtime::train::train(*trainer, flags.loop);
  if (!report) return failed(session, report.error());
  if (report->signal != 0) return static_cast<Status>(128 + report->signal);
  std::fputs(report_text(*report, flags.loop.json).c_str(), stdout);
  return Status::kDone;
}

}  // namespace

void add_train(CLI::App& app, Session& session) {
  auto flags = std::make_shared<TrainFlags>();
  CLI::App* command = app.add_subcommand("train", "Train a model by its train block");
  flags->model.add_model(*command);
  flags->model.add_dtype(*command);
  flags->model.add_target(*command);
  flags->pipeline.add(*command);
  auto& loop = flags->loop;
  command->add_option("--data", loop.data, "Where the samples are")->type_name("PATH");
  command->add_option("--epochs", loop.epochs, "Times through the samples")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command->add_option("--steps", loop.steps, "Batches in all")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command->add_option("--threads", loop.threads, "For the tiles of kernels; no bit depends on it")
      ->check(CLI::Range(1, 256))
      ->type_name("N");
  command->add_option("--seed", flags->model.seed, "Of initial values, order and noise")
      ->type_name("N");
  command->add_option("--init", loop.init, "Begin with these weights")->type_name("F");
  command->add_option("--resume", loop.resume, "Go on from the checkpoint F.ckpt")->type_name("F");
  command->add_option("-o,--output", loop.output, "The result, .safetensors; F.ckpt beside it")
      ->type_name("F");
  command->add_option("--data-order", flags->order, "Of the samples")
      ->check(CLI::IsMember({"shuffle", "file"}));
  command->add_option("--log-steps", loop.log_steps, "Write step,loss")->type_name("F.csv");
  command->add_option("--logdir", loop.logdir, "Write events for TensorBoard")->type_name("DIR");
  command->add_option("--plot", loop.plot, "Draw the losses")->type_name("F.svg");
  command->add_flag("--json", loop.json, "One line for machines");
  command->add_flag("--quiet", loop.quiet, "No progress");
  command->add_option("--emit", flags->emit, "Make a trainer instead of training")
      ->check(CLI::IsMember({"exe", "lib", "shared", "obj"}));
  command->add_option("--jobs", flags->build.jobs, "Kernels compiled at the same time")
      ->check(CLI::Range(1, 256))
      ->type_name("N");
  command->callback(
      [&session, flags] { session.command = [flags](Session& s) { return run(s, *flags); }; });
}

}  // namespace linnet::cli
