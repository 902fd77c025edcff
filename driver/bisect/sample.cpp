// The evaluator's answers on a sample, and pieces of its graph.
#include "driver/bisect/sample.h"

#include "ir/initialize.h"
#include "ir/rewrite.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace linnet::driver {
namespace {

template <class T>
std::vector<ir::Array<T>> arguments(const ir::Module& module, const ir::Graph& graph,
                                    const TensorList& inputs, uint64_t seed) {
  std::vector<ir::Array<T>> arrays;
  size_t next = 0;
  for (const ir::GraphInput& input : graph.inputs) {
    if (input.slot.empty()) {
      arrays.push_back(ir::to_array<T>(inputs[next++]));
      continue;
    }
    arrays.push_back(ir::to_array<T>(ir::initial_value(module, *module.slot(input.slot), seed)));
  }
  return arrays;
}

bool same(double a, double b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

std::optional<std::string> departs(const ir::Array<double>& is, const ir::Array<double>& f64,
                                   const ir::Array<float>* f32, double tolerance) {
  for (size_t i = 0; i < f64.ints.size(); ++i) {
    if (is.ints[i] != f64.ints[i] && (!f32 || is.ints[i] != f32->ints[i]))
      return fmt::format("element {} is {}, not {}", i, is.ints[i], f64.ints[i]);
  }
  double largest = 0;
  for (const double v : f64.values)
    largest = std::isfinite(v) ? std::max(largest, std::fabs(v)) : largest;
  for (size_t i = 0; i < f64.values.size(); ++i) {
    const double x = is.values[i];
    const double y = f64.values[i];
    const double rounded = f32 ? static_cast<double>(f32->values[i]) : y;
    if (same(x, y) || same(x, rounded)) continue;
    if (std::fabs(x - y) <= tolerance * largest + 8 * std::fabs(rounded - y)) continue;
    return fmt::format("element {} is {:.9g}, not {:.9g}", i, x, y);
  }
  return std::nullopt;
}

// Copies nodes of a graph into a new one; what else they read becomes an input.
class Cutter {
public:
  Cutter(const Sample& sample, const TensorList& values, const std::vector<bool>& kept)
      : old_(sample.subject()), values_(values), kept_(kept),
        r_(old_, [this](const ir::GraphInput& input) { return is_read(input.value); }) {
    result_.module = sample.module;
  }

  Sample run() {
    // Inputs come first, and in the order of the old values.
    for (const ir::GraphInput& input : old_.inputs) {
      if (is_read(input.value) && input.slot.empty()) give(input.value);
    }
    for (size_t i = 0; i < old_.nodes().size(); ++i) {
      const ir::Node& node = old_.nodes()[i];
      for (const ir::ValueId result : node.results) {
        if (!kept_[i] && !node.tensor && is_read(result)) add_input(result);
      }
    }
    for (size_t i = 0; i < old_.nodes().size(); ++i) {
      const ir::Node& node = old_.nodes()[i];
      if (node.tensor ? is_read(node.results.front()) : static_cast<bool>(kept_[i])) r_.copy(node);
    }
    outputs();
    give_places();
    result_.subject() = std::move(r_.graph());
    return std::move(result_);
  }

private:
  [[nodiscard]] bool is_kept(ir::NodeId id) const {
    return static_cast<size_t>(id.index) < kept_.size() && kept_[static_cast<size_t>(id.index)] &&
           !old_.node(id).tensor;
  }
  [[nodiscard]] bool is_read(ir::ValueId value) const {
    return std::ranges::any_of(users_[static_cast<size_t>(value.index)],
                               [&](ir::NodeId user) { return is_kept(user); });
  }

  void give(ir::ValueId value) {
    result_.inputs.push_back(values_[static_cast<size_t>(value.index)]);
  }
  void add_input(ir::ValueId value) {
    const ir::Value& old = old_.value(value);
    const ir::ValueId made = r_.graph().add_input(old.name, old.type);
    r_.graph().value(made).storage = old.storage;
    r_.replace(value, made);
    give(value);
  }

  void outputs() {
    std::set<int32_t> given;
    for (const ir::GraphOutput& output : old_.outputs) {
      const ir::Value& value = old_.value(output.value);
      if (!value.node || !is_kept(value.node)) continue;
      r_.graph().outputs.push_back({output.name, r_[output.value], output.slot});
      given.insert(output.value.index);
    }
    for (size_t i = 0; i < old_.nodes().size(); ++i) {
      if (!kept_[i] || old_.nodes()[i].tensor) continue;
      for (const ir::ValueId result : old_.nodes()[i].results) {
        const auto& users = users_[static_cast<size_t>(result.index)];
        const bool outside = users.empty() || !std::ranges::all_of(users, [&](ir::NodeId user) {
                               return is_kept(user);
                             });
        if (outside && given.insert(result.index).second)
          r_.graph().outputs.push_back({old_.value(result).name, r_[result], ""});
      }
    }
  }

  // Of a kernel with places: padded memory stays so, the rest is what its position says.
  void give_places() {
    const bool placed = std::ranges::any_of(
        old_.values(), [](const ir::Value& value) { return value.storage.has_value(); });
    if (!result_.module.graphs.empty() || !placed) return;
    ir::Graph& graph = r_.graph();
    const auto place = [&](ir::ValueId id, ir::Memory memory, size_t at) {
      ir::Value& value = graph.value(id);
      const bool padded = value.storage && ir::is_padded(value.storage->memory);
      value.storage = padded ? ir::Storage{value.storage->memory, 0}
                             : ir::Storage{memory, static_cast<int64_t>(at)};
    };
    for (size_t i = 0; i < graph.inputs.size(); ++i)
      place(graph.inputs[i].value, ir::Memory::kInput, i);
    for (size_t i = 0; i < graph.outputs.size(); ++i)
      place(graph.outputs[i].value, ir::Memory::kOutput, i);
  }

  const ir::Graph& old_;
  const TensorList& values_;
  const std::vector<bool>& kept_;
  const std::vector<std::vector<ir::NodeId>> users_ = old_.users();
  ir::Rewriter r_;
  Sample result_;
};

void add_callees(const ir::Graph& graph, const ir::Module& module, std::set<std::string>& names) {
  for (const ir::Node& node : graph.nodes()) {
    for (const ir::Graph& region : node.regions)
      add_callees(region, module, names);
    if (node.callee.empty() || !names.insert(node.callee).second) continue;
    if (const ir::Graph* called = module.graph(node.callee)) add_callees(*called, module, names);
  }
}

}  // namespace

int64_t node_count(const ir::Module& module, const ir::Graph& graph) {
  int64_t count = 0;
  for (const ir::Node& node : graph.nodes()) {
    const ir::Graph* called = module.kernel(node.callee);
    if (!called) called = module.graph(node.callee);
    int64_t inside = called && !node.callee.empty() ? node_count(module, *called) : 0;
    for (const ir::Graph& region : node.regions)
      inside += node_count(module, region);
    count += std::max<int64_t>(inside, 1);
  }
  return count;
}

ReferenceValues reference_values(const Sample& sample, uint64_t seed) {
  const ir::Graph& graph = sample.subject();
  ReferenceValues result;
  result.f64 = evaluated(sample.module, sample.inputs, seed);
  if (!ir::computes_in_f64(graph))
    result.f32 = ir::evaluate<float>(sample.module, graph,
                                     arguments<float>(sample.module, graph, sample.inputs, seed));
  return result;
}

std::vector<ir::Array<double>> evaluated(const ir::Module& module, const TensorList& inputs,
                                         uint64_t seed) {
  const ir::Graph& graph = module.graphs.empty() ? module.kernels.front() : module.graphs.front();
  return ir::evaluate<double>(module, graph, arguments<double>(module, graph, inputs, seed));
}

std::optional<std::string> departure(const ir::Graph& graph, const ReferenceValues& reference,
                                     const std::vector<ir::Array<double>>& outputs,
                                     double tolerance) {
  for (size_t i = 0; i < reference.f64.size(); ++i) {
    const std::string name = fmt::format("output '{}'", graph.outputs[i].name);
    if (i >= outputs.size()) return name + " is gone";
    if (!outputs[i].type.same_logical(reference.f64[i].type))
      return fmt::format("{} is {}, not {}", name, to_string(outputs[i].type),
                         to_string(reference.f64[i].type));
    const auto* f32 = reference.f32.empty() ? nullptr : &reference.f32[i];
    if (const auto fault = departs(outputs[i], reference.f64[i], f32, tolerance))
      return fmt::format("{}, {}", name, *fault);
  }
  return std::nullopt;
}

TensorList all_values(const Sample& sample, uint64_t seed) {
  ir::Graph graph = sample.subject();
  graph.outputs.clear();
  for (size_t i = 0; i < graph.values().size(); ++i) {
    const ir::ValueId id{static_cast<int32_t>(i)};
    graph.outputs.push_back({graph.value(id).name, id, ""});
  }
  TensorList values;
  for (const auto& array : ir::evaluate<double>(
           sample.module, graph, arguments<double>(sample.module, graph, sample.inputs, seed)))
    values.push_back(ir::to_tensor(array));
  return values;
}

Sample cut(const Sample& sample, const TensorList& values, const std::vector<bool>& kept) {
  return Cutter(sample, values, kept).run();
}

Sample without_output(const Sample& sample, const TensorList& values, size_t output) {
  Sample fewer = sample;
  ir::Graph& graph = fewer.subject();
  graph.outputs.erase(graph.outputs.begin() + static_cast<std::ptrdiff_t>(output));
  const auto outputs = graph.outputs;
  Sample result = cut(fewer, values, ir::needed_nodes(graph));
  // What nobody reads of a node that stays is an output to cut(): it was none here.
  std::erase_if(result.subject().outputs, [&](const ir::GraphOutput& each) {
    return std::ranges::find(outputs, each.name, &ir::GraphOutput::name) == outputs.end();
  });
  return result;
}

ir::Module pruned(ir::Module module) {
  module.data.clear();
  module.train.clear();
  if (module.graphs.empty()) {
    module.kernels.resize(1);
  } else {
    std::set<std::string> names{module.graphs.front().name};
    add_callees(module.graphs.front(), module, names);
    const auto unneeded = [&](const ir::Graph& graph) { return !names.contains(graph.name); };
    std::erase_if(module.graphs, unneeded);
    std::erase_if(module.kernels, unneeded);
  }
  std::set<std::string> read;
  for (const ir::Graph& graph : module.graphs) {
    for (const ir::GraphInput& input : graph.inputs)
      read.insert(input.slot);
    for (const ir::GraphOutput& output : graph.outputs)
      read.insert(output.slot);
  }
  std::erase_if(module.slots, [&](const ir::Slot& slot) { return !read.contains(slot.path); });
  return module;
}

}  // namespace linnet::driver
