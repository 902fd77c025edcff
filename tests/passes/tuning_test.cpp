// The file of tuned schedules: read and written, asked by choose_schedules, and which schedules are
// tried for it.
#include "passes/schedule/tuning.h"

#include "ir/op_def.h"
#include "ir/read.h"
#include "passes/lib/candidate.h"
#include "passes/run/run_pipeline.h"
#include "passes/schedule/families.h"
#include "passes/schedule/neighbours.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace linnet::passes {
namespace {

using testing::HasSubstr;

constexpr const char* kTarget = "x86-64-v3";  // of a PassContext by default

std::optional<Tuning> read(const std::string& text, std::string& errors) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  auto tuning = Tuning::read(sources.add("f.tuning", text), diagnostics);
  errors = diagnostics.text();
  return tuning;
}

TEST(Tuning, IsReadAndWrittenInOneOrder) {
  std::string errors;
  const auto tuning = read("// of two machines\n"
                           "\"x86-64-v4\" 00000000000000ff generic{}\n"
                           "\"x86-64-v3\" ab00000000000000 direct{lanes=8, pixels=-1} //  0.5 \r\n"
                           "\"a b\" ab00000000000000\n  dense{}// split\n",
                           errors);
  ASSERT_TRUE(tuning) << errors;
  EXPECT_THAT(
      tuning->text(),
      testing::EndsWith("\n\"a b\" ab00000000000000 dense{}  // split\n"
                        "\"x86-64-v3\" ab00000000000000 direct{lanes=8, pixels=-1}  // 0.5\n"
                        "\"x86-64-v4\" 00000000000000ff generic{}\n"));
  const auto again = read(tuning->text(), errors);
  ASSERT_TRUE(again) << errors;
  EXPECT_EQ(again->text(), tuning->text());
  EXPECT_TRUE(read("", errors)) << errors;
}

TEST(Tuning, EachFaultIsAnErrorAtItsPlace) {
  const std::string line = "\"x86-64-v3\" 00000000000000ff ";
  const std::pair<std::string, std::string> faults[] = {
      {"x86-64-v3 00000000000000ff generic{}",
       "f.tuning:1:1: error: expected a target in quotes, a kernel and its schedule"},
      {"\"x86-64-v3", "f.tuning:1:1: error: the string does not end"},
      {"\"x86-64-v3\" ff generic{}",
       "f.tuning:1:13: error: expected a kernel, 16 hexadecimal digits, found 'ff'"},
      {"\"x86-64-v3\" 00000000000000FF generic{}", "f.tuning:1:13: error: expected a kernel"},
      {line + "dirct{}", "f.tuning:1:30: error: no kernel family 'dirct'; did you mean 'direct'?"},
      {line + "7{}", "f.tuning:1:30: error: expected a word"},
      {line + "direct lanes", "f.tuning:1:37: error: expected '{'"},
      {line + "direct{lanes}", "f.tuning:1:42: error: expected '='"},
      {line + "direct{lanes=x}", "f.tuning:1:43: error: expected a number"},
      {line + "direct{lanes=1.5}", "f.tuning:1:43: error: expected an integer"},
      {line + "direct{lanes=8; ", "f.tuning:1:44: error: expected ','"},
      {line + "direct{threads=1}", "f.tuning:1:30: error: threads is no number of a kernel"},
      {line + "generic{}\n" + line + "dense{}",
       "f.tuning:2:13: error: kernel 00000000000000ff of \"x86-64-v3\" has a schedule above"},
      {std::string("\x7f\x45\x4c\x46\0\1", 6), "f.tuning:1:1: error: expected a target"}};
  for (const auto& [text, message] : faults) {
    std::string errors;
    EXPECT_FALSE(read(text, errors)) << text;
    EXPECT_THAT(errors, testing::StartsWith(message)) << text;
  }
}

// ---- Kernels

ir::Module parse(const std::string& graph) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  auto module = ir::read(sources.add("m.lir", "lir 1\n\nmodule m\n\n" + graph), {}, diagnostics);
  EXPECT_TRUE(module) << diagnostics.text();
  return module ? *std::move(module) : ir::Module();
}

std::vector<Pass> rows(const std::vector<std::string>& names) {
  std::vector<Pass> list;
  for (const std::string& name : names)
    list.push_back(*find_pass(name));
  return list;
}

// A dense layer and a convolution, in groups.
constexpr const char* kDense = R"(graph @predict(%x: f32[4,64]) {
  %w: f32[64,32] = constant splat(0.5) {opaque = true}
  %y: f32[4,32] = matmul(%x, %w)
  %r: f32[4,32] = relu(%y)
  return r = %r
}
)";
// The same kernel behind another, of other names; and one of a weight that is no constant.
constexpr const char* kOther = R"(graph @predict(%in: f32[4,64], %v: f32[64,32]) {
  %k: f32[64,32] = constant splat(2) {opaque = true}
  %e: f32[4,64] = exp(%in)
  %m: f32[4,32] = matmul(%e, %k)
  %a: f32[4,32] = relu(%m)
  %n: f32[4,32] = matmul(%in, %v)
  %b: f32[4,32] = relu(%n)
  return a = %a, b = %b
}
)";

class Scheduled {
public:
  explicit Scheduled(const std::string& graph) {
    auto list = rows({"fuse_epilogue", "group_kernels"});
    module = run_pipeline(parse(graph), list, {}, context).module;
    for (const ir::Node& node : entry().nodes()) {
      if (node.op == &ir::ops::group) groups.push_back(&node);
    }
  }
  const ir::Graph& entry() const { return module.graphs.front(); }
  Candidate candidate(size_t i) const {
    return candidate_of(groups[i]->regions.front(), entry(), groups[i]->operands, context);
  }
  // Schedules of the groups by choose_schedules, as text.
  std::vector<std::string> choose(Tuning* tuning) {
    context.tuning = tuning;
    context.errors.clear();
    remarks.clear();
    context.explain = [this](const Remark& remark) {
      if (remark.fired) remarks += remark.message + "\n";
    };
    const auto list = rows({"choose_schedules"});
    const ir::Module chosen = run_pipeline(module, list, {}, context).module;
    std::vector<std::string> schedules;
    for (const ir::Node& node : chosen.graphs.front().nodes()) {
      if (node.schedule) schedules.push_back(to_string(*node.schedule));
    }
    return schedules;
  }

  PassContext context;
  ir::Module module;
  std::vector<const ir::Node*> groups;
  std::string remarks;
};

TEST(Tuning, AKernelHasOneKeyInEveryModel) {
  const Scheduled one(kDense), other(kOther);
  ASSERT_EQ(one.groups.size(), 1U);
  ASSERT_EQ(other.groups.size(), 3U);
  const std::string key = tuning_key(one.candidate(0));
  EXPECT_EQ(key, "ed76b258c3d9b823");  // of files that people have
  std::vector<std::string> keys;
  for (size_t i = 0; i < 3; ++i)
    keys.push_back(tuning_key(other.candidate(i)));
  // exp; the same; the same of a weight that may change.
  EXPECT_THAT(keys, testing::ElementsAre(testing::Ne(key), key, testing::Ne(key)));
  EXPECT_NE(keys[0], keys[2]);
}

TEST(Tuning, GoesBeforeWhatTheFamiliesChoose) {
  Scheduled dense(kDense);
  const std::vector<std::string> chosen = dense.choose(nullptr);
  const std::string key = tuning_key(dense.candidate(0));
  std::string errors;
  const std::string schedule = "dense{lanes=4, vectors=2, chains=1, rows=2}";
  ASSERT_NE(chosen.front(), schedule);
  auto tuning = read("\"x86-64-v3\" " + key + " " + schedule, errors);
  ASSERT_TRUE(tuning) << errors;
  EXPECT_THAT(dense.choose(&*tuning), testing::ElementsAre(schedule));
  EXPECT_THAT(dense.remarks,
              HasSubstr(" by " + schedule + ": tuned, in place of " + chosen.front()));
  EXPECT_TRUE(tuning->asked);
  EXPECT_TRUE(tuning->find(kTarget, key)->matched);

  // Near misses: another target, another kernel.
  const std::string misses[] = {"\"x86-64-v4\" " + key, "\"x86-64-v3\" 00000000000000ff"};
  for (const std::string& miss : misses) {
    auto other = read(miss + " " + schedule, errors);
    ASSERT_TRUE(other) << errors;
    EXPECT_EQ(dense.choose(&*other), chosen) << miss;
    EXPECT_FALSE(other->lines().begin()->second.matched);
  }
}

TEST(Tuning, IllegalSchedulesAreErrorsAtTheirLine) {
  Scheduled dense(kDense);
  const std::string key = tuning_key(dense.candidate(0));
  const std::pair<const char*, const char*> faults[] = {
      {"dense{lanes=8, vectors=9, chains=1, rows=1}",
       "dense: vectors=9; legal here: 1 to 4, with lanes=8"},
      {"dense{lanes=8}", "dense needs 'vectors'; legal here: 1 to 4"},
      {"direct{lanes=8, vectors=1, pixels=1, samples=1}",
       "direct does not compute this group: it is no convolution"}};
  for (const auto& [schedule, message] : faults) {
    std::string errors;
    auto tuning = read("\n\"x86-64-v3\" " + key + " " + schedule, errors);
    ASSERT_TRUE(tuning) << errors;
    (void)dense.choose(&*tuning);
    ASSERT_EQ(dense.context.errors.size(), 1U) << schedule;
    const PassError& error = dense.context.errors.front();
    EXPECT_THAT(error.message, HasSubstr(message));
    EXPECT_EQ(error.status, Status::kBadInput);
    ASSERT_EQ(error.place.spans.size(), 1U);
    EXPECT_EQ(error.place.spans.front().begin, 30U);  // the schedule
  }
}

constexpr const char* kConvolution = R"(graph @predict(%x: f32[1,16,20,20]) {
  %w: f32[32,16,3,3] = constant splat(0.5) {opaque = true}
  %y: f32[1,32,18,18] = conv2d(%x, %w)
  return y = %y
}
)";

TEST(Neighbours, AreTensOfLegalSchedules) {
  for (const char* graph : {kDense, kConvolution, kOther}) {
    Scheduled scheduled(graph);
    for (size_t i = 0; i < scheduled.groups.size(); ++i) {
      const Candidate group = scheduled.candidate(i);
      const ir::Schedule centre = choose_schedule(group);
      const auto found = neighbours(group, centre);
      EXPECT_LT(found.size(), 40U);
      std::set<std::string> different;
      for (const ir::Schedule& schedule : found) {
        EXPECT_EQ(schedule_fault(group.body, schedule), "") << to_string(schedule);
        EXPECT_NE(schedule, centre);
        EXPECT_TRUE(different.insert(to_string(schedule)).second) << to_string(schedule);
      }
    }
  }
}

TEST(Neighbours, GoOneStepAndToOtherFamilies) {
  Scheduled scheduled(kConvolution);
  const auto found =
      neighbours(scheduled.candidate(0),
                 {"direct", {{"lanes", 8}, {"vectors", 2}, {"pixels", 6}, {"samples", 1}}});
  std::vector<std::string> texts;
  for (const ir::Schedule& schedule : found)
    texts.push_back(to_string(schedule));
  for (const char* wanted : {"direct{lanes=8, vectors=2, pixels=5, samples=1}",
                             "direct{lanes=8, vectors=2, pixels=7, samples=1}",
                             "direct{lanes=8, vectors=3, pixels=4, samples=1}",
                             "direct{lanes=8, vectors=4, pixels=3, samples=1}",
                             "direct{lanes=8, vectors=1, pixels=12, samples=1}", "generic{}"})
    EXPECT_THAT(texts, testing::Contains(wanted));
  // More accumulators than the 16 registers of the target.
  EXPECT_THAT(texts,
              testing::Not(testing::Contains("direct{lanes=8, vectors=4, pixels=6, samples=1}")));
}

}  // namespace
}  // namespace linnet::passes
