#include "codegen/header.h"

#include "codegen/picture.h"

#include "runtime/abi.h"
#include "runtime/io/tensor.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

namespace linnet::codegen {
namespace {

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

std::string identifier(const std::string& name) {
  std::string result;
  for (unsigned char c : name)
    result += std::isalnum(c) ? static_cast<char>(c) : '_';
  const bool starts = !result.empty() && !std::isdigit(static_cast<unsigned char>(result.front()));
  return starts ? result : "v" + result;
}

// Names of parameters: no keyword of C or C++, none twice.
class ParameterNames {
public:
  explicit ParameterNames(std::vector<std::string> taken) : taken_(std::move(taken)) {}

  std::string of(const std::string& name) {
    static const std::set<std::string_view> kKeywords = {
        "and",       "auto",      "bool",     "break",    "case",     "catch",    "char",
        "class",     "const",     "continue", "default",  "delete",   "do",       "double",
        "else",      "enum",      "explicit", "export",   "extern",   "false",    "float",
        "for",       "friend",    "goto",     "if",       "inline",   "int",      "long",
        "mutable",   "namespace", "new",      "not",      "operator", "or",       "private",
        "protected", "public",    "register", "restrict", "return",   "short",    "signed",
        "sizeof",    "static",    "struct",   "switch",   "template", "this",     "throw",
        "true",      "try",       "typedef",  "typename", "union",    "unsigned", "using",
        "virtual",   "void",      "volatile", "while",    "xor"};
    std::string base = identifier(name);
    if (kKeywords.contains(base)) base += '_';
    std::string result = base;
    for (int i = 1; std::ranges::find(taken_, result) != taken_.end(); ++i)
      result = fmt::format("{}_{}", base, i);
    taken_.push_back(result);
    return result;
  }

private:
  std::vector<std::string> taken_;
};

std::string c_type(int64_t dtype) {
  switch (dtype) {
  case LINNET_F32:
    return "float";
  case LINNET_F64:
    return "double";
  case LINNET_I64:
    return "int64_t";
  case LINNET_I32:
    return "int32_t";
  case LINNET_I8:
    return "int8_t";
  default:
    return "uint8_t";
  }
}

// `float logits[1*10]`.
std::string parameter(const PortInfo& port, bool input, ParameterNames& names) {
  const std::string name = names.of(port.name);
  std::vector<std::string> dims;
  for (int64_t dim : port.dims) {
    if (dim == 0) return fmt::format("{}{} *{}", input ? "const " : "", c_type(port.dtype), name);
    dims.push_back(std::to_string(dim));
  }
  return fmt::format("{}{} {}[{}]", input ? "const " : "", c_type(port.dtype), name,
                     dims.empty() ? "1" : join(dims, "*"));
}

// `more`: what stands before the arena.
std::string prototype(const HeaderEntry& entry, const std::string& function,
                      const std::vector<std::string>& more = {}) {
  std::vector<std::string> parameters;
  ParameterNames names({"arena", "count", "state"});
  for (const PortInfo& port : entry.ports.inputs)
    parameters.push_back(parameter(port, true, names));
  for (const PortInfo& port : entry.ports.outputs)
    parameters.push_back(parameter(port, false, names));
  parameters.insert(parameters.end(), more.begin(), more.end());
  parameters.emplace_back("void *arena");
  return fmt::format("int {}({});\n", function, join(parameters, ", "));
}

// A port as NAME_steps takes it: so many one after the other.
PortInfo many(PortInfo port) {
  port.dims.insert(port.dims.begin(), 0);
  return port;
}

std::string stream(const HeaderEntry& entry, const std::string& name) {
  HeaderEntry steps = entry;
  for (PortInfo& port : steps.ports.inputs)
    port = many(port);
  for (PortInfo& port : steps.ports.outputs)
    port = many(port);
  return fmt::format(
             "/* One step of time. The state is {0}_STATE_BYTES from a multiple of\n"
             " * {0}_ARENA_ALIGN on, one for each stream: {1}_reset fills it, and a copy of its\n"
             " * bytes is a snapshot. The arena has {0}_STEP_ARENA_BYTES. Returns 0 or a code;\n"
             " * {0}_STATE_INVALID if the state is NULL or misaligned. */\n",
             upper(name), name) +
         entry.state + prototype(entry, entry.function, {"void *state"}) +
         "/* `count` steps: arrays of so many inputs and outputs, one after the other. The bits "
         "are\n"
         " * those of single steps. */\n" +
         prototype(steps, name + "_steps", {"ptrdiff_t count", "void *state"}) +
         fmt::format(
             "void {0}_reset(void *state);\n"
             "/* 0 for a state of this model with these weights; else {1}_STATE_INVALID. */\n"
             "int {0}_state_check(const void *state);\n",
             name, upper(name));
}

std::string prototype_u8(const HeaderEntry& entry, const std::string& name) {
  const ImageInfo image = *picture_of(entry.ports);
  std::vector<std::string> parameters = {"const uint8_t *pixels", "ptrdiff_t row_stride"};
  ParameterNames names({"arena", "pixels", "row_stride"});
  for (const PortInfo& port : entry.ports.outputs)
    parameters.push_back(parameter(port, false, names));
  parameters.emplace_back("void *arena");
  return fmt::format(
      "/* The same for a picture of {} x {} {} in bytes, rows row_stride bytes apart. */\n"
      "int {}_run_u8({});\n",
      image.width, image.height, image.color == 0 ? "gray pixels" : "RGB pixels", name,
      join(parameters, ", "));
}

}  // namespace

std::string c_type(ir::DType dtype) {
  return c_type(static_cast<int64_t>(*runtime::dtype_named(ir::name(dtype))));
}
std::string c_name(const std::string& name) {
  return identifier(name);
}
std::string upper_case(std::string text) {
  return upper(std::move(text));
}

std::string c_header(const std::vector<HeaderEntry>& entries, const Compiled& compiled,
                     const CompileOptions& options) {
  const std::string& name = options.name;
  const std::string macro = upper(name);
  std::string text = fmt::format(
      "/* Model {}, compiled by linnet {} for {}{}.\n"
      " * Inputs and outputs are dense arrays in C order, aligned to 4 bytes; they may not "
      "overlap.\n"
      " * The arena holds what lies between them: one for each call that runs at the same time. "
      "It\n"
      " * need not be initialised and keeps nothing; NULL will do if its size is 0. A call "
      "allocates\n"
      " * nothing, takes no lock and makes no system call. It returns 0, {}_ARENA_NULL or\n"
      " * {}_ARENA_MISALIGNED. */\n",
      name, LINNET_VERSION, options.target.info.name, options.untrained ? ", untrained" : "", macro,
      macro);
  text += fmt::format(
      "#ifndef LINNET_{0}_H\n#define LINNET_{0}_H\n\n#include <stddef.h>\n#include <stdint.h>\n\n",
      macro);
  const auto define = [&](std::string_view what, const std::string& value) {
    text += fmt::format("#define {}_{} {}\n", macro, what, value);
  };
  define("ABI", std::to_string(LINNET_ABI_VERSION));
  define("ARENA_BYTES", std::to_string(compiled.arena_bytes));
  define("ARENA_ALIGN", std::to_string(compiled.arena_align));
  define("STACK_BYTES", std::to_string(compiled.stack_bytes));
  define("ARENA_NULL", fmt::format("({})", static_cast<int>(LINNET_ARENA_NULL)));
  define("ARENA_MISALIGNED", fmt::format("({})", static_cast<int>(LINNET_ARENA_MISALIGNED)));
  if (compiled.state_bytes != 0) {
    define("STEP_ARENA_BYTES", std::to_string(compiled.step_arena_bytes));
    define("STATE_BYTES", std::to_string(compiled.state_bytes));
    define("STATE_INVALID", fmt::format("({})", static_cast<int>(LINNET_STATE_INVALID)));
  }
  define("BATCH", std::to_string(entries.front().batch));
  define("TARGET", '"' + options.target.info.name + '"');
  define("MODEL_HASH", '"' + options.model_hash + '"');
  define("WEIGHTS_HASH", '"' + options.weights_hash + '"');
  text += "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  for (const HeaderEntry& entry : entries)
    text += entry.step ? stream(entry, options.name) : prototype(entry, entry.function);
  if (picture_of(entries.back().ports) && !entries.back().step)
    text += prototype_u8(entries.back(), name);
  text += fmt::format("/* Does this CPU have the instructions? Ask once, not for each call. */\n"
                      "int {}_supported(void);\n",
                      name);
  for (const PortInfo& port : entries.back().ports.outputs) {
    if (!port.classes) continue;
    text +=
        fmt::format("extern const char *const {}_labels[{}];\n", name, port.classes->labels.size());
    break;
  }
  text += "\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n";
  return text;
}

}  // namespace linnet::codegen
