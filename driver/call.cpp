// Loads object code into this process and calls it with tensors.
#include "driver/call.h"

#include "support/check.h"

#include <fmt/format.h>

namespace linnet::driver {

std::unique_ptr<Callable> Callable::load(const Product& product, const Host& host) {
  auto callable = std::make_unique<Callable>();
  callable->loaded_ = driver::load(product, host);
  if (!callable->loaded_) return nullptr;
  callable->model_ =
      static_cast<const linnet_model_v1*>(callable->loaded_->symbol("linnet_product_model"));
  LINNET_CHECK(callable->model_ != nullptr, "the object has no linnet_product_model");
  const linnet_threads_v1* threads = callable->model_->threads;
  if (!threads || threads->start(static_cast<int>(threads->most), 0) == LINNET_DONE)
    return callable;
  host.error(fmt::format("the system does not start {} threads", threads->most), Status::kMachine,
             "give a smaller --threads");
  return nullptr;
}

// Their pool lies in the object.
Callable::~Callable() {
  if (model_ && model_->threads) model_->threads->stop();
}

int Callable::run(std::span<const Tensor> inputs, std::span<Tensor> outputs,
                  int64_t samples) const {
  int64_t done = 0;
  for (int64_t i = 0; i < model_->entry_count; ++i) {
    const linnet_entry_v1& entry = model_->entries[i];
    const AlignedBytes arena(static_cast<size_t>(entry.arena_bytes));
    const linnet_stream_v1* stream = model_->stateful ? model_->stream : nullptr;
    const AlignedBytes state(static_cast<size_t>(stream ? stream->state_bytes : 0), "the state");
    if (stream) stream->reset(state.data());
    while (samples - done >= entry.batch) {
      std::vector<const void*> from;
      std::vector<void*> to;
      const auto at = [&](int64_t total) { return total / samples * done; };
      for (const Tensor& tensor : inputs)
        from.push_back(tensor.data.data() + at(static_cast<int64_t>(tensor.data.size())));
      for (Tensor& tensor : outputs)
        to.push_back(tensor.data.data() + at(static_cast<int64_t>(tensor.data.size())));
      if (stream) return stream->steps(from.data(), to.data(), samples, state.data(), arena.data());
      if (const int status = entry.call(from.data(), to.data(), state.data(), arena.data()))
        return status;
      done += entry.batch;
    }
  }
  return 0;
}

}  // namespace linnet::driver
