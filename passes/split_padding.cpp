#include "ir/op_def.h"
#include "ir/ops/pad.h"
#include "ir/ops/window.h"
#include "passes/fold.h"
#include "passes/graphs.h"
#include "passes/passes.h"
#include "passes/schedule/anchors.h"
#include "passes/schedule/families.h"

#include <algorithm>

namespace linnet::passes {
namespace {

using ir::Node;

// The body of a group of which no family but generic makes a kernel while its convolution pads, and
// one does if not; with the type of what it reads instead. nullopt otherwise.
struct Split {
  ir::Graph body;
  ir::Ints pads;
  size_t source = 0;  // the operand that is padded
  size_t input = 0;   // of the body: reads what is padded; the last, if others read the source too
};

std::optional<Split> split(const ir::Graph& graph, const Node& node, const TargetInfo& target) {
  const ir::Graph& body = node.regions.front();
  const auto parts = anchor_group(body);
  if (!parts || !parts->anchor->attrs.find(ir::kPadding.name)) return std::nullopt;
  const ir::Ints padding = parts->anchor->attrs.get(ir::kPadding);
  if (padding == ir::Ints{0, 0, 0, 0}) return std::nullopt;
  Candidate candidate{body, {}, target};
  for (ir::ValueId operand : node.operands)
    candidate.constant.push_back(constant_node(graph, operand) != nullptr);
  if (has_fast_kernel(candidate)) return std::nullopt;

  const ir::ValueId input = body.inputs[parts->source[0]].value;
  const auto users = body.users()[static_cast<size_t>(input.index)];
  Split result{{}, {}, parts->source[0], parts->source[0]};
  result.pads = {0, 0, padding[0], padding[1], 0, 0, padding[2], padding[3]};
  ir::Type padded = body.value(input).type;
  if (padded.rank() != 4 || parts->anchor->operands.front() != input) return std::nullopt;
  padded.shape[2] += padding[0] + padding[2];
  padded.shape[3] += padding[1] + padding[3];
  ir::Rewriter r(body);
  ir::ValueId zeros_around = r[input];
  if (users.size() == 1) {
    r.graph().value(zeros_around).type = padded;
  } else {  // a residual, say, reads what is not padded
    zeros_around = r.graph().add_input(body.value(input).name, padded);
    result.input = body.inputs.size();
    candidate.constant.push_back(false);
  }
  for (const Node& each : body.nodes()) {
    if (&each != parts->anchor) {
      r.copy(each);
      continue;
    }
    Node convolution = each;
    convolution.attrs.set(ir::kPadding.name, ir::Ints{0, 0, 0, 0});
    const ir::ValueId bare = r[input];
    r.replace(input, zeros_around);
    r.copy(convolution);
    r.replace(input, bare);
  }
  result.body = r.finish();
  if (!has_fast_kernel({result.body, candidate.constant, target})) return std::nullopt;
  return result;
}

}  // namespace

ir::Module split_padding(ir::Module module, PassContext& context) {
  return rewrite_graphs(std::move(module), [&](ir::Rewriter& r, ir::NodeId, const Node& node) {
    if (node.op != &ir::ops::group) return false;
    auto found = split(r.old(), node, context.target);
    if (!found) return false;
    if (!context.may_rewrite(node.place, "padding before " + label(r.old(), node))) return false;
    std::vector<ir::ValueId> operands = r.mapped(node.operands);
    operands.resize(std::max(operands.size(), found->input + 1));
    operands[found->input] =
        r.at(node.place)
            .create(ir::ops::pad, {r[node.operands[found->source]]}, {{"pads", found->pads}},
                    r.old().value(node.operands[found->source]).name);
    const auto results = r.at(node.place)
                             .group(std::move(found->body), std::move(operands), std::nullopt,
                                    {r.old().value(node.results.front()).name});
    r.replace(node.results.front(), results.front());
    return true;
  });
}

}  // namespace linnet::passes
