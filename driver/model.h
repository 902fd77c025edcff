// A model as a command reads it: its file and its weights once, its module for any batch.
#pragma once

#include "driver/host.h"
#include "driver/lower.h"
#include "frontend/frontend.h"
#include "frontend/weights.h"
#include "ir/module.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace linnet::driver {

struct ModelOptions {
  std::string path;                // .lin, .onnx, .lir, or "-"
  frontend::ImportOptions import;  // its batch and training are at_batch's arguments
  std::string weights;             // safetensors; "" for none
  frontend::NameMap map;           // of its tensors
  bool f64 = false;                // compute in f64 where the model says f32
  PassOptions passes;              // of the phase `imported`
};

class Model {
public:
  // Reads the file; nullopt, with errors reported, if nothing can be made of it. `host` outlives
  // the model.
  [[nodiscard]] static std::optional<Model> open(ModelOptions options, const Host& host);

  [[nodiscard]] const std::string& path() const { return options_.path; }
  // The module at the end of phase `imported`, with its weights, for so many samples in a call;
  // with the graphs of its train block if it is to learn. nullptr, with errors reported, if there
  // is none. Good as long as the model is.
  [[nodiscard]] const ir::Module* at_batch(int64_t samples) { return at({samples, false}); }
  [[nodiscard]] const ir::Module* training_at_batch(int64_t samples) { return at({samples, true}); }
  // The same without a word: does the model take so many samples?
  [[nodiscard]] const ir::Module* try_at_batch(int64_t samples);
  // Does dimension 0 of every input and output follow the number of samples? Of a model with state
  // it does not: the state is of so many streams. `samples`: a number for which it is made already.
  [[nodiscard]] bool batched(int64_t samples);

private:
  struct Which {
    int64_t samples;
    bool training;
    auto operator<=>(const Which&) const = default;
  };
  Model(ModelOptions options, std::unique_ptr<frontend::ModelFile> file, const Host& host)
      : options_(std::move(options)), file_(std::move(file)), host_(&host) {}

  const ir::Module* at(Which which);
  std::optional<ir::Module> make(Which which, const Host& host);
  bool give_weights(ir::Module& module, const Host& host);

  ModelOptions options_;
  std::unique_ptr<frontend::ModelFile> file_;
  const Host* host_;
  std::map<Which, ir::Module> made_;
  bool weights_read_ = false;
  // Of the first module that was made: what the weights' file gave.
  std::vector<ir::Slot> slots_;
  std::vector<ir::Declaration> data_;
};

}  // namespace linnet::driver
