// The flags of a trainer that stands alone.
#include "runtime/train/options.h"

#include "base/flags.h"

#include <cstdio>

namespace linnet::runtime::train {
namespace {

void print_help(const linnet_trainer_v1& trainer, const char* program,
                std::span<const Flag> flags) {
  std::printf("Trains %s (loss: %s).\n\nusage: %s --data PATH [flags]\n\n", trainer.name,
              trainer.loss, program);
  for (const Flag& flag : flags)
    std::fputs(flag.help().c_str(), stdout);
}

}  // namespace

Result<Parsed> parse_train_options(const linnet_trainer_v1& trainer, int argc, char** argv) {
  Parsed parsed;
  TrainOptions& o = parsed.options;
  std::string order = "shuffle";
  bool help = false, version = false;
  const Flag flags[] = {
      {"--data", "PATH", &o.data, "where the samples are"},
      {"--epochs", "N", &o.epochs, "times through the samples"},
      {"--steps", "N", &o.steps, "batches in all"},
      {"--threads", "N", &o.threads, "for the tiles of kernels; the bits do not depend on it"},
      {"--seed", "N", &o.seed, "of initial values, order and noise; default 0"},
      {"--init", "F", &o.init, "begin with these weights, .safetensors"},
      {"--resume", "F", &o.resume, "go on from the checkpoint F.ckpt"},
      {"-o", "F", &o.output, "the result, default MODEL.safetensors; F.ckpt is the checkpoint"},
      {"--data-order", "ORDER", &order, "shuffle (default) or file"},
      {"--data-memory", "MIB", &o.data_memory,
       "samples of more are read as they are needed; default 256", INT32_MAX},
      {"--log-steps", "F", &o.log_steps, "write step,loss,lr as CSV"},
      {"--logdir", "DIR", &o.logdir, "write events for TensorBoard"},
      {"--wall-time", &o.wall_time, "of events: the clock's, not the step"},
      {"--plot", "F.svg", &o.plot, "draw the losses"},
      {"--json", &o.json, "one line for machines"},
      {"--quiet", &o.quiet, "no progress"},
      {"--help", &help, "this text"},
      {"--version", &version, "what it is made of"},
  };
  LINNET_TRY_ASSIGN(const std::vector<std::string> others, parse_flags(flags, argc, argv));
  parsed.done = help || version;
  if (help)
    print_help(trainer, argv[0], flags);
  else if (version)
    std::printf("%s, a trainer by linnet %s for %s\nmodel %s\n", trainer.name,
                trainer.linnet_version, trainer.target, trainer.model_hash);
  if (parsed.done) return parsed;
  if (!others.empty())
    return fail_call("'%s' is no flag; --help lists them", others.front().c_str());
  if (order != "file" && order != "shuffle")
    return fail_call("--data-order is shuffle or file, not '%s'", order.c_str());
  o.file_order = order == "file";
  if (o.data.empty()) return fail_call("--data PATH is needed; --help lists the flags");
  return parsed;
}

}  // namespace linnet::runtime::train
