// Equal programs get one form: a table of rules and what applies them.
#include "ir/op_def.h"
#include "passes/lib/fold.h"
#include "passes/lib/group_maker.h"
#include "passes/lib/label.h"
#include "passes/lib/rewrite_graphs.h"
#include "passes/passes.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>

namespace linnet::passes {
namespace {

using ir::Node;
using ir::Rewriter;

constexpr ir::Key<bool> kTransposeB{"transpose_b"};

// What a rule found: why it may rewrite, and the value that takes the result's place. It is made
// only when the rewrite is allowed; nodes lie in the new graph, which moves them as it grows, so
// that the replacement keeps values and attributes, never nodes.
struct Match {
  std::string message;  // for remarks
  ir::Place place;      // of the new nodes
  std::function<ir::ValueId(ir::Builder)> replacement;
};

struct Rule {
  std::string_view name;
  const ir::OpDef* op;  // that it looks at; nullptr: any
  std::optional<Match> (*match)(Rewriter& r, const Node& node);
};

const std::string& result_name(const Rewriter& r, const Node& node) {
  return r.old().value(node.results.front()).name;
}

// A constant is the right operand of a commutative op.
std::optional<Match> constant_right(Rewriter& r, const Node& node) {
  const ir::Graph& graph = r.old();
  if (!node.op->has(ir::kCommutative) || node.operands.size() != 2) return std::nullopt;
  if (!constant_node(graph, node.operands[0]) || constant_node(graph, node.operands[1]))
    return std::nullopt;
  return Match{"constant to the right in " + label(graph, node), node.place,
               [&r, &node](ir::Builder b) {
                 return b.create(*node.op, r.mapped({node.operands[1], node.operands[0]}),
                                 node.attrs, result_name(r, node));
               }};
}

// A view that changes no shape is its operand; a view of a view is one.
std::optional<Match> view_of_view(Rewriter& r, const Node& node) {
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
                 if (b.type(source).same_logical(type)) return source;
                 return b.create(ir::ops::reshape, {source}, {{"shape", ir::Ints(type.shape)}},
                                 result_name(r, node));
               }};
}

// x * 1 and x / 1 are x, whatever x is. (x + 0 is not: -0 + 0 = 0.)
std::optional<Match> times_one(Rewriter& r, const Node& node) {
  const ir::Graph& graph = r.old();
  const Node* factor = graph.producer(node.operands[1]);
  if (!factor || !stays_inside(*factor)) return std::nullopt;
  const bool one = is_float(factor->tensor->type().dtype)
                       ? factor->tensor->as_doubles().front() == 1
                       : factor->tensor->as_ints().front() == 1;
  const ir::ValueId kept = node.operands[0];
  if (!one || !graph.value(kept).type.same_logical(graph.value(node.results[0]).type))
    return std::nullopt;
  return Match{label(graph, node) + " by 1 changes nothing", node.place,
               [&r, kept](ir::Builder) { return r[kept]; }};
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
std::optional<Match> transpose_into_matmul(Rewriter& r, const Node& node) {
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
std::optional<Match> transpose_of_transpose(Rewriter& r, const Node& node) {
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
std::optional<Match> transpose_of_matmul(Rewriter& r, const Node& node) {
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

// Tried in this order, node by node; the first that fires is the only one.
const std::array kRules = std::to_array<Rule>({
    {"constant_right", nullptr, constant_right},
    {"view_of_view", &ir::ops::reshape, view_of_view},
    {"times_one", &ir::ops::mul, times_one},
    {"by_one", &ir::ops::div, times_one},
    {"transpose_into_matmul", &ir::ops::matmul, transpose_into_matmul},
    {"transpose_of_transpose", &ir::ops::transpose, transpose_of_transpose},
    {"transpose_of_matmul", &ir::ops::transpose, transpose_of_matmul},
});

bool apply(const Rule& rule, Rewriter& r, const Node& node, PassContext& context) {
  if (rule.op && rule.op != node.op) return false;
  const auto match = rule.match(r, node);
  if (!match || !context.may_rewrite(node.place, match->message)) return false;
  const ir::ValueId old = node.results.front();
  const ir::ValueId replacement = match->replacement(r.at(match->place));
  LINNET_CHECK(r.graph().value(replacement).type.same_logical(r.old().value(old).type),
               std::string(rule.name) + " changes the type of %" + r.old().value(old).name);
  r.replace(old, replacement);
  return true;
}

}  // namespace

ir::Module canonicalize(ir::Module module, PassContext& context) {
  return rewrite_graphs(std::move(module), [&](Rewriter& r, ir::NodeId, const Node& node) {
    return std::ranges::any_of(kRules,
                               [&](const Rule& rule) { return apply(rule, r, node, context); });
  });
}

}  // namespace linnet::passes
