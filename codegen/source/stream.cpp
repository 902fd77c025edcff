// The functions of a model with a state, in C.
#include "codegen/source/entry.h"

#include "base/memory.h"
#include "codegen/emit/first_state.h"
#include "codegen/source/kernel.h"
#include "ir/initialize.h"
#include "passes/lib/storage.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::codegen::source {
namespace {

std::string reset_function(const File& file, const ir::Module& module) {
  std::string text = file.head(file.options.name + "_reset") +
                     fmt::format("  memset(state, 0, {0});\n"
                                 "  memcpy(state, {1}_state_tag, sizeof {1}_state_tag);\n",
                                 file.macro("STATE_BYTES"), file.options.name);
  for (size_t i = 0; i < module.slots.size(); ++i) {
    const ir::Slot& slot = module.slots[i];
    const ir::Tensor value = ir::initial_value(slot, file.options.seed, static_cast<uint32_t>(i));
    const bool zeros =
        std::ranges::all_of(value.bytes(), [](std::byte b) { return b == std::byte{0}; });
    if (zeros) continue;
    const std::string first = file.constants.add(value, "first " + slot.path);
    text += fmt::format("  memcpy((unsigned char *)state + {0}, {1}, sizeof {1});\n",
                        passes::slot_offset(module, slot.path), first);
  }
  return text + "}\n\n";
}

}  // namespace

std::string steps_function(const File& file, const std::string& function, const std::string& step,
                           const std::vector<std::string>& names,
                           const std::vector<int64_t>& sizes) {
  const auto own = [&](std::string name) {  // of the function's own variables: no parameter's
    while (std::ranges::find(names, name) != names.end())
      name += '_';
    return name;
  };
  const std::string t = own("t"), status = own("status_");
  std::string arguments;
  for (size_t i = 0; i < names.size(); ++i)
    arguments += fmt::format("{} + {} * {}, ", names[i], t, sizes[i]);
  return file.head(function) +
         fmt::format("  for (ptrdiff_t {0} = 0; {0} < count; ++{0}) {{\n", t) +
         wrapped_line(
             fmt::format("    const int {} = {}({}state, arena);", status, step, arguments)) +
         fmt::format("\n    if ({0} != 0) return {0};\n  }}\n  return 0;\n}}\n\n", status);
}

std::string stream_functions(const File& file, const EntryInfo& step) {
  const Ports ports = ports_of(*step.module, *step.graph);
  std::vector<int64_t> sizes;
  for (const auto* list : {&ports.inputs, &ports.outputs}) {
    for (const PortInfo& port : *list)
      sizes.push_back(port.type.elements());
  }
  const std::string& name = file.options.name;
  const StateTag tag = state_tag(*step.module, file.options);
  std::string text = fmt::format("/* Of this model with these weights. */\n"
                                 "static const uint64_t {}_state_tag[{}] = {{\n",
                                 name, tag.size());
  for (size_t i = 0; i < tag.size(); ++i)
    text += fmt::format("    UINT64_C({:#018x}){}\n", tag[i], i + 1 < tag.size() ? "," : "};\n");
  text += steps_function(file, name + "_steps", step.function, parameter_names(ports), sizes);
  text += reset_function(file, *step.module);
  text +=
      file.head(name + "_state_check") +
      fmt::format("  if (state == NULL || (uintptr_t)state % {0} != 0) return {1};\n"
                  "  return memcmp(state, {2}_state_tag, sizeof {2}_state_tag) == 0 ? 0 : {1};\n"
                  "}}\n\n",
                  kAlign, file.macro("STATE_INVALID"), name);
  return text;
}

}  // namespace linnet::codegen::source
