// linnet bench: every kernel a row, on the values of the call; options, JSON, comparison. What
// takes how long is nobody's business here.
#include "base/io/npy.h"
#include "cli/bench_call.h"
#include "tests/cli/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>
#include <sstream>

namespace linnet {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// Ten inputs and an output in one kernel; in the other one the result of that.
constexpr const char* kMany = R"(model many(a: f32[N, 9], b: f32[N, 9], c: f32[N, 9], d: f32[N, 9],
           e: f32[N, 9], f: f32[N, 9], g: f32[N, 9], h: f32[N, 9], i: f32[N, 9],
           j: f32[N, 9]) -> y: f32[N, 5] {
  layer head = linear(5)
  head(a * b + c * d + e * f + g * h + i * j)
}
)";

constexpr const char* kTrained = R"(model t(x: f32[N, 8]) -> y: f32[N, 2] {
  layer inner = linear(4)
  layer head = linear(2)
  x |> inner |> relu |> head
}
train t {
  loss: mse
  optimizer: sgd(lr: 0.1, momentum: 0.9)
  batch: 4; epochs: 1
}
)";

class Bench : public Command {
protected:
  // A model as `linnet bench` builds it.
  void build(const std::string& text, int64_t batch, bool train = false) {
    write("m.lin", text);
    cli::ModelOptions model;
    model.path = folder_ + "/m.lin";
    model.batch = batch;
    driver::Options flags;
    flags.product = flags.timed_entries = flags.no_cache = true;
    built_ = train ? cli::build_trainer(session_, model, {}, {flags})
                   : cli::build(session_, model, {}, {flags});
    ASSERT_TRUE(built_);
    ASSERT_FALSE(session_.diagnostics.has_errors()) << session_.diagnostics.text();
  }
  // The timed call writes what the call writes, and reads the clock at every step.
  static void expect_the_same(const cli::BenchCall& call) {
    call.restart();
    call.poison();
    call.whole();
    const auto results = call.results();
    call.restart();
    call.poison();
    EXPECT_NE(call.results(), results);
    std::vector<uint64_t> ticks(call.steps().size() + 2, 0);
    call.timed(ticks.data());
    EXPECT_EQ(call.results(), results);
    EXPECT_THAT(ticks, testing::Each(testing::Ne(0u)));
    // So do as many of its steps as it has, and none writes nothing.
    call.restart();
    call.poison();
    const auto poisoned = call.results();
    call.first(0);
    EXPECT_EQ(call.results(), poisoned);
    call.first(static_cast<int64_t>(call.steps().size()));
    EXPECT_EQ(call.results(), results);
  }

  cli::Session session_;
  std::optional<driver::Product> built_;
};

TEST_F(Bench, KernelsOfManyTensorsAreRows) {
  write("m.lin", kMany);
  ASSERT_EQ(linnet("bench m.lin --batch 3 --json --rounds 1 --warm-up 0"), 0) << err_;
  const json report = json::parse(out_);
  ASSERT_EQ(linnet("dump m.lin --batch 3 --after plan_memory"), 0) << err_;
  std::vector<std::string> called;
  std::istringstream lines(out_);
  bool widest = false;
  for (std::string line; std::getline(lines, line);) {
    const size_t at = line.find("call @");
    if (at == std::string::npos) continue;
    called.push_back(line.substr(at + 6, line.find('(', at) - at - 6));
    widest = widest || std::ranges::count(line, '%') > 8;
  }
  EXPECT_TRUE(widest) << out_;  // or the case tests nothing
  std::vector<std::string> rows;
  for (const json& kernel : report["kernels"]) {
    EXPECT_EQ(kernel["call"], rows.size());
    rows.push_back(kernel["name"]);
  }
  EXPECT_EQ(rows, called);
}

TEST_F(Bench, KernelsAreTimedOnTheValuesOfTheCall) {
  build(kMany, 3);
  ASSERT_FALSE(HasFatalFailure());
  const auto call = cli::BenchCall::of_model(session_, *built_, {});
  ASSERT_TRUE(call);
  EXPECT_EQ(call->batch(), 3);
  expect_the_same(*call);
}

TEST_F(Bench, StateIsAsInTheBeginning) {
  build("model s(x: f32[N, 3]) -> y: f32[N, 3] {\n  state h: f32[N, 3] = zeros()\n"
        "  let sum = h * 0.5 + x\n  next h = sum\n  sum\n}\n",
        1);
  ASSERT_FALSE(HasFatalFailure());
  const auto call = cli::BenchCall::of_model(session_, *built_, {});
  ASSERT_TRUE(call);
  expect_the_same(*call);
}

TEST_F(Bench, TrainingStepsAreTimedOnTheirValues) {
  build(kTrained, 4, true);
  ASSERT_FALSE(HasFatalFailure());
  const auto call = cli::BenchCall::of_trainer(session_, *built_, {}, 0);
  ASSERT_TRUE(call);
  expect_the_same(*call);
}

TEST_F(Bench, InputsComeFromFiles) {
  build("model m(x: f32[N, 2]) -> y: f32[N, 2] { x * 2 }\n", 2);
  ASSERT_FALSE(HasFatalFailure());
  Tensor x = make_tensor(DType::kF32, {2, 2});
  const float values[] = {1, 2.5, -3, 1e30F};
  std::memcpy(x.data.data(), values, sizeof values);
  ASSERT_TRUE(write_npy(folder_ + "/x.npy", x));
  const auto call = cli::BenchCall::of_model(session_, *built_, {"x=" + folder_ + "/x.npy"});
  ASSERT_TRUE(call);
  std::vector<uint64_t> ticks(call->steps().size() + 2);
  call->timed(ticks.data());
  const auto results = call->results();
  float twice[4];
  ASSERT_EQ(results.size(), sizeof twice);
  std::memcpy(twice, results.data(), sizeof twice);
  EXPECT_THAT(twice, testing::ElementsAre(2, 5, -6, 2e30F));
  EXPECT_EQ(linnet("bench m.lin --input x=x.npy"), 1);  // two samples for one
  EXPECT_THAT(err_, HasSubstr("x.npy: 'x' takes [1,2], the file holds [2, 2]"));
  EXPECT_EQ(linnet("bench m.lin --input z=x.npy"), 2);
}

// docs/cli.md: the keys and what they hold.
TEST_F(Bench, JsonHasItsKeys) {
  write("m.lin", kTrained);
  ASSERT_EQ(linnet("bench m.lin --json --rounds 2"), 0) << err_;
  const json report = json::parse(out_);
  const auto keys = [](const json& object) {
    std::vector<std::string> names;
    for (const auto& [key, value] : object.items())
      names.push_back(key);
    return names;
  };
  EXPECT_THAT(keys(report), testing::UnorderedElementsAre("model", "batch", "target", "median_ns",
                                                          "p99_ns", "flops", "peak_gflops",
                                                          "memory", "kernels", "rest_ns"));
  EXPECT_EQ(report["model"], "t");
  EXPECT_EQ(report["batch"], 1);
  EXPECT_EQ(report["flops"], 2 * (8 * 4 + 4 * 2));
  int64_t flops = 0;
  for (const json& kernel : report["kernels"]) {
    EXPECT_THAT(keys(kernel),
                testing::UnorderedElementsAre("name", "hash", "call", "ops", "median_ns", "p99_ns",
                                              "flops", "bytes", "gflops", "roof_share", "bound_by",
                                              "bound_ns", "bound_share"));
    EXPECT_EQ(kernel["hash"].get<std::string>().size(), 16u);
    flops += kernel["flops"].get<int64_t>();
  }
  EXPECT_EQ(flops, report["flops"]);
  ASSERT_FALSE(report["memory"].empty());
  EXPECT_EQ(report["memory"].back()["level"], "DRAM");
  EXPECT_EQ(report["memory"].back()["bytes"], 0);
  // Rows and the rest are the call.
  double sum = report["rest_ns"];
  for (const json& kernel : report["kernels"])
    sum += kernel["median_ns"].get<double>();
  EXPECT_NEAR(sum, report["median_ns"].get<double>(), 1e-6);
}

TEST_F(Bench, OneKernel) {
  write("m.lin", kTrained);
  ASSERT_EQ(linnet("bench m.lin --kernel head --rounds 1"), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("\nhead "));
  EXPECT_THAT(out_, testing::Not(HasSubstr("inner_relu")));
  EXPECT_EQ(linnet("bench m.lin --kernel heads --rounds 1"), 2);
  EXPECT_THAT(err_, HasSubstr("--kernel heads: the call has no such kernel"));
  EXPECT_THAT(err_, HasSubstr("'head'"));
}

TEST_F(Bench, ComparesWithAnEarlierReport) {
  write("m.lin", kTrained);
  ASSERT_EQ(linnet("bench m.lin --json --rounds 1"), 0) << err_;
  json old = json::parse(out_);
  old["median_ns"] = 1e9;
  for (json& kernel : old["kernels"]) {
    if (kernel["name"] == "head") kernel["hash"] = "0123456789abcdef";
  }
  old["kernels"].erase(0);
  write("old.json", old.dump());
  ASSERT_EQ(linnet("bench m.lin --rounds 1 --compare old.json"), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("1,000,000,000"));
  EXPECT_THAT(out_, HasSubstr("changed"));
  EXPECT_THAT(out_, HasSubstr("not there"));
  ASSERT_EQ(linnet("bench m.lin --rounds 1 --compare old.json --batch 2 --json"), 0) << err_;
  EXPECT_EQ(json::parse(out_)["old_median_ns"], 1e9);
  EXPECT_THAT(err_, HasSubstr("old.json: warning: is of batch 1, this of 2"));
  write("bad.json", "{}");
  EXPECT_EQ(linnet("bench m.lin --compare bad.json"), 1);
  EXPECT_THAT(err_, HasSubstr("bad.json: not what 'linnet bench --json' prints"));
  EXPECT_EQ(linnet("bench m.lin --compare none.json"), 1);
  EXPECT_EQ(out_, "");
}

// Memory is measured once: the second time it is found in the folder.
TEST_F(Bench, MemoryIsMeasuredOnce) {
  write("m.lin", kTrained);
  ASSERT_EQ(linnet("bench m.lin --json --rounds 1 --cache kept"), 0) << err_;
  const json first = json::parse(out_);
  ASSERT_EQ(linnet("bench m.lin --json --rounds 1 --cache kept"), 0) << err_;
  EXPECT_EQ(json::parse(out_)["memory"], first["memory"]);
}

}  // namespace
}  // namespace linnet
