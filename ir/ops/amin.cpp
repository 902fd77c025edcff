#include "ir/ops/reduction.h"

#include "ir/scalar_math.h"

#include <limits>

namespace linnet::ir {

const OpDef ops::amin{
    .name = "amin",
    .doc = "Smallest element over dimensions; NaN wins; inf over none. ONNX ReduceMin-20.",
    .operands = {{"input"}},
    .attrs = reduction_attrs(),
    .traits = kReduction,
    .infer = infer_reduction,
    .evaluate =
        []<class T>(EvalContext<T>& c) {
          const std::vector<T>& in = c.in(0).values;
          std::vector<T>& out = c.out().values;
          reduce(
              c, [&](size_t o) { out[o] = T(std::numeric_limits<double>::infinity()); },
              [&](size_t o, size_t i) { out[o] = scalar::min(in[i], out[o]); },
              [](size_t, int64_t) {});
        },
};

}  // namespace linnet::ir
