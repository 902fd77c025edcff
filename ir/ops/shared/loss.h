// Losses: the mean over all elements of how far values are from their targets.
#pragma once

#include "ir/gradient.h"
#include "ir/samples.h"

namespace linnet::ir {

// input and target, of one float type and shape.
[[nodiscard]] std::vector<OperandDef> loss_operands();
// A scalar.
[[nodiscard]] OpResult<std::vector<Type>> infer_loss(const InferContext& c);

// The mean is over all samples.
[[nodiscard]] SamplesResult loss_samples(const SamplesContext& c);

// The mean of each(input, target).
template <class T, class F> void evaluate_mean(EvalContext<T>& c, F each) {
  T sum(0);
  const size_t count = c.in(0).size();
  for (size_t i = 0; i < count; ++i)
    sum += each(c.in(0).values[i], c.in(1).values[i]);
  c.out().values[0] = sum / T(static_cast<double>(count));
}

}  // namespace linnet::ir
