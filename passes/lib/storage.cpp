// Finds for each value whether it is input, output, slot, constant or needs room in the arena.
#include "passes/lib/storage.h"

#include "base/integers.h"
#include "base/memory.h"
#include "ir/builder.h"
#include "ir/loop.h"
#include "ir/op_def.h"
#include "ir/value_map.h"
#include "passes/lib/shard_points.h"
#include "passes/lib/view_root.h"
#include "passes/lib/window_shift.h"

#include "support/check.h"

#include <algorithm>

namespace linnet::passes {
namespace {

// Is what depends on this input only made element by element, each at its own position, or is it a
// window that moves by one? Kernels of an anchor may compute a tile twice, at whose second time the
// input would be gone.
bool reads_in_place(const ir::Graph& body, ir::ValueId input) {
  if (const auto shift = window_shift(body)) return body.inputs[shift->window].value == input;
  const ir::Shape& shape = body.value(input).type.shape;
  const ir::ValueId sources[] = {input};
  const ir::ValueMap<bool> depends = ir::dependents(body, sources);
  for (const ir::Node& node : body.nodes()) {
    if (node.op->has(ir::kAnchor)) return false;
    const ir::ValueId result = node.results.front();
    if (!depends[result]) continue;
    if (!node.op->has(ir::kElementwise) || body.value(result).type.shape != shape) return false;
  }
  return body.outputs.size() == 1;
}

}  // namespace

int64_t slot_offset(const ir::Module& module, std::string_view path) {
  int64_t offset = has_state(module) ? kStateHeader : 0;
  for (const ir::Slot& slot : module.slots) {
    if (slot.path == path) return offset;
    if (slot.kind == ir::SlotKind::kCounter) continue;
    offset += round_up(slot.type.stored_bytes(), kAlign);
  }
  LINNET_CHECK(path.empty(), "no slot @" + std::string(path));
  return offset;
}

bool has_state(const ir::Module& module) {
  return std::ranges::find(module.slots, ir::SlotKind::kState, &ir::Slot::kind) !=
         module.slots.end();
}

int64_t slots_bytes(const ir::Module& module) {
  return slot_offset(module, "");
}

std::optional<Scratch> scratch_of(const ir::Node& call) {
  if (!ir::is_call(call)) return std::nullopt;
  const ir::Ints place = call.attrs.get_or(ir::kScratch, ir::Ints{});
  if (place.size() != 2) return std::nullopt;
  return Scratch{place[0], place[1]};
}

int64_t arena_bytes(const ir::Graph& graph) {
  int64_t bytes = 0;
  for (const ir::Value& value : graph.values()) {
    if (!value.storage || value.storage->memory != ir::Memory::kArena) continue;
    const int64_t end = value.storage->offset + value.type.stored_bytes();
    bytes = std::max(bytes, round_up(end, kAlign));
  }
  for (const ir::Node& node : graph.nodes()) {
    if (const auto scratch = scratch_of(node))
      bytes = std::max(bytes, round_up(scratch->offset + scratch->bytes, kAlign));
  }
  return bytes + exchanged_bytes(graph);
}

ir::ValueMap<ir::Storage> storage_classes(const ir::Module& module, const ir::Graph& graph) {
  ir::ValueMap<ir::Storage> storage(graph);
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    const ir::GraphInput& input = graph.inputs[i];
    const ir::Slot* slot = input.slot.empty() ? nullptr : module.slot(input.slot);
    const bool kept = slot && slot->kind != ir::SlotKind::kCounter;
    storage[input.value] = kept ? ir::Storage{ir::Memory::kSlot, slot_offset(module, input.slot)}
                                : ir::Storage{ir::Memory::kInput, static_cast<int64_t>(i)};
  }
  for (const ir::Node& node : graph.nodes()) {
    if (node.tensor) storage[node.results.front()] = {ir::Memory::kConstant, 0};
  }
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    const ir::GraphOutput& output = graph.outputs[i];
    storage[view_root(graph, output.value)] =
        output.slot.empty() ? ir::Storage{ir::Memory::kOutput, static_cast<int64_t>(i)}
                            : ir::Storage{ir::Memory::kSlot, slot_offset(module, output.slot)};
  }
  for (size_t i = 0; i < graph.values().size(); ++i) {
    const ir::ValueId id{static_cast<int32_t>(i)};
    storage[id] = storage[view_root(graph, id)];
  }
  return storage;
}

bool may_overwrite(const ir::Graph& graph, const ir::GraphOutput& output) {
  const ir::ValueId before = graph.input_of(output.slot);
  if (!before) return true;  // nothing reads the old value
  const ir::ValueId root = view_root(graph, output.value);
  const int32_t maker = graph.value(root).node.index;
  for (const ir::GraphOutput& other : graph.outputs) {
    if (view_root(graph, other.value) == before) return false;
  }
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    const ir::Node& node = graph.nodes()[i];
    if (node.op->has(ir::kView)) continue;
    for (size_t k = 0; k < node.operands.size(); ++k) {
      if (!node.operands[k] || view_root(graph, node.operands[k]) != before) continue;
      if (static_cast<int32_t>(i) > maker) return false;
      if (static_cast<int32_t>(i) < maker) continue;
      if (node.regions.empty() || node.operands[k] != before) return false;
      const ir::Graph& body = node.regions.front();
      if (!reads_in_place(body, body.inputs[k].value)) return false;
    }
  }
  return true;
}

}  // namespace linnet::passes
