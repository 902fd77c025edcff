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

void scale(Units& units, double mean, double deviation, bool learn) {
  units.kind = Units::kScaled;
  units.mean.push_back(mean);
  units.deviation.push_back(deviation);
  units.learnt = units.learnt && !learn;
}

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

bool is_picture(const RawEntry::Port& port) {
  return port.units.kind == Units::kPixels;
}

}  // namespace

Units units_of(const PortInfo& port, const Ports& ports) {
  Units units = plain(port);
  const int64_t elements = units.raw_elements;
  if (!ir::is_float(port.type.dtype)) return units;
  if (port.series) scale(units, port.series->mean, port.series->deviation, port.series->learn);
  if (port.ahead && static_cast<size_t>(port.ahead->input) < ports.inputs.size()) {
    const auto& of = ports.inputs[static_cast<size_t>(port.ahead->input)].series;
    if (of) scale(units, of->mean, of->deviation, of->learn);
  }
  for (const ColumnInfo& column : port.columns) {
    if (!column.categories.empty()) {
      units.kind = Units::kCategory;
      units.raw_elements = elements / static_cast<int64_t>(column.categories.size());
      units.raw_size = sizeof(int32_t);
      return units;
    }
    scale(units, column.mean, column.deviation, column.learn);
  }
  if (units.kind == Units::kScaled) {
    units.raw_size = sizeof(double);
    if (elements % static_cast<int64_t>(units.mean.size()) != 0) return plain(port);
  }
  if (port.image && port.type.dtype == ir::DType::kF32) {
    const int64_t channels = port.image->color == 0 ? 1 : 3;
    if (port.image->height * port.image->width * channels != elements) return units;  // a batch
    units.kind = Units::kPixels;
    units.raw_size = 1;
    for (size_t c = 0; c < static_cast<size_t>(channels); ++c) {
      units.mean.push_back(port.image->mean[c]);
      units.deviation.push_back(port.image->deviation[c]);
    }
  }
  return units;
}

std::optional<RawEntry> raw_entry(const Ports& ports) {
  RawEntry entry = layout(ports);
  if (entry.scratch_bytes == 0) return std::nullopt;
  for (size_t i = 0; i < ports.inputs.size(); ++i) {
    if (ports.inputs[i].image && !is_picture(entry.inputs[i])) return std::nullopt;
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
      constants.push_back({prefix + "_scale", {port.image->scale}, {}});
    if (!units.mean.empty()) {
      constants.push_back({prefix + "_mean", units.mean, {}});
      constants.push_back({prefix + "_std", units.deviation, {}});
    }
    if (units.kind == Units::kCategory)
      constants.push_back({prefix + "_categories", {}, port.columns.front().categories});
    if (!output || !port.classes || port.classes->labels.empty()) return;
    constants.push_back(
        {labelled ? prefix + "_labels" : name + "_labels", {}, port.classes->labels});
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
      "and",       "auto",      "bool",     "break",    "case",     "catch",    "char",
      "class",     "const",     "continue", "default",  "delete",   "do",       "double",
      "else",      "enum",      "explicit", "export",   "extern",   "false",    "float",
      "for",       "friend",    "goto",     "if",       "inline",   "int",      "long",
      "mutable",   "namespace", "new",      "not",      "operator", "or",       "private",
      "protected", "public",    "register", "restrict", "return",   "short",    "signed",
      "sizeof",    "static",    "struct",   "switch",   "template", "this",     "throw",
      "true",      "try",       "typedef",  "typename", "union",    "unsigned", "using",
      "virtual",   "void",      "volatile", "while",    "xor"};
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
