// The machine's roofs (multiply-adds, bytes from each level of memory) and which of them binds a
// kernel.
#pragma once

#include "cli/build.h"

#include <cstdint>
#include <string>
#include <vector>

namespace linnet::cli {

struct MemoryLevel {
  std::string name;     // "L1", "L2", "L3", "DRAM"
  int64_t bytes = 0;    // what it holds; 0: all
  double gb_per_s = 0;  // read by one core
};

struct Roofs {
  double peak_gflops = 0;  // f32; half of it in f64
  std::vector<MemoryLevel> levels;
};

// Measured once per machine: what was found is kept in the cache, by the model of the CPU and the
// target's instructions. What takes no time is measured again, and the higher figure kept.
[[nodiscard]] Roofs measure_roofs(Session& session, const codegen::Target& target,
                                  const driver::Options& build);

// The floor under a kernel's time: the longer one of what its multiply-adds take at the peak and
// what its operands and results take at the bandwidth of where they lie.
struct Bound {
  std::string roof;  // "FMA", or the level whose bytes take longest
  double ns = 0;
};

// Of each call of a kernel. Where an operand lies: of the memory that was touched since it was,
// call after call, the first level that holds so much (the distance of an LRU cache).
[[nodiscard]] std::vector<Bound> bounds(const ir::Module& module, const ir::Graph& graph,
                                        const Roofs& roofs);

// The kernel of a call, or the body of a loop.
[[nodiscard]] const ir::Graph& called(const ir::Module& module, const ir::Node& node);
// Multiply-adds of a kernel's ops, two each, as the model counts them, never padded lanes; of a
// call or of all steps of a loop.
[[nodiscard]] int64_t call_flops(const ir::Module& module, const ir::Node& node);
[[nodiscard]] int64_t kernel_flops(const ir::Graph& kernel);
// Of a call's operands and results; of a loop all that its steps take and give.
[[nodiscard]] int64_t call_bytes(const ir::Graph& graph, const ir::Node& node);

}  // namespace linnet::cli
