#include "ir/gradient.h"

#include <fmt/format.h>

namespace linnet::ir {
namespace {
constexpr Key<double> kSigma{"sigma"};
}

const OpDef ops::gaussian_noise{
    .name = "gaussian_noise",
    .doc = "The identity at inference; in training a normal number of deviation sigma is added to "
           "each element (Bishop, \"Training with noise is equivalent to Tikhonov "
           "regularization\", 1995).",
    .operands = {{"input"}},
    .attrs = {{.name = "sigma", .doc = "standard deviation", .default_value = 0.1},
              {.name = "stream", .doc = "another one for each use", .default_value = int64_t{0}}},
    .traits = kTrainingOnly,
    .infer = [](const InferContext& c) -> OpResult<std::vector<Type>> {
      if (!is_float(c.type(0).dtype)) {
        return op_error(fmt::format("input must be floating point, not {}", name(c.type(0).dtype)),
                        0);
      }
      const double sigma = c.attrs.get(kSigma);
      if (!(sigma >= 0) || sigma > 1e30) {
        return op_error(fmt::format("'sigma' must be finite and not negative, not {}", sigma), -1,
                        "sigma");
      }
      return std::vector<Type>{{c.type(0).dtype, c.type(0).shape, {}}};
    },
    .evaluate = []<class T>(EvalContext<T>& c) { c.out().values = c.in(0).values; },
    .gradient = [](const GradientContext& c) -> std::vector<ValueId> {
      return {c.gradient().id()};
    },
};

}  // namespace linnet::ir
