// prod: the product over dimensions; its gradient is the product of the others, beside zeros too.
#include "ir/ops/shared/reduction.h"

#include "ir/scalar_math.h"

namespace linnet::ir {
namespace {

struct Rule : UncountedRule {
  template <class T> static T first(DType) { return T(1); }
  template <class T> static T step(T so_far, T element) {
    return scalar::multiply(so_far, element);
  }
};

}  // namespace

const OpDef ops::prod = reduction<Rule>(
    "prod", "Product over dimensions, 1 over none; integers wrap. ONNX ReduceProd-18.",
    [](const GradientContext& c) -> std::vector<ValueId> {
      // The product of the others: by division, but where zeros stand by what is not zero.
      const Var x = c.in(0);
      const Var g = with_reduced(c, c.gradient());
      const Ints dims = reduced_list(c.attrs(), x.shape().size());
      const Var zero = apply(ops::eq, x, x.splat(0));
      const Var zeros = sum_over(select(zero, x.splat(1), x.splat(0)), dims, true);
      const Attrs over{{"dim", dims}, {"keepdim", true}};
      const Var rest = select(zero, x.splat(1), x).apply(ops::prod, over);
      const Var at_zero = select(apply(ops::eq, zeros, x.splat(1)), rest, x.splat(0));
      const Var elsewhere = select(apply(ops::eq, zeros, x.splat(0)), rest / x, x.splat(0));
      return {(g * select(zero, at_zero, elsewhere)).id()};
    });

}  // namespace linnet::ir
