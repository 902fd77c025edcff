#include "ir/ops/reduction.h"

namespace linnet::ir {

const OpDef ops::mean{
    .name = "mean",
    .doc = "Mean over dimensions: the sum divided by the count; NaN over none. ONNX ReduceMean-18.",
    .operands = {{"input"}},
    .attrs = reduction_attrs(),
    .traits = kReduction,
    .infer = infer_reduction,
    .evaluate =
        []<class T>(EvalContext<T>& c) {
          const std::vector<T>& in = c.in(0).values;
          std::vector<T>& out = c.out().values;
          reduce(
              c, [&](size_t o) { out[o] = T(0); }, [&](size_t o, size_t i) { out[o] += in[i]; },
              [&](size_t o, int64_t count) { out[o] = out[o] / T(static_cast<double>(count)); });
        },
};

}  // namespace linnet::ir
