#include "ir/op_def.h"
#include "passes/graphs.h"
#include "passes/passes.h"
#include "passes/schedule/families.h"
#include "passes/storage.h"

#include <algorithm>

namespace linnet::passes {
namespace {

bool reads_channels_last(const ir::Node& node) {
  return node.op == &ir::ops::group && node.schedule &&
         family(node.schedule->family).reads_channels_last;
}

}  // namespace

ir::Module choose_layout(ir::Module module, PassContext& context) {
  for (ir::Graph& graph : module.graphs) {
    const auto users = graph.users();
    const auto storage = storage_classes(module, graph);
    for (size_t i = 0; i < graph.nodes().size(); ++i) {
      const ir::Node& node = graph.nodes()[i];
      if (node.op != &ir::ops::group || !node.schedule) continue;
      const ir::ValueId result = node.results.front();
      const size_t at = static_cast<size_t>(result.index);
      if (!family(node.schedule->family).stores_channels_last) continue;
      if (graph.value(result).type.rank() != 4) continue;
      const std::string name = label(graph, node);
      if (storage[at].memory != ir::Memory::kArena) {
        context.refused(node.place, name + " is an output, which is row-major");
        continue;
      }
      const bool all = std::ranges::all_of(
          users[at], [&](ir::NodeId user) { return reads_channels_last(graph.node(user)); });
      if (!all) {
        context.refused(node.place, name + " is read by what wants rows");
        continue;
      }
      if (!context.may_rewrite(node.place, name + " has its channels innermost")) continue;
      ir::Layout layout;
      layout.order = {0, 2, 3, 1};
      graph.value(result).type.layout = layout;
      ir::Graph& body = graph.node({static_cast<int32_t>(i)}).regions.front();
      body.value(body.outputs.front().value).type.layout = layout;
      for (ir::NodeId user : users[at]) {
        ir::Node& reader = graph.node(user);
        ir::Graph& inside = reader.regions.front();
        for (size_t k = 0; k < reader.operands.size(); ++k) {
          if (reader.operands[k] == result)
            inside.value(inside.inputs[k].value).type.layout = layout;
        }
      }
    }
  }
  return module;
}

}  // namespace linnet::passes
