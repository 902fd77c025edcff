// What became of each kernel: its mathematics, assembly, hot loop, and what LLVM's model of the CPU
// (llvm/MCA) says of that loop. For reports; nothing here takes part in compiling.
#pragma once

#include "codegen/emit/compile.h"
#include "ir/graph.h"
#include "ir/module.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace linnet::codegen {

struct PortLoad {
  std::string name;   // the scheduling model's own: "Zn4FP01"
  double cycles = 0;  // of an iteration
};

struct LineCost {
  int64_t line = 0;     // of the kernel's assembly, from 0
  double latency = 0;   // cycles until its result is there
  std::string ports{};  // "Zn4FP01 0.5, Zn4LSU 1"
};

// A loop's iterations one after the other on the modelled core, all loads from the first level.
struct LoopCost {
  std::string cpu;    // whose model it is: "znver4"
  std::string note;   // where that is not the CPU asked for: what was, and why; mostly ""
  double cycles = 0;  // an iteration, in steady state
  double ipc = 0;
  double uops = 0;              // an iteration
  std::string bottleneck;       // "port Zn4FP01", "latency of vfmadd231ps", "front end"
  std::vector<PortLoad> ports;  // those that anything uses
  std::vector<LineCost> lines;
};

// The innermost loop that does most of the arithmetic; without loops, the straight piece of code
// that does.
struct HotLoop {
  bool loops = true;
  int64_t first = 0, last = 0;  // lines of the kernel's assembly, from 0, inclusive
  int64_t instructions = 0;
  int64_t vector_bits = 0;  // of the widest registers that it computes with
  int64_t loads = 0;        // operands in memory count too
  int64_t stores = 0;
  int64_t fmas = 0;    // multiply-adds: instructions, of any width
  int64_t sums = 0;    // registers that they add to
  int64_t spills = 0;  // loads and stores of the frame
  int64_t flops = 0;   // of an iteration, every lane counted
  std::optional<LoopCost> cost;
  std::string no_cost{};  // why there is none
  // How often it runs in a call: from its counter and those around it, where these are constants.
  std::optional<int64_t> iterations{};

  // nullopt: no multiply-adds.
  [[nodiscard]] std::optional<double> loads_per_fma() const;
};

struct InspectedKernel {
  std::string name, symbol, hash;  // as in Compiled::kernels
  std::string schedule;
  std::vector<std::string> algorithm;
  std::string stmt;      // Halide's loop nest
  std::string llvm;      // its functions in LLVM IR, optimised
  std::string assembly;  // of its functions, labels kept, directives dropped
  std::optional<HotLoop> hot;
  std::string no_hot{};  // why there is none
  int64_t code_bytes = 0, stack_bytes = 0;
};

// The kernels of a product that was compiled with keep_text, in the order of Compiled::work.
// `modules` and `target` as they were compiled.
[[nodiscard]] std::vector<InspectedKernel>
inspect(const Compiled& compiled, std::span<const ir::Module> modules, const Target& target);

// Lines of mathematics, one for each value of the graph that is computed:
// "y[0,c,h,w] = Σ_{i,ky,kx} x[0,i,h+ky−2,w+kx−2] · weight[c,i,ky,kx]    (c < 6; …)".
[[nodiscard]] std::vector<std::string> algorithm(const ir::Graph& graph);

}  // namespace linnet::codegen
