// The table of kernel families, and what is asked of a schedule whatever its family.
#pragma once

#include "passes/schedule/family.h"

#include <span>

namespace linnet::passes {

// Computes whatever has a kernel.
inline constexpr std::string_view kGeneric = "generic";

// In order of preference; the last, generic, fits everything that has a kernel.
[[nodiscard]] std::span<const Family> families();
// nullptr: there is none of this name.
[[nodiscard]] const Family* find_family(std::string_view name);
[[nodiscard]] const Family& family(std::string_view name);

// Beside the family's keys: 1 if tiles are shared among threads, by the rule of
// codegen/lower/split_tiles.h.
inline constexpr std::string_view kThreads = "threads";
[[nodiscard]] bool has_threads(const ir::Schedule& schedule);

// The schedule for a group: that of the first family that wants it.
[[nodiscard]] ir::Schedule choose_schedule(const Candidate& group);
// The same with what speaks for it.
[[nodiscard]] Choice<ir::Schedule> chosen_schedule(const Candidate& group);
// Every other family, in order: what it would do and what it would cost, or why it does not.
struct Alternative {
  std::string_view family;
  std::string why;
  std::optional<ir::Schedule> schedule = std::nullopt;  // none: it does not
};
[[nodiscard]] std::vector<Alternative> alternatives(const Candidate& group,
                                                    const ir::Schedule& chosen);
// The product, convolution or pool of f32 that a group spends its time in, or nullptr.
[[nodiscard]] const ir::Node* main_op(const ir::Graph& body);
// What the families for its main op say against it: "direct: output channels 2 fill no vector of 4;
// dots, taps: …". "" if it has none.
[[nodiscard]] std::string why_generic(const Candidate& group);
// Has it a better kernel than generic?
[[nodiscard]] bool has_fast_kernel(const Candidate& group);

// Bytes of the arena that a kernel works in while it runs, a multiple of 64; mostly none.
[[nodiscard]] int64_t scratch_bytes(const ir::Graph& kernel);

// What is wrong with a schedule of this body and what would be legal, or "".
[[nodiscard]] std::string schedule_fault(const ir::Graph& body, const ir::Schedule& schedule);

}  // namespace linnet::passes
