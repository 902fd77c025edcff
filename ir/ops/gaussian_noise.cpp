// gaussian_noise: the identity; in training normal noise is added.
#include "ir/ops/shared/training_only.h"

#include <fmt/format.h>

#include <numbers>

namespace linnet::ir {
namespace {
constexpr Key<double> kSigma{"sigma"};
}

const OpDef ops::gaussian_noise = training_only({
    .name = "gaussian_noise",
    .doc = "The identity at inference; in training a normal number of deviation sigma is added to "
           "each element (Bishop, \"Training with noise is equivalent to Tikhonov "
           "regularization\", 1995).",
    .setting = {.name = "sigma", .doc = "standard deviation", .default_value = 0.1},
    .infer = [](const InferContext& c) -> OpResult<std::vector<Type>> {
      const double sigma = c.attrs.get(kSigma);
      if (!(sigma >= 0) || sigma > 1e30) {
        return op_error(fmt::format("'sigma' must be finite and not negative, not {}", sigma), -1,
                        "sigma");
      }
      return infer_identity(c);
    },
    // Box and Muller, 1958, from two uniform numbers for each element.
    .in_training = [](TrainingContext& c) -> ValueId {
      const Var x = c.in(0);
      Shape two = x.shape();
      two.insert(two.begin(), 2);
      const Var u = c.uniform(two, x.type().dtype);
      const Var first = reshaped(sliced(u, 0, 0, 1), x.shape());
      const Var second = reshaped(sliced(u, 0, 1, 1), x.shape());
      const Var radius = ((1 - first).apply(ops::log) * -2.0).apply(ops::sqrt);
      const Var angle = (second * (2 * std::numbers::pi)).apply(ops::cos);
      return (x + radius * angle * c.attrs().get(kSigma)).id();
    },
});

}  // namespace linnet::ir
