// The pass fold_batch_norm: a factor for each channel goes into the weight before it.
#include "ir/op_def.h"
#include "ir/rewrite.h"
#include "passes/lib/fold.h"
#include "passes/lib/label.h"
#include "passes/passes.h"

#include <map>
#include <utility>

namespace linnet::passes {
namespace {

using ir::Node;
using ir::Shape;

// The shape in which a factor by output channel multiplies the weight, or nullopt if the factor
// varies along anything else. `factor` broadcasts against the anchor's result.
std::optional<Shape> weight_factor_shape(const Node& anchor, const Shape& result,
                                         const Shape& factor, const Shape& weight) {
  // Where the output channels are: in the result, and in the weight.
  size_t in_result = result.size() - 1;
  size_t in_weight = weight.size() - 1;
  if (anchor.op == &ir::ops::conv2d) {
    in_result = 1;
    in_weight = 0;
  } else if (anchor.attrs.get_or(ir::Key<bool>{"transpose_b"}, false)) {
    in_weight = weight.size() - 2;
  }
  for (size_t dim = 0; dim < factor.size(); ++dim) {
    const size_t at = result.size() - factor.size() + dim;
    if (factor[dim] != 1 && at != in_result) return std::nullopt;
  }
  int64_t channels = 1;
  for (int64_t size : factor)
    channels *= size;
  Shape shape(weight.size(), 1);
  shape[in_weight] = channels;
  return shape;
}

// The product that a factor is to leave: anchor * factor, or (anchor + bias) * factor.
struct Product {
  const Node* anchor;
  const Node* factor;          // a constant
  const Node* sum = nullptr;   // anchor + bias, where there is a bias
  const Node* bias = nullptr;  // a constant
};

std::optional<Product> product_of(const ir::Graph& graph, const Node& node) {
  if (node.op != &ir::ops::mul) return std::nullopt;
  Product found{graph.producer(node.operands[0]), constant_node(graph, node.operands[1])};
  if (found.anchor && found.anchor->op == &ir::ops::add) {
    found.sum = found.anchor;
    found.anchor = graph.producer(found.sum->operands[0]);
    found.bias = constant_node(graph, found.sum->operands[1]);
    if (!found.bias) return std::nullopt;
  }
  if (!found.anchor || !found.anchor->op->has(ir::kAnchor) || !found.factor) return std::nullopt;
  return found;
}

const Shape& shape_of(const Node& constant) {
  return constant.tensor->type().shape;
}

class FoldBatchNorm {
public:
  FoldBatchNorm(const ir::Graph& graph, PassContext& context)
      : graph_(graph), context_(context), users_(graph.users()) {}

  bool visit(ir::Rewriter& r, const Node& node) {
    if (node.op == &ir::ops::add) return join_terms(r, node);
    const auto product = product_of(graph_, node);
    if (!product) return false;
    const auto shape = factor_for_weight(node, *product);
    if (!shape) {
      context_.refused(node.place, shape.error());
      return false;
    }
    if (!context_.may_rewrite(node.place, "factor after " + label(graph_, *product->anchor) +
                                              " into its weight" +
                                              (product->bias ? " and bias" : "")))
      return false;
    fold(r, node, *product, *shape);
    return true;
  }

private:
  [[nodiscard]] bool used_once(ir::ValueId value) const {
    return users_[static_cast<size_t>(value.index)].size() == 1;
  }
  [[nodiscard]] const std::string& name(ir::ValueId value) const {
    return graph_.value(value).name;
  }

  // The shape in which the factor multiplies the weight, or why it stays where it is.
  [[nodiscard]] tl::expected<Shape, std::string> factor_for_weight(const Node& node,
                                                                   const Product& product) const {
    const Node& anchor = *product.anchor;
    const std::string who = label(graph_, anchor);
    const ir::Type& made = graph_.value(anchor.results.front()).type;
    if (!used_once(anchor.results.front()) || !used_once(node.operands[0]))
      return tl::unexpected(who + " has another user");
    const Node* weight = constant_node(graph_, anchor.operands[1]);
    if (!weight || !graph_.value(node.results.front()).type.same_logical(made))
      return tl::unexpected("the weight of " + who + " is no constant");
    const auto by_channel = [&](const Node& constant) {
      return weight_factor_shape(anchor, made.shape, shape_of(constant), shape_of(*weight));
    };
    if (product.bias && !by_channel(*product.bias))
      return tl::unexpected("what is added to " + who + " is not one for each channel");
    auto shape = by_channel(*product.factor);
    if (!shape) return tl::unexpected("the factor after " + who + " is not one for each channel");
    return *std::move(shape);
  }

  void fold(ir::Rewriter& r, const Node& node, const Product& product, const Shape& shape) {
    const Node& anchor = *product.anchor;
    const ir::ValueId factor = r[node.operands[1]];
    const ir::Place place = merged(anchor.place, node.place);
    const auto wide = create_folded(r.at(place), ir::ops::reshape, {factor},
                                    {{"shape", ir::Ints(shape)}}, {"factor"});
    const auto weight =
        create_folded(r.at(place), ir::ops::mul, {r[anchor.operands[1]], wide.front()}, {},
                      {name(anchor.operands[1])});
    const ir::ValueId made = r.at(place).create(*anchor.op, {r[anchor.operands[0]], weight.front()},
                                                anchor.attrs, name(anchor.results.front()));
    if (!product.bias) return r.replace(node.results.front(), made);
    const ir::ValueId bias = product.sum->operands[1];
    const auto term = create_folded(r.at(place), ir::ops::mul, {r[bias], factor}, {}, {name(bias)});
    const ir::ValueId sum =
        r.at(place).create(ir::ops::add, {made, term.front()}, {}, name(node.operands[0]));
    r.replace(node.results.front(), sum);
    sums_[node.results.front().index] = {made, term.front()};
  }

  // A bias that took a factor, and the shift of the batch norm after it, become one.
  bool join_terms(ir::Rewriter& r, const Node& node) {
    const auto known = sums_.find(node.operands[0].index);
    const Node* shift = constant_node(graph_, node.operands[1]);
    if (known == sums_.end() || !shift || !used_once(node.operands[0])) return false;
    const auto [made, bias] = known->second;
    if (shape_of(*shift) != r.graph().value(bias).type.shape) return false;
    const auto term = create_folded(r.at(node.place), ir::ops::add, {bias, r[node.operands[1]]}, {},
                                    {name(node.operands[1])});
    const ir::ValueId sum =
        r.at(node.place).create(ir::ops::add, {made, term.front()}, {}, name(node.results.front()));
    r.replace(node.results.front(), sum);
    return true;
  }

  const ir::Graph& graph_;
  PassContext& context_;
  std::vector<std::vector<ir::NodeId>> users_;
  // Products that have become anchor + bias: these two, in the new graph, by the old value.
  std::map<int32_t, std::pair<ir::ValueId, ir::ValueId>> sums_;
};

}  // namespace

ir::Module fold_batch_norm(ir::Module module, PassContext& context) {
  for (ir::Graph& graph : module.graphs) {
    FoldBatchNorm fold(graph, context);
    graph = ir::rewrite(
        graph, [&](ir::Rewriter& r, ir::NodeId, const Node& node) { return fold.visit(r, node); });
  }
  return module;
}

}  // namespace linnet::passes
