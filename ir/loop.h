// Loops over time: the op `loop`, whose body is a graph (ir/ops/structure.cpp says what it means).
#pragma once

#include "ir/builder.h"
#include "ir/module.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace linnet::ir {

inline constexpr Key<int64_t> kSteps{"steps"};
inline constexpr Key<int64_t> kStates{"states"};
inline constexpr Key<int64_t> kScanned{"scanned"};
inline constexpr Key<Ints> kCollected{"collected"};
inline constexpr Key<bool> kReverse{"reverse"};

// What a loop is made of.
struct Loop {
  int64_t steps = 1;
  int64_t states = 0;   // the first operands: each step's first outputs are the next step's
  int64_t scanned = 0;  // the operands behind them: a step gets its part along dimension 0
  Ints collected = {};  // states of which each step's value is wanted
  bool reverse = false;
};
[[nodiscard]] Loop loop_of(const Node& node);

// Is result `i` of the loop the values of all steps, side by side in a new dimension 0? Others are
// the last step's.
[[nodiscard]] bool is_sequence(const Loop& loop, size_t i);
// Which step is the `i`-th.
[[nodiscard]] inline int64_t step_at(const Loop& loop, int64_t i) {
  return loop.reverse ? loop.steps - 1 - i : i;
}

// Appends a loop; names of its results are those of the body's outputs.
std::vector<ValueId> append_loop(const Builder& builder, const Loop& loop, Graph body,
                                 std::vector<ValueId> operands);

// Does it call a kernel, or run a loop? In a planned entry the others compute nothing.
[[nodiscard]] bool is_call(const Node& node);
// These, in order.
[[nodiscard]] std::vector<const Node*> calls_of(const Graph& graph);

// Of a loop in a module: its own graph, or the module's that it names.
[[nodiscard]] const Graph& body_of(const Module& module, const Node& node);
// Why `body` is none for the loop, or nothing.
[[nodiscard]] std::optional<std::string> loop_fault(const Graph& graph, const Node& node,
                                                    const Graph& body);

// Graphs of the module that loops name: no entries.
[[nodiscard]] bool is_loop_body(const Module& module, const Graph& graph);
[[nodiscard]] bool has_loops(const Graph& graph);
// The graph with its loops (those for which `wanted` holds) written out, step after step.
[[nodiscard]] Graph without_loops(
    const Module& module, const Graph& graph,
    const std::function<bool(const Node&)>& wanted = [](const Node&) { return true; });

}  // namespace linnet::ir
