// sum: the total over dimensions; its gradient is repeated along them.
#include "ir/ops/shared/reduction.h"

#include "ir/scalar_math.h"

namespace linnet::ir {
namespace {

struct Rule : UncountedRule {
  template <class T> static T first(DType) { return T(0); }
  template <class T> static T step(T so_far, T element) { return scalar::add(so_far, element); }
};

}  // namespace

const OpDef ops::sum =
    reduction<Rule>("sum", "Sum over dimensions, 0 over none; integers wrap. ONNX ReduceSum-13.",
                    [](const GradientContext& c) -> std::vector<ValueId> {
                      const Var g = with_reduced(c, c.gradient());
                      return {g.apply(ops::broadcast_to, {{"shape", Ints(c.in(0).shape())}}).id()};
                    });

}  // namespace linnet::ir
