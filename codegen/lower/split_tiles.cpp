// The loop of a kernel whose iterations are shared among threads.
#include "codegen/lower/split_tiles.h"

#include <map>
#include <optional>

namespace linnet::codegen {
namespace {

using Halide::Func;
using Halide::Var;
using Halide::Internal::Dim;

// Iterations from which the last ones to be done are little beside the rest, for a handful of
// threads; and from which calling each costs more than it does.
constexpr int64_t kFew = 16;
constexpr int64_t kMany = 256;

// Iterations of the output's loops, by their names; those of a loop that is not there are unknown.
std::map<std::string, int64_t> iterations(const Func& output) {
  std::map<std::string, int64_t> counts;
  const auto constant = [](const Halide::Expr& e) -> std::optional<int64_t> {
    return Halide::Internal::as_const_int(Halide::Internal::simplify(e));
  };
  const auto& function = output.function();
  for (const auto& bound : function.schedule().bounds()) {
    if (const auto extent = bound.extent.defined() ? constant(bound.extent) : std::nullopt)
      counts[bound.var] = *extent;
  }
  for (const auto& split : function.definition().schedule().splits()) {
    using Halide::Internal::Split;
    if (!counts.contains(split.old_var)) continue;
    const int64_t whole = counts.at(split.old_var);
    const auto factor = split.factor.defined() ? constant(split.factor) : std::nullopt;
    if (split.split_type == Split::SplitVar && factor) {
      counts[split.inner] = *factor;
      counts[split.outer] = (whole + *factor - 1) / *factor;
    } else if (split.split_type == Split::RenameVar) {
      counts[split.outer] = whole;
    }
  }
  return counts;
}

// "n" of "n.n".
std::string own_name(const Dim& loop) {
  return loop.var.substr(loop.var.rfind('.') + 1);
}

// Is something computed or stored once for each iteration of this loop?
bool is_level(const Func& output, const std::string& loop) {
  for (const auto& [name, function] : Halide::Internal::find_transitive_calls(output.function())) {
    for (Halide::LoopLevel level :
         {function.schedule().compute_level(), function.schedule().store_level()}) {
      level.lock();  // nobody moves it any more
      if (level.defined() && !level.is_inlined() && !level.is_root() &&
          level.match(output.name() + ".s0." + loop))
        return true;
    }
  }
  return false;
}

}  // namespace

void split_tiles(Func& output) {
  if (output.has_update_definition()) return;
  const auto counts = iterations(output);
  // Innermost first; the last is Halide's own, which runs once.
  const std::vector<Dim> loops = output.function().definition().schedule().dims();
  const auto count = [&](size_t loop) {
    const auto known = counts.find(loops[loop].var);
    const bool plain = loops[loop].for_type == Halide::Internal::ForType::Serial;
    return plain && known != counts.end() ? known->second : 0;
  };
  size_t at = loops.size() - 1;
  do {
    if (at-- == 0) return;
  } while (count(at) == 1);
  int64_t tiles = count(at);
  if (tiles == 0) return;
  // Few iterations: those of the next loop count too, unless something is done between the two.
  while (tiles < kFew && at > 0 && count(at - 1) > 0 && !is_level(output, loops[at].var)) {
    const Var inner(own_name(loops[at - 1]));
    output.fuse(inner, Var(own_name(loops[at])), inner);
    tiles *= count(--at);
  }
  const Var loop(own_name(loops[at]));
  if (tiles < kMany) {
    output.parallel(loop);
    return;
  }
  // Many: runs of them. What is computed for each stays where it is.
  const Var run("run");
  const auto length = static_cast<int>((tiles + kMany / 2 - 1) / (kMany / 2));
  output.split(loop, run, loop, length, Halide::TailStrategy::GuardWithIf).parallel(run);
}

}  // namespace linnet::codegen
