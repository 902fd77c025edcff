// cast: the same numbers in another dtype, saturating.
#include "ir/gradient.h"
#include "ir/op_def.h"
#include "ir/samples.h"

#include <cmath>

namespace linnet::ir {
namespace {

constexpr Key<DType> kDType{"dtype"};

template <class T> double value_of(T value) {
  if constexpr (std::is_same_v<T, Bounded>) {
    return value.value;
  } else {
    return static_cast<double>(value);
  }
}

// Floats to integers truncate and saturate at 64 bits (NaN gives 0), then keep the low bits the
// dtype has.
int64_t integer(DType dtype, double value) {
  if (dtype == DType::kBool) return value != 0;
  if (std::isnan(value)) return 0;
  if (value >= 0x1p63) return INT64_MAX;
  if (value < -0x1p63) return INT64_MIN;
  return static_cast<int64_t>(value);
}

int64_t narrowed(DType dtype, int64_t value) {
  switch (dtype) {
  case DType::kI32:
    return static_cast<int32_t>(value);
  case DType::kI8:
    return static_cast<int8_t>(value);
  case DType::kU8:
    return static_cast<uint8_t>(value);
  case DType::kBool:
    return value != 0;
  default:
    return value;
  }
}

template <class T> void evaluate_cast(EvalContext<T>& c) {
  const Array<T>& in = c.in(0);
  Array<T>& out = c.out();
  const DType dtype = out.type.dtype;
  for (size_t i = 0; i < out.size(); ++i) {
    if (in.holds_floats() && out.holds_floats()) {
      out.values[i] = in.values[i];
    } else if (in.holds_floats()) {
      out.ints[i] = narrowed(dtype, integer(dtype, value_of(in.values[i])));
    } else if (out.holds_floats()) {
      out.values[i] = T(static_cast<double>(in.ints[i]));
    } else {
      out.ints[i] = narrowed(dtype, in.ints[i]);
    }
  }
}

}  // namespace

const OpDef ops::cast{
    .name = "cast",
    .doc = "The same numbers in another dtype: to integers toward zero, out of range saturating at "
           "64 bits and then wrapping, NaN to 0; to bool by != 0. ONNX Cast-21.",
    .operands = {{"input"}},
    .attrs =
        {{.name = "dtype", .doc = "of the result", .default_value = DType::kF32, .required = true}},
    .infer = [](const InferContext& c) -> OpResult<std::vector<Type>> {
      return std::vector<Type>{{c.attrs.get(kDType), c.type(0).shape, {}}};
    },
    .evaluate = []<class T>(EvalContext<T>& c) { evaluate_cast(c); },
    .gradient = [](const GradientContext& c) -> std::vector<ValueId> {
      const DType from = c.in(0).type().dtype;
      if (!is_float(from) || !is_float(c.result().type().dtype)) return {ValueId()};
      return {c.gradient().apply(ops::cast, {{"dtype", from}}).id()};
    },
    .samples = broadcast_samples,
};

}  // namespace linnet::ir
