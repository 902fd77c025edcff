// linnet bench: every kernel a row, on the values of the call; options, JSON, comparison. What
// takes how long is nobody's business here.
#include "base/io/npy.h"
#include "cli/bench_report.h"
#include "tests/cli/command.h"
#include "tests/cli/json_schema.h"

#include <fmt/format.h>
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
  EXPECT_THAT(keys(report), testing::UnorderedElementsAre(
                                "model", "batch", "target", "median_ns", "samples_ns", "calls",
                                "clock_ns", "p50_ns", "p99_ns", "p9999_ns", "max_ns", "flops",
                                "peak_gflops", "memory", "kernels", "rest_ns"));
  EXPECT_EQ(report["model"], "t");
  EXPECT_EQ(report["batch"], 1);
  EXPECT_EQ(report["flops"], 2 * (8 * 4 + 4 * 2));
  int64_t flops = 0;
  for (const json& kernel : report["kernels"]) {
    EXPECT_THAT(keys(kernel),
                testing::UnorderedElementsAre("name", "hash", "call", "ops", "median_ns", "p99_ns",
                                              "samples_ns", "flops", "bytes", "gflops",
                                              "roof_share", "bound_by", "bound_ns", "bound_share"));
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

// A report as an older linnet wrote it: without the rounds.
json without_rounds(json report) {
  report.erase("samples_ns");
  for (json& kernel : report["kernels"])
    kernel.erase("samples_ns");
  return report;
}

TEST_F(Bench, ReportsFitTheSchema) {
  const auto text = read_file(LINNET_SOURCE_DIR "/docs/bench.schema.json");
  ASSERT_TRUE(text);
  const json_schema::Schema schema(json::parse(text->begin(), text->end()));
  write("m.lin", kTrained);
  const auto report_of = [&](const std::string& options) {
    EXPECT_EQ(linnet("bench m.lin --cache kept --json " + options), 0) << err_;
    const json report = json::parse(out_, nullptr, false);
    EXPECT_EQ(schema.wrong(report), "") << options;
    return report;
  };
  const json report = report_of("--rounds 6");
  EXPECT_GE(report["calls"], 20000);
  EXPECT_TRUE(report["p9999_ns"].is_number());
  EXPECT_TRUE(report_of("--rounds 1 --warm-up 0 --calls 9999")["p9999_ns"].is_null());
  report_of("--rounds 1 --train --kernel d_head");
  write("old.json", report.dump());
  EXPECT_TRUE(report_of("--rounds 6 --compare old.json").contains("ratio_interval"));
  write("older.json", without_rounds(report).dump());
  EXPECT_FALSE(report_of("--rounds 6 --compare older.json").contains("ratio_interval"));
  // What does not fit is noticed.
  const auto with = [&](const char* path, const json& value) {
    json other = report;
    other[json::json_pointer(path)] = value;
    return schema.wrong(other);
  };
  EXPECT_EQ(with("/p99_ns", 5), "");
  EXPECT_NE(with("/more", 1), "");
  EXPECT_NE(with("/kernels/0/more", 1), "");
  EXPECT_NE(with("/batch", 1.5), "");
  EXPECT_NE(with("/max_ns", -1), "");
  EXPECT_NE(with("/max_ns", nullptr), "");
  EXPECT_NE(with("/samples_ns", json::array()), "");
  EXPECT_NE(with("/kernels/0/bound_by", "L9"), "");
  EXPECT_NE(with("/kernels/0/hash", "z"), "");
  EXPECT_NE(with("/peak_gflops", 0), "");
  EXPECT_NE(schema.wrong(without_rounds(report)), "");
  const json unknown = json::parse(R"({"maxLength": 1})");  // a keyword that nobody checks
  EXPECT_NE(json_schema::Schema(unknown).wrong("a"), "");
}

// Rounds are what medians are of; single calls lie in order.
TEST_F(Bench, RoundsAndSingleCalls) {
  write("m.lin", kTrained);
  ASSERT_EQ(linnet("bench m.lin --cache kept --json --rounds 7 --calls 12345"), 0) << err_;
  const json report = json::parse(out_);
  EXPECT_EQ(report["calls"], 12345);
  EXPECT_GT(report["clock_ns"], 0);
  EXPECT_LE(report["p50_ns"], report["p99_ns"]);
  EXPECT_LE(report["p99_ns"], report["p9999_ns"]);
  EXPECT_LE(report["p9999_ns"], report["max_ns"]);
  std::vector<json> timed(report["kernels"].begin(), report["kernels"].end());
  timed.push_back(report);
  for (const json& one : timed) {
    const auto rounds = one["samples_ns"].get<std::vector<double>>();
    ASSERT_EQ(rounds.size(), 7u);
    EXPECT_EQ(one["median_ns"], std::max(cli::median(rounds), 0.0));
  }
  ASSERT_EQ(linnet("bench m.lin --cache kept --rounds 1 --calls 100"), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("\nsingle calls (100): p50 "));
  EXPECT_THAT(out_, HasSubstr("; p99.99 takes --calls 10000\n"));
  EXPECT_THAT(out_, testing::Not(HasSubstr("p99.99 1")));
}

// All times of a report, `factor` times as long.
json scaled(json report, double factor) {
  const auto scale = [&](json& one) {
    one["median_ns"] = one["median_ns"].get<double>() * factor;
    for (json& round : one["samples_ns"])
      round = round.get<double>() * factor;
  };
  scale(report);
  for (json& kernel : report["kernels"])
    scale(kernel);
  return report;
}

// Beside a report a thousand times as fast the call is beyond any threshold near 1, and beside one
// a thousand times as slow it is not, on a machine however busy.
TEST_F(Bench, ThresholdIsBeyondOrNot) {
  write("m.lin", kTrained);
  ASSERT_EQ(linnet("bench m.lin --cache kept --json --rounds 6 --calls 100"), 0) << err_;
  const json report = json::parse(out_);
  write("fast.json", scaled(report, 1e-3).dump());
  write("slow.json", scaled(report, 1e3).dump());
  EXPECT_EQ(
      linnet("bench m.lin --cache kept --rounds 6 --calls 100 --compare fast.json --threshold 10"),
      1);
  EXPECT_THAT(err_, HasSubstr("): beyond --threshold 10\n"));
  EXPECT_THAT(out_, HasSubstr(" slower"));
  EXPECT_EQ(
      linnet("bench m.lin --cache kept --rounds 6 --calls 100 --compare slow.json --threshold 0"),
      0);
  EXPECT_EQ(err_, "");
  EXPECT_THAT(out_, HasSubstr(" faster"));
  EXPECT_EQ(linnet("bench m.lin --cache kept --rounds 6 --calls 100 --compare fast.json --json"),
            0);
  const json compared = json::parse(out_);
  EXPECT_EQ(compared["verdict"], "slower");
  EXPECT_GT(compared["ratio_interval"][0], 1);
  EXPECT_LE(compared["ratio_interval"][0], compared["ratio"]);
  EXPECT_GE(compared["ratio_interval"][1], compared["ratio"]);
}

TEST(BenchReport, ThresholdIsForTheWholeInterval) {
  cli::BenchReport report;
  EXPECT_EQ(cli::beyond_threshold(report, 0), "");
  report.earlier = cli::Earlier{100, 1.3, cli::Interval{1.1, 1.5}};
  EXPECT_EQ(report.earlier->verdict(), "slower");
  EXPECT_EQ(cli::beyond_threshold(report, 5),
            "the call takes 1.30 times as long as before (95 % interval 1.10 to 1.50): beyond "
            "--threshold 5");
  EXPECT_EQ(cli::beyond_threshold(report, 20), "");  // perhaps beyond
  report.earlier->interval = {0.9, 1.7};
  EXPECT_EQ(report.earlier->verdict(), "");
  EXPECT_EQ(cli::beyond_threshold(report, 5), "");
  report.earlier->interval = {0.8, 0.9};
  EXPECT_EQ(report.earlier->verdict(), "faster");
  report.earlier->interval = std::nullopt;
  EXPECT_EQ(report.earlier->verdict(), "");
  EXPECT_EQ(cli::beyond_threshold(report, 5), "");
}

TEST_F(Bench, OlderReportsHaveMediansOnly) {
  write("m.lin", kTrained);
  ASSERT_EQ(linnet("bench m.lin --cache kept --json --rounds 6 --calls 100"), 0) << err_;
  const json report = json::parse(out_);
  write("older.json", without_rounds(report).dump());
  EXPECT_EQ(linnet("bench m.lin --cache kept --rounds 6 --calls 100 --compare older.json"), 0);
  EXPECT_THAT(err_, HasSubstr("older.json: warning: an older linnet wrote it, without the rounds"));
  EXPECT_THAT(out_, testing::Not(HasSubstr(" to ")));
  json bad = report;
  bad["samples_ns"][0] = "fast";
  write("bad.json", bad.dump());
  EXPECT_EQ(linnet("bench m.lin --compare bad.json"), 1);
  EXPECT_THAT(err_, HasSubstr("bad.json: not what 'linnet bench --json' prints"));
}

// The second time they are found in the folder; those that are soon measured may have risen.
TEST_F(Bench, RoofsAreKeptAndOnlyRise) {
  write("m.lin", kTrained);
  ASSERT_EQ(linnet("bench m.lin --json --rounds 1 --cache kept"), 0) << err_;
  const json first = json::parse(out_);
  ASSERT_EQ(linnet("bench m.lin --json --rounds 1 --cache kept"), 0) << err_;
  const json second = json::parse(out_);
  EXPECT_GE(second["peak_gflops"].get<double>(), first["peak_gflops"].get<double>());
  ASSERT_EQ(second["memory"].size(), first["memory"].size());
  for (size_t i = 0; i < first["memory"].size(); ++i)
    EXPECT_GE(second["memory"][i]["gb_per_s"].get<double>(),
              first["memory"][i]["gb_per_s"].get<double>());
  EXPECT_EQ(second["memory"].back(), first["memory"].back());  // of DRAM takes too long
  // All of them, and the one that binds each kernel.
  ASSERT_EQ(linnet("bench m.lin --rounds 1 --cache kept"), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("roofs of one core ("));
  EXPECT_THAT(out_, HasSubstr(": FMA "));
  for (const json& level : first["memory"])
    EXPECT_THAT(out_, HasSubstr(", " + level["level"].get<std::string>() + " "));
  std::istringstream lines(out_);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("head ")) continue;
    EXPECT_THAT(line, testing::ContainsRegex(" (FMA|L1|L2|L3|DRAM) "));
  }
}

}  // namespace
}  // namespace linnet
