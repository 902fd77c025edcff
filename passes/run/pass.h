// What a pass is, and what it may use besides the module.
#pragma once

#include "ir/module.h"
#include "passes/lib/family_options.h"
#include "passes/lib/target_info.h"

#include "support/diag.h"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::passes {

// How far a module is on its way to code. A phase is over when the last of its passes has run; what
// then holds is in check_phase.h.
class Tuning;

enum class Phase : uint8_t { kImported, kTraining, kCanonical, kFused, kScheduled, kPlanned };
inline constexpr std::array kPhases = {Phase::kImported, Phase::kTraining,  Phase::kCanonical,
                                       Phase::kFused,    Phase::kScheduled, Phase::kPlanned};
[[nodiscard]] std::string_view name(Phase phase);     // "fused"
[[nodiscard]] std::string_view summary(Phase phase);  // what holds at its end, one line
[[nodiscard]] std::optional<Phase> find_phase(std::string_view name);

// Why a candidate was rewritten or refused, for `--explain PASS`.
struct Remark {
  bool fired = false;
  ir::Place place;
  std::string message;  // "fused relu into conv2d %c1", "conv2d %c1 has two users"
};

// What choose_schedules weighed for a group, beside its remarks: the schedule it has got first,
// then every other family in the order of the table.
struct WeighedSchedule {
  std::string family;
  std::optional<ir::Schedule> schedule;  // none: the family does not take the group
  std::string why;                       // what speaks for its numbers, or against it
};
struct ScheduleChoice {
  std::string graph, value;  // whose first result the group's is
  ir::Place place;
  std::vector<WeighedSchedule> weighed;
};

// What a module asks for that cannot be, found by a pass: said at its place.
struct PassError {
  ir::Place place;
  std::string message, remedy;
  Status status = Status::kBadInput;
};

// Options travel here: no globals, no environment variables.
struct PassContext {
  TargetInfo target;
  // Of which graphs do kernels that are worth it split their tiles among threads?
  enum class Threads : uint8_t { kNone, kTrainingStep, kAll } threads = Threads::kNone;
  FamilyOptions families;    // what the user says of kernel families
  Tuning* tuning = nullptr;  // schedules that go before those the families choose; may be null
  uint64_t seed = 0;         // of the values of untrained parameters
  // Stop after this many rewrites in all (`--pass-limit=N`, to find the guilty one); < 0: no limit.
  int64_t limit = -1;
  std::function<void(const Remark&)> explain;          // empty: nobody listens
  std::function<void(const ScheduleChoice&)> weighed;  // the same

  // What not everybody wants: rows of the pipeline run only if it is asked for (Pass::only_if).
  bool f64 = false;           // compute in f64 where the model says f32
  bool gradients = false;     // also the gradients of a training step, for its log
  bool keep_values = false;   // no value's memory is used again: all can be read after a call
  bool first_values = false;  // also the first values of every slot, for a training library
  bool narrow = false;        // weights that wait for memory are stored in `weights`
  ir::DType weights = ir::DType::kBF16;  // or f16

  std::vector<PassError> errors;  // the module is of no use if there is any
  std::vector<Remark> notable;    // what is worth saying to who did not ask for explanations

  // Asked before each rewrite; says it and counts it. False: the limit is reached, leave it.
  [[nodiscard]] bool may_rewrite(const ir::Place& place, std::string message);
  // A candidate was refused, and why.
  void refused(const ir::Place& place, std::string message) const;
};

using PassFunction = ir::Module (*)(ir::Module, PassContext&);

// One row of the pipeline. `name` serves function, flag, dump, timing row and test file.
struct Pass {
  Phase phase = Phase::kCanonical;
  std::string_view name;
  PassFunction run = nullptr;
  std::string_view summary;               // one line for --help and docs
  std::array<PassFunction, 5> needs{};    // rows that stand before it; null ones are none
  bool PassContext::* only_if = nullptr;  // null: it always runs
  bool keeps_values = true;               // each output that was there computes what it computed

  [[nodiscard]] bool wanted(const PassContext& context) const {
    return !only_if || context.*only_if;
  }
};

// The whole lowering, in order (pipeline.cpp); or its rows of some phases that follow each other.
[[nodiscard]] std::span<const Pass> pipeline();
[[nodiscard]] std::span<const Pass> pipeline(Phase first, Phase last);
[[nodiscard]] const Pass* find_pass(std::string_view name);

// Who names rows wants them: sets what they run only with.
void ask_for(std::span<const Pass> rows, PassContext& context);

// Rows in an order in which one stands before what it needs, or phases are mixed up: what is wrong,
// "" if nothing is. A row that is not among them is not missed: it may not be wanted.
[[nodiscard]] std::string order_fault(std::span<const Pass> rows);

}  // namespace linnet::passes
