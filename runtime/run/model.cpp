// Calls the compiled entries for any number of samples.
#include "runtime/run/model.h"

#include <algorithm>

namespace linnet::runtime {

Model::Model(const linnet_model_v1& model, int64_t most) : model_(&model) {
  while (most > 0 && first_ + 1 < model.entry_count && model.entries[first_].batch > most)
    ++first_;
  int64_t bytes = 0;
  for (int64_t i = first_; i < model.entry_count; ++i)
    bytes = std::max(bytes, model.entries[i].arena_bytes);
  const int64_t align = std::max(model.arena_align, kAlign);
  arena_ = aligned_memory(bytes, "the arena of a call", align);
  if (!model.stateful) return;
  state_ = aligned_memory(model.stream->state_bytes, "the state", align);
  model.stream->reset(state_.get());
}

Tensor Model::make(const linnet_port_v1& port, int64_t samples) {
  std::vector<int64_t> shape(port.dims, port.dims + port.rank);
  if (!shape.empty() && samples != 1) shape[0] *= samples;
  return make_tensor(dtype_of_abi(port.dtype), std::move(shape));
}

Result<void> Model::run(std::span<const Tensor> inputs, std::span<Tensor> outputs,
                        int64_t samples) const {
  std::vector<const void*> from(inputs.size());
  std::vector<void*> to(outputs.size());
  int64_t done = 0;
  for (int64_t i = first_; i < model_->entry_count; ++i) {
    const linnet_entry_v1& entry = model_->entries[i];
    for (; samples - done >= entry.batch; done += entry.batch) {
      const auto offset = [&](const Tensor& tensor) {
        return tensor.data.size() / static_cast<size_t>(samples) * static_cast<size_t>(done);
      };
      for (size_t k = 0; k < from.size(); ++k)
        from[k] = inputs[k].data.data() + offset(inputs[k]);
      for (size_t k = 0; k < to.size(); ++k)
        to[k] = outputs[k].data.data() + offset(outputs[k]);
      if (const int status = entry.call(from.data(), to.data(), state_.get(), arena_.get()))
        return tl::unexpected(Error{format("the model's call returned %d", status), Status::kBug});
    }
  }
  return {};
}

int64_t Model::batch() const {
  return model_->entries[first_].batch;
}

int Model::call(const void* const* inputs, void* const* outputs) const {
  return model_->entries[first_].call(inputs, outputs, state_.get(), arena_.get());
}

}  // namespace linnet::runtime
