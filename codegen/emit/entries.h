// The entry functions of a product, whatever language they are written in: which there are, what
// they take, how much memory they want.
#pragma once

#include "codegen/emit/compile.h"
#include "codegen/emit/header.h"
#include "codegen/emit/units.h"
#include "ir/module.h"

#include <cstdint>
#include <set>
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
//   shard_step  inputs and targets, slots, counters, what is summed, arena
//   update      the sums, slots, counters, losses, arena
//   evaluate    inputs and targets, slots, loss and outputs, arena
//   step        inputs, outputs, slots (the model's state), arena
[[nodiscard]] std::vector<EntryParameter> entry_parameters(const EntryInfo& entry);

// Every graph of the modules but bodies of loops.
[[nodiscard]] std::vector<EntryInfo> entry_infos(std::span<const ir::Module> modules,
                                                 const CompileOptions& options);
[[nodiscard]] bool is_step(const EntryInfo& entry);
[[nodiscard]] const EntryInfo* step_of(std::span<const EntryInfo> entries);  // nullptr: none

// An entry in the data's own units, around one of the others.
struct RawFunction {
  const EntryInfo* entry;
  Ports ports;
  RawEntry raw;
  std::string name;
  bool strided;  // NAME_run_u8
};
// Of a library.
[[nodiscard]] std::vector<RawFunction> raw_functions(std::span<const EntryInfo> entries,
                                                     const std::string& name);

// Symbols that no kernel may have; `ports` are those of the smallest batch.
[[nodiscard]] std::set<std::string> taken_symbols(std::span<const EntryInfo> entries,
                                                  const Ports& ports, const std::string& name);

// Fills in what `compiled` says of arenas and the state.
void set_sizes(Compiled& compiled, std::span<const EntryInfo> entries,
               std::span<const RawFunction> raw);
// That a machine whose addresses have 32 bits has `bytes` of memory for the model.
[[nodiscard]] Result<void, Failure> addressable(const Target& target, int64_t bytes);
// What c_header is told.
[[nodiscard]] std::vector<HeaderEntry> header_entries(std::span<const EntryInfo> entries,
                                                      std::span<const RawFunction> raw);

}  // namespace linnet::codegen
