// CSV files of any size: rows are found once and parsed when they are asked for.
#pragma once

#include "base/io/csv.h"
#include "base/io/data_file.h"

namespace linnet {

// A file with a header row. What is kept of it are places of rows, at most 2²⁰ of them.
class CsvFile {
public:
  // Reads the file once, a window at a time. Faults are those of CsvTable::read.
  [[nodiscard]] static Result<CsvFile> open(const std::string& path);

  [[nodiscard]] const DataFile& file() const { return file_; }
  [[nodiscard]] int64_t rows() const { return rows_; }
  // The header, and no row.
  [[nodiscard]] const CsvTable& head() const { return head_; }
  // Puts the rows first … first + count − 1 in the place of those of `table`, a copy of head().
  [[nodiscard]] Result<void> read(int64_t first, int64_t count, CsvTable& table) const;

  // These rows will be read soon.
  void expect(int64_t first, int64_t count) const;

private:
  explicit CsvFile(DataFile file) : file_(std::move(file)) {}
  struct Mark {
    int64_t row;     // from 0, without the header
    int64_t offset;  // of its first byte
    int64_t line;    // its number for messages
  };
  // Where the mark at or before a row is in the file, and the one behind it, or the file's end.
  [[nodiscard]] const Mark& mark_of(int64_t row) const;
  [[nodiscard]] int64_t end_of(int64_t row) const;
  [[nodiscard]] Result<void> scan();
  [[nodiscard]] Result<void> add(std::string_view text, int64_t offset, size_t& line,
                                 CsvTable& part);

  DataFile file_;
  CsvTable head_;
  std::vector<Mark> marks_;  // from the first row on, so far apart
  int64_t apart_ = 0;        // bytes
  int64_t rows_ = 0;
};

}  // namespace linnet
