// Writes an entry: checks of what the caller gives, addresses, calls, loops over time.
#include "codegen/source/entry.h"

#include "base/integers.h"
#include "base/memory.h"
#include "codegen/source/kernel.h"
#include "ir/loop.h"
#include "ir/op_def.h"
#include "passes/lib/storage.h"
#include "support/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>
#include <vector>

namespace linnet::codegen::source {
namespace {

const ir::Tensor* constant_of(const ir::Graph& graph, ir::ValueId id, std::string& name) {
  const ir::Node* node = graph.producer(id);
  while (node && !node->tensor && node->op->has(ir::kView))
    node = graph.producer(node->operands.front());
  if (!node || !node->tensor) return nullptr;
  name = graph.value(node->results.front()).name;
  return &*node->tensor;
}

// A graph's calls with the names that its memory has in C.
class Calls {
public:
  // What stands for the graph's own memory: inputs and outputs by position, arena and state as
  // pointers to bytes.
  struct Memory {
    std::vector<std::string> inputs, outputs;
    std::string arena, state;
  };

  Calls(const File& file, const ir::Module& module, Names& names)
      : file_(file), module_(module), names_(names) {}

  std::string text(const ir::Graph& graph, const Memory& memory, size_t depth) {
    std::string pointers, calls;
    std::map<int32_t, std::string> known;
    const auto address = [&](ir::ValueId id, bool written) {
      return this->address(graph, memory, id, written, known, pointers, depth);
    };
    for (const ir::Node& node : graph.nodes()) {
      if (!ir::is_call(node)) continue;
      std::vector<std::string> operands, results;
      for (const ir::ValueId operand : node.operands)
        operands.push_back(address(operand, false));
      for (const ir::ValueId result : node.results)
        results.push_back(address(result, true));
      if (node.op == &ir::ops::loop) {
        calls += loop(node, operands, results, memory, depth);
        continue;
      }
      const ir::Graph* kernel = module_.kernel(node.callee);
      LINNET_CHECK(kernel != nullptr, "no kernel @" + node.callee);
      LINNET_CHECK(!passes::scratch_of(node), "a kernel of the scalar order has no scratch");
      operands.insert(operands.end(), results.begin(), results.end());
      calls += line(depth, fmt::format("{}({});", file_.kernels.of(*kernel).symbol,
                                       fmt::format("{}", joined(operands))));
    }
    return pointers + calls;
  }

private:
  static std::string joined(const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& part : parts)
      text += (text.empty() ? "" : ", ") + part;
    return text;
  }
  static std::string line(size_t depth, const std::string& text) {
    return wrapped_line(std::string(2 * depth, ' ') + text) + "\n";
  }
  static std::string_view element(const ir::Type& type) { return c_name(c_type_of(type.dtype)); }

  std::string address(const ir::Graph& graph, const Memory& memory, ir::ValueId id, bool written,
                      std::map<int32_t, std::string>& known, std::string& pointers, size_t depth) {
    const ir::Value& value = graph.value(id);
    LINNET_CHECK(value.storage.has_value(), "%" + value.name + " has no storage");
    const auto at = static_cast<size_t>(value.storage->offset);
    switch (value.storage->memory) {
    case ir::Memory::kInput:
      return memory.inputs[at];
    case ir::Memory::kOutput:
      return memory.outputs[at];
    case ir::Memory::kConstant: {
      std::string name;
      const ir::Tensor* tensor = constant_of(graph, id, name);
      LINNET_CHECK(tensor != nullptr, "%" + value.name + " is no constant");
      return file_.constants.add(*tensor, name);
    }
    case ir::Memory::kArena:
    case ir::Memory::kSlot:
      break;
    }
    if (const auto name = known.find(id.index); name != known.end()) return name->second;
    const std::string name = names_.fresh(value.name);
    const std::string& base =
        value.storage->memory == ir::Memory::kArena ? memory.arena : memory.state;
    const char* constant = written ? "" : "const ";
    pointers += line(
        depth, fmt::format("{0}{1} *const {2} = ({0}{1} *)(void *)({3} + {4}); /* {5} */", constant,
                           element(value.type), name, base, at, to_string(value.type)));
    return known[id.index] = name;
  }

  // A state's next value lies beside the one that is read: in its place in the sequence, or in turn
  // in the result and in the workspace, so that the last step writes the result.
  std::string loop(const ir::Node& node, const std::vector<std::string>& operands,
                   const std::vector<std::string>& results, const Memory& memory, size_t depth) {
    const ir::Loop loop = ir::loop_of(node);
    const ir::Graph& body = ir::body_of(module_, node);
    const auto scratch = passes::scratch_of(node);
    LINNET_CHECK(scratch.has_value(), "a loop without a workspace");
    const std::string i = names_.fresh("step"), t = loop.reverse ? names_.fresh("t") : i;
    const auto of = [&](ir::ValueId id) -> const ir::Type& { return body.value(id).type; };
    const auto part = [&](const std::string& all, const ir::Type& type) {
      return fmt::format("{} + {} * {}", all, t, type.elements());
    };
    std::string before, head, after;
    Memory inner;
    if (scratch->bytes > 0) {
      inner.arena = names_.fresh("work");
      before += line(depth + 1, fmt::format("unsigned char *const {} = {} + {};", inner.arena,
                                            memory.arena, scratch->offset));
    }
    for (size_t k = 0; k < operands.size(); ++k) {
      const ir::ValueId input = body.inputs[k].value;
      const bool state = k < static_cast<size_t>(loop.states);
      const bool scanned = !state && k < static_cast<size_t>(loop.states + loop.scanned);
      if (!state && !scanned) {
        inner.inputs.push_back(operands[k]);
        continue;
      }
      const std::string name = names_.fresh(body.value(input).name);
      inner.inputs.push_back(name);
      const std::string value = state ? operands[k] : part(operands[k], of(input));
      (state ? before : head) +=
          line(depth + (state ? 1 : 2), fmt::format("const {} *{}{} = {};", element(of(input)),
                                                    state ? "" : "const ", name, value));
    }
    int64_t at = passes::arena_bytes(body);
    for (size_t k = 0; k < results.size(); ++k) {
      const ir::Type& type = of(body.outputs[k].value);
      const std::string name = names_.fresh(body.outputs[k].name + "_next");
      inner.outputs.push_back(name);
      std::string value = part(results[k], type);
      if (!ir::is_sequence(loop, k)) {
        value = fmt::format("(({} ^ {}) & 1) != 0 ? ({} *)(void *)({} + {}) : {}", i,
                            loop.steps - 1, element(type), inner.arena, at, results[k]);
        at += round_up(type.stored_bytes(), static_cast<int64_t>(kAlign));
      }
      head += line(depth + 2, fmt::format("{} *const {} = {};", element(type), name, value));
      if (k < static_cast<size_t>(loop.states))
        after += line(depth + 2, fmt::format("{} = {};", inner.inputs[k], name));
    }
    if (loop.reverse && (head + after).find(t) != std::string::npos)
      head =
          line(depth + 2, fmt::format("const int32_t {} = {} - {};", t, loop.steps - 1, i)) + head;
    return line(depth, "{") + before +
           line(depth + 1,
                fmt::format("for (int32_t {0} = 0; {0} < {1}; ++{0}) {{", i, loop.steps)) +
           head + text(body, inner, depth + 2) + after + line(depth + 1, "}") + line(depth, "}");
  }

  const File& file_;
  const ir::Module& module_;
  Names& names_;
};

}  // namespace

std::string File::macro(const std::string& what) const {
  return upper_case(options.name) + "_" + what;
}

std::string File::head(const std::string& function) const {
  for (const char* type : {"int ", "void "}) {
    const std::string begin = "\n" + (type + function) + "(";
    const size_t at = header.find(begin);
    if (at == std::string::npos) continue;
    const size_t end = header.find(");\n", at);
    return wrapped_line(header.substr(at + 1, end - at) + " {") + "\n";
  }
  LINNET_CHECK(false, "the header has no " + function);
}

std::string entry_function(const File& file, const EntryInfo& entry) {
  const ir::Graph& graph = *entry.graph;
  Names names;
  for (const char* taken : {"arena", "state", "count"})
    names.fresh(taken);
  const std::vector<std::string> ports = parameter_names(ports_of(*entry.module, graph));
  for (const std::string& port : ports)
    names.fresh(port);
  Calls::Memory memory{std::vector<std::string>(graph.inputs.size()),
                       std::vector<std::string>(graph.outputs.size()), "", ""};
  size_t next = 0;
  std::string text = file.head(entry.function);
  bool slots = false;
  for (const EntryParameter& parameter : entry_parameters(entry)) {
    if (parameter.kind == EntryParameter::kSlots) slots = true;
    if (parameter.kind == EntryParameter::kInput) memory.inputs[parameter.index] = ports[next++];
    if (parameter.kind == EntryParameter::kOutput) memory.outputs[parameter.index] = ports[next++];
  }
  std::string bytes;
  if (slots) {
    memory.state = names.fresh("slots");
    bytes += fmt::format("  unsigned char *const {} = (unsigned char *)state;\n", memory.state);
    text += fmt::format("  if (state == NULL || (uintptr_t)state % {} != 0) return {};\n", kAlign,
                        file.macro("STATE_INVALID"));
  }
  if (entry.arena_bytes > 0) {
    memory.arena = names.fresh("bytes");
    bytes += fmt::format("  unsigned char *const {} = (unsigned char *)arena;\n", memory.arena);
    text += fmt::format("  if (arena == NULL) return {};\n"
                        "  if ((uintptr_t)arena % {} != 0) return {};\n",
                        file.macro("ARENA_NULL"), kAlign, file.macro("ARENA_MISALIGNED"));
  }
  const std::string calls = Calls(file, *entry.module, names).text(graph, memory, 1);
  const auto unused = [&](const std::string& name) {
    if (!name.empty() && calls.find(name) == std::string::npos)
      text += fmt::format("  (void){};\n", name);
  };
  if (memory.arena.empty()) text += "  (void)arena;\n";
  text += bytes;
  for (const std::string& name : memory.inputs)
    unused(name);
  for (const std::string& name : memory.outputs)
    unused(name);
  unused(memory.arena);
  unused(memory.state);
  return text + calls + "  return 0;\n}\n";
}

}  // namespace linnet::codegen::source
