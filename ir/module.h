// A module: entry graphs, the table of slots, outlined kernels, and what the model's
// `data` and `train` blocks declare.
#pragma once

#include "ir/graph.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::ir {

enum class SlotKind : uint8_t { kParameter, kBuffer, kOptimizer, kState, kCounter };
[[nodiscard]] std::string_view name(SlotKind kind);  // "param", "buffer", "optimizer", …
[[nodiscard]] std::optional<SlotKind> slot_kind_from_name(std::string_view name);

// The graph of one training step, and the counters its caller gives it (all scalars: i64, i64,
// f64).
inline constexpr std::string_view kTrainStep = "train_step";
inline constexpr std::string_view kEvaluate = "evaluate";
inline constexpr std::string_view kSeedSlot = "train_step.seed";
inline constexpr std::string_view kStepSlot = "train_step.step";
inline constexpr std::string_view kRateSlot = "train_step.lr";

// A name with attributes: an initialiser `kaiming_uniform(a: 2.23)`, an optimiser, a reader.
struct Recipe {
  std::string kind;
  Attrs attrs;
  friend bool operator==(const Recipe&, const Recipe&) = default;
};

// What lasts from call to call: parameters, running statistics, optimiser and model state.
struct Slot {
  std::string path;  // "conv1.weight"
  Type type;
  Recipe initializer;
  SlotKind kind = SlotKind::kParameter;
  bool frozen = false;  // never trained
  Place place;
  std::optional<Tensor> value;  // given by a weights file; absent: untrained
};

// One line of a `data` or `train` block: `image: image(color: gray)`, `optimizer: sgd(lr: 0.1)`.
struct Declaration {
  std::string target;  // input, output or setting
  Recipe recipe;
  Place place;
};

class Module {
public:
  std::string name;
  std::vector<Slot> slots;
  std::vector<Graph> graphs;   // entries: "predict", "step", "reset", "init", "train_step", …
  std::vector<Graph> kernels;  // outlined by outline_kernels
  std::vector<Declaration> data;
  std::vector<Declaration> train;

  [[nodiscard]] const Graph* graph(std::string_view graph_name) const;
  [[nodiscard]] Graph* graph(std::string_view graph_name);
  [[nodiscard]] const Graph* kernel(std::string_view kernel_name) const;
  [[nodiscard]] const Slot* slot(std::string_view path) const;
  [[nodiscard]] Slot* slot(std::string_view path);
  // An entry of the `train` block, or nullptr.
  [[nodiscard]] const Declaration* training(std::string_view target) const;
  // Does any parameter still wait for weights?
  [[nodiscard]] bool untrained() const;
};

}  // namespace linnet::ir
