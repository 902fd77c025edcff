// Evaluates a module before and after a pass on several kinds of inputs and compares.
#include "passes/run/check_passes.h"

#include "ir/evaluate.h"
#include "ir/initialize.h"

#include "base/philox.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace linnet::passes {
namespace {

using Arrays = std::vector<ir::Array<double>>;

constexpr double kTolerance = 1e-9;  // of the largest magnitude

constexpr std::array kKinds = std::to_array<InputKind>({{"uniform in [-1, 1)", -1, 2},
                                                        {"uniform in [-1e-3, 1e-3)", -1e-3, 2e-3},
                                                        {"uniform in [-40, 40)", -40, 80},
                                                        {"zeros", 0, 0},
                                                        {"ones", 1, 0}});

// Inputs of one graph: ordinary ones from `given` by name, slots by their value.
Arrays inputs_of(const ir::Module& module, const ir::Graph& graph, const InputKind& kind,
                 uint64_t seed) {
  Arrays inputs;
  uint32_t stream = 0;
  for (const ir::GraphInput& input : graph.inputs) {
    if (input.slot.empty()) {
      inputs.push_back(filled(graph.value(input.value).type, kind, stream++));
      continue;
    }
    inputs.push_back(
        ir::to_array<double>(ir::initial_value(module, *module.slot(input.slot), seed)));
  }
  return inputs;
}

bool same_special(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || a == b;
}

std::optional<std::string> compare(const ir::Array<double>& a, const ir::Array<double>& b) {
  if (!a.type.same_logical(b.type)) return to_string(a.type) + " became " + to_string(b.type);
  for (size_t i = 0; i < a.ints.size(); ++i) {
    if (a.ints[i] != b.ints[i])
      return fmt::format("element {} was {} and is {}", i, a.ints[i], b.ints[i]);
  }
  double largest = 0;
  for (double v : a.values)
    largest = std::isfinite(v) ? std::max(largest, std::fabs(v)) : largest;
  for (size_t i = 0; i < a.values.size(); ++i) {
    const double x = a.values[i];
    const double y = b.values[i];
    if (same_special(x, y) || std::fabs(x - y) <= kTolerance * largest) continue;
    return fmt::format("element {} was {:.17g} and is {:.17g}", i, x, y);
  }
  return std::nullopt;
}

}  // namespace

std::span<const InputKind> input_kinds() {
  return kKinds;
}

ir::Array<double> filled(const ir::Type& type, const InputKind& kind, uint32_t stream) {
  ir::Array<double> array;
  array.type = type;
  array.type.layout = {};
  const size_t size = static_cast<size_t>(type.elements());
  for (size_t i = 0; i < size; ++i) {
    const double number = kind.centre + kind.width * philox_uniform_f64(1, stream, 0, i);
    if (is_float(type.dtype)) {
      array.values.push_back(number);
    } else {
      const auto integer = static_cast<int64_t>(number);
      array.ints.push_back(type.dtype == ir::DType::kBool ? integer & 1 : integer);
    }
  }
  return array;
}

std::optional<std::string> compare_modules(const ir::Module& before, const ir::Module& after,
                                           uint64_t seed) {
  for (const ir::Graph& graph : before.graphs) {
    const ir::Graph* other = after.graph(graph.name);
    if (!other) return "@" + graph.name + " is gone";
    for (const InputKind& kind : kKinds) {
      const Arrays a = ir::evaluate<double>(before, graph, inputs_of(before, graph, kind, seed));
      const Arrays b = ir::evaluate<double>(after, *other, inputs_of(after, *other, kind, seed));
      if (a.size() > b.size()) return fmt::format("@{} has other outputs", graph.name);
      for (size_t i = 0; i < a.size(); ++i) {
        if (const auto difference = compare(a[i], b[i])) {
          return fmt::format("@{}, output '{}', inputs {}: {}", graph.name, graph.outputs[i].name,
                             kind.name, *difference);
        }
      }
    }
  }
  return std::nullopt;
}

}  // namespace linnet::passes
