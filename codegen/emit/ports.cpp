#include "codegen/emit/ports.h"

#include "ir/op_def.h"

#include "base/io/tensor.h"
#include "support/check.h"

#include <algorithm>

namespace linnet::codegen {
namespace {

using ir::Attr;

// A declaration's attributes, read with defaults; numbers may be written as integers.
class Reader {
public:
  explicit Reader(const ir::Recipe& recipe) : recipe_(recipe) {}

  [[nodiscard]] std::string text(std::string_view name, std::string fallback = "") const {
    const Attr* attr = recipe_.attrs.find(name);
    if (!attr) return fallback;
    if (const auto* word = std::get_if<ir::Enum>(attr)) return word->word;
    const auto* text = std::get_if<std::string>(attr);
    return text ? *text : fallback;
  }
  // Position of a word among `words`, 0 if it is absent.
  [[nodiscard]] int64_t word(std::string_view name,
                             std::initializer_list<std::string_view> words) const {
    const auto at = std::find(words.begin(), words.end(), text(name));
    return at == words.end() ? 0 : at - words.begin();
  }
  [[nodiscard]] std::vector<double> numbers(std::string_view name) const {
    const Attr* attr = recipe_.attrs.find(name);
    if (!attr) return {};
    if (const auto* list = std::get_if<ir::Doubles>(attr)) return *list;
    if (const auto* list = std::get_if<ir::Ints>(attr)) return {list->begin(), list->end()};
    if (const auto* value = std::get_if<double>(attr)) return {*value};
    if (const auto* value = std::get_if<int64_t>(attr)) return {static_cast<double>(*value)};
    return {};
  }
  [[nodiscard]] double number(std::string_view name, double fallback, size_t at = 0) const {
    const auto values = numbers(name);
    return values.empty() ? fallback : values[std::min(at, values.size() - 1)];
  }
  [[nodiscard]] bool flag(std::string_view name) const {
    const Attr* attr = recipe_.attrs.find(name);
    const bool* value = attr ? std::get_if<bool>(attr) : nullptr;
    return value && *value;
  }
  [[nodiscard]] std::vector<std::string> texts(std::string_view name) const {
    const Attr* attr = recipe_.attrs.find(name);
    const auto* list = attr ? std::get_if<ir::Strings>(attr) : nullptr;
    if (list) return *list;
    const auto* one = attr ? std::get_if<std::string>(attr) : nullptr;
    return one ? std::vector<std::string>{*one} : std::vector<std::string>{};
  }

private:
  const ir::Recipe& recipe_;
};

ImageInfo image(const Reader& r, const ir::Type& type) {
  ImageInfo info;
  info.color = r.word("color", {"gray", "rgb", "bgr"});
  info.resize = r.word("resize", {"bilinear", "nearest"});
  info.fit = r.word("fit", {"stretch", "contain", "cover"});
  info.invert = r.flag("invert");
  if (type.rank() >= 3) {
    info.height = type.shape[type.rank() - 2];
    info.width = type.shape[type.rank() - 1];
  }
  const int64_t channels = info.color == 0 ? 1 : 3;
  if (info.height * info.width * channels != type.elements()) {
    // A flat input, [N, 784]: the declaration's size, or a square.
    info.height = static_cast<int64_t>(r.number("height", 0));
    info.width = static_cast<int64_t>(r.number("width", 0));
    for (int64_t side = 1; info.height == 0 && side * side * channels <= type.elements(); ++side) {
      if (side * side * channels == type.elements()) info.height = info.width = side;
    }
  }
  info.scale = r.number("scale", 1);
  for (size_t c = 0; c < 3; ++c) {
    info.mean[c] = r.number("mean", 0, c);
    info.deviation[c] = r.number("std", 1, c);
  }
  return info;
}

// Is the scale to be learnt, and not known yet?
bool learns(const Reader& r) {
  return r.text("scale") == "standard" && r.numbers("mean").empty() && r.numbers("std").empty();
}

SeriesInfo series(const Reader& r, const ir::Type& type) {
  SeriesInfo info;
  info.column = r.text("column");
  info.index = r.text("index");
  info.lags = static_cast<int64_t>(
      r.number("lags", static_cast<double>(type.shape.empty() ? 1 : type.shape.back())));
  info.window = std::max<int64_t>(type.elements() / std::max<int64_t>(info.lags, 1), 1);
  info.missing = r.word("missing", {"refuse", "previous", "linear"});
  info.ahead = r.text("known") == "ahead";
  info.learn = learns(r);
  info.mean = r.number("mean", 0);
  info.deviation = r.number("std", 1);
  return info;
}

void declare(PortInfo& port, const ir::Module& module, const std::vector<PortInfo>& inputs) {
  const auto at = std::ranges::find(module.data, port.name, &ir::Declaration::target);
  if (at == module.data.end()) return;
  const Reader r(at->recipe);
  const std::string& kind = at->recipe.kind;
  if (kind == "image") port.image = image(r, port.type);
  if (kind == "classes") port.classes = ClassesInfo{r.texts("labels"), r.flag("probabilities")};
  if (kind == "series") port.series = series(r, port.type);
  if (kind == "ahead") {
    AheadInfo info;
    const auto of = std::ranges::find(inputs, r.text("of"), &PortInfo::name);
    if (of != inputs.end()) info.input = of - inputs.begin();
    info.steps = static_cast<int64_t>(r.number("steps", 1));
    port.ahead = info;
  }
  if (kind == "table") {
    const auto names = r.texts("columns");
    for (size_t i = 0; i < names.size(); ++i)
      port.columns.push_back(
          {names[i], r.number("mean", 0, i), r.number("std", 1, i), learns(r), {}});
  }
  if (kind == "value")
    port.columns.push_back(
        {r.text("column"), r.number("mean", 0), r.number("std", 1), learns(r), {}});
  if (kind == "onehot")
    port.columns.push_back({r.text("column"), 0, 1, false, r.texts("categories")});
}

PortInfo port(const std::string& name, const ir::Type& type) {
  PortInfo info;
  info.name = name;
  info.type = type;
  info.type.layout = {};
  info.dims = type.shape;
  info.dtype = abi_number(type.dtype);
  return info;
}

}  // namespace

PortInfo port_of(const ir::Module& module, const std::string& name, const ir::Type& type,
                 const std::vector<PortInfo>& inputs) {
  PortInfo info = port(name, type);
  declare(info, module, inputs);
  return info;
}

Ports ports_of(const ir::Module& module) {
  return ports_of(module, module.graphs.front());
}

Ports ports_of(const ir::Module& module, const ir::Graph& graph) {
  Ports ports;
  for (const ir::GraphInput& input : graph.inputs) {
    if (!input.slot.empty()) continue;
    const ir::Value& value = graph.value(input.value);
    ports.inputs.push_back(port_of(module, value.name, value.type, ports.inputs));
  }
  for (const ir::GraphOutput& output : graph.outputs) {
    if (!output.slot.empty()) continue;
    ports.outputs.push_back(
        port_of(module, output.name, graph.value(output.value).type, ports.inputs));
  }
  return ports;
}

}  // namespace linnet::codegen
