// Words for where a kernel's time goes.
#include "codegen/inspect/verdict.h"

#include "ir/op_def.h"
#include "passes/schedule/families.h"
#include "passes/schedule/narrowing.h"

#include <fmt/format.h>

namespace linnet::codegen {
namespace {

constexpr const char* kFma = "FMA";
// A kernel at this share of its roof is as fast as can be expected.
constexpr double kGood = 0.75;
// Below this share of the call's time nothing is gained by it.
constexpr double kNothing = 0.01;
// Loads for a multiply-add from which loads, and not multiply-adds, are what the ports do.
constexpr double kManyLoads = 1;
// A kernel that takes so long is worth threads, if it has no tiles to share yet.
constexpr double kWorthThreads = 20e3;

std::string bytes_text(int64_t bytes) {
  if (bytes < 10'000) return fmt::format("{} B", bytes);
  const auto count = static_cast<double>(bytes);
  return bytes < 10'000'000 ? fmt::format("{:.0f} kB", count / 1e3)
                            : fmt::format("{:.0f} MB", count / 1e6);
}

std::string percent(double share) {
  return fmt::format("{:.{}f} %", 100 * share, share < 0.095 ? 1 : 0);
}

std::string ns_text(double ns) {
  return ns < 10'000 ? fmt::format("{:.0f} ns", ns) : fmt::format("{:.0f} µs", ns / 1e3);
}

class Verdict {
public:
  explicit Verdict(const VerdictInput& input) : in_(input) {}

  std::string text() const {
    if (!in_.ns || *in_.ns <= 0) return unmeasured();
    if (in_.share < kNothing)
      return percent(in_.share) + " of the call's time: nothing to gain here";
    if (in_.roof.empty() || in_.bound_ns <= 0) return "no roof is known" + with(": ", loop());
    const double attained = in_.bound_ns / *in_.ns;
    return in_.roof == kFma ? arithmetic(attained) : memory(attained);
  }

private:
  static std::string with(const std::string& before, const std::string& text) {
    return text.empty() ? "" : before + text;
  }

  std::string unmeasured() const {
    std::string text = "not measured";
    if (!in_.roof.empty() && in_.bound_ns > 0)
      text += fmt::format("; at least {} by {}", ns_text(in_.bound_ns),
                          in_.roof == kFma ? "its multiply-adds" : what_moves());
    return text + with("; ", loop());
  }

  // "weights 808 kB", or all that it touches.
  std::string what_moves() const {
    const bool weights = 2 * in_.weight_bytes > in_.bytes;
    return (weights ? "weights " : "") + bytes_text(weights ? in_.weight_bytes : in_.bytes) +
           (in_.gb_per_s > 0 ? fmt::format(" from {} at {:.0f} GB/s", in_.roof, in_.gb_per_s) : "");
  }

  std::string memory(double attained) const {
    if (attained >= kGood)
      return fmt::format("waits for {}: {}{}", in_.roof, what_moves(), with("; ", lighter()));
    return fmt::format("{} of what {} would give{}{}", percent(attained), in_.roof,
                       with(": ", loop()), with("; ", lighter().empty() ? faster() : lighter()));
  }

  std::string arithmetic(double attained) const {
    std::string text = percent(attained) + " of FMA peak";
    if (attained >= kGood) return text + with(": ", tile()) + with("; ", shared());
    return text + with(": ", loop()) + with("; ", faster());
  }

  [[nodiscard]] bool has_fmas() const { return in_.hot && in_.hot->fmas > 0; }

  // "20 sums in registers, port Zn4FP01 is full".
  std::string tile() const {
    if (!has_fmas()) return "";
    std::string text = fmt::format("{} of {} vector registers hold sums", in_.hot->sums,
                                   in_.target.info.vector_registers);
    if (in_.hot->vector_bits < 8 * in_.target.info.vector_bytes) text = scalar();
    if (in_.hot->cost && in_.hot->cost->bottleneck.starts_with("port"))
      text += fmt::format(", {} is full", in_.hot->cost->bottleneck);
    return text;
  }

  std::string scalar() const {
    return fmt::format("it computes in {} of {} bits", in_.hot->vector_bits,
                       8 * in_.target.info.vector_bytes);
  }

  // What its hot loop is busy with.
  std::string loop() const {
    if (!in_.hot) return "";
    const HotLoop& hot = *in_.hot;
    if (hot.spills > 0)
      return fmt::format("{} of its loop's instructions save or restore registers", hot.spills);
    if (in_.flops > 0 && hot.vector_bits > 0 && hot.vector_bits < 8 * in_.target.info.vector_bytes)
      return scalar();
    if (const auto loads = hot.loads_per_fma(); loads && *loads > kManyLoads)
      return fmt::format("its loop spends {:.2g} loads for each FMA", *loads);
    if (hot.cost && hot.cost->bottleneck == "front end")
      return fmt::format("its loop is bound by decoding: {} instructions for {} FLOPs",
                         hot.instructions, hot.flops);
    if (hot.cost && hot.cost->bottleneck.starts_with("latency"))
      return fmt::format("its loop waits for the {}", hot.cost->bottleneck);
    if (hot.cost)
      return fmt::format("its loop takes {:.3g} cycles: {}", hot.cost->cycles,
                         hot.cost->bottleneck);
    return tile();
  }

  // Fewer bytes.
  std::string lighter() const {
    if (in_.training || 2 * in_.weight_bytes <= in_.bytes) return "";
    std::string text;
    if (passes::not_worth_narrowing(in_.kernel, in_.all_weight_bytes, in_.target.info).empty())
      text = "--weights-dtype bf16 would halve it";
    if (in_.takes_batches && in_.batch == 1)
      text += with(text.empty() ? "" : ", ", "--batch reads it once for several samples");
    return text;
  }

  // Another schedule.
  std::string faster() const {
    if (!in_.kernel.schedule) return "";
    const bool alone = in_.kernel.schedule->family == passes::kGeneric;
    if (alone && in_.flops > 0) return "no family but generic takes it";
    if (passes::family(in_.kernel.schedule->family).keys.empty()) return shared();
    return in_.training ? shared() : "linnet tune tries other schedules";
  }

  std::string shared() const {
    if (in_.threads > 1 || in_.training || *in_.ns < kWorthThreads || !in_.kernel.schedule ||
        !in_.target.makes(kExecutable) || passes::scratch_bytes(in_.kernel) > 0)
      return "";
    return "--threads shares its tiles";
  }

  const VerdictInput& in_;
};

}  // namespace

std::string verdict(const VerdictInput& input) {
  return Verdict(input).text();
}

}  // namespace linnet::codegen
