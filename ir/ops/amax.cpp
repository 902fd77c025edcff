// amax: the largest element over dimensions; the gradient goes to where the maximum is reached.
#include "ir/ops/shared/reduction.h"

#include "ir/scalar_math.h"

namespace linnet::ir {
namespace {

struct Rule : UncountedRule {
  template <class T> static T first(DType dtype) { return scalar::least<T>(dtype); }
  template <class T> static T step(T so_far, T element) { return scalar::max(element, so_far); }
};

}  // namespace

const OpDef ops::amax = reduction<Rule>(
    "amax",
    "Largest element over dimensions; NaN wins; over none -inf, or the least integer of the "
    "dtype. ONNX ReduceMax-20.",
    extremum_gradient);

}  // namespace linnet::ir
