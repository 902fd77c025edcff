// generic: the evaluator's order, vectors along the innermost dimension.
#include "passes/schedule/generic.h"

#include "ir/op_def.h"

namespace linnet::passes {

std::string Generic::fits(const ir::Graph& body) {
  for (const ir::Node& node : body.nodes()) {
    const std::string op(node.op->name);
    if (node.op == &ir::ops::group || node.op == &ir::ops::call)
      return "it has a " + op + " inside";
    const bool computed = node.tensor || node.op->scalar || ir::has_kernel(*node.op);
    if (!computed && node.op->has(ir::kTrainingOnly))
      return op + " is for training alone: drop_dropout or enter_training replaces it";
    if (!computed && !node.op->expand) return "its " + op + " has a family of its own";
    if (node.op->expand && !node.op->scalar && !node.op->has(ir::kView))
      return op + " has no kernel: expand_ops makes smaller ops of it";
    if (node.tensor && !node.tensor->is_splat())
      return "its constant %" + body.value(node.results.front()).name + " is not one value";
  }
  return "";
}

std::vector<int64_t> Generic::legal(const ir::Graph&, size_t) const {
  return {};
}

Choice<Generic> Generic::choose(const Candidate&) {
  return Generic{};
}

Family generic_family() {
  return family_of<Generic>();
}

}  // namespace linnet::passes
