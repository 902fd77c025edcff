// What a report tells of the values of a model: what they are like, and how far compiled code is
// from the definition.
#pragma once

#include "cli/pipeline_options.h"
#include "cli/report_steps.h"
#include "cli/samples.h"
#include "driver/compile.h"

#include <optional>

namespace linnet::cli {

// What compiled code computed of a value, sample after sample; of an input what it was.
struct ComputedValue {
  std::string name, place;
  bool input = false;
  std::vector<Tensor> samples;
};

struct ReportNumbers {
  const ir::Module& imported;  // the model as it was read, for one sample
  const ir::Module& planned;   // the product
  const ModelOptions& model;
  const PipelineFlags& pipeline;
  const driver::CompileOptions& build;
  const std::vector<Sample>& samples;
  bool given = false;                              // they are the user's
  std::vector<ComputedValue>* computed = nullptr;  // filled, where somebody asks for them
};

// Adds "numbers": inputs, every value within the model, outputs. False, with the reason reported,
// on failure.
[[nodiscard]] bool add_numbers(Session& session, nlohmann::ordered_json& report,
                               const ReportNumbers& of, ReportSteps& steps);

// How far the outputs are from those of the model as imported in f64, after each pass, as the
// evaluator computes them in the model's own type.
class OutputErrors {
public:
  // Of the first samples, as many as the module takes in a call. nullopt if the model is too large
  // to be evaluated again after each pass.
  [[nodiscard]] static std::optional<OutputErrors>
  of(const ir::Module& imported, int64_t batch, const std::vector<Sample>& samples, uint64_t seed);
  [[nodiscard]] nlohmann::ordered_json after(const ir::Module& module) const;

private:
  Sample sample_;
  std::vector<Tensor> expected_;
  std::vector<Port> ports_;
  uint64_t seed_ = 0;
};

}  // namespace linnet::cli
