// What two models, or one under two settings, do not have in common: of their reports.
#pragma once

#include "cli/report_numbers.h"
#include "cli/report_reader.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace linnet::cli {

template <class T> nlohmann::ordered_json or_null(const std::optional<T>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
}

// A figure or a word of both, of which one may be missing (null).
struct Change {
  std::string name;
  nlohmann::ordered_json a, b;
};

// A line of the models as imported; "" where one of them has none.
struct LineChange {
  std::string a, b;
  std::string a_place, b_place;
};

struct StructureDiff {
  std::vector<LineChange> lines;     // of declarations, then of nodes in order
  int64_t types = 0;                 // nodes that only have other types, as their operands do
  int64_t renamed = 0;               // parameters that only have other names
  int64_t a_nodes = 0, b_nodes = 0;  // that were compared
  // Results of nodes of A and of those of B they correspond to, and inputs.
  std::map<std::string, std::string> values;
  std::map<std::string, std::string> places;  // of these nodes, by place

  [[nodiscard]] bool same() const { return lines.empty() && types == 0 && renamed == 0; }
};
[[nodiscard]] StructureDiff structure_diff(const ReadReport& a, const ReadReport& b);

// Which inputs, parameters or outputs correspond: those of one name, then the others in order.
struct PortPairs {
  std::vector<std::pair<size_t, size_t>> both;  // by the index in A
  std::vector<size_t> only_a, only_b;
};
[[nodiscard]] PortPairs port_pairs(const std::vector<ReadReport::Port>& a,
                                   const std::vector<ReadReport::Port>& b);

struct PassDiff {
  std::string pass;
  // nullopt: it did not run.
  std::optional<int64_t> a_rewrites, b_rewrites, a_nodes, b_nodes;
};
struct PassesDiff {
  std::string first;       // after it the modules differ ("import": as read); "": they never do
  std::string same_again;  // after it and all others they are the same again; "": they are not
  std::vector<PassDiff> passes;  // which rewrote differently

  [[nodiscard]] bool same() const { return first.empty() && passes.empty(); }
};

struct KernelDiff {
  std::string a, b;                  // names; "" of what the other has no counterpart of
  std::string schedule;              // of what has none
  std::vector<Change> changes;       // none: its instructions alone differ
  std::optional<double> a_ns, b_ns;  // of all its calls but loops
};

struct TimesDiff {
  double a_ns = 0, b_ns = 0, ratio = 1;
  int64_t a_samples = 1, b_samples = 1;  // of a call
  bool in_turn = false;                  // the whole calls were timed in turn

  [[nodiscard]] double ratio_of_a_sample() const {
    return ratio * static_cast<double>(a_samples) / static_cast<double>(b_samples);
  }
};

struct ValueDiff {
  std::string a, b;  // names
  bool output = false;
  std::string place;  // in A
  double absolute = 0, relative = 0;
  int64_t sample = 0;
  std::vector<int64_t> element;
  std::string of;  // what of it was compared, where that is no element: "mean"
  double a_value = 0, b_value = 0;
};
struct ValuesDiff {
  bool compiled = false;              // values that compiled code computed; else what reports keep
  std::string why_not;                // nothing is compared; "": something is
  int64_t compared = 0, outputs = 0;  // outputs: of those compared
  int64_t a_outputs = 0, b_outputs = 0;   // that there are
  std::vector<ValueDiff> values;          // that differ, in the order of A
  std::vector<std::string> other_shapes;  // values that correspond and have other shapes

  // The first inner value or output that is farther apart than that, else the first that differs.
  [[nodiscard]] const ValueDiff* first(double tolerance) const;
  [[nodiscard]] bool all_outputs() const {
    return why_not.empty() && outputs == a_outputs && outputs == b_outputs;
  }
  // Never if an output was not compared.
  [[nodiscard]] bool same() const {
    return values.empty() && other_shapes.empty() && all_outputs();
  }
};

struct Diff {
  std::vector<Change> settings;
  StructureDiff structure;
  PassesDiff passes;
  std::vector<KernelDiff> kernels;                // that differ
  std::vector<std::pair<size_t, size_t>> paired;  // kernels of A and B
  size_t a_kernels = 0, b_kernels = 0;
  std::optional<TimesDiff> times;
  std::vector<KernelDiff> times_of;  // of all kernels and loops that were paired and timed
  std::string no_times;              // why there are none
  std::vector<Change> memory;
  std::optional<ValuesDiff> values;  // none: they were not asked for

  // Settings and times do not count. What was asked for and not compared does, as a difference.
  [[nodiscard]] bool same() const {
    return structure.same() && passes.same() && kernels.empty() && memory.empty() &&
           (!values || values->same());
  }
};

// All but what compiled code computed, and calls timed in turn.
[[nodiscard]] Diff diff_of(const ReadReport& a, const ReadReport& b);
// Values by what compiled code computed, of one model and the other.
[[nodiscard]] ValuesDiff values_diff(const Diff& diff, const ReadReport& a, const ReadReport& b,
                                     std::span<const ComputedValue> computed_a,
                                     std::span<const ComputedValue> computed_b);
// By what two reports keep of them.
[[nodiscard]] ValuesDiff values_diff(const Diff& diff, const ReadReport& a, const ReadReport& b);

// What is compared: "lenet.lin --target x86-64-v2".
struct DiffNames {
  std::string a, b;
};
// For people; `most`: lines of a section, 0 for all. `colour` adds ANSI escapes.
[[nodiscard]] std::string diff_text(const Diff& diff, const DiffNames& names, double tolerance,
                                    size_t most, bool colour);
// docs/diff.schema.json.
[[nodiscard]] nlohmann::ordered_json diff_json(const Diff& diff, const DiffNames& names,
                                               double tolerance);

}  // namespace linnet::cli
