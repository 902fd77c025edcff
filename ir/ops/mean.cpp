#include "ir/ops/reduction.h"

namespace linnet::ir {
namespace {

struct Rule {
  template <class T> static T first() { return T(0); }
  template <class T> static T step(T so_far, T element) { return so_far + element; }
  template <class T> static T finish(T result, int64_t count) {
    return result / T(static_cast<double>(count));
  }
};

}  // namespace

const OpDef ops::mean = reduction<Rule>(
    "mean",
    "Mean over dimensions: the sum divided by the count; NaN over none. ONNX ReduceMean-18.");

}  // namespace linnet::ir
