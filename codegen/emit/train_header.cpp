// The C header of a trainer's library.
#include "codegen/emit/train_header.h"

#include "codegen/emit/header.h"
#include "ir/entries.h"
#include "passes/lib/storage.h"

#include "base/abi/train.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::codegen {
namespace {

// What a function does, said above its prototype.
std::string_view purpose(const std::string& graph) {
  if (graph == ir::kInit) return "First values of all slots by args->seed.";
  if (graph == ir::kTrainStep)
    return "One step on a batch: forward, backward, the optimiser's update of the slots. The loss "
           "is "
           "that of the\n * parameters before it.";
  if (graph == ir::kEvaluate)
    return "The model as it is used, and its loss (the mean over the batch).";
  return "The model with the parameters in the slots.";
}

std::string prototype(const EntryInfo& entry, const std::string& name) {
  const ir::Graph& graph = *entry.graph;
  std::vector<std::string> parameters;
  const auto tensor = [&](const std::string& label, const ir::Type& type, bool input) {
    std::vector<std::string> dims;
    for (int64_t dim : type.shape)
      dims.push_back(std::to_string(dim));
    return fmt::format("{}{} {}[{}]", input ? "const " : "", c_type(type.dtype), c_name(label),
                       dims.empty() ? "1" : join(dims, "*"));
  };
  const bool writes = std::ranges::any_of(
      graph.outputs, [](const ir::GraphOutput& output) { return !output.slot.empty(); });
  for (const EntryParameter& parameter : entry_parameters(entry)) {
    switch (parameter.kind) {
    case EntryParameter::kInput: {
      const ir::Value& value = graph.value(graph.inputs[parameter.index].value);
      parameters.push_back(tensor(value.name, value.type, true));
      break;
    }
    case EntryParameter::kOutput: {
      const ir::GraphOutput& output = graph.outputs[parameter.index];
      parameters.push_back(tensor(output.name, graph.value(output.value).type, false));
      break;
    }
    case EntryParameter::kSlots:
      parameters.emplace_back(writes ? "void *slots" : "const void *slots");
      break;
    case EntryParameter::kCounters:
      parameters.push_back(fmt::format("const {}_step_args *args", name));
      break;
    case EntryParameter::kArena:
      parameters.emplace_back("void *arena");
      break;
    }
  }
  return fmt::format("/* {} */\nint {}({});\n", purpose(graph.name), entry.function,
                     join(parameters, ", "));
}

}  // namespace

std::string training_header(const ir::Module& module, std::span<const EntryInfo> entries,
                            const Compiled& compiled, const CompileOptions& options) {
  const std::string& name = options.name;
  const std::string macro = upper_case(name);
  std::string text = fmt::format(
      "/* Training of {}, compiled by linnet {} for {}.\n"
      " * The caller owns all memory: slots (what lasts: parameters, buffers, the optimiser's "
      "values) and the arena\n"
      " * (what does not), both aligned to {}_ALIGN. A call allocates nothing and makes no system "
      "call. It\n"
      " * returns 0, {} for slots or {} and {} for an arena that are NULL or misaligned. */\n",
      name, LINNET_VERSION, options.target.info.name, macro, static_cast<int>(LINNET_STATE_INVALID),
      static_cast<int>(LINNET_ARENA_NULL), static_cast<int>(LINNET_ARENA_MISALIGNED));
  text += fmt::format("#ifndef LINNET_{0}_TRAIN_H\n#define LINNET_{0}_TRAIN_H\n\n"
                      "#include <stdint.h>\n\n",
                      macro);
  const auto define = [&](std::string_view what, int64_t value) {
    text += fmt::format("#define {}_{} {}\n", macro, what, value);
  };
  define("SLOTS_BYTES", passes::slots_bytes(module));
  define("TRAIN_ARENA_BYTES", compiled.arena_bytes);
  define("ALIGN", compiled.arena_align);
  define("BATCH", entries.front().batch);
  text += "\n/* Slots: offset in bytes, type, shape, kind; row-major.\n";
  for (const ir::Slot& slot : module.slots) {
    if (slot.kind == ir::SlotKind::kCounter) continue;
    text += fmt::format(" * {:>10}  {:<24} {:<9} {}\n", passes::slot_offset(module, slot.path),
                        to_string(slot.type), ir::name(slot.kind), slot.path);
  }
  text += fmt::format(" */\n\n#ifdef __cplusplus\nextern \"C\" {{\n#endif\n\n"
                      "/* step counts from 1. */\n"
                      "typedef struct {{\n  int64_t seed;\n  int64_t step;\n  double lr;\n}} "
                      "{}_step_args;\n\n",
                      name);
  for (const EntryInfo& entry : entries)
    text += prototype(entry, name);
  text +=
      fmt::format("int {}_supported(void);\n\n#ifdef __cplusplus\n}}\n#endif\n\n#endif\n", name);
  return text;
}

}  // namespace linnet::codegen
