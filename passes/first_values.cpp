// The graph @init of a training library: the numbers of ir::initial_value, as ops.
#include "ir/entries.h"
#include "ir/gradient.h"
#include "ir/initialize.h"
#include "passes/passes.h"

#include <fmt/format.h>

#include <numbers>

namespace linnet::passes {
namespace {

using ir::Var;

// Elements centre + width · number in f64, rounded once to the slot's dtype.
Var first_value(ir::Builder& builder, const Var& seed, const ir::Slot& slot, int64_t stream,
                const Distribution& d) {
  const ir::Shape& shape = slot.type.shape;
  if (d.width == 0) {
    ir::Type type = slot.type;
    type.layout = {};
    return {builder, builder.constant(ir::Tensor::splat(type, d.centre))};
  }
  const Var step(builder, builder.constant(ir::Tensor::from_ints({ir::DType::kI64, {}, {}},
                                                                 std::vector<int64_t>{0})));
  const auto uniform = [&](ir::Shape of) {
    return apply(ir::ops::random_uniform, seed, step,
                 {{"shape", std::move(of)}, {"dtype", ir::DType::kF64}, {"stream", stream}});
  };
  Var number;
  if (d.normal) {  // element e takes the numbers 2e and 2e + 1
    const Var pairs = uniform({ir::element_count(shape), 2});
    const Var u = 1 - reshaped(sliced(pairs, 1, 0, 1), shape);
    const Var v = reshaped(sliced(pairs, 1, 1, 1), shape);
    number = (u.apply(ir::ops::log) * -2.0).apply(ir::ops::sqrt) *
             (v * (2 * std::numbers::pi)).apply(ir::ops::cos);
  } else {
    number = uniform(shape);
  }
  const Var value = number * d.width + number.splat(d.centre);
  return slot.type.dtype == ir::DType::kF64
             ? value
             : value.apply(ir::ops::cast, {{"dtype", slot.type.dtype}});
}

}  // namespace

ir::Module first_values(ir::Module module, PassContext& context) {
  if (!module.graph(ir::kTrainStep) && !module.graph(ir::kUpdate)) return module;
  ir::Graph graph;
  graph.name = ir::kInit;
  const ir::ValueId seed =
      graph.add_input("seed", {ir::DType::kI64, {}, {}}, std::string(ir::kSeedSlot));
  std::vector<std::string> impossible;
  for (size_t i = 0; i < module.slots.size(); ++i) {
    const ir::Slot& slot = module.slots[i];
    if (slot.kind == ir::SlotKind::kCounter) continue;
    if (slot.value) {  // the model brings it
      const ir::ValueId given = ir::Builder(graph).at(slot.place).constant(*slot.value);
      graph.outputs.push_back({slot.path, given, slot.path});
      continue;
    }
    const auto settings = ir::initial_settings(slot.initializer);
    const auto d = distribution(slot.initializer.kind, settings, slot.type.shape);
    if (!d) {
      impossible.push_back(slot.path);
      continue;
    }
    ir::Builder builder = ir::Builder(graph).at(slot.place);
    const Var value = first_value(builder, {builder, seed}, slot, static_cast<int64_t>(i), *d);
    graph.outputs.push_back({slot.path, value.id(), slot.path});
  }
  if (impossible.empty()) {
    module.graphs.push_back(std::move(graph));
  } else {
    context.errors.push_back(
        {{},
         fmt::format("a training library cannot initialise {}", fmt::join(impossible, ", ")),
         "truncated_normal and orthogonal are not compiled: --emit exe has them",
         Status::kUnsupported});
  }
  return module;
}

}  // namespace linnet::passes
