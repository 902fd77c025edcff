// What kernels are called: after the layers and ops that they compute.
#pragma once

#include "ir/graph.h"

#include <string>
#include <vector>

namespace linnet::passes {

// "conv1_relu_max_pool2d": the layers whose parameters the kernel reads (or, of one that reads
// none, the value it makes), then the ops that are not part of them, each once and in order; at
// most 48 letters, digits and '_', beginning with a letter. The same for kernels that differ in
// shapes only: who names several makes the names differ.
[[nodiscard]] std::string kernel_name(const ir::Graph& kernel);

// The ops of a kernel in order; constants are none.
[[nodiscard]] std::vector<std::string> op_names(const ir::Graph& kernel);

// All that two kernels must share to be one: the text with its own name and those of its values
// replaced by numbers.
[[nodiscard]] std::string kernel_content(const ir::Graph& kernel);

// 16 hexadecimal digits of that text.
[[nodiscard]] std::string content_hash(const std::string& content);

}  // namespace linnet::passes
