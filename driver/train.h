// The road from a model with a train block to code that trains it.
#pragma once

#include "driver/model.h"
#include "driver/product.h"

#include "base/abi/train.h"

#include <memory>
#include <optional>

namespace linnet::driver {

struct TrainerOptions : Options {
  bool library = false;        // functions for callers of their own: also @init, one thread
  bool main = false;           // the object gets a `main`
  bool gradients = false;      // it also logs those of its steps
  bool evaluate_only = false;  // without the step
};

// The training step of a model with a train block, its evaluation at the batch size and for single
// samples. nullopt, with the reason reported, on failure.
[[nodiscard]] std::optional<Product> trainer(Model& model, const codegen::Target& target,
                                             const TrainerOptions& options, const Host& host);

// What the train block says of the batch, or nullopt.
[[nodiscard]] std::optional<int64_t> declared_batch(const ir::Module& module);

// The module of a training step on `batch` samples: that of one shard of them where the train block
// has shards. nullptr, with errors reported, if there is none.
[[nodiscard]] const ir::Module* step_at_batch(Model& model, int64_t batch, const Host& host);

// The graph of a training step, or where the batch is cut in shards that of one of them.
[[nodiscard]] const ir::Graph& step_graph(const ir::Module& module);

// A trainer's object loaded into this process.
struct LoadedTrainer {
  std::unique_ptr<codegen::Loaded> code;
  const linnet_trainer_v1* trainer = nullptr;
};
// Of a product that was made with `product`. nullopt, with an error, if it does not load or this
// CPU lacks the instructions.
[[nodiscard]] std::optional<LoadedTrainer> load_trainer(const Product& product, const Host& host);

}  // namespace linnet::driver
