// Which kind of memory each value of an entry graph lies in, before addresses are known.
#pragma once

#include "ir/module.h"
#include "ir/value_map.h"

#include <optional>
#include <string_view>
#include <vector>

namespace linnet::passes {

// Is there a slot of the model's own state? Its blob begins with kStateHeader bytes that tell whose
// it is.
[[nodiscard]] bool has_state(const ir::Module& module);
inline constexpr int64_t kStateHeader = 64;

// All slots but counters lie in one blob, in the module's order, each from a multiple of 64 bytes
// on and with room up to the next. Where `path` begins; and the bytes of all.
[[nodiscard]] int64_t slot_offset(const ir::Module& module, std::string_view path);
[[nodiscard]] int64_t slots_bytes(const ir::Module& module);

// Where in the arena a kernel works while it is called, if it does.
struct Scratch {
  int64_t offset = 0, bytes = 0;
};
[[nodiscard]] std::optional<Scratch> scratch_of(const ir::Node& call);

// The bytes of arena that the plan of an entry graph takes: a multiple of 64. At its end lies what
// shards sum while they wait for each other (passes/lib/shard_points.h).
[[nodiscard]] int64_t arena_bytes(const ir::Graph& graph);

// For every value: input, output, slot or constant with its position, or arena at 0. Views share
// what they view; the root of a graph output is that output, or its slot. Storage of a constant is
// at 0 too; counters are inputs.
[[nodiscard]] ir::ValueMap<ir::Storage> storage_classes(const ir::Module& module,
                                                        const ir::Graph& graph);

// May the value of an output be written over the slot it is the next value of? Yes if whatever
// reads the slot comes before, or reads each element only to make the new one in its place.
[[nodiscard]] bool may_overwrite(const ir::Graph& graph, const ir::GraphOutput& output);

}  // namespace linnet::passes
