// What a training run was like, for a caller in the same process.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace linnet::runtime::train {

struct History {
  std::vector<double> losses, rates;  // of each step of this run
  std::vector<double> accuracies;     // after each epoch: validation's, or else training's
  // The norm of each parameter's gradient, in the last step that ended an epoch or the run.
  std::vector<std::pair<std::string, double>> gradients;
};

}  // namespace linnet::runtime::train
