// What the parts of a report are told of the compiled product.
#pragma once

#include "cli/bench_call.h"
#include "cli/report_steps.h"
#include "cli/roofs.h"
#include "cli/single_calls.h"

#include <nlohmann/json.hpp>

#include <vector>

namespace linnet::cli {

// What was measured of an entry.
struct ReportTimes {
  Measured measured;
  CallTimes single;
  Roofs roofs;
};

struct ReportProduct {
  const driver::Product& product;
  const ir::Module& imported;  // the model as it was read
  const ir::Module& module;    // planned; one of the product's
  const ir::Graph& graph;      // the entry: inference, or a training step
  const std::vector<passes::ScheduleChoice>& choices;
  int64_t batch = 1;
  bool batched = false;  // the model computes more samples in a call with --batch
  int threads = 1;
  bool training = false;
  const ReportTimes* times = nullptr;  // null: nothing is said of times
};

// Where the values of the entry lie.
struct ReportMemory {
  nlohmann::ordered_json values = nlohmann::ordered_json::array();  // "memory.values"
  std::vector<int64_t> number;  // in these, by the graph's values; -1: it has no bytes of its own
  int64_t constant_bytes = 0;
};
[[nodiscard]] ReportMemory report_memory(const ReportProduct& of);
// Adds "kernels", "calls" and "memory", and where they were measured "whole" and "roofs".
void add_product(nlohmann::ordered_json& report, const ReportProduct& of, ReportSteps& steps);

// Adds "training", and to each of "calls" its lane.
void add_lanes(nlohmann::ordered_json& report, const ReportProduct& of);

}  // namespace linnet::cli
