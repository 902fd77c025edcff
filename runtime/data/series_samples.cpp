// Windows over the series of a CSV file, and the values after them.
#include "runtime/data/ports.h"
#include "runtime/data/reader.h"
#include "runtime/data/scales.h"
#include "runtime/data/series_table.h"

#include <algorithm>

namespace linnet::runtime::train {
namespace {

// Mean and deviation of each column's first `rows` values, where they are to be learnt.
void learn(const SeriesPorts& ports, const SeriesTable& table, int64_t rows,
           std::vector<Scale>& scales) {
  for (size_t i = 0; i < ports.inputs.size(); ++i) {
    if (!ports.series(i).learn) continue;
    const std::vector<double>& column = table.column(i);
    const size_t count = std::min(column.size(), static_cast<size_t>(rows));
    scales.push_back(scale_of(ports.inputs[i].name, {column.data(), count}));
  }
}

// `count` values of an input's column from `row` on, scaled, to element `at` and on.
void store(const Part& part, const SeriesTable& table, size_t input, int64_t row, int64_t count,
           Tensor& to, int64_t at) {
  const linnet_port_v1& port = part.trainer.inputs[input];
  double mean = port.series->mean, deviation = port.series->deviation;
  for (const Scale& scale : part.scales) {
    if (scale.name != port.name) continue;
    mean = scale.mean[0];
    deviation = scale.deviation[0];
  }
  for (int64_t k = 0; k < count; ++k) {
    const double value = scaled(table.column(input)[static_cast<size_t>(row + k)], mean, deviation);
    convert(DType::kF64, &value, to.dtype, to.data.data() + (at + k) * size_of(to.dtype), 1);
  }
}

bool reads(const linnet_trainer_v1& trainer) {
  return trainer.inputs[0].series != nullptr;
}

Found read(Part& part) {
  const linnet_trainer_v1& t = part.trainer;
  const std::string file = csv_of(part);
  if (file.empty()) return std::nullopt;
  LINNET_TRY_ASSIGN(const auto& ports,
                    SeriesPorts::of({t.inputs, static_cast<size_t>(t.input_count)},
                                    {t.targets, static_cast<size_t>(t.target_count)}));
  if (t.target_count != 1) return fail("a model of series has one target, '%s'", t.targets[0].name);
  LINNET_TRY_ASSIGN(const auto& table, SeriesTable::read(file, ports));
  const int64_t window = ports.series(0).window, first = ports.first_row();
  const int64_t last = table.rows() - 1 - ports.steps;  // a row that is forecast from
  const int64_t count = last - first - window + 2;
  if (count < 1)
    return fail("%s: %lld values make no window of %lld and what comes after", file.c_str(),
                static_cast<long long>(table.rows()), static_cast<long long>(first + window));
  // The targets of the last training sample are not among those of validation.
  if (!part.test) {
    const int64_t apart = part.apart_of(count);
    part.overlap = apart > 0 ? std::min(window - 1, count - apart - 1) : 0;
    learn(ports, table, first + count - apart - part.overlap + window - 1 + ports.steps,
          part.scales);
  }
  Samples samples = empty_samples(t, count);
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t step = 0; step < window; ++step) {
      const int64_t row = first + i + step;
      for (size_t k = 0; k < samples.inputs.size(); ++k) {
        const int64_t lags = ports.series(k).lags;
        store(part, table, k, ports.newest(k, row) - lags + 1, lags, samples.inputs[k],
              (i * window + step) * lags);
      }
      store(part, table, static_cast<size_t>(ports.target), row + ports.steps, 1,
            samples.targets[0], i * window + step);
    }
  }
  return samples;
}

}  // namespace

Reader readers::series() {
  Reader reader;
  reader.reads = reads;
  reader.read = read;
  reader.one_file = true;
  reader.evaluates = "errors along the series, as --backtest";
  return reader;
}

}  // namespace linnet::runtime::train
