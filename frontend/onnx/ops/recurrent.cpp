// RNN, GRU and LSTM (version 22 and before) as loops: the number of steps is part of the model.
// What does not depend on the state is one product for all steps, before the loop.
#include "frontend/onnx/ops/quantized.h"
#include "ir/loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

namespace linnet::frontend {
namespace {

namespace ops = ir::ops;
using ir::Ints;
using ir::Shape;

constexpr int64_t kMostSteps = 4096;

// An activation function: whether it takes alpha and beta, and their defaults.
struct ActivationRow {
  std::string_view name;
  int constants;
  double alpha, beta;
  Var (*apply)(const Var& x, double alpha, double beta);
};
constexpr std::array kActivations = std::to_array<ActivationRow>({
    {"relu", 0, 0, 0, [](const Var& x, double, double) { return x.apply(ops::relu); }},
    {"tanh", 0, 0, 0, [](const Var& x, double, double) { return tanh(x); }},
    {"sigmoid", 0, 0, 0, [](const Var& x, double, double) { return sigmoid(x); }},
    {"softsign", 0, 0, 0, [](const Var& x, double, double) { return softsign(x); }},
    {"softplus", 0, 0, 0, [](const Var& x, double, double) { return softplus(x); }},
    {"leakyrelu", 1, 0.01, 0,
     [](const Var& x, double alpha, double) {
       return x.apply(ops::leaky_relu, {{"negative_slope", alpha}});
     }},
    {"thresholdedrelu", 1, 1, 0,
     [](const Var& x, double alpha, double) { return thresholded_relu(x, alpha); }},
    {"elu", 1, 1, 0,
     [](const Var& x, double alpha, double) { return x.apply(ops::elu, {{"alpha", alpha}}); }},
    {"affine", 2, 1, 0,
     [](const Var& x, double alpha, double beta) { return x * alpha + x.splat(beta); }},
    {"scaledtanh", 2, 1, 1,
     [](const Var& x, double alpha, double beta) { return tanh(x * beta) * alpha; }},
    {"hardsigmoid", 2, 0.2, 0.5, hard_sigmoid},
});

// One of them with its constants.
struct Activation {
  const ActivationRow* row;
  double alpha = 0, beta = 0;
};

Var activated(const Activation& f, const Var& x) {
  return f.row->apply(x, f.alpha, f.beta);
}

// What all three share; operands by their names in ONNX.
struct Recurrence {
  OnnxNode& node;
  size_t gates, directions;
  int64_t steps = 0, batch = 0, hidden = 0;
  bool batch_first = false;
  std::vector<bool> backward;  // by direction
  std::vector<Activation> activations;
  double clip = 0;
  bool quantised = false;      // of 8-bit weights, as ONNX Runtime's DynamicQuantizeLSTM has them
  Var x;                       // [steps, batch, inputs]
  std::optional<Var> lengths;  // i64 [batch, 1]

  Recurrence(OnnxNode& given, size_t gate_count, const std::vector<std::string>& defaults);
  // `defaults`: of one direction, where the node names none.
  void read_activations(const std::vector<std::string>& defaults);

  [[nodiscard]] Var clipped(const Var& v) const {
    return clip > 0 ? v.apply(ops::clip, {{"min", -clip}, {"max", clip}}) : v;
  }
  [[nodiscard]] const Activation& function(size_t direction, size_t i) const {
    return activations[direction * activations.size() / directions + i];
  }
  // Operand [directions, …] of one direction.
  [[nodiscard]] Var of(size_t operand, size_t direction) const {
    return squeezed(sliced(node.in(operand), 0, static_cast<int64_t>(direction), 1), 0);
  }
  // W or R (operand 1 or 2) of one direction, to be multiplied with from the left.
  [[nodiscard]] Var matrix(size_t operand, size_t direction) const;
  [[nodiscard]] Var times(const Var& v, const Var& matrix) const {
    return apply(ops::matmul, quantised ? dynamically_quantised(v) : v, matrix);
  }
  // Rows of a gate in [gates · hidden, …] or columns in [batch, gates · hidden].
  [[nodiscard]] Var gate(const Var& v, size_t dim, size_t i) const {
    return sliced(v, dim, static_cast<int64_t>(i) * hidden, hidden);
  }
  [[nodiscard]] Var initial(size_t operand, size_t direction) const;
  // x · Wᵀ + Wb, and Rb too if `joint_bias`: [steps, batch, gates · hidden].
  [[nodiscard]] Var from_inputs(size_t direction, bool joint_bias) const;

  // What a step sees: all are values of the loop's body.
  struct Step {
    size_t direction;
    Var from_x;               // x · Wᵀ + Wb
    std::vector<Var> states;  // the first is the output
    std::vector<Var> weights;
  };
  // A loop over `step(Step) → next states` for each direction, with `weights(direction)` computed
  // before it; gives Y, Y_h and further last states.
  template <class Weights, class Next>
  void run(size_t states, bool joint_bias, Weights weights, Next step);
  // Of one direction: Y as [steps, batch, hidden], if it is wanted, and the last states.
  struct Ran {
    std::optional<Var> y;
    std::vector<Var> last;
  };
  template <class Next>
  Ran run_direction(size_t states, size_t direction, const Var& from_x,
                    const std::vector<Var>& weights, Next step);
};

Recurrence::Recurrence(OnnxNode& given, size_t gate_count, const std::vector<std::string>& defaults)
    : node(given), gates(gate_count), directions(1) {
  const std::string direction = node.text("direction", "forward");
  if (direction == "bidirectional") {
    directions = 2;
    backward = {false, true};
  } else if (direction == "forward" || direction == "reverse") {
    backward = {direction == "reverse"};
  } else {
    node.wrong(
        fmt::format("direction is '{}'; forward, reverse and bidirectional exist", direction));
  }
  batch_first = node.integer("layout", 0) == 1;
  x = node.in(0);
  if (x.type().rank() != 3)
    node.wrong(fmt::format("X must be [steps, batch, inputs], not {}", to_string(x.shape())));
  if (batch_first) x = transposed(x, {1, 0, 2});
  steps = x.shape()[0];
  batch = x.shape()[1];
  const Shape r = node.in(2).shape(), w = node.in(1).shape();
  const int64_t count = static_cast<int64_t>(gates);
  quantised = node.op() == "DynamicQuantizeLSTM";
  hidden = r.size() != 3 ? 0 : quantised ? r[1] : r[2];
  Shape wanted_r{static_cast<int64_t>(directions), count * hidden, hidden};
  Shape wanted_w{wanted_r[0], wanted_r[1], x.shape()[2]};
  if (quantised) {
    std::swap(wanted_r[1], wanted_r[2]);
    std::swap(wanted_w[1], wanted_w[2]);
  }
  if (hidden < 1 || r != wanted_r || w != wanted_w) {
    node.wrong(fmt::format("W {} and R {} do not fit X {}: {} and {} are expected", to_string(w),
                           to_string(r), to_string(x.shape()), to_string(wanted_w),
                           to_string(wanted_r)));
  }
  if (node.integer("hidden_size", hidden) != hidden)
    node.wrong(fmt::format("hidden_size differs from R's {}", hidden));
  if (steps > kMostSteps || steps == 0)
    node.unsupported(fmt::format("{} steps are not supported (1 to {})", steps, kMostSteps));
  clip = node.number("clip", 0);
  read_activations(defaults);
  if (node.has(4)) {
    const auto known = node.known(4);
    const bool all =
        known && std::ranges::all_of(known->as_ints(), [&](int64_t n) { return n == steps; });
    if (!all) lengths = reshaped(cast_to(node.in(4), ir::DType::kI64), {batch, 1});
  }
}

void Recurrence::read_activations(const std::vector<std::string>& defaults) {
  std::vector<std::string> names = node.texts("activations");
  if (names.empty()) {
    for (size_t d = 0; d < directions; ++d)
      names.insert(names.end(), defaults.begin(), defaults.end());
  }
  if (names.size() != directions * defaults.size())
    node.wrong(
        fmt::format("{} activations, {} are expected", names.size(), directions * defaults.size()));
  const auto alphas = node.numbers("activation_alpha"), betas = node.numbers("activation_beta");
  size_t alpha = 0, beta = 0;
  for (std::string name : names) {
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    const auto row = std::ranges::find(kActivations, name, &ActivationRow::name);
    if (row == kActivations.end()) node.wrong(fmt::format("there is no activation '{}'", name));
    Activation f{&*row, row->alpha, row->beta};
    if (row->constants > 0 && alpha < alphas.size()) f.alpha = alphas[alpha++];
    if (row->constants > 1 && beta < betas.size()) f.beta = betas[beta++];
    activations.push_back(f);
  }
}

Var Recurrence::matrix(size_t operand, size_t direction) const {
  const Var weights = of(operand, direction);
  if (!quantised) return transposed(weights, {1, 0});
  // Scale and zero point of a direction, or of each of its columns.
  const size_t scales = operand == 1 ? 8 : 10;
  const auto factor = [&](const Var& all) {
    const Var one = sliced(all, 0, static_cast<int64_t>(direction), 1);
    const Shape shape = one.shape();
    if (one.type().elements() != 1 && shape != Shape{1, weights.shape()[1]})
      node.wrong(fmt::format("scales and zero points of {} columns are {}", weights.shape()[1],
                             to_string(all.shape())));
    return reshaped(one, {one.type().elements()});
  };
  return centred(weights, factor(node.in(scales + 1)), x.type().dtype) *
         factor(setting(node, scales));
}

Var Recurrence::initial(size_t operand, size_t direction) const {
  if (!node.has(operand))
    return node.literal(ir::Tensor::splat({x.type().dtype, {batch, hidden}, {}}, 0));
  Var states = node.in(operand);
  if (batch_first) states = transposed(states, {1, 0, 2});
  const Shape wanted{static_cast<int64_t>(directions), batch, hidden};
  if (states.shape() != wanted)
    node.wrong(fmt::format("an initial state is {}, {} is expected", to_string(states.shape()),
                           to_string(wanted)));
  return squeezed(sliced(states, 0, static_cast<int64_t>(direction), 1), 0);
}

Var Recurrence::from_inputs(size_t direction, bool joint_bias) const {
  const int64_t width = static_cast<int64_t>(gates) * hidden;
  // One row for each step and sample.
  const Var rows = reshaped(x, {steps * batch, x.shape()[2]});
  const Var from_x = reshaped(times(rows, matrix(1, direction)), {steps, batch, width});
  if (!node.has(3)) return from_x;
  const Var bias = of(3, direction);
  if (bias.shape() != Shape{2 * width})
    node.wrong(fmt::format("B has {} numbers a direction, {} are expected", bias.type().elements(),
                           2 * width));
  const Var sum = from_x + sliced(bias, 0, 0, width);
  return joint_bias ? sum + sliced(bias, 0, width, width) : sum;
}

// The body of a loop while it is built: its inputs beside the operands that they stand for.
class LoopBody {
public:
  explicit LoopBody(const ir::Builder& around)
      : around_(around), builder_(ir::Builder(graph_).at(around.place())) {}

  Var input(const Var& operand) { return add(operand, operand.type()); }
  // A part of it along dimension 0.
  Var scanned(const Var& operand) {
    ir::Type type = operand.type();
    type.shape.erase(type.shape.begin());
    return add(operand, type);
  }
  void output(const Var& value) {
    // What is given is made here, and each is made for itself.
    const bool made = graph_.producer(value.id()) && !graph_.producer(value.id())->tensor;
    const Var own = made ? value : reshaped(value, value.shape());
    graph_.outputs.push_back({"", own.id(), ""});
  }
  std::vector<ir::ValueId> finish(const ir::Loop& loop) {
    return ir::append_loop(around_, loop, std::move(graph_), operands_);
  }

private:
  Var add(const Var& operand, const ir::Type& type) {
    operands_.push_back(operand.id());
    const std::string& name = around_.graph().value(operand.id()).name;
    return {builder_, graph_.add_input(name, type)};
  }

  ir::Builder around_;
  ir::Graph graph_;
  ir::Builder builder_;
  std::vector<ir::ValueId> operands_;
};

template <class Next>
Recurrence::Ran Recurrence::run_direction(size_t states, size_t direction, const Var& from_x,
                                          const std::vector<Var>& weights, Next step) {
  LoopBody body(node.builder());
  Step now{direction, from_x, {}, {}};
  for (size_t k = 0; k < states; ++k)
    now.states.push_back(body.input(initial(5 + k, direction)));
  now.from_x = body.scanned(from_x);
  std::optional<Var> t, length;
  if (lengths) {
    std::vector<double> numbers(static_cast<size_t>(steps));
    for (size_t i = 0; i < numbers.size(); ++i)
      numbers[i] = static_cast<double>(i);
    t = body.scanned(node.literal(ir::DType::kI64, {steps, 1, 1}, numbers));
  }
  for (const Var& weight : weights)
    now.weights.push_back(body.input(weight));
  if (lengths) length = body.input(*lengths);
  std::vector<Var> next = step(now);
  ir::Loop loop{steps, static_cast<int64_t>(states), lengths ? 2 : 1, {}, backward[direction]};
  if (lengths) {  // of samples whose sequence has no such step the state stays, and Y is 0
    const Var here = apply(ops::gt, *length, *t);
    for (size_t k = 0; k < states; ++k)
      next[k] = select(here, next[k], now.states[k]);
    for (const Var& state : next)
      body.output(state);
    if (node.wants(0)) body.output(select(here, next[0], next[0].splat(0)));
  } else {
    for (const Var& state : next)
      body.output(state);
    if (node.wants(0)) loop.collected = {0};
  }
  const std::vector<ir::ValueId> results = body.finish(loop);
  Ran ran;
  if (node.wants(0)) ran.y = node.var(lengths ? results[states] : results[0]);
  for (size_t k = 0; k < states; ++k)
    ran.last.push_back(node.var(results[k]));
  if (!loop.collected.empty())
    ran.last[0] = squeezed(sliced(*ran.y, 0, loop.reverse ? 0 : steps - 1, 1), 0);
  return ran;
}

template <class Weights, class Next>
void Recurrence::run(size_t states, bool joint_bias, Weights weights, Next step) {
  std::vector<std::vector<Var>> last(states);
  std::vector<Var> sequences;
  for (size_t d = 0; d < directions; ++d) {
    // [steps, batch, inputs] · [inputs, gates · hidden], once for all steps.
    const Var from_x = from_inputs(d, joint_bias);
    const std::vector<Var> same = weights(d);
    const Ran ran = run_direction(states, d, from_x, same, step);
    if (ran.y) sequences.push_back(unsqueezed(*ran.y, 1));
    for (size_t k = 0; k < states; ++k)
      last[k].push_back(unsqueezed(ran.last[k], 0));
  }
  // Y is [steps, directions, batch, hidden], or with layout 1 [batch, steps, directions, hidden].
  if (node.wants(0)) {
    const Var y = concatenated(sequences, 1);
    node.give(0, batch_first ? transposed(y, {2, 0, 1, 3}) : y);
  }
  for (size_t k = 0; k < states; ++k) {
    const Var state = concatenated(last[k], 0);
    node.give(1 + k, batch_first ? transposed(state, {1, 0, 2}) : state);
  }
}

// H = f(X Wᵀ + Wb + H Rᵀ + Rb)
void rnn(OnnxNode& node) {
  Recurrence r(node, 1, {"Tanh"});
  const auto weights = [&](size_t d) { return std::vector{r.matrix(2, d)}; };
  r.run(1, true, weights, [&](const Recurrence::Step& s) {
    const Var sum = s.from_x + apply(ops::matmul, s.states[0], s.weights[0]);
    return std::vector{activated(r.function(s.direction, 0), r.clipped(sum))};
  });
}

// Gates z, r, h: H = (1 − z) ∘ h + z ∘ H (Cho et al., 2014); with linear_before_reset the reset
// applies to H Rᵀ + Rb, as in cuDNN and PyTorch.
void gru(OnnxNode& node) {
  Recurrence r(node, 3, {"Sigmoid", "Tanh"});
  const bool linear = node.flag("linear_before_reset", false);
  // Rᵀ of the gates that meet H itself, then of the others; behind each its Rb, if there is one.
  const auto weights = [&](size_t d) {
    std::vector<Var> list;
    const auto add = [&](int64_t from, int64_t count) {
      list.push_back(transposed(sliced(r.of(2, d), 0, from * r.hidden, count * r.hidden), {1, 0}));
      if (node.has(3))
        list.push_back(sliced(r.of(3, d), 0, (3 + from) * r.hidden, count * r.hidden));
    };
    add(0, linear ? 3 : 2);
    if (!linear) add(2, 1);
    return list;
  };
  r.run(1, false, weights, [&](const Recurrence::Step& s) {
    const Var& h = s.states[0];
    const auto times = [&](const Var& v, size_t first) {
      const Var product = apply(ops::matmul, v, s.weights[first]);
      return node.has(3) ? product + s.weights[first + 1] : product;
    };
    const auto gate = [&](const Var& from_h, size_t i) {
      return activated(r.function(s.direction, 0),
                       r.clipped(r.gate(s.from_x, 1, i) + r.gate(from_h, 1, i)));
    };
    const Var from_h = times(h, 0);
    const Var z = gate(from_h, 0), reset = gate(from_h, 1);
    const Var inner = linear ? reset * r.gate(from_h, 1, 2) : times(reset * h, node.has(3) ? 2 : 1);
    const Var candidate =
        activated(r.function(s.direction, 1), r.clipped(r.gate(s.from_x, 1, 2) + inner));
    return std::vector{(1 - z) * candidate + z * h};
  });
}

// Gates i, o, f, c with peepholes P in the order i, o, f (Gers and Schmidhuber, 2000).
void lstm(OnnxNode& node) {
  Recurrence r(node, 4, {"Sigmoid", "Tanh", "Tanh"});
  const bool joined = node.flag("input_forget", false);
  const auto weights = [&](size_t d) {
    std::vector<Var> list{r.matrix(2, d)};
    if (node.has(7)) list.push_back(r.of(7, d));
    return list;
  };
  r.run(2, true, weights, [&](const Recurrence::Step& s) {
    const Var &h = s.states[0], &c = s.states[1];
    const Var sums = s.from_x + r.times(h, s.weights[0]);
    const auto peeped = [&](size_t i, size_t peephole, const Var& cell) {
      const Var sum = r.gate(sums, 1, i);
      return node.has(7) ? sum + r.gate(s.weights[1], 0, peephole) * cell : sum;
    };
    const auto gate = [&](const Var& sum) {
      return activated(r.function(s.direction, 0), r.clipped(sum));
    };
    const Var input = gate(peeped(0, 0, c));
    const Var forget = joined ? 1 - input : gate(peeped(2, 2, c));
    const Var fresh = activated(r.function(s.direction, 1), r.clipped(r.gate(sums, 1, 3)));
    const Var cell = forget * c + input * fresh;
    const Var output = gate(peeped(1, 1, cell));
    return std::vector{output * activated(r.function(s.direction, 2), cell), cell};
  });
}

}  // namespace

void dynamic_quantize_lstm(OnnxNode& node) {
  lstm(node);
}

namespace {

constexpr std::array kOnnxOps = std::to_array<OnnxOp>({
    {"GRU", gru},
    {"LSTM", lstm},
    {"RNN", rnn},
});

}  // namespace

std::span<const OnnxOp> recurrent_ops() {
  return kOnnxOps;
}

}  // namespace linnet::frontend
