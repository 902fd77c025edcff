// mse_loss: the mean squared distance to the target.
#include "ir/ops/shared/loss.h"

#include "ir/scalar_math.h"

namespace linnet::ir {

const OpDef ops::mse_loss{
    .name = "mse_loss",
    .doc = "Mean of (input - target)^2. torch.nn.MSELoss.",
    .operands = loss_operands(),
    .infer = infer_loss,
    .evaluate =
        []<class T>(EvalContext<T>& c) {
          evaluate_mean(c, [&](const T& x, const T& y) -> T {
            const T e = x - y;
            return e * e;
          });
        },
    .expand = [](Builder& b, std::span<const ValueId> operands,
                 const Attrs&) -> std::vector<ValueId> {
      const Var x(b, operands[0]), y(b, operands[1]);
      const Var each = (x - y).apply(ops::square);
      return {each.apply(ops::mean).id()};
    },
    .samples = loss_samples,
};

}  // namespace linnet::ir
