// clip: elements kept between two bounds; no gradient outside.
#include "ir/ops/shared/elementwise.h"

#include "ir/gradient.h"

#include <limits>

namespace linnet::ir {
namespace {

constexpr Key<double> kMin{"min"};
constexpr Key<double> kMax{"max"};
constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

const OpDef ops::clip = elementwise({
    .name = "clip",
    .doc = "min(max(input, min), max); NaN stays NaN; where min is above max the result is max. "
           "ONNX Clip-13 with constant bounds.",
    .operands = {{"input"}},
    .attrs = {{.name = "min", .doc = "lower bound", .default_value = -kInfinity},
              {.name = "max", .doc = "upper bound", .default_value = kInfinity}},
    .scalar =
        [](const Attrs& attrs) { return min(max(operand(0), attrs.get(kMin)), attrs.get(kMax)); },
    .gradient = [](const GradientContext& c) -> std::vector<ValueId> {
      // The bounds themselves pass it (torch.clamp).
      const Var x = c.in(0), g = c.gradient();
      const Var low = apply(ops::ge, x, x.splat(c.attrs().get(kMin)));
      const Var high = apply(ops::le, x, x.splat(c.attrs().get(kMax)));
      return {select(apply(ops::logical_and, low, high), g, g.splat(0)).id()};
    },
});

}  // namespace linnet::ir
