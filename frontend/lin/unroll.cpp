// Copies a step's graph once for each step of a window, the state of one into the next.
#include "frontend/lin/unroll.h"

#include "ir/entries.h"
#include "ir/initialize.h"
#include "ir/op_def.h"
#include "ir/rewrite.h"

#include <fmt/format.h>

#include <map>

namespace linnet::frontend {
namespace {

using ir::ValueId;

class Unroller {
public:
  Unroller(const ir::Module& module, int64_t window)
      : module_(module), step_(module.graphs.front()), window_(window),
        place_(ir::Place::named("train")) {}

  ir::Graph run() {
    graph_.name = ir::kPredict;
    add_inputs();
    outputs_.resize(step_.outputs.size());
    for (int64_t t = 0; t < window_; ++t)
      append_step(t);
    for (size_t i = 0; i < step_.outputs.size(); ++i) {
      if (step_.outputs[i].slot.empty())
        graph_.outputs.push_back({step_.outputs[i].name, stacked(i), ""});
    }
    return std::move(graph_);
  }

private:
  ir::Builder builder() { return ir::Builder(graph_).at(place_); }

  void add_inputs() {
    std::map<int32_t, ValueId> windows;
    for (const ir::GraphInput& input : step_.inputs) {
      if (!input.slot.empty()) continue;
      ir::Type type = step_.value(input.value).type;
      type.shape.insert(type.shape.begin() + 1, window_);
      windows[input.value.index] = graph_.add_input(step_.value(input.value).name, type);
    }
    for (const ir::GraphInput& input : step_.inputs) {
      if (input.slot.empty()) continue;
      const ir::Slot& slot = *module_.slot(input.slot);
      if (slot.kind == ir::SlotKind::kState) {
        states_[slot.path] = ir::Builder(graph_)
                                 .at(slot.place)
                                 .constant(ir::initial_value(module_, slot, 0), slot.path);
      } else {
        parameters_[input.value.index] = graph_.add_input(step_.value(input.value).name,
                                                          step_.value(input.value).type, slot.path);
      }
    }
    // One step's values lie together: [window, N, …].
    for (const auto& [index, value] : windows) {
      ir::Ints order(graph_.value(value).type.rank());
      for (size_t i = 0; i < order.size(); ++i)
        order[i] = static_cast<int64_t>(i);
      std::swap(order[0], order[1]);
      by_time_[index] = builder().create(ir::ops::transpose, {value}, {{"dims", order}});
    }
  }

  void append_step(int64_t t) {
    std::map<int32_t, ValueId> now;
    for (const ir::GraphInput& input : step_.inputs) {
      ValueId& value = now[input.value.index];
      if (const auto parameter = parameters_.find(input.value.index);
          parameter != parameters_.end()) {
        value = parameter->second;
      } else if (!input.slot.empty()) {
        value = states_.at(input.slot);
      } else {
        value = builder().create(
            ir::ops::slice, {by_time_.at(input.value.index)},
            {{"starts", ir::Ints{t}}, {"ends", ir::Ints{t + 1}}, {"axes", ir::Ints{0}}});
        value = builder().create(ir::ops::reshape, {value},
                                 {{"shape", ir::Ints(step_.value(input.value).type.shape)}});
      }
    }
    for (const ir::Node& node : step_.nodes()) {
      ir::Node copied = node;
      for (ValueId& operand : copied.operands) {
        if (operand) operand = now.at(operand.index);
      }
      std::vector<ir::Type> types;
      std::vector<std::string> names;
      for (ValueId result : node.results) {
        types.push_back(step_.value(result).type);
        names.push_back(step_.value(result).name);
      }
      const ir::NodeId made = graph_.append(std::move(copied), types, names);
      for (size_t i = 0; i < node.results.size(); ++i)
        now[node.results[i].index] = graph_.node(made).results[i];
    }
    for (size_t i = 0; i < step_.outputs.size(); ++i) {
      const ir::GraphOutput& output = step_.outputs[i];
      const ValueId value = now.at(output.value.index);
      if (!output.slot.empty()) {
        next_[output.slot] = value;
      } else {
        outputs_[i].push_back(value);
      }
    }
    for (const auto& [path, value] : next_)
      states_[path] = value;
  }

  // [N, …] of each step → [N · window, …].
  ValueId stacked(size_t output) {
    const ir::Shape one = step_.value(step_.outputs[output].value).type.shape;
    ir::Ints each(one.begin(), one.end());
    each.insert(each.begin() + 1, 1);
    std::vector<ValueId> columns;
    for (ValueId value : outputs_[output])
      columns.push_back(builder().create(ir::ops::reshape, {value}, {{"shape", each}}));
    const ValueId all =
        window_ == 1 ? columns.front() : builder().create(ir::ops::concat, columns, {{"dim", 1}});
    ir::Ints flat(one.begin(), one.end());
    flat[0] *= window_;
    return builder().create(ir::ops::reshape, {all}, {{"shape", flat}}, step_.outputs[output].name);
  }

  const ir::Module& module_;
  const ir::Graph& step_;
  int64_t window_;
  ir::Place place_;
  ir::Graph graph_;
  std::map<int32_t, ValueId> by_time_, parameters_;  // by the step's value
  std::map<std::string, ValueId> states_, next_;
  std::vector<std::vector<ValueId>> outputs_;
};

// Has the value a first dimension of `samples`, or is it the first that says how many?
bool fits(const ir::Type& type, int64_t& samples) {
  if (type.shape.empty() || type.rank() >= 8) return false;
  if (samples < 0) samples = type.shape[0];
  return type.shape[0] == samples;
}

}  // namespace

Result<void, std::string> unroll(ir::Module& module, int64_t window) {
  std::string wrong;
  const ir::Graph& step = module.graphs.front();
  int64_t samples = -1;
  for (const ir::GraphInput& input : step.inputs) {
    const ir::Value& value = step.value(input.value);
    if (input.slot.empty() && !fits(value.type, samples))
      wrong = fmt::format("input '{}' is {}", value.name, to_string(value.type));
  }
  for (const ir::GraphOutput& output : step.outputs) {
    const ir::Type& type = step.value(output.value).type;
    if (output.slot.empty() && !fits(type, samples))
      wrong = fmt::format("output '{}' is {}", output.name, to_string(type));
  }
  if (!wrong.empty()) return tl::unexpected(std::move(wrong));
  ir::Graph unrolled = Unroller(module, window).run();
  module.graphs = {std::move(unrolled)};
  std::erase_if(module.slots,
                [](const ir::Slot& slot) { return slot.kind == ir::SlotKind::kState; });
  return {};
}

}  // namespace linnet::frontend
