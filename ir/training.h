// What an op is in a training step, written with the values of the graph it becomes part of.
#pragma once

#include "ir/var.h"

#include <span>

namespace linnet::ir {

// Where the random numbers of an op come from. `run`: of a shard of the batch, how many elements of
// operand 0 follow each other in the whole batch's; 0 where the operand is the same for all shards.
struct NoiseSource {
  ValueId seed, step;
  ValueId shard = {};  // none: the batch is whole
  int64_t run = 0;
};

// What `OpDef::in_training` sees. `moved` has, for each operand, the next value of the slot that a
// running one reads.
class TrainingContext {
public:
  TrainingContext(Builder& builder, std::span<const ValueId> operands, const Attrs& attrs,
                  const NoiseSource& source, int64_t shards, std::span<ValueId> moved)
      : builder_(&builder), operands_(operands), attrs_(&attrs), source_(source), shards_(shards),
        moved_(moved) {}

  // Operand i; of a running one what earlier uses of its slot in this step made of it.
  [[nodiscard]] Var in(size_t i) const { return {*builder_, operands_[i]}; }
  [[nodiscard]] const Attrs& attrs() const { return *attrs_; }
  // Numbers of this step in [0, 1), of the stream that the op's attribute names. Of a shard's
  // batch they are those that its samples have in the whole one: `shape` is operand 0's, or has
  // further dimensions before it.
  [[nodiscard]] Var uniform(const Shape& shape, DType dtype) const;
  // Into how many the batch is cut, of which this is one; 1: it is whole.
  [[nodiscard]] int64_t shards() const { return shards_; }
  // Of a value that each of them has, one number a channel.
  [[nodiscard]] Var mean_over_shards(const Var& value) const;
  // The next value of the slot behind a running operand.
  void move(size_t operand, const Var& value) { moved_[operand] = value.id(); }

private:
  Builder* builder_;
  std::span<const ValueId> operands_;
  const Attrs* attrs_;
  NoiseSource source_;
  int64_t shards_;
  std::span<ValueId> moved_;
};

}  // namespace linnet::ir
