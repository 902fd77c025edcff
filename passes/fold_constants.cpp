// The pass fold_constants: ops of constants are evaluated, tensors without elements emptied.
#include "ir/op_def.h"
#include "ir/ops/shared/window.h"
#include "ir/summary.h"
#include "passes/lib/fold.h"
#include "passes/lib/label.h"
#include "passes/lib/rewrite_graphs.h"
#include "passes/passes.h"

#include <algorithm>

namespace linnet::passes {
namespace {

// A result this many times larger than what it is made of stays an op: repeating costs less than
// memory.
constexpr int64_t kMostGrowth = 4;
constexpr int64_t kSmallBytes = 256;

bool is_empty(const ir::Graph& graph, ir::ValueId value) {
  return value && graph.value(value).type.elements() == 0;
}

// What has no elements is known, whatever makes it: no kernel will.
bool without_elements(ir::Rewriter& r, const ir::Node& node) {
  const ir::Graph& graph = r.old();
  for (ir::ValueId result : node.results) {
    if (!is_empty(graph, result)) return false;
  }
  for (ir::ValueId result : node.results) {
    const ir::Value& value = graph.value(result);
    r.replace(result, r.at(node.place).constant(ir::Tensor(value.type, {}), value.name));
  }
  return true;
}

// A concat reads its operands that have elements.
bool concat_without_empty(ir::Rewriter& r, const ir::Node& node) {
  if (node.op != &ir::ops::concat) return false;
  std::vector<ir::ValueId> kept;
  for (ir::ValueId operand : node.operands) {
    if (!is_empty(r.old(), operand)) kept.push_back(r[operand]);
  }
  if (kept.size() == node.operands.size()) return false;
  const ir::ValueId result = node.results.front();
  r.replace(
      result,
      kept.size() == 1
          ? kept.front()
          : r.at(node.place).create(ir::ops::concat, kept, node.attrs, r.old().value(result).name));
  return true;
}

// Sums of products and windows of constants that would take longer to evaluate than to compile.
bool takes_long(const ir::Graph& graph, const ir::Node& node) {
  constexpr double kMostSteps = 1 << 27;
  const ir::Type& result = graph.value(node.results.front()).type;
  double steps = static_cast<double>(result.elements());
  if (node.op->has(ir::kPool)) {
    for (int64_t size : node.attrs.get_or(ir::kKernelSize, ir::Ints{}))
      steps *= static_cast<double>(size);
  } else if (node.op->multiply_adds) {
    steps = static_cast<double>(ir::multiply_adds(graph, node));
  }
  return steps > kMostSteps;
}

}  // namespace

ir::Module fold_constants(ir::Module module, PassContext& context) {
  return rewrite_graphs(std::move(module), [&](ir::Rewriter& r, ir::NodeId, const ir::Node& node) {
    if (node.op->has(ir::kStructural)) return false;
    // Code generation knows no empty tensors: what has to do with them is no matter of choice.
    if (without_elements(r, node) || concat_without_empty(r, node)) return true;
    if (node.op->has(ir::kRandom) || node.operands.empty()) return false;
    const bool must = std::ranges::any_of(
        node.operands, [&](ir::ValueId operand) { return is_empty(r.old(), operand); });
    int64_t bytes = 0;
    for (ir::ValueId operand : node.operands) {
      if (is_empty(r.old(), operand)) continue;
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
    if (!must && made > kMostGrowth * bytes + kSmallBytes) {
      context.refused(node.place, label(r.old(), node) + " would grow");
      return false;
    }
    if (!must && takes_long(r.old(), node)) {
      context.refused(node.place, label(r.old(), node) + " would take long");
      return false;
    }
    if (!must && !context.may_rewrite(node.place, "evaluated " + label(r.old(), node)))
      return false;
    const auto folded =
        create_folded(r.at(node.place), *node.op, r.mapped(node.operands), node.attrs, names);
    for (size_t i = 0; i < folded.size(); ++i)
      r.replace(node.results[i], folded[i]);
    return true;
  });
}

}  // namespace linnet::passes
