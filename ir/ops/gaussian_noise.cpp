#include "ir/ops/training_only.h"

#include <fmt/format.h>

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
});

}  // namespace linnet::ir
