// Writes entries in the data's own units in C, with the arithmetic of the libraries'.
#include "codegen/source/entry.h"

#include "base/memory.h"
#include "codegen/source/kernel.h"
#include "ir/data_kind.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::codegen::source {
namespace {

class Raw {
public:
  Raw(const File& file, const RawFunction& raw)
      : file_(file), raw_(raw), names_(parameter_names(raw.ports)) {
    const auto ends = [&](const std::string& name) { return name.ends_with(own_); };
    while (std::ranges::any_of(names_, ends))
      own_ += '_';
  }

  // `$` ends names of the function's own until the last line.
  std::string text() {
    std::string memory, takes, gives, arguments, checks;
    for (size_t i = 0; i < raw_.raw.inputs.size(); ++i) {
      arguments += argument(raw_.raw.inputs[i], raw_.ports.inputs[i], names_[i], memory);
      checks += check(i);
      takes += take(i);
    }
    for (size_t i = 0; i < raw_.raw.outputs.size(); ++i) {
      const std::string& name = names_[raw_.raw.inputs.size() + i];
      arguments += argument(raw_.raw.outputs[i], raw_.ports.outputs[i], name, memory);
      gives += give(i, name);
    }
    const char* state = is_step(*raw_.entry) ? "state, " : "";
    std::string text = file_.head(raw_.name);
    if (!raw_.raw.on_stack)
      text += fmt::format("  if (arena == NULL) return {};\n"
                          "  if ((uintptr_t)arena % {} != 0) return {};\n",
                          file_.macro("ARENA_NULL"), kAlign, file_.macro("ARENA_MISALIGNED"));
    text += memory + "  int status$;\n" + checks + takes +
            wrapped_line(
                fmt::format("  status$ = {}({}{}arena);", raw_.entry->function, arguments, state)) +
            "\n  if (status$ != 0) return status$;\n" + gives + "  return 0;\n}\n\n";
    for (size_t at = 0; (at = text.find('$', at)) != std::string::npos;)
      text.replace(at, 1, own_);
    return text;
  }

  std::string steps(const std::string& function) const {
    std::vector<int64_t> sizes;
    for (const auto* list : {&raw_.raw.inputs, &raw_.raw.outputs}) {
      for (const RawEntry::Port& port : *list)
        sizes.push_back(port.units.raw_elements);
    }
    return steps_function(file_, function, raw_.name, names_, sizes);
  }

private:
  static std::string_view type_of(const PortInfo& port) {
    return c_name(c_type_of(port.type.dtype));
  }
  // The model's values of a port.
  [[nodiscard]] std::string values(const std::string& name) const {
    return name + "_values" + own_;
  }

  std::string argument(const RawEntry::Port& port, const PortInfo& info, const std::string& name,
                       std::string& memory) const {
    if (port.at < 0) return name + ", ";
    if (raw_.raw.on_stack) {
      memory += fmt::format("  {} {}[{}];\n", type_of(info), values(name), info.type.elements());
    } else {
      memory += fmt::format("  {0} *const {1} = ({0} *)(void *)((unsigned char *)arena + {2});\n",
                            type_of(info), values(name), raw_.entry->arena_bytes + port.at);
    }
    return values(name) + ", ";
  }

  [[nodiscard]] int64_t categories(size_t port) const {
    return raw_.ports.inputs[port].abi().table->columns[0].category_count;
  }

  std::string check(size_t port) const {
    const Units& units = raw_.raw.inputs[port].units;
    if (units.kind != Units::kCategory) return "";
    return fmt::format("  for (int32_t i$ = 0; i$ < {}; ++i$) {{\n"
                       "    if ((uint32_t){}[i$] >= {}u) return {};\n  }}\n",
                       units.raw_elements, names_[port], categories(port),
                       file_.macro("CATEGORY_UNKNOWN"));
  }

  std::string take(size_t port) const {
    const PortInfo& info = raw_.ports.inputs[port];
    const Units& units = raw_.raw.inputs[port].units;
    const std::string &from = names_[port], to = values(from);
    switch (units.kind) {
    case Units::kPlain:
      return "";
    case Units::kPixels:
      return pixels(*info.abi().image, from, to);
    case Units::kCategory:
      return fmt::format("  for (int32_t i$ = 0; i$ < {}; ++i$) {{\n"
                         "    for (int32_t k$ = 0; k$ < {}; ++k$) {{\n"
                         "      {}[i$ * {} + k$] = {}[i$] == k$ ? 1 : 0;\n    }}\n  }}\n",
                         units.raw_elements, categories(port), to, categories(port), from);
    case Units::kScaled:
      break;
    }
    return scaled(
        units, from,
        [&](const std::string& at, const std::string& mean, const std::string& deviation) {
          const std::string value =
              mean.empty() ? fmt::format("{}[{}]", from, at)
                           : fmt::format("(({}[{}] - {}) / {})", from, at, mean, deviation);
          return fmt::format("{}[{}] = ({}){};", to, at, type_of(info), value);
        });
  }

  std::string give(size_t port, const std::string& to) const {
    const Units& units = raw_.raw.outputs[port].units;
    if (units.kind != Units::kScaled) return "";
    const std::string from = values(to);
    return scaled(
        units, to,
        [&](const std::string& at, const std::string& mean, const std::string& deviation) {
          const std::string value = fmt::format("(double){}[{}]", from, at);
          if (mean.empty()) return fmt::format("{}[{}] = {};", to, at, value);
          return fmt::format("{}[{}] = {} * {} + {};", to, at, value, deviation, mean);
        });
  }

  // A loop over all elements; mean and deviation are "" where they are 0 and 1.
  template <class Body>
  std::string scaled(const Units& units, const std::string& port, Body body) const {
    const auto columns = static_cast<int64_t>(units.mean.size());
    const bool identity = std::ranges::all_of(units.mean, [](double m) { return m == 0; }) &&
                          std::ranges::all_of(units.deviation, [](double d) { return d == 1; });
    const std::string symbol = file_.options.name + "_" + port;
    const auto loop = [&](const std::string& mean, const std::string& deviation) {
      return fmt::format("  for (int32_t i$ = 0; i$ < {}; ++i$) {{\n    {}\n  }}\n",
                         units.raw_elements, body("i$", mean, deviation));
    };
    if (identity) return loop("", "");
    if (columns == 1) return loop(symbol + "_mean[0]", symbol + "_std[0]");
    return loop(fmt::format("{}_mean[i$ % {}]", symbol, columns),
                fmt::format("{}_std[i$ % {}]", symbol, columns));
  }

  // Bytes of pixels to planes; steps that change no value are left out.
  std::string pixels(const linnet_image_v1& image, const std::string& from,
                     const std::string& to) const {
    const int64_t channels = image.color == 0 ? 1 : 3;
    const std::string stride =
        raw_.strided ? "row_stride" : fmt::format("{}", image.width * channels);
    std::string text = fmt::format("  for (int32_t y$ = 0; y$ < {}; ++y$) {{\n"
                                   "    const uint8_t *const row$ = {} + y$ * {};\n"
                                   "    for (int32_t x$ = 0; x$ < {}; ++x$) {{\n",
                                   image.height, from, stride, image.width);
    for (int64_t c = 0; c < channels; ++c) {
      const auto at = static_cast<size_t>(c);
      const int64_t channel = image.color == 2 ? 2 - c : c;
      const auto number = [](double value) {
        return number_text(CType::kF32, static_cast<double>(static_cast<float>(value)));
      };
      std::string value =
          channels == 1 ? "(float)row$[x$]" : fmt::format("(float)row$[x$ * 3 + {}]", channel);
      if (image.invert) value = fmt::format("(255.0f - {})", value);
      if (image.scale != 1) value = fmt::format("{} * {}", value, number(image.scale));
      if (image.mean[at] != 0) value = fmt::format("({} - {})", value, number(image.mean[at]));
      if (image.deviation[at] != 1)
        value = fmt::format("{} / {}", value, number(image.deviation[at]));
      text += fmt::format("      {}[{} + y$ * {} + x$] = {};\n", to, c * image.height * image.width,
                          image.width, value);
    }
    return text + "    }\n  }\n";
  }

  const File& file_;
  const RawFunction& raw_;
  std::vector<std::string> names_;
  std::string own_ = "_";  // the function's own variables end so, as no parameter does
};

// A string of C: octal escapes for all that is not printable ASCII.
std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const unsigned char c : text) {
    const bool plain = c >= ' ' && c < 127 && c != '"' && c != '\\' && c != '?';
    result += plain ? std::string(1, static_cast<char>(c)) : fmt::format("\\{:03o}", c);
  }
  return result + "\"";
}

}  // namespace

std::string raw_function(const File& file, const RawFunction& raw) {
  Raw writer(file, raw);
  std::string text = writer.text();
  if (is_step(*raw.entry)) text += writer.steps(file.options.name + "_steps_raw");
  return text;
}

std::string unit_definitions(const Ports& ports, const std::string& name) {
  std::string text;
  for (const UnitConstant& constant : unit_constants(ports, name)) {
    std::vector<std::string> list;
    for (const std::string& label : constant.texts)
      list.push_back(quoted(label));
    for (const double number : constant.numbers)
      list.push_back(number_text(CType::kF64, number));
    text +=
        fmt::format("const {}{}[{}] = {};\n\n", constant.texts.empty() ? "double " : "char *const ",
                    constant.symbol, list.size(), braced(list));
  }
  return text;
}

}  // namespace linnet::codegen::source
