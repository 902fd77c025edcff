#include "runtime/answer.h"
#include "runtime/io/csv.h"
#include "runtime/io/utf8.h"
#include "runtime/tasks.h"

#include <cstdio>
#include <cstring>

namespace linnet::runtime {
namespace {

// The elements that `port` takes from a row.
Result<void> read_row(const CsvTable& table, size_t row, const linnet_port_v1& port, float* to) {
  const linnet_table_v1& columns = *port.table;
  for (int64_t i = 0; i < columns.count; ++i) {
    const linnet_column_v1& c = columns.columns[i];
    auto column = table.column_named(c.name);
    if (!column) return tl::unexpected(column.error());
    if (c.category_count == 0) {
      auto value = table.number(row, *column);
      if (!value) return tl::unexpected(value.error());
      *to++ = static_cast<float>((*value - c.mean) / c.deviation);
      continue;
    }
    const std::string cell(table.cell(row, *column));
    bool found = false;
    for (int64_t k = 0; k < c.category_count; ++k) {
      const bool here = cell == c.categories[k];
      found = found || here;
      *to++ = here ? 1.0F : 0.0F;
    }
    if (!found)
      return fail("%s: '%s' is none of the %lld categories", table.place(row, *column).c_str(),
                  cell.c_str(), static_cast<long long>(c.category_count));
  }
  return {};
}

void print_row(const Model& model, const Options& options, const std::string& path, size_t row,
               std::vector<Tensor>& outputs) {
  if (options.json)
    std::printf("{\"file\":\"%s\",\"row\":%zu", json_escaped(path).c_str(), row + 1);
  else
    std::printf("%zu", row + 1);
  for (size_t i = 0; i < outputs.size(); ++i) {
    const linnet_port_v1& port = model.abi().outputs[i];
    const auto values = outputs[i].as<float>();
    if (port.classes) {
      const ClassAnswer answer =
          classify(values.data(), static_cast<int64_t>(values.size()), *port.classes);
      std::printf(options.json ? ",\"label\":\"%s\",\"index\":%lld,\"probability\":%.6f"
                               : "  %s%.0lld  %5.1f %%",
                  options.json ? json_escaped(answer.label).c_str() : answer.label.c_str(),
                  options.json ? static_cast<long long>(answer.index) : 0LL,
                  options.json ? answer.probability : 100 * answer.probability);
      continue;
    }
    const linnet_column_v1* column = port.table ? port.table->columns : nullptr;
    for (float value : values) {
      const double shown = column ? value * column->deviation + column->mean : value;
      std::printf(options.json ? ",\"%s\":%.9g" : "%.0s  %.6g",
                  json_escaped(column ? column->name : port.name).c_str(), shown);
    }
  }
  std::printf(options.json ? "}\n" : "\n");
}

}  // namespace

Result<void> run_table(const Model& model, const Options& options) {
  for (const std::string& path : options.files) {
    auto table = CsvTable::read(path, CsvHeader::kYes);
    if (!table) return tl::unexpected(table.error());
    for (size_t row = 0; row < table->rows(); ++row) {
      std::vector<Tensor> inputs;
      for (int64_t i = 0; i < model.abi().input_count; ++i) {
        const linnet_port_v1& port = model.abi().inputs[i];
        if (!port.table) return fail("input '%s' has no column declared", port.name);
        inputs.push_back(Model::make(port, 1));
        LINNET_TRY(read_row(*table, row, port, inputs.back().as<float>().data()));
      }
      std::vector<Tensor> outputs;
      for (int64_t i = 0; i < model.abi().output_count; ++i)
        outputs.push_back(Model::make(model.abi().outputs[i], 1));
      LINNET_TRY(model.run(inputs, outputs, 1));
      print_row(model, options, path, row, outputs);
    }
  }
  return {};
}

}  // namespace linnet::runtime
