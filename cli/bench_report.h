// What `linnet bench` found, as a table for people and as JSON; also beside what it found before.
#pragma once

#include "cli/bench_call.h"
#include "cli/roofs.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace linnet::cli {

// One call of a kernel.
struct KernelRow {
  std::string name, ops, hash;
  int64_t call = 0;  // which of the sequence, from 0
  int64_t flops = 0, bytes = 0;
  Timing time;
  Bound bound;
  std::optional<double> old_ns;  // its median in the report compared with
  bool changed = false;          // its content is another than there
};

struct BenchReport {
  std::string model, target;
  int64_t batch = 1;
  int64_t flops = 0;
  Timing whole;
  double rest_ns = 0;  // of the call what is in no kernel
  Roofs roofs;
  std::vector<KernelRow> kernels;  // in the order of the call
  std::optional<double> old_ns, old_rest_ns;

  // Only the calls of this kernel from now on. False if there are none.
  [[nodiscard]] bool only(const std::string& kernel);
  [[nodiscard]] std::string table() const;
  [[nodiscard]] std::string compared_table() const;
  [[nodiscard]] nlohmann::ordered_json json() const;
};

// Takes the old figures from the JSON of an earlier bench: a kernel is known by its name, the n-th
// call of it by its number. False, with an error, if the file is none.
[[nodiscard]] bool compare_with(Session& session, const std::string& path, BenchReport& report);

}  // namespace linnet::cli
