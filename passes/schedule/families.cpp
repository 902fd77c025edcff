#include "passes/schedule/families.h"

#include "support/check.h"

#include <algorithm>
#include <array>
#include <string>

namespace linnet::passes {
namespace {

std::vector<ir::Layout> row_major(const ir::Graph& body, const ir::Schedule&) {
  return std::vector<ir::Layout>(body.inputs.size());
}

std::optional<ir::Schedule> choose_generic(const Candidate&) {
  return ir::Schedule{"generic", {}};
}

constexpr std::array kFamilies = std::to_array<Family>({
    {"pooled_rows", choose_pooled_rows, pooled_rows_layouts},
    {"taps", choose_taps, row_major},
    {"rows", choose_rows, row_major},
    {"direct", choose_direct, direct_layouts, Family::Stores::kChannelsLast, true},
    {"depthwise", choose_depthwise, depthwise_layouts, Family::Stores::kChannelsLast, true},
    {"dense", choose_dense, dense_layouts},
    {"gemm", choose_gemm, row_major},
    {"relayout", choose_relayout, row_major},
    {"sums", choose_sums, row_major},
    {"concat", choose_concat, row_major, Family::Stores::kAsRead, true},
    {"scatter", choose_scatter, row_major},
    {"generic", choose_generic, row_major, Family::Stores::kAsRead, true},
});

}  // namespace

std::span<const Family> families() {
  return kFamilies;
}

const Family& family(std::string_view name) {
  const auto at = std::ranges::find(kFamilies, name, &Family::name);
  LINNET_CHECK(at != kFamilies.end(), "no kernel family '" + std::string(name) + "'");
  return *at;
}

ir::Schedule choose_schedule(const Candidate& group) {
  for (const Family& family : families()) {
    if (auto schedule = family.choose(group)) return *std::move(schedule);
  }
  return {"generic", {}};  // the last of them fits everything
}

}  // namespace linnet::passes
