// Ops that do something in training only: enter_training puts there what they say they are,
// drop_dropout their operand elsewhere.
#pragma once

#include "ir/gradient.h"
#include "ir/training.h"

namespace linnet::ir {

// The record of an op of floats that is the identity at inference. `infer` checks the setting, then
// infer_identity; every use has a stream of random numbers of its own.
struct TrainingOnly {
  std::string_view name;
  std::string_view doc;
  AttrDef setting;
  OpResult<std::vector<Type>> (*infer)(const InferContext&) = nullptr;
  ValueId (*in_training)(TrainingContext&) = nullptr;
};
[[nodiscard]] OpDef training_only(TrainingOnly op);

// The operand's type, or an error if it is no float.
[[nodiscard]] OpResult<std::vector<Type>> infer_identity(const InferContext& c);

}  // namespace linnet::ir
