// If, Loop and Scan. A static graph has none of them: what the model decides beforehand is
// written out; an If that only a run decides computes both sides.
#include "frontend/onnx/ops/onnx_ops.h"

#include <fmt/format.h>

#include <array>

namespace linnet::frontend {
namespace {

using ir::ValueId;

constexpr int64_t kMostSteps = 4096;

const ::onnx::GraphProto& body_of(OnnxNode& node, std::string_view name) {
  const auto* attribute = node.find(name);
  if (!attribute || !attribute->has_g()) node.wrong(fmt::format("graph '{}' is missing", name));
  return attribute->g();
}

void check_outputs(OnnxNode& node, size_t given, size_t least) {
  if (given < least)
    node.wrong(fmt::format("the nested graph gives {} values, {} are expected", given, least));
}

void if_else(OnnxNode& node) {
  const auto& then_branch = body_of(node, "then_branch");
  const auto& else_branch = body_of(node, "else_branch");
  if (const auto condition = node.known(0)) {
    const bool holds = node.number(0, "the condition") != 0;
    const auto results = node.graph().inlined(holds ? then_branch : else_branch, {});
    check_outputs(node, results.size(), node.output_count());
    node.graph().decided(results);
    for (size_t i = 0; i < node.output_count(); ++i)
      node.give(i, node.var(results[i]));
    return;
  }
  const Var condition = reshaped(node.in(0), {});
  // What is wrong with a side may be that it is not the one that is meant.
  const std::string remedy = node.graph().bind_remedy(condition.id());
  const auto then_results = node.graph().inlined(then_branch, {}, remedy);
  const auto else_results = node.graph().inlined(else_branch, {}, remedy);
  check_outputs(node, std::min(then_results.size(), else_results.size()), node.output_count());
  for (size_t i = 0; i < node.output_count(); ++i) {
    if (!then_results[i] || !else_results[i]) continue;
    const Var a = node.var(then_results[i]), b = node.var(else_results[i]);
    if (a.type() != b.type()) {
      node.unsupported(fmt::format("an If whose sides give {} and {}, and which only a run "
                                   "decides, is not supported",
                                   to_string(a.type()), to_string(b.type())),
                       remedy.empty() ? "onnxsim decides what depends on shapes and constants"
                                      : remedy);
    }
    node.give(i, select(condition, a, b));
  }
}

// Values of each round, side by side in a new dimension 0.
Var stacked(const std::vector<Var>& values) {
  std::vector<Var> parts;
  for (const Var& value : values)
    parts.push_back(unsqueezed(value, 0));
  return concatenated(parts, 0);
}

// Loop-13: a known number of rounds, and a condition that stays known.
void loop(OnnxNode& node) {
  const auto& body = body_of(node, "body");
  constexpr std::string_view kRemedy = "a static graph needs the number of rounds beforehand";
  int64_t rounds = kMostSteps + 1;
  if (node.has(0)) rounds = node.integer(0, "the number of rounds");
  if (rounds > kMostSteps && !node.has(1))
    node.unsupported(fmt::format("more than {} rounds are not supported", kMostSteps));
  bool going = true;
  if (node.has(1)) going = node.number(1, "the condition") != 0;
  std::vector<ValueId> carried;
  for (size_t i = 2; i < node.input_count(); ++i)
    carried.push_back(node.in(i).id());
  const size_t outputs = static_cast<size_t>(body.output_size());
  if (outputs < carried.size() + 1) node.wrong("the body gives too few values");
  std::vector<std::vector<Var>> scanned(outputs - 1 - carried.size());
  for (int64_t round = 0; going && round < rounds; ++round) {
    if (round >= kMostSteps)
      node.unsupported(fmt::format("more than {} rounds are not supported", kMostSteps));
    std::vector<ValueId> inputs{
        node.literal(ir::DType::kI64, static_cast<double>(round)).id(),
        node.literal(ir::Tensor::splat({ir::DType::kBool, {}, {}}, 1)).id()};
    inputs.insert(inputs.end(), carried.begin(), carried.end());
    const auto results = node.graph().inlined(body, inputs);
    for (ValueId result : results) {
      if (!result) return;  // reported
    }
    const ir::Node* condition = node.builder().graph().producer(results[0]);
    const bool passed_on = results[0] == inputs[1];
    if (!passed_on && !(condition && condition->tensor))
      node.unsupported("a Loop that a computed condition ends is not supported",
                       std::string(kRemedy));
    if (!passed_on && condition->tensor->type().elements() != 1)
      node.wrong("the condition that the body gives must be one truth value");
    if (!passed_on) going = condition->tensor->as_ints().front() != 0;
    for (size_t i = 0; i < carried.size(); ++i)
      carried[i] = results[1 + i];
    for (size_t i = 0; i < scanned.size(); ++i)
      scanned[i].push_back(node.var(results[1 + carried.size() + i]));
  }
  for (size_t i = 0; i < carried.size(); ++i)
    node.give(i, node.var(carried[i]));
  for (size_t i = 0; i < scanned.size(); ++i) {
    if (scanned[i].empty())
      node.unsupported("a Loop without rounds that collects values is not supported");
    node.give(carried.size() + i, stacked(scanned[i]));
  }
}

// Values of one output of all rounds, along a new axis; from the last to the first if `back`.
Var collected_along(OnnxNode& node, std::vector<Var> values, int64_t axis, bool back) {
  if (back) std::ranges::reverse(values);
  const size_t dim = node.axis(axis, values[0].type().rank() + 1);
  for (Var& value : values)
    value = unsqueezed(value, dim);
  return concatenated(values, dim);
}

// Scan-11: one round for each place along an axis of the scanned inputs.
void scan(OnnxNode& node) {
  const auto& body = body_of(node, "body");
  const int64_t scanned = node.integer("num_scan_inputs", 1);
  const int64_t inputs = static_cast<int64_t>(node.input_count());
  if (scanned < 1 || scanned > inputs)
    node.wrong(fmt::format("num_scan_inputs is {}, of {} inputs", scanned, inputs));
  if (node.opset() < 9) node.unsupported("Scan of operator set 8 is not supported");
  const size_t states = static_cast<size_t>(inputs - scanned);
  const size_t collected = static_cast<size_t>(body.output_size()) - states;
  const auto setting = [&](std::string_view name, size_t count) {
    const ir::Ints values = node.ints(name, ir::Ints(count, 0));
    if (values.size() != count) node.wrong(fmt::format("{} has {} numbers", name, values.size()));
    return values;
  };
  if (static_cast<size_t>(body.output_size()) < states) node.wrong("the body gives too few values");
  const size_t count = static_cast<size_t>(scanned);
  const ir::Ints in_axes = setting("scan_input_axes", count);
  const ir::Ints in_back = setting("scan_input_directions", count);
  const ir::Ints out_axes = setting("scan_output_axes", collected);
  const ir::Ints out_back = setting("scan_output_directions", collected);
  std::vector<Var> state, sequence;
  std::vector<size_t> dims;
  for (size_t i = 0; i < states; ++i)
    state.push_back(node.in(i));
  int64_t steps = -1;
  for (size_t i = 0; i < count; ++i) {
    sequence.push_back(node.in(states + i));
    dims.push_back(node.axis(in_axes[i], sequence[i].type().rank()));
    const int64_t length = sequence[i].shape()[dims[i]];
    if (steps >= 0 && length != steps)
      node.wrong(fmt::format("scanned inputs have {} and {} places", steps, length));
    steps = length;
  }
  if (steps > kMostSteps || steps == 0)
    node.unsupported(fmt::format("{} rounds are not supported (1 to {})", steps, kMostSteps));
  std::vector<std::vector<Var>> results(collected);
  for (int64_t t = 0; t < steps; ++t) {
    std::vector<ValueId> given;
    for (const Var& value : state)
      given.push_back(value.id());
    for (size_t i = 0; i < count; ++i) {
      const int64_t at = in_back[i] == 1 ? steps - 1 - t : t;
      given.push_back(squeezed(sliced(sequence[i], dims[i], at, 1), dims[i]).id());
    }
    const auto made = node.graph().inlined(body, given);
    for (ValueId value : made) {
      if (!value) return;  // reported
    }
    for (size_t i = 0; i < states; ++i)
      state[i] = node.var(made[i]);
    for (size_t i = 0; i < collected; ++i)
      results[i].push_back(node.var(made[states + i]));
  }
  for (size_t i = 0; i < states; ++i)
    node.give(i, state[i]);
  for (size_t i = 0; i < collected; ++i)
    node.give(states + i, collected_along(node, results[i], out_axes[i], out_back[i] == 1));
}

constexpr std::array kOnnxOps = std::to_array<OnnxOp>({
    {"If", if_else},
    {"Loop", loop},
    {"Scan", scan},
});

}  // namespace

std::span<const OnnxOp> control_ops() {
  return kOnnxOps;
}

}  // namespace linnet::frontend
