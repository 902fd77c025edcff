// Weighs the loops of a kernel by their arithmetic and how often they run.
#include "codegen/inspect/hot_loop.h"

#include "codegen/inspect/arithmetic.h"
#include "codegen/inspect/loop_cost.h"

#include <algorithm>
#include <set>
#include <utility>

namespace linnet::codegen {
namespace {

// A loop whose count is not known is taken for one of so many iterations.
constexpr double kUnknownCount = 8;

struct Weighed {
  CodeRange range;
  bool loops = false;
  std::optional<int64_t> count;
  double operations = 0, instructions = 0;  // of a call

  [[nodiscard]] bool lighter_than(const Weighed& other) const {
    return std::pair(operations, instructions) < std::pair(other.operations, other.instructions);
  }
};

class Weigher {
public:
  Weigher(const MachineCode& code, const Machine& machine, const OptimizedModule::Counts& counts)
      : code_(code), machine_(machine), counts_(counts), each_(code.lines.size()) {
    VectorLength length;
    for (size_t i = 0; i < code.lines.size(); ++i) {
      const CodeLine& line = code.lines[i];
      if (const auto set = vector_length(line.text)) length = *set;
      if (!line.instructions.empty())
        each_[i] = arithmetic_of(line.text, machine.target.record.architecture, length);
    }
  }

  // Every innermost loop, and of what lies around these each straight piece.
  std::optional<Weighed> heaviest() const {
    std::optional<Weighed> best;
    const auto weigh = [&](const CodeRange& range, bool loops) {
      const Weighed one = weighed(range, loops);
      if (one.instructions > 0 && (!best || best->lighter_than(one))) best = one;
    };
    std::vector<CodeRange> innermost;
    for (const CodeRange& loop : code_.loops) {
      const bool nested = std::ranges::any_of(code_.loops, [&](const CodeRange& other) {
        return other != loop && loop.contains(other);
      });
      if (!nested) innermost.push_back(loop);
    }
    for (const CodeRange& loop : innermost)
      weigh(loop, true);
    for (const CodeRange& block : code_.blocks) {
      const bool inside = std::ranges::any_of(
          innermost, [&](const CodeRange& loop) { return loop.contains(block); });
      if (!inside) weigh(block, false);
    }
    return best;
  }

  HotLoop described(const Weighed& chosen) const {
    HotLoop hot;
    hot.loops = chosen.loops;
    hot.first = static_cast<int64_t>(chosen.range.first);
    hot.last = static_cast<int64_t>(chosen.range.last);
    hot.iterations = chosen.count;
    std::set<std::string_view> sums;
    for (size_t i = chosen.range.first; i <= chosen.range.last; ++i) {
      const CodeLine& line = code_.lines[i];
      if (each_[i].fma) {
        ++hot.fmas;
        sums.insert(destination(line.text, machine_.target.record.architecture));
      }
      hot.flops += each_[i].flops;
      hot.vector_bits = std::max(hot.vector_bits, each_[i].vector_bits);
      hot.spills += line.spills ? 1 : 0;
      for (const llvm::MCInst& one : line.instructions) {
        const llvm::MCInstrDesc& what = machine_.instructions->get(one.getOpcode());
        ++hot.instructions;
        if (what.isCall() || what.isReturn()) continue;
        hot.loads += what.mayLoad() ? 1 : 0;
        hot.stores += what.mayStore() ? 1 : 0;
      }
    }
    hot.sums = static_cast<int64_t>(sums.size());
    return hot;
  }

private:
  // Of a range's first block that LLVM names, in the function that it stands in.
  std::optional<std::optional<int64_t>> known_count(const CodeRange& range) const {
    std::string function;
    for (size_t i = 0; i <= range.last; ++i) {
      const CodeLine& line = code_.lines[i];
      if (is_function(line.label)) function = line.label;
      if (line.label.starts_with('_') && is_function(line.label.substr(1)))  // Mach-O
        function = line.label.substr(1);
      if (i < range.first || line.block.empty()) continue;
      const auto found = counts_.find({function, line.block});
      if (found != counts_.end()) return found->second;
    }
    return std::nullopt;
  }
  bool is_function(const std::string& label) const {
    const auto at = counts_.lower_bound({label, ""});
    return !label.empty() && at != counts_.end() && at->first.first == label;
  }

  Weighed weighed(const CodeRange& range, bool loops) const {
    Weighed one{range, loops, std::nullopt};
    if (const auto known = known_count(range)) one.count = *known;
    double times = 1;
    if (one.count) {
      times = static_cast<double>(*one.count);
    } else {
      for (const CodeRange& loop : code_.loops)
        times *= loop.contains(range) ? kUnknownCount : 1;
    }
    for (size_t i = range.first; i <= range.last; ++i) {
      one.operations += times * static_cast<double>(each_[i].operations);
      one.instructions += times * static_cast<double>(code_.lines[i].instructions.size());
    }
    return one;
  }

  const MachineCode& code_;
  const Machine& machine_;
  const OptimizedModule::Counts& counts_;
  std::vector<Arithmetic> each_;  // of each line
};

}  // namespace

std::optional<HotLoop> hot_loop(const MachineCode& code, const Machine& machine,
                                const OptimizedModule::Counts& counts) {
  if (!code.fault.empty()) return std::nullopt;
  const Weigher weigher(code, machine, counts);
  const auto chosen = weigher.heaviest();
  if (!chosen) return std::nullopt;
  HotLoop hot = weigher.described(*chosen);
  FoundCost found = loop_cost(code, chosen->range, machine);
  hot.cost = std::move(found.cost);
  hot.no_cost = std::move(found.fault);
  return hot;
}

std::optional<double> HotLoop::loads_per_fma() const {
  if (fmas == 0) return std::nullopt;
  return static_cast<double>(loads) / static_cast<double>(fmas);
}

}  // namespace linnet::codegen
