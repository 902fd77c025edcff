// Compares the graphs of several batch sizes node by node: a size that is a multiple follows.
#include "frontend/onnx/export/export_batch.h"

#include "ir/op_def.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::frontend {
namespace {

using Refusal = BatchSizes::Refusal;

tl::unexpected<Refusal> refuse(std::string message, ir::Place place = {}) {
  return tl::unexpected(Refusal{std::move(message), std::move(place)});
}

bool same_attrs(const ir::Node& a, const ir::Node& b, std::string_view but) {
  ir::Attrs left = a.attrs, right = b.attrs;
  left.erase(but);
  right.erase(but);
  return left == right;
}

// The same nodes on the same values, whatever their sizes?
Result<void, Refusal> same_nodes(const ir::Graph& a, const ir::Graph& b,
                                 std::string_view (*shape_attr)(const ir::OpDef&)) {
  const auto slot = [](const auto& port) { return std::pair{port.value, port.slot}; };
  const bool same = std::ranges::equal(a.inputs, b.inputs, {}, slot, slot) &&
                    std::ranges::equal(a.outputs, b.outputs, {}, slot, slot) &&
                    a.nodes().size() == b.nodes().size() && a.values().size() == b.values().size();
  if (!same) return refuse("the graph depends on the batch");
  for (size_t i = 0; i < a.nodes().size(); ++i) {
    const ir::Node& x = a.nodes()[i];
    const ir::Node& y = b.nodes()[i];
    if (x.op != y.op || x.operands != y.operands || x.results != y.results)
      return refuse("the graph depends on the batch here", x.place);
    if (!same_attrs(x, y, shape_attr(*x.op)))
      return refuse(fmt::format("a setting of {} depends on the batch", x.op->name), x.place);
    if (x.tensor != y.tensor) return refuse("a constant depends on the batch", x.place);
  }
  return {};
}

}  // namespace

Result<BatchSizes, Refusal>
BatchSizes::compare(const ir::Graph& one,
                    std::span<const std::pair<int64_t, const ir::Graph*>> others,
                    std::string_view (*shape_attr)(const ir::OpDef&)) {
  BatchSizes sizes;
  bool any = false;
  for (const auto& [batch, graph] : others)
    LINNET_TRY(same_nodes(one, *graph, shape_attr));
  for (size_t i = 0; i < one.values().size(); ++i) {
    const ir::Value& value = one.values()[i];
    const ir::Shape& shape = value.type.shape;
    std::vector<int64_t> factors(shape.size(), 0);
    const auto other = [i](const ir::Graph& graph) { return graph.values()[i].type.shape; };
    for (const auto& [batch, graph] : others) {
      for (size_t dim = 0; dim < std::min(shape.size(), other(*graph).size()); ++dim) {
        if (other(*graph)[dim] != shape[dim]) factors[dim] = shape[dim];
      }
    }
    for (const auto& [batch, graph] : others) {
      ir::Shape expected = shape;
      for (size_t dim = 0; dim < shape.size(); ++dim)
        expected[dim] *= factors[dim] == 0 ? 1 : batch;
      if (other(*graph) == expected) continue;
      return refuse(fmt::format("%{} is {} for one sample, but {} for {}", value.name,
                                ir::to_string(shape), ir::to_string(other(*graph)), batch),
                    value.node ? one.node(value.node).place : ir::Place());
    }
    any = any || std::ranges::any_of(factors, [](int64_t factor) { return factor != 0; });
    sizes.factors_.push_back(std::move(factors));
  }
  if (!any) sizes.factors_.clear();
  return sizes;
}

int64_t BatchSizes::factor(ir::ValueId value, size_t dim) const {
  return any() ? factors_[static_cast<size_t>(value.index)][dim] : 0;
}

bool BatchSizes::follows(ir::ValueId value) const {
  return any() && std::ranges::any_of(factors_[static_cast<size_t>(value.index)],
                                      [](int64_t factor) { return factor != 0; });
}

}  // namespace linnet::frontend
