// The search of `linnet tune`: from the schedules that the families choose, step by step to faster
// ones, the most expensive kernels first.
#pragma once

#include "cli/bench_call.h"
#include "cli/race.h"
#include "driver/tunable.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace linnet::cli {

struct TunerOptions {
  std::vector<std::string> inputs;  // NAME=F.npy, as of `bench`
  double seconds = 60;              // of wall clock for all of it
  std::function<bool()> stopped;    // asked before each try: end with what there is?
};

// What was found of a kernel.
struct TunedRow {
  std::string name, key;
  ir::Schedule first, best;  // best: first if nothing is faster
  int64_t tried = 0;
  Race race;  // of first and best, in the call unless that is short; if it stays, only before_ns
};

class Tuner {
public:
  Tuner(Session& session, const driver::Tunable& tunable, passes::Tuning start,
        TunerOptions options);

  // Until the time is over, nothing is left to try, or it was stopped. False, with errors, if the
  // model does not compile or run.
  [[nodiscard]] bool run();

  // The lines it began with and those that it found.
  [[nodiscard]] const passes::Tuning& tuning() const { return tuning_; }
  // Kernels by the time they take in a call, the most expensive first.
  [[nodiscard]] const std::vector<TunedRow>& rows() const { return rows_; }
  [[nodiscard]] const Race& call() const { return call_; }  // the whole of it
  [[nodiscard]] int64_t batch() const { return batch_; }
  // Kernels with a schedule that is faster by itself, but not in the call: it was not kept.
  [[nodiscard]] int64_t not_in_call() const { return not_in_call_; }

private:
  // Code in this process, and what calls it, on memory that lies otherwise each time.
  struct Timed {
    driver::Product product;
    std::vector<std::unique_ptr<BenchCall>> calls;

    [[nodiscard]] Calls all() const;
  };
  struct State {
    const driver::TunableKernel* kernel;
    std::vector<ir::Schedule> queue;  // to be tried, the next first
    std::set<std::string> known;      // tried or in the queue
  };

  bool measure_first();
  void search();
  bool try_next(size_t index);
  bool verify();
  void confirm_alone();
  void confirm_in_call(const Timed& tuned);
  [[nodiscard]] std::unique_ptr<Timed> with_winners();
  [[nodiscard]] passes::Tuning winners() const;  // as lines of the file
  void aim(size_t index);                        // the queue anew, round the best
  [[nodiscard]] std::unique_ptr<Timed> timed(ir::Module module, const driver::Host& host);
  [[nodiscard]] std::optional<Race> race_of(const ir::Module& before, const ir::Module& after,
                                            int64_t rounds, int64_t confirming);
  [[nodiscard]] passes::Tuning with(passes::Tuning tuning, const TunedRow& row) const;
  [[nodiscard]] bool over() const;
  void tell(size_t index) const;
  [[nodiscard]] double seconds_left() const;

  Session& session_;
  const driver::Tunable& tunable_;
  const std::string target_;
  const passes::Tuning start_;
  passes::Tuning tuning_;
  const TunerOptions options_;
  const Progress::Clock::time_point begin_ = Progress::Clock::now();
  // Tries fail in silence but for one warning.
  Diagnostics unheard_;
  driver::Host quiet_;

  std::optional<ir::Module> first_, best_;  // plans
  std::unique_ptr<Timed> first_call_;
  int64_t batch_ = 1;
  std::vector<TunedRow> rows_;
  std::vector<State> states_;  // one for each row
  Race call_;
  int64_t not_in_call_ = 0;
  // Of best_ what the last race left of it, by the names of the kernels in it.
  std::string old_names_;
  std::unique_ptr<Timed> old_;
};

}  // namespace linnet::cli
