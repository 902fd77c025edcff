// mca_bound: for every kernel of some models the cycles that LLVM's model of this CPU gives its hot
// loop, as a time, beside the time measured. `ninja mca_bound && ./mca_bound FOLDER-OF-MODELS`.
#include "cli/bench_call.h"
#include "cli/build.h"
#include "cli/session.h"
#include "cli/text_table.h"
#include "codegen/inspect/inspect.h"
#include "passes/lib/kernel_names.h"

#include "cli/roofs.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

namespace {

using namespace linnet;

// Cycles in a ns: additions that wait for each other take one each.
double gigahertz() {
  constexpr int64_t kAdditions = 200'000'000;
  double best = 0;
  for (int round = 0; round < 5; ++round) {
    const auto start = std::chrono::steady_clock::now();
    int64_t sum = 0;
    for (int64_t i = 0; i < kAdditions / 8; ++i) {
      asm volatile("add $1, %0\n\tadd $1, %0\n\tadd $1, %0\n\tadd $1, %0\n\t"
                   "add $1, %0\n\tadd $1, %0\n\tadd $1, %0\n\tadd $1, %0"
                   : "+r"(sum));
    }
    const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - start;
    best = std::max(best, static_cast<double>(kAdditions) / spent.count());
  }
  return best;
}

struct Case {
  std::string file;
  int64_t batch;
};

void add_rows(cli::TextTable& table, cli::Session& session, const std::string& path, int64_t batch,
              double clock) {
  cli::ModelOptions model;
  model.path = path;
  model.batch = batch;
  driver::CompileOptions options;
  options.here = options.product = options.timed_entries = options.keep_text = true;
  const auto built = cli::build(session, model, {}, options);
  if (!built) return;
  const auto call = cli::BenchCall::of_model(session, *built, {});
  if (!call) return;
  const cli::Measured measured = cli::measure(session, *call, 3, 31);
  const auto kernels = codegen::inspect(built->compiled, built->modules, built->target);
  for (size_t i = 0; i < call->steps().size(); ++i) {
    const ir::Graph& graph = cli::called(call->module(), *call->steps()[i]);
    const std::string hash = passes::content_hash(passes::kernel_content(graph));
    const auto kernel = std::ranges::find(kernels, hash, &codegen::InspectedKernel::hash);
    if (kernel == kernels.end() || !kernel->hot) continue;
    const codegen::HotLoop& hot = *kernel->hot;
    const double ns = measured.steps[i].median;
    const bool known = hot.cost && hot.iterations;
    const double bound =
        known ? hot.cost->cycles * static_cast<double>(*hot.iterations) / clock : 0;
    table.row({built->compiled.name, kernel->name, fmt::format("{}", hot.fmas),
               hot.loads_per_fma() ? fmt::format("{:.2f}", *hot.loads_per_fma()) : "",
               hot.cost ? fmt::format("{:.1f}", hot.cost->cycles) : "",
               hot.iterations ? fmt::format("{}", *hot.iterations) : "",
               known ? fmt::format("{:.0f}", bound) : "", fmt::format("{:.0f}", ns),
               known && ns > 0 ? fmt::format("{:.2f}", bound / ns) : "",
               hot.cost ? hot.cost->bottleneck : hot.no_cost});
  }
  table.rule();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: mca_bound FILE[:BATCH]…\n", stderr);
    return 2;
  }
  cli::Session session;
  const double clock = gigahertz();
  cli::TextTable table({"model", "kernel", ">FMAs", ">loads/FMA", ">cycles", ">iterations",
                        ">bound ns", ">median ns", ">ratio", "bottleneck"});
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const size_t colon = word.rfind(':');
    const int64_t batch = colon == word.npos ? 1 : std::stoll(word.substr(colon + 1));
    add_rows(table, session, word.substr(0, colon), batch, clock);
  }
  fmt::print("{:.2f} GHz\n{}", clock, table.text(0));
  return static_cast<int>(session.finish(Status::kDone));
}
