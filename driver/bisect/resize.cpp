// A sample with smaller dimensions: its leaves are cropped, and every type is inferred anew.
#include "driver/bisect/sample.h"

#include "ir/builder.h"
#include "ir/ops/shared/index.h"
#include "ir/value_map.h"

#include <algorithm>
#include <cstring>

namespace linnet::driver {
namespace {

constexpr std::string_view kShape = "shape";

// The elements whose positions are within `shape`, which is nowhere larger.
ir::Tensor cropped(const ir::Tensor& tensor, const ir::Shape& shape) {
  if (tensor.type().shape == shape) return tensor;
  ir::Type type = tensor.type();
  type.shape = shape;
  const auto size = static_cast<size_t>(ir::size_of(type.dtype));
  const auto strides = ir::row_major_strides(tensor.type().shape);
  std::vector<std::byte> bytes(static_cast<size_t>(type.elements()) * size);
  size_t to = 0;
  for (ir::Index at(shape); at.valid(); at.next(), ++to) {
    const auto from = static_cast<size_t>(ir::offset_of(at.position(), strides));
    std::memcpy(bytes.data() + to * size, tensor.bytes().data() + from * size, size);
  }
  return ir::Tensor(type, std::move(bytes));
}

// Rebuilds one graph; nested bodies by further ones.
class Resizer {
public:
  explicit Resizer(const Resize& how) : how_(how) {}

  [[nodiscard]] ir::Shape smaller(ir::Shape shape) const {
    if (how_.input < 0) std::ranges::replace(shape, how_.from, how_.to);
    return shape;
  }
  [[nodiscard]] ir::Shape smaller_input(ir::Shape shape, size_t input) const {
    if (how_.input < 0) return smaller(std::move(shape));
    if (static_cast<size_t>(how_.input) == input) shape[static_cast<size_t>(how_.dim)] = how_.to;
    return shape;
  }

  // nullopt: an op takes it not. `types`: of the inputs.
  std::optional<ir::Graph> run(const ir::Graph& old, const std::vector<ir::Type>& types) {
    ir::Graph graph;
    graph.name = old.name;
    graph.schedule = old.schedule;
    ir::ValueMap<ir::ValueId> map(old);
    for (size_t i = 0; i < old.inputs.size(); ++i) {
      const ir::Value& value = old.value(old.inputs[i].value);
      map[old.inputs[i].value] = graph.add_input(value.name, types[i], old.inputs[i].slot);
      graph.value(map[old.inputs[i].value]).storage = value.storage;
    }
    for (const ir::Node& node : old.nodes()) {
      if (!copy(old, node, graph, map)) return std::nullopt;
    }
    for (const ir::GraphOutput& output : old.outputs)
      graph.outputs.push_back({output.name, map[output.value], output.slot});
    return graph;
  }

private:
  bool copy(const ir::Graph& old, const ir::Node& node, ir::Graph& graph,
            ir::ValueMap<ir::ValueId>& map) {
    ir::Node copied = node;
    std::vector<const ir::Type*> operands;
    for (ir::ValueId& operand : copied.operands) {
      operand = operand ? map[operand] : operand;
      operands.push_back(operand ? &graph.value(operand).type : nullptr);
    }
    auto types = node_types(old, copied, operands);
    if (!types) return false;
    std::vector<std::string> names;
    for (size_t i = 0; i < node.results.size(); ++i) {
      const ir::Value& value = old.value(node.results[i]);
      names.push_back(value.name);
      if ((*types)[i].rank() == value.type.rank()) (*types)[i].layout = value.type.layout;
    }
    const ir::NodeId id = graph.append(std::move(copied), *types, names);
    for (size_t i = 0; i < node.results.size(); ++i) {
      map[node.results[i]] = graph.node(id).results[i];
      graph.value(map[node.results[i]]).storage = old.value(node.results[i]).storage;
    }
    return true;
  }

  // Of the results; changes what the node itself holds.
  std::optional<std::vector<ir::Type>> node_types(const ir::Graph& old, ir::Node& node,
                                                  const std::vector<const ir::Type*>& operands) {
    std::vector<ir::Type> types;
    if (node.tensor) {
      node.tensor = cropped(*node.tensor, smaller(node.tensor->type().shape));
      return std::vector{node.tensor->type()};
    }
    if (!node.callee.empty()) return std::nullopt;  // its body is not this graph's
    if (!node.regions.empty()) {
      if (node.op->has(ir::kStructural) && node.regions.front().inputs.size() != operands.size())
        return std::nullopt;
      for (const ir::Type* operand : operands) {
        if (!operand) return std::nullopt;
        types.push_back(*operand);
      }
      auto body = run(node.regions.front(), types);
      if (!body) return std::nullopt;
      types.clear();
      for (const ir::GraphOutput& output : body->outputs)
        types.push_back(body->value(output.value).type);
      if (types.size() != node.results.size()) return std::nullopt;
      for (size_t i = 0; i < types.size(); ++i) {
        if (types[i].rank() != old.value(node.results[i]).type.rank()) return std::nullopt;
      }
      node.regions.front() = *std::move(body);
      return types;
    }
    if (const ir::Attr* shape = node.attrs.find(kShape)) {
      if (const auto* ints = std::get_if<ir::Ints>(shape))
        node.attrs.set(kShape, ir::Attr(smaller(*ints)));
    }
    auto inferred = ir::infer(*node.op, operands, node.attrs);
    if (!inferred) return std::nullopt;
    return *std::move(inferred);
  }

  const Resize& how_;
};

}  // namespace

std::optional<Sample> resized(const Sample& sample, const Resize& how) {
  Resizer resizer(how);
  Sample result = sample;
  const ir::Graph& old = sample.subject();
  std::vector<ir::Type> types;
  size_t next = 0;
  for (size_t i = 0; i < old.inputs.size(); ++i) {
    const ir::GraphInput& input = old.inputs[i];
    ir::Type type = old.value(input.value).type;
    type.shape = resizer.smaller_input(type.shape, i);
    if (input.slot.empty()) {
      result.inputs[next] = cropped(result.inputs[next], type.shape);
      ++next;
    } else {
      ir::Slot& slot = *result.module.slot(input.slot);
      slot.type.shape = type.shape;
      if (slot.value) slot.value = cropped(*slot.value, type.shape);
    }
    types.push_back(std::move(type));
  }
  auto graph = resizer.run(old, types);
  if (!graph) return std::nullopt;
  for (const ir::GraphOutput& output : graph->outputs) {
    if (output.slot.empty()) continue;
    if (!graph->value(output.value).type.same_logical(result.module.slot(output.slot)->type))
      return std::nullopt;
  }
  result.subject() = *std::move(graph);
  return result;
}

}  // namespace linnet::driver
