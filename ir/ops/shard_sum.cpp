// shard_sum: what the shards of a batch know together.
#include "ir/var.h"

#include "ir/gradient.h"

namespace linnet::ir {

const OpDef ops::shard_sum{
    .name = "shard_sum",
    .doc = "The sum of a vector over all shards of a batch, in @shard_step: between the kernels "
           "before it and those behind it every shard waits for the others (PyTorch's all_reduce). "
           "Evaluated it is of one shard, its operand.",
    .operands = {{"input", "[C]"}},
    .traits = kStructural,
    .infer = [](const InferContext& c) -> OpResult<std::vector<Type>> {
      const Type& input = c.type(0);
      if (input.rank() != 1 || !is_float(input.dtype))
        return op_error("input must be a vector of floats, not " + to_string(input), 0);
      return std::vector<Type>{{input.dtype, input.shape, {}}};
    },
    .evaluate =
        []<class T>(EvalContext<T>& c) {
          for (size_t i = 0; i < c.out().size(); ++i)
            c.out().copy(i, c.in(0), i);
        },
    // Of all shards' losses: each has read the sum.
    .gradient = [](const GradientContext& c) -> std::vector<ValueId> {
      return {c.gradient().apply(ops::shard_sum).id()};
    },
};

}  // namespace linnet::ir
