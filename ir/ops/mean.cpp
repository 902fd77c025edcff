// mean: the average over dimensions.
#include "ir/ops/shared/reduction.h"

#include <algorithm>

namespace linnet::ir {
namespace {

struct Rule {
  static constexpr bool kIntegers = false;
  template <class T> static T first(DType) { return T(0); }
  template <class T> static T step(T so_far, T element) { return so_far + element; }
  template <class T> static T finish(T result, int64_t count) {
    return result / T(static_cast<double>(count));
  }
};

}  // namespace

const OpDef ops::mean = reduction<Rule>(
    "mean",
    "Mean over dimensions: the sum divided by the count; NaN over none. ONNX ReduceMean-18.",
    [](const GradientContext& c) -> std::vector<ValueId> {
      const Shape& in = c.in(0).shape();
      const double count = static_cast<double>(element_count(in)) /
                           static_cast<double>(std::max<int64_t>(c.result().type().elements(), 1));
      const Var g = with_reduced(c, c.gradient() / count);
      return {g.apply(ops::broadcast_to, {{"shape", Ints(in)}}).id()};
    });

}  // namespace linnet::ir
