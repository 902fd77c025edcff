// broadcast_to: repetition along dimensions of size 1; its gradient is a sum over them.
#include "ir/gradient.h"
#include "ir/op_def.h"

#include "ir/ops/shared/index.h"
#include "ir/samples.h"

#include <fmt/format.h>

namespace linnet::ir {
namespace {
constexpr Key<Ints> kShape{"shape"};
}

const OpDef ops::broadcast_to{
    .name = "broadcast_to",
    .doc = "Repeated along dimensions of size 1, and new ones in front, to a shape. numpy's "
           "broadcast_to; ONNX Expand-13 of a shape that is not smaller.",
    .operands = {{"input"}},
    .attrs = {{.name = "shape", .doc = "of the result", .default_value = Ints{}, .required = true}},
    .traits = kDataMovement,
    .infer = [](const InferContext& c) -> OpResult<std::vector<Type>> {
      const Shape& shape = c.attrs.get(kShape);
      const Type type{c.type(0).dtype, shape, {}};
      if (!valid(shape, type.dtype) || broadcast(c.type(0).shape, shape) != shape) {
        return op_error(fmt::format("{} does not broadcast to {}", to_string(c.type(0).shape),
                                    to_string(shape)),
                        0, "shape");
      }
      return std::vector<Type>{type};
    },
    .evaluate =
        []<class T>(EvalContext<T>& c) {
          const Shape& out = c.out().type.shape;
          const auto strides = broadcast_strides(c.in(0).type.shape, out);
          size_t o = 0;
          for (Index at(out); at.valid(); at.next(), ++o)
            c.out().copy(o, c.in(0), offset_of(at.position(), strides));
        },
    .gradient = [](const GradientContext& c) -> std::vector<ValueId> {
      return {sum_to(c.gradient(), c.in(0).shape()).id()};
    },
    .samples = broadcast_samples,
};

}  // namespace linnet::ir
