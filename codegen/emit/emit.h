// The entry functions of a model in LLVM IR: addresses and calls, nothing else.
#pragma once

#include "codegen/emit/compile.h"
#include "codegen/emit/constants.h"
#include "codegen/emit/kernel_symbols.h"
#include "ir/module.h"

#include <llvm/IR/Module.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace linnet::codegen {

// What a parameter of an entry function is.
struct EntryParameter {
  enum Kind { kInput, kOutput, kSlots, kCounters, kArena } kind = kInput;
  size_t index = 0;  // of kInput and kOutput: in the graph's lists
};

// One entry function: a graph at one batch size, and what it asks of its caller.
struct EntryInfo {
  const ir::Module* module = nullptr;
  const ir::Graph* graph = nullptr;
  int64_t batch = 1;
  std::string function;  // "lenet_run", "lenet_run_1", "lenet_train_step"
  int64_t arena_bytes = 0;
};

// In the function's order, by the graph's name:
//   predict     inputs, outputs, arena; of parameters in slots: slots first
//   init        slots, counters, arena
//   train_step  inputs and targets, slots, counters, losses, arena
//   gradients   inputs and targets, slots, counters, gradients, arena
//   evaluate    inputs and targets, slots, loss and outputs, arena
//   step        inputs, outputs, slots (the model's state), arena
[[nodiscard]] std::vector<EntryParameter> entry_parameters(const EntryInfo& entry);

// Adds to `module`, which holds the bodies of the kernels as internal functions: a wrapper for each
// kernel that takes plain addresses, `NAME_run` for each of `entries` (and its twins for bench, if
// asked for), small constants, and a declaration of the blob.
void emit_entries(llvm::Module& module, const KernelSymbols& kernels,
                  std::span<const EntryInfo> entries, const CompileOptions& options,
                  ConstantPool& pool);

// The name of the second object's symbol.
[[nodiscard]] std::string blob_symbol(const CompileOptions& options);

}  // namespace linnet::codegen
