// cross_entropy: the loss of logits against class numbers.
#include "ir/gradient.h"
#include "ir/ops/shared/loss.h"

#include "ir/scalar_math.h"

#include <fmt/format.h>

#include <limits>
#include <numeric>

namespace linnet::ir {
namespace {

OpResult<std::vector<Type>> infer_cross_entropy(const InferContext& c) {
  const Type& input = c.type(0);
  const Type& target = c.type(1);
  if (input.rank() != 2 || !is_float(input.dtype)) {
    return op_error(fmt::format("input must be floating point [N,C], not {}", to_string(input)), 0);
  }
  if (target.dtype != DType::kI64 || target.shape != Shape{input.shape[0]}) {
    return op_error(fmt::format("target must be i64[{}], one class a sample, not {}",
                                input.shape[0], to_string(target)),
                    1);
  }
  return std::vector<Type>{{input.dtype, {}, {}}};
}

// One row at a time: log(sum(exp(x - max))) - (x[target] - max).
template <class T> void evaluate_cross_entropy(EvalContext<T>& c) {
  const Shape& shape = c.in(0).type.shape;
  const auto classes = static_cast<size_t>(shape[1]);
  T sum(0);
  for (size_t n = 0; n < c.in(1).ints.size(); ++n) {
    const T* row = c.in(0).values.data() + n * classes;
    T largest(-std::numeric_limits<double>::infinity());
    for (size_t k = 0; k < classes; ++k)
      largest = scalar::max(row[k], largest);
    T total(0);
    T chosen(0);
    for (size_t k = 0; k < classes; ++k) {
      total += scalar::exp(row[k] - largest);
      if (c.in(1).ints[n] == static_cast<int64_t>(k)) chosen = row[k] - largest;
    }
    if (c.in(1).ints[n] >= 0 && c.in(1).ints[n] < shape[1]) sum += scalar::log(total) - chosen;
  }
  c.out().values[0] = sum / T(static_cast<double>(shape[0]));
}

// -sum(where(target == class, log_softmax(x), 0)) / N
std::vector<ValueId> expand_cross_entropy(Builder& b, std::span<const ValueId> operands,
                                          const Attrs&) {
  const Var logits(b, operands[0]), target(b, operands[1]);
  const Shape shape = logits.shape();
  std::vector<int64_t> numbers(static_cast<size_t>(shape[1]));
  std::iota(numbers.begin(), numbers.end(), 0);
  const Var classes(
      b, b.constant(Tensor::from_ints({DType::kI64, {shape[1]}, {}}, numbers), "classes"));
  const Var hit = apply(ops::eq, reshaped(target, {shape[0], 1}), classes);
  const Var log_p = logits.apply(ops::log_softmax, {{"dim", int64_t{1}}});
  const Var chosen = select(hit, log_p, log_p.splat(0));
  return {(sum_over(chosen, {0, 1}, false) / static_cast<double>(-shape[0])).id()};
}

}  // namespace

const OpDef ops::cross_entropy{
    .name = "cross_entropy",
    .doc = "Mean over samples of -log_softmax(input)[target]; a target that is no class counts 0. "
           "torch.nn.CrossEntropyLoss; ONNX SoftmaxCrossEntropyLoss-13.",
    .operands = {{"input", "logits [N,C]"}, {"target", "classes i64[N]"}},
    .infer = infer_cross_entropy,
    .evaluate = []<class T>(EvalContext<T>& c) { evaluate_cross_entropy(c); },
    .expand = expand_cross_entropy,
    .samples = loss_samples,
};

}  // namespace linnet::ir
