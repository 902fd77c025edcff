// Every sample once through a trainer's evaluation.
#include "runtime/train/measure.h"

#include "runtime/data/ports.h"
#include "runtime/train/evaluation.h"

#include <cstring>
#include <numeric>

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
  std::vector<int64_t> order(static_cast<size_t>(samples.count));
  std::iota(order.begin(), order.end(), 0);
  double sum = 0;
  const auto add = [&](const std::vector<std::vector<uint8_t>>& outputs, int64_t first,
                       int64_t count) {
    sum += value_at(trainer, outputs[0].data(), 0) * static_cast<double>(count);
    for (int64_t i = 0; i < trainer.output_count; ++i) {
      const linnet_port_v1& output = trainer.outputs[i];
      Tensor values = make_tensor(dtype_of_abi(output.dtype), {elements_of(output) * count});
      std::memcpy(values.data.data(), outputs[static_cast<size_t>(i) + 1].data(),
                  values.data.size());
      for (int64_t t = 0; t < trainer.target_count; ++t) {
        if (std::strcmp(output.name, trainer.targets[t].name) == 0)
          measured.add(output, values, trainer.targets[t], samples.targets[static_cast<size_t>(t)],
                       first, count);
      }
    }
  };
  Evaluation(trainer, slots, arena, Processes()).for_batches(samples, order, add);
  measured.loss = sum / static_cast<double>(samples.count);
  return measured;
}

}  // namespace linnet::runtime::train
