// The operands, types and samples of losses: a mean over all elements as one number.
#include "ir/ops/shared/loss.h"

#include <fmt/format.h>

namespace linnet::ir {
std::vector<OperandDef> loss_operands() {
  return {{"input"}, {"target", "of the same shape"}};
}

OpResult<std::vector<Type>> infer_loss(const InferContext& c) {
  const Type& input = c.type(0);
  if (!is_float(input.dtype)) {
    return op_error(fmt::format("input must be floating point, not {}", name(input.dtype)), 0);
  }
  if (!input.same_logical(c.type(1))) {
    return op_error(fmt::format("target must be {}, like the input, not {}", to_string(input),
                                to_string(c.type(1))),
                    1);
  }
  return std::vector<Type>{{input.dtype, {}, {}}};
}

SamplesResult loss_samples(const SamplesContext&) {
  return tl::unexpected(std::string("a loss is the mean over the samples of the batch"));
}

}  // namespace linnet::ir
