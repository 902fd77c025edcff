// Phases: the order of the pipeline, where it may end, what each phase promises, kept and broken.
#include "ir/print.h"
#include "ir/read.h"
#include "passes/run/check_phase.h"
#include "passes/run/run_pipeline.h"
#include "tests/passes/random_graphs.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace linnet::passes {
namespace {

// What is wanted of the pipeline, in every combination.
std::vector<std::vector<Pass>> every_pipeline() {
  std::set<std::vector<std::string_view>> seen;
  std::vector<std::vector<Pass>> all;
  for (int bits = 0; bits < 8; ++bits) {
    PassContext wanted;
    wanted.f64 = bits & 1;
    wanted.gradients = bits & 2;
    wanted.first_values = bits & 4;
    std::vector<Pass> rows;
    std::vector<std::string_view> names;
    for (const Pass& row : pipeline()) {
      if (!row.wanted(wanted)) continue;
      rows.push_back(row);
      names.push_back(row.name);
    }
    if (seen.insert(names).second) all.push_back(std::move(rows));
  }
  return all;
}

TEST(Phases, EveryPipelineIsInTheOrderItsRowsNeed) {
  const auto all = every_pipeline();
  EXPECT_EQ(all.size(), 8u);
  for (const auto& rows : all)
    EXPECT_EQ(order_fault(rows), "");
}

// Each row that needs another, moved ahead of it.
TEST(Phases, ARowAheadOfWhatItNeedsIsNoticed) {
  size_t moved = 0;
  for (const auto& rows : every_pipeline()) {
    for (size_t i = 0; i < rows.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (std::ranges::find(rows[i].needs, rows[j].run) == rows[i].needs.end()) continue;
        std::vector<Pass> wrong = rows;
        std::rotate(wrong.begin() + static_cast<std::ptrdiff_t>(j),
                    wrong.begin() + static_cast<std::ptrdiff_t>(i),
                    wrong.begin() + static_cast<std::ptrdiff_t>(i) + 1);
        // Of one phase, so that the need alone is what is wrong.
        for (Pass& row : wrong)
          row.phase = Phase::kCanonical;
        EXPECT_NE(order_fault(wrong), "") << rows[i].name << " ahead of " << rows[j].name;
        ++moved;
      }
    }
  }
  EXPECT_GT(moved, 100u);
  std::vector<Pass> swapped(pipeline().begin(), pipeline().end());
  std::ranges::reverse(swapped);
  for (Pass& row : swapped)
    row.needs = {};
  EXPECT_EQ(order_fault(swapped),
            "pack_weights of phase scheduled stands behind outline_kernels of phase planned");
}

TEST(Phases, RowsOfAPhaseStandTogether) {
  size_t rows = 0;
  for (const Phase phase : kPhases) {
    const auto part = pipeline(phase, phase);
    EXPECT_FALSE(part.empty()) << name(phase);
    EXPECT_EQ(find_phase(name(phase)), phase);
    EXPECT_EQ(find_pass(name(phase)), nullptr) << "a phase and a pass of one name";
    rows += part.size();
  }
  EXPECT_EQ(rows, pipeline().size());
}

// ---- Where the pipeline ends.

std::vector<std::string> names_run(const std::string& stop_after) {
  PassContext context;
  PipelineOptions options;
  options.stop_after = stop_after;
  std::vector<std::string> names;
  options.after = [&](const Pass& pass, const ir::Module&) { names.emplace_back(pass.name); };
  (void)run_pipeline(RandomGraphs(1).make(), pipeline(), options, context);
  return names;
}

TEST(Phases, ThePipelineEndsAfterAPhase) {
  EXPECT_THAT(names_run("imported"), testing::IsEmpty());
  EXPECT_EQ(names_run("training").back(), "differentiate");
  EXPECT_EQ(names_run("canonical").back(), "drop_dead");
  EXPECT_EQ(names_run("fused").back(), "group_kernels");
  EXPECT_EQ(names_run("scheduled").back(), "pack_weights");
  EXPECT_EQ(names_run("planned"), names_run(""));
}

// Also if the pass to stop after does not run.
TEST(Phases, ThePipelineEndsAtAPassThatIsNotWanted) {
  EXPECT_EQ(names_run("first_values").back(), "differentiate");
  EXPECT_THAT(names_run("widen_floats"), testing::IsEmpty());
}

// ---- Promises. A module that keeps those of every phase, then one fault for each.

ir::Module read(const std::string& text) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  auto module = ir::read(sources.add("m", text), {}, diagnostics);
  EXPECT_TRUE(module.has_value()) << diagnostics.text();
  return module ? std::move(*module) : ir::Module();
}

std::string broken(const std::string& text, Phase phase) {
  const auto missing = check_phase(read(text), phase);
  return missing ? fmt::format("{}: {}", missing->pass, missing->why) : "";
}

// A row that does nothing in the place of `name`: the phase it stands in is not what it promises.
std::string broken_without(std::string_view name, ir::Module module) {
  std::vector<Pass> rows(pipeline().begin(), pipeline().end());
  for (Pass& row : rows) {
    if (row.name == name) row.run = [](ir::Module same, PassContext&) { return same; };
  }
  PassContext context;
  PipelineOptions options;
  options.verify = true;
  return run_pipeline(std::move(module), rows, options, context).broken;
}

constexpr const char* kDense = "lir 1\n\nmodule m\n\n"
                               "slot param @w: f32[16,16] = zeros()\n\n"
                               "graph @predict(%x: f32[1,16], %w: f32[16,16] = @w) {\n"
                               "  %d: f32[1,16] = dropout(%x) {p = 0.5}\n"
                               "  %m: f32[1,16] = matmul(%d, %w)\n"
                               "  %s: f32[1,16] = softmax(%m)\n"
                               "  return y = %s\n}\n";

TEST(Promises, AreKeptByRandomGraphs) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    PassContext context;
    PipelineOptions options;
    options.verify = true;
    EXPECT_EQ(run_pipeline(RandomGraphs(seed).make(), pipeline(), options, context).broken, "")
        << seed;
  }
  EXPECT_EQ(broken_without("none", read(kDense)), "");
}

TEST(Promises, TrainingNothingOfTrainingIsLeft) {
  EXPECT_EQ(broken_without("drop_dropout", read(kDense)),
            "phase training ended with work of pass drop_dropout undone: it takes out what only "
            "training needs, and there is still dropout %d");
}
TEST(Promises, TrainingParametersAreConstants) {
  EXPECT_EQ(broken_without("freeze_parameters", read(kDense)),
            "phase training ended with work of pass freeze_parameters undone: it makes parameters "
            "constants, and @w is still read from outside");
}
TEST(Promises, CanonicalNothingIsAnAbbreviation) {
  EXPECT_EQ(broken_without("expand_ops", read(kDense)),
            "phase canonical ended with work of pass expand_ops undone: it writes ops as smaller "
            "ones that have code, and there is still softmax %s");
}
TEST(Promises, FusedEveryOpIsInAKernel) {
  const std::string broken = broken_without("group_kernels", read(kDense));
  EXPECT_THAT(broken, testing::StartsWith("phase fused ended with work of pass group_kernels "
                                          "undone: it puts every op into a kernel, and "));
  EXPECT_THAT(broken, testing::EndsWith(" stands outside"));
}
TEST(Promises, ScheduledEveryKernelHasASchedule) {
  EXPECT_THAT(
      broken_without("choose_schedules", read(kDense)),
      testing::StartsWith("phase scheduled ended with work of pass choose_schedules undone: "
                          "it says how each kernel is computed, and that of %"));
}
TEST(Promises, ScheduledOperandsLieAsTheyAreRead) {
  EXPECT_EQ(broken_without("pack_weights", read(kDense)),
            "phase scheduled ended with work of pass pack_weights undone: it gives a kernel what "
            "it reads in its order, and that of %m has an operand in another");
}
TEST(Promises, PlannedKernelsAreFunctions) {
  EXPECT_THAT(
      broken_without("outline_kernels", read(kDense)),
      testing::StartsWith("phase planned ended with work of pass outline_kernels undone: it "
                          "makes each group a function, and that of %"));
}
TEST(Promises, PlannedEveryValueHasItsPlace) {
  EXPECT_THAT(broken_without("plan_memory", read(kDense)),
              testing::StartsWith("phase planned ended with work of pass plan_memory undone: it "
                                  "gives every value an address, and %"));
}

// Two values that live together; one moved onto the other, then one byte apart from legal places.
std::string planned(const std::string& second, const std::string& third = "arena+0") {
  return "lir 1\n\nmodule m\n\n"
         "kernel @k(%x: f32[32] in input 0) generic{} {\n"
         "  %y: f32[32] in arena+0 = exp(%x)\n"
         "  return %y\n}\n\n"
         "kernel @add(%a: f32[32] in arena+0, %b: f32[32] in arena+0) generic{} {\n"
         "  %y: f32[32] in arena+0 = add(%a, %b)\n"
         "  return %y\n}\n\n"
         "kernel @last(%a: f32[32] in arena+0) generic{} {\n"
         "  %y: f32[32] in output 0 = exp(%a)\n"
         "  return %y\n}\n\n"
         "graph @predict(%x: f32[32] in input 0) {\n"
         "  %a: f32[32] in arena+0 = call @k(%x)\n"
         "  %b: f32[32] in " +
         second +
         " = call @k(%x)\n"
         "  %c: f32[32] in arena+256 = call @add(%a, %b)\n"
         "  %d: f32[32] in " +
         third +
         " = call @add(%c, %c)\n"
         "  %e: f32[32] in output 0 = call @last(%d)\n"
         "  return y = %e\n}\n";
}

TEST(Promises, PlannedNothingOverlapsWhatLivesWithIt) {
  EXPECT_EQ(broken(planned("arena+128"), Phase::kPlanned), "");
  EXPECT_EQ(broken(planned("arena+128", "arena+128"), Phase::kPlanned), "");  // b is dead
  EXPECT_EQ(broken(planned("arena+64"), Phase::kPlanned),
            "plan_memory: what lives at the same time lies apart, and in @predict %a in arena+0 "
            "meets %b in arena+64");
  EXPECT_EQ(broken(planned("arena+192"), Phase::kPlanned),
            "plan_memory: what lives at the same time lies apart, and in @predict %b in arena+192 "
            "meets %c in arena+256");
  EXPECT_EQ(broken(planned("arena+128", "arena+256"), Phase::kPlanned),
            "plan_memory: what lives at the same time lies apart, and in @predict %c in arena+256 "
            "meets %d in arena+256");
}

// Whoever leaves passes out, or stops within a phase, is promised nothing.
TEST(Promises, AreNotAskedForWherePassesAreLeftOut) {
  PassContext context;
  PipelineOptions options;
  options.verify = true;
  options.disabled = {"pack_weights"};
  EXPECT_EQ(run_pipeline(read(kDense), pipeline(), options, context).broken, "");
  options.disabled.clear();
  options.stop_after = "fuse_epilogue";
  EXPECT_EQ(run_pipeline(read(kDense), pipeline(), options, context).broken, "");
}

}  // namespace
}  // namespace linnet::passes
