// A shard's step in parts, between which its caller sums what shards know together.
#pragma once

#include "ir/graph.h"
#include "passes/lib/shard_points.h"

#include <llvm/IR/IRBuilder.h>

#include <cstdint>
#include <functional>

namespace linnet::codegen {

// Where a value lies; emitted where the builder is.
using AddressOf = std::function<llvm::Value*(ir::ValueId)>;

// One function, entered once for each phase, linnet_step_args_v1's `phase`: that of the calls
// behind point phase − 1 up to point `phase`, which leaves its vectors at the end of the arena and
// finds their sums there when it is called next.
class Phases {
public:
  // The builder stands ahead of all calls, and afterwards in phase 0. `counters`: the step's args.
  Phases(llvm::IRBuilder<>& builder, const ir::Graph& graph, llvm::Value* counters,
         llvm::Value* arena);
  // The phase up to this point ends by what `leave` emits, and the next one begins.
  void meet(const passes::ShardPoint& point, const AddressOf& address,
            const std::function<void()>& leave);

private:
  [[nodiscard]] llvm::Value* exchanged(int64_t offset) const;

  llvm::IRBuilder<>& b_;
  const ir::Graph& graph_;
  llvm::Value* arena_;
  int64_t at_;  // in the arena
  llvm::SwitchInst* switch_;
};

// What is emitted where shards wait for each other.
using Meet = std::function<void(const passes::ShardPoint&, const AddressOf&)>;
// Of one shard that has no others: its vectors are the sums. Good as long as its arguments are.
[[nodiscard]] Meet alone(llvm::IRBuilder<>& builder, const ir::Graph& graph);

}  // namespace linnet::codegen
