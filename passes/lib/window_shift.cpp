// Recognises concat(slice(window, from the second element on), newest).
#include "passes/lib/window_shift.h"

#include "ir/op_def.h"
#include "ir/ops/shared/reduction.h"
#include "ir/ops/slice.h"

#include <algorithm>

namespace linnet::passes {
namespace {

std::optional<size_t> position(const ir::Graph& body, ir::ValueId value) {
  const auto at = std::ranges::find(body.inputs, value, &ir::GraphInput::value);
  if (at == body.inputs.end()) return std::nullopt;
  return static_cast<size_t>(at - body.inputs.begin());
}

// All elements but the first, of one row.
bool drops_first(const ir::Graph& body, const ir::Node& node) {
  if (node.op != &ir::ops::slice) return false;
  const ir::Type& from = body.value(node.operands[0]).type;
  if (from.shape.empty() || from.elements() != from.shape.back()) return false;
  const auto ranges = ir::slice_ranges(node.attrs, from.shape);
  if (!ranges) return false;
  const ir::SliceRange& last = ranges->back();
  return last.start == 1 && last.step == 1 && last.count == from.shape.back() - 1;
}

}  // namespace

std::optional<WindowShift> window_shift(const ir::Graph& body) {
  if (body.nodes().size() != 2 || body.inputs.size() != 2 || body.outputs.size() != 1)
    return std::nullopt;
  const ir::Node &kept = body.nodes()[0], &joined = body.nodes()[1];
  if (!drops_first(body, kept) || joined.op != &ir::ops::concat || joined.operands.size() != 2 ||
      joined.operands[0] != kept.results.front() ||
      body.outputs.front().value != joined.results.front())
    return std::nullopt;
  const auto window = position(body, kept.operands[0]), newest = position(body, joined.operands[1]);
  const ir::Type& out = body.value(joined.results.front()).type;
  const auto in_rows = [](const ir::Value& value) { return value.type.layout.is_row_major(); };
  if (!window || !newest || out.shape != body.value(kept.operands[0]).type.shape ||
      ir::one_dim(joined.attrs, out.rank()).value_or(0) != out.rank() - 1 ||
      !std::ranges::all_of(body.values(), in_rows))
    return std::nullopt;
  return WindowShift{*window, *newest};
}

}  // namespace linnet::passes
