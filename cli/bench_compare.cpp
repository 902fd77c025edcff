// linnet bench --compare OLD.json, --threshold.
#include "base/io/file.h"
#include "cli/bench_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace linnet::cli {
namespace {

using nlohmann::json;

std::optional<double> number(const json& object, const char* key) {
  const auto at = object.find(key);
  if (at == object.end() || !at->is_number()) return std::nullopt;
  return at->get<double>();
}

std::string text(const json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : "";
}

std::vector<double> rounds_of(const json& object) {
  const auto at = object.find("samples_ns");
  return at == object.end() ? std::vector<double>() : at->get<std::vector<double>>();
}

// The call or a kernel, as far as comparing takes it.
bool is_timed(const json& object) {
  if (!object.is_object() || !number(object, "median_ns")) return false;
  const auto at = object.find("samples_ns");
  return at == object.end() || (at->is_array() && std::ranges::all_of(*at, [](const json& round) {
                                  return round.is_number();
                                }));
}

bool is_report(const json& report) {
  return is_timed(report) && report.contains("kernels") && report["kernels"].is_array() &&
         std::ranges::all_of(report["kernels"], is_timed);
}

Earlier earlier_than(const json& old, const Timing& now) {
  Earlier result;
  result.ns = *number(old, "median_ns");
  if (result.ns > 0) result.ratio = now.median / result.ns;
  result.interval = ratio_interval(rounds_of(old), now.rounds);
  return result;
}

}  // namespace

std::string Earlier::verdict() const {
  if (!interval) return "";
  return interval->low > 1 ? "slower" : interval->high < 1 ? "faster" : "";
}

OldReport::OldReport(std::string path, nlohmann::json json)
    : path_(std::move(path)), json_(std::move(json)), rounds_(rounds_of(json_).size()) {}

std::optional<OldReport> OldReport::read(Session& session, const std::string& path) {
  const auto bytes = read_file(path);
  if (!bytes) {
    session.error(bytes.error().message, bytes.error().status);
    return std::nullopt;
  }
  auto json = nlohmann::json::parse(bytes->begin(), bytes->end(), nullptr, false);
  if (!is_report(json)) {
    session.error(path + ": not what 'linnet bench --json' prints", Status::kBadInput,
                  "make it with: linnet bench MODEL --json > " + path);
    return std::nullopt;
  }
  return OldReport(path, std::move(json));
}

void OldReport::warn(Session& session, const BenchReport& report) const {
  const auto warning = [&](const std::string& message, const std::string& remedy = "") {
    session.diagnostics.report({.severity = Severity::kWarning,
                                .place = {std::nullopt, path_},
                                .message = message,
                                .remedy = remedy});
  };
  const auto differs = [&](const std::string& what, const std::string& old,
                           const std::string& now) {
    if (old != now && !old.empty()) warning(fmt::format("is of {} {}, this of {}", what, old, now));
  };
  differs("model", text(json_, "model"), report.model);
  differs("target", text(json_, "target"), report.target);
  if (const auto batch = number(json_, "batch"))
    differs("batch", fmt::format("{:.0f}", *batch), fmt::format("{}", report.batch));
  if (has_rounds()) return;
  warning(rounds_ == 0 ? "an older linnet wrote it, without the rounds: medians are compared, and "
                         "there is no interval"
                       : fmt::format("has {} rounds of the {} that an interval takes: medians are "
                                     "compared",
                                     rounds_, kFewestRounds),
          "make it again with: linnet bench MODEL --json > " + path_);
}

void OldReport::compare(BenchReport& report) const {
  report.earlier = earlier_than(json_, report.whole);
  report.old_rest_ns = number(json_, "rest_ns");
  std::map<std::string, std::vector<const json*>> old;  // by name, in order
  for (const json& kernel : json_["kernels"])
    old[text(kernel, "name")].push_back(&kernel);
  std::map<std::string, size_t> seen;
  for (KernelRow& row : report.kernels) {
    const size_t nth = seen[row.name]++;
    const auto at = old.find(row.name);
    if (at == old.end() || nth >= at->second.size()) continue;
    row.earlier = earlier_than(*at->second[nth], row.time);
    row.changed = text(*at->second[nth], "hash") != row.hash;
  }
}

std::string beyond_threshold(const BenchReport& report, double percent) {
  if (!report.earlier || !report.earlier->interval) return "";
  const Earlier& old = *report.earlier;
  if (old.interval->low <= 1 + percent / 100) return "";
  return fmt::format("the call takes {:.2f} times as long as before (95 % interval {:.2f} to "
                     "{:.2f}): beyond --threshold {:g}",
                     old.ratio, old.interval->low, old.interval->high, percent);
}

}  // namespace linnet::cli
