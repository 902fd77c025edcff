// Tables and JSON of `linnet bench`, --compare.
#include "cli/bench_report.h"

#include "base/io/file.h"
#include "cli/text_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace linnet::cli {
namespace {

double gflops(int64_t flops, double ns) {
  return ns > 0 ? static_cast<double>(flops) / ns : 0;
}

std::string ns_text(double ns) {
  if (ns > -99.95 && ns < 99.95) return fmt::format("{:.1f}", ns);
  return thousands(static_cast<int64_t>(ns + (ns < 0 ? -0.5 : 0.5)));
}

std::string share_text(double part, double whole) {
  return whole > 0 ? fmt::format("{}", std::lround(100 * part / whole)) : "";
}

std::string roofs_text(const BenchReport& report) {
  std::string text = fmt::format("roofs of one core ({}): {:.1f} GFLOP/s", report.target,
                                 report.roofs.peak_gflops);
  for (const MemoryLevel& level : report.roofs.levels) {
    text +=
        fmt::format(", {}{} {:.1f} GB/s", level.name,
                    level.bytes ? fmt::format(" ({} KiB)", level.bytes >> 10) : "", level.gb_per_s);
  }
  return text + "\n";
}

}  // namespace

bool BenchReport::only(const std::string& kernel) {
  std::erase_if(kernels, [&](const KernelRow& row) { return row.name != kernel; });
  return !kernels.empty();
}

std::string BenchReport::table() const {
  TextTable table({"kernel", "ops", ">median ns", ">p99 ns", ">% of call", ">GFLOP/s", ">bytes",
                   "roof", ">% of roof", "content"});
  for (const KernelRow& row : kernels) {
    const double ns = row.time.median;
    table.row({row.name, row.ops, ns_text(ns), ns_text(row.time.p99), share_text(ns, whole.median),
               row.flops ? fmt::format("{:.1f}", gflops(row.flops, ns)) : "", thousands(row.bytes),
               row.bound.roof, share_text(row.bound.ns, ns), row.hash.substr(0, 8)});
  }
  table.row({"rest", "between kernels", ns_text(rest_ns), "", share_text(rest_ns, whole.median), "",
             "", "", "", ""});
  table.rule();
  table.row({model, fmt::format("batch {}", batch), ns_text(whole.median), ns_text(whole.p99),
             "100", flops ? fmt::format("{:.1f}", gflops(flops, whole.median)) : "", "",
             flops ? "FMA" : "",
             flops ? share_text(gflops(flops, whole.median), roofs.peak_gflops) : "", ""});
  return table.text(terminal_columns()) + roofs_text(*this);
}

std::string BenchReport::compared_table() const {
  TextTable table({"kernel", "ops", ">old ns", ">new ns", ">ratio", "content"});
  const auto add = [&](const std::string& name, const std::string& ops, std::optional<double> old,
                       double now, const std::string& content) {
    table.row({name, ops, old ? ns_text(*old) : "", ns_text(now),
               old && *old > 0 ? fmt::format("{:.2f}", now / *old) : "", content});
  };
  for (const KernelRow& row : kernels) {
    add(row.name, row.ops, row.old_ns, row.time.median,
        !row.old_ns   ? "not there"
        : row.changed ? "changed"
                      : "same");
  }
  if (old_rest_ns) {
    table.row({"rest", "between kernels", ns_text(*old_rest_ns), ns_text(rest_ns), "", ""});
  }
  table.rule();
  add(model, fmt::format("batch {}", batch), old_ns, whole.median, "");
  return table.text(terminal_columns());
}

nlohmann::ordered_json BenchReport::json() const {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  const auto compared = [](nlohmann::ordered_json& json, std::optional<double> old, double now) {
    if (!old) return;
    json["old_median_ns"] = *old;
    if (*old > 0) json["ratio"] = now / *old;
  };
  for (const KernelRow& row : kernels) {
    const double ns = row.time.median;
    const double rate = gflops(row.flops, ns);
    nlohmann::ordered_json one = {{"name", row.name},
                                  {"hash", row.hash},
                                  {"call", row.call},
                                  {"ops", row.ops},
                                  {"median_ns", ns},
                                  {"p99_ns", row.time.p99},
                                  {"flops", row.flops},
                                  {"bytes", row.bytes},
                                  {"gflops", rate},
                                  {"roof_share", rate / roofs.peak_gflops},
                                  {"bound_by", row.bound.roof},
                                  {"bound_ns", row.bound.ns},
                                  {"bound_share", ns > 0 ? row.bound.ns / ns : 0}};
    compared(one, row.old_ns, ns);
    list.push_back(one);
  }
  nlohmann::ordered_json memory = nlohmann::ordered_json::array();
  for (const MemoryLevel& level : roofs.levels) {
    memory.push_back({{"level", level.name}, {"bytes", level.bytes}, {"gb_per_s", level.gb_per_s}});
  }
  nlohmann::ordered_json json = {{"model", model},
                                 {"batch", batch},
                                 {"target", target},
                                 {"median_ns", whole.median},
                                 {"p99_ns", whole.p99},
                                 {"flops", flops},
                                 {"peak_gflops", roofs.peak_gflops},
                                 {"memory", memory},
                                 {"kernels", list},
                                 {"rest_ns", rest_ns}};
  compared(json, old_ns, whole.median);
  return json;
}

bool compare_with(Session& session, const std::string& path, BenchReport& report) {
  const auto bytes = read_file(path);
  if (!bytes) {
    session.error(bytes.error().message, bytes.error().status);
    return false;
  }
  const auto json = nlohmann::json::parse(bytes->begin(), bytes->end(), nullptr, false);
  const auto number = [](const nlohmann::json& object, const char* key) -> std::optional<double> {
    const auto at = object.find(key);
    if (at == object.end() || !at->is_number()) return std::nullopt;
    return at->get<double>();
  };
  const auto text = [](const nlohmann::json& object, const char* key) -> std::string {
    const auto at = object.find(key);
    return at != object.end() && at->is_string() ? at->get<std::string>() : "";
  };
  const bool good = json.is_object() && number(json, "median_ns") && json.contains("kernels") &&
                    json["kernels"].is_array();
  if (!good) {
    session.error(path + ": not what 'linnet bench --json' prints", Status::kBadInput,
                  "make it with: linnet bench MODEL --json > " + path);
    return false;
  }
  const auto differs = [&](const std::string& what, const std::string& old,
                           const std::string& now) {
    if (old == now || old.empty()) return;
    session.diagnostics.report({.severity = Severity::kWarning,
                                .place = {std::nullopt, path},
                                .message = fmt::format("is of {} {}, this of {}", what, old, now)});
  };
  differs("model", text(json, "model"), report.model);
  differs("target", text(json, "target"), report.target);
  if (const auto batch = number(json, "batch"))
    differs("batch", fmt::format("{:.0f}", *batch), fmt::format("{}", report.batch));
  report.old_ns = number(json, "median_ns");
  report.old_rest_ns = number(json, "rest_ns");
  std::map<std::string, std::vector<const nlohmann::json*>> old;  // by name, in order
  for (const nlohmann::json& kernel : json["kernels"]) {
    if (kernel.is_object()) old[text(kernel, "name")].push_back(&kernel);
  }
  std::map<std::string, size_t> seen;
  for (KernelRow& row : report.kernels) {
    const size_t nth = seen[row.name]++;
    const auto at = old.find(row.name);
    if (at == old.end() || nth >= at->second.size()) continue;
    row.old_ns = number(*at->second[nth], "median_ns");
    row.changed = text(*at->second[nth], "hash") != row.hash;
  }
  return true;
}

}  // namespace linnet::cli
