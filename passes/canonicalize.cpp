// The pass canonicalize: equal programs get one form, rule by rule.
#include "ir/op_def.h"
#include "passes/lib/fold.h"
#include "passes/lib/graphs.h"
#include "passes/passes.h"

#include <algorithm>
#include <functional>

namespace linnet::passes {
namespace {

using ir::Node;
using ir::Rewriter;

constexpr ir::Key<bool> kTransposeB{"transpose_b"};

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

// Which dimension comes first, …, of a transpose; the last two swapped by default.
ir::Ints permutation(const ir::Graph& graph, const Node& node) {
  ir::Ints dims = node.attrs.get(ir::Key<ir::Ints>{"dims"});
  const size_t rank = graph.value(node.operands.front()).type.rank();
  if (!dims.empty() || rank < 2) return dims;
  for (size_t i = 0; i < rank; ++i)
    dims.push_back(static_cast<int64_t>(i));
  std::swap(dims[rank - 2], dims[rank - 1]);
  return dims;
}

// Does a node swap the last two dimensions and nothing else?
bool swaps_matrix(const ir::Graph& graph, const Node* node) {
  if (!node || node->op != &ir::ops::transpose) return false;
  const ir::Ints dims = permutation(graph, *node);
  const size_t rank = dims.size();
  for (size_t i = 0; i < rank; ++i) {
    const size_t from = i + 2 < rank ? i : 2 * rank - 3 - i;
    if (dims[i] != static_cast<int64_t>(from)) return false;
  }
  return rank >= 2;
}

// A matmul reads its right operand transposed as well as straight. (Constants are transposed by
// fold_constants.)
bool transpose_into_matmul(Rewriter& r, const Node& node, PassContext& context) {
  if (node.op != &ir::ops::matmul) return false;
  const ir::Graph& graph = r.graph();
  const ir::ValueId right = r[node.operands[1]];
  const Node* producer = graph.producer(right);
  if (!swaps_matrix(graph, producer) || constant_node(graph, producer->operands.front()))
    return false;
  if (!context.may_rewrite(node.place, label(r.old(), node) + " reads its operand transposed"))
    return false;
  const ir::ValueId source = producer->operands.front();
  const bool transposed = node.attrs.get(kTransposeB);
  r.replace(node.results.front(),
            r.at(merged(node.place, producer->place))
                .create(ir::ops::matmul, {r[node.operands[0]], source},
                        {{"transpose_b", !transposed}}, r.old().value(node.results[0]).name));
  return true;
}

// A transpose of a transpose is one or none; (Aᵀ B)ᵀ is Bᵀ A.
bool transpose_of_transpose(Rewriter& r, const Node& node, PassContext& context) {
  if (node.op != &ir::ops::transpose) return false;
  const ir::Graph& graph = r.graph();
  const Node* inner = graph.producer(r[node.operands.front()]);
  if (!inner) return false;
  const ir::Place place = merged(node.place, inner->place);
  const std::string& name = r.old().value(node.results.front()).name;
  if (inner->op == &ir::ops::transpose) {
    const ir::Ints outer = permutation(r.old(), node);
    const ir::Ints before = permutation(graph, *inner);
    const ir::ValueId source = inner->operands.front();
    ir::Ints dims;
    for (int64_t dim : outer)
      dims.push_back(before[static_cast<size_t>(dim)]);
    if (!context.may_rewrite(node.place, label(r.old(), node) + " reads through another"))
      return false;
    const bool none = std::ranges::is_sorted(dims);
    r.replace(node.results.front(),
              none ? source
                   : r.at(place).create(ir::ops::transpose, {source}, {{"dims", dims}}, name));
    return true;
  }
  if (inner->op != &ir::ops::matmul || !swaps_matrix(r.old(), &node)) return false;
  const Node* left = graph.producer(inner->operands[0]);
  const bool matrices = graph.value(inner->operands[0]).type.rank() == 2 &&
                        graph.value(inner->operands[1]).type.rank() == 2;
  if (!matrices || !swaps_matrix(graph, left)) return false;
  if (!context.may_rewrite(node.place, label(r.old(), node) + " turns its matmul around"))
    return false;
  const ir::ValueId source = left->operands.front();
  ir::ValueId first = inner->operands[1];
  if (!inner->attrs.get(kTransposeB)) first = r.at(place).create(ir::ops::transpose, {first});
  r.replace(node.results.front(), r.at(place).create(ir::ops::matmul, {first, source}, {}, name));
  return true;
}

}  // namespace

ir::Module canonicalize(ir::Module module, PassContext& context) {
  return rewrite_graphs(std::move(module), [&](Rewriter& r, ir::NodeId, const Node& node) {
    return constant_right(r, node, context) || view_of_view(r, node, context) ||
           times_one(r, node, context) || transpose_into_matmul(r, node, context) ||
           transpose_of_transpose(r, node, context);
  });
}

}  // namespace linnet::passes
