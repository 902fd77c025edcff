// A model through the whole pipeline into object bytes: what compile, run and bench share.
#pragma once

#include "cli/pipeline_options.h"
#include "codegen/emit/compile.h"

#include "base/abi/train.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace linnet::cli {

struct Built {
  std::vector<ir::Module> modules;  // after the pipeline; largest batch first, batch 1 last
  codegen::Compiled compiled;
  codegen::Target target;
  int64_t flops = 0;       // of one sample
  bool untrained = false;  // parameters are initial values
};

struct BuildOptions {
  std::string cache;  // folder of kernels compiled before; "" for the user's own
  bool no_cache = false;
  std::string name;  // prefix of symbols; "" for the model's
  int jobs = 2;
  bool product = false;
  bool training_library = false;  // functions for callers of their own: also @init, one thread
  bool trainer_main = false;      // the object of a trainer gets a `main`
  bool gradients = false;         // a trainer also logs those of its steps
  bool evaluate_only = false;     // of a trainer without its step
  bool keep_text = false;
  bool timed_entries = false;
  bool flush_denormals = false;
  bool debug_symbols = false;
  bool link_static = false;
  bool name_tiny_weights = false;  // in remarks
};

// --cache, --no-cache.
void add_cache(CLI::App& command, BuildOptions& options);

// nullopt, with the reason reported, on failure.
[[nodiscard]] std::optional<Built> build(Session& session, const ModelOptions& model,
                                         const PipelineFlags& flags, const BuildOptions& options);

// The training step of a model with a train block, its evaluation at the batch size and for single
// samples. `batch` 0: what the train block says, else 32.
[[nodiscard]] std::optional<Built> build_trainer(Session& session, const ModelOptions& model,
                                                 const PipelineFlags& flags,
                                                 const BuildOptions& options, int64_t batch);

// Writes what is made of the object: an executable at `path`, or a library or object file with its
// header in the same folder as HEADER. `path` empty: NAME, libNAME.a, libNAME.so, NAME.o here.
[[nodiscard]] Status write_product(Session& session, const codegen::Compiled& compiled,
                                   const std::string& emit, const std::string& name,
                                   const std::string& path);

// A trainer's object loaded into this process.
struct LoadedTrainer {
  std::unique_ptr<codegen::Loaded> code;
  const linnet_trainer_v1* trainer = nullptr;
};
// nullopt, with an error, if it does not load or this CPU lacks the instructions.
[[nodiscard]] std::optional<LoadedTrainer> load_trainer(Session& session, const Built& built);

// Marks each output of classes that a softmax over the classes makes: its values are probabilities
// already. Of several outputs each is looked at by itself.
void mark_probabilities(ir::Module& module);

// The model's name as a C identifier.
[[nodiscard]] std::string c_identifier(const std::string& name);

void report(Session& session, const codegen::Failure& failure);

}  // namespace linnet::cli
