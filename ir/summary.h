// What a model costs, layer by layer, from types alone: nothing is allocated or evaluated.
#pragma once

#include "ir/module.h"

#include <cstdint>
#include <string>
#include <vector>

namespace linnet::ir {

struct SummaryRow {
  std::string name;  // the value's: "conv1"
  std::string op;    // "conv2d"
  Type output;
  int64_t parameters = 0;  // elements of the parameters this row is the first to use
  int64_t multiply_adds = 0;
  // Input elements (h, w) one output element depends on; 0: not an image any more.
  int64_t receptive_height = 0;
  int64_t receptive_width = 0;
  int64_t bytes = 0;  // of the output
};

struct Summary {
  std::vector<SummaryRow> rows;
  int64_t parameters = 0;  // of all slots that are parameters
  int64_t trainable = 0;   // of those not frozen
  int64_t buffers = 0;     // elements of buffers, such as a running mean
  int64_t multiply_adds = 0;
  int64_t parameter_bytes = 0;
};

// One row for each op of the first entry graph; what only prepares a parameter (a transposed
// weight) and the bias after an anchor are part of the row they belong to.
[[nodiscard]] Summary summarize(const Module& module);

// Of one node; 0 where its op has none.
[[nodiscard]] int64_t multiply_adds(const Graph& graph, const Node& node);

}  // namespace linnet::ir
