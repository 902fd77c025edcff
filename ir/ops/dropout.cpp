// dropout: the identity; in training elements are dropped at random.
#include "ir/ops/shared/training_only.h"

#include <fmt/format.h>

namespace linnet::ir {
namespace {
constexpr Key<double> kP{"p"};
}

const OpDef ops::dropout = training_only({
    .name = "dropout",
    .doc = "The identity at inference; in training each element is 0 with probability p, else "
           "divided by 1 - p. ONNX Dropout-22.",
    .setting = {.name = "p", .doc = "probability of 0", .default_value = 0.5},
    .infer = [](const InferContext& c) -> OpResult<std::vector<Type>> {
      const double p = c.attrs.get(kP);
      if (!(p >= 0 && p < 1)) {
        return op_error(fmt::format("'p' must be at least 0 and below 1, not {}", p), -1, "p");
      }
      return infer_identity(c);
    },
    // Srivastava et al., 2014; what is kept is scaled up, so that inference scales nothing.
    .in_training = [](TrainingContext& c) -> ValueId {
      const Var x = c.in(0);
      const double p = c.attrs().get(kP);
      if (p == 0) return x.id();
      const Var u = c.uniform(x.shape(), x.type().dtype);
      return select(apply(ops::ge, u, u.splat(p)), x * (1 / (1 - p)), x.splat(0)).id();
    },
});

}  // namespace linnet::ir
