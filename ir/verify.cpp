// Walks graphs, slots and kernels and says the first thing that is not as it must be.
#include "ir/verify.h"

#include "ir/builder.h"
#include "ir/entries.h"
#include "ir/loop.h"
#include "ir/recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace linnet::ir {
namespace {

using Broken = std::optional<std::string>;

class Verifier {
public:
  explicit Verifier(const Module& module) : module_(module) {}

  // Of what is looked at, or was when something was broken.
  [[nodiscard]] const Place& place() const { return place_; }

  Broken run() {
    std::set<std::string> names;
    for (const Slot& slot : module_.slots) {
      place_ = slot.place;
      if (!names.insert("@" + slot.path).second) return "two slots @" + slot.path;
      if (!valid(slot.type.shape, slot.type.dtype)) return "slot @" + slot.path + " has no size";
      if (slot.value && !slot.value->type().same_logical(slot.type)) {
        return "the value of slot @" + slot.path + " has another type";
      }
    }
    place_ = {};
    for (const auto* list : {&module_.kernels, &module_.graphs}) {
      for (const Graph& graph : *list) {
        if (!names.insert(graph.name).second) return "two graphs named @" + graph.name;
        if (Broken broken = check_graph(graph, list == &module_.graphs)) {
          return fmt::format("@{}: {}", graph.name, *broken);
        }
      }
    }
    return std::nullopt;
  }

private:
  Broken check_graph(const Graph& graph, bool entry) {
    size_t known = 0;  // values defined so far: ids are given in order of definition
    for (const GraphInput& input : graph.inputs) {
      if (input.value.index != static_cast<int32_t>(known++)) return "inputs are not first";
      if (input.slot.empty()) continue;
      const Slot* slot = module_.slot(input.slot);
      if (!entry) return "only entry graphs read slots";
      if (!slot) return "no slot @" + input.slot;
      if (!graph.value(input.value).type.same_logical(slot->type)) {
        return "input %" + graph.value(input.value).name + " has another type than its slot";
      }
    }
    for (const Node& node : graph.nodes()) {
      const std::string label =
          fmt::format("{} making %{}", node.op->name,
                      node.results.empty() ? "nothing" : graph.value(node.results.front()).name);
      if (!node.place.known()) return label + ": no place";
      place_ = node.place;
      for (ValueId operand : node.operands) {
        if (operand && operand.index >= static_cast<int32_t>(known)) {
          return label + ": operand used before its definition";
        }
      }
      if (Broken broken = check_node(graph, node, entry)) return label + ": " + *broken;
      for (ValueId result : node.results) {
        if (result.index != static_cast<int32_t>(known++)) return label + ": results out of order";
      }
    }
    if (entry) place_ = {};
    if (graph.outputs.empty()) return "no outputs";
    if (Broken broken = check_outputs(graph, known)) return broken;
    if (Broken broken = check_transformed(graph)) return broken;
    return check_storage(graph, entry);
  }

  Broken check_outputs(const Graph& graph, size_t known) const {
    std::set<std::string> names;
    for (const GraphOutput& output : graph.outputs) {
      if (!output.value || output.value.index >= static_cast<int32_t>(known)) {
        return "output '" + output.name + "' is undefined";
      }
      if (!output.name.empty() && !names.insert(output.name).second) {
        return "two outputs '" + output.name + "'";
      }
      if (output.slot.empty()) continue;
      const Slot* slot = module_.slot(output.slot);
      if (!slot) return "no slot @" + output.slot;
      const bool used = graph.name == kPredict || graph.name == kStep;
      if (used && slot->kind != SlotKind::kState) {
        return fmt::format("only state changes in @{}, and @{} is none", graph.name, output.slot);
      }
      if (!names.insert("@" + output.slot).second) return "two outputs into @" + output.slot;
      const Type& type = graph.value(output.value).type;
      if (!type.same_logical(slot->type)) {
        return fmt::format("{} into slot @{}, which is {}", to_string(type), output.slot,
                           to_string(slot->type));
      }
    }
    return std::nullopt;
  }

  Broken check_node(const Graph& graph, const Node& node, bool entry) {
    if (node.op == &ops::constant) {
      if (!node.tensor) return "no value";
      if (node.results.size() != 1) return "a constant is one value";
      const Type& type = graph.value(node.results.front()).type;
      return type.same_logical(node.tensor->type()) ? Broken{} : "the value has another type";
    }
    if (node.op == &ops::group) {
      if (node.regions.size() != 1) return "no body";
      if (Broken broken = check_graph(node.regions.front(), false)) return broken;
      place_ = node.place;
      return check_signature(graph, node, node.regions.front());
    }
    if (node.op == &ops::loop) return check_loop(graph, node, entry);
    if (node.op == &ops::call) {
      if (!entry) return "only entry graphs call kernels";
      const Graph* kernel = module_.kernel(node.callee);
      return kernel ? check_signature(graph, node, *kernel) : "no kernel @" + node.callee;
    }
    if (node.op == &ops::shard_sum && !(entry && is_of_shard(graph)))
      return "only the step of a shard sums over shards";
    return check_record(graph, node);
  }

  [[nodiscard]] bool is_of_shard(const Graph& graph) const {
    return graph.name == kShardStep || (graph.name == kTrainStep && shards_of(module_.train) > 1);
  }

  Broken check_loop(const Graph& graph, const Node& node, bool entry) {
    if (!entry) return "only entry graphs have loops";
    auto attrs = complete_attrs(*node.op, node.attrs);
    if (!attrs) return attrs.error().message;
    const Graph* body = nullptr;
    if (!node.callee.empty()) {
      body = module_.graph(node.callee);
      if (!body) return "no graph @" + node.callee;
      if (has_loops(*body)) return "@" + body->name + " has a loop of its own";
      const auto of_slot = [](const auto& port) { return !port.slot.empty(); };
      if (std::ranges::any_of(body->inputs, of_slot) || std::ranges::any_of(body->outputs, of_slot))
        return fmt::format("@{} reads or writes a slot", body->name);
    } else {
      if (node.regions.size() != 1) return "no body";
      body = &node.regions.front();
      if (Broken broken = check_graph(*body, false)) return broken;
      place_ = node.place;
    }
    return loop_fault(graph, node, *body);
  }

  static Broken check_signature(const Graph& graph, const Node& node, const Graph& body) {
    if (node.operands.size() != body.inputs.size()) return "operands do not match the body";
    for (size_t i = 0; i < node.operands.size(); ++i) {
      if (!node.operands[i]) return "an operand is missing";
      const Type& given = graph.value(node.operands[i]).type;
      const Type& wanted = body.value(body.inputs[i].value).type;
      if (!(given == wanted)) {
        return fmt::format("operand {} is {}, the body takes {}", i, to_string(given),
                           to_string(wanted));
      }
    }
    if (node.results.size() != body.outputs.size()) return "results do not match the body";
    for (size_t i = 0; i < node.results.size(); ++i) {
      const Type& made = graph.value(node.results[i]).type;
      const Type& given = body.value(body.outputs[i].value).type;
      if (!(made == given)) {
        return fmt::format("result {} is {}, the body gives {}", i, to_string(made),
                           to_string(given));
      }
    }
    return std::nullopt;
  }

  static Broken check_record(const Graph& graph, const Node& node) {
    auto attrs = complete_attrs(*node.op, node.attrs);
    if (!attrs) return attrs.error().message;
    if (!(*attrs == node.attrs)) return "attributes are not complete";
    std::vector<const Type*> types;
    for (ValueId operand : node.operands) {
      types.push_back(operand ? &graph.value(operand).type : nullptr);
    }
    auto inferred = infer(*node.op, types, node.attrs);
    if (!inferred) return inferred.error().message;
    if (inferred->size() != node.results.size()) return "wrong number of results";
    for (size_t i = 0; i < inferred->size(); ++i) {
      const Type& type = graph.value(node.results[i]).type;
      if (!type.same_logical((*inferred)[i])) {
        return fmt::format("result {} is {}, the op gives {}", i, to_string(type),
                           to_string((*inferred)[i]));
      }
    }
    return std::nullopt;
  }

  // A weight of 3 × 3 taps, of which constants alone are stored transformed.
  static Broken check_transformed(const Graph& graph) {
    for (const Value& value : graph.values()) {
      const Layout& layout = value.type.layout;
      if (layout.winograd == 0) continue;
      const Node* node = value.node ? &graph.node(value.node) : nullptr;
      const Shape& shape = value.type.shape;
      const bool taps = shape.size() == 4 && shape[2] == kWinogradTaps && shape[3] == shape[2];
      const bool blocks =
          layout.block_dim == 0 && layout.round.empty() && std::ranges::is_sorted(layout.order);
      if (!taps || !blocks || value.type.dtype != DType::kF32 || (node && !node->tensor))
        return fmt::format("%{} is {}, but only constants f32[O,I,3,3] in blocks of O are stored "
                           "for Winograd's tiles",
                           value.name, to_string(value.type));
    }
    return std::nullopt;
  }

  // What the caller sees (inputs, outputs, slots) is row-major. Padded memory begins at a multiple
  // of 64 bytes, but for a kernel's output in a slot: there the number says which input it
  // overwrites.
  static Broken check_storage(const Graph& graph, bool entry) {
    for (const Value& value : graph.values()) {
      if (!value.storage) continue;
      const Memory memory = value.storage->memory;
      const bool ours = memory == Memory::kArena || memory == Memory::kConstant;
      if (!ours && !value.type.layout.is_row_major()) {
        return fmt::format("%{} is in the caller's memory but laid out {}", value.name,
                           to_string(value.type));
      }
      const bool address = entry || memory != Memory::kSlot;
      if (is_padded(memory) && address && value.storage->offset % 64 != 0) {
        return fmt::format("%{} is not aligned to 64 bytes", value.name);
      }
    }
    return std::nullopt;
  }

  const Module& module_;
  Place place_;
};

}  // namespace

std::optional<std::string> verify(const Module& module, Place* where) {
  Verifier verifier(module);
  Broken broken = verifier.run();
  if (where) *where = verifier.place();
  return broken;
}

}  // namespace linnet::ir
