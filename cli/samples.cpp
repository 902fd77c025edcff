// Makes samples of random numbers, takes files apart into samples, and finds places.
#include "cli/samples.h"

#include "base/philox.h"
#include "driver/reference.h"
#include "ir/initialize.h"

#include <algorithm>

namespace linnet::cli {
namespace {

// Streams of random numbers that no slot has: those are numbered from 0 on.
constexpr uint32_t kFirstStream = 0x40000000;

ir::Tensor random_tensor(const ir::Type& type, uint64_t seed, uint32_t stream) {
  if (is_float(type.dtype)) {
    ir::Slot slot;
    slot.type = {type.dtype, type.shape, {}};
    slot.initializer.kind = "normal";
    slot.initializer.attrs.set(ir::Key<double>{"mean"}, 0.0);
    slot.initializer.attrs.set(ir::Key<double>{"std"}, 1.0);
    return ir::initial_value(slot, seed, stream);
  }
  std::vector<int64_t> values(static_cast<size_t>(type.elements()));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = philox_word(seed, stream, 0, i) & 1U;
  return ir::Tensor::from_ints({type.dtype, type.shape, {}}, values);
}

}  // namespace

std::vector<Sample> random_samples(std::span<const Port> ports, int64_t count, uint64_t seed) {
  std::vector<Sample> samples(static_cast<size_t>(count));
  uint32_t stream = kFirstStream;
  for (Sample& sample : samples) {
    for (const Port& port : ports)
      sample.push_back(driver::to_file(random_tensor(port.type, seed, stream++)));
  }
  return samples;
}

std::optional<std::vector<Sample>> samples_in_files(Session& session,
                                                    const std::vector<std::string>& assignments,
                                                    std::span<const Port> ports, bool stacked) {
  int64_t count = 0;
  const auto tensors = read_inputs(session, assignments, ports, stacked, count);
  if (!tensors) return std::nullopt;
  count = std::max<int64_t>(count, 1);
  std::vector<Sample> samples(static_cast<size_t>(count));
  for (size_t t = 0; t < samples.size(); ++t) {
    for (const Tensor& tensor : *tensors)
      samples[t].push_back(driver::part(tensor, static_cast<int64_t>(t), count));
  }
  return samples;
}

std::vector<Tensor> stacked(const std::vector<Sample>& samples) {
  std::vector<Tensor> all;
  for (const Sample& sample : samples) {
    for (size_t i = 0; i < sample.size(); ++i)
      driver::append(all, i, sample[i]);
  }
  return all;
}

std::string place_of(const Session& session, const ir::Graph& graph, ir::ValueId value) {
  const ir::Node* node = graph.producer(value);
  return node ? place_text(session.sources, node->place.diag()) : "";
}

}  // namespace linnet::cli
