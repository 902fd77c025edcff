#include "frontend/lin/declared_shapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace linnet::frontend {
namespace {

using ir::Declaration;
using ir::Shape;

// What is wrong, and what to do; "" if nothing is.
struct Fault {
  std::string message, remedy;
};

int64_t count_of(const Declaration& declaration, std::string_view name) {
  const auto* list = declaration.recipe.attrs.find(name);
  const auto* texts = list ? std::get_if<ir::Strings>(list) : nullptr;
  return texts ? static_cast<int64_t>(texts->size()) : 0;
}

double number_of(const Declaration& declaration, std::string_view name) {
  return declaration.recipe.attrs.get_or(ir::Key<double>{name}, 0.0);
}

// Numbers of one sample: dimension 0 is the batch.
int64_t numbers(const Shape& shape) {
  return shape.empty() ? 1 : ir::element_count({shape.begin() + 1, shape.end()});
}

Fault image(const Declaration& d, const Shape& shape) {
  const std::string color =
      d.recipe.attrs.get_or(ir::Key<ir::Enum>{"color"}, ir::Enum{"gray"}).word;
  const int64_t channels = color == "gray" ? 1 : 3;
  const std::string what =
      fmt::format("a {} picture has {} channel{}", color, channels, channels == 1 ? "" : "s");
  const std::string remedy = "image(color: gray) is for [N, 1, H, W], rgb and bgr for [N, 3, H, W]";
  if (shape.size() == 4) {
    if (shape[1] == channels) return {};
    if (shape[3] == channels)
      return {
          fmt::format("{} is a picture with its channels last", ir::to_string(shape)),
          "pictures are [N, C, H, W]: transpose(…, dims: [0, 2, 3, 1]) gives what the model had"};
    return {fmt::format("{}, '{}' is {}", what, d.target, ir::to_string(shape)), remedy};
  }
  const int64_t all = numbers(shape);
  const double height = number_of(d, "height"), width = number_of(d, "width");
  const bool named = height > 0 || width > 0;
  const double side = std::sqrt(static_cast<double>(all) / static_cast<double>(channels));
  const bool flat = shape.size() == 3 && channels == 1;
  const bool fits = named
                        ? height * width * static_cast<double>(channels) == static_cast<double>(all)
                        : flat || (shape.size() == 2 && side == std::floor(side));
  if (fits) return {};
  return {fmt::format("{}, and no such picture has the {} numbers of '{}'", what, all, d.target),
          "image(…, height: H, width: W) where a flat input is no square"};
}

Fault columns(const Declaration& d, const Shape& shape, int64_t named, std::string_view what) {
  if (numbers(shape) == named) return {};
  return {fmt::format("'{}' has {} number{} a sample, {} {} given", d.target, numbers(shape),
                      numbers(shape) == 1 ? "" : "s", named, what),
          ""};
}

Fault classes(const Declaration& d, const Shape& shape) {
  const int64_t labels = count_of(d, "labels");
  const int64_t classes = shape.empty() ? 1 : shape.back();
  if (labels == classes || (labels == 2 && classes == 1)) return {};
  return {
      fmt::format("'{}' tells {} classes apart, {} labels are given", d.target, classes, labels),
      ""};
}

Fault series(const Declaration& d, const Shape& shape) {
  const double lags = number_of(d, "lags");
  if (shape.size() != 2)
    return {fmt::format("a series is [N, lags], '{}' is {}", d.target, ir::to_string(shape)),
            "declare no meaning for it, and give tensors (--input), or export the model with such "
            "an input"};
  if (lags == 0 || static_cast<double>(shape[1]) == lags) return {};
  return {fmt::format("'{}' is {}, of {} lags", d.target, ir::to_string(shape), lags), ""};
}

Fault fault_of(const Declaration& d, const Shape& shape) {
  const std::string& kind = d.recipe.kind;
  if (kind == "image") return image(d, shape);
  if (kind == "classes") return classes(d, shape);
  if (kind == "series") return series(d, shape);
  if (kind == "table") return columns(d, shape, count_of(d, "columns"), "columns are");
  if (kind == "onehot") return columns(d, shape, count_of(d, "categories"), "categories are");
  if (kind == "value") return columns(d, shape, 1, "column is");
  if (kind == "ahead") return columns(d, shape, 1, "value ahead is");
  return {};
}

}  // namespace

void check_declared_shapes(const ir::Module& module, Diagnostics& diagnostics) {
  const ir::Graph& graph = module.graphs.front();
  const auto check = [&](const std::string& name, ir::ValueId value) {
    const auto declared = std::ranges::find(module.data, name, &Declaration::target);
    if (declared == module.data.end()) return;
    Fault fault = fault_of(*declared, graph.value(value).type.shape);
    if (fault.message.empty()) return;
    Diagnostic diagnostic;
    diagnostic.place = declared->place.diag();
    diagnostic.message = std::move(fault.message);
    diagnostic.remedy = std::move(fault.remedy);
    diagnostics.report(std::move(diagnostic));
  };
  for (const ir::GraphInput& input : graph.inputs) {
    if (input.slot.empty()) check(graph.value(input.value).name, input.value);
  }
  for (const ir::GraphOutput& output : graph.outputs) {
    if (output.slot.empty()) check(output.name, output.value);
  }
}

}  // namespace linnet::frontend
