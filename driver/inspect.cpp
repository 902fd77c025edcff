// Calls a loaded model and reads its values where the plan says they lie.
#include "driver/inspect.h"

#include "codegen/emit/constants.h"
#include "driver/reference.h"
#include "support/check.h"

#include <fmt/format.h>

namespace linnet::driver {

std::unique_ptr<Inspected> Inspected::load(Product product, const Host& host) {
  std::unique_ptr<Inspected> result(new Inspected(std::move(product)));
  result->loaded_ = driver::load(result->product_, host);
  if (!result->loaded_) return nullptr;
  result->model_ =
      static_cast<const linnet_model_v1*>(result->loaded_->symbol("linnet_product_model"));
  LINNET_CHECK(result->model_ != nullptr, "the object has no linnet_product_model");
  const linnet_model_v1& model = *result->model_;
  const linnet_entry_v1& entry = model.entries[model.entry_count - 1];
  result->arena_ = aligned_memory(entry.arena_bytes, "the arena of a call");
  const linnet_stream_v1* stream = model.stateful ? model.stream : nullptr;
  result->state_ = aligned_memory(stream ? stream->state_bytes : 0, "the state");
  if (stream) stream->reset(result->state_.get());
  const ir::Graph& graph = result->module().graphs.front();
  for (const ir::GraphOutput& output : graph.outputs) {
    if (!output.slot.empty()) continue;
    const ir::Type& type = graph.value(output.value).type;
    result->outputs_.push_back(make_tensor(type.dtype, type.shape));
  }
  return result;
}

std::unique_ptr<Inspected> Inspected::compile(const ir::Module& module,
                                              const codegen::Target& target, CompileOptions options,
                                              const Host& host) {
  options.here = true;
  options.product = true;
  options.passes.threads = 1;  // the bits do not depend on it
  options.passes.explained.clear();
  options.passes.keep_values = true;
  auto product = driver::compile(module, target, options, host);
  return product ? load(std::move(*product), host) : nullptr;
}

const std::vector<Tensor>& Inspected::call(const std::vector<Tensor>& inputs) {
  std::vector<const void*> from;
  std::vector<void*> to;
  for (const Tensor& tensor : inputs)
    from.push_back(tensor.data.data());
  for (Tensor& tensor : outputs_)
    to.push_back(tensor.data.data());
  const linnet_entry_v1& entry = model_->entries[model_->entry_count - 1];
  const int status = entry.call(from.data(), to.data(), state_.get(), arena_.get());
  LINNET_CHECK(status == 0, fmt::format("the call returned {}", status));
  return outputs_;
}

bool Inspected::holds(ir::ValueId value) const {
  const auto& storage = module().graphs.front().value(value).storage;
  return storage &&
         (storage->memory == ir::Memory::kArena || storage->memory == ir::Memory::kOutput ||
          storage->memory == ir::Memory::kSlot);
}

Tensor Inspected::value(ir::ValueId value) const {
  LINNET_CHECK(holds(value), "the value is not in memory");
  const ir::Value& of = module().graphs.front().value(value);
  const auto offset = static_cast<size_t>(of.storage->offset);
  const auto* data = static_cast<const std::byte*>(
      of.storage->memory == ir::Memory::kSlot ? state_.get() : arena_.get());
  if (of.storage->memory == ir::Memory::kOutput) {
    data = reinterpret_cast<const std::byte*>(outputs_[offset].data.data());
  } else {
    data += offset;
  }
  return to_file(codegen::logical_tensor(data, codegen::stored_numbers(of.type), of.type));
}

}  // namespace linnet::driver
