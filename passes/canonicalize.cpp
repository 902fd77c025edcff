// Equal programs get one form: a table of rules and what applies them.
#include "passes/canonicalize/rule.h"
#include "passes/lib/rewrite_graphs.h"
#include "passes/passes.h"

#include <algorithm>
#include <array>

namespace linnet::passes {
namespace {

using ir::Node;
using ir::Rewriter;

// Tried in this order, node by node; the first that fires is the only one.
const std::array kRules = std::to_array<Rule>({
    {"constant_right", nullptr, constant_right},
    {"view_of_view", &ir::ops::reshape, view_of_view},
    {"transpose_is_view", &ir::ops::transpose, transpose_is_view},
    {"view_after_elementwise", nullptr, view_after_elementwise},
    {"times_one", &ir::ops::mul, times_one},
    {"by_one", &ir::ops::div, times_one},
    {"transpose_into_matmul", &ir::ops::matmul, transpose_into_matmul},
    {"transpose_of_transpose", &ir::ops::transpose, transpose_of_transpose},
    {"transpose_of_matmul", &ir::ops::transpose, transpose_of_matmul},
    {"stack_is_rows", &ir::ops::matmul, stack_is_rows},
    {"picture_lies_down", &ir::ops::conv2d, picture_lies_down},
    {"window_lies_down", &ir::ops::max_pool2d, picture_lies_down},
    {"mean_lies_down", &ir::ops::avg_pool2d, picture_lies_down},
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
