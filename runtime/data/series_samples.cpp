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

// The scale a port's numbers are given in.
struct Affine {
  double mean = 0, deviation = 1;
};

Affine scale_of_port(const linnet_port_v1& port, const std::vector<Scale>& scales) {
  for (const Scale& scale : scales) {
    if (scale.name == port.name) return {scale.mean[0], scale.deviation[0]};
  }
  return {port.series->mean, port.series->deviation};
}

// Windows, cut out of the columns when they are needed; these are in memory, f64.
class Windows final : public Source {
public:
  Windows(const Part& part, SeriesPorts ports, SeriesTable table)
      : ports_(std::move(ports)), table_(std::move(table)), window_(ports_.series(0).window),
        first_(ports_.first_row()) {
    for (const linnet_port_v1& port : ports_.inputs)
      scales_.push_back(scale_of_port(port, part.scales));
    target_ = dtype_of_abi(part.trainer.targets[0].dtype);
  }

  Result<void> fill(std::span<const int64_t> which, std::span<uint8_t* const> to) const override {
    const auto inputs = static_cast<int64_t>(ports_.inputs.size());
    for (int64_t i = 0; i < static_cast<int64_t>(which.size()); ++i) {
      for (int64_t step = 0; step < window_; ++step) {
        const int64_t row = first_ + which[static_cast<size_t>(i)] + step, at = i * window_ + step;
        for (int64_t k = 0; k < inputs; ++k) {
          const auto input = static_cast<size_t>(k);
          const int64_t lags = ports_.series(input).lags;
          if (to[input])
            store(input, ports_.newest(input, row) - lags + 1, lags,
                  dtype_of_abi(ports_.inputs[input].dtype), to[input], at * lags);
        }
        if (to.back())
          store(static_cast<size_t>(ports_.target), row + ports_.steps, 1, target_, to.back(), at);
      }
    }
    return {};
  }

private:
  // `count` values of an input's column from `row` on, scaled, to element `at` and on.
  void store(size_t input, int64_t row, int64_t count, DType dtype, uint8_t* to, int64_t at) const {
    const auto [mean, deviation] = scales_[input];
    for (int64_t k = 0; k < count; ++k) {
      const double value =
          scaled(table_.column(input)[static_cast<size_t>(row + k)], mean, deviation);
      convert(DType::kF64, &value, dtype, to + (at + k) * size_of(dtype), 1);
    }
  }

  SeriesPorts ports_;
  SeriesTable table_;
  int64_t window_, first_;
  std::vector<Affine> scales_;  // by input
  DType target_ = DType::kF32;
};

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
  LINNET_TRY_ASSIGN(auto table, SeriesTable::read(file, ports));
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
  table.forget_names();
  return samples_of(t, count, std::make_shared<const Windows>(part, ports, std::move(table)));
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
