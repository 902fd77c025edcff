#include "ir/gradient.h"
#include "ir/rewrite.h"
#include "passes/lib/graphs.h"
#include "passes/passes.h"

#include <map>
#include <numbers>

namespace linnet::passes {
namespace {

using ir::element_count;
using ir::reshaped;
using ir::Var;

class Training {
public:
  explicit Training(const ir::Graph& graph)
      : r_(graph), seed_(graph.input_of(ir::kSeedSlot)), step_(graph.input_of(ir::kStepSlot)) {}

  ir::Graph run(PassContext& context) {
    for (const ir::Node& node : r_.old().nodes()) {
      const bool noise = node.op->has(ir::kTrainingOnly) && seed_ && step_;
      const bool statistics = node.op == &ir::ops::batch_norm && has_buffers(node);
      if ((!noise && !statistics) ||
          !context.may_rewrite(node.place, label(r_.old(), node) + " as in training")) {
        r_.copy(node);
        continue;
      }
      ir::Builder builder = r_.at(node.place);
      const Var result = statistics                     ? batch_norm(builder, node)
                         : node.op == &ir::ops::dropout ? dropout(builder, node)
                                                        : gaussian_noise(builder, node);
      r_.rename(result.id(), r_.old().value(node.results.front()).name);
      r_.replace(node.results.front(), result.id());
    }
    ir::Graph graph = r_.finish();
    for (const auto& [slot, value] : statistics_)
      graph.outputs.push_back({slot, value, slot});
    return graph;
  }

private:
  Var uniform(ir::Builder& builder, const ir::Node& node, ir::Shape shape, ir::DType dtype) {
    return {builder, builder.create(ir::ops::random_uniform, {r_[seed_], r_[step_]},
                                    {{"shape", std::move(shape)},
                                     {"dtype", dtype},
                                     {"stream", node.attrs.get(ir::Key<int64_t>{"stream"})}})};
  }

  // Srivastava et al., 2014; what is kept is scaled up, so that inference scales nothing.
  Var dropout(ir::Builder& builder, const ir::Node& node) {
    const Var x(builder, r_[node.operands[0]]);
    const double p = node.attrs.get(ir::Key<double>{"p"});
    if (p == 0) return x;
    const Var u = uniform(builder, node, x.shape(), x.type().dtype);
    return select(apply(ir::ops::ge, u, u.splat(p)), x * (1 / (1 - p)), x.splat(0));
  }

  // Box and Muller, 1958, from two uniform numbers for each element.
  Var gaussian_noise(ir::Builder& builder, const ir::Node& node) {
    const Var x(builder, r_[node.operands[0]]);
    ir::Shape two = x.shape();
    two.insert(two.begin(), 2);
    const Var u = uniform(builder, node, two, x.type().dtype);
    const Var first = reshaped(sliced(u, 0, 0, 1), x.shape());
    const Var second = reshaped(sliced(u, 0, 1, 1), x.shape());
    const Var radius = ((1 - first).apply(ir::ops::log) * -2.0).apply(ir::ops::sqrt);
    const Var angle = (second * (2 * std::numbers::pi)).apply(ir::ops::cos);
    return x + radius * angle * node.attrs.get(ir::Key<double>{"sigma"});
  }

  [[nodiscard]] std::string slot_of(ir::ValueId value) const {
    for (const ir::GraphInput& input : r_.old().inputs) {
      if (input.value == value) return input.slot;
    }
    return "";
  }
  [[nodiscard]] bool has_buffers(const ir::Node& node) const {
    return !slot_of(node.operands[3]).empty() && !slot_of(node.operands[4]).empty();
  }

  // Ioffe and Szegedy, 2015: the batch's own mean and variance; the running ones move towards them
  // (torch.nn.BatchNorm2d: the variance there is the unbiased one).
  Var batch_norm(ir::Builder& builder, const ir::Node& node) {
    const Var x(builder, r_[node.operands[0]]);
    const ir::Shape shape = x.shape();
    ir::Ints dims;
    ir::Shape channel(shape.size(), 1);
    channel[1] = shape[1];
    for (size_t dim = 0; dim < shape.size(); ++dim) {
      if (dim != 1) dims.push_back(static_cast<int64_t>(dim));
    }
    const ir::Attrs over{{"dim", dims}, {"keepdim", true}};
    const Var mean = x.apply(ir::ops::mean, over);
    const Var centred = x - mean;
    const Var variance = centred.apply(ir::ops::square).apply(ir::ops::mean, over);
    const Var safe = variance + variance.splat(node.attrs.get(ir::Key<double>{"eps"}));
    const Var weight = reshaped({builder, r_[node.operands[1]]}, channel);
    const Var bias = reshaped({builder, r_[node.operands[2]]}, channel);
    const double count = static_cast<double>(element_count(shape)) / static_cast<double>(shape[1]);
    move(builder, node, 3, reshaped(mean, {shape[1]}));
    move(builder, node, 4, reshaped(variance, {shape[1]}) * (count / std::max(count - 1, 1.0)));
    return centred / safe.apply(ir::ops::sqrt) * weight + bias;
  }

  void move(ir::Builder& builder, const ir::Node& node, size_t operand, const Var& batch) {
    const double momentum = node.attrs.get(ir::Key<double>{"momentum"});
    const std::string slot = slot_of(node.operands[operand]);
    const auto known = statistics_.find(slot);
    const Var before(builder,
                     known == statistics_.end() ? r_[node.operands[operand]] : known->second);
    statistics_[slot] = (before * (1 - momentum) + batch * momentum).id();
  }

  ir::Rewriter r_;
  ir::ValueId seed_, step_;
  std::map<std::string, ir::ValueId> statistics_;  // by slot: its next value
};

}  // namespace

ir::Module enter_training(ir::Module module, PassContext& context) {
  if (ir::Graph* graph = module.graph(ir::kTrainStep)) {
    const ir::Graph before = *graph;
    *graph = Training(before).run(context);
  }
  return module;
}

}  // namespace linnet::passes
