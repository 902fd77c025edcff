#include "runtime/train/options.h"

#include <charconv>
#include <cstdio>
#include <cstring>
#include <vector>

namespace linnet::runtime::train {
namespace {

struct Flag {
  const char* name;
  const char* value;  // nullptr: takes none
  const char* help;
  std::string TrainOptions::* text = nullptr;
  int64_t TrainOptions::* number = nullptr;
  bool TrainOptions::* flag = nullptr;
};

const std::vector<Flag>& flags() {
  static const std::vector<Flag> kFlags = {
      {"--data", "PATH", "where the samples are", &TrainOptions::data},
      {"--epochs", "N", "times through the samples", nullptr, &TrainOptions::epochs},
      {"--steps", "N", "batches in all", nullptr, &TrainOptions::steps},
      {"--threads", "N", "for the tiles of kernels; the bits do not depend on it", nullptr,
       &TrainOptions::threads},
      {"--seed", "N", "of initial values, order and noise; default 0"},
      {"--init", "F", "begin with these weights, .safetensors", &TrainOptions::init},
      {"--resume", "F", "go on from the checkpoint F.ckpt", &TrainOptions::resume},
      {"-o", "F", "the result, default MODEL.safetensors; F.ckpt is the checkpoint",
       &TrainOptions::output},
      {"--data-order", "ORDER", "shuffle (default) or file"},
      {"--log-steps", "F", "write step,loss,lr as CSV", &TrainOptions::log_steps},
      {"--logdir", "DIR", "write events for TensorBoard", &TrainOptions::logdir},
      {"--wall-time", nullptr, "of events: the clock's, not the step", nullptr, nullptr,
       &TrainOptions::wall_time},
      {"--plot", "F.svg", "draw the losses", &TrainOptions::plot},
      {"--json", nullptr, "one line for machines", nullptr, nullptr, &TrainOptions::json},
      {"--quiet", nullptr, "no progress", nullptr, nullptr, &TrainOptions::quiet},
  };
  return kFlags;
}

void print_help(const linnet_trainer_v1& trainer, const char* program) {
  std::printf("Trains %s (loss: %s).\n\nusage: %s --data PATH [flags]\n\n", trainer.name,
              trainer.loss, program);
  for (const Flag& flag : flags())
    std::printf("  %-22s %s\n", format("%s %s", flag.name, flag.value ? flag.value : "").c_str(),
                flag.help);
  std::printf("  %-22s %s\n  %-22s %s\n", "--help", "this text", "--version", "what it is made of");
}

template <class T> Result<T> parse_number(const char* name, const std::string& text, T least) {
  T value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, value);
  if (code != std::errc() || stop != end || value < least)
    return tl::unexpected(
        Error{format("%s takes a whole number, not '%s'", name, text.c_str()), Exit::kBadCall});
  return value;
}

}  // namespace

Result<Parsed> parse_train_options(const linnet_trainer_v1& trainer, int argc, char** argv) {
  Parsed parsed;
  const auto wrong = [](std::string message) {
    return tl::unexpected(Error{std::move(message) + "; --help lists the flags", Exit::kBadCall});
  };
  for (int i = 1; i < argc; ++i) {
    std::string name = argv[i];
    if (name == "--help" || name == "--version") {
      if (name == "--help")
        print_help(trainer, argv[0]);
      else
        std::printf("%s, a trainer by linnet %s for %s\nmodel %s\n", trainer.name,
                    trainer.linnet_version, trainer.target, trainer.model_hash);
      parsed.done = true;
      return parsed;
    }
    std::string value;
    const size_t equals = name.find('=');
    const bool joined = equals != std::string::npos;
    if (joined) {
      value = name.substr(equals + 1);
      name.resize(equals);
    }
    const Flag* flag = nullptr;
    for (const Flag& known : flags()) {
      if (name == known.name) flag = &known;
    }
    if (!flag) return wrong(format("there is no flag '%s'", name.c_str()));
    if (flag->value && !joined) {
      if (i + 1 >= argc) return wrong(format("%s takes %s", flag->name, flag->value));
      value = argv[++i];
    }
    TrainOptions& options = parsed.options;
    if (flag->text) {
      options.*flag->text = value;
    } else if (flag->flag) {
      options.*flag->flag = true;
    } else if (flag->number) {
      auto number = parse_number<int64_t>(flag->name, value, 1);
      if (!number) return tl::unexpected(number.error());
      options.*flag->number = *number;
    } else if (name == "--seed") {
      auto number = parse_number<uint64_t>(flag->name, value, 0);
      if (!number) return tl::unexpected(number.error());
      options.seed = *number;
    } else if (value == "file" || value == "shuffle") {
      options.file_order = value == "file";
    } else {
      return wrong(format("%s is shuffle or file, not '%s'", flag->name, value.c_str()));
    }
  }
  if (parsed.options.data.empty()) return wrong("--data PATH is needed");
  return parsed;
}

}  // namespace linnet::runtime::train
