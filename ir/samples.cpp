// Follows the samples of a batch from the inputs of a graph to its outputs, op by op.
#include "ir/samples.h"

#include "ir/ops/shared/reduction.h"
#include "ir/value_map.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::ir {
namespace {

// What is known of a value: nothing of it depends on the batch, its samples lie apart, an op
// (an index into the list of messages) has mixed them, or no record could say.
struct Known {
  enum class Kind : uint8_t { kNone, kApart, kMixed, kUnknown };
  Kind kind = Kind::kNone;
  Samples samples = {};
  size_t mixed = 0;
};

SamplesResult reduced_samples(const SamplesContext& c, std::string_view op) {
  const size_t rank = c.types[0]->rank();
  const auto touched = reduced_dims(c.attrs, rank);
  if (!touched) return Samples{};  // the op's own check has said so
  auto samples = samples_unless(c, *touched, op);
  if (!samples || c.attrs.get(kKeepDim)) return samples;
  const size_t dim = samples->dim;
  samples->dim -= static_cast<size_t>(
      std::count(touched->begin(), touched->begin() + static_cast<ptrdiff_t>(dim), true));
  return samples;
}

class Follower {
public:
  Follower(const Graph& graph, const std::map<ValueId, Samples>& inputs, int64_t batch)
      : graph_(graph), batch_(batch), known_(graph) {
    for (const auto& [value, samples] : inputs)
      at(value) = {Known::Kind::kApart, samples, 0};
    for (const Node& node : graph.nodes())
      visit(node);
  }

  std::vector<OutputSamples> outputs() const {
    std::vector<OutputSamples> list;
    for (const GraphOutput& output : graph_.outputs) {
      const Known& known = known_[output.value];
      OutputSamples& row = list.emplace_back();
      if (known.kind == Known::Kind::kApart) row.apart = known.samples;
      if (known.kind != Known::Kind::kMixed) continue;
      row.mixed = causes_[known.mixed].second;
      row.place = causes_[known.mixed].first->place;
    }
    return list;
  }

  ValueMap<ValueSamples> values() const {
    ValueMap<ValueSamples> list(graph_);
    for (size_t i = 0; i < graph_.values().size(); ++i) {
      const ValueId value{static_cast<int32_t>(i)};
      const Known& known = known_[value];
      list[value].batch = known.kind != Known::Kind::kNone;
      if (known.kind == Known::Kind::kApart) list[value].apart = known.samples;
    }
    return list;
  }

private:
  Known& at(ValueId value) { return known_[value]; }

  void visit(const Node& node) {
    std::vector<const Type*> types;
    std::vector<std::optional<Samples>> operands;
    Known known;
    bool apart = false;
    for (ValueId operand : node.operands) {
      const Known of = operand ? at(operand) : Known{};
      types.push_back(operand ? &graph_.value(operand).type : nullptr);
      operands.push_back(of.kind == Known::Kind::kApart ? std::optional(of.samples) : std::nullopt);
      apart = apart || of.kind == Known::Kind::kApart;
      // The first cause is the one to tell of; what is not known taints more than what is mixed.
      if (of.kind == Known::Kind::kUnknown ||
          (of.kind == Known::Kind::kMixed && known.kind == Known::Kind::kNone)) {
        known = of;
      }
    }
    for (ValueId result : node.results) {
      if (known.kind != Known::Kind::kNone || !apart) {
        at(result) = known;
      } else {
        at(result) =
            carried(node, {types, operands, graph_.value(result).type, node.attrs, batch_});
      }
    }
  }

  Known carried(const Node& node, const SamplesContext& c) {
    auto carried = carry_samples(*node.op, c);
    if (!carried) return {Known::Kind::kUnknown, {}, 0};
    SamplesResult& result = *carried;
    if (result) return {Known::Kind::kApart, *result, 0};
    causes_.emplace_back(&node, std::move(result.error()));
    return {Known::Kind::kMixed, {}, causes_.size() - 1};
  }

  const Graph& graph_;
  int64_t batch_;
  ValueMap<Known> known_;
  std::vector<std::pair<const Node*, std::string>> causes_;
};

}  // namespace

std::optional<SamplesResult> carry_samples(const OpDef& op, const SamplesContext& c) {
  if (op.samples) return op.samples(c);
  if (op.has(kElementwise)) return broadcast_samples(c);
  if (op.has(kTrainingOnly)) return *c.operands[0];
  if (op.has(kView)) return reshaped_samples(c);
  if (op.has(kReduction)) return reduced_samples(c, op.name);
  return std::nullopt;
}

SamplesResult broadcast_samples(const SamplesContext& c) {
  std::optional<Samples> found;
  for (size_t i = 0; i < c.operands.size(); ++i) {
    if (!c.operands[i]) continue;
    Samples samples = *c.operands[i];
    samples.dim += c.result.rank() - c.types[i]->rank();
    if (found && *found != samples) {
      return tl::unexpected(
          fmt::format("samples lie along dimension {} of one operand and along {} of another: each "
                      "meets all others",
                      found->dim, samples.dim));
    }
    found = samples;
  }
  return *found;
}

SamplesResult samples_unless(const SamplesContext& c, const std::vector<bool>& touched,
                             std::string_view what) {
  std::optional<Samples> found;
  for (const auto& samples : c.operands) {
    if (!samples) continue;
    if (found && *found != *samples)
      return tl::unexpected(fmt::format("{} takes different samples together", what));
    found = samples;
  }
  if (found->dim < touched.size() && touched[found->dim]) {
    return tl::unexpected(
        fmt::format("{} along dimension {} takes samples of the batch together", what, found->dim));
  }
  return *found;
}

SamplesResult samples_unless_dim(const SamplesContext& c, std::string_view what) {
  std::vector<bool> touched(c.result.rank(), false);
  touched[*one_dim(c.attrs, touched.size())] = true;
  return samples_unless(c, touched, what);
}

SamplesResult reshaped_samples(const SamplesContext& c) {
  const auto& [dim, inner] = *c.operands[0];
  const Shape& from = c.types[0]->shape;
  const Shape& to = c.result.shape;
  // Elements from one sample to the next, in row-major order.
  const int64_t step =
      inner * element_count({from.begin() + static_cast<ptrdiff_t>(dim) + 1, from.end()});
  // One sample may lie along several dimensions: the outermost, which another batch would widen.
  std::optional<Samples> found;
  int64_t after = 1;  // elements of one index of dimension i
  for (size_t i = to.size(); i-- > 0 && after != 0 && step % after == 0; after *= to[i]) {
    const int64_t within = step / after;
    if (to[i] % (within * c.batch) == 0) found = Samples{i, within};
  }
  if (found) return *found;
  return tl::unexpected(fmt::format("{} as {} puts parts of different samples into one row",
                                    to_string(from), to_string(to)));
}

ValueMap<ValueSamples> value_samples(const Graph& graph, const std::map<ValueId, Samples>& inputs,
                                     int64_t batch) {
  return Follower(graph, inputs, batch).values();
}

std::vector<OutputSamples> output_samples(const Graph& graph,
                                          const std::map<ValueId, Samples>& inputs, int64_t batch) {
  return Follower(graph, inputs, batch).outputs();
}

}  // namespace linnet::ir
