// The pass stream_series: a model of windows gets an entry that takes one value at a time.
#include "ir/data_kind.h"
#include "ir/entries.h"
#include "ir/op_def.h"
#include "ir/rewrite.h"
#include "passes/passes.h"

#include <algorithm>

namespace linnet::passes {
namespace {

// Is this input a window over a series: one row of values, of which a call of @step brings one?
bool is_window(const ir::Module& module, const ir::Value& value) {
  const auto declared = std::ranges::find(module.data, value.name, &ir::Declaration::target);
  if (declared == module.data.end() || declared->recipe.kind != ir::data::series.name) return false;
  const ir::Shape& shape = value.type.shape;
  return !shape.empty() && shape.back() >= 1 && value.type.elements() == shape.back() &&
         is_float(value.type.dtype);
}

bool streams(const ir::Module& module) {
  if (module.graphs.size() != 1 || module.graphs.front().name != ir::kPredict) return false;
  const ir::Graph& graph = module.graphs.front();
  size_t windows = 0;
  for (const ir::GraphInput& input : graph.inputs) {
    if (!input.slot.empty()) continue;
    if (!is_window(module, graph.value(input.value))) return false;
    ++windows;
  }
  return windows > 0;
}

// The newest value in, the oldest out: what the graph read as its input is the window's next value.
void stream(ir::Module& module, ir::Rewriter& r, const ir::GraphInput& input,
            std::vector<ir::GraphOutput>& next) {
  const ir::Value& value = r.old().value(input.value);
  const auto axis = static_cast<int64_t>(value.type.rank()) - 1;
  const int64_t lags = value.type.shape.back();
  ir::Type newest = value.type;
  newest.shape.back() = 1;
  const ir::ValueId x = r.graph().add_input(value.name, newest);
  ir::Slot slot;
  slot.path = value.name + ".window";
  slot.type = value.type;
  slot.initializer = {"zeros", {}};
  slot.kind = ir::SlotKind::kState;
  slot.place = std::ranges::find(module.data, value.name, &ir::Declaration::target)->place;
  const ir::ValueId window = r.graph().add_input(slot.path, slot.type, slot.path);
  ir::Builder builder = r.at(slot.place);
  if (lags == 1) {
    r.replace(input.value, x);
    next.push_back({slot.path, x, slot.path});
    module.slots.push_back(std::move(slot));
    return;
  }
  const ir::ValueId kept = builder.create(
      ir::ops::slice, {window},
      {{"starts", ir::Ints{1}}, {"ends", ir::Ints{lags}}, {"axes", ir::Ints{axis}}}, "kept");
  const ir::ValueId shifted = builder.create(ir::ops::concat, {kept, x}, {{"dim", axis}}, "window");
  r.replace(input.value, shifted);
  next.push_back({slot.path, shifted, slot.path});
  module.slots.push_back(std::move(slot));
}

}  // namespace

ir::Module stream_series(ir::Module module, PassContext& context) {
  if (!streams(module)) return module;
  const ir::Graph predict = module.graphs.front();
  const ir::Place place = module.data.front().place;
  if (!context.may_rewrite(place, "@predict gets @step, which keeps the window")) return module;
  ir::Rewriter r(predict, [](const ir::GraphInput& input) { return !input.slot.empty(); });
  r.graph().name = ir::kStep;
  std::vector<ir::GraphOutput> next;
  for (const ir::GraphInput& input : predict.inputs) {
    if (input.slot.empty()) stream(module, r, input, next);
  }
  for (const ir::Node& node : predict.nodes())
    r.copy(node);
  ir::Graph step = r.finish();
  step.outputs.insert(step.outputs.end(), next.begin(), next.end());
  module.graphs.push_back(std::move(step));
  return module;
}

}  // namespace linnet::passes
