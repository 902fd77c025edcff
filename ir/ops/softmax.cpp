#include "ir/builder.h"
#include "ir/ops/reduction.h"

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
  if (auto dim = one_dim(c.attrs, input.rank()); !dim) return tl::unexpected(dim.error());
  return std::vector<Type>{{input.dtype, input.shape, {}}};
}

// Through smaller ops only, so that evaluator and kernels agree on every step:
// e = exp(x - max), e / sum(e).
std::vector<ValueId> expand_softmax(Builder& b, std::span<const ValueId> operands,
                                    const Attrs& attrs) {
  const Attrs keep{{"dim", Ints{attrs.get(kDim)}}, {"keepdim", true}};
  const ValueId largest = b.create(ops::amax, {operands[0]}, keep, "largest");
  const ValueId shifted = b.create(ops::sub, {operands[0], largest}, {}, "shifted");
  const ValueId power = b.create(ops::exp, {shifted}, {}, "power");
  const ValueId total = b.create(ops::sum, {power}, keep, "total");
  return {b.create(ops::div, {power, total}, {}, "softmax")};
}

std::vector<ValueId> expand_log_softmax(Builder& b, std::span<const ValueId> operands,
                                        const Attrs& attrs) {
  const Attrs keep{{"dim", Ints{attrs.get(kDim)}}, {"keepdim", true}};
  const ValueId largest = b.create(ops::amax, {operands[0]}, keep, "largest");
  const ValueId shifted = b.create(ops::sub, {operands[0], largest}, {}, "shifted");
  const ValueId power = b.create(ops::exp, {shifted}, {}, "power");
  const ValueId total = b.create(ops::sum, {power}, keep, "total");
  const ValueId log_total = b.create(ops::log, {total}, {}, "log_total");
  return {b.create(ops::sub, {shifted, log_total}, {}, "log_softmax")};
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

std::vector<AttrDef> softmax_attrs() {
  return {{.name = "dim", .doc = "along which the result sums to 1", .default_value = int64_t{-1}}};
}

}  // namespace

const OpDef ops::softmax{
    .name = "softmax",
    .doc = "exp(input - max) / sum(exp(input - max)) along one dimension. ONNX Softmax-13.",
    .operands = {{"input"}},
    .attrs = softmax_attrs(),
    .infer = infer_softmax,
    .evaluate = []<class T>(EvalContext<T>& c) { evaluate_softmax<false>(c); },
    .expand = expand_softmax,
};

const OpDef ops::log_softmax{
    .name = "log_softmax",
    .doc = "input - max - log(sum(exp(input - max))) along one dimension. ONNX LogSoftmax-13.",
    .operands = {{"input"}},
    .attrs = softmax_attrs(),
    .infer = infer_softmax,
    .evaluate = []<class T>(EvalContext<T>& c) { evaluate_softmax<true>(c); },
    .expand = expand_log_softmax,
};

}  // namespace linnet::ir
