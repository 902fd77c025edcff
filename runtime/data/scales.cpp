// Learns and applies the scales of columns.
#include "runtime/data/scales.h"

#include "base/io/tensor.h"
#include "runtime/data/parts.h"
#include "runtime/data/ports.h"

#include <cmath>

namespace linnet::runtime::train {
namespace {

double deviation_of(double squares, double count) {
  const double deviation = std::sqrt(squares / count);
  return deviation > 0 ? deviation : 1;  // a constant stays one
}

std::vector<double> wide(const PortScale& scale, const uint8_t* data, int64_t samples) {
  std::vector<double> values(scale.scale.mean.size() * static_cast<size_t>(samples));
  convert(scale.dtype, data, DType::kF64, values.data(), static_cast<int64_t>(values.size()));
  return values;
}

}  // namespace

Scale scale_of(const char* name, std::span<const double> values) {
  double mean = 0, square = 0;
  for (double value : values)
    mean += value;
  const auto count = static_cast<double>(values.size());
  mean /= count;
  for (double value : values)
    square += (value - mean) * (value - mean);
  return {name, {mean}, {deviation_of(square, count)}};
}

void apply(const PortScale& scale, uint8_t* data, int64_t samples) {
  std::vector<double> values = wide(scale, data, samples);
  const size_t columns = scale.scale.mean.size();
  for (size_t i = 0; i < values.size(); ++i)
    values[i] =
        scaled(values[i], scale.scale.mean[i % columns], scale.scale.deviation[i % columns]);
  convert(DType::kF64, values.data(), scale.dtype, data, static_cast<int64_t>(values.size()));
}

std::vector<PortScale> of_tables(const linnet_trainer_v1& trainer,
                                 const std::vector<Scale>& scales) {
  std::vector<PortScale> found;
  for (const Scale& scale : scales) {
    for (size_t i = 0; i < port_count(trainer); ++i) {
      const linnet_port_v1& port = port_of(trainer, i);
      if (port.table && scale.name == port.name)
        found.push_back({i, dtype_of_abi(port.dtype), scale});
    }
  }
  return found;
}

Result<std::vector<Scale>> learn_tables(const linnet_trainer_v1& trainer, const Samples& samples) {
  std::vector<PortScale> learnt;
  std::vector<char> wanted(port_count(trainer), false);
  for (size_t i = 0; i < port_count(trainer); ++i) {
    const linnet_port_v1& port = port_of(trainer, i);
    if (!port.table || !port.table->columns[0].learn) continue;
    const std::vector<double> zeros(static_cast<size_t>(port.table->count));
    learnt.push_back({i, dtype_of_abi(port.dtype), {port.name, zeros, zeros}});
    wanted[i] = true;
  }
  if (learnt.empty()) return std::vector<Scale>();
  const auto count = static_cast<double>(samples.count);
  // Sums run in the order of the samples, column by column.
  const auto sum = [&](const auto& add) {
    return for_each_part(samples, wanted,
                         [&](int64_t, int64_t number, std::span<uint8_t* const> data) {
                           for (PortScale& one : learnt) {
                             const size_t columns = one.scale.mean.size();
                             const auto values = wide(one, data[one.port], number);
                             for (size_t i = 0; i < values.size(); ++i)
                               add(one.scale, i % columns, values[i]);
                           }
                           return Result<void>();
                         });
  };
  LINNET_TRY(sum([](Scale& scale, size_t column, double x) { scale.mean[column] += x; }));
  for (PortScale& one : learnt) {
    for (double& mean : one.scale.mean)
      mean /= count;
  }
  LINNET_TRY(sum([](Scale& scale, size_t column, double x) {
    const double d = x - scale.mean[column];
    scale.deviation[column] += d * d;
  }));
  std::vector<Scale> scales;
  for (PortScale& one : learnt) {
    for (double& deviation : one.scale.deviation)
      deviation = deviation_of(deviation, count);
    scales.push_back(std::move(one.scale));
  }
  return scales;
}

}  // namespace linnet::runtime::train
