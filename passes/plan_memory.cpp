// The pass plan_memory: blocks by lifetime, the largest first, each at the lowest free offset.
#include "base/integers.h"
#include "base/memory.h"
#include "ir/builder.h"
#include "ir/loop.h"
#include "ir/op_def.h"
#include "passes/lib/storage.h"
#include "passes/lib/view_root.h"
#include "passes/passes.h"
#include "passes/schedule/families.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::passes {
namespace {

int64_t rounded(int64_t bytes) {
  return round_up(bytes, kAlign);
}

// A stretch of the arena, alive from the node that writes it to the last that reads it.
struct Block {
  ir::ValueId value;  // none: what a call or the steps of a loop work in
  int64_t bytes = 0;
  int first = 0, last = 0;
  int64_t offset = 0;

  [[nodiscard]] bool lives_with(const Block& other) const {
    return first <= other.last && other.first <= last;
  }
};

// What the steps of a loop need besides its results: the body's arena, and for each state that is
// not collected memory of its own, for a step does not write over what it reads.
int64_t workspace_bytes(const ir::Module& module, const ir::Graph& graph, const ir::Node& node) {
  const ir::Loop loop = ir::loop_of(node);
  int64_t bytes = arena_bytes(ir::body_of(module, node));
  for (size_t i = 0; i < static_cast<size_t>(loop.states); ++i) {
    if (!ir::is_sequence(loop, i))
      bytes += rounded(graph.value(node.results[i]).type.stored_bytes());
  }
  return bytes;
}

std::vector<Block> find_blocks(const ir::Module& module, const ir::Graph& graph,
                               const ir::ValueMap<ir::Storage>& storage, bool keep_values) {
  std::vector<Block> blocks;
  ir::ValueMap<int> block_of(graph, -1);
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    const ir::Node& node = graph.nodes()[i];
    for (ir::ValueId operand : node.operands) {
      const int block = block_of[view_root(graph, operand)];
      if (block >= 0) blocks[static_cast<size_t>(block)].last = static_cast<int>(i);
    }
    if (node.op == &ir::ops::loop) {
      const int at = static_cast<int>(i);
      blocks.push_back({{}, workspace_bytes(module, graph, node), at, at, 0});
    }
    for (ir::ValueId result : node.results) {
      if (storage[result].memory != ir::Memory::kArena || view_root(graph, result) != result)
        continue;
      block_of[result] = static_cast<int>(blocks.size());
      blocks.push_back({result, rounded(graph.value(result).type.stored_bytes()),
                        static_cast<int>(i), static_cast<int>(i), 0});
    }
    const ir::Graph* kernel = module.kernel(node.callee);
    if (const int64_t bytes = kernel ? scratch_bytes(*kernel) : 0; bytes > 0)
      blocks.push_back({{}, bytes, static_cast<int>(i), static_cast<int>(i), 0});
  }
  for (Block& block : blocks) {
    if (keep_values && block.value) block.last = static_cast<int>(graph.nodes().size());
  }
  return blocks;
}

// The largest first, each at the lowest place that nothing alive at the same time takes
// (Pisarchyk and Lee, "Efficient memory management for deep neural net inference", 2020, greedy by
// size).
void place(std::vector<Block>& blocks) {
  std::vector<Block*> order;
  for (Block& block : blocks)
    order.push_back(&block);
  std::ranges::stable_sort(order,
                           [](const Block* a, const Block* b) { return a->bytes > b->bytes; });
  std::vector<const Block*> placed;
  for (Block* block : order) {
    std::ranges::stable_sort(placed, {}, [](const Block* other) { return other->offset; });
    int64_t at = 0;
    for (const Block* other : placed) {
      if (!block->lives_with(*other)) continue;
      if (at + block->bytes <= other->offset) break;
      at = std::max(at, other->offset + other->bytes);
    }
    block->offset = at;
    placed.push_back(block);
  }
}

// Time from left to right, one column a node; one line a block.
void explain_map(const ir::Graph& graph, const std::vector<Block>& blocks, bool has_units,
                 PassContext& context) {
  if (!context.explain) return;
  context.explain(
      {true,
       {},
       fmt::format("arena of @{}: {} bytes planned{}", graph.name, arena_bytes(graph),
                   has_units ? "; a C library's ARENA_BYTES adds what its entries in the units of "
                               "`data` convert into"
                             : "")});
  std::vector<const Block*> rows;
  for (const Block& block : blocks)
    rows.push_back(&block);
  std::ranges::stable_sort(rows, {}, [](const Block* block) { return block->offset; });
  for (const Block* block : rows) {
    std::string life;
    for (size_t i = 0; i < graph.nodes().size(); ++i) {
      if (!ir::is_call(graph.nodes()[i])) continue;
      const int at = static_cast<int>(i);
      life += at >= block->first && at <= block->last ? "#" : ".";
    }
    const ir::Node& maker = graph.nodes()[static_cast<size_t>(block->first)];
    const std::string what =
        block->value ? "%" + graph.value(block->value).name : "what @" + maker.callee + " works in";
    context.explain({true, maker.place,
                     fmt::format("{:>8} +{:<8} {}  {}", block->offset, block->bytes, life, what)});
  }
}

}  // namespace

ir::Module plan_memory(ir::Module module, PassContext& context) {
  // Bodies of loops first: who calls them has to know what they take.
  std::vector<ir::Graph*> order;
  for (ir::Graph& graph : module.graphs)
    order.push_back(&graph);
  std::ranges::stable_sort(order, {}, [](const ir::Graph* graph) { return has_loops(*graph); });
  for (ir::Graph* planned : order) {
    ir::Graph& graph = *planned;
    auto storage = storage_classes(module, graph);
    std::vector<Block> blocks = find_blocks(module, graph, storage, context.keep_values);
    place(blocks);
    for (const Block& block : blocks) {
      if (block.value) {
        storage[block.value].offset = block.offset;
      } else {
        graph.node({block.first}).attrs.set(ir::kScratch, {block.offset, block.bytes});
      }
    }
    int64_t constants = 0;
    for (const ir::Node& node : graph.nodes()) {
      if (!node.tensor) continue;
      const ir::ValueId value = node.results.front();
      // An empty one may be an output as it is.
      if (storage[value].memory != ir::Memory::kConstant) continue;
      storage[value].offset = constants;
      constants += rounded(graph.value(value).type.stored_bytes());
    }
    for (size_t i = 0; i < graph.values().size(); ++i) {
      const ir::ValueId id{static_cast<int32_t>(i)};
      graph.value(id).storage = storage[view_root(graph, id)];
    }
    explain_map(graph, blocks, !module.data.empty(), context);
  }
  return module;
}

}  // namespace linnet::passes
