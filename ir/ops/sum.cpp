#include "ir/ops/reduction.h"

namespace linnet::ir {

const OpDef ops::sum{
    .name = "sum",
    .doc = "Sum over dimensions, 0 over none. ONNX ReduceSum-13.",
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
              [](size_t, int64_t) {});
        },
};

}  // namespace linnet::ir
