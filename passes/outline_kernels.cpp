// The pass outline_kernels: equal groups become one kernel, and groups become calls.
#include "ir/op_def.h"
#include "ir/rewrite.h"
#include "passes/lib/kernel_names.h"
#include "passes/lib/label.h"
#include "passes/lib/storage.h"
#include "passes/passes.h"

#include <fmt/format.h>

#include <map>
#include <set>

namespace linnet::passes {

ir::Module outline_kernels(ir::Module module, PassContext& context) {
  std::map<std::string, std::string> known;  // content → name
  std::set<std::string> names_taken;
  std::vector<ir::Graph> kernels = std::move(module.kernels);
  module.kernels.clear();
  for (ir::Graph& graph : module.graphs) {
    const auto storage = storage_classes(module, graph);
    // Padded memory as it is; of exact memory it matters only that it is exact.
    const auto kind = [&](ir::ValueId id, ir::Memory exact, size_t position) {
      const ir::Memory memory = storage[id].memory;
      return is_padded(memory) ? ir::Storage{memory, 0}
                               : ir::Storage{exact, static_cast<int64_t>(position)};
    };
    graph = ir::rewrite(graph, [&](ir::Rewriter& r, ir::NodeId, const ir::Node& node) {
      if (node.op != &ir::ops::group) return false;
      ir::Graph kernel = node.regions.front();
      kernel.schedule = node.schedule;
      for (size_t i = 0; i < kernel.inputs.size(); ++i) {
        kernel.value(kernel.inputs[i].value).storage =
            kind(node.operands[i], ir::Memory::kInput, i);
      }
      for (size_t i = 0; i < kernel.outputs.size(); ++i) {
        kernel.value(kernel.outputs[i].value).storage =
            kind(node.results[i], ir::Memory::kOutput, i);
        const ir::Storage& own = storage[node.results[i]];
        if (own.memory != ir::Memory::kSlot) continue;
        for (size_t k = 0; k < node.operands.size(); ++k) {  // written over what it reads
          if (storage[node.operands[k]] == own)
            kernel.value(kernel.outputs[i].value).storage->offset = static_cast<int64_t>(k) + 1;
        }
      }
      const std::string content = kernel_content(kernel);
      auto name = known.find(content);
      if (name == known.end()) {
        const std::string base = kernel_name(kernel);
        kernel.name = base;
        for (int i = 2; !names_taken.insert(kernel.name).second; ++i)
          kernel.name = fmt::format("{}_{}", base, i);
        name = known.emplace(content, kernel.name).first;
        kernels.push_back(std::move(kernel));
      } else if (!context.may_rewrite(node.place, label(r.old(), node) + " is @" + name->second)) {
        return false;
      }
      std::vector<ir::Type> types;
      std::vector<std::string> names;
      for (ir::ValueId result : node.results) {
        types.push_back(r.old().value(result).type);
        names.push_back(r.old().value(result).name);
      }
      const auto results =
          r.at(node.place).call(name->second, r.mapped(node.operands), types, names);
      for (size_t i = 0; i < results.size(); ++i)
        r.replace(node.results[i], results[i]);
      return true;
    });
  }
  module.kernels = std::move(kernels);
  return module;
}

}  // namespace linnet::passes
