// amin: the smallest element over dimensions; the gradient goes to where the minimum is reached.
#include "ir/ops/shared/reduction.h"

#include "ir/scalar_math.h"

namespace linnet::ir {
namespace {

struct Rule : UncountedRule {
  template <class T> static T first(DType dtype) { return scalar::greatest<T>(dtype); }
  template <class T> static T step(T so_far, T element) { return scalar::min(element, so_far); }
};

}  // namespace

const OpDef ops::amin = reduction<Rule>(
    "amin",
    "Smallest element over dimensions; NaN wins; over none inf, or the greatest integer of the "
    "dtype. ONNX ReduceMin-20.",
    extremum_gradient);

}  // namespace linnet::ir
