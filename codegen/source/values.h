// The values of a kernel as expressions: what the element at a position is.
#pragma once

#include "codegen/source/expression.h"
#include "codegen/source/writer.h"
#include "ir/graph.h"
#include "ir/op_def.h"

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace linnet::codegen::source {

class Values {
public:
  // `arrays`: what each input of the graph is called in C.
  Values(const ir::Graph& graph, Expressions& expressions, Names& names, const std::string& prefix,
         const std::vector<std::string>& arrays);

  [[nodiscard]] Expressions& e() { return e_; }
  [[nodiscard]] const ir::Graph& graph() const { return graph_; }
  [[nodiscard]] const ir::Type& type(ir::ValueId value) const { return graph_.value(value).type; }
  [[nodiscard]] const ir::Type& operand_type(const ir::Node& node, size_t i) const {
    return type(node.operands[i]);
  }

  // The element at a position within the shape.
  [[nodiscard]] NodeId at(ir::ValueId value, const Position& position);
  // The same where the position may lie outside: `fallback` there, and nothing is read.
  [[nodiscard]] NodeId at_or(ir::ValueId value, const Position& position, NodeId fallback);

  // `first`, then step(so far, indices) over all indices below `extents`, the last fastest.
  using Step = std::function<NodeId(NodeId so_far, const std::vector<Index>& at)>;
  [[nodiscard]] NodeId reduced(const std::string& name, const std::vector<std::string>& variables,
                               const std::vector<int64_t>& extents, NodeId first, const Step& step);

  // A helper function of the file, by its name without the model's.
  [[nodiscard]] NodeId call(CType type, const std::string& function,
                            const std::vector<NodeId>& args);
  // Arithmetic as the evaluator has it: NaN kept, of equal values the first.
  [[nodiscard]] NodeId larger(NodeId a, NodeId b);
  [[nodiscard]] NodeId smaller(NodeId a, NodeId b);
  // Where they begin.
  [[nodiscard]] NodeId least(ir::DType dtype);
  [[nodiscard]] NodeId greatest(ir::DType dtype);
  [[nodiscard]] NodeId literal(ir::DType dtype, double value);

private:
  NodeId made(ir::ValueId value, const Position& position);
  NodeId elementwise(const ir::Node& node, const Position& position);

  const ir::Graph& graph_;
  Expressions& e_;
  Names& names_;
  const std::string& prefix_;
  std::map<int32_t, std::string> arrays_;  // of inputs
  std::map<std::string, NodeId> known_;    // by value and position
};

// Elements in row-major order from position 0 on.
[[nodiscard]] Index linear(const ir::Shape& shape, const Position& position);

// A scalar tree on numbers of `dtype`.
[[nodiscard]] NodeId scalar_value(Values& values, const ir::ScalarExpr& tree, ir::DType dtype,
                                  const std::vector<NodeId>& arguments);

// How one op becomes an expression; elementwise ops do by their scalar tree.
struct OpValue {
  const ir::OpDef* op;
  NodeId (*value)(Values&, const ir::Node&, const Position&);
};
[[nodiscard]] std::span<const OpValue> op_values();

}  // namespace linnet::codegen::source
