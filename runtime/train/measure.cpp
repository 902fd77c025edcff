// Every sample once through a trainer's evaluation.
#include "runtime/train/measure.h"

#include "runtime/data/ports.h"
#include "runtime/train/evaluation.h"

#include <cstring>

namespace linnet::runtime::train {

Result<Measured> measure(const linnet_trainer_v1& trainer, const std::string& path) {
  LINNET_TRY_ASSIGN(const auto& samples, read_to_evaluate(trainer, path));
  Slots slots(trainer);
  slots.initialize(0);
  Aligned arena(trainer.arena_bytes);
  Measured measured;
  measured.data = path;
  measured.samples = samples.count;
  measured.begin(trainer.outputs, trainer.output_count, trainer.targets, trainer.target_count);
  double sum = 0;
  const auto add = [&](const std::vector<std::vector<uint8_t>>& outputs, const void* const* targets,
                       int64_t, int64_t count) {
    std::vector<Tensor> truths;
    for (int64_t t = 0; t < trainer.target_count; ++t) {
      const linnet_port_v1& target = trainer.targets[t];
      truths.push_back(make_tensor(dtype_of_abi(target.dtype), {elements_of(target) * count}));
      std::memcpy(truths.back().data.data(), targets[t], truths.back().data.size());
    }
    sum += value_at(trainer, outputs[0].data(), 0) * static_cast<double>(count);
    for (int64_t i = 0; i < trainer.output_count; ++i) {
      const linnet_port_v1& output = trainer.outputs[i];
      Tensor values = make_tensor(dtype_of_abi(output.dtype), {elements_of(output) * count});
      std::memcpy(values.data.data(), outputs[static_cast<size_t>(i) + 1].data(),
                  values.data.size());
      for (int64_t t = 0; t < trainer.target_count; ++t) {
        if (std::strcmp(output.name, trainer.targets[t].name) == 0)
          measured.add(output, values, trainer.targets[t], truths[static_cast<size_t>(t)], 0,
                       count);
      }
    }
  };
  Evaluation(trainer, slots, arena, Processes()).for_batches(samples, samples.count, add);
  LINNET_TRY(samples.check());
  measured.loss = sum / static_cast<double>(samples.count);
  return measured;
}

}  // namespace linnet::runtime::train
