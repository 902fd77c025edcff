// The table of kernel families, and schedules as text or as the struct of their family.
#pragma once

#include "passes/schedule/concat.h"
#include "passes/schedule/dense.h"
#include "passes/schedule/depthwise.h"
#include "passes/schedule/direct.h"
#include "passes/schedule/gemm.h"
#include "passes/schedule/generic.h"
#include "passes/schedule/pooled_rows.h"
#include "passes/schedule/relayout.h"
#include "passes/schedule/rows.h"
#include "passes/schedule/scatter.h"
#include "passes/schedule/sums.h"
#include "passes/schedule/taps.h"

#include "support/check.h"

#include <span>

namespace linnet::passes {

// A row of families.def: the struct's functions by the text form of its numbers.
struct Family {
  std::string_view name;
  std::vector<std::string_view> keys;
  // Why no kernel of the family computes the group, or "".
  std::string (*fits)(const ir::Graph& body);
  // Legal values of the key behind the schedule's parameters, which are the first of the keys.
  std::vector<int64_t> (*legal)(const ir::Graph& body, const ir::Schedule& before);
  // The schedule for a group, or why the family does not want it.
  Choice<ir::Schedule> (*choose)(const Candidate& group);
  // Layouts in which the kernel wants its inputs, by position; an empty layout is row-major.
  std::vector<ir::Layout> (*layouts)(const ir::Graph& body, const ir::Schedule& schedule);
  // Does the kernel store pictures best in rows, with their channels innermost, or as those lie
  // that it reads?
  enum class Stores { kRows, kChannelsLast, kAsRead };
  Stores stores = Stores::kRows;
  // Does it read pictures with their channels innermost as well as any other?
  bool reads_channels_last = false;
};

// In order of preference; the last, generic, fits everything that has a kernel.
[[nodiscard]] std::span<const Family> families();
// nullptr: there is none of this name.
[[nodiscard]] const Family* find_family(std::string_view name);
[[nodiscard]] const Family& family(std::string_view name);

// Beside the family's keys: tiles are shared among threads, in kernels of a training step only.
inline constexpr std::string_view kThreads = "threads";
[[nodiscard]] bool has_threads(const ir::Schedule& schedule);

// The numbers of a legal schedule.
template <class S> [[nodiscard]] S numbers(const ir::Schedule& schedule) {
  S result;
  for (const Key<S>& key : S::kKeys) {
    const int64_t value = schedule.get(key.name, -1);
    LINNET_CHECK(value >= 0, "a schedule without " + std::string(key.name));
    result.*key.number = value;
  }
  return result;
}

template <class S>
[[nodiscard]] ir::Schedule text_form(std::string_view family, const S& schedule) {
  ir::Schedule text{std::string(family), {}};
  for (const Key<S>& key : S::kKeys)
    text.parameters.emplace_back(key.name, schedule.*key.number);
  return text;
}

// The schedule for a group: that of the first family that wants it.
[[nodiscard]] ir::Schedule choose_schedule(const Candidate& group);
// The same with what speaks for it.
[[nodiscard]] Choice<ir::Schedule> chosen_schedule(const Candidate& group);
// Every other family, in order: what it would do and what it would cost, or why it does not.
struct Alternative {
  std::string_view family;
  std::string why;
};
[[nodiscard]] std::vector<Alternative> alternatives(const Candidate& group,
                                                    const ir::Schedule& chosen);
// Has it a better kernel than generic?
[[nodiscard]] bool has_fast_kernel(const Candidate& group);

// What is wrong with a schedule of this body and what would be legal, or "".
[[nodiscard]] std::string schedule_fault(const ir::Graph& body, const ir::Schedule& schedule);

}  // namespace linnet::passes
