// The record that ops of training alone share.
#include "ir/ops/shared/training_only.h"

#include <fmt/format.h>

namespace linnet::ir {

OpResult<std::vector<Type>> infer_identity(const InferContext& c) {
  if (!is_float(c.type(0).dtype)) {
    return op_error(fmt::format("input must be floating point, not {}", name(c.type(0).dtype)), 0);
  }
  return std::vector<Type>{{c.type(0).dtype, c.type(0).shape, {}}};
}

OpDef training_only(TrainingOnly op) {
  OpDef def;
  def.name = op.name;
  def.doc = op.doc;
  def.operands = {{"input"}};
  def.attrs = {std::move(op.setting),
               {.name = "stream", .doc = "another one for each use", .default_value = int64_t{0}}};
  def.traits = kTrainingOnly;
  def.infer = op.infer;
  def.in_training = op.in_training;
  def.evaluate = []<class T>(EvalContext<T>& c) { c.out().values = c.in(0).values; };
  def.gradient = [](const GradientContext& c) -> std::vector<ValueId> {
    return {c.gradient().id()};
  };
  return def;
}

}  // namespace linnet::ir
