// The columns of a CSV that a model of series reads.
#pragma once

#include "base/io/csv.h"
#include "base/result.h"

#include "base/abi/model.h"

#include <span>
#include <string>
#include <vector>

namespace linnet::runtime {

// What a model of series takes and gives, by its ports: every input a series, one output ahead.
struct SeriesPorts {
  std::span<const linnet_port_v1> inputs;
  int64_t target = 0;  // the input that is forecast
  int64_t steps = 1;   // how far ahead

  // Fails if an input is no series, or no output says what is forecast.
  [[nodiscard]] static Result<SeriesPorts> of(std::span<const linnet_port_v1> inputs,
                                              std::span<const linnet_port_v1> outputs);
  [[nodiscard]] const linnet_series_v1& series(size_t input) const { return *inputs[input].series; }
  // The row an input's newest value stands in when the target's newest is `row`.
  [[nodiscard]] int64_t newest(size_t input, int64_t row) const {
    return row + (series(input).ahead ? steps : 0);
  }
  // The first row of the target at which every input has its lags.
  [[nodiscard]] int64_t first_row() const;
};

class SeriesTable {
public:
  // Rows in which the target's cell is empty may end the file: they bring what is known ahead.
  [[nodiscard]] static Result<SeriesTable> read(const std::string& path, const SeriesPorts& ports);

  // Rows whose target is known.
  [[nodiscard]] int64_t rows() const { return rows_; }
  // Of input `i`, by row; as many as are known.
  [[nodiscard]] const std::vector<double>& column(size_t i) const { return columns_[i]; }
  // Frees the file's text: what is left are the columns, and no row has a name.
  void forget_names();
  // The cell of the column that names rows; beyond the file's end what follows if these are
  // numbers in steps (2009 after 2008); "" if there is none.
  [[nodiscard]] std::string name(int64_t row) const;

private:
  CsvTable table_;
  int64_t rows_ = 0;
  size_t index_ = 0;  // columns of the table: none
  std::vector<std::vector<double>> columns_;
};

}  // namespace linnet::runtime
