// CSV after RFC 4180: quoted cells, doubled quotes, LF or CRLF, UTF-8 with or without a mark.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linnet {

enum class CsvHeader {
  // The first row is a header if a cell of it is text above a number, or if no cell is a number.
  kAuto,
  kYes,
  kNo,
};

// What happens to an empty cell, "NA", "nan" and the like in a column of numbers.
enum class Missing : int32_t {
  kRefuse = 0,
  kPrevious = 1,  // the last number above; an error in the first row
  kLinear = 2,    // on the line between the neighbours; an error at either end
};

// Rows and columns count from 1 in messages; the header and empty lines, which are skipped,
// count as rows there.
class CsvTable {
public:
  // `begins`: where in the text each row begins.
  [[nodiscard]] static Result<CsvTable> parse(const std::string& name, std::string_view text,
                                              CsvHeader header = CsvHeader::kAuto,
                                              std::vector<size_t>* begins = nullptr);
  [[nodiscard]] static Result<CsvTable> read(const std::string& path,
                                             CsvHeader header = CsvHeader::kAuto);

  // More rows of the same columns, until there are `most`; `line`: the number of the text's first,
  // for messages.
  [[nodiscard]] Result<void> add_rows(std::string_view text, size_t line,
                                      std::vector<size_t>* begins = nullptr,
                                      size_t most = SIZE_MAX);
  // Name, columns and header stay.
  void clear_rows();

  [[nodiscard]] size_t rows() const { return columns_ == 0 ? 0 : cells_.size() / columns_; }
  [[nodiscard]] size_t columns() const { return columns_; }
  // Empty without a header row.
  [[nodiscard]] const std::vector<std::string>& header() const { return header_; }
  // Data row and column, both from 0; the header is not a row.
  [[nodiscard]] std::string_view cell(size_t row, size_t column) const;

  // A column by its name, or by its number from 0 where there is no header; the message of a
  // failure lists the names there are.
  [[nodiscard]] Result<size_t> column_named(const std::string& column) const;
  // A cell as a finite number; anything else is an error with row and column.
  [[nodiscard]] Result<double> number(size_t row, size_t column) const;
  // Of the first `most` rows.
  [[nodiscard]] Result<std::vector<double>>
  numbers(size_t column, Missing missing = Missing::kRefuse, size_t most = SIZE_MAX) const;
  // The number of a row in messages, and of the one behind the last.
  [[nodiscard]] size_t line_of(size_t row) const { return rows_[row]; }
  [[nodiscard]] size_t next_line() const { return next_line_; }
  // "data.csv: row 3, column 2 (sunspots)", for messages about a cell.
  [[nodiscard]] std::string place(size_t row, size_t column) const;

private:
  struct Cell {
    uint64_t begin;
    uint64_t end;
  };
  [[nodiscard]] bool first_row_is_header() const;
  std::string name_;
  std::string text_;  // cells with quotes removed, one after the other
  std::vector<std::string> header_;
  std::vector<Cell> cells_;
  std::vector<size_t> rows_;  // each data row's number for messages
  size_t columns_ = 0;
  size_t next_line_ = 1;
};

// The decimal number that is all of `text` (blanks around it allowed): no locale, no hex, "inf"
// and "nan" included, a leading + too. nullopt if it is not one, or outside f64's range.
[[nodiscard]] std::optional<double> parse_number(std::string_view text);

}  // namespace linnet
