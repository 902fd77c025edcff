// binary_cross_entropy_with_logits: the loss of yes or no before the sigmoid, without overflow.
#include "ir/ops/shared/loss.h"

#include "ir/scalar_math.h"

namespace linnet::ir {
namespace {

std::vector<ValueId> gradient(const GradientContext& c) {
  const Var x = c.in(0);
  const Var g = c.gradient() / static_cast<double>(x.type().elements());
  std::vector<ValueId> gradients(2);
  if (c.wants(0)) gradients[0] = (g * (x.apply(ops::sigmoid) - c.in(1))).id();
  if (c.wants(1)) gradients[1] = (-(g * x)).id();
  return gradients;
}

}  // namespace

const OpDef ops::binary_cross_entropy_with_logits{
    .name = "binary_cross_entropy_with_logits",
    .doc = "Mean of max(input, 0) - input * target + log(1 + exp(-|input|)). "
           "torch.nn.BCEWithLogitsLoss.",
    .operands = loss_operands(),
    .infer = infer_loss,
    .evaluate =
        []<class T>(EvalContext<T>& c) {
          evaluate_mean(c, [&](const T& x, const T& y) -> T {
            const T size = scalar::max(x, T(0) - x);
            return scalar::max(x, T(0)) - x * y + scalar::log(T(1) + scalar::exp(T(0) - size));
          });
        },
    .expand = [](Builder& b, std::span<const ValueId> operands,
                 const Attrs&) -> std::vector<ValueId> {
      const Var x(b, operands[0]), y(b, operands[1]);
      const Var soft = (-x.apply(ops::abs)).apply(ops::exp);
      const Var each = x.apply(ops::relu) - x * y + (soft + soft.splat(1)).apply(ops::log);
      return {each.apply(ops::mean).id()};
    },
    .gradient = gradient,
    .samples = loss_samples,
};

}  // namespace linnet::ir
