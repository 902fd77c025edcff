// The flags of a produced executable and what it says about itself.
#include "runtime/run/options.h"

#include "base/flags.h"
#include "runtime/data/reader.h"

namespace linnet::runtime {
namespace {

std::string dims(const linnet_port_v1& port) {
  std::string text = "[";
  for (int64_t i = 0; i < port.rank; ++i)
    text += format("%s%lld", i ? "," : "", static_cast<long long>(port.dims[i]));
  return text + "]";
}

}  // namespace

Result<Options> parse_options(int argc, char** argv) {
  constexpr int64_t kMostCount = 1000000;
  Options options;
  const Flag flags[] = {{"--json", &options.json},
                        {"--bench", &options.bench},
                        {"--follow", &options.follow},
                        {"--backtest", &options.backtest},
                        {"--help", &options.help},
                        {"-h", &options.help},
                        {"--version", &options.version},
                        {"--licenses", &options.licenses},
                        {"--plot", "F.svg", &options.plot},
                        {"--evaluate", "DATA", &options.evaluate},
                        {"--load-state", "F", &options.load_state},
                        {"--save-state", "F", &options.save_state},
                        {"--output-dir", "DIR", &options.output_dir},
                        {"--input", "NAME=F.npy", &options.inputs},
                        {"--steps", "K", &options.steps, "", kMostCount},
                        {"--batch", "N", &options.batch, "", kMostCount},
                        {"--threads", "N", &options.threads, "", LINNET_MOST_THREADS},
                        {"--last", "N", &options.last, "", kMostCount}};
  LINNET_TRY_ASSIGN(options.files, parse_flags(flags, argc, argv));
  return options;
}

std::string usage(const linnet_model_v1& model, const std::string& program) {
  std::string text = format("%s, a model compiled by linnet %s for %s\n\n", model.name,
                            model.linnet_version, model.target);
  const linnet_port_v1& input = model.inputs[0];
  const train::Reader reader = train::reader_of(model);
  const char* name = program.c_str();
  if (input.image && model.input_count == 1) {
    text += format("  %s PICTURE…          what each PNG or JPEG shows\n", name);
    text +=
        format("  %s IMAGES [LABELS]   IDX files: accuracy, or the answers without labels\n", name);
  } else if (input.series) {
    text += format("  %s FILE.csv          the value after the last of column '%s'\n", name,
                   input.series->column);
    text += "      --steps K          K values, each from those before it\n"
            "      --plot F.svg       a picture: the past, one step ahead, the forecast\n"
            "      --backtest         errors of forecasts from each row, beside \"same as last\"\n"
            "      --last N           … from the last N rows only\n";
    text += format(
        "  %s [FILE.csv] --follow   a number a line from standard input, a forecast each\n", name);
    text += "      --save-state F     what the next answer depends on; --load-state F goes on\n";
  } else if (reader.answers) {
    text += format("  %s %s\n", name, reader.answers);
  }
  text += format(
      "  %s --input NAME=F.npy … [--output-dir DIR]   tensors: printed, or NAME.npy in DIR\n",
      name);
  text += format("  %s --evaluate DATA [--plot F.svg]   how good the answers are: %s\n", name,
                 reader.evaluates);
  text += "\n  --json        one JSON object for each answer\n"
          "  --bench       time of a call, in memory\n"
          "  --batch N     samples of a call, at most what was compiled\n";
  if (model.threads)
    text += format("  --threads N   threads of a call, at most %lld, which it has without\n",
                   static_cast<long long>(model.threads->most));
  text += "  --version     what this is, with its hashes\n"
          "  --licenses    of what is linked in\n"
          "  --help        this text\n\ninputs and outputs:\n";
  for (int64_t i = 0; i < model.input_count; ++i)
    text += format("  in   %s  %s\n", model.inputs[i].name, dims(model.inputs[i]).c_str());
  for (int64_t i = 0; i < model.output_count; ++i)
    text += format("  out  %s  %s\n", model.outputs[i].name, dims(model.outputs[i]).c_str());
  return text;
}

std::string version(const linnet_model_v1& model) {
  std::string text =
      format("%s, compiled by linnet %s for %s\n", model.name, model.linnet_version, model.target);
  text += format("model   %s\n", model.model_hash);
  if (model.untrained) {
    text += "weights untrained\n";
  } else {
    text += format("weights %s\n", model.weights_hash);
  }
  for (int64_t i = 0; i < model.entry_count; ++i) {
    text += format("batch %lld: arena %lld bytes, stack %lld bytes\n",
                   static_cast<long long>(model.entries[i].batch),
                   static_cast<long long>(model.entries[i].arena_bytes),
                   static_cast<long long>(model.entries[i].stack_bytes));
  }
  return text;
}

const char* licenses() {
  return "linnet runtime     Apache-2.0 WITH LLVM-exception\n"
         "stb_image 2        MIT or public domain; reads PNG and JPEG\n"
         "tl::expected       CC0-1.0\n"
         "libstdc++, libgcc  GPL-3.0 with the GCC Runtime Library Exception\n"
         "The model's own code contains nothing but what linnet generated.\n";
}

}  // namespace linnet::runtime
