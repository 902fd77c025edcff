// Activations: an IR op where there is one, otherwise the formula of ONNX's reference.
#include "frontend/onnx/ops/onnx_ops.h"

#include <array>

namespace linnet::frontend {
namespace {

namespace ops = ir::ops;

Var below_zero(const Var& x) {
  return apply(ops::lt, x, x.splat(0));
}

void leaky_relu(OnnxNode& node) {
  node.give(node.in(0).apply(ops::leaky_relu, {{"negative_slope", node.number("alpha", 0.01)}}));
}
void prelu(OnnxNode& node) {
  const Var x = node.in(0);
  node.give(select(below_zero(x), x * node.in(1), x));
}
void elu(OnnxNode& node) {
  node.give(node.in(0).apply(ops::elu, {{"alpha", node.number("alpha", 1)}}));
}
// gamma * (x if x > 0 else alpha * (exp(x) - 1)), Klambauer et al., 2017.
void selu(OnnxNode& node) {
  const double alpha = node.number("alpha", 1.67326319217681884765625);
  const double gamma = node.number("gamma", 1.05070102214813232421875);
  node.give(node.in(0).apply(ops::elu, {{"alpha", alpha}}) * gamma);
}
// max(0, x) + min(0, alpha * (exp(x / alpha) - 1))
void celu(OnnxNode& node) {
  const Var x = node.in(0);
  const double alpha = node.number("alpha", 1);
  const Var tail = (exp(x / alpha) - x.splat(1)) * alpha;
  node.give(maximum(x, x.splat(0)) + minimum(tail, x.splat(0)));
}
void hard_sigmoid_row(OnnxNode& node) {
  node.give(hard_sigmoid(node.in(0), node.number("alpha", 0.2), node.number("beta", 0.5)));
}
void swish(OnnxNode& node) {
  const Var x = node.in(0);
  const double alpha = node.number("alpha", 1);
  node.give(alpha == 1 ? x.apply(ops::silu) : x * sigmoid(x * alpha));
}
void softplus_row(OnnxNode& node) {
  node.give(softplus(node.in(0)));
}
void softsign_row(OnnxNode& node) {
  node.give(softsign(node.in(0)));
}
void mish(OnnxNode& node) {
  const Var x = node.in(0);
  node.give(x * tanh(softplus(x)));
}
void gelu(OnnxNode& node) {
  const std::string form = node.text("approximate", "none");
  if (form != "none" && form != "tanh")
    node.wrong("approximate must be \"none\" or \"tanh\", not \"" + form + "\"");
  node.give(node.in(0).apply(ops::gelu, {{"approximate", ir::Enum{form}}}));
}
void thresholded_relu_row(OnnxNode& node) {
  node.give(thresholded_relu(node.in(0), node.number("alpha", 1)));
}
void shrink(OnnxNode& node) {
  const Var x = node.in(0);
  const double lambda = node.number("lambd", 0.5), bias = node.number("bias", 0);
  const Var high = select(apply(ops::gt, x, x.splat(lambda)), x - x.splat(bias), x.splat(0));
  node.give(select(apply(ops::lt, x, x.splat(-lambda)), x + x.splat(bias), high));
}

constexpr std::array kOnnxOps = std::to_array<OnnxOp>({
    {"Celu", celu},
    {"Elu", elu},
    {"Gelu", gelu},
    {"HardSigmoid", hard_sigmoid_row},
    {"HardSwish", one_to_one<ops::hard_swish>},
    {"LeakyRelu", leaky_relu},
    {"Mish", mish},
    {"PRelu", prelu},
    {"Relu", one_to_one<ops::relu>},
    {"Selu", selu},
    {"Shrink", shrink},
    {"Sigmoid", one_to_one<ops::sigmoid>},
    {"Softplus", softplus_row},
    {"Softsign", softsign_row},
    {"Swish", swish},
    {"Tanh", one_to_one<ops::tanh>},
    {"ThresholdedRelu", thresholded_relu_row},
});

}  // namespace

std::span<const OnnxOp> activation_ops() {
  return kOnnxOps;
}

}  // namespace linnet::frontend
