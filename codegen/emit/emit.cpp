// Emits the entry functions: for each call in the plan the addresses of its buffers.
#include "codegen/emit/emit.h"

#include "base/abi/train.h"
#include "codegen/emit/check_aligned.h"
#include "codegen/emit/emit_loop.h"
#include "codegen/emit/emit_window.h"
#include "codegen/emit/finished.h"
#include "codegen/emit/halo.h"
#include "codegen/emit/phases.h"
#include "codegen/emit/threads.h"
#include "codegen/object/scratch.h"
#include "ir/entries.h"
#include "ir/loop.h"
#include "ir/op_def.h"
#include "passes/lib/storage.h"
#include "passes/schedule/families.h"
#include "support/check.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InlineAsm.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <set>

namespace linnet::codegen {
namespace {

using llvm::Value;

// halide_buffer_t: device (8 bytes), device_interface, host, flags, type and dimensions, dim,
// padding; room for pointers of 8 bytes.
constexpr uint64_t kBufferBytes = 56;
constexpr uint64_t kDeviceBytes = 8;

// Elements of all values of a kernel up to which it is part of its caller.
constexpr int64_t kTinyKernel = 64;

int64_t elements(const ir::Graph& kernel) {
  int64_t sum = 0;
  for (const ir::Value& value : kernel.values())
    sum += value.type.elements();
  return sum;
}

// Bytes that a kernel's own allocations take (object/scratch.h).
int64_t scratch_taken(const llvm::Function& body) {
  int64_t bytes = 0;
  if (body.hasFnAttribute(kScratchBytes))
    body.getFnAttribute(kScratchBytes).getValueAsString().getAsInteger(10, bytes);
  return bytes;
}

class EntryEmitter {
public:
  EntryEmitter(llvm::Module& module, const KernelSymbols& kernels, const CompileOptions& options,
               ConstantPool& pool)
      : module_(module), context_(module.getContext()), kernels_(kernels), options_(options),
        pool_(pool), pointer_(llvm::PointerType::getUnqual(context_)),
        i32_(llvm::Type::getInt32Ty(context_)), i64_(llvm::Type::getInt64Ty(context_)) {}

  // `wrap(inputs…, outputs…[, scratch])`: the kernel called with buffers that hold only an address.
  // They vanish when the kernel is inlined, for its shapes are fixed.
  void wrapper(const KernelSymbols::Kernel& symbols) {
    const ir::Graph& kernel = *symbols.graph;
    const size_t count = kernel.inputs.size() + kernel.outputs.size();
    const bool works_in_arena = passes::scratch_bytes(kernel) > 0;
    llvm::Function* body = module_.getFunction(symbols.body);
    const auto shift = shift_in_place(kernel);
    LINNET_CHECK(shift || body != nullptr, "no code for kernel @" + kernel.name);
    LINNET_CHECK(shift || scratch_taken(*body) <= passes::scratch_bytes(kernel),
                 "@" + kernel.name + " allocates more than its family says");
    auto* type =
        llvm::FunctionType::get(llvm::Type::getVoidTy(context_),
                                std::vector<llvm::Type*>(count + works_in_arena, pointer_), false);
    auto* wrapper =
        llvm::Function::Create(type, llvm::GlobalValue::InternalLinkage, symbols.symbol, module_);
    // A call costs some nanoseconds: what takes less becomes part of its caller.
    const ir::Type& made = output_type(kernel, kernel.inputs.size());
    const bool tiny =
        shift ? is_short_shift(made, options_.target.info) : elements(kernel) <= kTinyKernel;
    wrapper->addFnAttr(tiny ? llvm::Attribute::AlwaysInline : llvm::Attribute::NoInline);
    llvm::IRBuilder<> builder(llvm::BasicBlock::Create(context_, "entry", wrapper));
    if (shift) {
      emit_shift(builder, wrapper->getArg(static_cast<unsigned>(shift->window)),
                 wrapper->getArg(static_cast<unsigned>(shift->newest)), made, options_.target.info);
      builder.CreateRetVoid();
      return;
    }
    std::vector<Value*> arguments;
    if (works_in_arena) {
      wrapper->addParamAttr(static_cast<unsigned>(count), llvm::Attribute::NoAlias);
      arguments.push_back(wrapper->getArg(static_cast<unsigned>(count)));
    }
    std::set<size_t> shared;  // an output written over an input
    for (size_t i = 0; i < kernel.outputs.size(); ++i) {
      const auto& storage = kernel.value(kernel.outputs[i].value).storage;
      if (!storage || storage->memory != ir::Memory::kSlot || storage->offset == 0) continue;
      shared.insert(static_cast<size_t>(storage->offset) - 1);
      shared.insert(kernel.inputs.size() + i);
    }
    for (size_t i = 0; i < count; ++i) {
      if (!shared.contains(i))
        wrapper->addParamAttr(static_cast<unsigned>(i), llvm::Attribute::NoAlias);
      auto* buffer =
          builder.CreateAlloca(llvm::ArrayType::get(llvm::Type::getInt8Ty(context_), kBufferBytes));
      buffer->setAlignment(llvm::Align(8));
      // An input's positions count from its halo, an output's from its first element.
      Value* first = wrapper->getArg(static_cast<unsigned>(i));
      if (i >= kernel.inputs.size()) first = first_element(builder, first, output_type(kernel, i));
      const auto host = kDeviceBytes + static_cast<uint64_t>(options_.target.record.pointer_bytes);
      builder.CreateStore(first, builder.CreateConstGEP1_64(builder.getInt8Ty(), buffer, host));
      arguments.push_back(buffer);
    }
    builder.CreateCall(body, arguments);
    for (size_t i = kernel.inputs.size(); i < count; ++i)
      zero_halo(builder, wrapper->getArg(static_cast<unsigned>(i)), output_type(kernel, i));
    builder.CreateRetVoid();
  }

  void entry(const EntryInfo& info) {
    const ir::Graph& graph = *info.graph;
    const auto parameters = entry_parameters(info);
    std::vector<llvm::Type*> types(parameters.size(), pointer_);
    auto* function =
        llvm::Function::Create(llvm::FunctionType::get(i32_, types, false),
                               llvm::GlobalValue::ExternalLinkage, info.function, module_);
    // A trainer tells what a shard has finished; a library does not.
    std::vector<int64_t> finished;
    if (options_.product && graph.name == ir::kShardStep) finished = finished_from(graph);
    // The header says that they may not overlap. Whoever is told reads all outputs by one address.
    for (unsigned i = 0; i < parameters.size() && finished.empty(); ++i)
      function->addParamAttr(i, llvm::Attribute::NoAlias);
    llvm::IRBuilder<> builder(llvm::BasicBlock::Create(context_, "entry", function));
    const auto parameter = [&](EntryParameter::Kind kind, size_t index) -> Value* {
      for (size_t i = 0; i < parameters.size(); ++i) {
        if (parameters[i].kind == kind && parameters[i].index == index)
          return function->getArg(static_cast<unsigned>(i));
      }
      LINNET_CHECK(false, "@" + graph.name + " has no such parameter");
    };
    if (Value* slots = find(function, parameters, EntryParameter::kSlots)) {
      check_aligned(builder, slots, LINNET_STATE_INVALID, LINNET_STATE_INVALID);
    }
    if (info.arena_bytes > 0) {
      check_aligned(builder, parameter(EntryParameter::kArena, 0), LINNET_ARENA_NULL,
                    LINNET_ARENA_MISALIGNED);
    }
    begin(builder, info);
    std::optional<Phases> phases;
    if (!passes::shard_points(graph).empty())
      phases.emplace(builder, graph, parameter(EntryParameter::kCounters, 0),
                     parameter(EntryParameter::kArena, 0));
    const auto before = [&](size_t i) {
      if (i < finished.size() && finished[i] >= 0)
        emit_finished(builder, module_, options_, parameter(EntryParameter::kOutput, 0),
                      finished[i]);
    };
    calls(builder, *info.module, graph, parameter, before,
          [&](const passes::ShardPoint& point, const AddressOf& address) {
            phases->meet(point, address, [&] { end(builder, info); });
          });
    end(builder, info);
  }

  // The same calls, on what a TimedEntry is given, with the clock read around each.
  void timed_entry(const EntryInfo& info) {
    llvm::Function* function = bench_function(info, kTimedSuffix, pointer_);
    llvm::IRBuilder<> builder(&function->getEntryBlock());
    // No memory access moves over it; a fence in the pipeline would cost more than a small kernel.
    auto* rdtsc = llvm::InlineAsm::get(llvm::FunctionType::get(i64_, false),
                                       "rdtsc; shlq $$32, %rdx; orq %rdx, %rax",
                                       "={ax},~{dx},~{memory},~{dirflag},~{fpsr},~{flags}", true);
    const auto read_clock = [&](size_t i) {
      builder.CreateStore(
          builder.CreateCall(rdtsc),
          builder.CreateConstInBoundsGEP1_64(i64_, function->getArg(5), static_cast<uint64_t>(i)));
    };
    begin(builder, info);
    const size_t count = calls(builder, *info.module, *info.graph, bench_parameters(builder, info),
                               read_clock, alone(builder, *info.graph));
    read_clock(count);
    read_clock(count + 1);
    end(builder, info);
  }

  // The first of these calls, as many as a PartialEntry is told.
  void partial_entry(const EntryInfo& info) {
    llvm::Function* function = bench_function(info, kPartialSuffix, i64_);
    llvm::IRBuilder<> builder(&function->getEntryBlock());
    auto* last = llvm::BasicBlock::Create(context_, "end", function);
    begin(builder, info);
    calls(
        builder, *info.module, *info.graph, bench_parameters(builder, info),
        [&](size_t i) {
          auto* next = llvm::BasicBlock::Create(context_, "next", function, last);
          builder.CreateCondBr(
              builder.CreateICmpEQ(function->getArg(5), builder.getInt64(static_cast<uint64_t>(i))),
              last, next);
          builder.SetInsertPoint(next);
        },
        alone(builder, *info.graph));
    builder.CreateBr(last);
    builder.SetInsertPoint(last);
    end(builder, info);
  }

private:
  // Of a wrapper's parameter that is an output.
  static const ir::Type& output_type(const ir::Graph& kernel, size_t parameter) {
    return kernel.value(kernel.outputs[parameter - kernel.inputs.size()].value).type;
  }

  using Parameters = std::function<Value*(EntryParameter::Kind, size_t)>;

  // Around the calls of an entry.
  [[nodiscard]] bool wakes_threads(const EntryInfo& info) const {
    return options_.threads > 1 && has_tiles(*info.module, *info.graph);
  }
  void begin(llvm::IRBuilder<>& builder, const EntryInfo& info) const {
    if (wakes_threads(info)) begin_call(builder, options_);
  }
  void end(llvm::IRBuilder<>& builder, const EntryInfo& info) const {
    if (wakes_threads(info)) end_call(builder, options_);
    builder.CreateRet(llvm::ConstantInt::get(i32_, LINNET_DONE));
  }

  // FUNCTIONsuffix(inputs, outputs, slots, counters, arena, last), empty.
  llvm::Function* bench_function(const EntryInfo& info, const char* suffix, llvm::Type* last) {
    std::vector<llvm::Type*> types(5, pointer_);
    types.push_back(last);
    auto* function =
        llvm::Function::Create(llvm::FunctionType::get(i32_, types, false),
                               llvm::GlobalValue::ExternalLinkage, info.function + suffix, module_);
    llvm::BasicBlock::Create(context_, "entry", function);
    return function;
  }

  // What the entry's parameters are in it, loaded where `builder` is: ahead of all calls.
  Parameters bench_parameters(llvm::IRBuilder<>& builder, const EntryInfo& info) {
    llvm::Function* function = builder.GetInsertBlock()->getParent();
    std::map<std::pair<EntryParameter::Kind, size_t>, Value*> addresses;
    size_t inputs = 0, outputs = 0;
    for (const EntryParameter& parameter : entry_parameters(info)) {
      const auto element = [&](unsigned list, size_t index) -> Value* {
        return builder.CreateLoad(
            pointer_, builder.CreateConstInBoundsGEP1_64(pointer_, function->getArg(list), index));
      };
      Value*& address = addresses[{parameter.kind, parameter.index}];
      switch (parameter.kind) {
      case EntryParameter::kInput:
        address = element(0, inputs++);
        break;
      case EntryParameter::kOutput:
        address = element(1, outputs++);
        break;
      case EntryParameter::kSlots:
        address = function->getArg(2);
        break;
      case EntryParameter::kCounters:
        address = function->getArg(3);
        break;
      case EntryParameter::kArena:
        address = function->getArg(4);
        break;
      }
    }
    return [addresses, name = info.function](EntryParameter::Kind kind, size_t index) {
      const auto at = addresses.find({kind, index});
      LINNET_CHECK(at != addresses.end(), name + " has no such parameter");
      return at->second;
    };
  }

  // The graph's calls and loops in order; `before(i)` is emitted ahead of the i-th. How many they
  // are.
  size_t calls(llvm::IRBuilder<>& builder, const ir::Module& module, const ir::Graph& graph,
               const Parameters& parameter, const std::function<void(size_t)>& before,
               const Meet& meet) {
    size_t count = 0, met = 0;
    const auto points = passes::shard_points(graph);
    const auto beyond = [&](EntryParameter::Kind kind, int64_t bytes) {
      return builder.CreateConstInBoundsGEP1_64(llvm::Type::getInt8Ty(context_), parameter(kind, 0),
                                                static_cast<uint64_t>(bytes));
    };
    const auto address = [&](ir::ValueId id) -> Value* {
      const ir::Value& value = graph.value(id);
      LINNET_CHECK(value.storage.has_value(), "%" + value.name + " has no storage");
      const int64_t at = value.storage->offset;
      switch (value.storage->memory) {
      case ir::Memory::kInput:
        if (const int64_t counter = counter_offset(graph.inputs[static_cast<size_t>(at)].slot);
            counter >= 0)
          return beyond(EntryParameter::kCounters, counter);
        return parameter(EntryParameter::kInput, static_cast<size_t>(at));
      case ir::Memory::kOutput:
        return parameter(EntryParameter::kOutput, static_cast<size_t>(at));
      case ir::Memory::kArena:
        return beyond(EntryParameter::kArena, at);
      case ir::Memory::kConstant:
        return constant(builder, graph, id);
      case ir::Memory::kSlot:
        return beyond(EntryParameter::kSlots, at);
      }
      return nullptr;
    };
    for (const ir::Node& node : graph.nodes()) {
      if (met < points.size() && &node == &graph.node(points[met].sums.back()))
        meet(points[met++], address);
      if (!ir::is_call(node)) continue;
      if (node.op == &ir::ops::loop) before(count++);
      std::vector<Value*> arguments;
      for (ir::ValueId operand : node.operands)
        arguments.push_back(address(operand));
      for (ir::ValueId result : node.results)
        arguments.push_back(address(result));
      if (node.op == &ir::ops::loop) {
        loop(builder, module, node, arguments, workspace_of(builder, parameter, node));
        continue;
      }
      if (const auto scratch = passes::scratch_of(node))
        arguments.push_back(beyond(EntryParameter::kArena, scratch->offset));
      const ir::Graph* called = module.kernel(node.callee);
      LINNET_CHECK(called != nullptr, "no kernel @" + node.callee);
      llvm::Function* kernel = module_.getFunction(kernels_.of(*called).symbol);
      before(count++);
      builder.CreateCall(kernel, arguments);
    }
    return count;
  }

  // Where a loop's steps work; nowhere, if they need no memory.
  Value* workspace_of(llvm::IRBuilder<>& builder, const Parameters& parameter,
                      const ir::Node& loop) {
    const auto scratch = passes::scratch_of(loop);
    LINNET_CHECK(scratch.has_value(), "a loop without a workspace");
    if (scratch->bytes == 0) return llvm::ConstantPointerNull::get(pointer_);
    return builder.CreateConstInBoundsGEP1_64(builder.getInt8Ty(),
                                              parameter(EntryParameter::kArena, 0),
                                              static_cast<uint64_t>(scratch->offset));
  }

  // The body's calls once for each step. `arguments`: addresses of operands, then of results.
  void loop(llvm::IRBuilder<>& builder, const ir::Module& module, const ir::Node& node,
            const std::vector<Value*>& arguments, Value* workspace) {
    const ir::Graph& body = ir::body_of(module, node);
    LoopMemory memory(builder, node, body, passes::arena_bytes(body), arguments, workspace);
    memory.begin();
    const Parameters parameter = [&](EntryParameter::Kind kind, size_t index) -> Value* {
      if (kind == EntryParameter::kArena) return workspace;
      return kind == EntryParameter::kInput ? memory.input(index) : memory.output(index);
    };
    calls(builder, module, body, parameter, [](size_t) {}, {});
    memory.end();
  }

  static Value* find(llvm::Function* function, const std::vector<EntryParameter>& parameters,
                     EntryParameter::Kind kind) {
    const auto at = std::ranges::find(parameters, kind, &EntryParameter::kind);
    return at == parameters.end()
               ? nullptr
               : function->getArg(static_cast<unsigned>(at - parameters.begin()));
  }

  // Where linnet_step_args_v1 holds a counter; -1 for what is none.
  static int64_t counter_offset(const std::string& slot) {
    if (slot == ir::kSeedSlot) return offsetof(linnet_step_args_v1, seed);
    if (slot == ir::kStepSlot) return offsetof(linnet_step_args_v1, step);
    if (slot == ir::kRateSlot) return offsetof(linnet_step_args_v1, lr);
    if (slot == ir::kShardSlot) return offsetof(linnet_step_args_v1, shard);
    return -1;
  }

  Value* constant(llvm::IRBuilder<>& builder, const ir::Graph& graph, ir::ValueId id) {
    // A view of a constant has the constant's bytes.
    const ir::Node* node = graph.producer(id);
    while (node && !node->tensor && node->op->has(ir::kView))
      node = graph.producer(node->operands.front());
    LINNET_CHECK(node && node->tensor, "%" + graph.value(id).name + " is no constant");
    const ir::Type& type = graph.value(node->results.front()).type;
    const ConstantPool::Place place = pool_.add(*node->tensor, type);
    if (!place.small) {
      return builder.CreateConstInBoundsGEP1_64(llvm::Type::getInt8Ty(context_), blob(), place.at);
    }
    return small(place.at);
  }

  llvm::GlobalVariable* blob() {
    const std::string name = blob_symbol(options_);
    if (auto* known = module_.getGlobalVariable(name)) return known;
    auto* type = llvm::ArrayType::get(llvm::Type::getInt8Ty(context_), 0);
    auto* blob = new llvm::GlobalVariable(module_, type, true, llvm::GlobalValue::ExternalLinkage,
                                          nullptr, name);
    blob->setVisibility(llvm::GlobalValue::HiddenVisibility);
    blob->setAlignment(llvm::Align(ConstantPool::kAlign));
    return blob;
  }

  llvm::GlobalVariable* small(size_t index) {
    const std::string name = options_.name + "_constant_" + std::to_string(index);
    if (auto* known = module_.getGlobalVariable(name, true)) return known;
    const auto& bytes = pool_.small()[index];
    auto* data = llvm::ConstantDataArray::get(
        context_, llvm::ArrayRef(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
    auto* variable = new llvm::GlobalVariable(module_, data->getType(), true,
                                              llvm::GlobalValue::InternalLinkage, data, name);
    variable->setAlignment(llvm::Align(ConstantPool::kAlign));
    return variable;
  }

  llvm::Module& module_;
  llvm::LLVMContext& context_;
  const KernelSymbols& kernels_;
  const CompileOptions& options_;
  ConstantPool& pool_;
  llvm::PointerType* pointer_;
  llvm::IntegerType* i32_;
  llvm::IntegerType* i64_;
};

}  // namespace

std::string blob_symbol(const CompileOptions& options) {
  return options.name + "_constants";
}

void emit_entries(llvm::Module& module, const KernelSymbols& kernels,
                  std::span<const EntryInfo> entries, const CompileOptions& options,
                  ConstantPool& pool) {
  EntryEmitter emitter(module, kernels, options, pool);
  for (const KernelSymbols::Kernel& kernel : kernels.kernels())
    emitter.wrapper(kernel);
  for (const EntryInfo& info : entries) {
    emitter.entry(info);
    if (!options.timed_entries) continue;
    emitter.timed_entry(info);
    emitter.partial_entry(info);
  }
}

}  // namespace linnet::codegen
