// huber_loss: squared near the target, linear farther away.
#include "ir/ops/shared/loss.h"

#include "ir/scalar_math.h"

namespace linnet::ir {
namespace {
constexpr Key<double> kDelta{"delta"};
}

const OpDef ops::huber_loss{
    .name = "huber_loss",
    .doc = "Mean of e^2 / 2 where |e| <= delta, delta * (|e| - delta / 2) elsewhere, for e = input "
           "- target. torch.nn.HuberLoss.",
    .operands = loss_operands(),
    .attrs = {{.name = "delta", .doc = "where the square becomes a line", .default_value = 1.0}},
    .infer = infer_loss,
    .evaluate =
        []<class T>(EvalContext<T>& c) {
          const T delta(c.attrs.get(kDelta));
          evaluate_mean(c, [&](const T& x, const T& y) -> T {
            const T e = scalar::max(x - y, y - x);
            return e <= delta ? e * e * T(0.5) : (e - delta * T(0.5)) * delta;
          });
        },
    .expand = [](Builder& b, std::span<const ValueId> operands,
                 const Attrs& attrs) -> std::vector<ValueId> {
      const Var x(b, operands[0]), y(b, operands[1]);
      const double delta = attrs.get(kDelta);
      const Var e = (x - y).apply(ops::abs);
      const Var near = e.apply(ops::square) * 0.5;
      const Var far = (e - e.splat(delta / 2)) * delta;
      const Var each = select(apply(ops::le, e, e.splat(delta)), near, far);
      return {each.apply(ops::mean).id()};
    },
    .samples = loss_samples,
};

}  // namespace linnet::ir
