// How good a compiled model is on samples whose answers are known.
#pragma once

#include "base/result.h"
#include "runtime/answers/metrics.h"
#include "runtime/data/samples.h"
#include "runtime/run/model.h"
#include "runtime/run/options.h"

#include <string>

namespace linnet::runtime {

// What reads samples for a model: inputs, outputs, and targets made of the outputs whose truth can
// be read.
class EvaluationPorts {
public:
  // Fails if nothing says what an answer is compared with.
  [[nodiscard]] static Result<EvaluationPorts> of(const linnet_model_v1& model);
  [[nodiscard]] linnet_trainer_v1 trainer() const;

private:
  const linnet_model_v1* model_ = nullptr;
  std::vector<linnet_port_v1> targets_;
};

// Every sample through the model. The loss is that of the train block where it is cross_entropy,
// mse or mae without settings, else unknown.
[[nodiscard]] Result<Measured> evaluate_model(const Model& model, const std::string& path);

// Prints what was measured, and draws it where `plot` names a file.
[[nodiscard]] Result<void> report(const Measured& evaluation, bool json, const std::string& plot);

}  // namespace linnet::runtime
