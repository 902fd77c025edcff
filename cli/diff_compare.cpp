// Compares two reports but for the structure of their models and for values.
#include "cli/diff.h"

#include "support/text.h"

#include <algorithm>
#include <set>

namespace linnet::cli {
namespace {

using Json = nlohmann::ordered_json;
using Kernel = ReadReport::Kernel;
using Call = ReadReport::Call;

void add(std::vector<Change>& changes, std::string name, Json a, Json b) {
  if (a != b) changes.push_back({std::move(name), std::move(a), std::move(b)});
}

std::vector<Change> settings_diff(const ReadReport& a, const ReadReport& b) {
  std::vector<Change> changes;
  add(changes, "linnet", a.linnet, b.linnet);
  add(changes, "model", a.model, b.model);
  add(changes, "weights", a.weights, b.weights);
  add(changes, "target", a.target, b.target);
  add(changes, "CPU", a.cpu, b.cpu);
  add(changes, "vector bits", a.vector_bits, b.vector_bits);
  add(changes, "batch", a.batch, b.batch);
  add(changes, "threads", a.threads, b.threads);
  return changes;
}

const ReadReport::Step* step_of(const ReadReport& report, const std::string& pass) {
  const auto at = std::ranges::find(report.steps, pass, &ReadReport::Step::pass);
  return at == report.steps.end() ? nullptr : &*at;
}

// Nodes that the step added or took.
int64_t growth(const ReadReport& report, const ReadReport::Step& step) {
  const auto at = static_cast<size_t>(&step - report.steps.data());
  return at == 0 ? 0 : step.nodes - report.steps[at - 1].nodes;
}

PassesDiff passes_diff(const ReadReport& a, const ReadReport& b) {
  PassesDiff result;
  bool differ = false;
  const auto one_sided = [&](const ReadReport::Step& step, bool of_a) {
    PassDiff row{step.pass, {}, {}, {}, {}};
    (of_a ? row.a_rewrites : row.b_rewrites) = step.rewrites;
    (of_a ? row.a_nodes : row.b_nodes) = step.nodes;
    result.passes.push_back(std::move(row));
  };
  for (const ReadReport::Step& step : a.steps) {
    const ReadReport::Step* other = step_of(b, step.pass);
    if (!other) {
      one_sided(step, true);
      continue;
    }
    const bool now = step.content != other->content;
    if (now && result.first.empty()) result.first = step.pass;
    if (!now && differ) result.same_again = step.pass;
    if (now) result.same_again.clear();
    differ = now;
    if (step.rewrites != other->rewrites || growth(a, step) != growth(b, *other))
      result.passes.push_back(
          {step.pass, step.rewrites, other->rewrites, step.nodes, other->nodes});
  }
  for (const ReadReport::Step& step : b.steps) {
    if (!step_of(a, step.pass)) one_sided(step, false);
  }
  return result;
}

// But for loops, whose figures are of all their kernels together.
std::vector<const Call*> own_calls(const ReadReport& report, const Kernel& kernel) {
  std::vector<const Call*> calls;
  for (const size_t call : kernel.calls) {
    if (!report.calls[call].loop) calls.push_back(&report.calls[call]);
  }
  return calls;
}
// As large as a report's own at most: a file may have any figures in any number.
int64_t plus(int64_t a, int64_t b) {
  return std::min(a + b, kMostInteger);
}
// Of all calls of a kernel; nullopt if it has none of its own.
std::optional<int64_t> sum(const std::vector<const Call*>& calls, int64_t Call::* what) {
  if (calls.empty()) return std::nullopt;
  int64_t total = 0;
  for (const Call* call : calls)
    total = plus(total, call->*what);
  return total;
}

// Which kernel of B does what one of A does: it has the same content, or about the arithmetic and
// the name or most of the nodes, or at least the name.
class KernelPairs {
public:
  KernelPairs(const ReadReport& a, const ReadReport& b, const StructureDiff& structure)
      : a_(a), b_(b), structure_(structure), b_of_(a.kernels.size(), kNone),
        taken_(b.kernels.size()) {
    pair([&](size_t i, size_t k) { return a_.kernels[i].hash == b_.kernels[k].hash ? 1 : 0; });
    const auto named = [&](size_t i, size_t k) {
      return a_.kernels[i].name == b_.kernels[k].name ? 1 : 0;
    };
    pair([&](size_t i, size_t k) { return alike(i, k) ? named(i, k) : 0; });
    pair([&](size_t i, size_t k) { return alike(i, k) ? common_nodes(i, k) : 0; });
    pair(named);
  }
  std::vector<std::pair<size_t, size_t>> pairs() const {
    std::vector<std::pair<size_t, size_t>> list;
    for (size_t i = 0; i < b_of_.size(); ++i) {
      if (b_of_[i] != kNone) list.emplace_back(i, b_of_[i]);
    }
    return list;
  }

private:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  // Each kernel that has none yet gets the one of the highest score above 0.
  template <class Score> void pair(Score&& score) {
    for (size_t i = 0; i < b_of_.size(); ++i) {
      if (b_of_[i] != kNone) continue;
      int64_t most = 0;
      for (size_t k = 0; k < taken_.size(); ++k) {
        const int64_t now = taken_[k] ? 0 : score(i, k);
        if (now > most) b_of_[i] = k;
        most = std::max(most, now);
      }
      if (b_of_[i] != kNone) taken_[b_of_[i]] = true;
    }
  }

  // For a sample and call, within a factor of four, as far as it is known.
  [[nodiscard]] bool alike(size_t i, size_t k) const {
    const auto flops = [](const ReadReport& report, const Kernel& kernel) -> std::optional<double> {
      const auto calls = own_calls(report, kernel);
      const auto total = sum(calls, &Call::flops);
      if (!total) return std::nullopt;
      const auto samples = static_cast<double>(std::max<int64_t>(report.batch, 1));
      return static_cast<double>(*total) / static_cast<double>(calls.size()) / samples;
    };
    const auto x = flops(a_, a_.kernels[i]), y = flops(b_, b_.kernels[k]);
    return !x || !y || std::max(*x, *y) <= 4 * std::min(*x, *y);
  }
  // Places of nodes of one kernel that correspond to nodes of the other.
  [[nodiscard]] int64_t common_nodes(size_t i, size_t k) const {
    std::set<std::string> there;
    for (const size_t place : b_.kernels[k].places)
      there.insert(b_.places[place]);
    int64_t count = 0;
    for (const size_t place : a_.kernels[i].places) {
      const auto at = structure_.places.find(a_.places[place]);
      count += at != structure_.places.end() && there.contains(at->second) ? 1 : 0;
    }
    return count;
  }

  const ReadReport& a_;
  const ReadReport& b_;
  const StructureDiff& structure_;
  std::vector<size_t> b_of_;
  std::vector<bool> taken_;
};

std::optional<double> time(const std::vector<const Call*>& calls) {
  if (calls.empty()) return std::nullopt;
  double total = 0;
  for (const Call* call : calls) {
    if (!call->ns) return std::nullopt;
    total += *call->ns;
  }
  return total;
}

std::optional<double> flops_a_cycle(const ReadReport::HotLoop& hot) {
  if (!hot.cycles || *hot.cycles <= 0) return std::nullopt;
  return static_cast<double>(hot.flops) / *hot.cycles;
}

void compare_hot_loops(const Kernel& a, const Kernel& b, std::vector<Change>& changes) {
  if (!a.hot || !b.hot) {
    if (a.hot || b.hot) add(changes, "hot loop", a.hot ? "yes" : "none", b.hot ? "yes" : "none");
    return;
  }
  const ReadReport::HotLoop &x = *a.hot, &y = *b.hot;
  add(changes, "vector bits", x.vector_bits, y.vector_bits);
  add(changes, "FLOP an iteration", x.flops, y.flops);
  add(changes, "cycles an iteration", or_null(x.cycles), or_null(y.cycles));
  add(changes, "FLOP a cycle", or_null(flops_a_cycle(x)), or_null(flops_a_cycle(y)));
  add(changes, "bound by", x.bottleneck, y.bottleneck);
  add(changes, "loads per FMA", or_null(x.loads_per_fma), or_null(y.loads_per_fma));
  add(changes, "spills", x.spills, y.spills);
}

KernelDiff kernel_diff(const ReadReport& a, const Kernel& x, const ReadReport& b, const Kernel& y) {
  const auto a_calls = own_calls(a, x), b_calls = own_calls(b, y);
  KernelDiff result{x.name, y.name, "", {}, time(a_calls), time(b_calls)};
  std::vector<Change>& changes = result.changes;
  add(changes, "family", x.family, y.family);
  add(changes, "schedule", x.schedule, y.schedule);
  compare_hot_loops(x, y, changes);
  add(changes, "calls", x.calls.size(), y.calls.size());
  add(changes, "FLOPs", or_null(sum(a_calls, &Call::flops)), or_null(sum(b_calls, &Call::flops)));
  add(changes, "bytes", or_null(sum(a_calls, &Call::bytes)), or_null(sum(b_calls, &Call::bytes)));
  add(changes, "code bytes", x.code_bytes, y.code_bytes);
  add(changes, "stack bytes", x.stack_bytes, y.stack_bytes);
  return result;
}

void compare_kernels(const ReadReport& a, const ReadReport& b, Diff& diff) {
  diff.a_kernels = a.kernels.size();
  diff.b_kernels = b.kernels.size();
  diff.paired = KernelPairs(a, b, diff.structure).pairs();
  std::set<size_t> of_a, of_b;
  for (const auto& [i, k] : diff.paired) {
    of_a.insert(i);
    of_b.insert(k);
  }
  size_t next = 0;
  for (size_t i = 0; i < a.kernels.size(); ++i) {
    if (!of_a.contains(i)) {
      diff.kernels.push_back({a.kernels[i].name, "", a.kernels[i].schedule, {}, {}, {}});
      continue;
    }
    const Kernel& x = a.kernels[i];
    const Kernel& y = b.kernels[diff.paired[next++].second];
    KernelDiff one = kernel_diff(a, x, b, y);
    if (one.a_ns && one.b_ns) diff.times_of.push_back(one);
    if (!one.changes.empty() || x.assembly != y.assembly) diff.kernels.push_back(std::move(one));
  }
  for (size_t k = 0; k < b.kernels.size(); ++k) {
    if (!of_b.contains(k))
      diff.kernels.push_back({"", b.kernels[k].name, b.kernels[k].schedule, {}, {}, {}});
  }
}

// Loops by their result.
void add_loop_times(const ReadReport& a, const ReadReport& b, Diff& diff) {
  for (const Call& x : a.calls) {
    const auto y = std::ranges::find_if(
        b.calls, [&](const Call& call) { return call.loop && call.result == x.result; });
    if (!x.loop || y == b.calls.end() || !x.ns || !y->ns) continue;
    const std::string name = "loop of %" + x.result;
    diff.times_of.push_back({name, name, "", {}, x.ns, y->ns});
  }
}

// Times of two machines tell nothing of two models. A report does not name its machine, only the
// sizes of its memory.
void compare_times(const ReadReport& a, const ReadReport& b, Diff& diff) {
  if (!a.whole_ns || !b.whole_ns) {
    diff.times_of.clear();
  } else if (a.level_bytes != b.level_bytes) {
    diff.no_times = "they were measured on different machines";
    diff.times_of.clear();
  } else {
    add_loop_times(a, b, diff);
    diff.times = TimesDiff{*a.whole_ns, *b.whole_ns, *b.whole_ns / std::max(*a.whole_ns, 1e-9),
                           std::max<int64_t>(a.batch, 1), std::max<int64_t>(b.batch, 1)};
  }
}

std::vector<Change> memory_diff(const ReadReport& a, const ReadReport& b) {
  std::vector<Change> changes;
  const auto code = [](const ReadReport& report) {
    int64_t bytes = 0;
    for (const Kernel& kernel : report.kernels)
      bytes = plus(bytes, kernel.code_bytes);
    return bytes;
  };
  add(changes, "arena", a.memory.arena_bytes, b.memory.arena_bytes);
  add(changes, "stack", a.memory.stack_bytes, b.memory.stack_bytes);
  add(changes, "state", a.memory.state_bytes, b.memory.state_bytes);
  add(changes, "constants", a.memory.constant_bytes, b.memory.constant_bytes);
  add(changes, "code of kernels", code(a), code(b));
  return changes;
}

}  // namespace

Diff diff_of(const ReadReport& a, const ReadReport& b) {
  Diff diff;
  diff.settings = settings_diff(a, b);
  diff.structure = structure_diff(a, b);
  diff.passes = passes_diff(a, b);
  compare_kernels(a, b, diff);
  compare_times(a, b, diff);
  diff.memory = memory_diff(a, b);
  return diff;
}

}  // namespace linnet::cli
