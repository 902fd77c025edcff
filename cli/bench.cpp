// linnet bench MODEL: the whole call through the C ABI, and each of its kernels where it stands in
// the call, beside the roofs of one core.
#include "cli/bench_report.h"
#include "cli/help.h"
#include "passes/lib/kernel_names.h"
#include "support/json_text.h"
#include "support/text.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace linnet::cli {
namespace {

struct BenchOptions {
  ModelOptions model;
  PipelineFlags pipeline;
  driver::CompileOptions build;
  std::vector<std::string> inputs;
  int64_t warm_up = 3;
  int64_t rounds = 31;
  int64_t calls = 0;    // timed one by one; 0: by how long they take
  std::string kernel;   // only its rows
  std::string compare;  // JSON of an earlier bench
  std::optional<double> threshold;
  bool json = false;
  bool train = false;
};

// Only what --kernel asks for.
bool choose(Session& session, const std::string& wanted, BenchReport& report) {
  if (wanted.empty()) return true;
  std::vector<std::string> names;
  for (const KernelRow& row : report.kernels)
    names.push_back(row.name);
  if (report.only(wanted)) return true;
  const std::string near = did_you_mean(wanted, names);
  session.error(fmt::format("--kernel {}: the call has no such kernel", wanted), Status::kBadCall,
                near.empty() ? "it has " + join(names, ", ") : near);
  return false;
}

// False, with an error: a threshold that nothing can be beyond would let every slowdown pass.
bool threshold_fits(Session& session, const BenchOptions& options,
                    const std::optional<OldReport>& old) {
  if (!options.threshold) return true;
  if (!old) {
    session.error("--threshold takes --compare OLD.json too", Status::kBadCall,
                  "make OLD.json with: linnet bench MODEL --json > OLD.json");
  } else if (options.rounds < static_cast<int64_t>(kFewestRounds)) {
    session.error(fmt::format("--threshold takes --rounds {} or more", kFewestRounds),
                  Status::kBadCall);
  } else if (!old->has_rounds()) {
    session.error(fmt::format("--threshold: {} holds fewer than {} rounds, of which there is no "
                              "interval",
                              options.compare, kFewestRounds),
                  Status::kBadInput,
                  "make it again with: linnet bench MODEL --json > " + options.compare);
  } else {
    return true;
  }
  return false;
}

// Its rows, not yet timed.
BenchReport report_of(const BenchOptions& options, const driver::Product& built,
                      const BenchCall& call) {
  BenchReport report;
  report.model = built.compiled.name;
  report.target = built.target.info.name;
  report.batch = call.batch();
  for (const ir::Node* node : call.steps()) {
    const ir::Graph& kernel = called(call.module(), *node);
    KernelRow row;
    row.name = kernel.name;
    row.ops = join(passes::op_names(kernel), " ");
    row.hash = passes::content_hash(passes::kernel_content(kernel));
    row.call = static_cast<int64_t>(report.kernels.size());
    row.flops = call_flops(call.module(), *node);
    row.bytes = call_bytes(call.graph(), *node);
    if (options.train) report.flops += row.flops;
    report.kernels.push_back(std::move(row));
  }
  if (!options.train) report.flops = built.flops * report.batch;
  return report;
}

void time_report(Session& session, const BenchOptions& options, const driver::Product& built,
                 const BenchCall& call, BenchReport& report) {
  const Measured measured = measure(session, call, options.warm_up, options.rounds);
  report.single = time_single_calls(session, call, options.calls);
  report.roofs = measure_roofs(session, built.target, options.build);
  const std::vector<Bound> floors = bounds(call.module(), call.graph(), report.roofs);
  report.whole = measured.whole;
  report.rest_ns = measured.whole.median;
  for (size_t i = 0; i < report.kernels.size(); ++i) {
    report.kernels[i].time = measured.steps[i];
    report.kernels[i].bound = floors[i];
    report.rest_ns -= measured.steps[i].median;
  }
}

Status run(Session& session, const BenchOptions& options) {
  if (options.json) session.progress.silence();
  // A wrong call is refused before a minute of measuring.
  std::optional<OldReport> old;
  if (!options.compare.empty()) {
    old = OldReport::read(session, options.compare);
    if (!old) return session.diagnostics.status();
  }
  if (!threshold_fits(session, options, old)) return session.diagnostics.status();
  driver::CompileOptions flags = options.build;
  flags.here = true;
  flags.product = true;
  flags.timed_entries = true;
  const auto built = options.train
                         ? build_trainer(session, options.model, options.pipeline, {flags})
                         : build(session, options.model, options.pipeline, flags);
  if (!built) return Status::kBadInput;
  const auto call = options.train
                        ? BenchCall::of_trainer(session, *built, options.inputs, options.model.seed)
                        : BenchCall::of_model(session, *built, options.inputs);
  if (!call) return session.diagnostics.status();
  BenchReport report = report_of(options, *built, *call);
  if (BenchReport probe = report; !choose(session, options.kernel, probe))
    return session.diagnostics.status();
  time_report(session, options, *built, *call, report);
  if (old) {
    old->warn(session, report);
    old->compare(report);
  }
  if (!choose(session, options.kernel, report)) return session.diagnostics.status();
  if (options.json) {
    fmt::print("{}\n", json_text(report.json()));
  } else {
    std::fputs((old ? report.compared_table() : report.table()).c_str(), stdout);
  }
  if (!options.threshold) return Status::kDone;
  const std::string slow = beyond_threshold(report, *options.threshold);
  if (slow.empty()) return Status::kDone;
  session.error(slow, Status::kBadInput);
  return session.diagnostics.status();
}

}  // namespace

void add_bench(CLI::App& app, Session& session) {
  auto options = std::make_shared<BenchOptions>();
  CLI::App* command = app.add_subcommand("bench", "Time the call and each kernel");
  command->footer("linnet bench lenet.lin --batch 64");
  add_build(*command, session, options->model, options->pipeline, options->build);
  options->pipeline.remarks = true;
  options->pipeline.add_threads(*command);
  add_quiet(*command, session);
  command->add_flag("--train", options->train, "A training step instead of inference");
  command
      ->add_option("--input", options->inputs,
                   "Values of an input, or @0 by position (default: small numbers)")
      ->type_name("NAME=F.npy");
  command->add_option("--warm-up", options->warm_up, "Calls before the first that is timed")
      ->type_name("N")
      ->check(CLI::Range(int64_t{0}, int64_t{1000000}))
      ->capture_default_str();
  command->add_option("--rounds", options->rounds, "Rounds; their median is reported")
      ->type_name("N")
      ->check(CLI::Range(int64_t{1}, int64_t{1000000}))
      ->capture_default_str();
  command
      ->add_option("--calls", options->calls,
                   "Calls timed one by one for p50 to max (default: 20,000 or more, as many as fit "
                   "two seconds)")
      ->type_name("N")
      ->check(CLI::Range(int64_t{1}, int64_t{10000000}));
  command->add_option("--kernel", options->kernel, "Only the rows of this kernel")
      ->type_name("NAME");
  command
      ->add_option("--compare", options->compare,
                   "Beside an earlier --json: old, new, ratio of the call and each kernel, with a "
                   "95 % interval")
      ->type_name("OLD.json");
  command
      ->add_option("--threshold", options->threshold,
                   "With --compare: status 1 if the call is slower by more, as far as the whole "
                   "interval says")
      ->type_name("PERCENT")
      ->check(CLI::Range(0.0, 1000.0));
  command->add_flag("--json", options->json, "One JSON object instead of the table");
  command->callback([&session, options] {
    session.command = [options](Session& s) { return run(s, *options); };
  });
}

}  // namespace linnet::cli
