// Runs the compiled evaluation over samples: the largest batch as often as it fits, then single
// ones.
#include "runtime/train/evaluation.h"

#include "runtime/data/ports.h"

#include <cstring>

namespace linnet::runtime::train {

double value_at(const linnet_trainer_v1& trainer, const void* floats, int64_t i) {
  return trainer.dtype == LINNET_F64 ? static_cast<const double*>(floats)[i]
                                     : static_cast<double>(static_cast<const float*>(floats)[i]);
}

Score Evaluation::score(const Samples& samples) const {
  return score(samples, samples.count);
}

Score Evaluation::score(const Samples& samples, int64_t most) const {
  const int64_t taken = std::min(samples.count, most);
  Score score;
  const int64_t classes = classes_output();
  score.count = taken * (classes >= 0 ? elements_of(t_.targets[0]) : 1);
  if (classes >= 0) score.correct = 0;
  const int64_t batches = batches_of(taken);
  const int64_t mine = processes_.first_piece(processes_.rank(), batches);
  std::vector<double> found(static_cast<size_t>(batches * 2));  // loss and right answers of each
  auto at = found.begin() + mine * 2;
  for_batches(samples, taken, mine, processes_.first_piece(processes_.rank() + 1, batches),
              [&](const std::vector<std::vector<uint8_t>>& outputs, const void* const* targets,
                  int64_t, int64_t count) {
                *at++ = value_at(t_, outputs[0].data(), 0) * static_cast<double>(count);
                *at++ = classes < 0 ? 0
                                    : static_cast<double>(
                                          correct(outputs[static_cast<size_t>(classes) + 1].data(),
                                                  t_.outputs[classes], targets[0], count));
              });
  processes_.share(found, batches);
  double sum = 0;
  for (size_t i = 0; i < found.size(); i += 2) {
    sum += found[i];
    if (classes >= 0) score.correct += static_cast<int64_t>(found[i + 1]);
  }
  score.loss = sum / static_cast<double>(taken);
  return score;
}

std::vector<double> Evaluation::outputs(const Samples& samples) const {
  std::vector<double> values;
  const int64_t each = elements_of(t_.outputs[0]);
  for_batches(samples, samples.count,
              [&](const std::vector<std::vector<uint8_t>>& outputs, const void* const*, int64_t,
                  int64_t count) {
                for (int64_t i = 0; i < count * each; ++i)
                  values.push_back(value_at(t_, outputs[1].data(), i));
              });
  return values;
}

int64_t Evaluation::batches_of(int64_t samples) const {
  int64_t batches = 0;
  for (int64_t e = 0; e < t_.evaluate_count; ++e) {
    batches += samples / t_.evaluate[e].batch;
    samples %= t_.evaluate[e].batch;
  }
  return batches;
}

void Evaluation::for_batches(const Samples& samples, int64_t taken, int64_t first, int64_t end,
                             const Use& use) const {
  Batches batches(t_, samples);
  std::vector<int64_t> which;
  int64_t done = 0, number = 0;
  for (int64_t e = 0; e < t_.evaluate_count; ++e) {
    const linnet_evaluate_entry_v1& entry = t_.evaluate[e];
    std::vector<std::vector<uint8_t>> outputs(1, std::vector<uint8_t>(8));
    for (int64_t i = 0; i < t_.output_count; ++i)
      outputs.emplace_back(static_cast<size_t>(elements_of(t_.outputs[i]) * entry.batch * 8));
    std::vector<void*> pointers;
    for (auto& output : outputs)
      pointers.push_back(output.data());
    for (; taken - done >= entry.batch; done += entry.batch, ++number) {
      if (number < first || number >= end) continue;
      which.resize(static_cast<size_t>(entry.batch));
      for (int64_t i = 0; i < entry.batch; ++i)
        which[static_cast<size_t>(i)] =
            taken == samples.count ? done + i : (done + i) * samples.count / taken;
      const void* const* batch = batches.at(which, 0, entry.batch);
      entry.call(batch, slots_.data(), pointers.data(), arena_.memory.get());
      use(outputs, batch + t_.input_count, done, entry.batch);
    }
  }
}

// The output whose target is a class, or −1.
int64_t Evaluation::classes_output() const {
  if (t_.target_count == 0 || !t_.targets[0].classes || t_.targets[0].dtype != LINNET_I64)
    return -1;
  for (int64_t i = 0; i < t_.output_count; ++i) {
    if (std::strcmp(t_.outputs[i].name, t_.targets[0].name) == 0) return i;
  }
  return -1;
}

// Right answers of `count` samples; one of a window has several.
int64_t Evaluation::correct(const void* values, const linnet_port_v1& port, const void* targets,
                            int64_t count) const {
  const int64_t classes = port.dims[port.rank - 1];
  const int64_t each = elements_of(t_.targets[0]);
  const auto* labels = static_cast<const int64_t*>(targets);
  int64_t right = 0;
  for (int64_t i = 0; i < count * each; ++i) {
    int64_t best = 0;
    for (int64_t k = 1; k < classes; ++k) {
      if (value_at(t_, values, i * classes + k) > value_at(t_, values, i * classes + best))
        best = k;
    }
    right += best == labels[i];
  }
  return right;
}

}  // namespace linnet::runtime::train
