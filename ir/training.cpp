// Random numbers of a training step.
#include "ir/training.h"

#include "ir/op_def.h"

namespace linnet::ir {

Var TrainingContext::uniform(const Shape& shape, DType dtype) const {
  Attrs attrs{
      {"shape", Ints(shape)}, {"dtype", dtype}, {"stream", attrs_->get(Key<int64_t>{"stream"})}};
  std::vector<ValueId> operands{source_.seed, source_.step};
  if (source_.shard && source_.run > 0) {
    operands.push_back(source_.shard);
    attrs.set("parts", shards_);
    attrs.set("run", source_.run);
  }
  return {*builder_, builder_->create(ops::random_uniform, std::move(operands), std::move(attrs))};
}

Var TrainingContext::mean_over_shards(const Var& value) const {
  if (shards_ == 1) return value;
  const Var sum = reshaped(value, {value.type().elements()}).apply(ops::shard_sum);
  return reshaped(sum * (1 / static_cast<double>(shards_)), value.shape());
}

}  // namespace linnet::ir
