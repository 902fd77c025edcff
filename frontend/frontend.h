// The way in: a model file becomes a module.
#pragma once

#include "ir/module.h"

#include "support/diag.h"
#include "support/source.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace linnet::frontend {

// A state of an ONNX model: an input that takes it, and the output that gives its next value.
struct OnnxState {
  std::string name, input, output;
  ir::Recipe initializer = {"zeros", {}};
  ir::Place place;
};

struct ImportOptions {
  std::string model;                                          // which one, if the file has several
  int64_t batch = 1;                                          // --batch: the dimension N of a .lin
  std::map<std::string, int64_t> binds;                       // --bind NAME=64
  std::vector<std::pair<std::string, std::string>> settings;  // --set p=9, as written
  // --bind NAME=0.5, NAME=@F.npy: inputs of an ONNX model that are fixed. A tensor without
  // dimensions fills the input. One of `binds` that names no dimension is such a number too.
  std::map<std::string, ir::Tensor> values;
  std::vector<OnnxState> states;  // of an ONNX model; none: those that linnet's export names
  // Also the graphs `train_step` (forward and loss only) and `evaluate`, if there is a train block.
  bool training = false;
};

// The file of a model, read and parsed once, and the modules it makes.
class ModelFile {
public:
  ModelFile() = default;
  virtual ~ModelFile() = default;
  ModelFile(const ModelFile&) = delete;
  ModelFile& operator=(const ModelFile&) = delete;

  // The module for so many samples; with `training` also the graphs of the train block. What is
  // wrong with the file whatever the number is said by the first call, all of it. nullopt if there
  // was an error.
  [[nodiscard]] virtual std::optional<ir::Module> at_batch(int64_t samples, bool training,
                                                           Diagnostics& diagnostics) = 0;
  // Does dimension 0 of every input and output follow the number of samples? Known once a module
  // was made; nullopt where only modules for two numbers tell (follows_batch).
  [[nodiscard]] virtual std::optional<bool> batched() const { return std::nullopt; }
};

// The same of an entry graph for `fewer` samples and one for `more`.
[[nodiscard]] bool follows_batch(const ir::Graph& of_fewer, int64_t fewer, const ir::Graph& of_more,
                                 int64_t more);

// Parses file `file` of the source manager (a `.lin`), prelude included. nullptr, with errors
// reported, if there is no model to be made of it. `sources` outlives the result.
[[nodiscard]] std::unique_ptr<ModelFile> open_lin(uint32_t file, SourceManager& sources,
                                                  const ImportOptions& options,
                                                  Diagnostics& diagnostics);

// The same and its module for options.batch samples. Returns the
// module with one entry graph `predict` (or `step` and `reset` for a model with state), slots
// without values. Errors go to `diagnostics`, all of them; nullopt if there was any.
[[nodiscard]] std::optional<ir::Module> load_lin(uint32_t file, SourceManager& sources,
                                                 const ImportOptions& options,
                                                 Diagnostics& diagnostics);

}  // namespace linnet::frontend
