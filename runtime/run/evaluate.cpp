// Samples with known answers through a compiled model.
#include "runtime/run/evaluate.h"

#include "base/io/file.h"
#include "base/math.h"
#include "base/scalar_backend.h"
#include "runtime/answers/answer.h"
#include "runtime/data/ports.h"
#include "runtime/data/reader.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <numeric>

namespace linnet::runtime {
namespace {

constexpr int64_t kChunk = 256;  // samples of a call at most

// The sum over samples of the loss of the model's first output, as the ops define it.
class Loss {
public:
  explicit Loss(const char* name) {
    for (const char* known : {"cross_entropy", "mse", "mae"}) {
      if (name && std::strcmp(name, known) == 0) name_ = known;
    }
  }
  [[nodiscard]] bool known() const { return !name_.empty(); }

  void add(const linnet_port_v1& output, const Tensor& values, const linnet_port_v1& target,
           const Tensor& truths, int64_t first, int64_t count) {
    const int64_t each = elements_of(output);
    if (name_ != "cross_entropy") {
      for (int64_t i = 0; i < count * each; ++i) {
        const double d = value_at(values, i) - value_at(truths, first * each + i);
        sum_ += (name_ == "mse" ? d * d : std::fabs(d)) / static_cast<double>(each);
      }
      return;
    }
    const int64_t rows = elements_of(target), classes = each / rows;
    for (int64_t i = 0; i < count * rows; ++i) {
      using Math = math::Scalar<double>;  // libm's functions differ between machines
      double largest = value_at(values, i * classes), all = 0;
      for (int64_t k = 1; k < classes; ++k)
        largest = std::max(largest, value_at(values, i * classes + k));
      for (int64_t k = 0; k < classes; ++k)
        all += math::exp<Math>(value_at(values, i * classes + k) - largest);
      const int64_t label = truths.as<int64_t>()[static_cast<size_t>(first * rows + i)];
      sum_ += (math::log<Math>(all) + largest - value_at(values, i * classes + label)) /
              static_cast<double>(rows);
    }
  }
  [[nodiscard]] double mean(int64_t count) const { return sum_ / static_cast<double>(count); }

private:
  std::string name_;
  double sum_ = 0;
};

// Samples first … first + count − 1.
Result<void> read(const train::Samples& samples, int64_t first, int64_t count,
                  std::span<Tensor> inputs, std::span<Tensor> truths) {
  std::vector<int64_t> which(static_cast<size_t>(count));
  std::iota(which.begin(), which.end(), first);
  std::vector<uint8_t*> to;
  for (const auto list : {inputs, truths}) {
    for (Tensor& tensor : list)
      to.push_back(tensor.data.data());
  }
  return samples.fill(which, to);
}

}  // namespace

Result<EvaluationPorts> EvaluationPorts::of(const linnet_model_v1& model) {
  EvaluationPorts ports;
  ports.model_ = &model;
  const train::Reader reader = train::reader_of(model);
  for (int64_t i = 0; i < model.output_count; ++i) {
    linnet_port_v1 target = model.outputs[i];
    if (target.classes) {
      target.dtype = LINNET_I64;  // a number for each row of classes
      target.rank = std::max<int64_t>(target.rank - 1, 1);
      if (model.outputs[i].rank == 1) target.dims[0] = 1;
    }
    if (reader.compares && !reader.compares(target)) continue;
    if (!reader.one_target || ports.targets_.empty()) ports.targets_.push_back(target);
  }
  if (ports.targets_.empty())
    return fail("nothing says what the answers are compared with: the data block declares no "
                "output; say `%s: classes(labels: [...])`%s there and compile again",
                model.outputs[0].name, model.inputs[0].table ? " or `value(\"column\")`" : "");
  return ports;
}

linnet_trainer_v1 EvaluationPorts::trainer() const {
  linnet_trainer_v1 trainer{};
  trainer.name = model_->name;
  trainer.dtype = LINNET_F32;
  for (int64_t i = 0; i < model_->input_count; ++i) {
    if (model_->inputs[i].dtype == LINNET_F64) trainer.dtype = LINNET_F64;
  }
  trainer.batch = 1;
  trainer.input_count = model_->input_count;
  trainer.inputs = model_->inputs;
  trainer.target_count = static_cast<int64_t>(targets_.size());
  trainer.targets = targets_.data();
  trainer.output_count = model_->output_count;
  trainer.outputs = model_->outputs;
  trainer.loss = model_->loss;
  return trainer;
}

Result<Measured> evaluate_model(const Model& model, const std::string& path) {
  const linnet_model_v1& abi = model.abi();
  if (abi.stateful)
    return fail("a model with a state is measured along a series: its data block needs a series");
  LINNET_TRY_ASSIGN(const auto& ports, EvaluationPorts::of(abi));
  const linnet_trainer_v1 trainer = ports.trainer();
  LINNET_TRY_ASSIGN(const auto& samples, train::read_to_evaluate(trainer, path));
  Measured evaluation;
  evaluation.data = path;
  evaluation.samples = samples.count;
  evaluation.begin(abi.outputs, abi.output_count, trainer.targets, trainer.target_count);
  Loss loss(abi.loss);
  // A model for one sample only is called for one at a time.
  const int64_t most = abi.batched ? kChunk : 1;
  for (int64_t first = 0, count = 0; first < samples.count; first += count) {
    count = std::min(most, samples.count - first);
    std::vector<Tensor> inputs, outputs, truths;
    for (int64_t i = 0; i < abi.input_count; ++i)
      inputs.push_back(Model::make(abi.inputs[i], count));
    for (int64_t t = 0; t < trainer.target_count; ++t)
      truths.push_back(Model::make(trainer.targets[t], count));
    LINNET_TRY(read(samples, first, count, inputs, truths));
    for (int64_t i = 0; i < abi.output_count; ++i)
      outputs.push_back(Model::make(abi.outputs[i], count));
    LINNET_TRY(model.run(inputs, outputs, count));
    for (int64_t t = 0; t < trainer.target_count; ++t) {
      const linnet_port_v1& target = trainer.targets[t];
      const Tensor& truth = truths[static_cast<size_t>(t)];
      for (int64_t i = 0; i < abi.output_count; ++i) {
        if (std::strcmp(abi.outputs[i].name, target.name) != 0) continue;
        const Tensor& values = outputs[static_cast<size_t>(i)];
        evaluation.add(abi.outputs[i], values, target, truth, 0, count);
        if (i == 0 && loss.known()) loss.add(abi.outputs[i], values, target, truth, 0, count);
      }
    }
  }
  const bool first_is_read = std::strcmp(trainer.targets[0].name, abi.outputs[0].name) == 0;
  if (loss.known() && first_is_read) evaluation.loss = loss.mean(samples.count);
  return evaluation;
}

Result<void> report(const Measured& evaluation, bool json, const std::string& plot) {
  std::fputs(json ? evaluation.json().c_str() : evaluation.text().c_str(), stdout);
  return plot.empty() ? Result<void>() : write_file(plot, evaluation.svg());
}

}  // namespace linnet::runtime
