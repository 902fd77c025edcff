// The pass share_subgraphs: nodes with equal op, attributes and operands become one.
#include "ir/op_def.h"
#include "ir/rewrite.h"
#include "passes/lib/label.h"
#include "passes/passes.h"

#include <fmt/format.h>

#include <map>

namespace linnet::passes {
namespace {

// Equal for nodes that compute the same from the same operands; of constants, which may be most of
// the memory there is, if their bytes are equal too.
std::string key(const ir::Rewriter& r, const ir::Node& node) {
  std::string text(node.op->name);
  for (ir::ValueId operand : node.operands)
    text += fmt::format(" {}", r[operand].index);
  for (const auto& [name, attr] : node.attrs)
    text += fmt::format(" {}={}", name, ir::to_string(attr));
  if (node.tensor) {
    text += to_string(node.tensor->type());
    const auto bytes = node.tensor->bytes();
    const std::string_view content(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    text += fmt::format(" {:x}", std::hash<std::string_view>()(content));
  }
  return text;
}

}  // namespace

ir::Module share_subgraphs(ir::Module module, PassContext& context) {
  for (ir::Graph& graph : module.graphs) {
    std::map<std::string, std::vector<ir::ValueId>> known;
    graph = ir::rewrite(graph, [&](ir::Rewriter& r, ir::NodeId, const ir::Node& node) {
      if (!node.regions.empty() || !node.callee.empty()) return false;
      const std::string text = key(r, node);
      const auto first = known.find(text);
      const auto same_bytes = [&] {
        return !node.tensor || *node.tensor == *r.graph().producer(first->second.front())->tensor;
      };
      if (first != known.end() && same_bytes() &&
          context.may_rewrite(node.place, label(r.old(), node) + " is computed already")) {
        for (size_t i = 0; i < node.results.size(); ++i)
          r.replace(node.results[i], first->second[i]);
        return true;
      }
      r.copy(node);
      known.emplace(text, r.mapped(node.results));
      return true;
    });
  }
  return module;
}

}  // namespace linnet::passes
