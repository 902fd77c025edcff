// Rows of a CSV file as samples.
#pragma once

#include "base/io/csv.h"
#include "base/result.h"

#include "base/abi/model.h"

namespace linnet::runtime {

// The elements that a port of columns takes from a row, scaled.
[[nodiscard]] Result<void> read_row(const CsvTable& table, size_t row,
                                    const linnet_table_v1& columns, float* to);

// The number of the class that a cell names.
[[nodiscard]] Result<int64_t> read_class(const CsvTable& table, size_t row, size_t column,
                                         const linnet_classes_v1& classes);

}  // namespace linnet::runtime
