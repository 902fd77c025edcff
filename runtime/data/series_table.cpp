// Finds the columns that ports name in a CSV and reads them as series.
#include "runtime/data/series_table.h"

#include "runtime/data/number_text.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace linnet::runtime {
namespace {

bool is_whole(std::string_view cell) {
  return cell.find_first_not_of("+-0123456789") == std::string_view::npos;
}

uint64_t whole(std::string_view cell) {
  return std::strtoull(std::string(cell).c_str(), nullptr, 10);  // of a negative one modulo 2⁶⁴
}

int decimals(std::string_view cell) {
  int count = 0;
  for (size_t at = cell.find('.'); at < cell.size() - 1; ++at)
    count += cell[at + 1] >= '0' && cell[at + 1] <= '9';
  return count;
}

}  // namespace

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

void SeriesTable::forget_names() {
  table_ = CsvTable();
  index_ = 0;
}

std::string SeriesTable::name(int64_t row) const {
  if (index_ == table_.columns()) return "";
  const size_t rows = table_.rows();
  if (static_cast<size_t>(row) < rows)
    return std::string(table_.cell(static_cast<size_t>(row), index_));
  if (rows < 2) return "";
  const std::string_view last = table_.cell(rows - 1, index_);
  const std::string_view before = table_.cell(rows - 2, index_);
  const auto end = parse_number(last), begin = parse_number(before);
  if (!end || !begin) return "";
  const int64_t ahead = row + 1 - static_cast<int64_t>(rows);
  const double next = *end + (*end - *begin) * static_cast<double>(ahead);
  if (!std::isfinite(next)) return "";
  // As the file writes them. A double ends at 2⁵³, and nanoseconds since 1970 do not.
  if (is_whole(last) && is_whole(before) && std::fabs(next) < 0x1p63)
    return format("%lld", static_cast<long long>(whole(last) + (whole(last) - whole(before)) *
                                                                   static_cast<uint64_t>(ahead)));
  if (last.find_first_of("eE") != std::string_view::npos) return number_text(next);
  return format("%.*f", std::max(decimals(last), decimals(before)), next);
}

}  // namespace linnet::runtime
