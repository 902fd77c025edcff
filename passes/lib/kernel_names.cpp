// Names of kernels, from the names of parameters and values that the model gave.
#include "passes/lib/kernel_names.h"

#include "ir/op_def.h"
#include "ir/print.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <vector>

namespace linnet::passes {
namespace {

constexpr size_t kLongest = 48;

// FNV-1a, 64 bits (Fowler, Noll, Vo): a name, not a proof.
uint64_t fnv1a(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (unsigned char c : text) {
    hash ^= c;
    hash *= 0x100000001b3;
  }
  return hash;
}

// The kernel with its name and its values' names replaced by numbers: the same for all kernels that
// compute the same in the same way.
ir::Graph canonical(ir::Graph kernel) {
  kernel.name = "k";
  for (size_t i = 0; i < kernel.values().size(); ++i)
    kernel.rename({static_cast<int32_t>(i)}, "tmp");
  for (size_t i = 0; i < kernel.values().size(); ++i)
    kernel.rename({static_cast<int32_t>(i)}, fmt::format("v{}", i));
  return kernel;
}

// Without the number that made the name of a value its graph's only one: "relu_1" is "relu".
std::string without_number(const std::string& name) {
  size_t end = name.size();
  while (end > 0 && std::isdigit(static_cast<unsigned char>(name[end - 1])))
    --end;
  return end > 1 && end < name.size() && name[end - 1] == '_' ? name.substr(0, end - 1) : name;
}

// "layer1.0" of "layer1.0.weight"; "" of a name without a path.
std::string layer_of(const std::string& value) {
  const size_t dot = value.rfind('.');
  return dot == std::string::npos || dot == 0 ? "" : value.substr(0, dot);
}

// Letters, digits and single '_'.
std::string identifier(const std::string& text) {
  std::string result;
  for (unsigned char c : text) {
    const bool plain = c < 0x80 && std::isalnum(c);
    if (!plain && (result.empty() || result.back() == '_')) continue;
    result += plain ? static_cast<char>(c) : '_';
  }
  while (!result.empty() && result.back() == '_')
    result.pop_back();
  return result;
}

void add(std::vector<std::string>& labels, const std::string& text) {
  const std::string label = identifier(text);
  if (!label.empty() && std::ranges::find(labels, label) == labels.end()) labels.push_back(label);
}

// A layer once: not "conv1" and "conv1_weight", where the optimiser's state of it lies, and not
// "d_conv1", its gradient.
void add_layer(std::vector<std::string>& labels, const std::string& path) {
  const std::string label = identifier(path);
  const bool known = std::ranges::any_of(labels, [&](const std::string& other) {
    return label.starts_with(other + "_") || other.starts_with(label + "_") ||
           label == "d_" + other || label.starts_with("d_" + other + "_");
  });
  if (!known) add(labels, label);
}

// The name that the model gave a value; "" of one called after its op, or by a letter and a number.
std::string own_name(const ir::Graph& kernel, const ir::Node& node) {
  std::string name = identifier(without_number(kernel.value(node.results.front()).name));
  const bool numbered = std::all_of(name.begin() + !name.empty(), name.end(),
                                    [](unsigned char c) { return std::isdigit(c); });
  return numbered || ir::find_op(name) ? "" : name;
}

// The op that the node is the last step of, where that is another one: softmax ends in a division.
std::string written_op(const ir::Graph& kernel, const ir::Node& node) {
  const std::string name = without_number(kernel.value(node.results.front()).name);
  return ir::find_op(name) && name != node.op->name ? name : "";
}

// What a kernel belongs to: the layers whose parameters it reads; without any the values that its
// anchors make, as ONNX's nodes name them; without any the value that it is for.
std::vector<std::string> layers(const ir::Graph& kernel) {
  std::vector<std::string> labels;
  for (const ir::Node& node : kernel.nodes()) {
    for (ir::ValueId operand : node.operands)
      add_layer(labels, layer_of(kernel.value(operand).name));
  }
  if (!labels.empty()) return labels;
  for (const ir::Node& node : kernel.nodes()) {
    if (node.op->has(ir::kAnchor)) add(labels, own_name(kernel, node));
  }
  if (labels.empty()) {
    const ir::Node* last = kernel.producer(kernel.outputs.front().value);
    if (last) add(labels, own_name(kernel, *last));
  }
  return labels;
}

}  // namespace

std::string kernel_name(const ir::Graph& kernel) {
  std::vector<std::string> labels = layers(kernel);
  const auto& nodes = kernel.nodes();
  const bool anchored =
      std::ranges::any_of(nodes, [](const ir::Node& n) { return n.op->has(ir::kAnchor); });
  // The product of a layer, and what adds its bias.
  const auto of_layer = [&](const ir::Node& node) {
    if (!anchored || labels.empty()) return false;
    if (node.op->has(ir::kAnchor)) return true;
    const bool named = std::ranges::find(labels, own_name(kernel, node)) != labels.end();
    if (named && std::ranges::any_of(node.operands, [&](ir::ValueId operand) {
          const ir::Node* producer = kernel.producer(operand);
          return producer && producer->op->has(ir::kAnchor);
        }))
      return true;
    return std::ranges::any_of(node.operands, [&](ir::ValueId operand) {
      return !layer_of(kernel.value(operand).name).empty();
    });
  };
  // Moving data is worth a word only where nothing else is done.
  std::vector<std::string> ops, moves;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const ir::Node& node = nodes[i];
    if (node.tensor) continue;
    if (node.op->has(ir::kDataMovement)) {
      add(moves, std::string(node.op->name));
      continue;
    }
    if (of_layer(node)) continue;
    // Of an op in steps only its name: they are of one place.
    const std::string whole = written_op(kernel, node);
    for (size_t k = i; !whole.empty() && node.place.known() && k-- > 0;) {
      if (nodes[k].place.spans != node.place.spans || nodes[k].place.names != node.place.names)
        break;
      std::erase(ops, std::string(nodes[k].op->name));
    }
    add(ops, whole.empty() ? std::string(node.op->name) : whole);
  }
  const bool only_moves = std::ranges::all_of(nodes, [](const ir::Node& node) {
    return node.tensor.has_value() || node.op->has(ir::kDataMovement);
  });
  for (const std::string& op : only_moves ? moves : ops)
    add(labels, op);
  std::string name;
  for (const std::string& label : labels) {
    if (!name.empty() && name.size() + 1 + label.size() > kLongest) break;
    name += (name.empty() ? "" : "_") + label.substr(0, kLongest);
  }
  if (name.empty()) return "kernel";
  return std::isalpha(static_cast<unsigned char>(name.front())) ? name : "k" + name;
}

std::vector<std::string> op_names(const ir::Graph& kernel) {
  std::vector<std::string> names;
  for (const ir::Node& node : kernel.nodes()) {
    if (!node.tensor) names.emplace_back(node.op->name);
  }
  return names;
}

std::string kernel_content(const ir::Graph& kernel) {
  return ir::print(canonical(kernel));
}

std::string content_hash(const std::string& content) {
  return fmt::format("{:016x}", fnv1a(content));
}

}  // namespace linnet::passes
