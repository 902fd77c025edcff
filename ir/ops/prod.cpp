#include "ir/ops/reduction.h"

namespace linnet::ir {
namespace {

struct Rule : UncountedRule {
  template <class T> static T first() { return T(1); }
  template <class T> static T step(T so_far, T element) { return so_far * element; }
};

}  // namespace

const OpDef ops::prod =
    reduction<Rule>("prod", "Product over dimensions, 1 over none. ONNX ReduceProd-18.");

}  // namespace linnet::ir
