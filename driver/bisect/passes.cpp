// The first guilty row, its first guilty rewrite, and a smaller module ahead of it.
#include "driver/bisect/passes.h"

#include "driver/bisect/shrink.h"
#include "ir/verify.h"
#include "passes/run/run_pipeline.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::driver {
namespace {

using passes::Pass;

constexpr int kMostTries = 600;
constexpr int64_t kMostRewrites = int64_t{1} << 32;

class PassSearch {
public:
  PassSearch(const BisectQuestion& question, const Judge& judge, WhichInputs which,
             double tolerance, BisectAnswer& answer)
      : q_(question), judge_(judge), which_(which), tolerance_(tolerance), answer_(answer) {}

  bool run() {
    tell("values after each pass");
    SharedIndex row;
    const auto found = attempt([&] { return first_fault(row); });
    if (!found) return false;
    fault_ = *found;
    row_ = row.get();
    const size_t set = fault_.kind == Fault::Kind::kValues ? fault_.at : which_.value_or(0);
    answer_.guilty = BisectAnswer::Guilty::kPass;
    answer_.pass = q_.rows[row_].name;
    answer_.fault = fault_.text;
    answer_.inputs = q_.inputs[set].name;
    // What a phase promises needs all of its rows.
    first_ = row_;
    if (fault_.text.starts_with("phase ")) {
      while (first_ > 0 && q_.rows[first_ - 1].phase == q_.rows[row_].phase)
        --first_;
    }
    const Sample before = sample_before(set);
    find_rewrite(before);
    if (q_.smaller) make_small(before);
    return true;
  }

private:
  void tell(const std::string& what) const {
    if (q_.working) q_.working(what);
  }
  [[nodiscard]] std::span<const Pass> rows() const {
    return q_.rows.subspan(first_, row_ - first_ + 1);
  }

  // In a child. `row` is the one at work.
  std::optional<Fault> first_fault(SharedIndex& row) const {
    passes::PassContext context = q_.context;
    passes::PipelineOptions options;
    options.verify = true;
    options.before = [&](const Pass& pass) {
      row.set(static_cast<size_t>(&pass - q_.rows.data()));
    };
    options.after = [&](const Pass& pass, const ir::Module& module) {
      if (!pass.keeps_values || ir::verify(module)) return;
      for (size_t i = 0; i < q_.inputs.size(); ++i) {
        if (which_ && i != *which_) continue;
        const auto outputs = evaluated(module, q_.inputs[i].values, q_.context.seed);
        if (const auto text = judge_.departs(i, outputs, tolerance_))
          throw Fault{Fault::Kind::kValues, *text, i};
      }
    };
    try {
      const auto result = passes::run_pipeline(q_.module, q_.rows, options, context);
      if (!result.broken.empty()) return Fault{Fault::Kind::kInvalid, result.broken, 0};
    } catch (const Fault& fault) {
      return fault;
    }
    return std::nullopt;
  }

  [[nodiscard]] Sample sample_before(size_t set) const {
    passes::PassContext context = q_.context;
    return {passes::run_pipeline(q_.module, q_.rows.first(first_), {}, context).module,
            q_.inputs[set].values};
  }

  // What the rows do to a sample with its own inputs. In a child.
  [[nodiscard]] std::optional<Fault> fault_of(const Sample& sample, int64_t limit) const {
    passes::PassContext context = q_.context;
    context.limit = limit;
    passes::PipelineOptions options;
    options.verify = true;
    const auto result = passes::run_pipeline(sample.module, rows(), options, context);
    if (!result.broken.empty()) return Fault{Fault::Kind::kInvalid, result.broken, 0};
    if (!context.errors.empty() || !q_.rows[row_].keeps_values) return std::nullopt;
    const auto text =
        departure(sample.subject(), reference_values(sample, q_.context.seed),
                  evaluated(result.module, sample.inputs, q_.context.seed), tolerance_);
    return text ? std::optional(Fault{Fault::Kind::kValues, *text, 0}) : std::nullopt;
  }

  // The same as `linnet opt --check-passes` does, with inputs of its own. In a child.
  [[nodiscard]] std::optional<Fault> checked(const Sample& sample) const {
    passes::PassContext context = q_.context;
    passes::PipelineOptions options;
    options.check = true;
    const auto result = passes::run_pipeline(sample.module, rows(), options, context);
    if (result.broken.empty()) return std::nullopt;
    return Fault{Fault::Kind::kInvalid, result.broken, 0};
  }

  // The rewrite without which all is right, by bisection of their number. A promise is not asked
  // for behind half a phase.
  void find_rewrite(const Sample& before) {
    if (first_ != row_) return;
    tell(fmt::format("rewrites of {}", answer_.pass));
    const auto wrong = [&](int64_t limit) {
      const auto found = attempt([&] { return fault_of(before, limit); });
      return found && alike(*found, fault_);
    };
    if (wrong(0)) return;  // what the pass does without asking
    int64_t right = 0;
    int64_t bad = 1;
    for (; !wrong(bad); bad *= 2) {
      if (bad >= kMostRewrites) return;
      right = bad;
    }
    while (bad - right > 1) {
      const int64_t middle = right + (bad - right) / 2;
      (wrong(middle) ? bad : right) = middle;
    }
    answer_.rewrites = bad;
    // It is said before it is done: here the pass goes no further.
    int64_t fired = 0;
    passes::PassContext context = q_.context;
    context.explain = [&](const passes::Remark& remark) {
      if (remark.fired && ++fired == bad) throw remark;
    };
    try {
      (void)passes::run_pipeline(before.module, rows(), {}, context);
    } catch (const passes::Remark& remark) {
      answer_.rewrite = remark.message;
      answer_.place = remark.place;
    }
  }

  void make_small(const Sample& before) {
    tell("a smaller case");
    for (const Pass& row : rows()) {
      if (row.wanted(q_.context)) answer_.passes.emplace_back(row.name);
    }
    const auto any = attempt([&] { return checked(before); });
    answer_.any_inputs = any.has_value();
    // Checked more strictly than here, a pass may round another value: both must see it.
    const Shows shows = [&](const Sample& sample) {
      const auto own = attempt([&] { return fault_of(sample, -1); });
      if (!own || !alike(*own, fault_)) return false;
      const auto found = any ? attempt([&] { return checked(sample); }) : any;
      return !any || (found && alike(*found, *any));
    };
    answer_.small = shrink(before, shows, q_.context.seed, kMostTries);
  }

  const BisectQuestion& q_;
  const Judge& judge_;
  WhichInputs which_;
  double tolerance_;
  BisectAnswer& answer_;
  Fault fault_;
  size_t first_ = 0, row_ = 0;  // the rows that show it
};

}  // namespace

bool search_passes(const BisectQuestion& question, const Judge& judge, WhichInputs which,
                   double tolerance, BisectAnswer& answer) {
  return PassSearch(question, judge, which, tolerance, answer).run();
}

}  // namespace linnet::driver
