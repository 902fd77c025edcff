#include "ir/op_def.h"
#include "passes/fold.h"
#include "passes/graphs.h"
#include "passes/passes.h"

namespace linnet::passes {
namespace {

// A result this many times larger than what it is made of stays an op: repeating costs less than
// memory.
constexpr int64_t kMostGrowth = 4;
constexpr int64_t kSmallBytes = 256;

}  // namespace

ir::Module fold_constants(ir::Module module, PassContext& context) {
  return rewrite_graphs(std::move(module), [&](ir::Rewriter& r, ir::NodeId, const ir::Node& node) {
    if (node.op->has(ir::kStructural) || node.op->has(ir::kRandom) || node.operands.empty())
      return false;
    int64_t bytes = 0;
    for (ir::ValueId operand : node.operands) {
      const ir::Node* constant = operand ? constant_node(r.graph(), r[operand]) : nullptr;
      if (!constant) return false;
      bytes += static_cast<int64_t>(constant->tensor->bytes().size());
    }
    int64_t made = 0;
    std::vector<std::string> names;
    for (ir::ValueId result : node.results) {
      made += r.old().value(result).type.stored_bytes();
      names.push_back(r.old().value(result).name);
    }
    if (made > kMostGrowth * bytes + kSmallBytes) {
      context.refused(node.place, label(r.old(), node) + " would grow");
      return false;
    }
    if (!context.may_rewrite(node.place, "evaluated " + label(r.old(), node))) return false;
    const auto folded =
        create_folded(r.at(node.place), *node.op, r.mapped(node.operands), node.attrs, names);
    for (size_t i = 0; i < folded.size(); ++i)
      r.replace(node.results[i], folded[i]);
    return true;
  });
}

}  // namespace linnet::passes
