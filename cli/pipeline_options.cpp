#include "cli/pipeline_options.h"

#include "cli/help.h"
#include "passes/run/unfinished.h"
#include "support/text.h"

#include <fmt/format.h>

#include <cstdio>

namespace linnet::cli {

CLI::Validator is_pass(bool or_all) {
  const auto check = [or_all](const std::string& name) -> std::string {
    if (passes::find_pass(name) || (or_all && name == "all")) return "";
    std::vector<std::string> names;
    for (const passes::Pass& pass : passes::pipeline())
      names.emplace_back(pass.name);
    return with_remedy(fmt::format("no pass '{}'; the passes are {}", name, join(names, ", ")),
                       did_you_mean(name, names));
  };
  return CLI::Validator(check, "");
}

bool PipelineFlags::explains(std::string_view pass) const {
  return std::ranges::any_of(
      explained, [&](const std::string& name) { return name == pass || name == "all"; });
}

void PipelineFlags::add(CLI::App& command) {
  const TitledOptions title(command, "Pass options");
  command.add_option("--stop-after", stop_after, "Run no pass after this one")
      ->check(is_pass())
      ->type_name("PASS");
  command.add_option("--disable-pass", disabled, "Leave this pass out")
      ->delimiter(',')
      ->check(is_pass())
      ->type_name("PASS");
  command.add_option("--explain", explained, "Say why each candidate was rewritten or refused")
      ->delimiter(',')
      ->check(is_pass(true))
      ->type_name("PASS,…|all");
  command.add_option("--pass-limit", limit, "Stop after N rewrites")->type_name("N");
  command.add_flag("--time-passes", times, "Print what each pass, Halide, LLVM and linking take");
  command.add_flag("--check-passes", check, "Evaluate before and after each pass and compare");
}

std::optional<ir::Module>
PipelineFlags::run(Session& session, ir::Module module, const codegen::Target& target,
                   uint64_t seed, std::span<const passes::Pass> rows,
                   const std::function<void(const passes::Pass&, const ir::Module&)>& after) const {
  passes::PassContext context;
  context.target = target.info;
  context.seed = seed;
  context.limit = limit;
  context.threads = threads;
  // Of several passes each remark says whose it is.
  const bool several = explained.size() > 1 || (explained.size() == 1 && explains("all"));
  std::string_view running;
  const auto listen = [&](const passes::Remark& remark) {
    session.diagnostics.report(
        {.severity = Severity::kRemark,
         .place = remark.place.diag(),
         .message = fmt::format("{}{}{}", remark.fired ? "" : "not: ", remark.message,
                                several ? fmt::format(" [{}]", running) : "")});
  };
  passes::PipelineOptions options;
  options.stop_after = stop_after;
  options.disabled = disabled;
  options.check = check;
  options.after = after;
  passes::PipelineResult result;
  result.module = std::move(module);
  // One row at a time, for each may have its own listener.
  for (const passes::Pass& row : rows) {
    running = row.name;
    context.explain = explains(row.name) ? listen : std::function<void(const passes::Remark&)>();
    if (session.progress.working()) session.progress.phase(fmt::format("pass {}", row.name));
    auto step = passes::run_pipeline(std::move(result.module), {&row, 1}, options, context);
    result.module = std::move(step.module);
    result.times.insert(result.times.end(), step.times.begin(), step.times.end());
    if (!step.broken.empty()) {
      session.error(step.broken, Status::kBug, "find the rewrite with --pass-limit=N");
      return std::nullopt;
    }
    for (const passes::PassError& error : context.errors) {
      Diagnostic diagnostic{
          .severity = Severity::kError, .place = error.place.diag(), .message = error.message};
      diagnostic.help(error.remedy);
      session.diagnostics.report(std::move(diagnostic));
    }
    if (!context.errors.empty()) return std::nullopt;
    if (row.name == stop_after) break;
  }
  session.time_passes = session.time_passes || times;
  if (times) {
    session.progress.hide();
    for (const passes::PassTime& time : result.times)
      fmt::print(stderr, "{:>10.1f} µs  {}\n", static_cast<double>(time.time.count()) * 1e-3,
                 time.name);
  }
  return std::move(result.module);
}

bool PipelineFlags::complete(Session& session, const ir::Module& module) const {
  std::vector<std::string> guilty;
  for (const std::string& pass : disabled)
    guilty.push_back("--disable-pass " + pass);
  if (!stop_after.empty()) guilty.push_back("--stop-after " + stop_after);
  if (limit >= 0) guilty.push_back(fmt::format("--pass-limit {}", limit));
  if (guilty.empty()) return true;
  const auto missing = passes::unfinished(module);
  if (!missing) return true;
  const std::string own = fmt::format("--disable-pass {}", missing->pass);
  const bool disabled_it = std::ranges::find(guilty, own) != guilty.end();
  session.error(fmt::format("{}: there is no code for a module without pass {}: {}",
                            disabled_it ? own : join(guilty, ", "), missing->pass, missing->why),
                Status::kBadCall, "`linnet dump` takes the same flags and prints the module");
  return false;
}

}  // namespace linnet::cli
