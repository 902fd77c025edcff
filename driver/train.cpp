// A model with a train block in, a trainer out.
#include "driver/train.h"

#include "codegen/emit/trainer_info.h"
#include "ir/recipe.h"
#include "support/check.h"

#include <algorithm>

namespace linnet::driver {
namespace {

void drop_step(ir::Module& module) {
  std::erase_if(module.graphs, [](const ir::Graph& g) { return g.name == ir::kTrainStep; });
}

}  // namespace

std::optional<int64_t> declared_batch(const ir::Module& module) {
  const ir::Declaration* declared = module.training("batch");
  if (!declared) return std::nullopt;
  return static_cast<int64_t>(declared->recipe.attrs.get(ir::Key<double>{"value"}));
}

std::optional<Product> trainer(Model& model, const codegen::Target& target,
                               const TrainerOptions& options, const Host& host) {
  if (options.here && !runs(target, host)) return std::nullopt;
  // The model as it was written, with its loss: a step on a batch, evaluation on a batch and on
  // what does not fill one.
  const ir::Module* single = model.training_at_batch(1);
  if (!single) return std::nullopt;
  const int64_t batch =
      options.batch.value_or(static_cast<int64_t>(ir::train_number(single->train, "batch")));
  const ir::Module* whole = model.training_at_batch(batch);
  if (!whole) return std::nullopt;
  std::vector<ir::Module> modules{*whole};
  if (options.evaluate_only) drop_step(modules.front());
  if (batch != 1) {
    modules.push_back(*single);
    drop_step(modules.back());
  }
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

std::optional<LoadedTrainer> load_trainer(const Product& product, const Host& host) {
  LoadedTrainer loaded{load(product, host), nullptr};
  if (!loaded.code) return std::nullopt;
  loaded.trainer =
      static_cast<const linnet_trainer_v1*>(loaded.code->symbol("linnet_product_trainer"));
  LINNET_CHECK(loaded.trainer != nullptr, "the object has no linnet_product_trainer");
  return loaded;
}

}  // namespace linnet::driver
