#include "ir/ops/reduction.h"

#include "ir/scalar_math.h"

#include <limits>

namespace linnet::ir {
namespace {

struct Rule : UncountedRule {
  template <class T> static T first() { return T(std::numeric_limits<double>::infinity()); }
  template <class T> static T step(T so_far, T element) { return scalar::min(element, so_far); }
};

}  // namespace

const OpDef ops::amin = reduction<Rule>(
    "amin", "Smallest element over dimensions; NaN wins; inf over none. ONNX ReduceMin-20.",
    extremum_gradient);

}  // namespace linnet::ir
