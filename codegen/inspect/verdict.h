// One sentence on a call of a kernel: what its time is spent on, and what would help.
#pragma once

#include "codegen/inspect/inspect.h"

#include <optional>
#include <string>

namespace linnet::codegen {

struct VerdictInput {
  const ir::Graph& kernel;
  const Target& target;
  const HotLoop* hot = nullptr;  // null: unknown
  int64_t flops = 0;
  int64_t bytes = 0;             // of operands and results
  int64_t weight_bytes = 0;      // of those operands that are constants or parameters
  int64_t all_weight_bytes = 0;  // of the whole call
  int64_t batch = 1;
  bool takes_batches = false;  // the model computes more samples in a call with --batch
  int threads = 1;
  bool training = false;
  std::optional<double> ns{};  // measured
  double share = 1;            // of the whole call's time
  // The floor under its time (cli/roofs.h): "FMA" or a level of memory; "": unknown.
  std::string roof{};
  double bound_ns = 0;
  double gb_per_s = 0;  // of that level
};

// Advice names flags that linnet has, and only where they apply.
[[nodiscard]] std::string verdict(const VerdictInput& input);

}  // namespace linnet::codegen
