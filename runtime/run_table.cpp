#include "runtime/answer.h"
#include "runtime/io/csv.h"
#include "runtime/io/utf8.h"
#include "runtime/ports.h"
#include "runtime/tasks.h"

#include <cstdio>
#include <cstring>

namespace linnet::runtime {
namespace {

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
        LINNET_TRY(read_row(*table, row, *port.table, inputs.back().as<float>().data()));
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
