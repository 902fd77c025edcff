// gelu: the Gaussian error linear unit, exact or by tanh.
#include "ir/ops/shared/elementwise.h"

#include <cmath>
#include <numbers>

namespace linnet::ir {
namespace {

constexpr Key<Enum> kApproximate{"approximate"};

// Hendrycks and Gimpel, "Gaussian error linear units", 2016: x Φ(x), and its tanh form.
ScalarExpr scalar_gelu(const Attrs& attrs) {
  const ScalarExpr x = operand(0);
  if (attrs.get(kApproximate).word == "none") {
    return x * 0.5 * (1.0 + erf(x * (1 / std::numbers::sqrt2)));
  }
  const double scale = std::sqrt(2 / std::numbers::pi);
  return x * 0.5 * (1.0 + tanh((x + x * x * x * 0.044715) * scale));
}

}  // namespace

const OpDef ops::gelu = elementwise({
    .name = "gelu",
    .doc = "input * P(X <= input) for a standard normal X, or its approximation by tanh. "
           "ONNX Gelu-20.",
    .operands = {{"input"}},
    .attrs = {{.name = "approximate",
               .doc = "exact by erf, or by tanh",
               .default_value = Enum{"none"},
               .words = {"none", "tanh"}}},
    .scalar = scalar_gelu,
});

}  // namespace linnet::ir
