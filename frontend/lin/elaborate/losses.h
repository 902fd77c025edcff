// The `train` block's loss: the model's graph once more, with targets, loss and counters.
#pragma once

#include "frontend/lin/elaborate/language.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::frontend {

class Losses {
public:
  // `model` was built into `module`; `numbers`: its settings that are numbers. `next_stream`: the
  // first stream of random numbers that the model has left free.
  Losses(const Library& library, Diagnostics& diagnostics, uint32_t prelude, const Block& model,
         const std::map<std::string, double>& numbers, ir::Module& module, int64_t next_stream);

  // Adds the graphs `train_step` and `evaluate`; false if the loss was wrong.
  bool add(const Expr& loss);

private:
  bool through_time(const Expr& loss);
  void begin(const ir::Graph& forward, std::string_view name);
  void build(const Expr& loss, bool step);
  ir::ValueId checked_term(const Expr& term);
  [[nodiscard]] bool is_data(ir::ValueId value) const;
  void add_counters();
  ExprPtr with_losses(const Expr& expr);
  ExprPtr loss_call(const ir::OpDef& op, const Expr& expr);
  std::string target_of(const std::string& output, const ir::OpDef& loss, Span at);
  void check_activation(const ir::OpDef& loss, const std::string& output, Span at);

  const Block& model_;
  const std::map<std::string, double>& numbers_;
  ir::Module& module_;
  ir::Graph graph_;
  Language language_;
  Scope scope_;                                    // that the terms stand in
  std::map<std::string, ir::ValueId> parameters_;  // by path
  std::vector<ir::GraphOutput> model_outputs_;
};

}  // namespace linnet::frontend
