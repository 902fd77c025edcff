// The ES module of a trainer: a description, followed by the texts of codegen/emit/es/.
#include "codegen/emit/es_trainer.h"

#include "codegen/emit/entries.h"
#include "codegen/emit/es_text.h"
#include "codegen/object/link_wasm.h"
#include "ir/entries.h"
#include "passes/lib/storage.h"
#include "support/text.h"

#include "base/abi/train.h"

#include <fmt/format.h>

extern "C" {
extern const char linnet_embedded_es_common_begin[];
extern const char linnet_embedded_es_common_end[];
extern const char linnet_embedded_es_trainer_begin[];
extern const char linnet_embedded_es_trainer_end[];
}

namespace linnet::codegen {
namespace {

struct Port {
  std::string name;
  ir::Type type;
  int64_t at = 0;
};

// A function, and the addresses it is called with.
struct Role {
  std::string name, function;
  std::vector<Port> inputs, outputs;
  std::vector<int64_t> places;
};

struct Layout {
  int64_t slots = 0, arguments = 0, arena = 0;
};

Role role_of(const EntryInfo& entry, bool second, const Layout& layout, Places& places) {
  const ir::Graph& graph = *entry.graph;
  Role role{graph.name + (second ? "_1" : ""), entry.function, {}, {}, {}};
  const auto add = [&](std::vector<Port>& list, const std::string& name, ir::ValueId value) {
    ir::Type type = graph.value(value).type;
    type.layout = {};
    list.push_back({name, type, places.take(type.stored_bytes())});
    role.places.push_back(list.back().at);
  };
  for (const EntryParameter& parameter : entry_parameters(entry)) {
    switch (parameter.kind) {
    case EntryParameter::kInput: {
      const ir::ValueId value = graph.inputs[parameter.index].value;
      add(role.inputs, graph.value(value).name, value);
      break;
    }
    case EntryParameter::kOutput:
      add(role.outputs, graph.outputs[parameter.index].name, graph.outputs[parameter.index].value);
      break;
    case EntryParameter::kSlots:
      role.places.push_back(layout.slots);
      break;
    case EntryParameter::kCounters:
      role.places.push_back(layout.arguments);
      break;
    case EntryParameter::kArena:
      role.places.push_back(layout.arena);
      break;
    }
  }
  return role;
}

std::string tensor_object(const std::string& name, const ir::Type& type, int64_t at,
                          std::string_view kind = "") {
  return fmt::format("{{ name: {}, dtype: {}, shape: [{}], elements: {}, at: {}{} }}",
                     js_quoted(name), js_quoted(linnet::name(type.dtype)),
                     fmt::join(type.shape, ", "), type.elements(), at,
                     kind.empty() ? "" : fmt::format(", kind: {}", js_quoted(kind)));
}

std::string port_objects(const std::vector<Port>& ports) {
  std::string text;
  for (const Port& port : ports)
    text += "\n        " + tensor_object(port.name, port.type, port.at) + ",";
  return text.empty() ? text : text + "\n      ";
}

std::string types(const std::vector<Role>& roles, const CompileOptions& options) {
  std::string text = fmt::format(
      "// Types of the trainer of {}, compiled by linnet {} for {}.\n\n"
      "export interface Tensor {{\n  readonly name: string;\n  readonly dtype: string;\n"
      "  readonly shape: readonly number[];\n  readonly elements: number;\n"
      "  /** param, buffer or optimizer. */\n  readonly kind: string;\n}}\n\n"
      "export interface Snapshot {{\n  readonly id: string;\n  readonly seed: bigint;\n"
      "  readonly steps: number;\n"
      "  readonly slots: Uint8Array;\n}}\n\n"
      "export interface Trainer {{\n  readonly name: {};\n  readonly target: {};\n"
      "  readonly batch: number;\n  readonly tensors: readonly Tensor[];\n"
      "  readonly arenaBytes: number;\n  readonly memoryBytes: number;\n"
      "  readonly memory: WebAssembly.Memory;\n  /** Steps done. */\n  readonly steps: number;\n"
      "  /** First values of all tensors. */\n  init(seed?: number | bigint): void;\n",
      options.name, LINNET_VERSION, options.target.info.name, js_quoted(options.name),
      js_quoted(options.target.info.name));
  for (const Role& role : roles) {
    const std::string in = js_value_type(role.inputs), out = js_value_type(role.outputs);
    if (role.name == ir::kTrainStep)
      text += fmt::format("  /** One step on a batch; the loss of the parameters before it. */\n"
                          "  step(values: {}, options: {{ lr: number }}): number;\n",
                          in);
    if (role.name == ir::kEvaluate)
      text += fmt::format("  /** Loss and outputs of a batch, or of one sample. */\n"
                          "  evaluate(values: {}, out?: {}): {};\n",
                          in, out, out);
    if (role.name == ir::kPredict)
      text += fmt::format("  /** Outputs of a batch, or of one sample. */\n"
                          "  run(values: {}, out?: {}): {};\n",
                          in, out, out);
  }
  return text +
         "  /** A copy of a tensor. */\n  get(name: string): Float32Array | Float64Array;\n"
         "  set(name: string, value: Float32Array | Float64Array): void;\n"
         "  /** All that lasts: parameters, buffers, the optimiser's values. */\n"
         "  snapshot(): Snapshot;\n  restore(snapshot: Snapshot): void;\n}\n\n" +
         js_load_types("Trainer");
}

std::string description(const std::vector<Role>& roles, const ir::Module& module,
                        const Layout& layout) {
  std::string functions, entries, tensors;
  for (const Role& role : roles) {
    const std::string key = role.name == ir::kInit ? "init" : role.name;
    functions += fmt::format(" {}: {},", key, js_quoted(role.function));
    entries += fmt::format("    {}: {{\n      places: [{}],\n      inputs: [{}],\n      outputs: "
                           "[{}],\n    }},\n",
                           key, fmt::join(role.places, ", "), port_objects(role.inputs),
                           port_objects(role.outputs));
  }
  for (const ir::Slot& slot : module.slots) {
    if (slot.kind == ir::SlotKind::kCounter) continue;
    tensors +=
        "\n    " +
        tensor_object(slot.path, slot.type, layout.slots + passes::slot_offset(module, slot.path),
                      ir::name(slot.kind)) +
        ",";
  }
  return fmt::format(
      "  functions: {{{} }},\n  entries: {{\n{}  }},\n  tensors: [{}\n  ],\n  slots: "
      "{},\n  slotsBytes: {},\n  arguments: {},\n",
      functions, entries, tensors, layout.slots, passes::slots_bytes(module), layout.arguments);
}

}  // namespace

Result<void, Failure> add_es_trainer(Compiled& compiled, const ir::Module& module,
                                     std::span<const EntryInfo> entries,
                                     const CompileOptions& options) {
  std::vector<std::string> exports;
  for (const EntryInfo& entry : entries)
    exports.push_back(entry.function);
  LINNET_TRY_ASSIGN(WasmModule linked, link_wasm(compiled, exports));
  Places places(linked.heap_base);
  Layout layout;
  layout.slots = places.take(passes::slots_bytes(module));
  layout.arguments = places.take(sizeof(linnet_step_args_v1));
  layout.arena = places.take(compiled.arena_bytes);
  std::vector<Role> roles;
  for (const EntryInfo& entry : entries) {
    const bool second = std::ranges::any_of(
        roles, [&](const Role& role) { return role.name == entry.graph->name; });
    roles.push_back(role_of(entry, second, layout, places));
  }
  LINNET_TRY(addressable(options.target, places.end()));
  compiled.wasm = std::move(linked.bytes);
  compiled.es_types = types(roles, options);
  compiled.es_module =
      fmt::format("const MODEL = {{\n  name: {},\n  id: {},\n  target: {},\n  batch: {},\n  "
                  "memoryBytes: {},\n  arenaBytes: {},\n{}}};\n",
                  js_quoted(options.name), js_quoted(linked.id),
                  js_quoted(options.target.info.name), entries.front().batch, places.end(),
                  compiled.arena_bytes, description(roles, module, layout));
  compiled.es_module.append(linnet_embedded_es_common_begin, linnet_embedded_es_common_end);
  compiled.es_module.append(linnet_embedded_es_trainer_begin, linnet_embedded_es_trainer_end);
  return {};
}

}  // namespace linnet::codegen
