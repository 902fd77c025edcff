// References of a question, and its compiled code held against them.
#include "driver/bisect/judge.h"

#include "passes/run/run_pipeline.h"

#include <algorithm>

namespace linnet::driver {

Judge::Judge(const BisectQuestion& question)
    : graph_(question.module.graphs.front()), given_(!question.expected.empty()) {
  for (const BisectInput& input : question.inputs)
    references_.push_back(reference_values({question.module, input.values}, question.context.seed));
  if (!given_) return;
  ReferenceValues& first = references_.front();
  own_ = first.f64;
  first.f32.clear();
  for (size_t i = 0; i < first.f64.size(); ++i) {
    if (question.expected[i]) {
      first.f64[i] = ir::to_array<double>(*question.expected[i]);
    } else {
      unknown_.push_back(i);
    }
  }
}

std::optional<std::string> Judge::departs(size_t set, std::vector<ir::Array<double>> outputs,
                                          double tolerance) const {
  const ReferenceValues& expected = references_[set];
  if (set == 0) {
    for (const size_t i : unknown_) {
      if (i < outputs.size()) outputs[i] = expected.f64[i];
    }
  }
  return departure(graph_, expected, outputs, tolerance);
}

std::optional<std::string> Judge::departs(size_t set, const TensorList& outputs,
                                          double tolerance) const {
  std::vector<ir::Array<double>> all = references_[set].f64;
  size_t next = 0;
  for (size_t i = 0; i < graph_.outputs.size(); ++i) {
    if (graph_.outputs[i].slot.empty()) all[i] = ir::to_array<double>(outputs[next++]);
  }
  return departs(set, std::move(all), tolerance);
}

bool Judge::evaluator_departs(double tolerance) const {
  return given_ && departs(0, own_, tolerance).has_value();
}

std::optional<Fault> compiled_fault(const BisectQuestion& question, const Judge& judge) {
  passes::PassContext context = question.context;
  passes::PipelineOptions options;
  options.verify = true;
  const auto result = passes::run_pipeline(question.module, question.rows, options, context);
  if (!result.broken.empty()) return Fault{Fault::Kind::kInvalid, result.broken, 0};
  if (!context.errors.empty())
    return Fault{Fault::Kind::kFailed, context.errors.front().message, 0};
  std::vector<TensorList> sets;
  for (const BisectInput& input : question.inputs)
    sets.push_back(input.values);
  const auto outputs = question.backend.run(result.module, sets);
  for (size_t i = 0; i < sets.size(); ++i) {
    if (const auto text = judge.departs(i, outputs[i], question.tolerance))
      return Fault{Fault::Kind::kValues, *text, i};
  }
  return std::nullopt;
}

}  // namespace linnet::driver
