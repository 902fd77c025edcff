// Syntax tree → module: blocks are applied, settings decided, shapes inferred.
#pragma once

#include "frontend/frontend.h"
#include "frontend/lin/ast.h"
#include "frontend/lin/elaborate/language.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace linnet::frontend {

// One model of a file. The parts are in elaborate/: what an expression, a call, a block and a loss
// mean; here is what a model is beside a block: settings from the command line, inputs, outputs.
class Elaborator {
public:
  // `blocks`: of the prelude, then of the user; `prelude`: the number of the prelude's file.
  Elaborator(const std::vector<const Block*>& blocks, uint32_t prelude, Diagnostics& diagnostics,
             const ImportOptions& options);

  // The model as a module; nullopt if anything was wrong.
  std::optional<ir::Module> model(const Block& model);
  // Adds to the module that `model` gave what training needs, by its declarations and `loss`: the
  // graphs `train_step` (inputs, targets, slots, counters → loss, penalty) and `evaluate` (inputs,
  // targets, parameters → loss, the model's outputs). False if the loss was wrong.
  bool training(const Block& model, const Expr& loss, ir::Module& module) const;
  // The model's settings that are numbers, once it is built.
  [[nodiscard]] const std::map<std::string, double>& numbers() const { return numbers_; }

private:
  bool bind_settings(const Block& block, Scope& scope);
  ir::Type input_type(const Parameter& parameter, Scope& scope);
  void set_outputs(const Block& model, const std::vector<Value>& values);

  Library library_;
  uint32_t prelude_;
  Diagnostics& diagnostics_;
  const ImportOptions& options_;
  ir::Module module_;
  ir::Graph graph_;
  Language language_;
  Instance root_;
  std::set<std::string> used_binds_;
  std::map<std::string, double> numbers_;
};

}  // namespace linnet::frontend
