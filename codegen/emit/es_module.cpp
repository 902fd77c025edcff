// The ES module of a model: a description, followed by the texts of codegen/emit/es/.
#include "codegen/emit/es_module.h"

#include "codegen/emit/entries.h"
#include "codegen/emit/es_text.h"
#include "codegen/emit/units.h"
#include "codegen/object/link_wasm.h"

#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>

extern "C" {
extern const char linnet_embedded_es_common_begin[];
extern const char linnet_embedded_es_common_end[];
extern const char linnet_embedded_es_model_begin[];
extern const char linnet_embedded_es_model_end[];
}

namespace linnet::codegen {
namespace {

// Steps for which there is room, so that a block of them is one call.
constexpr int64_t kBlockBytes = 16 << 10;
constexpr int64_t kMostSteps = 1024;

std::string list(const std::vector<std::string>& texts) {
  std::vector<std::string> all;
  for (const std::string& text : texts)
    all.push_back(js_quoted(text));
  return "[" + join(all, ", ") + "]";
}

std::string list(const std::vector<double>& numbers) {
  return fmt::format("[{}]", fmt::join(numbers, ", "));
}

// The entries by what they are for.
struct Roles {
  const HeaderEntry* run = nullptr;     // of the largest batch
  const HeaderEntry* single = nullptr;  // of one sample, beside it
  const HeaderEntry* step = nullptr;
};

Roles roles_of(const std::vector<HeaderEntry>& entries) {
  Roles roles;
  for (const HeaderEntry& entry : entries) {
    const HeaderEntry*& role = entry.step ? roles.step : roles.run ? roles.single : roles.run;
    if (!role) role = &entry;
  }
  return roles;
}

// Of each function the key that es/ knows it by.
std::vector<std::pair<std::string, std::string>> functions(const Roles& roles,
                                                           const std::string& name) {
  std::vector<std::pair<std::string, std::string>> all;
  if (roles.run) all.emplace_back("run", roles.run->function);
  if (roles.single) all.emplace_back("single", roles.single->function);
  if (!roles.step) return all;
  all.emplace_back("step", roles.step->function);
  all.emplace_back("steps", name + "_steps");
  all.emplace_back("reset", name + "_reset");
  all.emplace_back("check", name + "_state_check");
  return all;
}

// What a port's numbers mean, as members of an object or of a type.
std::string meaning(const PortInfo& port, const Ports& ports, bool types) {
  const Units units = units_of(port, ports);
  const char* member = types ? "; readonly {}: {}" : ", {}: {}";
  std::string text;
  const auto add = [&](const char* name, const std::string& value, const char* type) {
    text += fmt::format(fmt::runtime(member), name, types ? type : value);
  };
  if (units.kind == Units::kPixels)
    add("scale", fmt::format("{}", port.abi().image->scale), "number");
  if (!units.mean.empty()) {
    add("mean", list(units.mean), "readonly number[]");
    add("std", list(units.deviation), "readonly number[]");
  }
  if (units.kind == Units::kCategory) {
    const linnet_column_v1& column = port.abi().table->columns[0];
    add("categories",
        list(
            std::vector<std::string>(column.categories, column.categories + column.category_count)),
        "readonly string[]");
  }
  const linnet_classes_v1* classes = port.abi().classes;
  if (classes && classes->count > 0)
    add("labels", list(std::vector<std::string>(classes->labels, classes->labels + classes->count)),
        "readonly string[]");
  return text;
}

std::string port_objects(const std::vector<PortInfo>& list, const Ports& ports, int64_t room,
                         int64_t samples, Places& places) {
  std::vector<std::string> texts;
  for (const PortInfo& port : list) {
    const int64_t elements = port.type.elements() / samples;
    texts.push_back(fmt::format(
        "\n      {{ name: {}, dtype: {}, shape: [{}], elements: {}, at: {}{} }},",
        js_quoted(port.name), js_quoted(linnet::name(port.type.dtype)), fmt::join(port.dims, ", "),
        elements, places.take(elements * room * ir::size_of(port.type.dtype)),
        meaning(port, ports, false)));
  }
  return join(texts, "") + (texts.empty() ? "" : "\n    ");
}

// `samples` are in the ports' shapes, of `room` there is place.
std::string entry_object(const HeaderEntry& entry, int64_t room, int64_t samples, Places& places) {
  const std::string inputs = port_objects(entry.ports.inputs, entry.ports, room, samples, places);
  const std::string outputs = port_objects(entry.ports.outputs, entry.ports, room, samples, places);
  return fmt::format("{{\n    room: {},\n    inputs: [{}],\n    outputs: [{}],\n", room, inputs,
                     outputs);
}

int64_t steps_in_a_block(const Ports& ports) {
  int64_t bytes = 1;
  for (const auto* list : {&ports.inputs, &ports.outputs}) {
    for (const PortInfo& port : *list)
      bytes += port.type.stored_bytes();
  }
  return std::clamp(kBlockBytes / bytes, int64_t{1}, kMostSteps);
}

std::string description(const Roles& roles, const WasmModule& linked, const Compiled& compiled,
                        const CompileOptions& options, Places& places) {
  std::string run = "undefined", stream = "undefined", names;
  int64_t arena = 0;
  if (roles.run) {
    run = entry_object(*roles.run, roles.run->batch, roles.run->batch, places) + "  }";
    arena = roles.run->planned_bytes;
    if (roles.single) arena = std::max(arena, roles.single->planned_bytes);
  }
  if (roles.step) {
    stream = entry_object(*roles.step, steps_in_a_block(roles.step->ports), 1, places);
    stream +=
        fmt::format("    state: {},\n    stateBytes: {},\n    warmup: {},\n  }}",
                    places.take(compiled.state_bytes), compiled.state_bytes, roles.step->warmup);
    arena = std::max(arena, roles.step->planned_bytes);
  }
  for (const auto& [role, function] : functions(roles, options.name))
    names += fmt::format("{}{}: {}", names.empty() ? " " : ", ", role, js_quoted(function));
  const int64_t arena_at = places.take(arena);
  return fmt::format(
      "const MODEL = {{\n  name: {},\n  id: {},\n  target: {},\n  batch: {},\n  modelHash: {},\n"
      "  weightsHash: {},\n  align: {},\n  memoryBytes: {},\n  arena: {},\n  arenaBytes: {},\n"
      "  functions: {{{} }},\n  run: {},\n  stream: {},\n}};\n",
      js_quoted(options.name), js_quoted(linked.id), js_quoted(options.target.info.name),
      roles.run ? roles.run->batch : 1, js_quoted(options.model_hash),
      js_quoted(options.weights_hash), kAlign, places.end(), arena_at, arena, names, run, stream);
}

std::string port_types(const std::vector<PortInfo>& list, const Ports& ports) {
  std::vector<std::string> texts;
  for (const PortInfo& port : list) {
    const std::string more = meaning(port, ports, true);
    texts.push_back(fmt::format("Port<{}, {}, readonly [{}]>{}", js_quoted(port.name),
                                js_quoted(linnet::name(port.type.dtype)),
                                fmt::join(port.dims, ", "),
                                more.empty() ? "" : " & { " + more.substr(2) + " }"));
  }
  return "readonly [" + join(texts, ", ") + "]";
}

std::string method(const char* comment, const char* name, const Ports& ports) {
  return fmt::format("  /** {} */\n  {}(inputs: {}, out?: {}): {};\n", comment, name,
                     js_value_type(ports.inputs), js_value_type(ports.outputs),
                     js_value_type(ports.outputs));
}

constexpr std::string_view kStreamTypes =
    "  /** Back to the state before the first step. */\n  reset(): void;\n"
    "  /** A copy of the state. */\n  snapshot(): Uint8Array;\n"
    "  /** Takes the state of a snapshot, also of another stream of this model. */\n"
    "  restore(snapshot: Uint8Array): void;\n"
    "  /** Gives its memory to the next stream. */\n  free(): void;\n}\n\n";

std::string types(const Roles& roles, const CompileOptions& options) {
  std::string text = fmt::format(
      "// Types of model {}, compiled by linnet {} for {}.\n\n"
      "export interface Port<Name extends string, Type extends string, Shape extends readonly "
      "number[]> {{\n  readonly name: Name;\n  readonly dtype: Type;\n  readonly shape: Shape;\n"
      "  /** Of one sample. */\n  readonly elements: number;\n}}\n\n",
      options.name, LINNET_VERSION, options.target.info.name);
  if (roles.step) {
    const Ports& ports = roles.step->ports;
    text += "export interface Stream {\n";
    text += fmt::format("  readonly inputs: {};\n  readonly outputs: {};\n",
                        port_types(ports.inputs, ports), port_types(ports.outputs, ports));
    text += "  /** So many first answers come from windows that are not full yet. */\n"
            "  readonly warmup: number;\n";
    text += method("One step of time.", "step", ports);
    text +=
        method("Steps one after the other: arrays of as many inputs and outputs.", "steps", ports);
    text += kStreamTypes;
  }
  const Ports& ports = (roles.run ? roles.run : roles.step)->ports;
  text += fmt::format("export interface Net {{\n  readonly name: {};\n  readonly target: {};\n"
                      "  readonly batch: {};\n  readonly inputs: {};\n  readonly outputs: {};\n",
                      js_quoted(options.name), js_quoted(options.target.info.name),
                      roles.run ? roles.run->batch : 1, port_types(ports.inputs, ports),
                      port_types(ports.outputs, ports));
  text += "  readonly arenaBytes: number;\n"
          "  /** Of `memory` the model owns so many, from 0 on. */\n"
          "  readonly memoryBytes: number;\n  readonly memory: WebAssembly.Memory;\n";
  if (roles.run)
    text += method(roles.run->batch > 1
                       ? "The outputs of any number of samples; new arrays unless `out` is given."
                       : "The outputs of the inputs; new arrays unless `out` is given.",
                   "run", ports);
  if (roles.step) text += "  /** A stream with a state of its own. */\n  stream(): Stream;\n";
  text += "}\n\n";
  text += js_load_types("Net");
  return text;
}

}  // namespace

std::string js_array(DType dtype) {
  switch (dtype) {
  case DType::kF32:
    return "Float32Array";
  case DType::kF64:
    return "Float64Array";
  case DType::kI64:
    return "BigInt64Array";
  case DType::kI32:
    return "Int32Array";
  case DType::kI8:
    return "Int8Array";
  default:
    return "Uint8Array";
  }
}

std::string js_load_types(std::string_view type) {
  return fmt::format(
      "/** The module's bytes, where they come from, or the compiled module. */\n"
      "export type Source = BufferSource | Response | WebAssembly.Module | URL | string;\n\n"
      "/**\n * `source`: by default the .wasm beside this file. `memory`: the caller's, of which "
      "the first\n * `memoryBytes` are the module's; by default its own.\n */\n"
      "export function load(\n  source?: Source | PromiseLike<Source>,\n"
      "  options?: {{ memory?: WebAssembly.Memory }},\n): Promise<{}>;\nexport default load;\n",
      type);
}

Result<void, Failure> add_es_module(Compiled& compiled, const std::vector<HeaderEntry>& entries,
                                    const CompileOptions& options) {
  const Roles roles = roles_of(entries);
  std::vector<std::string> exports;
  for (const auto& [role, function] : functions(roles, options.name))
    exports.push_back(function);
  LINNET_TRY_ASSIGN(WasmModule linked, link_wasm(compiled, exports));
  compiled.wasm = std::move(linked.bytes);
  Places places(linked.heap_base);
  compiled.es_module = description(roles, linked, compiled, options, places);
  LINNET_TRY(addressable(options.target, places.end()));
  compiled.es_module.append(linnet_embedded_es_common_begin, linnet_embedded_es_common_end);
  compiled.es_module.append(linnet_embedded_es_model_begin, linnet_embedded_es_model_end);
  compiled.es_types = types(roles, options);
  return {};
}

}  // namespace linnet::codegen
