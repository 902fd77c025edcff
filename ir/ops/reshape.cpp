// reshape: the same elements under another shape; no bytes move.
#include "ir/gradient.h"
#include "ir/op_def.h"

#include "base/integers.h"

#include <fmt/format.h>

namespace linnet::ir {
namespace {

constexpr Key<Ints> kShape{"shape"};

// At most one entry is -1, which stands for what remains.
OpResult<std::vector<Type>> infer_reshape(const InferContext& c) {
  const Type& input = c.type(0);
  Shape shape = c.attrs.get(kShape);
  int64_t known = 1;
  int unknown = -1;
  if (shape.size() > kMaxRank) {
    return op_error(fmt::format("rank {} is above {}", shape.size(), kMaxRank), -1, "shape");
  }
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == -1 && unknown < 0) {
      unknown = static_cast<int>(i);
    } else {
      const auto product = checked_mul(known, shape[i]);
      if (shape[i] < 0 || !product) {
        return op_error(fmt::format("{} is no shape", to_string(shape)), -1, "shape");
      }
      known = *product;
    }
  }
  const int64_t elements = input.elements();
  if (unknown >= 0 && known != 0 && elements % known == 0) {
    shape[static_cast<size_t>(unknown)] = elements / known;
    known = elements;
  }
  if (known != elements || (unknown >= 0 && shape[static_cast<size_t>(unknown)] < 0)) {
    return op_error(fmt::format("{} ({} elements) does not fit the shape {}",
                                to_string(input.shape), elements, to_string(shape)),
                    0, "shape");
  }
  return std::vector<Type>{{input.dtype, std::move(shape), {}}};
}

}  // namespace

const OpDef ops::reshape{
    .name = "reshape",
    .doc = "The same elements in row-major order under another shape. ONNX Reshape-21 without "
           "the meaning of 0.",
    .operands = {{"input"}},
    .attrs = {{.name = "shape",
               .doc = "sizes; one may be -1",
               .default_value = Ints{},
               .required = true}},
    .traits = kDataMovement | kView,
    .infer = infer_reshape,
    .evaluate =
        []<class T>(EvalContext<T>& c) {
          c.out().values = c.in(0).values;
          c.out().ints = c.in(0).ints;
        },
    .gradient = [](const GradientContext& c) -> std::vector<ValueId> {
      return {reshaped(c.gradient(), c.in(0).shape()).id()};
    },
};

}  // namespace linnet::ir
