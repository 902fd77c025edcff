// A model's file and weights, read once.
#include "driver/model.h"

#include "base/text.h"
#include "frontend/load.h"
#include "passes/lib/storage.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::driver {
namespace {

// A model that is to learn says how.
bool has_train_block(const ir::Module& module, const std::string& path, const Host& host) {
  if (module.graph(ir::kTrainStep)) return true;
  const std::string block = fmt::format(
      "train {} {{ loss: mse; optimizer: adam(lr: 0.01); batch: 32; epochs: 10 }}", module.name);
  const std::string file(file_name(path));
  host.error(module.name + " has no train block", Status::kBadInput,
             path.ends_with(".onnx")
                 ? fmt::format("name the file in a .lin beside it: model {} = onnx(\"{}\")  {}",
                               module.name, file, block)
                 : block);
  return false;
}

}  // namespace

std::optional<Model> Model::open(ModelOptions options, const Host& host) {
  host.working("reading " + options.path);
  auto file = frontend::open_model(options.path, host.sources, options.import, host.diagnostics);
  if (!file) return std::nullopt;
  return Model(std::move(options), std::move(file), host);
}

// The weights' file is read for the first module; the others take the same tensors.
bool Model::give_weights(ir::Module& module, const Host& host) {
  if (options_.weights.empty()) return true;
  if (!weights_read_) {
    if (!frontend::load_weights(options_.weights, options_.map, module, host.diagnostics))
      return false;
    weights_read_ = true;
    slots_ = module.slots;
    data_ = module.data;
    return true;
  }
  for (ir::Slot& slot : module.slots) {
    const auto known = std::ranges::find(slots_, slot.path, &ir::Slot::path);
    if (known == slots_.end() || !known->value) continue;
    if (!known->type.same_logical(slot.type)) {
      host.error(fmt::format("{}: the size of '{}' depends on the batch", options_.path, slot.path),
                 Status::kBadInput, "weights are the same for every number of samples");
      return false;
    }
    slot.value = known->value;
  }
  for (ir::Declaration& declaration : module.data) {  // a learnt scale
    const auto known = std::ranges::find(data_, declaration.target, &ir::Declaration::target);
    if (known != data_.end()) declaration.recipe = known->recipe;
  }
  return true;
}

std::optional<ir::Module> Model::make(Which which, const Host& host) {
  host.working("reading " + options_.path);
  auto module = file_->at_batch(which.samples, which.training, host.diagnostics);
  if (!module || !give_weights(*module, host)) return std::nullopt;
  if (which.training && !has_train_block(*module, options_.path, host)) return std::nullopt;
  passes::PassContext context;
  context.f64 = options_.f64;
  return lower(std::move(*module),
               passes::pipeline(passes::Phase::kImported, passes::Phase::kImported),
               options_.passes, context, host);
}

const ir::Module* Model::at(Which which) {
  if (const auto known = made_.find(which); known != made_.end()) return &known->second;
  auto module = make(which, *host_);
  return module ? &made_.emplace(which, *std::move(module)).first->second : nullptr;
}

const ir::Module* Model::try_at_batch(int64_t samples) {
  const Which which{samples, false};
  if (const auto known = made_.find(which); known != made_.end()) return &known->second;
  Diagnostics unheard(host_->sources);
  auto module = make(which, {host_->sources, unheard});
  return module ? &made_.emplace(which, *std::move(module)).first->second : nullptr;
}

bool Model::batched(int64_t samples) {
  const ir::Module* known = at_batch(samples);
  if (!known || passes::has_state(*known)) return false;
  if (const auto told = file_->batched()) return *told;
  const int64_t other = samples == 1 ? 2 : 1;
  const ir::Module* beside = try_at_batch(other);
  if (!beside) return false;
  const bool more = samples > other;
  return frontend::follows_batch((more ? beside : known)->graphs.front(), std::min(samples, other),
                                 (more ? known : beside)->graphs.front(), std::max(samples, other));
}

}  // namespace linnet::driver
