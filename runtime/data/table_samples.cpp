// Rows of CSV files: columns of numbers, words as classes and categories.
#include "runtime/data/table_samples.h"

#include "runtime/data/labels.h"
#include "runtime/data/ports.h"
#include "runtime/data/reader.h"

#include <algorithm>

namespace linnet::runtime {

Result<void> read_row(const CsvTable& table, size_t row, const linnet_table_v1& columns,
                      float* to) {
  for (int64_t i = 0; i < columns.count; ++i) {
    const linnet_column_v1& c = columns.columns[i];
    LINNET_TRY_ASSIGN(const auto& column, table.column_named(c.name));
    if (c.category_count == 0) {
      LINNET_TRY_ASSIGN(const auto& value, table.number(row, column));
      *to++ = static_cast<float>(scaled(value, c.mean, c.deviation));
      continue;
    }
    const std::string cell(table.cell(row, column));
    bool found = false;
    for (int64_t k = 0; k < c.category_count; ++k) {
      const bool here = cell == c.categories[k];
      found = found || here;
      *to++ = here ? 1.0F : 0.0F;
    }
    if (!found)
      return fail("%s: '%s' is none of the %lld categories", table.place(row, column).c_str(),
                  cell.c_str(), static_cast<long long>(c.category_count));
  }
  return {};
}

Result<int64_t> read_class(const CsvTable& table, size_t row, size_t column,
                           const linnet_classes_v1& classes) {
  const std::string cell(table.cell(row, column));
  const auto end = classes.labels + classes.count;
  const auto at = std::find(classes.labels, end, cell);
  if (at == end)
    return fail("%s: '%s' is none of the %lld classes (%s)", table.place(row, column).c_str(),
                cell.c_str(), static_cast<long long>(classes.count),
                quoted_list(classes.labels, classes.count).c_str());
  return at - classes.labels;
}

namespace train {
namespace {

Result<void> read_columns(const CsvTable& table, const linnet_port_v1& port, Tensor& to) {
  const int64_t each = elements_of(port), size = size_of(to.dtype);
  std::vector<float> row(static_cast<size_t>(each));
  for (size_t i = 0; i < table.rows(); ++i) {
    LINNET_TRY(read_row(table, i, *port.table, row.data()));
    convert(DType::kF32, row.data(), to.dtype,
            to.data.data() + static_cast<int64_t>(i) * each * size, each);
  }
  return {};
}

// Classes stand in the column named like the output.
Result<void> read_classes(const CsvTable& table, const linnet_port_v1& port, Tensor& to) {
  LINNET_TRY_ASSIGN(const auto& column, table.column_named(port.name));
  for (size_t row = 0; row < table.rows(); ++row) {
    LINNET_TRY_ASSIGN(const auto& label, read_class(table, row, column, *port.classes));
    to.as<int64_t>()[row] = label;
  }
  return {};
}

bool reads(const linnet_trainer_v1& trainer) {
  return trainer.inputs[0].table != nullptr;
}

bool compares(const linnet_port_v1& output) {
  return output.classes || output.table;
}

Found read(Part& part) {
  const linnet_trainer_v1& t = part.trainer;
  const std::string file = csv_of(part);
  if (file.empty()) return std::nullopt;
  LINNET_TRY_ASSIGN(const auto& table, CsvTable::read(file, CsvHeader::kYes));
  Samples samples = empty_samples(t, static_cast<int64_t>(table.rows()));
  for (int64_t i = 0; i < t.input_count; ++i) {
    if (!t.inputs[i].table) return fail("input '%s' has no column declared", t.inputs[i].name);
    LINNET_TRY(read_columns(table, t.inputs[i], samples.inputs[static_cast<size_t>(i)]));
  }
  for (int64_t i = 0; i < t.target_count; ++i) {
    const linnet_port_v1& port = t.targets[i];
    if (!port.table && !port.classes) return fail("output '%s' has no column declared", port.name);
    LINNET_TRY((port.table ? read_columns : read_classes)(table, port,
                                                          samples.targets[static_cast<size_t>(i)]));
  }
  return samples;
}

}  // namespace

Reader readers::table() {
  Reader reader;
  reader.reads = reads;
  reader.read = read;
  reader.compares = compares;
  reader.one_file = true;
  reader.answers = "FILE.csv          an answer for each row";
  reader.evaluates = "a CSV file with the column of the target";
  return reader;
}

}  // namespace train
}  // namespace linnet::runtime
