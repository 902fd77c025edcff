// The text form of a module: `lir 1`. Reading it gives the same module back.
#pragma once

#include "ir/module.h"

#include <map>
#include <string>

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
// One graph alone, as in the module's text; for messages and tests.
[[nodiscard]] std::string print(const Graph& graph);

}  // namespace linnet::ir
