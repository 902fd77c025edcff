// The kernel families: which groups each fits, with which numbers, and how its data must lie.
#pragma once

#include "ir/graph.h"
#include "passes/target_info.h"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace linnet::passes {

// A group to be scheduled: its body, and which of its inputs are constants.
struct Candidate {
  const ir::Graph& body;
  std::vector<bool> constant;
  const TargetInfo& target;
};

struct Family {
  std::string_view name;
  // The schedule for a group, or nullopt if the family does not fit it.
  std::optional<ir::Schedule> (*choose)(const Candidate& group);
  // Layouts in which the kernel wants its inputs, by position; an empty layout is row-major. Only
  // constants get them.
  std::vector<ir::Layout> (*input_layouts)(const ir::Graph& body, const ir::Schedule& schedule);
  // Does the kernel store pictures best in rows, with their channels innermost, or as those lie
  // that it reads?
  enum class Stores { kRows, kChannelsLast, kAsRead };
  Stores stores = Stores::kRows;
  // Does it read pictures with their channels innermost as well as any other?
  bool reads_channels_last = false;
};

// In order of preference; the last, generic, fits everything.
[[nodiscard]] std::span<const Family> families();
[[nodiscard]] const Family& family(std::string_view name);

// One file each.
[[nodiscard]] std::optional<ir::Schedule> choose_pooled_rows(const Candidate& group);
[[nodiscard]] std::vector<ir::Layout> pooled_rows_layouts(const ir::Graph& body,
                                                          const ir::Schedule& schedule);
[[nodiscard]] std::optional<ir::Schedule> choose_direct(const Candidate& group);
[[nodiscard]] std::vector<ir::Layout> direct_layouts(const ir::Graph& body,
                                                     const ir::Schedule& schedule);
[[nodiscard]] std::optional<ir::Schedule> choose_depthwise(const Candidate& group);
[[nodiscard]] std::vector<ir::Layout> depthwise_layouts(const ir::Graph& body,
                                                        const ir::Schedule& schedule);
[[nodiscard]] std::optional<ir::Schedule> choose_dense(const Candidate& group);
[[nodiscard]] std::vector<ir::Layout> dense_layouts(const ir::Graph& body,
                                                    const ir::Schedule& schedule);
[[nodiscard]] std::optional<ir::Schedule> choose_gemm(const Candidate& group);
[[nodiscard]] std::optional<ir::Schedule> choose_relayout(const Candidate& group);
[[nodiscard]] std::optional<ir::Schedule> choose_rows(const Candidate& group);
[[nodiscard]] std::optional<ir::Schedule> choose_taps(const Candidate& group);
[[nodiscard]] std::optional<ir::Schedule> choose_sums(const Candidate& group);
[[nodiscard]] std::optional<ir::Schedule> choose_concat(const Candidate& group);
[[nodiscard]] std::optional<ir::Schedule> choose_scatter(const Candidate& group);

// The schedule for a group: that of the first family that fits.
[[nodiscard]] ir::Schedule choose_schedule(const Candidate& group);

}  // namespace linnet::passes
