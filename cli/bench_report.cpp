// Tables and JSON of `linnet bench`.
#include "cli/bench_report.h"

#include "cli/text_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

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
  std::string text = fmt::format("roofs of one core ({}): FMA {:.1f} GFLOP/s", report.target,
                                 report.roofs.peak_gflops);
  for (const MemoryLevel& level : report.roofs.levels) {
    text +=
        fmt::format(", {}{} {:.1f} GB/s", level.name,
                    level.bytes ? fmt::format(" ({} KiB)", level.bytes >> 10) : "", level.gb_per_s);
  }
  return text + "\n";
}

std::string single_text(const CallTimes& single) {
  std::string text = fmt::format("single calls ({}): p50 {} ns, p99 {} ns, ",
                                 thousands(single.calls), ns_text(single.p50), ns_text(single.p99));
  if (single.p9999) text += fmt::format("p99.99 {} ns, ", ns_text(*single.p9999));
  text += fmt::format("max {} ns, less {:.1f} ns for the clock", ns_text(single.max), single.clock);
  if (!single.p9999) text += fmt::format("; p99.99 takes --calls {}", kCallsOfP9999);
  return text + "\n";
}

std::string interval_text(const Earlier& earlier) {
  if (!earlier.interval) return "";
  return fmt::format("{:.3f} to {:.3f}", earlier.interval->low, earlier.interval->high);
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
  table.row({model, fmt::format("batch {}", batch), ns_text(whole.median), ns_text(single.p99),
             "100", flops ? fmt::format("{:.1f}", gflops(flops, whole.median)) : "", "",
             flops ? "FMA" : "",
             flops ? share_text(gflops(flops, whole.median), roofs.peak_gflops) : "", ""});
  return table.text(terminal_columns()) + single_text(single) + roofs_text(*this);
}

std::string BenchReport::compared_table() const {
  TextTable table(
      {"kernel", "ops", ">old ns", ">new ns", ">ratio", ">95 % interval", "verdict", "content"});
  const auto add = [&](const std::string& name, const std::string& ops,
                       const std::optional<Earlier>& old, double now, const std::string& content) {
    table.row({name, ops, old ? ns_text(old->ns) : "", ns_text(now),
               old && old->ratio > 0 ? fmt::format("{:.3f}", old->ratio) : "",
               old ? interval_text(*old) : "", old ? old->verdict() : "", content});
  };
  for (const KernelRow& row : kernels) {
    add(row.name, row.ops, row.earlier, row.time.median,
        !row.earlier  ? "not there"
        : row.changed ? "changed"
                      : "same");
  }
  if (old_rest_ns) {
    table.row({"rest", "between kernels", ns_text(*old_rest_ns), ns_text(rest_ns), "", "", "", ""});
  }
  table.rule();
  add(model, fmt::format("batch {}", batch), earlier, whole.median, "");
  return table.text(terminal_columns());
}

namespace {

void add_earlier(nlohmann::ordered_json& json, const std::optional<Earlier>& earlier) {
  if (!earlier) return;
  json["old_median_ns"] = earlier->ns;
  if (earlier->ratio > 0) json["ratio"] = earlier->ratio;
  if (!earlier->interval) return;
  json["ratio_interval"] = {earlier->interval->low, earlier->interval->high};
  if (const std::string verdict = earlier->verdict(); !verdict.empty()) json["verdict"] = verdict;
}

}  // namespace

nlohmann::ordered_json BenchReport::json() const {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const KernelRow& row : kernels) {
    const double ns = row.time.median;
    const double rate = gflops(row.flops, ns);
    nlohmann::ordered_json one = {{"name", row.name},
                                  {"hash", row.hash},
                                  {"call", row.call},
                                  {"ops", row.ops},
                                  {"median_ns", ns},
                                  {"p99_ns", row.time.p99},
                                  {"samples_ns", row.time.rounds},
                                  {"flops", row.flops},
                                  {"bytes", row.bytes},
                                  {"gflops", rate},
                                  {"roof_share", rate / roofs.peak_gflops},
                                  {"bound_by", row.bound.roof},
                                  {"bound_ns", row.bound.ns},
                                  {"bound_share", ns > 0 ? row.bound.ns / ns : 0}};
    add_earlier(one, row.earlier);
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
                                 {"samples_ns", whole.rounds},
                                 {"calls", single.calls},
                                 {"clock_ns", single.clock},
                                 {"p50_ns", single.p50},
                                 {"p99_ns", single.p99},
                                 {"p9999_ns", nullptr},
                                 {"max_ns", single.max},
                                 {"flops", flops},
                                 {"peak_gflops", roofs.peak_gflops},
                                 {"memory", memory},
                                 {"kernels", list},
                                 {"rest_ns", rest_ns}};
  if (single.p9999) json["p9999_ns"] = *single.p9999;
  add_earlier(json, earlier);
  return json;
}

}  // namespace linnet::cli
