// Rules about pictures: a signal that stands becomes one that lies, along which vectors run.
#include "passes/canonicalize/rule.h"
#include "passes/lib/label.h"

#include "ir/ops/shared/window.h"

#include <utility>

namespace linnet::passes {

using ir::Node;

namespace {

// [.., H, 1] as [.., 1, H].
ir::Shape lying(ir::Shape shape) {
  std::swap(shape[2], shape[3]);
  return shape;
}

}  // namespace

// Pictures one pixel wide, as signals come from frameworks without convolutions of one dimension,
// are as high as they were wide: kernels take tiles of pixels along a row.
std::optional<Match> picture_lies_down(ir::Rewriter& r, const Node& node) {
  const ir::Graph& graph = r.old();
  const ir::Shape picture = graph.value(node.operands[0]).type.shape;
  const ir::Type& type = graph.value(node.results.front()).type;
  if (picture[3] != 1 || picture[2] == 1 || type.shape[3] != 1) return std::nullopt;
  ir::Ints kernel = node.attrs.get_or(ir::kKernelSize, ir::Ints{});
  if (kernel.empty()) {
    const ir::Shape& weight = graph.value(node.operands[1]).type.shape;
    kernel = {weight[2], weight[3]};
  }
  const ir::Ints padding = node.attrs.get(ir::kPadding);
  if (kernel[1] != 1 || padding[1] != 0 || padding[3] != 0) return std::nullopt;
  return Match{
      label(graph, node) + " lies down", node.place, [&r, &node, &type, padding](ir::Builder b) {
        ir::Attrs attrs = node.attrs;
        for (const auto& key : {ir::kKernelSize, ir::kStride, ir::kDilation}) {
          ir::Ints both = attrs.get_or(key, ir::Ints{});
          if (both.size() != 2) continue;
          std::swap(both[0], both[1]);
          attrs.set(key.name, both);
        }
        attrs.set(ir::kPadding.name, ir::Ints{padding[1], padding[0], padding[3], padding[2]});
        std::vector<ir::ValueId> operands = r.mapped(node.operands);
        for (ir::ValueId& operand : operands)
          operand = reshaped(b, operand, lying(b.type(operand).shape));
        const ir::ValueId result = b.create(*node.op, operands, attrs, "");
        return reshaped(b, result, type.shape, result_name(r, node));
      }};
}

}  // namespace linnet::passes
