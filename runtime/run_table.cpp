// Rows of CSV files through a model of tables: an answer a row.
#include "runtime/answer.h"
#include "runtime/io/csv.h"
#include "runtime/ports.h"
#include "runtime/tasks.h"

namespace linnet::runtime {

Result<void> run_table(const Model& model, const Options& options) {
  const linnet_model_v1& abi = model.abi();
  for (const std::string& path : options.files) {
    auto table = CsvTable::read(path, CsvHeader::kYes);
    if (!table) return tl::unexpected(table.error());
    for (size_t row = 0; row < table->rows(); ++row) {
      std::vector<Tensor> inputs;
      for (int64_t i = 0; i < abi.input_count; ++i) {
        const linnet_port_v1& port = abi.inputs[i];
        if (!port.table) return fail("input '%s' has no column declared", port.name);
        Tensor values = make_tensor(DType::kF32, {elements_of(port)});
        LINNET_TRY(read_row(*table, row, *port.table, values.as<float>().data()));
        inputs.push_back(converted(values, static_cast<DType>(port.dtype)));
      }
      std::vector<Tensor> outputs;
      for (int64_t i = 0; i < abi.output_count; ++i)
        outputs.push_back(Model::make(abi.outputs[i], 1));
      LINNET_TRY(model.run(inputs, outputs, 1));
      Answer answer(options.json);
      if (options.json) answer.text("file", path);
      answer.count("row", static_cast<int64_t>(row) + 1);
      answer.outputs(abi, outputs, 0);
      answer.print();
    }
  }
  return {};
}

}  // namespace linnet::runtime
