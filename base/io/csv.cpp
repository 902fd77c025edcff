// The CSV reader: bytes to records and cells, cells to numbers, faults by line and column.
#include "base/io/csv.h"

#include "base/io/file.h"
#include "base/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace linnet {

namespace {

constexpr int64_t kMaxFile = int64_t{1} << 32;
constexpr size_t kMaxRow = size_t{16} << 20;
constexpr size_t kMaxColumns = 65536;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

// A cell for a message: short, and on one line.
std::string quoted(std::string_view cell) {
  std::string text = "\"";
  for (char c : cell.substr(0, 24))
    text += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  while (!text.empty() && text.size() > 24 && (text.back() & 0xC0) == 0x80)
    text.pop_back();
  return text + (cell.size() > 24 ? "…\"" : "\"");
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

bool is_missing(std::string_view cell) {
  for (const char* word : {"", "na", "n/a", "nan", "null", "none", "?"})
    if (equals_ignoring_case(cell, word)) return true;
  return false;
}

// 12,5 or 1.234,5: digits with one comma that stands for the point.
bool is_decimal_comma(std::string_view cell) {
  std::string with_point(cell);
  const size_t comma = with_point.find(',');
  if (comma == std::string::npos || with_point.find(',', comma + 1) != std::string::npos)
    return false;
  std::erase(with_point, '.');
  std::replace(with_point.begin(), with_point.end(), ',', '.');
  return parse_number(with_point).has_value();
}

}  // namespace

std::optional<double> parse_number(std::string_view text) {
  text = trimmed(text);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<CsvTable> CsvTable::read(const std::string& path, CsvHeader header) {
  return read_file(path, kMaxFile).and_then([&](const std::vector<uint8_t>& bytes) {
    return parse(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, header);
  });
}

namespace {

// Reads one cell after the other, without its quotes, to the end of `out`.
struct CellScanner {
  const char* file;
  std::string_view text;
  std::string& out;
  size_t at = 0;  // in `text`
  size_t row = 1, row_begin = 0;

  // Up to the comma or the end of the line behind it. `column` counts from 1, for messages.
  Result<void> cell(size_t column) {
    const size_t begin = out.size();
    if (at < text.size() && text[at] == '"') {
      LINNET_TRY(quoted(column));
    } else {
      const size_t end = std::min(text.find_first_of(",\n\r\"", at), text.size());
      if (end < text.size() && text[end] == '"')
        return fault(column, "a quote inside an unquoted cell");
      out.append(text.substr(at, end - at));
      at = end;
    }
    if (at - row_begin > kMaxRow)
      return fail("%s: row %zu: longer than %zu MiB", file, row, kMaxRow >> 20);
    const std::string_view content = std::string_view(out).substr(begin);
    if (content.find('\0') != std::string_view::npos)
      return fault(column, "a NUL byte; is it UTF-16? Save it as UTF-8");
    if (invalid_utf8(content)) return fault(column, "not UTF-8");
    return {};
  }

  // LF, CR, both, or the end of the text.
  void end_line() {
    const size_t length = text.substr(at).starts_with("\r\n") ? 2 : 1;
    at = std::min(at + length, text.size());
  }

private:
  // A quote inside is written twice.
  Result<void> quoted(size_t column) {
    ++at;
    while (true) {
      const size_t quote = text.find('"', at);
      if (quote == std::string_view::npos || quote - row_begin > kMaxRow)
        return fault(column, "a quoted cell does not end");
      out.append(text.substr(at, quote - at));
      at = quote + 1;
      if (at >= text.size() || text[at] != '"') break;
      out += '"';
      ++at;
    }
    if (at < text.size() && text[at] != ',' && text[at] != '\n' && text[at] != '\r')
      return fault(column, "text after the closing quote");
    return {};
  }

  [[nodiscard]] tl::unexpected<Error> fault(size_t column, const char* what) const {
    return fail("%s: row %zu, column %zu: %s", file, row, column, what);
  }
};

}  // namespace

Result<CsvTable> CsvTable::parse(const std::string& name, std::string_view text, CsvHeader header,
                                 std::vector<size_t>* begins) {
  CsvTable table;
  table.name_ = name;
  const char* file = name.c_str();
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    return fail("%s: UTF-16; save it as UTF-8", file);
  const size_t mark = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  text.remove_prefix(mark);
  if (text.empty()) return fail("%s: empty", file);
  LINNET_TRY(table.add_rows(text, 1, begins));
  if (table.cells_.empty()) return fail("%s: no rows", file);

  const bool has_header =
      header == CsvHeader::kYes || (header == CsvHeader::kAuto && table.first_row_is_header());
  if (has_header) {
    for (size_t column = 0; column < table.columns_; ++column)
      table.header_.emplace_back(trimmed(table.cell(0, column)));
    table.cells_.erase(table.cells_.begin(),
                       table.cells_.begin() + static_cast<ptrdiff_t>(table.columns_));
    table.rows_.erase(table.rows_.begin());
    if (begins) begins->erase(begins->begin());
  }
  for (size_t i = 0; begins && i < begins->size(); ++i)
    (*begins)[i] += mark;
  return table;
}

Result<void> CsvTable::add_rows(std::string_view text, size_t line, std::vector<size_t>* begins,
                                size_t most) {
  if (most == SIZE_MAX) text_.reserve(text_.size() + text.size());
  const char* file = name_.c_str();
  CellScanner scanner{file, text, text_};
  size_t& at = scanner.at;
  size_t& row = scanner.row;
  row = line;
  while (at < text.size() && rows_.size() < most) {
    const size_t row_begin = scanner.row_begin = at;
    const size_t first_cell = cells_.size();
    bool row_ends = false;
    while (!row_ends) {
      const size_t column = cells_.size() - first_cell + 1;
      const uint64_t begin = text_.size();
      LINNET_TRY(scanner.cell(column));
      if (column > kMaxColumns)
        return fail("%s: row %zu: more than %zu columns", file, row, kMaxColumns);
      cells_.push_back({begin, text_.size()});
      if (at < text.size() && text[at] == ',') {
        ++at;
        continue;
      }
      scanner.end_line();
      row_ends = true;
    }
    const size_t cells = cells_.size() - first_cell;
    const bool blank = text[row_begin] == '\n' || text[row_begin] == '\r';
    if (blank) {
      cells_.pop_back();  // an empty line is no row
    } else if (columns_ == 0) {
      columns_ = cells;
    } else if (cells != columns_) {
      return fail("%s: row %zu: %zu columns, the rows above have %zu", file, row, cells, columns_);
    }
    if (!blank) {
      rows_.push_back(row);
      if (begins) begins->push_back(row_begin);
    }
    ++row;
  }
  next_line_ = row;
  return {};
}

void CsvTable::clear_rows() {
  text_.clear();
  cells_.clear();
  rows_.clear();
}

bool CsvTable::first_row_is_header() const {
  auto number_at = [&](size_t row, size_t column) {
    const std::string_view text = trimmed(cell(row, column));
    return is_missing(text) || parse_number(text) || is_decimal_comma(text);
  };
  bool any_number = false;
  for (size_t column = 0; column < columns_; ++column) {
    const bool number = number_at(0, column);
    any_number |= number;
    if (!number && rows() > 1 && number_at(1, column)) return true;
  }
  return !any_number;
}

std::string_view CsvTable::cell(size_t row, size_t column) const {
  const Cell& cell = cells_[row * columns_ + column];
  return std::string_view(text_).substr(cell.begin, cell.end - cell.begin);
}

std::string CsvTable::place(size_t row, size_t column) const {
  std::string text = format("%s: row %zu, column %zu", name_.c_str(), rows_[row], column + 1);
  if (!header_.empty()) text += " (" + header_[column] + ")";
  return text;
}

Result<size_t> CsvTable::column_named(const std::string& column) const {
  const auto found = std::find(header_.begin(), header_.end(), column);
  if (found != header_.end()) {
    if (std::find(found + 1, header_.end(), column) != header_.end())
      return fail("%s: two columns are called \"%s\"", name_.c_str(), column.c_str());
    return static_cast<size_t>(found - header_.begin());
  }
  if (header_.empty()) {
    size_t index = 0;
    const char* end = column.data() + column.size();
    const auto [stop, error] = std::from_chars(column.data(), end, index);
    if (error == std::errc() && stop == end && index < columns_) return index;
    return fail("%s: no header row, so there is no column \"%s\"", name_.c_str(), column.c_str());
  }
  std::string names;
  for (size_t i = 0; i < header_.size() && i < 20; ++i)
    names += (i == 0 ? "" : ", ") + header_[i];
  if (header_.size() > 20) names += ", …";
  return fail("%s: no column \"%s\"; there are: %s", name_.c_str(), column.c_str(), names.c_str());
}

Result<double> CsvTable::number(size_t row, size_t column) const {
  const std::string_view text = trimmed(cell(row, column));
  const std::optional<double> value = parse_number(text);
  if (value && std::isfinite(*value)) return *value;
  const std::string at = place(row, column);
  if (text.empty()) return fail("%s: empty, a number is needed", at.c_str());
  if (is_missing(text)) return fail("%s: %s, a number is needed", at.c_str(), quoted(text).c_str());
  if (is_decimal_comma(text))
    return fail("%s: %s has a decimal comma; write a point", at.c_str(), quoted(text).c_str());
  double ignored = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, ignored);
  if ((error == std::errc::result_out_of_range && stop == end) || value)
    return fail("%s: %s is not a finite number of f64", at.c_str(), quoted(text).c_str());
  return fail("%s: %s is not a number", at.c_str(), quoted(text).c_str());
}

Result<std::vector<double>> CsvTable::numbers(size_t column, Missing missing, size_t most) const {
  std::vector<double> values(std::min(rows(), most));
  std::optional<size_t> last;  // the last row with a number
  for (size_t row = 0; row < values.size(); ++row) {
    if (missing != Missing::kRefuse && is_missing(trimmed(cell(row, column)))) {
      const bool at_end = missing == Missing::kLinear && row + 1 == values.size();
      if (!last || at_end)
        return fail("%s: missing, and no number %s to fill it from", place(row, column).c_str(),
                    last ? "below" : "above");
      values[row] = values[*last];
      continue;
    }
    const Result<double> value = number(row, column);
    LINNET_TRY(value);
    values[row] = *value;
    if (missing == Missing::kLinear && last) {
      const double step = (*value - values[*last]) / static_cast<double>(row - *last);
      for (size_t gap = *last + 1; gap < row; ++gap)
        values[gap] = values[*last] + step * static_cast<double>(gap - *last);
    }
    last = row;
  }
  return values;
}

}  // namespace linnet
