// Rules about views: reshapes move no byte, so they are merged, made and moved out of the way.
#include "passes/canonicalize/rule.h"
#include "passes/lib/label.h"

#include "ir/ops/transpose.h"

#include <algorithm>

namespace linnet::passes {

using ir::Node;

namespace {

// The shape in which an operand of shape `from` goes into an elementwise op whose result lies in
// `to` instead of `shape`, both of the same elements; nullopt where its broadcasting would not be
// the same.
std::optional<ir::Shape> shape_within(const ir::Shape& from, const ir::Shape& shape,
                                      const ir::Shape& to) {
  if (from == shape) return to;
  ir::Shape result(to.size(), 1);
  int64_t inner = 1;  // elements behind a dimension
  for (size_t i = shape.size(), from_end = 1; i-- > 0; ++from_end) {
    const int64_t extent = from_end <= from.size() ? from[from.size() - from_end] : 1;
    if (extent != 1) {
      // The dimension of `to` that counts the same elements.
      size_t at = to.size();
      int64_t behind = 1;
      while (at > 0 && (behind != inner || to[at - 1] == 1))
        behind *= to[--at];
      if (at == 0 || to[at - 1] != shape[i]) return std::nullopt;
      result[at - 1] = extent;
    }
    inner *= shape[i];
  }
  // Without leading ones, as a bias is written.
  const auto first = std::ranges::find_if(result, [](int64_t extent) { return extent != 1; });
  result.erase(result.begin(), first);
  return result;
}

// Is a value an anchor's result, or made of one element by element? Looks at `budget` nodes at
// most.
bool follows_anchor(const ir::Graph& graph, ir::ValueId value, int& budget) {
  const Node* node = graph.producer(value);
  if (!node || budget-- <= 0) return false;
  if (node->op->has(ir::kAnchor)) return true;
  return node->op->has(ir::kElementwise) &&
         std::ranges::any_of(node->operands, [&](ir::ValueId operand) {
           return graph.value(operand).type.shape == graph.value(value).type.shape &&
                  follows_anchor(graph, operand, budget);
         });
}

}  // namespace

ir::ValueId reshaped(ir::Builder b, ir::ValueId value, const ir::Shape& shape,
                     const std::string& name) {
  if (b.type(value).shape == shape) return value;
  const Node* view = b.graph().producer(value);
  if (view && view->op == &ir::ops::reshape)
    return reshaped(b, view->operands.front(), shape, name);
  return b.create(ir::ops::reshape, {value}, {{"shape", ir::Ints(shape)}}, name);
}

// A view that changes no shape is its operand; a view of a view is one.
std::optional<Match> view_of_view(ir::Rewriter& r, const Node& node) {
  const ir::Graph& graph = r.graph();
  const ir::Type& type = r.old().value(node.results.front()).type;
  const ir::ValueId operand = r[node.operands.front()];
  if (graph.value(operand).type.same_logical(type)) {
    return Match{label(r.old(), node) + " changes nothing", node.place,
                 [operand](ir::Builder) { return operand; }};
  }
  const Node* producer = graph.producer(operand);
  if (!producer || producer->op != &ir::ops::reshape) return std::nullopt;
  const ir::ValueId source = producer->operands.front();
  return Match{label(r.old(), node) + " reads through another", merged(node.place, producer->place),
               [&r, &node, &type, source](ir::Builder b) {
                 return reshaped(b, source, type.shape, result_name(r, node));
               }};
}

// A transpose that moves only dimensions of one element moves none.
std::optional<Match> transpose_is_view(ir::Rewriter& r, const Node& node) {
  const ir::Shape& from = r.old().value(node.operands.front()).type.shape;
  ir::Ints moved = ir::permutation(node.attrs, from.size());
  std::erase_if(moved, [&](int64_t dim) { return from[static_cast<size_t>(dim)] == 1; });
  if (!std::ranges::is_sorted(moved)) return std::nullopt;
  return Match{label(r.old(), node) + " moves nothing", node.place, [&r, &node](ir::Builder b) {
                 const ir::Shape& to = r.old().value(node.results.front()).type.shape;
                 return b.create(ir::ops::reshape, r.mapped(node.operands),
                                 {{"shape", ir::Ints(to)}}, result_name(r, node));
               }};
}

// Between a convolution or matmul and what is computed from it element by element stands no view:
// both become one kernel.
std::optional<Match> view_after_elementwise(ir::Rewriter& r, const Node& node) {
  if (!node.op->has(ir::kElementwise)) return std::nullopt;
  const ir::Graph& graph = r.graph();
  const ir::Shape shape = r.old().value(node.results.front()).type.shape;
  const Node* view = nullptr;
  for (ir::ValueId operand : node.operands) {
    const Node* producer = graph.producer(r[operand]);
    int budget = 32;
    if (producer && producer->op == &ir::ops::reshape &&
        graph.value(r[operand]).type.shape == shape &&
        follows_anchor(graph, producer->operands.front(), budget)) {
      view = producer;
      break;
    }
  }
  if (!view) return std::nullopt;
  const ir::Shape to = graph.value(view->operands.front()).type.shape;
  std::vector<ir::Shape> shapes;
  for (ir::ValueId operand : node.operands) {
    auto within = shape_within(graph.value(r[operand]).type.shape, shape, to);
    if (!within) return std::nullopt;
    shapes.push_back(*std::move(within));
  }
  return Match{label(r.old(), node) + " comes before the view it reads",
               merged(node.place, view->place), [&r, &node, shape, shapes](ir::Builder b) {
                 std::vector<ir::ValueId> operands;
                 for (size_t i = 0; i < shapes.size(); ++i)
                   operands.push_back(reshaped(b, r[node.operands[i]], shapes[i]));
                 return reshaped(b, b.create(*node.op, operands, node.attrs, ""), shape,
                                 result_name(r, node));
               }};
}

}  // namespace linnet::passes
