// Graphs: values and nodes in topological order, addressed by index.
#pragma once

#include "ir/attr.h"
#include "ir/place.h"
#include "ir/tensor.h"
#include "ir/type.h"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace linnet::ir {

struct OpDef;

// Index of a value or node within its graph; -1 is "none" (an omitted optional operand).
struct ValueId {
  int32_t index = -1;
  explicit operator bool() const { return index >= 0; }
  friend auto operator<=>(const ValueId&, const ValueId&) = default;
};
struct NodeId {
  int32_t index = -1;
  explicit operator bool() const { return index >= 0; }
  friend auto operator<=>(const NodeId&, const NodeId&) = default;
};

// Where the planner put a value. kInput and kOutput are *exact* memory (4-byte aligned, never
// touched outside); kSlot, kArena and kConstant are *padded* (64-byte aligned, rounded up).
enum class Memory : uint8_t { kInput, kOutput, kSlot, kArena, kConstant };
[[nodiscard]] inline bool is_padded(Memory memory) {
  return memory != Memory::kInput && memory != Memory::kOutput;
}
struct Storage {
  Memory memory = Memory::kArena;
  // Bytes in the arena, in the blob of constants or of slots; index of the input or output. Of a
  // kernel's output in a slot: 1 + the input that lies in the same slot, 0 if none does.
  int64_t offset = 0;
  friend bool operator==(const Storage&, const Storage&) = default;
};
[[nodiscard]] std::string to_string(const Storage& storage);  // "arena+128", "input 0"

// How a kernel is to be computed: a family of codegen/kernels and its integers.
struct Schedule {
  std::string family;
  std::vector<std::pair<std::string, int64_t>> parameters;  // in the family's order

  [[nodiscard]] int64_t get(std::string_view name, int64_t fallback) const;
  friend bool operator==(const Schedule&, const Schedule&) = default;
};
[[nodiscard]] std::string to_string(const Schedule& schedule);  // "direct{cv=2, tx=7}"

struct Value {
  std::string name;  // unique in its graph, without '%'
  Type type;
  NodeId node;     // who makes it; none for an input
  int result = 0;  // which of the node's results, or which input
  std::optional<Storage> storage;
};

class Graph;

struct Node {
  const OpDef* op = nullptr;
  std::vector<ValueId> operands;
  Attrs attrs;  // complete: defaults filled in
  std::vector<ValueId> results;
  Place place;
  std::vector<Graph> regions;        // the body of a `group`: one graph
  std::optional<Tensor> tensor;      // the payload of a `constant`
  std::optional<Schedule> schedule;  // of a `group` or `call`
  std::string callee;                // of a `call`: the kernel's name
};

struct GraphInput {
  ValueId value;
  std::string slot;  // path of the slot it reads, or "" for an ordinary input
};
struct GraphOutput {
  std::string name;
  ValueId value;
  std::string slot;  // path of the slot it becomes the next value of, or ""
};

// Append-only: a node's operands come before it. Passes build a new graph (ir/rewrite.h).
class Graph {
public:
  std::string name;
  std::vector<GraphInput> inputs;
  std::vector<GraphOutput> outputs;
  std::optional<Schedule> schedule;  // of a kernel

  ValueId add_input(std::string_view value_name, Type type, std::string slot = "");
  // Appends the node and makes its results; names are made unique.
  NodeId append(Node node, const std::vector<Type>& types, const std::vector<std::string>& names);

  // Gives a value another name, made unique.
  void rename(ValueId id, std::string_view wanted);

  [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }
  [[nodiscard]] const std::vector<Value>& values() const { return values_; }
  [[nodiscard]] const Node& node(NodeId id) const { return nodes_[static_cast<size_t>(id.index)]; }
  [[nodiscard]] Node& node(NodeId id) { return nodes_[static_cast<size_t>(id.index)]; }
  [[nodiscard]] const Value& value(ValueId id) const {
    return values_[static_cast<size_t>(id.index)];
  }
  [[nodiscard]] Value& value(ValueId id) { return values_[static_cast<size_t>(id.index)]; }
  // The node that makes a value, or nullptr for an input.
  [[nodiscard]] const Node* producer(ValueId id) const;
  // Nodes that use each value, in order, once per use; indexed by ValueId.
  // A graph output counts as a use by the NodeId {nodes().size()}.
  [[nodiscard]] std::vector<std::vector<NodeId>> users() const;
  [[nodiscard]] ValueId find(std::string_view value_name) const;
  // The input that reads this slot, or none.
  [[nodiscard]] ValueId input_of(std::string_view slot) const;

private:
  std::string unique_name(std::string_view wanted);
  void free_name(const std::string& name);

  std::vector<Node> nodes_;
  std::vector<Value> values_;
  std::unordered_set<std::string> names_;  // membership only; never iterated
  // By wish: the least number behind it that may be free; looked up, never iterated.
  std::unordered_map<std::string, int> numbers_;
};

// Is any value f64? Then all of it is computed so.
[[nodiscard]] bool computes_in_f64(const Graph& graph);

}  // namespace linnet::ir
