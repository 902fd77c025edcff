// A trainer's constant: slots, entries, recipe.
#include "codegen/emit/trainer.h"

#include "codegen/emit/finished.h"
#include "codegen/emit/records.h"
#include "ir/entries.h"
#include "ir/initialize.h"
#include "ir/recipe.h"
#include "passes/lib/shard_block.h"
#include "passes/lib/shard_points.h"
#include "passes/lib/storage.h"

#include "base/abi/train.h"
#include "base/io/tensor.h"
#include "support/check.h"

#include <algorithm>
#include <optional>

namespace linnet::codegen {
namespace {

using llvm::Constant;

class TrainerEmitter {
public:
  TrainerEmitter(llvm::Module& out, const ir::Module& module, const TrainerInfo& info,
                 const CompileOptions& options)
      : e_(out, options.name), module_(module), info_(info), options_(options) {}

  void run(std::span<const EntryInfo> entries) {
    const EntryInfo *step = nullptr, *gradient = nullptr, *shard = nullptr, *update = nullptr;
    std::vector<Constant*> evaluates;
    int64_t arena = 0;
    for (const EntryInfo& entry : entries) {
      if (entry.graph->name == ir::kShardStep) {
        shard = &entry;
        block_ = passes::block_layout(*entry.graph);
        continue;
      }
      arena = std::max(arena, entry.arena_bytes);
      if (entry.graph->name == ir::kUpdate) update = &entry;
      if (entry.graph->name == ir::kTrainStep) step = &entry;
      if (entry.graph->name == ir::kGradients) gradient = &entry;
      if (entry.graph->name != ir::kEvaluate) continue;
      evaluates.push_back(
          e_.record({e_.integer(entry.batch), evaluate(entry), e_.integer(entry.arena_bytes)}));
    }
    std::vector<Constant*> slots;
    for (size_t i = 0; i < module_.slots.size(); ++i) {
      if (module_.slots[i].kind != ir::SlotKind::kCounter) slots.push_back(slot(i));
    }
    std::vector<Constant*> fields = {
        e_.integer(LINNET_TRAINER_VERSION),
        e_.integer(sizeof(linnet_trainer_v1)),
        e_.text(options_.name),
        e_.text(LINNET_VERSION),
        e_.text(options_.target.info.name),
        e_.text(options_.model_hash),
        e_.module().getFunction(options_.name + "_supported"),
        e_.integer(abi_number(info_.dtype)),
        e_.integer(info_.batch),
        e_.integer(static_cast<int64_t>(info_.ports.inputs.size())),
        e_.ports(info_.ports.inputs),
        e_.integer(static_cast<int64_t>(info_.targets.size())),
        e_.ports(info_.targets),
        e_.integer(static_cast<int64_t>(info_.ports.outputs.size())),
        e_.ports(info_.ports.outputs),
        e_.integer(static_cast<int64_t>(slots.size())),
        e_.array(slots),
        e_.integer(passes::slots_bytes(module_)),
        step ? train_step(*step) : e_.null(),
        shard ? shards(*shard, *update) : e_.null(),
        gradient ? gradients(*gradient) : e_.null(),
        e_.integer(arena),
        e_.module().getGlobalVariable(options_.name + "_parallel_for", true),
        e_.integer(static_cast<int64_t>(evaluates.size())),
        e_.array(evaluates),
        e_.text(info_.loss)};
    const bool series = std::ranges::any_of(
        info_.ports.inputs, [](const PortInfo& port) { return port.abi().series != nullptr; });
    const auto recipe = e_.fields(ir::recipe_contract(info_.recipe, series));
    fields.insert(fields.end(), recipe.begin(), recipe.end());
    e_.define("linnet_product_trainer", e_.record(fields), sizeof(linnet_trainer_v1));
    if (options_.trainer_main) emit_main();
  }

private:
  // int main(argc, argv) { return linnet_train_main(argc, argv, &linnet_product_trainer); }
  void emit_main() {
    llvm::LLVMContext& context = e_.module().getContext();
    auto* i32 = llvm::Type::getInt32Ty(context);
    const auto callee = e_.module().getOrInsertFunction(
        "linnet_train_main",
        llvm::FunctionType::get(i32, {i32, e_.pointer(), e_.pointer()}, false));
    auto* made = llvm::Function::Create(llvm::FunctionType::get(i32, {i32, e_.pointer()}, false),
                                        llvm::GlobalValue::ExternalLinkage, "main", e_.module());
    made->addFnAttr("linnet-baseline");  // says itself that the CPU does not fit
    llvm::IRBuilder<> b(llvm::BasicBlock::Create(context, "entry", made));
    b.CreateRet(b.CreateCall(callee, {made->getArg(0), made->getArg(1),
                                      e_.module().getNamedGlobal("linnet_product_trainer")}));
  }

  Constant* slot(size_t index) {
    const ir::Slot& slot = module_.slots[index];
    std::vector<Constant*> fields = {e_.text(slot.path), e_.integer(kind(slot.kind)),
                                     e_.integer(slot.frozen),
                                     e_.integer(abi_number(slot.type.dtype)),
                                     e_.integer(static_cast<int64_t>(slot.type.rank()))};
    for (size_t dim = 0; dim < LINNET_MAX_RANK; ++dim)
      fields.push_back(e_.integer(dim < slot.type.rank() ? slot.type.shape[dim] : 0));
    fields.push_back(e_.integer(passes::slot_offset(module_, slot.path)));
    fields.push_back(e_.integer(slot.type.elements() * ir::size_of(slot.type.dtype)));
    fields.push_back(e_.integer(static_cast<int64_t>(index)));
    std::vector<std::string> names;
    std::vector<double> values;
    for (const auto& [name, attr] : slot.initializer.attrs) {
      const auto* integer = std::get_if<int64_t>(&attr);
      const auto* number = std::get_if<double>(&attr);
      if (!integer && !number) continue;
      names.push_back(name);
      values.push_back(integer ? static_cast<double>(*integer) : *number);
    }
    fields.push_back(
        e_.record({e_.text(slot.initializer.kind), e_.integer(static_cast<int64_t>(names.size())),
                   e_.texts(names), e_.numbers(values),
                   slot.value ? e_.bytes(slot.value->bytes()) : e_.null()}));
    return e_.record(fields);
  }

  static int64_t kind(ir::SlotKind kind) {
    switch (kind) {
    case ir::SlotKind::kParameter:
      return LINNET_PARAMETER;
    case ir::SlotKind::kBuffer:
      return LINNET_BUFFER;
    case ir::SlotKind::kOptimizer:
      return LINNET_OPTIMIZER;
    case ir::SlotKind::kState:
      return LINNET_STATE;
    case ir::SlotKind::kCounter:
      break;
    }
    return LINNET_COUNTER;
  }
  llvm::Function* function(const EntryInfo& info, size_t parameters) {
    llvm::LLVMContext& context = e_.module().getContext();
    std::vector<llvm::Type*> types(parameters, e_.pointer());
    return llvm::Function::Create(
        llvm::FunctionType::get(llvm::Type::getInt32Ty(context), types, false),
        llvm::GlobalValue::InternalLinkage, info.function + "_uniform", e_.module());
  }
  llvm::Value* element(llvm::IRBuilder<>& b, llvm::Value* list, size_t index) {
    return b.CreateLoad(e_.pointer(), b.CreateConstInBoundsGEP1_64(e_.pointer(), list, index));
  }

  // NULL where nothing is final before the end.
  Constant* finished() {
    auto* variable = e_.module().getGlobalVariable(finished_symbol(options_), true);
    return variable ? static_cast<Constant*>(variable) : e_.null();
  }
  Constant* shards(const EntryInfo& shard, const EntryInfo& update) {
    std::vector<Constant*> points;
    for (const passes::ShardPoint& point : passes::shard_points(*shard.graph))
      points.push_back(e_.integer(point.bytes));
    const int64_t exchange_at = shard.arena_bytes - passes::exchanged_bytes(*shard.graph);
    return e_.global(
        e_.record({e_.integer(info_.shards), e_.integer(block_->bytes), shard_step(shard),
                   e_.integer(shard.arena_bytes), train_step(update), finished(),
                   e_.integer(static_cast<int64_t>(points.size())), e_.array(points),
                   e_.integer(exchange_at)}));
  }

  // Where the i-th of what shards sum lies.
  llvm::Value* in_block(llvm::IRBuilder<>& b, llvm::Value* block, size_t index) {
    return b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), block,
                                        static_cast<uint64_t>(block_->offsets[index]));
  }
  // (inputs, slots, args, block, arena)
  llvm::Function* shard_step(const EntryInfo& info) {
    using Kind = EntryParameter::Kind;
    return uniform(info, {Kind::kInput, Kind::kSlots, Kind::kCounters, Kind::kOutput, Kind::kArena},
                   Kind::kOutput);
  }

  // (inputs, slots, args, losses, arena): the losses stand side by side, the penalty 0 without one.
  // Of an update the first is the block.
  llvm::Function* train_step(const EntryInfo& info) {
    llvm::Function* made = function(info, 5);
    llvm::LLVMContext& context = e_.module().getContext();
    llvm::IRBuilder<> b(llvm::BasicBlock::Create(context, "entry", made));
    llvm::Type* number = info_.dtype == ir::DType::kF64 ? llvm::Type::getDoubleTy(context)
                                                        : llvm::Type::getFloatTy(context);
    const auto loss = [&](size_t i) {
      return b.CreateConstInBoundsGEP1_64(number, made->getArg(3), i);
    };
    b.CreateStore(llvm::ConstantFP::get(number, 0), loss(1));
    std::vector<llvm::Value*> arguments;
    size_t inputs = 0, outputs = 0;
    for (const EntryParameter& parameter : entry_parameters(info)) {
      switch (parameter.kind) {
      case EntryParameter::kInput:
        arguments.push_back(block_ ? in_block(b, made->getArg(0), inputs)
                                   : element(b, made->getArg(0), inputs));
        ++inputs;
        break;
      case EntryParameter::kOutput:
        arguments.push_back(loss(outputs++));
        break;
      case EntryParameter::kSlots:
        arguments.push_back(made->getArg(1));
        break;
      case EntryParameter::kCounters:
        arguments.push_back(made->getArg(2));
        break;
      case EntryParameter::kArena:
        arguments.push_back(made->getArg(4));
        break;
      }
    }
    b.CreateRet(b.CreateCall(e_.module().getFunction(info.function), arguments));
    return made;
  }

  // A function with one parameter for each of `order`; inputs and outputs are lists of addresses,
  // those of the kind `in_block` one block.
  llvm::Function* uniform(const EntryInfo& info, const std::vector<EntryParameter::Kind>& order,
                          std::optional<EntryParameter::Kind> in_block = std::nullopt) {
    llvm::Function* made = function(info, order.size());
    llvm::IRBuilder<> b(llvm::BasicBlock::Create(e_.module().getContext(), "entry", made));
    std::vector<llvm::Value*> arguments;
    size_t inputs = 0, outputs = 0;
    for (const EntryParameter& parameter : entry_parameters(info)) {
      const auto at = std::ranges::find(order, parameter.kind) - order.begin();
      llvm::Value* given = made->getArg(static_cast<unsigned>(at));
      const bool input = parameter.kind == EntryParameter::kInput;
      if (input || parameter.kind == EntryParameter::kOutput) {
        const size_t index = input ? inputs++ : outputs++;
        given =
            parameter.kind == in_block ? this->in_block(b, given, index) : element(b, given, index);
      }
      arguments.push_back(given);
    }
    b.CreateRet(b.CreateCall(e_.module().getFunction(info.function), arguments));
    return made;
  }
  llvm::Function* evaluate(const EntryInfo& info) {
    return uniform(info, {EntryParameter::kInput, EntryParameter::kSlots, EntryParameter::kOutput,
                          EntryParameter::kArena});
  }
  // Of shards inputs[0] is the block of sums.
  llvm::Function* gradients(const EntryInfo& info) {
    if (block_) return gradients_of_block(info);
    return uniform(info, {EntryParameter::kInput, EntryParameter::kSlots, EntryParameter::kCounters,
                          EntryParameter::kOutput, EntryParameter::kArena});
  }

  llvm::Function* gradients_of_block(const EntryInfo& info) {
    using Kind = EntryParameter::Kind;
    llvm::Function* of_block =
        uniform(info, {Kind::kInput, Kind::kSlots, Kind::kCounters, Kind::kOutput, Kind::kArena},
                Kind::kInput);
    llvm::Function* made = function(info, 5);
    llvm::IRBuilder<> b(llvm::BasicBlock::Create(e_.module().getContext(), "entry", made));
    b.CreateRet(b.CreateCall(of_block, {element(b, made->getArg(0), 0), made->getArg(1),
                                        made->getArg(2), made->getArg(3), made->getArg(4)}));
    return made;
  }

  RecordEmitter e_;
  const ir::Module& module_;
  const TrainerInfo& info_;
  const CompileOptions& options_;
  std::optional<passes::BlockLayout> block_;  // of shards
};

}  // namespace

void emit_trainer(llvm::Module& out, const ir::Module& module, std::span<const EntryInfo> entries,
                  const TrainerInfo& info, const CompileOptions& options) {
  TrainerEmitter(out, module, info, options).run(entries);
}

}  // namespace linnet::codegen
