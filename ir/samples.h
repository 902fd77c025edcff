// Where the samples of a batch lie in each tensor of a graph, and which op mixes them.
#pragma once

#include "ir/op_def.h"
#include "ir/value_map.h"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace linnet::ir {

// Index i of dimension `dim` belongs to sample i / inner modulo the batch: inner is 1 for [N, …],
// and T for the [N * T, …] that a reshape makes of [N, T, …].
struct Samples {
  size_t dim = 0;
  int64_t inner = 1;
  friend bool operator==(const Samples&, const Samples&) = default;
};

// What the record of an op sees when it is asked where the samples go (OpDef::samples). At least
// one operand has samples.
struct SamplesContext {
  std::span<const Type* const> types;                // of the operands; nullptr where omitted
  std::span<const std::optional<Samples>> operands;  // nullopt: the same for every sample
  const Type& result;
  const Attrs& attrs;
  int64_t batch;  // how many samples
};

// By the op's record or its traits; nullopt if neither says.
[[nodiscard]] std::optional<SamplesResult> carry_samples(const OpDef& op, const SamplesContext& c);

// For the records: the samples of the operands, aligned as they broadcast (dimensions counted from
// the end); an error if they lie differently.
[[nodiscard]] SamplesResult broadcast_samples(const SamplesContext& c);
// The samples of operand 0 (those of the others must lie likewise), unless `touched` has their
// dimension, along which `what` ("sum", "a window") takes elements together.
[[nodiscard]] SamplesResult samples_unless(const SamplesContext& c,
                                           const std::vector<bool>& touched, std::string_view what);
// The same of an op that takes elements together along the one dimension its attribute `dim` names.
[[nodiscard]] SamplesResult samples_unless_dim(const SamplesContext& c, std::string_view what);
// Through a view: the same place in row-major order.
[[nodiscard]] SamplesResult reshaped_samples(const SamplesContext& c);

// What is known of a value of a graph.
struct ValueSamples {
  bool batch = false;            // does it depend on the batch?
  std::optional<Samples> apart;  // where its samples lie; none if they are mixed, or nobody knows
};

// Of every value. `inputs`: where the `batch` samples of the graph's inputs lie.
[[nodiscard]] ValueMap<ValueSamples>
value_samples(const Graph& graph, const std::map<ValueId, Samples>& inputs, int64_t batch);

// What is known of an output of a graph.
struct OutputSamples {
  std::optional<Samples> apart;  // where its samples lie
  std::string mixed;             // or how an op takes samples together: "sum along dimension 0 …"
  Place place;                   // of that op
};

// A row for each output: neither `apart` nor `mixed` if nothing of it depends on the batch, or an
// op whose record does not say where samples go is on the way. `inputs`: where the `batch` (two or
// more) samples of the graph's inputs lie, by value.
[[nodiscard]] std::vector<OutputSamples>
output_samples(const Graph& graph, const std::map<ValueId, Samples>& inputs, int64_t batch);

}  // namespace linnet::ir
