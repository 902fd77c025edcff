// Units of ports from what `data` declares; layout of the scratch of entries that take raw values.
#include "codegen/emit/units.h"

#include "base/integers.h"
#include "base/memory.h"
#include "codegen/emit/header.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace linnet::codegen {
namespace {

constexpr int64_t kMostOnStack = 1024;  // bytes

Units plain(const PortInfo& port) {
  Units units;
  units.raw_elements = port.type.elements();
  units.raw_size = ir::size_of(port.type.dtype);
  return units;
}

// Of outputs only scaled ones are converted back.
RawEntry layout(const Ports& ports) {
  RawEntry entry;
  const auto add = [&](const std::vector<PortInfo>& from, std::vector<RawEntry::Port>& to) {
    for (const PortInfo& port : from) {
      to.push_back({units_of(port, ports), -1});
      if (&to == &entry.outputs && to.back().units.kind != Units::kScaled)
        to.back().units = plain(port);
      if (to.back().units.kind == Units::kPlain) continue;
      to.back().at = entry.scratch_bytes;
      entry.scratch_bytes += round_up(port.type.stored_bytes(), kAlign);
    }
  };
  add(ports.inputs, entry.inputs);
  add(ports.outputs, entry.outputs);
  entry.on_stack = entry.scratch_bytes <= kMostOnStack;
  return entry;
}

std::vector<const linnet_port_v1*> inputs_of(const Ports& ports) {
  std::vector<const linnet_port_v1*> inputs;
  for (const PortInfo& input : ports.inputs)
    inputs.push_back(&input.abi());
  return inputs;
}

std::vector<std::string> categories_of(const PortInfo& port) {
  const linnet_column_v1& column = port.abi().table->columns[0];
  return {column.categories, column.categories + column.category_count};
}

bool is_picture(const RawEntry::Port& port) {
  return port.units.kind == Units::kPixels;
}

}  // namespace

Units units_of(const PortInfo& port, const Ports& ports) {
  Units units = plain(port);
  if (!ir::is_float(port.type.dtype) || !port.kind || !port.kind->units) return units;
  const auto inputs = inputs_of(ports);
  port.kind->units({port.abi(), port.type, inputs}, units);
  const bool whole = units.mean.empty() || units.kind == Units::kPixels ||
                     port.type.elements() % static_cast<int64_t>(units.mean.size()) == 0;
  return whole ? units : plain(port);
}

std::string unit_text(const PortInfo& port, const Ports& ports, const std::string& macro) {
  const Units units = units_of(port, ports);
  const bool scaled = std::ranges::any_of(units.mean, [](double m) { return m != 0; }) ||
                      std::ranges::any_of(units.deviation, [](double d) { return d != 1; });
  const std::string scale =
      units.kind != Units::kScaled ? ""
      : !units.learnt
          ? "; its standard scale is learnt with the weights, and there are none: taken as it is"
      : scaled ? fmt::format("; scaled: (value - {0}_MEAN) / {0}_STD", macro)
               : ", in its own unit";
  const auto inputs = inputs_of(ports);
  const std::string text =
      port.kind && port.kind->describe
          ? port.kind->describe({port.abi(), port.type, inputs}, units, scale, macro)
          : "";
  return text.empty() ? "no unit is declared: numbers as the model takes them" : text;
}

std::optional<RawEntry> raw_entry(const Ports& ports) {
  RawEntry entry = layout(ports);
  if (entry.scratch_bytes == 0) return std::nullopt;
  for (size_t i = 0; i < ports.inputs.size(); ++i) {
    if (ports.inputs[i].abi().image && !is_picture(entry.inputs[i])) return std::nullopt;
  }
  return entry;
}

std::optional<RawEntry> picture_entry(const Ports& ports) {
  if (ports.inputs.size() != 1) return std::nullopt;
  RawEntry entry = layout(ports);
  return is_picture(entry.inputs[0]) ? std::optional(std::move(entry)) : std::nullopt;
}

std::vector<UnitConstant> unit_constants(const Ports& ports, const std::string& name) {
  std::vector<UnitConstant> constants;
  bool labelled = false;
  const std::vector<std::string> names = parameter_names(ports);
  const auto add = [&](const PortInfo& port, const std::string& own, bool output) {
    const Units units = units_of(port, ports);
    const std::string prefix = name + "_" + own;
    if (units.kind == Units::kPixels)
      constants.push_back({prefix + "_scale", {port.abi().image->scale}, {}});
    if (!units.mean.empty()) {
      constants.push_back({prefix + "_mean", units.mean, {}});
      constants.push_back({prefix + "_std", units.deviation, {}});
    }
    if (units.kind == Units::kCategory)
      constants.push_back({prefix + "_categories", {}, categories_of(port)});
    const linnet_classes_v1* classes = port.abi().classes;
    if (!output || !classes || classes->count == 0) return;
    constants.push_back({labelled ? prefix + "_labels" : name + "_labels",
                         {},
                         {classes->labels, classes->labels + classes->count}});
    labelled = true;
  };
  for (size_t i = 0; i < ports.inputs.size(); ++i)
    add(ports.inputs[i], names[i], false);
  for (size_t i = 0; i < ports.outputs.size(); ++i)
    add(ports.outputs[i], names[ports.inputs.size() + i], true);
  return constants;
}

std::vector<std::string> parameter_names(const Ports& ports) {
  static const std::set<std::string_view> kKeywords = {
      "and", "auto", "bool", "break", "case", "catch", "char", "class", "const", "continue",
      "default", "delete", "do", "double", "else", "enum", "explicit", "export", "extern", "false",
      "float", "for", "friend", "goto", "if", "inline", "int", "long", "mutable", "namespace",
      "new", "not", "operator", "or", "private", "protected", "public", "register", "restrict",
      "return", "short", "signed", "sizeof", "static", "struct", "switch", "template", "this",
      "throw", "true", "try", "typedef", "typename", "union", "unsigned", "using", "virtual",
      "void", "volatile", "while", "xor",
      // words of gcc's dialect, and macros
      "asm", "typeof", "linux", "unix", "NULL", "NAN", "INFINITY"};
  std::set<std::string> taken = {"ARENA", "COUNT", "STATE", "ROW_STRIDE"};
  std::vector<std::string> names;
  const auto add = [&](const PortInfo& port) {
    std::string base = c_name(port.name);
    if (kKeywords.contains(base)) base += '_';
    std::string result = base;
    for (int i = 1; !taken.insert(upper_case(result)).second; ++i)
      result = fmt::format("{}_{}", base, i);
    names.push_back(result);
  };
  std::ranges::for_each(ports.inputs, add);
  std::ranges::for_each(ports.outputs, add);
  return names;
}

}  // namespace linnet::codegen
