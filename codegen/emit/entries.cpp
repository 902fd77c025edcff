// Finds the entry functions of planned modules and what the header says of them.
#include "codegen/emit/entries.h"

#include "codegen/emit/first_state.h"
#include "ir/entries.h"
#include "ir/loop.h"
#include "passes/lib/storage.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::codegen {
namespace {

// Comments of the header: where each part of the state lies.
std::string state_table(const ir::Module& module) {
  std::string text;
  for (const ir::Slot& slot : module.slots)
    text += fmt::format("/* {} of the state, from byte {} on: {} */\n", to_string(slot.type),
                        passes::slot_offset(module, slot.path), in_comment(slot.path));
  return text;
}

// What the function of a graph is called, without the model's name.
std::string function_suffix(const std::string& graph, bool training) {
  if (graph == ir::kInit) return "_train_init";
  if (graph != ir::kPredict) return "_" + graph;
  return training ? "_run_with" : "_run";
}

}  // namespace

std::vector<EntryInfo> entry_infos(std::span<const ir::Module> modules,
                                   const CompileOptions& options) {
  std::vector<EntryInfo> entries;
  for (const ir::Module& module : modules) {
    for (const ir::Graph& graph : module.graphs) {
      if (ir::is_loop_body(module, graph)) continue;
      const Ports ports = ports_of(module, graph);
      const bool batched =
          options.batched && !ports.inputs.empty() && !ports.inputs[0].dims.empty();
      EntryInfo info;
      info.module = &module;
      info.graph = &graph;
      if (batched) info.batch = ports.inputs[0].dims[0];
      info.function = options.name + function_suffix(graph.name, options.trainer);
      const bool known = std::ranges::any_of(
          entries, [&](const EntryInfo& other) { return other.function == info.function; });
      if (known) info.function += fmt::format("_{}", info.batch);
      info.arena_bytes = passes::arena_bytes(graph);
      entries.push_back(info);
    }
  }
  return entries;
}

bool is_step(const EntryInfo& entry) {
  return entry.graph->name == ir::kStep;
}

const EntryInfo* step_of(std::span<const EntryInfo> entries) {
  const auto at = std::ranges::find_if(entries, is_step);
  return at == entries.end() ? nullptr : &*at;
}

std::vector<RawFunction> raw_functions(std::span<const EntryInfo> entries,
                                       const std::string& name) {
  std::vector<RawFunction> functions;
  for (const EntryInfo& entry : entries) {
    Ports ports = ports_of(*entry.module, *entry.graph);
    auto picture = is_step(entry) ? std::nullopt : picture_entry(ports);
    if (picture && &entry == &entries.back()) {
      functions.push_back({&entry, ports, *picture, name + "_run_u8", true});
    } else if (auto raw = picture ? std::nullopt : raw_entry(ports)) {
      functions.push_back({&entry, ports, *raw, entry.function + "_raw", false});
    }
  }
  return functions;
}

std::set<std::string> taken_symbols(std::span<const EntryInfo> entries, const Ports& ports,
                                    const std::string& name) {
  std::set<std::string> taken;
  for (const EntryInfo& entry : entries) {
    for (const char* suffix : {"", "_raw", "_body", "_uniform", kTimedSuffix, kPartialSuffix})
      taken.insert(entry.function + suffix);
  }
  for (const char* suffix :
       {"_train_step", "_run_u8", "_steps", "_steps_raw", "_reset", "_state_check", "_first_state",
        "_finished", "_supported", "_parallel_for", "_constants", "_pool", "_thread_bytes",
        "_threads_start", "_threads_stop"})
    taken.insert(name + suffix);
  for (const UnitConstant& constant : unit_constants(ports, name))
    taken.insert(constant.symbol);
  return taken;
}

void set_sizes(Compiled& compiled, std::span<const EntryInfo> entries,
               std::span<const RawFunction> raw) {
  compiled.arena_bytes = 0;
  for (const EntryInfo& entry : entries) {
    if (is_step(entry)) compiled.step_arena_bytes = entry.arena_bytes;
    if (!is_step(entry) || entries.size() == 1)
      compiled.arena_bytes = std::max(compiled.arena_bytes, entry.arena_bytes);
  }
  // Entries that take raw values keep the model's behind what the plan takes.
  for (const RawFunction& function : raw) {
    int64_t& bytes = is_step(*function.entry) ? compiled.step_arena_bytes : compiled.arena_bytes;
    bytes = std::max(bytes, function.entry->arena_bytes + function.raw.arena_bytes());
    if (entries.size() == 1) compiled.arena_bytes = std::max(compiled.arena_bytes, bytes);
  }
  if (const EntryInfo* step = step_of(entries))
    compiled.state_bytes = passes::slots_bytes(*step->module);
}

Result<void, Failure> addressable(const Target& target, int64_t bytes) {
  if (target.record.pointer_bytes > 4 || bytes <= int64_t{1} << 32) return {};
  return tl::unexpected(Failure{
      Status::kUnsupported,
      fmt::format("the model takes {} bytes of memory, more than the 4 GiB that {} addresses",
                  bytes, target.record.name),
      "a target of 64 bits, or a smaller --batch"});
}

std::vector<HeaderEntry> header_entries(std::span<const EntryInfo> entries,
                                        std::span<const RawFunction> raw) {
  std::vector<HeaderEntry> header;
  for (const EntryInfo& entry : entries) {
    header.push_back({entry.function, entry.batch, ports_of(*entry.module, *entry.graph),
                      is_step(entry), is_step(entry) ? state_table(*entry.module) : "",
                      is_step(entry) ? warmup_steps(*entry.module, *entry.graph) : 0,
                      entry.arena_bytes, 0, ""});
    for (const RawFunction& function : raw) {
      if (function.entry != &entry) continue;
      header.back().raw_bytes = function.raw.arena_bytes();
      header.back().raw_function = function.name;
    }
  }
  return header;
}

}  // namespace linnet::codegen
