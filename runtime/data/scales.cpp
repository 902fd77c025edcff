// Learns and applies the scales of columns.
#include "runtime/data/scales.h"

#include "runtime/data/ports.h"

#include <cmath>

namespace linnet::runtime::train {

Scale scale_of(const char* name, std::span<const double> values) {
  double mean = 0, square = 0;
  for (double value : values)
    mean += value;
  mean /= static_cast<double>(values.size());
  for (double value : values)
    square += (value - mean) * (value - mean);
  const double deviation = std::sqrt(square / static_cast<double>(values.size()));
  return {name, {mean}, {deviation > 0 ? deviation : 1}};  // a constant stays one
}

void apply(const linnet_trainer_v1& trainer, const Scale& scale, Samples& samples) {
  const auto apply_to = [&](const linnet_port_v1& port, Tensor& tensor) {
    if (!port.table || scale.name != port.name) return;
    Tensor wide = converted(tensor, DType::kF64);
    const auto values = wide.as<double>();
    const size_t columns = scale.mean.size();
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = scaled(values[i], scale.mean[i % columns], scale.deviation[i % columns]);
    const DType dtype = tensor.dtype;
    tensor = converted(wide, dtype);
  };
  for (size_t i = 0; i < samples.inputs.size(); ++i)
    apply_to(trainer.inputs[i], samples.inputs[i]);
  for (size_t i = 0; i < samples.targets.size(); ++i)
    apply_to(trainer.targets[i], samples.targets[i]);
}

void learn_tables(const linnet_trainer_v1& trainer, DataSet& data) {
  const auto learn = [&](const linnet_port_v1& port, const Tensor& tensor) {
    if (!port.table || !port.table->columns[0].learn) return;
    const Tensor wide = converted(tensor, DType::kF64);
    const auto values = wide.as<double>();
    const auto columns = static_cast<size_t>(port.table->count);
    Scale whole{port.name, {}, {}};
    for (size_t c = 0; c < columns; ++c) {
      std::vector<double> column;
      for (size_t i = c; i < values.size(); i += columns)
        column.push_back(values[i]);
      const Scale one = scale_of(port.name, column);
      whole.mean.push_back(one.mean[0]);
      whole.deviation.push_back(one.deviation[0]);
    }
    data.scales.push_back(whole);
    apply(trainer, whole, data.train);
    if (data.validation) apply(trainer, whole, *data.validation);
  };
  for (size_t i = 0; i < data.train.inputs.size(); ++i)
    learn(trainer.inputs[i], data.train.inputs[i]);
  for (size_t i = 0; i < data.train.targets.size(); ++i)
    learn(trainer.targets[i], data.train.targets[i]);
}

}  // namespace linnet::runtime::train
