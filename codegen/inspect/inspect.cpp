// Puts together what is known of each kernel of a product.
#include "codegen/inspect/inspect.h"

#include "codegen/inspect/functions.h"
#include "codegen/inspect/hot_loop.h"
#include "codegen/inspect/loop_counts.h"
#include "codegen/inspect/machine_code.h"

#include "passes/lib/kernel_names.h"
#include "support/check.h"

#include <algorithm>
#include <map>

namespace linnet::codegen {
namespace {

// Kernels by the function that Halide made, whose name is the hash of their content.
std::map<std::string, const ir::Graph*> by_body(std::span<const ir::Module> modules) {
  std::map<std::string, const ir::Graph*> found;
  for (const ir::Module& module : modules) {
    for (const ir::Graph& kernel : module.kernels)
      found.emplace("k_" + passes::content_hash(passes::kernel_content(kernel)), &kernel);
  }
  return found;
}

// The texts of a kernel's functions, and its hot loop.
void add_code(InspectedKernel& kernel, const std::string& body, const Compiled& compiled,
              const OptimizedModule& optimized, const Machine& machine) {
  std::string symbol = kernel.symbol;
  if (optimized.functions_of(symbol).empty()) symbol = body;  // called without its wrapper
  std::string assembly;
  for (const std::string& function : optimized.functions_of(symbol)) {
    kernel.llvm += llvm_function(compiled.llvm, function);
    assembly += assembly_function(compiled.assembly, function);
  }
  const MachineCode code = read_assembly(assembly, machine);
  kernel.assembly = code.text();
  kernel.hot = hot_loop(code, machine, optimized.counts_of(symbol));
  if (kernel.hot) return;
  kernel.no_hot = assembly.empty() ? "it is part of its caller's code" : code.fault;
}

}  // namespace

std::vector<InspectedKernel> inspect(const Compiled& compiled, std::span<const ir::Module> modules,
                                     const Target& target) {
  LINNET_CHECK(!compiled.llvm.empty(), "a product without its texts");
  const auto graphs = by_body(modules);
  const OptimizedModule optimized(compiled.llvm);
  const Machine machine(target);
  std::vector<InspectedKernel> all;
  for (const KernelWork& work : compiled.work) {
    InspectedKernel kernel;
    kernel.name = work.name;
    kernel.symbol = work.symbol;
    kernel.hash = work.body.substr(work.body.find('_') + 1);
    kernel.stmt = work.stmt;
    const auto graph = graphs.find(work.body);
    LINNET_CHECK(graph != graphs.end(), "a kernel of another module");
    kernel.algorithm = algorithm(*graph->second);
    if (graph->second->schedule) kernel.schedule = to_string(*graph->second->schedule);
    const auto report = std::ranges::find(compiled.kernels, work.symbol, &KernelReport::symbol);
    if (report != compiled.kernels.end()) {
      kernel.code_bytes = report->code_bytes;
      kernel.stack_bytes = report->stack_bytes;
    }
    add_code(kernel, work.body, compiled, optimized, machine);
    all.push_back(std::move(kernel));
  }
  return all;
}

}  // namespace linnet::codegen
