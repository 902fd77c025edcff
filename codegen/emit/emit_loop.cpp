// Emits the head and the end of a loop over time.
#include "codegen/emit/emit_loop.h"

#include "base/integers.h"
#include "base/memory.h"

namespace linnet::codegen {

using llvm::Value;

LoopMemory::LoopMemory(llvm::IRBuilder<>& builder, const ir::Node& node, const ir::Graph& body,
                       int64_t arena_bytes, const std::vector<Value*>& arguments, Value* workspace)
    : b_(builder), body_(body), loop_(ir::loop_of(node)), workspace_(workspace),
      states_at_(arena_bytes) {
  const auto split = arguments.begin() + static_cast<ptrdiff_t>(node.operands.size());
  operands_.assign(arguments.begin(), split);
  results_.assign(split, arguments.end());
}

Value* LoopMemory::beyond(Value* address, Value* bytes) const {
  return b_.CreateInBoundsGEP(b_.getInt8Ty(), address, bytes);
}

// This step's part of a sequence whose parts have this type.
Value* LoopMemory::part(Value* address, const ir::Type& type) const {
  return beyond(address,
                b_.CreateMul(step_, b_.getInt64(static_cast<uint64_t>(type.stored_bytes()))));
}

void LoopMemory::begin() {
  llvm::BasicBlock* before = b_.GetInsertBlock();
  block_ = llvm::BasicBlock::Create(b_.getContext(), "step", before->getParent());
  b_.CreateBr(block_);
  b_.SetInsertPoint(block_);
  i_ = b_.CreatePHI(b_.getInt64Ty(), 2, "i");
  i_->addIncoming(b_.getInt64(0), before);
  const auto states = static_cast<size_t>(loop_.states);
  for (size_t k = 0; k < states; ++k) {
    states_.push_back(b_.CreatePHI(b_.getPtrTy(), 2, "state"));
    states_.back()->addIncoming(operands_[k], before);
  }
  Value* last = b_.getInt64(static_cast<uint64_t>(loop_.steps - 1));
  step_ = loop_.reverse ? b_.CreateSub(last, i_) : i_;
  for (size_t k = 0; k < operands_.size(); ++k) {
    const bool scanned = k >= states && k < states + static_cast<size_t>(loop_.scanned);
    inputs_.push_back(k < states ? states_[k]
                      : scanned  ? part(operands_[k], body_.value(body_.inputs[k].value).type)
                                 : operands_[k]);
  }
  Value* odd = b_.CreateTrunc(b_.CreateXor(i_, last), b_.getInt1Ty());
  int64_t at = states_at_;
  for (size_t k = 0; k < results_.size(); ++k) {
    const ir::Type& type = body_.value(body_.outputs[k].value).type;
    if (ir::is_sequence(loop_, k)) {
      outputs_.push_back(part(results_[k], type));
      continue;
    }
    Value* other = beyond(workspace_, b_.getInt64(static_cast<uint64_t>(at)));
    outputs_.push_back(b_.CreateSelect(odd, other, results_[k]));
    at += round_up(type.stored_bytes(), static_cast<int64_t>(kAlign));
  }
}

void LoopMemory::end() {
  llvm::BasicBlock* latch = b_.GetInsertBlock();
  auto* done = llvm::BasicBlock::Create(b_.getContext(), "done", latch->getParent());
  Value* next = b_.CreateNUWAdd(i_, b_.getInt64(1));
  i_->addIncoming(next, latch);
  for (size_t k = 0; k < states_.size(); ++k)
    states_[k]->addIncoming(outputs_[k], latch);
  Value* steps = b_.getInt64(static_cast<uint64_t>(loop_.steps));
  b_.CreateCondBr(b_.CreateICmpEQ(next, steps), done, block_);
  b_.SetInsertPoint(done);
}

}  // namespace linnet::codegen
