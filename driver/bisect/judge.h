// What the outputs must be: by the evaluator, or as they were given.
#pragma once

#include "driver/bisect/bisect.h"

#include <optional>
#include <string>
#include <vector>

namespace linnet::driver {

class Judge {
public:
  explicit Judge(const BisectQuestion& question);

  // How the outputs of the first graph on inputs `set` depart, or nullopt.
  [[nodiscard]] std::optional<std::string>
  departs(size_t set, std::vector<ir::Array<double>> outputs, double tolerance) const;
  // The same of a call's: those that go to no slot.
  [[nodiscard]] std::optional<std::string> departs(size_t set, const TensorList& outputs,
                                                   double tolerance) const;
  // Does the evaluator itself depart from what was given?
  [[nodiscard]] bool evaluator_departs(double tolerance) const;

private:
  const ir::Graph& graph_;
  std::vector<ReferenceValues> references_;  // of each inputs
  std::vector<ir::Array<double>> own_;       // of inputs 0 by the evaluator
  std::vector<size_t> unknown_;              // outputs of inputs 0 of which nothing is known
  bool given_ = false;
};

// All rows, code and a call for each of the question's inputs. To be called in a child.
[[nodiscard]] std::optional<Fault> compiled_fault(const BisectQuestion& question,
                                                  const Judge& judge);

}  // namespace linnet::driver
