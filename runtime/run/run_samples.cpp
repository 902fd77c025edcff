// The samples of files through a model, an answer each; rows of a CSV file are compared where it
// knows what is true.
#include "base/io/csv.h"
#include "runtime/answers/answer.h"
#include "runtime/answers/metrics.h"
#include "runtime/data/ports.h"
#include "runtime/data/reader.h"
#include "runtime/data/table_samples.h"
#include "runtime/run/tasks.h"

#include <algorithm>
#include <cstdio>

namespace linnet::runtime {
namespace {

// Answers beside the columns of the table that hold what is true.
class Comparison {
public:
  Comparison(const linnet_model_v1& model, const CsvTable& table) : model_(model), table_(table) {
    for (int64_t i = 0; i < model.output_count; ++i) {
      linnet_port_v1 target = model.outputs[i];
      bool there = target.classes ? has(target.name) : target.table != nullptr;
      for (int64_t c = 0; !target.classes && target.table && c < target.table->count; ++c)
        there = there && has(target.table->columns[c].name);
      if (!there || (target.classes && elements_of(target) != target.dims[target.rank - 1]))
        continue;
      if (target.classes) {
        target.dtype = LINNET_I64;
        target.rank = 1;
        target.dims[0] = 1;
      }
      targets_.push_back(target);
      outputs_.push_back(i);
    }
    evaluation_.begin(model.outputs, model.output_count, targets_.data(),
                      static_cast<int64_t>(targets_.size()));
  }

  void add(size_t row, const std::vector<Tensor>& answers) {
    for (size_t t = 0; t < targets_.size(); ++t) {
      const auto truth = read(targets_[t], row);
      const auto output = static_cast<size_t>(outputs_[t]);
      if (truth)
        evaluation_.add(model_.outputs[output], answers[output], targets_[t], *truth, 0, 1);
      left_out_ += !truth;
    }
  }

  // On standard error, so that whoever reads the answers gets nothing else.
  void report() const {
    for (const OutputMetrics& one : evaluation_.outputs) {
      const int64_t count = one.classes ? one.classes->count() : one.numbers.count();
      if (count == 0) continue;
      std::fprintf(stderr, "%s: %s", one.name.c_str(),
                   (one.classes ? one.classes->accuracy_text() : one.numbers.text()).c_str());
      if (!one.classes) std::fprintf(stderr, "  (%lld rows)", static_cast<long long>(count));
      if (left_out_ > 0)
        std::fprintf(stderr, "; %lld cells of it hold no answer that the model could give",
                     static_cast<long long>(left_out_));
      std::fputs("\n", stderr);
    }
  }

private:
  [[nodiscard]] bool has(const char* column) const {
    return std::ranges::find(table_.header(), column) != table_.header().end();
  }
  Result<Tensor> read(const linnet_port_v1& target, size_t row) const {
    if (!target.classes) {
      Tensor values = make_tensor(DType::kF32, {elements_of(target)});
      LINNET_TRY(read_row(table_, row, *target.table, values.as<float>().data()));
      return values;
    }
    LINNET_TRY_ASSIGN(const auto& column, table_.column_named(target.name));
    LINNET_TRY_ASSIGN(const auto& label, read_class(table_, row, column, *target.classes));
    Tensor one = make_tensor(DType::kI64, {1});
    one.as<int64_t>()[0] = label;
    return one;
  }

  const linnet_model_v1& model_;
  const CsvTable& table_;
  std::vector<linnet_port_v1> targets_;
  std::vector<int64_t> outputs_;  // of the model, by target
  Measured evaluation_;
  int64_t left_out_ = 0;
};

}  // namespace

Result<void> run_samples(const Model& model, const Options& options) {
  const linnet_model_v1& abi = model.abi();
  const train::Reader reader = train::reader_of(abi);
  // A series whose model cannot be stepped has no task of its own.
  if (reader.any || abi.inputs[0].series) return run_tensors(model, options);
  linnet_trainer_v1 asked{};  // inputs and no targets: what is true is not needed for an answer
  asked.input_count = abi.input_count;
  asked.inputs = abi.inputs;
  for (const std::string& path : options.files) {
    train::Part part{.trainer = asked, .path = path};
    LINNET_TRY_ASSIGN(const auto& samples, reader.read(part));
    CsvTable table;
    if (abi.inputs[0].table) {
      LINNET_TRY_ASSIGN(table, CsvTable::read(path, CsvHeader::kYes));
    }
    Comparison comparison(abi, table);
    for (int64_t row = 0; row < samples->count; ++row) {
      std::vector<Tensor> inputs, outputs;
      std::vector<uint8_t*> to;
      for (int64_t i = 0; i < abi.input_count; ++i) {
        inputs.push_back(Model::make(abi.inputs[i], 1));
        to.push_back(inputs.back().data.data());
      }
      LINNET_TRY(samples->fill({&row, 1}, to));
      for (int64_t i = 0; i < abi.output_count; ++i)
        outputs.push_back(Model::make(abi.outputs[i], 1));
      LINNET_TRY(model.run(inputs, outputs, 1));
      Answer answer(options.json);
      if (options.json) answer.text("file", path.c_str());
      answer.count("row", row + 1);
      answer.outputs(abi, outputs, 0);
      answer.print();
      comparison.add(static_cast<size_t>(row), outputs);
    }
    std::fflush(stdout);
    comparison.report();
  }
  return {};
}

}  // namespace linnet::runtime
