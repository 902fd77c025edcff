// Emits the switch over phases, and the copies at their ends and beginnings.
#include "codegen/emit/phases.h"

#include "passes/lib/storage.h"

#include "base/abi/train.h"

#include <cstddef>

namespace linnet::codegen {
namespace {

using llvm::Value;

void copy(llvm::IRBuilder<>& b, const ir::Type& type, Value* to, Value* from) {
  const llvm::Align align(static_cast<uint64_t>(ir::size_of(type.dtype)));
  b.CreateMemCpy(to, align, from, align, static_cast<uint64_t>(type.stored_bytes()));
}

}  // namespace

Phases::Phases(llvm::IRBuilder<>& builder, const ir::Graph& graph, Value* counters, Value* arena)
    : b_(builder), graph_(graph), arena_(arena),
      at_(passes::arena_bytes(graph) - passes::exchanged_bytes(graph)) {
  Value* phase = b_.CreateLoad(
      b_.getInt64Ty(),
      b_.CreateConstInBoundsGEP1_64(b_.getInt8Ty(), counters,
                                    static_cast<uint64_t>(offsetof(linnet_step_args_v1, phase))));
  auto* first =
      llvm::BasicBlock::Create(b_.getContext(), "phase", b_.GetInsertBlock()->getParent());
  switch_ = b_.CreateSwitch(phase, first);
  b_.SetInsertPoint(first);
}

Value* Phases::exchanged(int64_t offset) const {
  return b_.CreateConstInBoundsGEP1_64(b_.getInt8Ty(), arena_, static_cast<uint64_t>(at_ + offset));
}

void Phases::meet(const passes::ShardPoint& point, const AddressOf& address,
                  const std::function<void()>& leave) {
  for (size_t i = 0; i < point.sums.size(); ++i) {
    const ir::ValueId operand = graph_.node(point.sums[i]).operands.front();
    copy(b_, graph_.value(operand).type, exchanged(point.offsets[i]), address(operand));
  }
  leave();
  auto* next = llvm::BasicBlock::Create(b_.getContext(), "phase", b_.GetInsertBlock()->getParent());
  switch_->addCase(b_.getInt64(switch_->getNumCases() + 1), next);
  b_.SetInsertPoint(next);
  for (size_t i = 0; i < point.sums.size(); ++i) {
    const ir::ValueId result = graph_.node(point.sums[i]).results.front();
    copy(b_, graph_.value(result).type, address(result), exchanged(point.offsets[i]));
  }
}

Meet alone(llvm::IRBuilder<>& builder, const ir::Graph& graph) {
  return [&](const passes::ShardPoint& point, const AddressOf& address) {
    for (const ir::NodeId id : point.sums) {
      const ir::Node& node = graph.node(id);
      copy(builder, graph.value(node.results.front()).type, address(node.results.front()),
           address(node.operands.front()));
    }
  };
}

}  // namespace linnet::codegen
