// Values at positions: inputs are read, constants written out, nodes are what their op says.
#include "codegen/source/values.h"

#include "ir/op_def.h"
#include "ir/scalar_math.h"
#include "support/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace linnet::codegen::source {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string key_of(ir::ValueId value, const Position& position) {
  std::string key = fmt::format("{}", value.index);
  for (const Index& index : position) {
    key += fmt::format(" {}", index.constant);
    for (const auto& [term, factor] : index.terms)
      key += fmt::format("+{}*{}", factor, term);
  }
  return key;
}

}  // namespace

Index linear(const ir::Shape& shape, const Position& position) {
  Index index;
  for (size_t dim = 0; dim < shape.size(); ++dim)
    index = index * shape[dim] + position[dim];
  return index;
}

Values::Values(const ir::Graph& graph, Expressions& expressions, Names& names,
               const std::string& prefix, const std::vector<std::string>& arrays)
    : graph_(graph), e_(expressions), names_(names), prefix_(prefix) {
  for (size_t i = 0; i < graph.inputs.size(); ++i)
    arrays_[graph.inputs[i].value.index] = arrays[i];
}

NodeId Values::at(ir::ValueId value, const Position& position) {
  const std::string key = key_of(value, position);
  if (const auto known = known_.find(key); known != known_.end()) return known->second;
  const NodeId result = made(value, position);
  if (!arrays_.contains(value.index) && e_.node(result).kind != Node::kLiteral)
    e_.name(result, graph_.value(value).name);
  return known_[key] = result;
}

NodeId Values::made(ir::ValueId value, const Position& position) {
  const ir::Type& type = this->type(value);
  LINNET_CHECK(type.layout.is_row_major(), "a kernel of rows reads " + to_string(type));
  if (const auto input = arrays_.find(value.index); input != arrays_.end())
    return e_.load(c_type_of(type.dtype), input->second, linear(type.shape, position), position);
  const ir::Node* node = graph_.producer(value);
  LINNET_CHECK(node != nullptr, "a value without a producer");
  if (node->tensor) {
    LINNET_CHECK(node->tensor->is_splat(), "only splats stay inside a kernel");
    return is_float(type.dtype)
               ? literal(type.dtype, node->tensor->as_doubles().front())
               : e_.integer(c_type_of(type.dtype), node->tensor->as_ints().front());
  }
  if (node->op->scalar) return elementwise(*node, position);
  const auto table = op_values();
  const auto row = std::ranges::find(table, node->op, &OpValue::op);
  LINNET_CHECK(row != table.end(), "no C for '" + std::string(node->op->name) + "'");
  return row->value(*this, *node, position);
}

NodeId Values::at_or(ir::ValueId value, const Position& position, NodeId fallback) {
  const ir::Shape& shape = type(value).shape;
  NodeId inside = e_.truth(true);
  for (size_t dim = 0; dim < shape.size(); ++dim)
    inside = e_.both(inside, e_.inside(position[dim], shape[dim]));
  const NodeId tap = e_.guard(inside, at(value, position), fallback);
  if (e_.node(tap).kind == Node::kGuard) e_.name(tap, "tap");
  return tap;
}

NodeId Values::reduced(const std::string& name, const std::vector<std::string>& variables,
                       const std::vector<int64_t>& extents, NodeId first, const Step& step) {
  std::vector<NodeId> loops;
  std::vector<int64_t> counts;
  std::vector<Index> at;
  for (size_t i = 0; i < extents.size(); ++i) {
    if (extents[i] == 1) {
      at.emplace_back(0);
      continue;
    }
    loops.push_back(e_.variable(names_.fresh(variables[i]), extents[i]));
    counts.push_back(extents[i]);
    at.push_back(Expressions::index(loops.back()));
  }
  const NodeId so_far = e_.accumulator(e_.type(first), names_.fresh(name));
  return e_.reduce(loops, counts, so_far, first, step(so_far, at));
}

NodeId Values::call(CType type, const std::string& function, const std::vector<NodeId>& args) {
  return e_.call(type, prefix_ + "_" + function, args);
}

NodeId Values::larger(NodeId a, NodeId b) {
  return call(e_.type(a), fmt::format("max_{}", suffix(e_.type(a))), {a, b});
}

NodeId Values::smaller(NodeId a, NodeId b) {
  return call(e_.type(a), fmt::format("min_{}", suffix(e_.type(a))), {a, b});
}

NodeId Values::least(ir::DType dtype) {
  return is_float(dtype) ? literal(dtype, -kInfinity)
                         : e_.integer(c_type_of(dtype), ir::scalar::least_integer(dtype));
}

NodeId Values::greatest(ir::DType dtype) {
  return is_float(dtype) ? literal(dtype, kInfinity)
                         : e_.integer(c_type_of(dtype), ir::scalar::greatest_integer(dtype));
}

NodeId Values::literal(ir::DType dtype, double value) {
  if (dtype == ir::DType::kF16)
    return e_.integer(CType::kHalf, ir::to_f16(static_cast<float>(value)));
  if (dtype == ir::DType::kBF16)
    return e_.integer(CType::kHalf, ir::to_bf16(static_cast<float>(value)));
  return e_.literal(c_type_of(dtype), value);
}

NodeId Values::elementwise(const ir::Node& node, const Position& position) {
  std::vector<NodeId> arguments;
  ir::DType dtype = operand_type(node, 0).dtype;
  for (size_t i = 0; i < node.operands.size(); ++i) {
    const ir::Type& type = operand_type(node, i);
    if (is_float(type.dtype) || dtype == ir::DType::kBool) dtype = type.dtype;
    const size_t offset = position.size() - type.rank();
    Position at;
    for (size_t dim = 0; dim < type.rank(); ++dim)
      at.push_back(type.shape[dim] == 1 ? Index(0) : position[offset + dim]);
    arguments.push_back(this->at(node.operands[i], at));
  }
  const NodeId value = scalar_value(*this, node.op->scalar(node.attrs), dtype, arguments);
  return e_.cast(c_type_of(type(node.results.front()).dtype), value);
}

}  // namespace linnet::codegen::source
