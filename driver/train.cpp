// A model with a train block in, a trainer out.
#include "driver/train.h"

#include "base/integers.h"
#include "codegen/emit/trainer_info.h"
#include "ir/entries.h"
#include "ir/recipe.h"
#include "support/check.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::driver {
namespace {

void drop_step(ir::Module& module) {
  std::erase_if(module.graphs, [](const ir::Graph& g) { return g.name == ir::kTrainStep; });
}

// The model as it was written, with its loss: a step on a batch or on a shard of one, evaluation on
// a batch and on what does not fill one.
std::optional<std::vector<ir::Module>> modules_of(Model& model, int64_t batch, bool evaluate_only,
                                                  const Host& host) {
  const ir::Module* whole = model.training_at_batch(batch);
  const ir::Module* step = evaluate_only ? whole : step_at_batch(model, batch, host);
  const ir::Module* single = model.training_at_batch(1);
  if (!step || !whole || !single) return std::nullopt;
  std::vector<ir::Module> modules;
  if (step != whole) {
    modules.push_back(*step);
    std::erase_if(modules.back().graphs,
                  [](const ir::Graph& g) { return g.name != ir::kTrainStep; });
  }
  const bool apart = !modules.empty();
  modules.push_back(*whole);
  if (apart || evaluate_only) drop_step(modules.back());
  if (batch != 1) {
    modules.push_back(*single);
    drop_step(modules.back());
  }
  return modules;
}

}  // namespace

std::optional<int64_t> declared_batch(const ir::Module& module) {
  const ir::Declaration* declared = module.training("batch");
  if (!declared) return std::nullopt;
  return static_cast<int64_t>(declared->recipe.attrs.get(ir::Key<double>{"value"}));
}

const ir::Module* step_at_batch(Model& model, int64_t batch, const Host& host) {
  const ir::Module* single = model.training_at_batch(1);
  if (!single) return nullptr;
  const int64_t shards = ir::shards_of(single->train);
  if (batch % shards == 0) return model.training_at_batch(batch / shards);
  host.error(fmt::format("a batch of {} samples does not make {} equal shards", batch, shards),
             Status::kBadInput,
             fmt::format("--batch {}, or another number of shards", round_up(batch, shards)));
  return nullptr;
}

std::optional<Product> trainer(Model& model, const codegen::Target& target,
                               const TrainerOptions& options, const Host& host) {
  if (options.here && !runs(target, host)) return std::nullopt;
  const ir::Module* single = model.training_at_batch(1);
  if (!single) return std::nullopt;
  const int64_t batch =
      options.batch.value_or(static_cast<int64_t>(ir::train_number(single->train, "batch")));
  auto made = modules_of(model, batch, options.evaluate_only, host);
  if (!made) return std::nullopt;
  std::vector<ir::Module> modules = *std::move(made);
  if (!std::ranges::all_of(modules, [&](const ir::Module& m) { return sizes_fit(m, host); }))
    return std::nullopt;

  // What is said of it in the product, and what code is to be made.
  const codegen::TrainerInfo info = codegen::trainer_info(*single, batch);
  codegen::CompileOptions code = code_options(options, target, *single);
  code.trainer = &info;
  code.trainer_main = options.main;
  code.batched = true;
  Product product;
  product.target = target;
  product.flops = code.flops;

  // Through the passes: the backward pass and the update, then like any other model.
  passes::PassContext wanted;
  wanted.target = target.info;
  wanted.seed = options.seed;
  if (!options.library) wanted.threads = passes::PassContext::Threads::kTrainingStep;
  wanted.gradients = options.gradients;
  wanted.first_values = options.library;
  if (!plan(modules, options.passes, wanted, host, options.listener)) return std::nullopt;
  product.modules = std::move(modules);

  // Kernels by Halide, entries by LLVM, one object.
  if (!generate(product, code, options, host)) return std::nullopt;
  return product;
}

const ir::Graph& step_graph(const ir::Module& module) {
  const ir::Graph* shard = module.graph(ir::kShardStep);
  return shard ? *shard : *module.graph(ir::kTrainStep);
}

std::optional<LoadedTrainer> load_trainer(const Product& product, const Host& host) {
  LoadedTrainer loaded{load(product, host), nullptr};
  if (!loaded.code) return std::nullopt;
  loaded.trainer =
      static_cast<const linnet_trainer_v1*>(loaded.code->symbol("linnet_product_trainer"));
  LINNET_CHECK(loaded.trainer != nullptr, "the object has no linnet_product_trainer");
  return loaded;
}

}  // namespace linnet::driver
