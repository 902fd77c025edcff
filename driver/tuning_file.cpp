// --tuning F: its text into the source manager, its schedules to the passes.
#include "driver/tuning_file.h"

#include "base/io/file.h"
#include "passes/passes.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::driver {
namespace {

constexpr int64_t kMostBytes = 64 << 20;

}  // namespace

bool TuningFile::open(std::span<const passes::Pass> rows, const PassOptions& options,
                      passes::PassContext& context, const Host& host) {
  const auto chooses = [](const passes::Pass& row) { return row.run == passes::choose_schedules; };
  if (options.tuning.empty() || context.tuning || std::ranges::none_of(rows, chooses)) return true;
  tuning_ = read_tuning(options.tuning, host);
  if (!tuning_) return false;
  path_ = options.tuning;
  target_ = context.target.name;
  context.tuning = &*tuning_;
  return true;
}

void TuningFile::report_unmatched(const Host& host) const {
  if (!tuning_ || !tuning_->asked) return;
  size_t unmatched = 0, elsewhere = 0;
  for (const auto& [key, line] : tuning_->lines()) {
    if (line.matched) continue;
    ++unmatched;
    if (key.first != target_) ++elsewhere;
  }
  if (unmatched == 0) return;
  const size_t all = tuning_->lines().size();
  std::string text = fmt::format("{}: {} of {} {} match{} no kernel", path_, unmatched, all,
                                 all == 1 ? "schedule" : "schedules", unmatched == 1 ? "es" : "");
  if (elsewhere != 0) text += fmt::format(" ({} for targets other than {})", elsewhere, target_);
  host.diagnostics.report({.severity = Severity::kRemark, .place = {}, .message = std::move(text)});
}

std::optional<passes::Tuning> read_tuning(const std::string& path, const Host& host) {
  const auto bytes = read_file(path, kMostBytes);
  if (!bytes) {
    host.error("--tuning " + bytes.error().message, bytes.error().status);
    return std::nullopt;
  }
  const uint32_t file = host.sources.add(path, std::string(bytes->begin(), bytes->end()));
  return passes::Tuning::read(file, host.diagnostics);
}

}  // namespace linnet::driver
