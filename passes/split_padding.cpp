// Tries a convolution without its padding against the families; the pass splits by that.
#include "passes/lib/split_padding.h"

#include "ir/op_def.h"
#include "ir/ops/pad.h"
#include "ir/ops/shared/window.h"
#include "passes/lib/candidate.h"
#include "passes/lib/label.h"
#include "passes/lib/rewrite_graphs.h"
#include "passes/passes.h"
#include "passes/schedule/anchors.h"
#include "passes/schedule/families.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::passes {

using ir::Node;

std::optional<PaddingSplit> split_padding_of(const Candidate& group) {
  const ir::Graph& body = group.body;
  const auto parts = anchor_group(body);
  if (!parts || !parts->anchor->attrs.find(ir::kPadding.name)) return std::nullopt;
  const ir::Ints padding = parts->anchor->attrs.get(ir::kPadding);
  if (padding == ir::Ints{0, 0, 0, 0}) return std::nullopt;
  if (has_fast_kernel(group)) return std::nullopt;
  std::vector<const Node*> constant = group.constant;

  const ir::ValueId input = body.inputs[parts->source[0]].value;
  const auto users = body.users()[static_cast<size_t>(input.index)];
  PaddingSplit result{{}, {}, parts->source[0], parts->source[0], ""};
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
    constant.push_back(nullptr);
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
  const std::string taker =
      choose_schedule({result.body, constant, group.target, group.options}).family;
  if (taker == kGeneric) return std::nullopt;
  result.why = fmt::format("then {} takes it (without: generic, because {}); a copy of {} bytes",
                           taker, family(taker).choose(group).why, padded.stored_bytes());
  return result;
}

bool becomes_fast(const Candidate& group) {
  return has_fast_kernel(group) || split_padding_of(group).has_value();
}

ir::Module split_padding(ir::Module module, PassContext& context) {
  return rewrite_graphs(std::move(module), [&](ir::Rewriter& r, ir::NodeId, const Node& node) {
    if (node.op != &ir::ops::group) return false;
    const Candidate group = candidate_of(node.regions.front(), r.old(), node.operands, context);
    auto found = split_padding_of(group);
    if (!found) return false;
    if (!context.may_rewrite(node.place, label(r.old(), node) + " padded before: " + found->why))
      return false;
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
