// What `linnet bench` found, as a table for people and as JSON; also beside what it found before.
#pragma once

#include "cli/bench_call.h"
#include "cli/roofs.h"
#include "cli/single_calls.h"
#include "cli/statistics.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace linnet::cli {

// What an earlier report says of the same call or kernel.
struct Earlier {
  double ns = 0;                     // its median
  double ratio = 0;                  // the median now by it; 0 if it is 0
  std::optional<Interval> interval;  // of the ratio

  // "slower" or "faster" where the interval leaves no doubt, or "".
  [[nodiscard]] std::string verdict() const;
};

// One call of a kernel.
struct KernelRow {
  std::string name, ops, hash;
  int64_t call = 0;  // which of the sequence, from 0
  int64_t flops = 0, bytes = 0;
  Timing time;
  Bound bound;
  std::optional<Earlier> earlier;  // in the report compared with
  bool changed = false;            // its content is another than there
};

struct BenchReport {
  std::string model, target;
  int64_t batch = 1;
  int64_t flops = 0;
  Timing whole;
  CallTimes single;
  double rest_ns = 0;  // of the call what is in no kernel
  Roofs roofs;
  std::vector<KernelRow> kernels;  // in the order of the call
  std::optional<Earlier> earlier;
  std::optional<double> old_rest_ns;

  // Only the calls of this kernel from now on. False if there are none.
  [[nodiscard]] bool only(const std::string& kernel);
  [[nodiscard]] std::string table() const;
  [[nodiscard]] std::string compared_table() const;
  [[nodiscard]] nlohmann::ordered_json json() const;
};

// An earlier report, as `linnet bench --json` printed it.
class OldReport {
public:
  // nullopt, with an error, if the file is none.
  [[nodiscard]] static std::optional<OldReport> read(Session& session, const std::string& path);
  // Of a linnet that did not write the rounds, or of too few: their medians are all there is.
  [[nodiscard]] bool has_rounds() const { return rounds_ >= kFewestRounds; }
  // Warns of what the two do not have in common.
  void warn(Session& session, const BenchReport& report) const;
  // Takes its figures: a kernel is known by its name, the n-th call of it by its number.
  void compare(BenchReport& report) const;

private:
  OldReport(std::string path, nlohmann::json json);
  std::string path_;
  nlohmann::json json_;
  size_t rounds_ = 0;
};

// What is wrong if the call is slower than before by more than `percent`, or "": it is if its
// whole interval is.
[[nodiscard]] std::string beyond_threshold(const BenchReport& report, double percent);

}  // namespace linnet::cli
