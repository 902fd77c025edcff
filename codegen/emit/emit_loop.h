// The loop over the steps of an op `loop`, and where each step's values lie.
#pragma once

#include "ir/loop.h"

#include <llvm/IR/IRBuilder.h>

#include <cstdint>
#include <vector>

namespace linnet::codegen {

// Between begin() and end() the builder stands in the loop's block, where the body's calls go.
// A state's next value is written beside the one that is read: into its place in the sequence if
// the state is collected, else in turn into the result and into the workspace, so that the last
// step writes the result.
class LoopMemory {
public:
  // `arguments`: addresses of the operands, then of the results. `workspace`: the body's arena of
  // `arena_bytes`, and behind it memory for states.
  LoopMemory(llvm::IRBuilder<>& builder, const ir::Node& node, const ir::Graph& body,
             int64_t arena_bytes, const std::vector<llvm::Value*>& arguments,
             llvm::Value* workspace);

  void begin();
  // Addresses of the body's inputs and outputs in this step.
  [[nodiscard]] llvm::Value* input(size_t index) const { return inputs_[index]; }
  [[nodiscard]] llvm::Value* output(size_t index) const { return outputs_[index]; }
  void end();

private:
  [[nodiscard]] llvm::Value* beyond(llvm::Value* address, llvm::Value* bytes) const;
  [[nodiscard]] llvm::Value* part(llvm::Value* address, const ir::Type& type) const;

  llvm::IRBuilder<>& b_;
  const ir::Graph& body_;
  ir::Loop loop_;
  std::vector<llvm::Value*> operands_, results_, inputs_, outputs_;
  std::vector<llvm::PHINode*> states_;
  llvm::Value* workspace_;
  int64_t states_at_;
  llvm::BasicBlock* block_ = nullptr;
  llvm::PHINode* i_ = nullptr;
  llvm::Value* step_ = nullptr;
};

}  // namespace linnet::codegen
