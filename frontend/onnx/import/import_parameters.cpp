// Which numbers of the file are parameters, and what can be computed of them beforehand.
#include "frontend/onnx/import/importer.h"

#include "ir/evaluate.h"
#include "ir/rewrite.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::frontend {
namespace {

// Several floats: a single one is a factor of the program.
bool is_weight(const ir::Type& type) {
  return is_float(type.dtype) && type.rank() > 0 && type.elements() > 1;
}

}  // namespace

ir::ValueId OnnxImporter::add_parameter(const std::string& name, ir::Tensor elements,
                                        ir::SlotKind kind, ir::Place place) {
  ir::Slot slot;
  slot.path = name;
  slot.type = elements.type();
  slot.initializer = {"zeros", {}};
  slot.kind = kind;
  slot.place = std::move(place);
  slot.value = std::move(elements);
  // A name is unique in its graph; a nested graph may use it again.
  for (int i = 1; module_.slot(slot.path); ++i)
    slot.path = fmt::format("{}.{}", name, i);
  const ir::ValueId value = graph_.add_input(slot.path, slot.type, slot.path);
  module_.slots.push_back(std::move(slot));
  return value;
}

ir::ValueId OnnxImporter::value(OnnxEntry& entry, InitializerUse use) {
  if (entry.value) return entry.value;
  LINNET_CHECK(entry.initializer != nullptr, "an entry that stands for nothing");
  const ::onnx::TensorProto& proto = *entry.initializer;
  const std::string& name = entry.name.empty() ? proto.name() : entry.name;
  ir::Tensor elements = tensor(proto);
  const ir::Type type = elements.type();
  const ir::Place place = ir::Place::named(
      fmt::format("{}: {} '{}'", path_, entry.name.empty() ? "initializer" : "constant", name));
  if (use == InitializerUse::kConstant || !is_float(type.dtype) || type.rank() == 0 ||
      type.elements() == 0) {
    const ir::ValueId constant = ir::Builder(graph_).at(place).constant(std::move(elements), name);
    // A parameter may be asked for later; a constant stays what it is.
    if (!is_float(type.dtype) || type.rank() == 0 || use != InitializerUse::kConstant)
      entry.value = constant;
    named_.insert(constant.index);
    return constant;
  }
  entry.value = add_parameter(
      name, std::move(elements),
      use == InitializerUse::kBuffer ? ir::SlotKind::kBuffer : ir::SlotKind::kParameter, place);
  return entry.value;
}

// The tensor of a Constant that is a weight, as it stands in the model's own nodes.
const ::onnx::TensorProto* OnnxImporter::weight_of(const ::onnx::NodeProto& node) const {
  const bool plain = node.op_type() == "Constant" && domain_of(node.domain()).empty() &&
                     node.attribute_size() == 1 && node.output_size() == 1;
  if (!plain || in_defined_function_ || !node.attribute(0).has_t() ||
      node.attribute(0).name() != "value")
    return nullptr;
  const ::onnx::TensorProto& proto = node.attribute(0).t();
  const auto type = type_of(proto);
  return type && is_weight(*type) ? &proto : nullptr;
}

// A weight that DequantizeLinear makes of whole numbers is a parameter of floats, under the name of
// the whole numbers without the "_quantized" of ONNX Runtime's tools.
ir::ValueId OnnxImporter::dequantized(const ::onnx::NodeProto& node, ir::ValueId result) {
  constexpr std::string_view kSuffix = "_quantized";
  if (!is_weight(graph_.value(result).type)) return result;
  auto elements = computed(result, ir::kMaxBytes);
  if (!elements) return result;
  std::string name = node.input(0);
  if (name.ends_with(kSuffix)) name.resize(name.size() - kSuffix.size());
  // Read again, in another round of a loop or by a second node, it is the same.
  for (const ir::ValueId known : dequantized_[name]) {
    if (*module_.slot(graph_.value(known).name)->value == *elements) return known;
  }
  const ir::ValueId parameter = add_parameter(name, *std::move(elements), ir::SlotKind::kParameter,
                                              ir::Place::named(place_of(node)));
  dequantized_[name].push_back(parameter);
  return parameter;
}

std::optional<ir::Tensor> OnnxImporter::known(const OnnxEntry& entry) {
  constexpr int64_t kMostBytes = 1 << 20;  // more is no shape
  if (entry.initializer) return tensor(*entry.initializer);
  return entry.value ? computed(entry.value, kMostBytes) : std::nullopt;
}

// What the value is if constants and the file's parameters alone decide it: exporters compute
// shapes with floats too.
std::optional<ir::Tensor> OnnxImporter::computed(ir::ValueId value, int64_t most_bytes) {
  constexpr size_t kMostValues = 256;
  if (const ir::Node* node = graph_.producer(value); node && node->tensor) return node->tensor;
  std::vector<ir::ValueId> open{value};
  std::set<int32_t> seen, nodes;
  std::vector<std::string> slots;
  std::map<int32_t, ir::ValueId> made;
  ir::Graph scratch;
  while (!open.empty()) {
    const ir::ValueId next = open.back();
    open.pop_back();
    if (!next || !seen.insert(next.index).second) continue;
    if (seen.size() > kMostValues || graph_.value(next).type.stored_bytes() > most_bytes)
      return std::nullopt;
    if (const ir::Node* node = graph_.producer(next)) {
      const bool slow = node->op->has(ir::kAnchor) || node->op->has(ir::kPool);
      if (slow || node->op->has(ir::kRandom) || (node->op->has(ir::kStructural) && !node->tensor))
        return std::nullopt;
      nodes.insert(static_cast<int32_t>(node - graph_.nodes().data()));
      open.insert(open.end(), node->operands.begin(), node->operands.end());
      continue;
    }
    const auto input = std::ranges::find(graph_.inputs, next, &ir::GraphInput::value);
    const ir::Slot* slot = input == graph_.inputs.end() ? nullptr : module_.slot(input->slot);
    if (!slot || !slot->value) return std::nullopt;
    slots.push_back(slot->path);
    made[next.index] = ir::Builder(scratch).constant(*slot->value);
  }
  for (int32_t index : nodes) {
    const ir::Node& node = graph_.node({index});
    if (node.tensor) {
      made[node.results[0].index] = ir::Builder(scratch).constant(*node.tensor);
      continue;
    }
    std::vector<ir::ValueId> operands;
    for (ir::ValueId operand : node.operands)
      operands.push_back(operand ? made.at(operand.index) : operand);
    const auto tensors = ir::evaluate_alone(scratch, *node.op, operands, node.attrs);
    for (size_t i = 0; i < tensors.size(); ++i)
      made[node.results[i].index] = ir::Builder(scratch).constant(tensors[i]);
  }
  looked_into_.insert(slots.begin(), slots.end());
  return scratch.producer(made.at(value.index))->tensor;
}

// The graph without what nothing reads: folding left it behind, or only its value was asked for.
void OnnxImporter::finish_graph() {
  graph_ = ir::without_unused(graph_);
  const auto users = graph_.users();
  const auto unread = [&](const ir::GraphInput& input) {
    return looked_into_.contains(input.slot) &&
           users[static_cast<size_t>(input.value.index)].empty() &&
           std::ranges::find(graph_.outputs, input.value, &ir::GraphOutput::value) ==
               graph_.outputs.end();
  };
  for (const ir::GraphInput& input : graph_.inputs) {
    if (unread(input))
      std::erase_if(module_.slots, [&](const ir::Slot& slot) { return slot.path == input.slot; });
  }
  std::erase_if(graph_.inputs, unread);
  module_.graphs.push_back(ir::without_unused(graph_));
}

}  // namespace linnet::frontend
