// Random numbers of a training step.
#include "ir/training.h"

#include "ir/op_def.h"

namespace linnet::ir {

Var TrainingContext::uniform(const Shape& shape, DType dtype) const {
  return {*builder_, builder_->create(ops::random_uniform, {seed_, step_},
                                      {{"shape", Ints(shape)},
                                       {"dtype", dtype},
                                       {"stream", attrs_->get(Key<int64_t>{"stream"})}})};
}

}  // namespace linnet::ir
