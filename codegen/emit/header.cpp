// The C header of a library: prototypes, sizes, units.
#include "codegen/emit/header.h"

#include "codegen/emit/units.h"

#include "base/abi/model.h"
#include "base/io/tensor.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace linnet::codegen {
namespace {

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

// `const float logits[1*10]`; `many`: so many one after the other.
std::string array(const std::string& type, const std::string& name, const std::string& extent,
                  bool input, bool many) {
  const char* constant = input ? "const " : "";
  return many ? fmt::format("{}{} *{}", constant, type, name)
              : fmt::format("{}{} {}[{}]", constant, type, name, extent);
}

std::string extent_of(const PortInfo& port) {
  std::vector<std::string> dims;
  for (int64_t dim : port.dims)
    dims.push_back(std::to_string(dim));
  return dims.empty() ? "1" : join(dims, "*");
}

std::string raw_type(const PortInfo& port, const Units& units) {
  switch (units.kind) {
  case Units::kScaled:
    return "double";
  case Units::kCategory:
    return "int32_t";
  case Units::kPixels:
    return "uint8_t";
  case Units::kPlain:
    break;
  }
  return c_type(port.dtype);
}

// The parameters of an entry: those of `raw` if there is one.
struct Signature {
  const Ports& ports;
  const RawEntry* raw = nullptr;
  bool many = false;     // arrays of `count`
  bool strided = false;  // a picture in rows
  bool state = false;
};

std::string prototype(const Signature& of, const std::string& function) {
  const std::vector<std::string> names = parameter_names(of.ports);
  std::vector<std::string> parameters;
  const auto add = [&](const std::vector<PortInfo>& ports, const std::vector<RawEntry::Port>* raw,
                       bool input) {
    for (size_t i = 0; i < ports.size(); ++i) {
      const std::string& name = names[parameters.size()];
      const Units* units = raw ? &(*raw)[i].units : nullptr;
      const bool empty = std::ranges::find(ports[i].dims, 0) != ports[i].dims.end();
      const bool same = !units || units->raw_elements == ports[i].type.elements();
      parameters.push_back(array(units ? raw_type(ports[i], *units) : c_type(ports[i].dtype), name,
                                 same ? extent_of(ports[i]) : std::to_string(units->raw_elements),
                                 input, of.many || empty));
    }
  };
  add(of.ports.inputs, of.raw ? &of.raw->inputs : nullptr, true);
  add(of.ports.outputs, of.raw ? &of.raw->outputs : nullptr, false);
  if (of.strided) {
    parameters.front() = fmt::format("const uint8_t *{}", names.front());
    parameters.insert(parameters.begin() + 1, "ptrdiff_t row_stride");
  }
  if (of.many) parameters.emplace_back("ptrdiff_t count");
  if (of.state) parameters.emplace_back("void *state");
  parameters.emplace_back("void *arena");
  return fmt::format("int {}({});\n", function, join(parameters, ", "));
}

std::string prototype_u8(const HeaderEntry& entry, const std::string& name) {
  const auto raw = picture_entry(entry.ports);
  const linnet_image_v1& image = *entry.ports.inputs[0].abi().image;
  return fmt::format("/* The same for a picture of {} x {} {}: the top\n"
                     " * row first, rows row_stride bytes apart{}. */\n",
                     image.width, image.height,
                     image.color == 0 ? "gray pixels, a byte each"
                                      : "RGB pixels, three bytes each (red, green, blue)",
                     std::ranges::any_of(raw->outputs, [](const auto& o) { return o.at >= 0; })
                         ? "; answers are in the data's own units"
                         : "") +
         prototype({.ports = entry.ports, .raw = &*raw, .strided = true}, name + "_run_u8");
}

// A double as C reads it back.
std::string number(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

std::string constants(const Ports& ports, const std::string& name) {
  std::string text;
  for (const UnitConstant& constant : unit_constants(ports, name)) {
    if (!constant.texts.empty()) {
      text +=
          fmt::format("extern const char *const {}[{}];\n", constant.symbol, constant.texts.size());
      continue;
    }
    std::vector<std::string> numbers;
    for (double value : constant.numbers)
      numbers.push_back(number(value));
    const bool one = numbers.size() == 1;
    text += fmt::format("#define {} {}{}{}\nextern const double {}[{}];\n",
                        upper_case(constant.symbol), one ? "" : "{", join(numbers, ", "),
                        one ? "" : "}", constant.symbol, numbers.size());
  }
  return text.empty() ? ""
                      : "/* Of the data block; lists in braces have one number for each column"
                        " or channel. */\n" +
                            text;
}

// Lines of a comment, broken at spaces; all but the first are indented.
std::string wrapped(const std::string& text) {
  constexpr size_t kWidth = 92;
  std::string lines = " *  ";
  size_t column = lines.size();
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    if (column + 1 + end - at > kWidth) {
      lines += "\n *     ";
      column = 7;
    }
    lines += ' ' + text.substr(at, end - at);
    column += 1 + end - at;
    at = end + 1;
  }
  return lines + "\n";
}

std::string units(const HeaderEntry& entry, const std::string& name) {
  const std::vector<std::string> names = parameter_names(entry.ports);
  std::string text = "/* Units:\n";
  size_t next = 0;
  for (const auto* list : {&entry.ports.inputs, &entry.ports.outputs}) {
    for (const PortInfo& port : *list) {
      const std::string& own = names[next++];
      text += wrapped(own + ": " +
                      in_comment(unit_text(port, entry.ports, upper_case(name + "_" + own))));
    }
  }
  return text + " */\n";
}

// Above what takes and returns raw values.
std::string in_own_units(const RawEntry& raw, const std::string& name) {
  const bool categories = std::ranges::any_of(
      raw.inputs, [](const auto& port) { return port.units.kind == Units::kCategory; });
  return fmt::format(
      "/* The same in the data's own units, as the executable computes it{}. */\n",
      categories ? "; " + upper_case(name) + "_CATEGORY_UNKNOWN\n * if a position is none" : "");
}

std::string stream(const HeaderEntry& entry, const std::string& name) {
  std::string text = fmt::format(
      "/* One step of time. The state is {0}_STATE_BYTES from a multiple of\n"
      " * {0}_ARENA_ALIGN on, one for each stream: {1}_reset fills it, and a copy of its\n"
      " * bytes is a snapshot. The arena has {0}_STEP_ARENA_BYTES. Returns 0 or a code;\n"
      " * {0}_STATE_INVALID if the state is NULL or misaligned. */\n",
      upper_case(name), name);
  const Signature one{.ports = entry.ports, .state = true};
  Signature many = one;
  many.many = true;
  text += entry.state + prototype(one, entry.function) +
          "/* `count` steps: arrays of so many inputs and outputs, one after the other. The bits "
          "are\n"
          " * those of single steps. */\n" +
          prototype(many, name + "_steps") +
          fmt::format("void {0}_reset(void *state);\n"
                      "/* 0 for a state of this model with these weights; else {1}_STATE_INVALID. "
                      "*/\n"
                      "int {0}_state_check(const void *state);\n",
                      name, upper_case(name));
  if (entry.warmup > 0)
    text += fmt::format("/* So many first answers come from a window that is not full yet. */\n"
                        "#define {}_WARMUP_STEPS {}\n",
                        upper_case(name), entry.warmup);
  if (const auto raw = raw_entry(entry.ports)) {
    Signature raw_one{.ports = entry.ports, .raw = &*raw, .state = true};
    Signature raw_many = raw_one;
    raw_many.many = true;
    text += in_own_units(*raw, name) + prototype(raw_one, name + "_step_raw") +
            prototype(raw_many, name + "_steps_raw");
  }
  return text;
}

std::string run(const HeaderEntry& entry, const std::string& name) {
  std::string text = prototype({.ports = entry.ports}, entry.function);
  if (picture_entry(entry.ports)) return text;
  if (const auto raw = raw_entry(entry.ports))
    text += in_own_units(*raw, name) +
            prototype({.ports = entry.ports, .raw = &*raw}, entry.function + "_raw");
  return text;
}

std::string threads(const std::string& name) {
  return fmt::format(
      "/* From now on a call shares the tiles of its long kernels among `count` threads, 1 to\n"
      " * {0}_THREADS, itself included; without it, and with 1, it has one. No bit depends on\n"
      " * it. The others have {0}_THREAD_BYTES of stack each, take no signals, and sleep between\n"
      " * calls, but not before `spin` microseconds are over: 0 unless every microsecond counts.\n"
      " * A call may then wake them and wait for them by futex(2), the only system call; it still\n"
      " * allocates nothing and waits for no lock: while another call's kernel has the threads, "
      "it\n"
      " * goes on alone. Returns 0; {0}_THREADS_INVALID, and nothing has changed; or\n"
      " * {0}_THREADS_FAILED if the system gives no more, and then there are none. Any number of\n"
      " * times, from any thread. The child of a fork has none until it starts its own. */\n"
      "int {1}_threads_start(int count, int spin);\n"
      "/* Ends them; nothing if there are none. Before dlclose. */\n"
      "void {1}_threads_stop(void);\n",
      upper_case(name), name);
}

// What a caller must know before the first call.
std::string opening(const CompileOptions& options) {
  const std::string macro = upper_case(options.name);
  std::string text = fmt::format(
      "/* Model {}, compiled by linnet {} for {}{}.\n"
      " * Inputs and outputs are dense arrays in C order, aligned to 4 bytes; they may not "
      "overlap.\n"
      " * The arena holds what lies between them: one for each call that runs at the same time. "
      "It\n"
      " * need not be initialised and keeps nothing; NULL will do if its size is 0. Calls from "
      "several\n"
      " * threads at once are safe, each with an arena (and a state) of its own. A call allocates\n"
      " * nothing, takes no lock and makes no system call{}. It returns 0, {}_ARENA_NULL or\n"
      " * {}_ARENA_MISALIGNED. */\n",
      options.name, LINNET_VERSION, options.target.info.name,
      options.untrained ? ", untrained" : "",
      options.threads > 1
          ? fmt::format(",\n * unless {}_threads_start says otherwise", options.name)
          : "",
      macro, macro);
  const std::string& code = options.target.code_section;
  const std::string& constants = options.target.constants_section;
  if (!code.empty() || !constants.empty())
    text += fmt::format("/* Code is in the section {}, constants are in {}. */\n",
                        code.empty() ? ".text" : code, constants.empty() ? ".rodata" : constants);
  if (options.flush_denormals)
    text += fmt::format(
        "/* Compiled with --flush-denormals: while a call runs, {}, so that\n"
        " * denormal numbers are zeros; it is given back as it was found. */\n",
        options.target.record.architecture == Architecture::kX86 ? "MXCSR's FTZ and DAZ are set"
        : options.target.record.architecture == Architecture::kAArch64 ? "FPCR's FZ is set"
                                                                       : "FPSCR's FZ is set");
  return text;
}

}  // namespace

std::string c_type(ir::DType dtype) {
  return c_type(abi_number(dtype));
}

std::string in_comment(std::string text) {
  for (const auto& [from, to] : {std::pair{"*/", "* /"}, std::pair{"/*", "/ *"}}) {
    for (size_t at = 0; (at = text.find(from, at)) != std::string::npos;)
      text.replace(at, 2, to);
  }
  return text;
}

std::string c_name(const std::string& name, const std::string& prefix) {
  std::string result;
  for (unsigned char c : name)
    result += std::isalnum(c) ? static_cast<char>(c) : '_';
  const bool starts = !result.empty() && !std::isdigit(static_cast<unsigned char>(result.front()));
  return starts ? result : prefix + result;
}

std::string upper_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

// "9472 /* 6336 planned + 3136 for lenet_run_u8 */"
std::string sum_text(int64_t bytes, const std::vector<HeaderEntry>& entries) {
  for (const HeaderEntry& entry : entries) {
    if (entry.raw_bytes > 0 && entry.planned_bytes + entry.raw_bytes == bytes)
      return fmt::format("{} /* {} planned + {} for {} */", bytes, entry.planned_bytes,
                         entry.raw_bytes, entry.raw_function);
  }
  return std::to_string(bytes);
}

std::string c_header(const std::vector<HeaderEntry>& entries, const Compiled& compiled,
                     const CompileOptions& options) {
  const std::string& name = options.name;
  const std::string macro = upper_case(name);
  std::string text = opening(options);
  text += fmt::format(
      "#ifndef LINNET_{0}_H\n#define LINNET_{0}_H\n\n#include <stddef.h>\n#include <stdint.h>\n\n",
      macro);
  const auto define = [&](std::string_view what, const std::string& value) {
    text += fmt::format("#define {}_{} {}\n", macro, what, value);
  };
  define("ABI", std::to_string(LINNET_ABI_VERSION));
  define("ARENA_BYTES", sum_text(compiled.arena_bytes, entries));
  define("ARENA_ALIGN", std::to_string(compiled.arena_align));
  if (compiled.stack_bytes > 0)  // of C source who compiles it decides
    define("STACK_BYTES", std::to_string(compiled.stack_bytes));
  if (options.threads > 1) {
    define("THREADS", std::to_string(options.threads));
    define("THREAD_BYTES", std::to_string(compiled.thread_bytes));
    define("THREADS_INVALID", fmt::format("({})", static_cast<int>(LINNET_THREADS_INVALID)));
    define("THREADS_FAILED", fmt::format("({})", static_cast<int>(LINNET_THREADS_FAILED)));
  }
  define("ARENA_NULL", fmt::format("({})", static_cast<int>(LINNET_ARENA_NULL)));
  define("ARENA_MISALIGNED", fmt::format("({})", static_cast<int>(LINNET_ARENA_MISALIGNED)));
  const bool categories =
      std::ranges::any_of(entries.back().ports.inputs, [&](const PortInfo& port) {
        return units_of(port, entries.back().ports).kind == Units::kCategory;
      });
  if (categories)
    define("CATEGORY_UNKNOWN", fmt::format("({})", static_cast<int>(LINNET_CATEGORY_UNKNOWN)));
  if (compiled.state_bytes != 0) {
    define("STEP_ARENA_BYTES", sum_text(compiled.step_arena_bytes, entries));
    define("STATE_BYTES", std::to_string(compiled.state_bytes));
    define("STATE_INVALID", fmt::format("({})", static_cast<int>(LINNET_STATE_INVALID)));
  }
  define("BATCH", std::to_string(entries.front().batch));
  define("TARGET", '"' + options.target.info.name + '"');
  define("MODEL_HASH", '"' + options.model_hash + '"');
  define("WEIGHTS_HASH", '"' + options.weights_hash + '"');
  text += "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  const Ports& ports = entries.back().ports;
  text += units(entries.back(), name);
  text += constants(ports, name);
  for (const HeaderEntry& entry : entries)
    text += entry.step ? stream(entry, options.name) : run(entry, name);
  if (picture_entry(ports) && !entries.back().step) text += prototype_u8(entries.back(), name);
  if (options.threads > 1) text += threads(options.name);
  text += fmt::format("/* Does this CPU have the instructions? Ask once, not for each call. */\n"
                      "int {}_supported(void);\n",
                      name);
  text += "\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n";
  return text;
}

}  // namespace linnet::codegen
