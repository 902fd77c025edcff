// Steps a model through time: scales, windows, snapshots.
#include "runtime/run/stream.h"

#include "base/io/file.h"
#include "runtime/answers/answer.h"
#include "runtime/data/ports.h"

#include <cstring>

namespace linnet::runtime {

Stream::Stream(const linnet_model_v1& model, const SeriesPorts& ports)
    : model_(model), ports_(ports), state_(aligned_memory(model.stream->state_bytes, "the state")),
      arena_(aligned_memory(model.stream->arena_bytes, "the arena of a call")) {
  model.stream->reset(state_.get());
  for (int64_t i = 0; i < model.input_count; ++i) {
    widths_.push_back(model.stateful ? elements_of(model.inputs[i]) : 1);
    inputs_.push_back(make_tensor(dtype_of_abi(model.inputs[i].dtype), {widths_.back()}));
    row_.emplace_back(static_cast<size_t>(widths_.back()));
  }
  for (int64_t i = 0; i < model.output_count; ++i) {
    outputs_.push_back(
        make_tensor(dtype_of_abi(model.outputs[i].dtype), {elements_of(model.outputs[i])}));
    if (model.outputs[i].ahead) target_output_ = static_cast<size_t>(i);
  }
  for (const Tensor& input : inputs_)
    from_.push_back(input.data.data());
  for (Tensor& output : outputs_)
    to_.push_back(output.data.data());
}

double Stream::step(const std::vector<std::vector<double>>& values) {
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const linnet_series_v1& series = ports_.series(i);
    Tensor& input = inputs_[i];
    for (int64_t k = 0; k < widths_[i]; ++k) {
      const double value = scaled(values[i][static_cast<size_t>(k)], series.mean, series.deviation);
      convert(DType::kF64, &value, input.dtype, input.data.data() + k * size_of(input.dtype), 1);
    }
  }
  model_.stream->step(from_.data(), to_.data(), state_.get(), arena_.get());
  if (++steps_ <= model_.stream->warmup) return std::numeric_limits<double>::quiet_NaN();
  const linnet_series_v1& series = ports_.series(static_cast<size_t>(ports_.target));
  return unscaled(value_at(outputs_[target_output_], 0), series.mean, series.deviation);
}

double Stream::step(const std::vector<std::vector<double>>& columns, int64_t row) {
  for (size_t i = 0; i < row_.size(); ++i) {
    const int64_t first = ports_.newest(i, row) - widths_[i] + 1;
    for (int64_t k = 0; k < widths_[i]; ++k)
      row_[i][static_cast<size_t>(k)] = columns[i][static_cast<size_t>(first + k)];
  }
  return step(row_);
}

Stream::Snapshot Stream::snapshot() const {
  const auto* bytes = static_cast<const uint8_t*>(state_.get());
  return {{bytes, bytes + model_.stream->state_bytes}, steps_};
}

void Stream::restore(const Snapshot& snapshot) {
  std::memcpy(state_.get(), snapshot.state.data(), snapshot.state.size());
  steps_ = snapshot.steps;
}

// The state's bytes, then the steps done, as i64.
Result<void> Stream::save(const std::string& path) const {
  std::string bytes(static_cast<const char*>(state_.get()),
                    static_cast<size_t>(model_.stream->state_bytes));
  bytes.append(reinterpret_cast<const char*>(&steps_), sizeof steps_);
  return write_file(path, bytes);
}

Result<void> Stream::load(const std::string& path) {
  LINNET_TRY_ASSIGN(const auto& bytes, read_file(path, model_.stream->state_bytes + 64));
  const auto size = static_cast<size_t>(model_.stream->state_bytes);
  const auto other = [&] {
    return fail("%s: no state of this model with these weights; --save-state writes one",
                path.c_str());
  };
  if (bytes.size() != size + sizeof steps_) return other();
  const auto state = aligned_memory(model_.stream->state_bytes, "a snapshot");
  std::memcpy(state.get(), bytes.data(), size);
  if (model_.stream->check(state.get()) != 0) return other();
  std::memcpy(state_.get(), bytes.data(), size);
  std::memcpy(&steps_, bytes.data() + size, sizeof steps_);
  if (steps_ < 0) return other();
  return {};
}

}  // namespace linnet::runtime
