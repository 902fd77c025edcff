#include "ir/op_def.h"
#include "passes/graphs.h"
#include "passes/passes.h"

#include <functional>

namespace linnet::passes {
namespace {

using ir::Node;
using ir::Rewriter;

constexpr ir::Key<ir::Ints> kShape{"shape"};

// A constant is the right operand of a commutative op.
bool constant_right(Rewriter& r, const Node& node, PassContext& context) {
  const ir::Graph& graph = r.old();
  if (!node.op->has(ir::kCommutative) || node.operands.size() != 2) return false;
  const auto is_constant = [&](ir::ValueId value) {
    const Node* producer = graph.producer(value);
    return producer && producer->tensor;
  };
  if (!is_constant(node.operands[0]) || is_constant(node.operands[1])) return false;
  if (!context.may_rewrite(node.place, "constant to the right in " + label(graph, node)))
    return false;
  const auto operands = r.mapped({node.operands[1], node.operands[0]});
  r.replace(
      node.results.front(),
      r.at(node.place).create(*node.op, operands, node.attrs, graph.value(node.results[0]).name));
  return true;
}

// A view that changes no shape is its operand; a view of a view is one.
bool view_of_view(Rewriter& r, const Node& node, PassContext& context) {
  if (node.op != &ir::ops::reshape) return false;
  ir::Graph& graph = r.graph();
  const ir::Type& type = r.old().value(node.results.front()).type;
  const ir::ValueId operand = r[node.operands.front()];
  if (graph.value(operand).type.same_logical(type)) {
    if (!context.may_rewrite(node.place, label(r.old(), node) + " changes nothing")) return false;
    r.replace(node.results.front(), operand);
    return true;
  }
  const Node* producer = graph.producer(operand);
  if (!producer || producer->op != &ir::ops::reshape) return false;
  const ir::ValueId source = producer->operands.front();
  if (!context.may_rewrite(node.place, label(r.old(), node) + " reads through another"))
    return false;
  r.replace(node.results.front(),
            graph.value(source).type.same_logical(type)
                ? source
                : r.at(merged(node.place, producer->place))
                      .create(ir::ops::reshape, {source}, {{"shape", ir::Ints(type.shape)}},
                              r.old().value(node.results.front()).name));
  return true;
}

// x * 1 and x / 1 are x, whatever x is. (x + 0 is not: -0 + 0 = 0.)
bool times_one(Rewriter& r, const Node& node, PassContext& context) {
  if (node.op != &ir::ops::mul && node.op != &ir::ops::div) return false;
  const ir::Graph& graph = r.old();
  const Node* factor = graph.producer(node.operands[1]);
  if (!factor || !stays_inside(*factor)) return false;
  const bool one = is_float(factor->tensor->type().dtype)
                       ? factor->tensor->as_doubles().front() == 1
                       : factor->tensor->as_ints().front() == 1;
  const ir::ValueId kept = node.operands[0];
  if (!one || !graph.value(kept).type.same_logical(graph.value(node.results[0]).type)) return false;
  if (!context.may_rewrite(node.place, label(graph, node) + " by 1 changes nothing")) return false;
  r.replace(node.results.front(), r[kept]);
  return true;
}

// A matmul reads a transposed matrix as well as any; a constant will be transposed once for all.
bool transposed_operand(Rewriter& r, const Node& node, PassContext& context) {
  if (node.op != &ir::ops::matmul) return false;
  const ir::Graph& graph = r.old();
  const Node* transpose = graph.producer(node.operands[1]);
  if (!transpose || transpose->op != &ir::ops::transpose) return false;
  const Node* source = graph.producer(transpose->operands.front());
  const ir::Ints& dims = transpose->attrs.get(ir::Key<ir::Ints>{"dims"});
  const bool of_matrix = graph.value(node.operands[1]).type.rank() == 2;
  if ((source && source->tensor) || !(dims.empty() || (of_matrix && dims == ir::Ints{1, 0})))
    return false;
  if (!context.may_rewrite(node.place, label(graph, node) + " reads " + label(graph, *transpose)))
    return false;
  constexpr ir::Key<bool> kTransposeB{"transpose_b"};
  r.replace(node.results.front(),
            r.at(merged(node.place, transpose->place))
                .create(ir::ops::matmul, {r[node.operands[0]], r[transpose->operands[0]]},
                        {{"transpose_b", !node.attrs.get(kTransposeB)}},
                        graph.value(node.results[0]).name));
  return true;
}

}  // namespace

ir::Module canonicalize(ir::Module module, PassContext& context) {
  return rewrite_graphs(std::move(module), [&](Rewriter& r, ir::NodeId, const Node& node) {
    return constant_right(r, node, context) || view_of_view(r, node, context) ||
           times_one(r, node, context) || transposed_operand(r, node, context);
  });
}

}  // namespace linnet::passes
