// elu: exponential below 0, the identity above.
#include "ir/ops/shared/elementwise.h"

namespace linnet::ir {
namespace {
constexpr Key<double> kAlpha{"alpha"};
}

const OpDef ops::elu = elementwise({
    .name = "elu",
    .doc = "input where it is above 0, alpha * (exp(input) - 1) elsewhere. ONNX Elu-22.",
    .operands = {{"input"}},
    .attrs = {{.name = "alpha", .doc = "value far to the left is -alpha", .default_value = 1.0}},
    .scalar =
        [](const Attrs& attrs) {
          const ScalarExpr x = operand(0);
          return select(x > 0.0, x, (ir::exp(x) - 1.0) * attrs.get(kAlpha));
        },
});

}  // namespace linnet::ir
