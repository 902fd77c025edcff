// What an op is in a training step, written with the values of the graph it becomes part of.
#pragma once

#include "ir/var.h"

#include <span>

namespace linnet::ir {

// What `OpDef::in_training` sees. `moved` has, for each operand, the next value of the slot that a
// running one reads.
class TrainingContext {
public:
  TrainingContext(Builder& builder, std::span<const ValueId> operands, const Attrs& attrs,
                  ValueId seed, ValueId step, std::span<ValueId> moved)
      : builder_(&builder), operands_(operands), attrs_(&attrs), seed_(seed), step_(step),
        moved_(moved) {}

  // Operand i; of a running one what earlier uses of its slot in this step made of it.
  [[nodiscard]] Var in(size_t i) const { return {*builder_, operands_[i]}; }
  [[nodiscard]] const Attrs& attrs() const { return *attrs_; }
  // Numbers of this step in [0, 1), of the stream that the op's attribute names.
  [[nodiscard]] Var uniform(const Shape& shape, DType dtype) const;
  // The next value of the slot behind a running operand.
  void move(size_t operand, const Var& value) { moved_[operand] = value.id(); }

private:
  Builder* builder_;
  std::span<const ValueId> operands_;
  const Attrs* attrs_;
  ValueId seed_, step_;
  std::span<ValueId> moved_;
};

}  // namespace linnet::ir
