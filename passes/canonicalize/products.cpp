// Rules about matmul: transposes around it, and stacks of rows.
#include "passes/canonicalize/rule.h"
#include "passes/lib/fold.h"
#include "passes/lib/label.h"

#include "ir/ops/transpose.h"

#include <algorithm>

namespace linnet::passes {

using ir::Node;

namespace {

constexpr ir::Key<bool> kTransposeB{"transpose_b"};

ir::Ints permutation(const ir::Graph& graph, const Node& node) {
  return ir::permutation(node.attrs, graph.value(node.operands.front()).type.rank());
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

}  // namespace

// A matmul reads its right operand transposed as well as straight. (Constants are transposed by
// fold_constants.)
std::optional<Match> transpose_into_matmul(ir::Rewriter& r, const Node& node) {
  const ir::Graph& graph = r.graph();
  const Node* producer = graph.producer(r[node.operands[1]]);
  if (!swaps_matrix(graph, producer) || constant_node(graph, producer->operands.front()))
    return std::nullopt;
  return Match{
      label(r.old(), node) + " reads its operand transposed", merged(node.place, producer->place),
      [&r, &node, source = producer->operands.front()](ir::Builder b) {
        return b.create(ir::ops::matmul, {r[node.operands[0]], source},
                        {{"transpose_b", !node.attrs.get(kTransposeB)}}, result_name(r, node));
      }};
}

// A transpose of a transpose is one or none.
std::optional<Match> transpose_of_transpose(ir::Rewriter& r, const Node& node) {
  const ir::Graph& graph = r.graph();
  const Node* inner = graph.producer(r[node.operands.front()]);
  if (!inner || inner->op != &ir::ops::transpose) return std::nullopt;
  const ir::Ints before = permutation(graph, *inner);
  ir::Ints dims;
  for (int64_t dim : permutation(r.old(), node))
    dims.push_back(before[static_cast<size_t>(dim)]);
  return Match{label(r.old(), node) + " reads through another", merged(node.place, inner->place),
               [&r, &node, dims, source = inner->operands.front()](ir::Builder b) {
                 if (std::ranges::is_sorted(dims)) return source;
                 return b.create(ir::ops::transpose, {source}, {{"dims", dims}},
                                 result_name(r, node));
               }};
}

// (Aᵀ B)ᵀ is Bᵀ A.
std::optional<Match> transpose_of_matmul(ir::Rewriter& r, const Node& node) {
  const ir::Graph& graph = r.graph();
  const Node* inner = graph.producer(r[node.operands.front()]);
  if (!inner || inner->op != &ir::ops::matmul || !swaps_matrix(r.old(), &node)) return std::nullopt;
  const Node* left = graph.producer(inner->operands[0]);
  const ir::ValueId right = inner->operands[1];
  const bool matrices =
      graph.value(inner->operands[0]).type.rank() == 2 && graph.value(right).type.rank() == 2;
  if (!matrices || !swaps_matrix(graph, left)) return std::nullopt;
  return Match{label(r.old(), node) + " turns its matmul around", merged(node.place, inner->place),
               [&r, &node, right, source = left->operands.front(),
                transposed = inner->attrs.get(kTransposeB)](ir::Builder b) {
                 const ir::ValueId first =
                     transposed ? right : b.create(ir::ops::transpose, {right});
                 return b.create(ir::ops::matmul, {first, source}, {}, result_name(r, node));
               }};
}

// A stack of matrices times one matrix is one product: rows are rows, whatever they are stacked in.
std::optional<Match> stack_is_rows(ir::Rewriter& r, const Node& node) {
  const ir::Graph& graph = r.old();
  const ir::Shape left = graph.value(node.operands[0]).type.shape;
  const ir::Shape right = graph.value(node.operands[1]).type.shape;
  const ir::Type& type = graph.value(node.results.front()).type;
  const auto one = [](int64_t extent) { return extent == 1; };
  if (type.rank() == 2 || type.elements() == 0 || left.size() < type.rank() ||
      !std::all_of(right.begin(), right.end() - 2, one))
    return std::nullopt;
  return Match{label(graph, node) + " multiplies rows by one matrix", node.place,
               [&r, &node, &type, left, right](ir::Builder b) {
                 const ir::Shape rows{type.elements() / type.shape.back(), left.back()};
                 const ir::Shape matrix(right.end() - 2, right.end());
                 const ir::ValueId product = b.create(ir::ops::matmul,
                                                      {reshaped(b, r[node.operands[0]], rows),
                                                       reshaped(b, r[node.operands[1]], matrix)},
                                                      node.attrs, "");
                 return reshaped(b, product, type.shape, result_name(r, node));
               }};
}

}  // namespace linnet::passes
