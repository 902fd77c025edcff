// The text form of a module: `lir 1`. Reading it gives the same module back.
#pragma once

#include "ir/module.h"

#include <map>
#include <string>
#include <vector>

namespace linnet::ir {

// Constants of more than this many elements (and not one value repeated) stand in a
// safetensors file beside the text, under their path.
inline constexpr int64_t kInlineElements = 16;

struct Printed {
  std::string text;
  std::map<std::string, Tensor> tensors;  // what the text names as @"path"
};

// `kind(name: value, …)`.
[[nodiscard]] std::string to_string(const Recipe& recipe);

[[nodiscard]] Printed print(const Module& module);

// The same in pieces, lines without indentation: for who shows nodes one by one.
struct GraphText;
struct NodeText {
  std::string text;                // of one with regions the line that opens them, "… {"
  std::vector<GraphText> regions;  // closed by a line "}"
};
struct GraphText {
  std::string head;  // "graph @predict(…) {"; of a region ""
  std::vector<NodeText> nodes;
  std::string result;  // "return logits = %fc3"
};
struct ModuleText {
  std::vector<std::string> head;  // all that stands before the graphs
  std::vector<GraphText> kernels, graphs;
};
[[nodiscard]] ModuleText text_of(const Module& module);

// One graph alone, as in the module's text; for messages and tests.
[[nodiscard]] std::string print(const Graph& graph);

}  // namespace linnet::ir
