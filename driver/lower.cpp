// Passes for a host: its listeners around the one loop.
#include "driver/lower.h"

#include "driver/tuning_file.h"
#include "passes/run/check_phase.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::driver {
namespace {

void report(const passes::PassError& error, const Host& host) {
  Diagnostic diagnostic{.severity = Severity::kError,
                        .place = error.place.diag(),
                        .message = error.message,
                        .remedy = {},
                        .notes = {},
                        .status = error.status};
  diagnostic.help(error.remedy);
  host.diagnostics.report(std::move(diagnostic));
}

void tell_times(const std::vector<passes::PassTime>& times, const PassOptions& options,
                const Host& host, const Listener& listener) {
  for (const passes::PassTime& time : times) {
    if (options.times) host.took(time.name, time.time);
    if (listener.took) listener.took(time);
  }
}

}  // namespace

bool PassOptions::explains(std::string_view pass) const {
  return std::ranges::any_of(
      explained, [&](const std::string& name) { return name == pass || name == "all"; });
}

std::optional<ir::Module> lower(ir::Module module, std::span<const passes::Pass> rows,
                                const PassOptions& options, passes::PassContext context,
                                const Host& host, const Listener& listener) {
  context.limit = options.limit;
  context.keep_values = options.keep_values;
  if (options.weights) {
    context.narrow = true;
    context.weights = *options.weights;
  }
  context.families = options.families;
  context.families.in_threads = context.threads == passes::PassContext::Threads::kAll;
  TuningFile tuning;
  if (!tuning.open(rows, options, context, host)) return std::nullopt;
  // Of several passes each remark says whose it is.
  const bool several =
      options.explained.size() > 1 || (options.explained.size() == 1 && options.explains("all"));
  std::string_view running;
  const auto listen = [&](const passes::Remark& remark) {
    host.diagnostics.report(
        {.severity = Severity::kRemark,
         .place = remark.place.diag(),
         .message = fmt::format("{}{}{}", remark.fired ? "" : "not: ", remark.message,
                                several ? fmt::format(" [{}]", running) : "")});
  };
  passes::PipelineOptions pipeline;
  pipeline.stop_after = options.stop_after;
  pipeline.disabled = options.disabled;
  pipeline.check = options.check;
  pipeline.before = [&](const passes::Pass& pass) {
    running = pass.name;
    const bool explains = options.explains(pass.name);
    context.explain = explains ? listen : decltype(context.explain)();
    if (listener.remark) {
      context.explain = [&listener, &listen, explains](const passes::Remark& remark) {
        listener.remark(remark);
        if (explains) listen(remark);
      };
    }
    host.working(fmt::format("pass {}", pass.name));
  };
  pipeline.after = listener.after;
  context.weighed = listener.weighed;
  if (listener.begins) listener.begins(module);
  passes::PipelineResult result = passes::run_pipeline(std::move(module), rows, pipeline, context);
  if (!result.broken.empty())
    host.error(result.broken, Status::kBug, "find the rewrite with --pass-limit=N");
  for (const passes::PassError& error : context.errors)
    report(error, host);
  if (!result.broken.empty() || !context.errors.empty()) return std::nullopt;
  if (options.remarks) {
    for (const passes::Remark& remark : context.notable)
      host.diagnostics.report(
          {.severity = Severity::kRemark, .place = remark.place.diag(), .message = remark.message});
  }
  tell_times(result.times, options, host, listener);
  tuning.report_unmatched(host);
  return std::move(result.module);
}

bool complete(const ir::Module& module, const PassOptions& options, const Host& host) {
  std::vector<std::string> guilty;
  for (const std::string& pass : options.disabled)
    guilty.push_back("--disable-pass " + pass);
  if (!options.stop_after.empty()) guilty.push_back("--stop-after " + options.stop_after);
  if (options.limit >= 0) guilty.push_back(fmt::format("--pass-limit {}", options.limit));
  if (guilty.empty()) return true;
  const auto missing = passes::unfinished(module);
  if (!missing) return true;
  const std::string own = fmt::format("--disable-pass {}", missing->pass);
  const bool disabled_it = std::ranges::find(guilty, own) != guilty.end();
  host.error(fmt::format("{}: there is no code for a module without pass {}: {}",
                         disabled_it ? own : join(guilty, ", "), missing->pass, missing->why),
             Status::kBadCall, "`linnet dump` takes the same flags and prints the module");
  return false;
}

bool plan(std::span<ir::Module> modules, const PassOptions& options,
          const passes::PassContext& wanted, const Host& host, const Listener* listener) {
  const auto rows = passes::pipeline(passes::Phase::kTraining, passes::Phase::kPlanned);
  passes::PassContext context = wanted;
  TuningFile tuning;  // one for all: a line may be for a kernel of any
  if (!tuning.open(rows, options, context, host)) return false;
  for (ir::Module& module : modules) {
    const bool followed = listener && &module == modules.data();
    auto planned =
        lower(std::move(module), rows, options, context, host, followed ? *listener : Listener());
    if (!planned || !complete(*planned, options, host)) return false;
    module = std::move(*planned);
  }
  tuning.report_unmatched(host);
  return true;
}

}  // namespace linnet::driver
