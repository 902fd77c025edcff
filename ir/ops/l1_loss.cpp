// l1_loss: the mean distance to the target.
#include "ir/ops/shared/loss.h"

#include "ir/scalar_math.h"

namespace linnet::ir {

const OpDef ops::l1_loss{
    .name = "l1_loss",
    .doc = "Mean of |input - target|. torch.nn.L1Loss.",
    .operands = loss_operands(),
    .infer = infer_loss,
    .evaluate =
        []<class T>(EvalContext<T>& c) {
          evaluate_mean(c, [&](const T& x, const T& y) -> T { return scalar::max(x - y, y - x); });
        },
    .expand = [](Builder& b, std::span<const ValueId> operands,
                 const Attrs&) -> std::vector<ValueId> {
      const Var x(b, operands[0]), y(b, operands[1]);
      const Var each = (x - y).apply(ops::abs);
      return {each.apply(ops::mean).id()};
    },
    .samples = loss_samples,
};

}  // namespace linnet::ir
