// Several nodes for which ONNX has one op: a convolution or dense layer with its bias.
#include "frontend/onnx/export/export_ops.h"

#include "ir/ops/transpose.h"

namespace linnet::frontend {
namespace {

using ir::Graph;
using ir::Node;
using ir::ValueId;

struct Matcher {
  const Graph& graph;
  const BatchSizes& sizes;
  const std::vector<int>& uses;

  // The node of this op that makes `value`, if nothing else reads what it makes.
  [[nodiscard]] const Node* only(ValueId value, const ir::OpDef& op) const {
    const Node* node = graph.producer(value);
    const bool fits = node && node->op == &op && uses[static_cast<size_t>(value.index)] == 1;
    return fits ? node : nullptr;
  }
  // The operand, if `value` is a matrix with its dimensions swapped.
  [[nodiscard]] ValueId untransposed(ValueId value) const {
    const Node* node = graph.producer(value);
    const bool fits = node && node->op == &ir::ops::transpose && shape(value).size() == 2 &&
                      ir::permutation(node->attrs, 2) == ir::Ints{1, 0};
    return fits ? node->operands[0] : ValueId();
  }
  [[nodiscard]] const ir::Shape& shape(ValueId value) const {
    return graph.value(value).type.shape;
  }
  // One shape, whatever the batch?
  [[nodiscard]] bool same_shape(ValueId a, ValueId b) const {
    bool same = shape(a) == shape(b);
    for (size_t dim = 0; same && dim < shape(a).size(); ++dim)
      same = sizes.factor(a, dim) == sizes.factor(b, dim);
    return same;
  }
};

// conv2d(x, w) + reshape(b, [C, 1, 1])
std::optional<ExportPattern> conv_with_bias(const Matcher& m, const Node& add, ValueId left,
                                            ValueId right) {
  const Node* conv = m.only(left, ir::ops::conv2d);
  const Node* reshape = m.graph.producer(right);
  if (!conv || !reshape || reshape->op != &ir::ops::reshape) return std::nullopt;
  const ValueId bias = reshape->operands[0];
  const int64_t channels = m.shape(left)[1];
  const ir::Shape& wide = m.shape(right);
  const bool by_channel = wide == ir::Shape{channels, 1, 1} || wide == ir::Shape{1, channels, 1, 1};
  if (!by_channel || m.shape(bias).size() != 1 || m.sizes.follows(bias)) return std::nullopt;
  const ir::OpDef* op = conv->op;
  return ExportPattern{{conv->operands[0], conv->operands[1], bias}, [=, &add](OnnxWriter& writer) {
                         Node whole = add;
                         whole.op = op;
                         whole.operands = {conv->operands[0], conv->operands[1], bias};
                         whole.attrs = conv->attrs;
                         write_node(writer, whole);
                       }};
}

// matmul(x, w), a product of two matrices of floats with w transposed or not.
struct Product {
  ValueId x, w;
  bool transposed = false;
};
std::optional<Product> product(const Matcher& m, const Node& node) {
  const ir::Type& type = m.graph.value(node.results[0]).type;
  const bool matrices = node.op == &ir::ops::matmul && ir::is_float(type.dtype) &&
                        m.shape(node.operands[0]).size() == 2 &&
                        m.shape(node.operands[1]).size() == 2;
  if (!matrices) return std::nullopt;
  const ValueId w = node.operands[1], inner = m.untransposed(w);
  const bool by_attr = node.attrs.get(ir::Key<bool>{"transpose_b"});
  return Product{node.operands[0], inner ? inner : w, by_attr != bool(inner)};
}

ExportPattern gemm(const Product& product, ValueId bias, const Node& result) {
  std::vector<ValueId> inputs{product.x, product.w};
  if (bias) inputs.push_back(bias);
  const bool transposed = product.transposed;
  return {inputs, [inputs, transposed, &result](OnnxWriter& writer) {
            std::vector<std::string> names;
            for (ValueId input : inputs)
              names.push_back(writer[input]);
            set_attribute(writer.add(result, "Gemm", names), "transB", transposed);
          }};
}

// matmul(x, transpose(w)) + b
std::optional<ExportPattern> dense_with_bias(const Matcher& m, const Node& add, ValueId left,
                                             ValueId right) {
  const Node* matmul = m.only(left, ir::ops::matmul);
  if (!matmul || m.shape(right).size() != 1 || !m.same_shape(left, add.results[0]))
    return std::nullopt;
  const auto found = product(m, *matmul);
  return found ? std::optional(gemm(*found, right, add)) : std::nullopt;
}

// matmul(x, transpose(w)) alone
std::optional<ExportPattern> dense(const Matcher& m, const Node& matmul) {
  const auto found = product(m, matmul);
  return found && found->transposed ? std::optional(gemm(*found, ValueId(), matmul)) : std::nullopt;
}

}  // namespace

std::optional<ExportPattern> export_pattern(const Graph& graph, const BatchSizes& sizes,
                                            const std::vector<int>& uses, const Node& node) {
  const Matcher m{graph, sizes, uses};
  if (auto found = dense(m, node)) return found;
  if (node.op != &ir::ops::add) return std::nullopt;
  for (const auto& [left, right] : {std::pair{node.operands[0], node.operands[1]},
                                    std::pair{node.operands[1], node.operands[0]}}) {
    if (auto found = conv_with_bias(m, node, left, right)) return found;
    if (auto found = dense_with_bias(m, node, left, right)) return found;
  }
  return std::nullopt;
}

}  // namespace linnet::frontend
