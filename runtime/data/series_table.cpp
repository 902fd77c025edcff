// Finds the columns that ports name in a CSV and reads them as series.
#include "runtime/data/series_table.h"

#include "runtime/data/number_text.h"

#include <algorithm>

namespace linnet::runtime {

Result<SeriesPorts> SeriesPorts::of(std::span<const linnet_port_v1> inputs,
                                    std::span<const linnet_port_v1> outputs) {
  SeriesPorts ports;
  ports.inputs = inputs;
  for (const linnet_port_v1& input : inputs) {
    if (!input.series) return fail("input '%s' is no series, though another one is", input.name);
  }
  const auto ahead = std::find_if(outputs.begin(), outputs.end(),
                                  [](const linnet_port_v1& port) { return port.ahead != nullptr; });
  if (ahead == outputs.end())
    return fail("output '%s' has no `ahead` in the data block, so that nothing says what is "
                "forecast",
                outputs.empty() ? "" : outputs[0].name);
  ports.target = ahead->ahead->input;
  ports.steps = ahead->ahead->steps;
  if (ports.steps < 1) return fail("output '%s' is ahead by less than a step", ahead->name);
  return ports;
}

int64_t SeriesPorts::first_row() const {
  int64_t first = 0;
  for (size_t i = 0; i < inputs.size(); ++i)
    first = std::max(first, series(i).lags - 1 - newest(i, 0));
  return first;
}

Result<SeriesTable> SeriesTable::read(const std::string& path, const SeriesPorts& ports) {
  LINNET_TRY_ASSIGN(auto table, CsvTable::read(path));
  SeriesTable read;
  read.table_ = std::move(table);
  const auto column_of = [&](const linnet_series_v1& series) {
    return read.table_.column_named(series.column);
  };
  const linnet_series_v1& target = ports.series(static_cast<size_t>(ports.target));
  LINNET_TRY_ASSIGN(const auto& column, column_of(target));
  size_t rows = read.table_.rows();
  while (rows > 0 && read.table_.cell(rows - 1, column).empty())
    --rows;
  read.rows_ = static_cast<int64_t>(rows);
  for (size_t i = 0; i < ports.inputs.size(); ++i) {
    const linnet_series_v1& series = ports.series(i);
    LINNET_TRY_ASSIGN(const auto& at, column_of(series));
    LINNET_TRY_ASSIGN(auto values, read.table_.numbers(at, static_cast<Missing>(series.missing),
                                                       series.ahead ? read.table_.rows() : rows));
    read.columns_.push_back(std::move(values));
  }
  read.index_ = read.table_.columns();
  if (target.index) {
    if (auto named = read.table_.column_named(target.index)) read.index_ = *named;
  }
  return read;
}

std::string SeriesTable::name(int64_t row) const {
  if (index_ == table_.columns()) return "";
  const size_t rows = table_.rows();
  if (static_cast<size_t>(row) < rows)
    return std::string(table_.cell(static_cast<size_t>(row), index_));
  if (rows < 2) return "";
  const auto last = parse_number(table_.cell(rows - 1, index_));
  const auto before = parse_number(table_.cell(rows - 2, index_));
  if (!last || !before) return "";
  const auto beyond = static_cast<double>(row - static_cast<int64_t>(rows) + 1);
  return number_text(static_cast<float>(*last + (*last - *before) * beyond));
}

}  // namespace linnet::runtime
