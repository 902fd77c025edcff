// softmax and log_softmax: exponentials over their sum, the maximum taken off first.
#include "ir/gradient.h"
#include "ir/ops/shared/reduction.h"

#include "ir/samples.h"
#include "ir/scalar_math.h"

#include <fmt/format.h>

#include <limits>

namespace linnet::ir {
namespace {

OpResult<std::vector<Type>> infer_softmax(const InferContext& c) {
  const Type& input = c.type(0);
  if (!is_float(input.dtype)) {
    return op_error(fmt::format("input must be floating point, not {}", name(input.dtype)), 0);
  }
  LINNET_TRY(one_dim(c.attrs, input.rank()));
  return std::vector<Type>{{input.dtype, input.shape, {}}};
}

// Through smaller ops only, so that evaluator and kernels agree on every step:
// e = exp(x - max), e / sum(e), or x - max - log(sum(e)).
struct Steps {
  ValueId shifted, power, total;
};
Steps expand_steps(Builder& b, ValueId input, const Attrs& attrs) {
  const Attrs keep{{"dim", Ints{attrs.get(kDim)}}, {"keepdim", true}};
  const ValueId largest = b.create(ops::amax, {input}, keep, "largest");
  const ValueId shifted = b.create(ops::sub, {input, largest}, {}, "shifted");
  const ValueId power = b.create(ops::exp, {shifted}, {}, "power");
  return {shifted, power, b.create(ops::sum, {power}, keep, "total")};
}

std::vector<ValueId> expand_softmax(Builder& b, std::span<const ValueId> operands,
                                    const Attrs& attrs) {
  const Steps steps = expand_steps(b, operands[0], attrs);
  return {b.create(ops::div, {steps.power, steps.total}, {}, "softmax")};
}

std::vector<ValueId> expand_log_softmax(Builder& b, std::span<const ValueId> operands,
                                        const Attrs& attrs) {
  const Steps steps = expand_steps(b, operands[0], attrs);
  const ValueId log_total = b.create(ops::log, {steps.total}, {}, "log_total");
  return {b.create(ops::sub, {steps.shifted, log_total}, {}, "log_softmax")};
}

template <bool logarithm, class T> void evaluate_softmax(EvalContext<T>& c) {
  const Shape& shape = c.in(0).type.shape;
  const size_t dim = *one_dim(c.attrs, shape.size());
  const size_t size = static_cast<size_t>(shape[dim]);
  const size_t step = static_cast<size_t>(row_major_strides(shape)[dim]);
  const std::vector<T>& in = c.in(0).values;
  std::vector<T>& out = c.out().values;
  for (size_t block = 0; block < in.size(); block += size * step) {
    for (size_t first = block; first < block + step; ++first) {
      const size_t end = first + size * step;
      T largest(-std::numeric_limits<double>::infinity());
      for (size_t i = first; i < end; i += step)
        largest = scalar::max(in[i], largest);
      T total(0);
      for (size_t i = first; i < end; i += step) {
        out[i] = scalar::exp(in[i] - largest);
        total += out[i];
      }
      for (size_t i = first; i < end; i += step)
        out[i] = logarithm ? in[i] - largest - scalar::log(total) : out[i] / total;
    }
  }
}

OpDef normalised(std::string_view name, std::string_view doc, Evaluate evaluate,
                 decltype(OpDef::expand) expand, decltype(OpDef::gradient) gradient) {
  return {.name = name,
          .doc = doc,
          .operands = {{"input"}},
          .attrs = {{.name = "dim",
                     .doc = "along which the result sums to 1",
                     .default_value = int64_t{-1}}},
          .infer = infer_softmax,
          .evaluate = evaluate,
          .expand = expand,
          .gradient = gradient,
          .samples = [](const SamplesContext& c) { return samples_unless_dim(c, "softmax"); }};
}

}  // namespace

const OpDef ops::softmax = normalised(
    "softmax", "exp(input - max) / sum(exp(input - max)) along one dimension. ONNX Softmax-13.",
    []<class T>(EvalContext<T>& c) { evaluate_softmax<false>(c); }, expand_softmax,
    [](const GradientContext& c) -> std::vector<ValueId> {
      const Var y = c.result(), g = c.gradient();
      return {(y * (g - sum_over(g * y, {c.attrs().get(kDim)}, true))).id()};
    });

const OpDef ops::log_softmax = normalised(
    "log_softmax",
    "input - max - log(sum(exp(input - max))) along one dimension. ONNX LogSoftmax-13.",
    []<class T>(EvalContext<T>& c) { evaluate_softmax<true>(c); }, expand_log_softmax,
    [](const GradientContext& c) -> std::vector<ValueId> {
      const Var g = c.gradient();
      const Var total = sum_over(g, {c.attrs().get(kDim)}, true);
      return {(g - c.result().apply(ops::exp) * total).id()};
    });

}  // namespace linnet::ir
