// Counts parameters and multiply-adds of each layer from shapes, for `linnet check`.
#include "ir/summary.h"

#include "ir/loop.h"
#include "ir/op_def.h"
#include "ir/ops/shared/window.h"
#include "ir/samples.h"
#include "ir/value_map.h"

#include <algorithm>
#include <map>
#include <set>

namespace linnet::ir {
namespace {

// Receptive field along one dimension, and the distance of two neighbours in input elements.
struct Field {
  int64_t size = 0;  // 0: unknown
  int64_t jump = 1;

  [[nodiscard]] Field through(const Window& window) const {
    if (size == 0) return {};
    return {size + (window.reach() - 1) * jump, jump * window.stride};
  }
  // Of what takes both: the wider, unless one is not known.
  [[nodiscard]] Field with(const Field& other) const {
    if (size == 0 || other.size == 0) return {};
    return {std::max(size, other.size), std::max(jump, other.jump)};
  }
};

struct Fields {
  Field height, width;
};

// A recurrent node of an ONNX model is written out step by step; its steps are one row. "" for
// others.
std::string_view recurrent_op(const Node& node) {
  if (node.place.names.size() != 1) return "";
  const std::string& place = node.place.names.front();
  for (const std::string_view ending : {"(LSTM)", "(GRU)", "(RNN)"}) {
    if (place.ends_with(ending)) return ending.substr(1, ending.size() - 2);
  }
  return "";
}

class Summarizer {
public:
  explicit Summarizer(const Module& module, const Graph& graph)
      : module_(module), graph_(graph), users_(graph.users()), row_of_(graph, -1), prepared_(graph),
        fields_(graph) {}

  Summary run() {
    for (const GraphInput& input : graph_.inputs) {
      const Slot* slot = input.slot.empty() ? nullptr : module_.slot(input.slot);
      if (slot && slot->kind != SlotKind::kState) {
        prepared_[input.value].insert(input.slot);
      } else if (graph_.value(input.value).type.rank() == 4) {
        fields_[input.value] = {{1, 1}, {1, 1}};
      }
    }
    for (const Node& node : graph_.nodes())
      visit(node);
    for (const Slot& slot : module_.slots) {
      const int64_t elements = slot.type.elements();
      if (slot.kind == SlotKind::kBuffer) summary_.buffers += elements;
      if (slot.kind != SlotKind::kParameter) continue;
      summary_.parameters += elements;
      summary_.trainable += slot.frozen ? 0 : elements;
      summary_.parameter_bytes += elements * size_of(slot.type.dtype);
    }
    return std::move(summary_);
  }

private:
  // Depends on slots and constants only?
  bool prepares(ValueId value) const {
    const Node* node = graph_.producer(value);
    return !prepared_[value].empty() || (node && node->op == &ops::constant);
  }

  void visit(const Node& node) {
    if (node.op == &ops::constant || node.results.empty()) return;
    std::set<std::string> slots;
    std::vector<ValueId> data;
    for (ValueId operand : node.operands) {
      if (!operand) continue;
      slots.insert(prepared_[operand].begin(), prepared_[operand].end());
      if (!prepares(operand)) data.push_back(operand);
    }
    const ValueId result = node.results.front();
    if (data.empty() && !slots.empty()) {
      prepared_[result] = std::move(slots);
      return;
    }
    const bool joined = joins(node, data);
    const std::string_view recurrent = joined ? "" : recurrent_op(node);
    const int row = joined              ? row_of_[data.front()]
                    : recurrent.empty() ? add_row(node)
                                        : row_of_steps(node.place.names.front(), recurrent, node);
    count(summary_.rows[static_cast<size_t>(row)], node, slots);
    for (ValueId value : node.results) {
      row_of_[value] = row;
      fields_[value] = field(node, data);
    }
    finish(summary_.rows[static_cast<size_t>(row)], result);
  }

  // The bias after an anchor: elementwise, with a parameter, the only user of what it is added to.
  bool joins(const Node& node, const std::vector<ValueId>& data) const {
    if (!node.op->has(kElementwise) || data.size() != 1 || node.operands.size() < 2) return false;
    const Node* producer = graph_.producer(data.front());
    return producer && producer->op->has(kAnchor) &&
           users_[static_cast<size_t>(data.front().index)].size() == 1 &&
           row_of_[data.front()] >= 0;
  }

  int row_of_steps(const std::string& place, std::string_view op, const Node& node) {
    const auto known = steps_.find(place);
    if (known != steps_.end()) return known->second;
    const int row = add_row(node);
    summary_.rows[static_cast<size_t>(row)].op = op;
    return steps_[place] = row;
  }

  int add_row(const Node& node) {
    SummaryRow row;
    row.op = node.op->name;
    summary_.rows.push_back(std::move(row));
    return static_cast<int>(summary_.rows.size()) - 1;
  }

  void count(SummaryRow& row, const Node& node, const std::set<std::string>& slots) {
    for (const std::string& path : slots) {
      const Slot& slot = *module_.slot(path);
      if (slot.kind == SlotKind::kParameter && counted_.insert(path).second)
        row.parameters += slot.type.elements();
    }
    const int64_t work = multiply_adds(graph_, node);
    row.multiply_adds += work;
    summary_.multiply_adds += work;
  }

  void finish(SummaryRow& row, ValueId result) const {
    const Value& value = graph_.value(result);
    row.name = value.name;
    row.output = value.type;
    row.bytes = value.type.elements() * size_of(value.type.dtype);
    row.receptive_height = fields_[result].height.size;
    row.receptive_width = fields_[result].width.size;
  }

  Fields field(const Node& node, const std::vector<ValueId>& data) const {
    if (graph_.value(node.results.front()).type.rank() != 4 || data.empty()) return {};
    Fields widest = fields_[data.front()];
    for (ValueId value : data) {
      const Fields& other = fields_[value];
      widest.height = widest.height.with(other.height);
      widest.width = widest.width.with(other.width);
    }
    const bool windowed =
        node.op->has(kPool) || (node.op->has(kAnchor) && node.attrs.find("stride"));
    if (!windowed) {
      return {pixel_by_pixel(node, 2) ? widest.height : Field{},
              pixel_by_pixel(node, 3) ? widest.width : Field{}};
    }
    const Ints* kernel = nullptr;
    Ints from_weight;
    if (const Attr* attr = node.attrs.find(kKernelSize.name)) {
      kernel = std::get_if<Ints>(attr);
    } else {
      const Shape& weight = graph_.value(node.operands[1]).type.shape;
      from_weight = {weight[2], weight[3]};
    }
    const auto both = windows(node.attrs, kernel ? *kernel : from_weight);
    if (!both) return {};
    return {widest.height.through(both->first), widest.width.through(both->second)};
  }

  // Does each position along `dim` of the result depend on the same position of the operands only?
  // An op treats such positions as it would the samples of a batch.
  bool pixel_by_pixel(const Node& node, size_t dim) const {
    const Type& result = graph_.value(node.results.front()).type;
    std::vector<const Type*> types;
    std::vector<std::optional<Samples>> positions;
    for (ValueId operand : node.operands) {
      const Type* type = operand ? &graph_.value(operand).type : nullptr;
      const bool picture =
          type && type->rank() == 4 && type->shape[dim] == result.shape[dim] && !prepares(operand);
      types.push_back(type);
      positions.push_back(picture ? std::optional(Samples{dim, 1}) : std::nullopt);
    }
    if (std::ranges::none_of(positions, [](const auto& at) { return at.has_value(); }))
      return false;
    const auto carried = carry_samples(
        *node.op, {types, positions, result, node.attrs, std::max<int64_t>(result.shape[dim], 1)});
    return carried && *carried && **carried == Samples{dim, 1};
  }

  const Module& module_;
  const Graph& graph_;
  std::vector<std::vector<NodeId>> users_;
  ValueMap<int> row_of_;
  ValueMap<std::set<std::string>> prepared_;  // slots a parameter-only value is made of
  ValueMap<Fields> fields_;
  std::map<std::string, int> steps_;  // rows of recurrent nodes, by their place
  std::set<std::string> counted_;
  Summary summary_;
};

}  // namespace

Summary summarize(const Module& module) {
  if (module.graphs.empty()) return {};
  return Summarizer(module, without_loops(module, module.graphs.front())).run();
}

int64_t multiply_adds(const Graph& graph, const Node& node) {
  if (!node.op->multiply_adds) return 0;
  std::vector<const Type*> types;
  for (ValueId operand : node.operands)
    types.push_back(operand ? &graph.value(operand).type : nullptr);
  return node.op->multiply_adds({types, node.attrs}, graph.value(node.results.front()).type);
}

}  // namespace linnet::ir
