// Rows of CSV files: columns of numbers, words as classes and categories.
#include "runtime/data/table_samples.h"

#include "base/io/csv_file.h"
#include "runtime/data/labels.h"
#include "runtime/data/ports.h"
#include "runtime/data/reader.h"

#include <algorithm>
#include <cstring>

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

// Rows of a CSV file.
class Rows final : public Source {
public:
  Rows(CsvFile file, const linnet_trainer_v1& trainer) : file_(std::move(file)) {
    for (int64_t i = 0; i < trainer.input_count; ++i)
      ports_.push_back(&trainer.inputs[i]);
    for (int64_t i = 0; i < trainer.target_count; ++i)
      ports_.push_back(&trainer.targets[i]);
  }

  Result<void> fill(std::span<const int64_t> which, std::span<uint8_t* const> to) const override {
    const auto done = read(which, to);
    LINNET_TRY(file_.file().check_unchanged());  // else what is wrong with it means nothing
    return done;
  }
  void expect(int64_t first, int64_t count) const override { file_.expect(first, count); }
  bool in_a_row() const override { return true; }

private:
  Result<void> read(std::span<const int64_t> which, std::span<uint8_t* const> to) const {
    constexpr int64_t kRows = 256;  // read at one go
    CsvTable table = file_.head();
    for (size_t at = 0; at < which.size();) {
      const int64_t run = run_from(which, at, kRows);
      LINNET_TRY(file_.read(which[at], run, table));
      for (size_t i = 0; i < ports_.size(); ++i) {
        if (!to[i]) continue;
        const linnet_port_v1& port = *ports_[i];
        const int64_t bytes = elements_of(port) * size_of(dtype_of_abi(port.dtype));
        LINNET_TRY((port.table ? read_columns : read_classes)(
            table, port, to[i] + static_cast<int64_t>(at) * bytes));
      }
      at += static_cast<size_t>(run);
    }
    return {};
  }

  static Result<void> read_columns(const CsvTable& table, const linnet_port_v1& port, uint8_t* to) {
    const DType dtype = dtype_of_abi(port.dtype);
    const int64_t each = elements_of(port), size = size_of(dtype);
    std::vector<float> row(static_cast<size_t>(each));
    for (size_t i = 0; i < table.rows(); ++i) {
      LINNET_TRY(read_row(table, i, *port.table, row.data()));
      convert(DType::kF32, row.data(), dtype, to + static_cast<int64_t>(i) * each * size, each);
    }
    return {};
  }

  // Classes stand in the column named like the output.
  static Result<void> read_classes(const CsvTable& table, const linnet_port_v1& port, uint8_t* to) {
    LINNET_TRY_ASSIGN(const auto& column, table.column_named(port.name));
    for (size_t row = 0; row < table.rows(); ++row) {
      LINNET_TRY_ASSIGN(const auto& label, read_class(table, row, column, *port.classes));
      std::memcpy(to + row * sizeof label, &label, sizeof label);
    }
    return {};
  }

  CsvFile file_;
  std::vector<const linnet_port_v1*> ports_;
};

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
  for (int64_t i = 0; i < t.input_count; ++i) {
    if (!t.inputs[i].table) return fail("input '%s' has no column declared", t.inputs[i].name);
  }
  for (int64_t i = 0; i < t.target_count; ++i) {
    const linnet_port_v1& port = t.targets[i];
    if (!port.table && !port.classes) return fail("output '%s' has no column declared", port.name);
  }
  LINNET_TRY_ASSIGN(auto rows, CsvFile::open(file));
  const int64_t count = rows.rows();
  return samples_of(t, count, std::make_shared<const Rows>(std::move(rows), t));
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
