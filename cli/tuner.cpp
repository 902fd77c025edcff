// Tries schedules, keeps the faster one, goes on from there; then looks again at what it kept.
#include "cli/tuner.h"

#include "ir/op_def.h"
#include "passes/schedule/neighbours.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

namespace linnet::cli {
namespace {

constexpr int64_t kFirstRounds = 5;   // of the call, to find its expensive kernels
constexpr int64_t kRounds = 9;        // of a try
constexpr int64_t kConfirming = 21;   // of one that won, before it is believed
constexpr size_t kPlacements = 3;     // of a call's memory, for loads may meet stores by address
constexpr size_t kShift = 64 * 17;    // bytes from one to the next
constexpr int64_t kTriesInTurn = 12;  // of a kernel, before the next one has its turn
constexpr int64_t kSweeps = 3;  // over all: noise, or where memory lay, may have hidden a winner
constexpr int64_t kPassesInCall = 5, kRoundsInCall = 3;  // of both calls in turn, at the end
constexpr double kWorthKeeping = 0.98;                   // of the time before, in the call
constexpr double kShortNs = 10e3;     // calls whose kernels are too short to be told apart
constexpr double kSearchShare = 0.8;  // of the time; the rest is for looking again

// The names of a module's kernels, which say what difference() left of one plan.
std::string names_of(const ir::Module& module) {
  std::string names;
  for (const ir::Graph& kernel : module.kernels)
    names += kernel.name + " ";
  return names;
}

// ns that one call spends in the groups of a kernel, where they stand in it.
double ns_in_call(const BenchCall& call, const Measured& measured,
                  const driver::TunableKernel& kernel) {
  double ns = 0;
  for (size_t i = 0; i < call.steps().size(); ++i) {
    const std::string& result = call.graph().value(call.steps()[i]->results.front()).name;
    if (std::ranges::find(kernel.results, result) != kernel.results.end())
      ns += measured.steps[i].median;
  }
  return ns;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

std::string remark_of(const ir::Module& module, const TunedRow& row) {
  return fmt::format("{} {}: {:.2f} of {}", module.name, row.name, row.race.ratio,
                     to_string(row.first));
}

}  // namespace

Tuner::Tuner(Session& session, const driver::Tunable& tunable, passes::Tuning start,
             TunerOptions options)
    : session_(session), tunable_(tunable), target_(tunable.target().info.name), start_(start),
      tuning_(std::move(start)), options_(std::move(options)), unheard_(session.sources),
      quiet_{session.sources, unheard_} {}

bool Tuner::run() {
  const Working working(session_, "measuring the kernels");
  if (!measure_first()) return false;
  search();
  session_.progress.phase("timing what was found once more");
  return verify();
}

double Tuner::seconds_left() const {
  const std::chrono::duration<double> spent = Progress::Clock::now() - begin_;
  return options_.seconds - spent.count();
}

bool Tuner::over() const {
  return seconds_left() < (1 - kSearchShare) * options_.seconds ||
         (options_.stopped && options_.stopped());
}

Calls Tuner::Timed::all() const {
  Calls list;
  for (const auto& call : calls)
    list.emplace_back([at = call.get()] { at->whole(); });
  return list;
}

std::unique_ptr<Tuner::Timed> Tuner::timed(ir::Module module, const driver::Host& host) {
  auto product = tunable_.product(std::move(module), host);
  if (!product) return nullptr;
  auto made = std::make_unique<Timed>(Timed{*std::move(product), {}});
  for (size_t i = 0; i < kPlacements; ++i) {
    auto call = BenchCall::of_model(session_, made->product, options_.inputs, i * kShift);
    if (!call) return nullptr;
    made->calls.push_back(std::move(call));
  }
  return made;
}

// The plan to begin with; what each of its kernels costs in a call; the rows in this order.
bool Tuner::measure_first() {
  passes::Tuning start = start_;
  first_ = tunable_.planned(start, session_.host);
  if (!first_) return false;
  tuning_ = start;  // which of its lines were matched
  first_call_ = timed(*first_, session_.host);
  if (!first_call_) return false;
  best_ = first_;
  const BenchCall& call = *first_call_->calls.front();
  batch_ = call.batch();
  const Measured measured = measure(session_, call, 1, kFirstRounds);
  call_.before_ns = call_.after_ns = measured.whole.median;
  for (const driver::TunableKernel& kernel : tunable_.kernels()) {
    TunedRow row;
    row.key = kernel.key;
    for (size_t i = 0; i < call.steps().size(); ++i) {
      const ir::Node& step = *call.steps()[i];
      const std::string& result = call.graph().value(step.results.front()).name;
      if (std::ranges::find(kernel.results, result) == kernel.results.end()) continue;
      row.name = step.callee;
      row.first = row.best = *call.module().kernel(step.callee)->schedule;
    }
    if (row.name.empty()) continue;  // not an entry's own
    row.race.before_ns = row.race.after_ns = ns_in_call(call, measured, kernel);
    rows_.push_back(std::move(row));
  }
  std::ranges::stable_sort(rows_, std::ranges::greater(),
                           [](const TunedRow& row) { return row.race.before_ns; });
  for (const TunedRow& row : rows_) {
    const auto kernel = std::ranges::find(tunable_.kernels(), row.key, &driver::TunableKernel::key);
    states_.push_back({&*kernel, {}, {}});
  }
  return true;
}

void Tuner::aim(size_t index) {
  State& state = states_[index];
  const auto found = passes::neighbours(tunable_.candidate(*state.kernel), rows_[index].best);
  // What is near the new best is more promising than what was left of the old one.
  std::vector<ir::Schedule> queue;
  for (const ir::Schedule& schedule : found) {
    if (state.known.insert(to_string(schedule)).second) queue.push_back(schedule);
  }
  queue.insert(queue.end(), state.queue.begin(), state.queue.end());
  state.queue = std::move(queue);
}

void Tuner::search() {
  for (int64_t sweep = 0; sweep < kSweeps && !over(); ++sweep) {
    for (size_t i = 0; i < rows_.size(); ++i) {
      states_[i].known = {to_string(rows_[i].best)};
      aim(i);
    }
    bool any = true;
    while (any && !over()) {
      any = false;
      for (size_t i = 0; i < rows_.size(); ++i) {
        for (int64_t tries = 0; tries < kTriesInTurn && !over() && try_next(i); ++tries)
          any = true;
      }
    }
  }
}

void Tuner::tell(size_t index) const {
  const TunedRow& row = rows_[index];
  const double left = std::max(seconds_left(), 0.0);
  session_.progress.phase(fmt::format("tuning  {:.0f} s left  {} ({} of {}), {} tried, best {:.2f}",
                                      left, row.name, index + 1, rows_.size(), row.tried,
                                      row.race.ratio));
}

passes::Tuning Tuner::with(passes::Tuning tuning, const TunedRow& row) const {
  tuning.set(target_, row.key, {row.best, "", {}, true});
  return tuning;
}

// False: nothing is left to try of this kernel.
bool Tuner::try_next(size_t index) {
  State& state = states_[index];
  TunedRow& row = rows_[index];
  if (state.queue.empty()) return false;
  tell(index);
  TunedRow next = row;
  next.best = state.queue.front();
  state.queue.erase(state.queue.begin());
  ++row.tried;
  passes::Tuning tuning = with(tuning_, next);
  auto plan = tunable_.planned(tuning, quiet_);
  const auto race = plan ? race_of(*best_, *plan, kRounds, kConfirming) : std::nullopt;
  if (!race) {
    if (!unheard_.has_errors()) return true;  // the plan is the same
    session_.diagnostics.report(
        {.severity = Severity::kWarning,
         .place = {},
         .message = fmt::format("{} by {} is left out: {}", row.name, to_string(next.best),
                                unheard_.all().front().message)});
    unheard_ = Diagnostics(session_.sources);
    return true;
  }
  if (!race->won()) return true;
  row.best = next.best;
  row.race.ratio *= race->ratio;
  tuning_ = std::move(tuning);
  best_ = std::move(plan);
  old_names_.clear();
  aim(index);
  return true;
}

// nullopt: they do not differ, or one does not compile.
std::optional<Race> Tuner::race_of(const ir::Module& before, const ir::Module& after,
                                   int64_t rounds, int64_t confirming) {
  driver::Difference difference = driver::difference(before, after);
  if (!difference.any) return std::nullopt;
  const std::string names = names_of(difference.before);
  if (&before != &*best_ || names != old_names_ || !old_) {
    old_ = timed(std::move(difference.before), quiet_);
    old_names_ = &before == &*best_ ? names : "";
    if (!old_) return std::nullopt;
  }
  const auto now = timed(std::move(difference.after), quiet_);
  if (!now) return std::nullopt;
  Race result = race(old_->all(), now->all(), rounds);
  if (confirming > 0 && result.won()) result = race(old_->all(), now->all(), confirming);
  return result;
}

namespace {

bool is_winner(const TunedRow& row) {
  return row.best != row.first;
}

void forget(TunedRow& row) {
  row.best = row.first;
  row.race.ratio = 1;
}

}  // namespace

// Each winner against what there was first: who does not win again was luck.
void Tuner::confirm_alone() {
  for (TunedRow& row : rows_ | std::views::filter(is_winner)) {
    passes::Tuning tuning = with(start_, row);
    const auto plan = tunable_.planned(tuning, quiet_);
    const auto race = plan ? race_of(*first_, *plan, kConfirming, 0) : std::nullopt;
    if (race && race->won()) {
      row.race = *race;
    } else {
      forget(row);
    }
  }
  old_.reset();
}

// Each winner where it stands in the call, in turn with the first schedule: there its operands come
// from where they lie, and not from the caches.
void Tuner::confirm_in_call(const Timed& tuned) {
  const BenchCall& old_call = *first_call_->calls.front();
  const BenchCall& new_call = *tuned.calls.front();
  std::vector<std::vector<double>> before(rows_.size()), after(rows_.size()), ratios(rows_.size());
  for (int64_t pass = 0; pass < kPassesInCall; ++pass) {
    const Measured old_ns = measure(session_, old_call, 0, kRoundsInCall);
    const Measured new_ns = measure(session_, new_call, 0, kRoundsInCall);
    for (size_t i = 0; i < rows_.size(); ++i) {
      before[i].push_back(ns_in_call(old_call, old_ns, *states_[i].kernel));
      after[i].push_back(ns_in_call(new_call, new_ns, *states_[i].kernel));
      ratios[i].push_back(after[i].back() / std::max(before[i].back(), 0.1));
    }
  }
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (!is_winner(rows_[i])) continue;
    Race& race = rows_[i].race;
    race.before_ns = median(before[i]);
    race.after_ns = median(after[i]);
    race.ratio = median(ratios[i]);
    if (race.ratio >= kWorthKeeping) forget(rows_[i]);
  }
}

std::unique_ptr<Tuner::Timed> Tuner::with_winners() {
  passes::Tuning tuning = winners();
  auto plan = tunable_.planned(tuning, session_.host);
  return plan ? timed(*std::move(plan), session_.host) : nullptr;
}

passes::Tuning Tuner::winners() const {
  passes::Tuning tuning = start_;
  for (const TunedRow& row : rows_ | std::views::filter(is_winner))
    tuning.set(target_, row.key, {row.best, remark_of(*first_, row), {}, true});
  return tuning;
}

// Nothing is kept that is no faster in the call. Where that takes nanoseconds it counts more how a
// kernel fits the one before it than what it takes by itself: there all are kept or none.
bool Tuner::verify() {
  confirm_alone();
  const auto left = [&] { return std::ranges::count_if(rows_, is_winner); };
  const auto alone = left();
  if (alone > 0) {
    auto tuned = with_winners();
    if (!tuned) return false;
    if (call_.before_ns >= kShortNs) confirm_in_call(*tuned);
    if (left() > 0 && left() < alone && !(tuned = with_winners())) return false;
    if (left() > 0) {
      const Race all = race(first_call_->all(), tuned->all(), kConfirming);
      if (all.ratio >= 1 && call_.before_ns < kShortNs) {
        std::ranges::for_each(rows_, forget);
      } else {
        call_ = all;
      }
    }
  }
  not_in_call_ = alone - left();
  tuning_ = winners();
  return true;
}

}  // namespace linnet::cli
