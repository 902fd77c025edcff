// The flags of passes, and names of passes and phases as they are given.
#include "cli/pipeline_options.h"

#include "base/abi/pool.h"
#include "cli/help.h"
#include "passes/schedule/families.h"
#include "support/text.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace linnet::cli {
namespace {

std::vector<std::string> names_of_passes() {
  std::vector<std::string> names;
  for (const passes::Pass& pass : passes::pipeline())
    names.emplace_back(pass.name);
  return names;
}

std::vector<std::string> names_of_phases() {
  std::vector<std::string> names;
  for (const passes::Phase phase : passes::kPhases)
    names.emplace_back(passes::name(phase));
  return names;
}

// A family that may be left out: what it computes another does, at last generic.
CLI::Validator is_family() {
  const auto check = [](const std::string& name) -> std::string {
    std::vector<std::string> names;
    for (const passes::Family& family : passes::families()) {
      if (family.name != passes::kGeneric) names.emplace_back(family.name);
    }
    if (std::ranges::find(names, name) != names.end()) return "";
    if (name == passes::kGeneric) return "generic computes what no other family does";
    return with_remedy(fmt::format("no family '{}'; the families are {}", name, join(names, ", ")),
                       did_you_mean(name, names));
  };
  return CLI::Validator(check, "");
}

}  // namespace

CLI::Validator is_pass(bool or_all) {
  const auto check = [or_all](const std::string& name) -> std::string {
    if (passes::find_pass(name) || (or_all && name == "all")) return "";
    const auto names = names_of_passes();
    return with_remedy(fmt::format("no pass '{}'; the passes are {}", name, join(names, ", ")),
                       did_you_mean(name, names));
  };
  return CLI::Validator(check, "");
}

CLI::Validator is_end() {
  const auto check = [](const std::string& name) -> std::string {
    if (passes::find_pass(name) || passes::find_phase(name)) return "";
    const auto passes = names_of_passes();
    auto all = names_of_phases();
    const std::string phases = join(all, ", ");
    all.insert(all.end(), passes.begin(), passes.end());
    return with_remedy(fmt::format("no phase or pass '{}'; the phases are {}; the passes are {}",
                                   name, phases, join(passes, ", ")),
                       did_you_mean(name, all));
  };
  return CLI::Validator(check, "");
}

void PipelineFlags::add(CLI::App& command, Session& session) {
  const TitledOptions title(command, "Pass options");
  command.add_option("--stop-after", stop_after, "Run no pass after this phase or pass")
      ->check(is_end())
      ->type_name("PHASE|PASS");
  command.add_option("--disable-pass", disabled, "Leave this pass out")
      ->delimiter(',')
      ->check(is_pass())
      ->type_name("PASS");
  command.add_option("--explain", explained, "Say why each candidate was rewritten or refused")
      ->delimiter(',')
      ->check(is_pass(true))
      ->type_name("PASS,…|all");
  command.add_option("--disable-family", families.disabled, "Give no kernel to this family")
      ->delimiter(',')
      ->check(is_family())
      ->type_name("FAMILY");
  command
      .add_option("--max-error", families.max_error,
                  "Largest error of a kernel that rounds more than its sum does, as a share of the "
                  "largest magnitude of its result; 0: none such")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str()
      ->type_name("E");
  command
      .add_option("--tuning", tuning,
                  "Schedules that `linnet tune` found, for the kernels they fit")
      ->type_name("F.tuning");
  command
      .add_option_function<std::string>(
          "--weights-dtype", [this](const std::string& name) { weights = dtype_from_name(name); },
          "Store weights of dense layers that wait for memory in this type; sums stay f32")
      ->check(CLI::IsMember({"bf16", "f16"}))
      ->type_name("bf16|f16");
  command.add_option("--pass-limit", limit, "Stop after N rewrites")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 53))
      ->type_name("N");
  command.add_flag_callback(
      "--time-passes", [this, &session] { times = session.time_passes = true; },
      "Print what each pass, Halide, LLVM and linking take");
  command.add_flag("--check-passes", check,
                   "Evaluate before and after each pass and compare; check what phases promise");
}

void PipelineFlags::add_threads(CLI::App& command) {
  const TitledOptions title(command, "Compilation options");
  command
      .add_option("--threads", threads,
                  "Threads of a call, which share the tiles of long kernels; the bits do not "
                  "depend on their number")
      ->check(CLI::Range(1, LINNET_MOST_THREADS))
      ->type_name("N")
      ->capture_default_str();
}

std::optional<ir::Module> PipelineFlags::run(Session& session, ir::Module module,
                                             const codegen::Target& target, uint64_t seed,
                                             std::span<const passes::Pass> rows,
                                             const driver::AfterPass& after) const {
  passes::PassContext wanted;
  wanted.target = target.info;
  wanted.seed = seed;
  wanted.threads = threads_wanted();
  return driver::lower(std::move(module), rows, *this, std::move(wanted), session.host,
                       {.after = after});
}

}  // namespace linnet::cli
