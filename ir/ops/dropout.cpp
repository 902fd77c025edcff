#include "ir/gradient.h"
#include "ir/op_def.h"

#include <fmt/format.h>

namespace linnet::ir {
namespace {
constexpr Key<double> kP{"p"};
}

const OpDef ops::dropout{
    .name = "dropout",
    .doc = "The identity at inference; in training each element is 0 with probability p, else "
           "divided by 1 - p. ONNX Dropout-22.",
    .operands = {{"input"}},
    .attrs = {{.name = "p", .doc = "probability of 0", .default_value = 0.5},
              {.name = "stream", .doc = "another one for each use", .default_value = int64_t{0}}},
    .traits = kTrainingOnly,
    .infer = [](const InferContext& c) -> OpResult<std::vector<Type>> {
      if (!is_float(c.type(0).dtype)) {
        return op_error(fmt::format("input must be floating point, not {}", name(c.type(0).dtype)),
                        0);
      }
      const double p = c.attrs.get(kP);
      if (!(p >= 0 && p < 1)) {
        return op_error(fmt::format("'p' must be at least 0 and below 1, not {}", p), -1, "p");
      }
      return std::vector<Type>{{c.type(0).dtype, c.type(0).shape, {}}};
    },
    .evaluate = []<class T>(EvalContext<T>& c) { c.out().values = c.in(0).values; },
    .gradient = [](const GradientContext& c) -> std::vector<ValueId> {
      return {c.gradient().id()};
    },
};

}  // namespace linnet::ir
