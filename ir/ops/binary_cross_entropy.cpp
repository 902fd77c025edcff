// binary_cross_entropy: the loss of probabilities of yes or no.
#include "ir/ops/shared/loss.h"

#include "ir/scalar_math.h"

namespace linnet::ir {
namespace {

// (input - target) / (input * (1 - input)), the denominator at least 1e-12, as torch has it: at 0
// and 1 the expansion's own gradient would be 0 times infinity.
std::vector<ValueId> gradient(const GradientContext& c) {
  const Var x = c.in(0), y = c.in(1);
  const Var g = c.gradient() / static_cast<double>(x.type().elements());
  std::vector<ValueId> gradients(2);
  if (c.wants(0)) {
    const Var spread = x * (1 - x);
    gradients[0] = (g * (x - y) / apply(ops::maximum, spread, spread.splat(1e-12))).id();
  }
  if (c.wants(1)) {
    const auto logarithm = [](const Var& p) {
      return apply(ops::maximum, p.apply(ops::log), p.splat(-100));
    };
    gradients[1] = (g * (logarithm(1 - x) - logarithm(x))).id();
  }
  return gradients;
}

}  // namespace

const OpDef ops::binary_cross_entropy{
    .name = "binary_cross_entropy",
    .doc = "Mean of -(target * log(input) + (1 - target) * log(1 - input)), logarithms at least "
           "-100. torch.nn.BCELoss.",
    .operands = loss_operands(),
    .infer = infer_loss,
    .evaluate =
        []<class T>(EvalContext<T>& c) {
          evaluate_mean(c, [&](const T& x, const T& y) -> T {
            const T least(-100);
            return T(0) - (y * scalar::max(scalar::log(x), least) +
                           (T(1) - y) * scalar::max(scalar::log(T(1) - x), least));
          });
        },
    .expand = [](Builder& b, std::span<const ValueId> operands,
                 const Attrs&) -> std::vector<ValueId> {
      const Var x(b, operands[0]), y(b, operands[1]);
      const auto logarithm = [](const Var& p) {
        return apply(ops::maximum, p.apply(ops::log), p.splat(-100));
      };
      const Var each = -(y * logarithm(x) + (1 - y) * logarithm(1 - x));
      return {each.apply(ops::mean).id()};
    },
    .gradient = gradient,
    .samples = loss_samples,
};

}  // namespace linnet::ir
