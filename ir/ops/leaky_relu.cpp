// leaky_relu: the identity above 0, a small slope below.
#include "ir/ops/shared/elementwise.h"

namespace linnet::ir {
namespace {
constexpr Key<double> kNegativeSlope{"negative_slope"};
}

const OpDef ops::leaky_relu = elementwise({
    .name = "leaky_relu",
    .doc = "input where it is above 0, negative_slope * input elsewhere. ONNX LeakyRelu-16.",
    .operands = {{"input"}},
    .attrs = {{.name = "negative_slope", .doc = "factor below 0", .default_value = 0.01}},
    .scalar =
        [](const Attrs& attrs) {
          const ScalarExpr x = operand(0);
          return select(x > 0.0, x, x * attrs.get(kNegativeSlope));
        },
});

}  // namespace linnet::ir
