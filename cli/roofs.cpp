// Roofs of this machine, and those above a kernel (Williams, Waterman, Patterson: Roofline, 2009).
#include "cli/roofs.h"

#include "base/integers.h"
#include "cli/bench_call.h"
#include "codegen/cache/cache.h"
#include "codegen/cache/hash.h"
#include "codegen/check/peak.h"
#include "ir/loop.h"
#include "ir/op_def.h"
#include "ir/summary.h"
#include "passes/lib/view_root.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <unistd.h>

namespace linnet::cli {
namespace {

constexpr const char* kFma = "FMA";
constexpr int64_t kPeakSteps = 4096;
constexpr int64_t kRounds = 15;
// Beyond it a buffer is more than any core's share of the last cache, and takes long to fill.
constexpr int64_t kLargest = int64_t{256} << 20;
constexpr int64_t kSoonRead = 4 << 20;

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// "model name : AMD EPYC 9B45", family and stepping.
std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  std::string text;
  for (std::string line; std::getline(file, line) && !line.empty();) {
    for (const char* key : {"vendor_id", "cpu family", "model", "stepping"}) {
      if (line.starts_with(key)) text += line + "\n";
    }
  }
  return text;
}

// What the system says of the caches of the first core. sysconf() asks the CPU, which in a virtual
// machine tells of caches shared with others.
std::vector<MemoryLevel> memory_levels() {
  std::vector<MemoryLevel> levels = {
      {"L1", sysconf(_SC_LEVEL1_DCACHE_SIZE), 0},
      {"L2", sysconf(_SC_LEVEL2_CACHE_SIZE), 0},
      {"L3", sysconf(_SC_LEVEL3_CACHE_SIZE), 0},
  };
  for (int index = 0; index < 8; ++index) {
    const std::string folder = fmt::format("/sys/devices/system/cpu/cpu0/cache/index{}/", index);
    const std::string level = first_line(folder + "level"), type = first_line(folder + "type");
    const std::string size = first_line(folder + "size");  // "48K"
    if (level.empty() || size.empty() || type == "Instruction") continue;
    const int64_t unit = size.back() == 'K' ? 1 << 10 : size.back() == 'M' ? 1 << 20 : 1;
    for (MemoryLevel& known : levels) {
      if (known.name == "L" + level) known.bytes = std::strtoll(size.c_str(), nullptr, 10) * unit;
    }
  }
  std::erase_if(levels, [](const MemoryLevel& level) { return level.bytes <= 0; });
  levels.push_back({"DRAM", 0, 0});
  return levels;
}

// A busy neighbour makes a roof too low, and nothing makes one too high: the highest is kept.
void measure_peak(const codegen::Target& target, double& gflops) {
  const codegen::PeakLoop peak(target);
  gflops = std::max(gflops, static_cast<double>(peak.flops(kPeakSteps)) /
                                least_ns([&] { peak.run(kPeakSteps); }, kRounds));
}

// Half of what a level holds, and of the last one four times what the caches hold. What is known
// and would take long is not measured again.
void measure_levels(Session& session, const codegen::Target& target,
                    std::vector<MemoryLevel>& levels) {
  const codegen::ReadLoop loop(target);
  for (size_t i = 0; i < levels.size(); ++i) {
    const int64_t below = i == 0 ? 0 : levels[i - 1].bytes;
    int64_t bytes = levels[i].bytes > 0 ? std::max(levels[i].bytes / 2, below + below / 2)
                                        : std::max<int64_t>(4 * below, 64 << 20);
    bytes = std::clamp<int64_t>(round_down(bytes, codegen::ReadLoop::kStep),
                                codegen::ReadLoop::kStep, kLargest);
    if (levels[i].gb_per_s > 0 && bytes > kSoonRead) continue;
    const driver::AlignedBytes memory(static_cast<size_t>(bytes));
    std::memset(memory.data(), 1, static_cast<size_t>(bytes));  // pages of its own
    const bool slow = levels[i].bytes == 0;
    levels[i].gb_per_s =
        std::max(levels[i].gb_per_s,
                 static_cast<double>(bytes) /
                     least_ns([&] { loop.run(memory.data(), bytes); }, slow ? 7 : kRounds));
    session.progress.done(i + 2);  // the peak was the first
  }
}

std::optional<codegen::Cache> open_cache(const driver::Options& build) {
  if (build.no_cache) return std::nullopt;
  auto cache = build.cache.empty() ? codegen::Cache::open_own() : codegen::Cache::open(build.cache);
  if (!cache) return std::nullopt;  // compiling has said why
  return std::optional<codegen::Cache>(std::move(*cache));
}

// {"FMA": 120.5, "L1": 312.5, …}: GFLOP/s, GB/s.
nlohmann::ordered_json roofs_json(const Roofs& roofs) {
  nlohmann::ordered_json json = {{kFma, roofs.peak_gflops}};
  for (const MemoryLevel& level : roofs.levels)
    json[level.name] = level.gb_per_s;
  return json;
}

bool read_roofs(const std::string& text, Roofs& roofs) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return false;
  const auto read = [&](const std::string& name, double& value) {
    const auto at = json.find(name);
    if (at == json.end() || !at->is_number() || !(at->get<double>() > 0)) return false;
    value = at->get<double>();
    return true;
  };
  return read(kFma, roofs.peak_gflops) &&
         std::ranges::all_of(roofs.levels,
                             [&](MemoryLevel& level) { return read(level.name, level.gb_per_s); });
}

// What an operand or result of a call is in memory.
using Place = std::pair<ir::Memory, int64_t>;

Place place_of(const ir::Graph& graph, ir::ValueId id) {
  const ir::Value& value = graph.value(id);
  if (value.storage && value.storage->memory != ir::Memory::kConstant)
    return {value.storage->memory, value.storage->offset};
  return {ir::Memory::kConstant, passes::view_root(graph, id).index};
}

using Touched = std::map<Place, int64_t>;  // bytes

Touched touched(const ir::Graph& graph, const ir::Node& call) {
  Touched all;
  const auto add = [&](ir::ValueId id) {
    if (!id) return;
    int64_t& bytes = all[place_of(graph, id)];
    bytes = std::max(bytes, graph.value(id).type.stored_bytes());
  };
  std::ranges::for_each(call.operands, add);
  std::ranges::for_each(call.results, add);
  return all;
}

// Bytes of different places touched from step `at` back to where `place` was touched before, as
// one call follows another.
int64_t distance(const std::vector<Touched>& steps, size_t at, const Place& place) {
  std::map<Place, int64_t> between = steps[at];
  for (size_t back = 1; back < steps.size(); ++back) {
    const Touched& step = steps[(at + steps.size() - back) % steps.size()];
    if (step.contains(place)) break;
    for (const auto& [other, bytes] : step) {
      int64_t& known = between[other];
      known = std::max(known, bytes);
    }
  }
  int64_t sum = 0;
  for (const auto& [other, bytes] : between)
    sum += bytes;
  return sum;
}

}  // namespace

Roofs measure_roofs(Session& session, const codegen::Target& target, const driver::Options& build) {
  Roofs roofs;
  roofs.levels = memory_levels();
  std::string known_by = "roofs 5\n" + cpu_model();
  for (const MemoryLevel& level : roofs.levels)
    known_by += fmt::format("{} {}\n", level.name, level.bytes);
  known_by += fmt::format("{} {} lanes{}\n", target.record.name, target.info.lanes(sizeof(float)),
                          target.exact_fma ? " exact" : "");
  const std::string key = codegen::sha256(known_by);
  auto cache = open_cache(build);
  const auto kept = cache ? cache->find(key) : std::nullopt;
  if (!kept || !read_roofs(*kept, roofs)) {
    roofs.peak_gflops = 0;
    for (MemoryLevel& level : roofs.levels)
      level.gb_per_s = 0;
  }
  const Working working(session, "measuring the roofs", roofs.levels.size() + 1);
  measure_peak(target, roofs.peak_gflops);
  measure_levels(session, target, roofs.levels);
  const std::string text = roofs_json(roofs).dump();
  if (cache && text != kept) cache->store(key, text);
  return roofs;
}

std::vector<Bound> bounds(const ir::Module& module, const ir::Graph& graph, const Roofs& roofs) {
  const std::vector<const ir::Node*> calls = ir::calls_of(graph);
  std::vector<Touched> steps;
  for (const ir::Node* call : calls)
    steps.push_back(touched(graph, *call));
  std::vector<Bound> all;
  for (size_t i = 0; i < steps.size(); ++i) {
    const ir::Graph& kernel = called(module, *calls[i]);
    const bool f64 = ir::computes_in_f64(kernel);
    std::vector<double> level_ns(roofs.levels.size(), 0);
    for (const auto& [place, bytes] : steps[i]) {
      const int64_t far = distance(steps, i, place);
      size_t level = 0;
      while (level + 1 < roofs.levels.size() && roofs.levels[level].bytes < far)
        ++level;
      level_ns[level] += static_cast<double>(bytes) / roofs.levels[level].gb_per_s;
    }
    double memory_ns = 0;
    for (double ns : level_ns)
      memory_ns += ns;
    const double fma_ns =
        static_cast<double>(call_flops(module, *calls[i])) / roofs.peak_gflops * (f64 ? 2 : 1);
    const auto slowest = static_cast<size_t>(std::ranges::max_element(level_ns) - level_ns.begin());
    all.push_back(fma_ns >= memory_ns ? Bound{kFma, fma_ns}
                                      : Bound{roofs.levels[slowest].name, memory_ns});
  }
  return all;
}

const ir::Graph& called(const ir::Module& module, const ir::Node& node) {
  return node.op == &ir::ops::loop ? ir::body_of(module, node) : *module.kernel(node.callee);
}

int64_t call_flops(const ir::Module& module, const ir::Node& node) {
  const ir::Graph& graph = called(module, node);
  if (node.op == &ir::ops::call) return kernel_flops(graph);
  int64_t flops = 0;
  for (const ir::Node& inner : graph.nodes()) {
    if (inner.op == &ir::ops::call) flops += kernel_flops(*module.kernel(inner.callee));
  }
  return flops * ir::loop_of(node).steps;
}

int64_t kernel_flops(const ir::Graph& kernel) {
  int64_t flops = 0;
  for (const ir::Node& node : kernel.nodes())
    flops += 2 * ir::multiply_adds(kernel, node);
  return flops;
}

int64_t call_bytes(const ir::Graph& graph, const ir::Node& node) {
  int64_t bytes = 0;
  for (const auto* ids : {&node.operands, &node.results}) {
    for (const ir::ValueId id : *ids) {
      if (id) bytes += graph.value(id).type.stored_bytes();
    }
  }
  return bytes;
}

}  // namespace linnet::cli
