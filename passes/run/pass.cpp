// Names and order of passes and phases, and what a pass asks its context.
#include "passes/run/pass.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::passes {
namespace {

struct PhaseText {
  std::string_view name, summary;
};

// By Phase.
constexpr std::array kTexts = std::to_array<PhaseText>({
    {"imported", "the model as it was written, in the type it computes in"},
    {"training", "entries are complete: a training step has its update, inference its constants"},
    {"canonical", "only ops that have kernels, each value computed once"},
    {"fused", "every op is in the kernel that computes it"},
    {"scheduled", "each kernel has a schedule, and its operands the layouts it reads"},
    {"planned", "kernels are functions, and every value has its place in memory"},
});
static_assert(kTexts.size() == kPhases.size());

}  // namespace

std::string_view name(Phase phase) {
  return kTexts[static_cast<size_t>(phase)].name;
}

std::string_view summary(Phase phase) {
  return kTexts[static_cast<size_t>(phase)].summary;
}

std::optional<Phase> find_phase(std::string_view wanted) {
  const auto at = std::ranges::find(kTexts, wanted, &PhaseText::name);
  if (at == kTexts.end()) return std::nullopt;
  return static_cast<Phase>(at - kTexts.begin());
}

bool PassContext::may_rewrite(const ir::Place& place, std::string message) {
  if (limit == 0) return false;
  if (limit > 0) --limit;
  if (explain) explain({true, place, std::move(message)});
  return true;
}

void PassContext::refused(const ir::Place& place, std::string message) const {
  if (explain) explain({false, place, std::move(message)});
}

std::span<const Pass> pipeline(Phase first, Phase last) {
  const auto rows = pipeline();
  const auto begin = std::ranges::lower_bound(rows, first, {}, &Pass::phase);
  const auto end = std::ranges::upper_bound(rows, last, {}, &Pass::phase);
  return {begin, end};
}

const Pass* find_pass(std::string_view name) {
  const auto rows = pipeline();
  const auto row = std::ranges::find(rows, name, &Pass::name);
  return row == rows.end() ? nullptr : &*row;
}

void ask_for(std::span<const Pass> rows, PassContext& context) {
  for (const Pass& row : rows) {
    if (row.only_if) context.*row.only_if = true;
  }
}

std::string order_fault(std::span<const Pass> rows) {
  for (size_t i = 0; i < rows.size(); ++i) {
    const Pass& row = rows[i];
    if (i > 0 && row.phase < rows[i - 1].phase)
      return fmt::format("{} of phase {} stands behind {} of phase {}", row.name, name(row.phase),
                         rows[i - 1].name, name(rows[i - 1].phase));
    for (const PassFunction need : row.needs) {
      const auto at = std::ranges::find(rows.subspan(i), need, &Pass::run);
      if (need && at != rows.subspan(i).end())
        return fmt::format("{} needs {}, which stands behind it", row.name, at->name);
    }
  }
  return "";
}

}  // namespace linnet::passes
