// Emits the whole step of a batch with shards: loops over shards and over the tree of their sums.
#include "codegen/emit/sharded_step.h"

#include "codegen/emit/check_aligned.h"
#include "codegen/emit/trainer_info.h"
#include "ir/entries.h"
#include "passes/lib/shard_block.h"
#include "passes/lib/shard_points.h"

#include "base/abi/train.h"
#include "base/integers.h"

#include <llvm/IR/IRBuilder.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>

namespace linnet::codegen {
namespace {

using llvm::Value;

using passes::kBlockAlign;

// Of all shards: one works after the other in the same memory, unless they wait for each other.
int64_t arenas_bytes(const EntryInfo& shard, int64_t shards) {
  return passes::shard_points(*shard.graph).empty() ? shard.arena_bytes
                                                    : shards * shard.arena_bytes;
}

// The function's inputs, slots and counters are those of a shard, its outputs those of the update.
ir::Graph signature(const ir::Graph& shard, const ir::Graph& update, int64_t shards) {
  ir::Graph graph;
  graph.name = ir::kTrainStep;
  for (const ir::GraphInput& input : shard.inputs) {
    const ir::Value& value = shard.value(input.value);
    ir::Type type = value.type;
    if (input.slot.empty() && !type.shape.empty()) type.shape[0] *= shards;
    graph.add_input(value.name, type, input.slot);
  }
  for (const ir::GraphOutput& output : update.outputs) {
    const ir::ValueId value = graph.add_input(output.name, update.value(output.value).type);
    graph.inputs.pop_back();  // a value that nobody makes
    graph.outputs.push_back({output.name, value, output.slot});
  }
  return graph;
}

class Emitter {
public:
  Emitter(llvm::Module& module, const EntryInfo& shard, const EntryInfo& update,
          const EntryInfo& whole, int64_t shards)
      : module_(module), shard_(shard), update_(update), whole_(whole), shards_(shards),
        block_(passes::block_layout(*shard.graph)), points_(passes::shard_points(*shard.graph)),
        b_(module.getContext()) {}

  void run() {
    const auto parameters = entry_parameters(whole_);
    std::vector<llvm::Type*> types(parameters.size(), b_.getPtrTy());
    function_ =
        llvm::Function::Create(llvm::FunctionType::get(b_.getInt32Ty(), types, false),
                               llvm::GlobalValue::ExternalLinkage, whole_.function, module_);
    for (unsigned i = 0; i < parameters.size(); ++i)
      function_->addParamAttr(i, llvm::Attribute::NoAlias);
    b_.SetInsertPoint(llvm::BasicBlock::Create(module_.getContext(), "entry", function_));
    args_ = b_.CreateAlloca(llvm::ArrayType::get(b_.getInt64Ty(), sizeof(linnet_step_args_v1) / 8));
    for (size_t i = 0; i < parameters.size(); ++i)
      given_[parameters[i].kind].push_back(function_->getArg(static_cast<unsigned>(i)));
    check_aligned(b_, slots(), LINNET_STATE_INVALID, LINNET_STATE_INVALID);
    check_aligned(b_, arena(), LINNET_ARENA_NULL, LINNET_ARENA_MISALIGNED);
    blocks_ = beyond(arena(), whole_.arena_bytes - shards_ * block_.bytes);
    // The caller's counters with the shard's number and the phase behind them.
    b_.CreateMemCpy(args_, llvm::Align(8), given_[EntryParameter::kCounters].front(),
                    llvm::Align(8), offsetof(linnet_step_args_v1, shard));
    for (size_t phase = 0; phase <= points_.size(); ++phase) {
      b_.CreateStore(number(static_cast<int64_t>(phase)),
                     beyond(args_, offsetof(linnet_step_args_v1, phase)));
      all_shards();
      if (phase < points_.size()) sum_for_all(points_[phase]);
    }
    sum(blocks_, block_.bytes, block_.bytes);
    std::vector<Value*> sums;
    for (const int64_t offset : block_.offsets)
      sums.push_back(beyond(blocks_, offset));
    b_.CreateRet(call(update_, sums, given_[EntryParameter::kCounters].front(),
                      given_[EntryParameter::kOutput], arena()));
    for (const EntryInfo* entry : {&shard_, &update_})
      module_.getFunction(entry->function)->setLinkage(llvm::GlobalValue::InternalLinkage);
  }

private:
  [[nodiscard]] Value* slots() { return given_[EntryParameter::kSlots].front(); }
  [[nodiscard]] Value* arena() { return given_[EntryParameter::kArena].front(); }

  Value* number(int64_t value) { return b_.getInt64(static_cast<uint64_t>(value)); }
  Value* beyond(Value* address, int64_t bytes) { return beyond(address, number(bytes)); }
  Value* beyond(Value* address, Value* bytes) {
    return b_.CreateInBoundsGEP(b_.getInt8Ty(), address, bytes);
  }

  // body(i) for i of 0 … count − 1.
  template <class Body> void loop(int64_t count, Body body) {
    llvm::BasicBlock* before = b_.GetInsertBlock();
    auto* block = llvm::BasicBlock::Create(b_.getContext(), "loop", function_);
    b_.CreateBr(block);
    b_.SetInsertPoint(block);
    llvm::PHINode* i = b_.CreatePHI(b_.getInt64Ty(), 2, "i");
    i->addIncoming(number(0), before);
    body(i);
    Value* next = b_.CreateNUWAdd(i, number(1));
    i->addIncoming(next, b_.GetInsertBlock());
    auto* done = llvm::BasicBlock::Create(b_.getContext(), "done", function_);
    b_.CreateCondBr(b_.CreateICmpEQ(next, number(count)), done, block);
    b_.SetInsertPoint(done);
  }

  Value* call(const EntryInfo& entry, const std::vector<Value*>& inputs, Value* counters,
              const std::vector<Value*>& outputs, Value* arena) {
    std::vector<Value*> arguments;
    size_t in = 0, out = 0;
    for (const EntryParameter& parameter : entry_parameters(entry)) {
      switch (parameter.kind) {
      case EntryParameter::kInput:
        arguments.push_back(inputs[in++]);
        break;
      case EntryParameter::kOutput:
        arguments.push_back(outputs[out++]);
        break;
      case EntryParameter::kSlots:
        arguments.push_back(slots());
        break;
      case EntryParameter::kCounters:
        arguments.push_back(counters);
        break;
      case EntryParameter::kArena:
        arguments.push_back(arena);
        break;
      }
    }
    return b_.CreateCall(module_.getFunction(entry.function), arguments);
  }

  Value* arena_of(Value* shard) {
    if (points_.empty()) return arena();
    return beyond(arena(), b_.CreateMul(shard, number(shard_.arena_bytes)));
  }

  // Each shard's samples, and a block of its own.
  void all_shards() {
    std::vector<int64_t> bytes;
    for (const ir::GraphInput& input : shard_.graph->inputs) {
      if (input.slot.empty()) bytes.push_back(shard_.graph->value(input.value).type.stored_bytes());
    }
    loop(shards_, [&](Value* shard) {
      b_.CreateStore(shard, beyond(args_, offsetof(linnet_step_args_v1, shard)));
      std::vector<Value*> inputs, outputs;
      for (size_t i = 0; i < bytes.size(); ++i)
        inputs.push_back(
            beyond(given_[EntryParameter::kInput][i], b_.CreateMul(shard, number(bytes[i]))));
      Value* block = beyond(blocks_, b_.CreateMul(shard, number(block_.bytes)));
      for (const int64_t offset : block_.offsets)
        outputs.push_back(beyond(block, offset));
      Value* status = call(shard_, inputs, args_, outputs, arena_of(shard));
      auto* failed = llvm::BasicBlock::Create(b_.getContext(), "failed", function_);
      auto* made = llvm::BasicBlock::Create(b_.getContext(), "made", function_);
      b_.CreateCondBr(b_.CreateIsNotNull(status), failed, made);
      b_.SetInsertPoint(failed);
      b_.CreateRet(status);
      b_.SetInsertPoint(made);
    });
  }

  // What the shards wait for: the sum of the vectors at the ends of their arenas, in each of them.
  void sum_for_all(const passes::ShardPoint& point) {
    Value* first = beyond(arena(), shard_.arena_bytes - passes::exchanged_bytes(*shard_.graph));
    sum(first, shard_.arena_bytes, point.bytes);
    loop(shards_ - 1, [&](Value* i) {
      Value* shard = b_.CreateNUWAdd(i, number(1));
      b_.CreateMemCpy(beyond(first, b_.CreateMul(shard, number(shard_.arena_bytes))),
                      llvm::Align(kBlockAlign), first, llvm::Align(kBlockAlign),
                      static_cast<uint64_t>(point.bytes));
    });
  }

  // The sum of the shards' arrays of so many bytes, `pitch` bytes from one to the next, in the
  // first.
  void sum(Value* first, int64_t pitch, int64_t bytes) {
    for (int64_t stride = 1; stride < shards_; stride *= 2)
      level(stride, first, pitch, bytes);
  }

  // The sums of shards i … i + 2 · stride − 1 are in array i: runtime/train/tree.cpp's order.
  void level(int64_t stride, Value* first, int64_t pitch, int64_t bytes) {
    const ir::Graph& graph = *shard_.graph;
    const bool wide = graph.value(graph.outputs.front().value).type.dtype == ir::DType::kF64;
    auto* vector = llvm::FixedVectorType::get(wide ? b_.getDoubleTy() : b_.getFloatTy(),
                                              kBlockAlign / (wide ? 8 : 4));
    const llvm::Align align(kBlockAlign);
    loop(ceil_div(shards_ - stride, 2 * stride), [&](Value* node) {
      Value* into = beyond(first, b_.CreateMul(node, number(2 * stride * pitch)));
      Value* from = beyond(into, stride * pitch);
      loop(bytes / kBlockAlign, [&](Value* i) {
        Value* at = b_.CreateMul(i, number(kBlockAlign));
        Value* to = beyond(into, at);
        Value* sum = b_.CreateFAdd(b_.CreateAlignedLoad(vector, to, align),
                                   b_.CreateAlignedLoad(vector, beyond(from, at), align));
        b_.CreateAlignedStore(sum, to, align);
      });
    });
  }

  llvm::Module& module_;
  const EntryInfo &shard_, &update_, &whole_;
  int64_t shards_;
  passes::BlockLayout block_;
  std::vector<passes::ShardPoint> points_;
  llvm::IRBuilder<> b_;
  llvm::Function* function_ = nullptr;
  std::map<EntryParameter::Kind, std::vector<Value*>> given_;
  Value *blocks_ = nullptr, *args_ = nullptr;
};

const EntryInfo* named(std::span<const EntryInfo> entries, std::string_view graph) {
  const auto at = std::ranges::find_if(
      entries, [&](const EntryInfo& entry) { return entry.graph->name == graph; });
  return at == entries.end() ? nullptr : &*at;
}

}  // namespace

std::optional<ShardedStep> ShardedStep::among(std::span<const EntryInfo> entries,
                                              const CompileOptions& options) {
  const EntryInfo* shard = named(entries, ir::kShardStep);
  const EntryInfo* update = named(entries, ir::kUpdate);
  if (!options.trainer || !shard || !update) return std::nullopt;
  ShardedStep step;
  step.shard_ = *shard;
  step.update_ = *update;
  step.shards_ = options.trainer->shards;
  step.signature_ =
      std::make_shared<ir::Graph>(signature(*shard->graph, *update->graph, step.shards_));
  step.whole_.module = shard->module;
  step.whole_.graph = step.signature_.get();
  step.whole_.batch = options.trainer->batch;
  step.whole_.function = options.name + "_" + std::string(ir::kTrainStep);
  step.whole_.arena_bytes = std::max(arenas_bytes(*shard, step.shards_), update->arena_bytes) +
                            step.shards_ * passes::block_layout(*shard->graph).bytes;
  return step;
}

std::vector<EntryInfo> ShardedStep::shown(std::span<const EntryInfo> entries) const {
  std::vector<EntryInfo> list;
  for (const EntryInfo& entry : entries) {
    if (entry.graph->name == ir::kUpdate) continue;
    list.push_back(entry.graph->name == ir::kShardStep ? whole_ : entry);
  }
  return list;
}

void ShardedStep::emit(llvm::Module& module) const {
  Emitter(module, shard_, update_, whole_, shards_).run();
}

}  // namespace linnet::codegen
