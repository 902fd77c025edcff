// Passes run for a host: watched, explained, timed, and ended with a message where one fails.
#pragma once

#include "driver/host.h"
#include "passes/run/run_pipeline.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::driver {

// What may be asked of the passes.
struct PassOptions {
  std::string stop_after;              // a pass or a phase
  std::vector<std::string> disabled;   // passes
  std::vector<std::string> explained;  // passes, or "all"
  std::string tuning;                  // a file of schedules (driver/tuning_file.h), or ""
  passes::FamilyOptions families;      // kernels that are not wanted, and how exact they must be
  int64_t limit = -1;                  // of rewrites; < 0: none
  int threads = 1;                     // of a call of the product, at most
  bool times = false;
  bool remarks = false;              // also what the passes find notable, without `explained`
  std::optional<ir::DType> weights;  // weights that wait for memory are stored so: bf16 or f16
  bool keep_values = false;          // after a call its arena holds every value that was stored
  bool check = false;                // values before and after each pass, promises of phases

  [[nodiscard]] bool explains(std::string_view pass) const;  // it, or all
  [[nodiscard]] passes::PassContext::Threads threads_wanted() const {
    return threads > 1 ? passes::PassContext::Threads::kAll : passes::PassContext::Threads::kNone;
  }
};

using AfterPass = std::function<void(const passes::Pass&, const ir::Module&)>;

// Who follows a module through its passes. What is empty is not told.
struct Listener {
  std::function<void(const ir::Module&)> begins{};  // the module as it enters
  AfterPass after{};
  // Of every candidate of the pass that runs, whatever PassOptions::explained says.
  std::function<void(const passes::Remark&)> remark{};
  std::function<void(const passes::ScheduleChoice&)> weighed{};
  std::function<void(const passes::PassTime&)> took{};  // when all have run
};

// Runs `rows` on the module. `context` says what is wanted of them; listeners, limits and, unless
// it has one, the tuning are those of `options`. nullopt, with an error, if a pass broke the module
// or found it wrong.
[[nodiscard]] std::optional<ir::Module> lower(ir::Module module, std::span<const passes::Pass> rows,
                                              const PassOptions& options,
                                              passes::PassContext context, const Host& host,
                                              const Listener& listener = {});

// Takes each module through everything after its import, to where code can be made of it; the
// listener follows the first. False, with an error, if one does not get there.
[[nodiscard]] bool plan(std::span<ir::Module> modules, const PassOptions& options,
                        const passes::PassContext& wanted, const Host& host,
                        const Listener* listener = nullptr);

// False, with an error that names the pass, if what these options left out is needed for code.
[[nodiscard]] bool complete(const ir::Module& module, const PassOptions& options, const Host& host);

}  // namespace linnet::driver
