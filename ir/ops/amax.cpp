#include "ir/ops/reduction.h"

#include "ir/scalar_math.h"

#include <limits>

namespace linnet::ir {
namespace {

struct Rule : UncountedRule {
  template <class T> static T first() { return T(-std::numeric_limits<double>::infinity()); }
  template <class T> static T step(T so_far, T element) { return scalar::max(element, so_far); }
};

}  // namespace

const OpDef ops::amax = reduction<Rule>(
    "amax", "Largest element over dimensions; NaN wins; -inf over none. ONNX ReduceMax-20.",
    extremum_gradient);

}  // namespace linnet::ir
