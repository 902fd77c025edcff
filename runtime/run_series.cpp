#include "runtime/answer.h"
#include "runtime/io/csv.h"
#include "runtime/io/utf8.h"
#include "runtime/tasks.h"

#include <cstdio>

namespace linnet::runtime {
namespace {

// The name of the row after the last: 2009 after 2008; "" if names are no integers.
std::string next_name(const CsvTable& table, size_t column, int64_t steps) {
  const size_t rows = table.rows();
  if (rows < 2) return "";
  const auto last = parse_number(table.cell(rows - 1, column));
  const auto before = parse_number(table.cell(rows - 2, column));
  if (!last || !before) return "";
  return number_text(static_cast<float>(*last + (*last - *before) * static_cast<double>(steps)));
}

Result<void> forecast(const Model& model, const Options& options, const std::string& path) {
  const linnet_port_v1& port = model.abi().inputs[0];
  const linnet_series_v1& series = *port.series;
  auto table = CsvTable::read(path);
  if (!table) return tl::unexpected(table.error());
  auto column = table->column_named(series.column);
  if (!column) return tl::unexpected(column.error());
  auto values = table->numbers(*column, static_cast<Missing>(series.missing));
  if (!values) return tl::unexpected(values.error());
  const auto lags = static_cast<size_t>(series.lags);
  if (values->size() < lags)
    return fail("%s: %zu values, but a forecast takes the last %zu", path.c_str(), values->size(),
                lags);
  size_t index = table->columns();
  if (series.index) {
    if (auto named = table->column_named(series.index)) index = *named;
  }
  if (options.files.size() > 1 && !options.json) std::printf("%s\n", path.c_str());
  for (int64_t step = 1; step <= options.steps; ++step) {
    std::vector<Tensor> inputs = {Model::make(port, 1)};
    std::vector<Tensor> outputs = {Model::make(model.abi().outputs[0], 1)};
    const auto to = inputs[0].as<float>();
    const size_t first = values->size() - lags;
    for (size_t i = 0; i < lags; ++i)
      to[i] = static_cast<float>(((*values)[first + i] - series.mean) / series.deviation);
    LINNET_TRY(model.run(inputs, outputs, 1));
    const double value =
        static_cast<double>(outputs[0].as<float>()[0]) * series.deviation + series.mean;
    values->push_back(value);
    const std::string name = index < table->columns() ? next_name(*table, index, step) : "";
    if (options.json) {
      std::printf("{\"file\":\"%s\",\"step\":%lld,", json_escaped(path).c_str(),
                  static_cast<long long>(step));
      if (!name.empty())
        std::printf("\"%s\":\"%s\",", json_escaped(series.index).c_str(), name.c_str());
      std::printf("\"%s\":%.9g}\n", json_escaped(series.column).c_str(), value);
    } else {
      std::printf("%s  %.6g\n",
                  name.empty() ? format("+%lld", static_cast<long long>(step)).c_str()
                               : name.c_str(),
                  value);
    }
  }
  return {};
}

}  // namespace

Result<void> run_series(const Model& model, const Options& options) {
  for (const std::string& path : options.files)
    LINNET_TRY(forecast(model, options, path));
  return {};
}

}  // namespace linnet::runtime
