// linnet diff: it finds what was changed and nothing else, and its status says whether it did.
#include "base/io/npy.h"
#include "cli/report_reader.h"
#include "tests/cli/command.h"
#include "tests/cli/json_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <sstream>

namespace linnet {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string kQuick = " --no-times --no-numbers --no-cache --target x86-64-v3";

// A convolution that is fused with what follows, and a second output.
std::string small(const std::string& activation, const std::string& name = "small") {
  return "model " + name + R"((image: f32[N, 1, 8, 8]) -> scores: f32[N, 4] {
  layer conv = conv2d(4, kernel_size: 3)
  layer fc = linear(4)
  image |> conv |> )" +
         activation + R"( |> max_pool2d(2) |> flatten |> fc
}
)";
}

// All of a report that is read, but for what may be null.
constexpr const char* kRead = R"(
    /linnet /kind /model /target /target/name /target/cpu /target/vector_bits /batch /threads
    /untrained /sources /sources/0 /sources/0/path /places /places/0 /places/0/source
    /places/0/line /places/0/column /pool /pool/0 /pool/0/op /pool/0/text /pool/0/results
    /pool/0/results/0 /pool/0/types /pool/0/types/0 /pool/0/operands /pool/0/places /steps
    /steps/0 /steps/0/head /steps/0/pass /steps/0/rewrites /steps/0/nodes /steps/1/changed
    /steps/0/graphs /steps/0/graphs/0 /steps/0/graphs/0/name /steps/0/graphs/0/kind
    /steps/0/graphs/0/head /steps/0/graphs/0/tail /steps/0/graphs/0/inputs
    /steps/0/graphs/0/inputs/0/name /steps/0/graphs/0/inputs/0/type /steps/0/graphs/0/outputs
    /steps/0/graphs/0/outputs/0/name /steps/0/graphs/0/outputs/0/value /steps/0/graphs/0/nodes
    /steps/0/graphs/0/nodes/0 /kernels /kernels/0 /kernels/0/name /kernels/0/symbol
    /kernels/0/hash /kernels/0/family /kernels/0/schedule /kernels/0/assembly /kernels/0/places
    /kernels/0/calls /kernels/0/calls/0 /kernels/0/code_bytes /kernels/0/stack_bytes
    /kernels/0/hot /kernels/0/hot/instructions /kernels/0/hot/vector_bits /kernels/0/hot/flops
    /kernels/0/hot/spills /kernels/0/hot/mca /kernels/0/hot/mca/cycles
    /kernels/0/hot/mca/bottleneck /calls /calls/0 /calls/0/result /calls/0/flops /calls/0/bytes
    /memory /memory/arena_bytes /memory/stack_bytes /memory/state_bytes /memory/constant_bytes
    /numbers /numbers/inputs /numbers/values /numbers/values/0 /numbers/values/0/name
    /numbers/values/0/type /numbers/values/0/by /numbers/values/0/nans
    /numbers/values/0/infinities /numbers/values/0/count
)";

class Diff : public Command {
protected:
  // What `linnet diff ARGUMENTS --json` prints, which fits the schema, and its status.
  json diff(const std::string& arguments, int status = 1) {
    EXPECT_EQ(linnet("diff " + arguments + " --json"), status) << err_;
    const json data = json::parse(out_, nullptr, false);
    const auto schema = read_file(LINNET_SOURCE_DIR "/docs/diff.schema.json");
    EXPECT_TRUE(schema);
    EXPECT_EQ(json_schema::Schema(json::parse(schema->begin(), schema->end())).wrong(data), "");
    EXPECT_EQ(data["same"], status == 0);
    return data;
  }
  static json texts(const json& lines, const char* side) {
    json list = json::array();
    for (const json& line : lines) {
      if (!line[side].is_null()) list.push_back(line[side]);
    }
    return list;
  }
};

TEST_F(Diff, TheSameModelIsTheSame) {
  write("small.lin", small("relu"));
  ASSERT_EQ(linnet("diff small.lin small.lin --no-times --no-cache --target x86-64-v3"), 0) << err_;
  EXPECT_EQ(out_, "A and B are the same in structure, passes, kernels, memory and outputs\n"
                  "A  small.lin\nB  small.lin\n");
  // Nor does another name make another model.
  write("other.lin", small("relu", "quite_another"));
  const json data = diff("small.lin other.lin" + kQuick, 0);
  EXPECT_EQ(data["settings"],
            json::parse(R"([{"name": "model", "a": "small", "b": "quite_another"}])"));
}

TEST_F(Diff, FindsTheActivationThatChanged) {
  write("a.lin", small("relu"));
  write("b.lin", small("sigmoid"));
  const json data = diff("a.lin b.lin --no-times --no-cache --target x86-64-v3");
  ASSERT_EQ(data["structure"]["lines"].size(), 1U) << data["structure"];
  const json& line = data["structure"]["lines"][0];
  EXPECT_EQ(line["a"], "%relu: f32[1,4,6,6] = relu(%conv)");
  EXPECT_EQ(line["b"], "%sigmoid: f32[1,4,6,6] = sigmoid(%conv)");
  EXPECT_EQ(line["a_place"], "a.lin:4:20");
  EXPECT_EQ(data["passes"]["first"], "import");
  // The kernel is known again by what it is made of; the other one is the same to the byte.
  ASSERT_EQ(data["kernels"]["differ"].size(), 1U) << data["kernels"];
  EXPECT_THAT(data["kernels"]["differ"][0]["a"].get<std::string>(), StartsWith("conv_relu"));
  EXPECT_THAT(data["kernels"]["differ"][0]["b"].get<std::string>(), StartsWith("conv_sigmoid"));
  EXPECT_EQ(data["values"]["by"], "compiled");
  EXPECT_EQ(data["values"]["first"], "%relu");
  EXPECT_EQ(data["values"]["differ"].back()["a"], "scores");
}

TEST_F(Diff, FindsWhatWasPutInAndTakenOut) {
  write("a.lin", small("relu"));
  write("b.lin", small("relu |> tanh"));
  const json lines = diff("a.lin b.lin" + kQuick)["structure"]["lines"];
  ASSERT_EQ(lines.size(), 1U) << lines;  // the pool that reads another value is the same
  EXPECT_TRUE(lines[0]["a"].is_null());
  EXPECT_EQ(lines[0]["b"], "%tanh: f32[1,4,6,6] = tanh(%relu)");
  EXPECT_EQ(texts(diff("b.lin a.lin" + kQuick)["structure"]["lines"], "a"),
            json({"%tanh: f32[1,4,6,6] = tanh(%relu)"}));
}

TEST_F(Diff, FindsOtherOperands) {
  constexpr const char* kHead = "lir 1\nmodule m\ngraph @predict(%x: f32[1,4], %y: f32[1,4]) {\n";
  constexpr const char* kTail = "  return out = %c\n}\n";
  write("a.lir", std::string(kHead) + "  %c: f32[1,4] = sub(%x, %y)\n" + kTail);
  write("b.lir", std::string(kHead) + "  %c: f32[1,4] = sub(%y, %x)\n" + kTail);
  const json lines = diff("a.lir b.lir" + kQuick)["structure"]["lines"];
  ASSERT_EQ(lines.size(), 1U) << lines;
  EXPECT_EQ(lines[0]["b"], "%c: f32[1,4] = sub(%y, %x)");
}

// Of the namesakes none is taken twice, and what is left goes with what is left.
TEST_F(Diff, InputsCorrespondByNameThenInOrder) {
  const auto sub = [&](const char* file, const std::string& a, const std::string& b) {
    write(file, "lir 1\nmodule m\ngraph @predict(%" + a + ": f32[1,4], %" + b +
                    ": f32[1,4]) {\n  %c: f32[1,4] = sub(%" + a + ", %" + b +
                    ")\n  return out = %c\n}\n");
  };
  sub("xy.lir", "x", "y");
  sub("yz.lir", "y", "z");
  sub("zy.lir", "z", "y");
  // y of both is the same: what was taken from x now takes from y.
  const json moved = diff("xy.lir yz.lir" + kQuick)["structure"]["lines"];
  EXPECT_EQ(texts(moved, "a"),
            json({"input x: f32[1,4]", "order of inputs: x y", "%c: f32[1,4] = sub(%x, %y)"}));
  EXPECT_EQ(texts(moved, "b"),
            json({"input z: f32[1,4]", "order of inputs: y z", "%c: f32[1,4] = sub(%y, %z)"}));
  const json renamed = diff("xy.lir zy.lir" + kQuick)["structure"]["lines"];
  ASSERT_EQ(renamed.size(), 1U) << renamed;
  EXPECT_EQ(renamed[0]["b"], "input z: f32[1,4]");
}

// Of outputs that correspond to none nothing is claimed; one value may be two outputs.
TEST_F(Diff, OutputsAreEqualOnlyIfAllWereCompared) {
  const auto model = [&](const char* file, const char* outputs) {
    write(file, std::string("lir 1\nmodule m\ngraph @predict(%x: f32[1,4]) {\n"
                            "  %e: f32[1,4] = exp(%x)\n  %t: f32[1,4] = tanh(%x)\n  return ") +
                    outputs + "\n}\n");
  };
  model("one.lir", "e = %e, same = %x");
  model("two.lir", "e = %e, same = %x, t = %t");
  model("twice.lir", "e = %e, t = %e");
  model("other.lir", "e = %e, t = %t");
  const std::string flags = " --no-times --no-cache --target x86-64-v3";
  EXPECT_EQ(diff("one.lir one.lir" + flags, 0)["values"]["outputs"],
            json::parse(R"({"compared": 2, "a": 2, "b": 2})"));
  const json more = diff("one.lir two.lir" + flags)["values"];
  EXPECT_EQ(more["outputs"], json::parse(R"({"compared": 2, "a": 2, "b": 3})"));
  EXPECT_TRUE(more["differ"].empty());
  ASSERT_EQ(linnet("diff one.lir two.lir" + flags), 1) << err_;
  EXPECT_THAT(out_, Not(HasSubstr("outputs are equal")));
  EXPECT_THAT(out_, HasSubstr("; not all outputs are compared\n"));
  EXPECT_THAT(out_, HasSubstr("outputs: 2 in A, 3 in B, 2 compared"));
  const json second = diff("twice.lir other.lir" + flags)["values"];
  ASSERT_EQ(second["differ"].size(), 1U) << second;
  EXPECT_EQ(second["differ"][0]["a"], "t");
}

TEST_F(Diff, TwoTargetsDifferFromTheirSchedulesOn) {
  write("small.lin", small("relu"));
  const json data = diff("small.lin --no-times --no-cache --target x86-64-v3 "
                         "--b '--target x86-64-v2'");
  EXPECT_EQ(data["b"], "small.lin --target x86-64-v2");
  EXPECT_TRUE(data["structure"]["lines"].empty());
  EXPECT_EQ(data["passes"]["first"], "choose_schedules");
  EXPECT_EQ(data["kernels"]["differ"].size(), data["kernels"]["a"].get<size_t>());
  const json& changes = data["kernels"]["differ"][0]["changes"];
  const auto bits =
      std::ranges::find_if(changes, [](const json& one) { return one["name"] == "vector bits"; });
  ASSERT_NE(bits, changes.end()) << changes;
  EXPECT_EQ((*bits)["a"], 256);
  EXPECT_EQ((*bits)["b"], 128);
  EXPECT_FALSE(data.contains("times"));
  for (const json& value : data["values"]["differ"])
    EXPECT_LT(value["relative"].get<double>(), 1e-5) << value;
}

TEST_F(Diff, AForeignTargetHasNoValues) {
  write("small.lin", small("relu"));
  const json data = diff("small.lin --target x86-64-v3 --b '--target cortex-a72' --no-cache");
  EXPECT_EQ(data["no_times"], "B has none");
  EXPECT_EQ(data["values"]["why_not"], "B has none");
}

TEST_F(Diff, TwoBatchesHaveTheSameOutputs) {
  write("small.lin", small("relu"));
  const json data = diff("small.lin --b '--batch 16' --no-times --no-cache --target x86-64-v3");
  EXPECT_EQ(texts(data["structure"]["lines"], "b"),
            json({"input image: f32[16,1,8,8]", "output scores: f32[16,4]"}));
  EXPECT_GT(data["structure"]["other_types"].get<int64_t>(), 5);
  EXPECT_GT(data["values"]["compared"].get<int64_t>(), 5);
  EXPECT_TRUE(data["values"]["other_shapes"].empty());
}

TEST_F(Diff, ASideHasItsOwnOptionsAndThoseOfBoth) {
  write("set.lin", R"(model set(width: int = 4, depth: int = 2)(x: f32[N, 4]) -> y: f32[N, 3] {
  layer a = linear(width)
  layer b = linear(3)
  x |> a |> b
}
)");
  const json data = diff("set.lin --set width=8 --set depth=3 --a '--set width=5'" + kQuick);
  EXPECT_EQ(data["a"], "set.lin --set width=5");
  EXPECT_THAT(texts(data["structure"]["lines"], "a").dump(), HasSubstr("f32[5,4]"));
  EXPECT_THAT(texts(data["structure"]["lines"], "b").dump(), HasSubstr("f32[8,4]"));
}

TEST_F(Diff, AReportStandsForItsModel) {
  write("small.lin", small("relu"));
  write("other.lin", small("sigmoid"));
  for (const char* name : {"small.json", "small.html"}) {
    ASSERT_EQ(
        linnet("report small.lin --no-times --no-cache --target x86-64-v3 -o " + std::string(name)),
        0)
        << err_;
  }
  diff("small.json small.html", 0);
  const json data = diff("small.json small.lin --no-cache --target x86-64-v3", 0);
  EXPECT_EQ(data["no_times"], "a report has none");
  EXPECT_EQ(data["values"]["by"], "report");
  const json other = diff("small.html other.lin --no-cache --target x86-64-v3");
  EXPECT_EQ(other["structure"]["lines"].size(), 1U);
  EXPECT_EQ(other["values"]["first"], "%relu");
}

// What was asked for and could not be compared is no reason to call two models the same.
TEST_F(Diff, WhatIsNotComparedIsNotTheSame) {
  write("small.lin", small("relu"));
  const std::string report = "report small.lin --no-times --no-cache --target x86-64-v3 ";
  ASSERT_TRUE(write_npy(folder_ + "/zeros.npy", make_tensor(DType::kF32, {1, 1, 8, 8})));
  ASSERT_EQ(linnet(report + "-o a.json"), 0) << err_;
  ASSERT_EQ(linnet(report + "--input image=zeros.npy -o zeros.json"), 0) << err_;
  ASSERT_EQ(linnet(report + "--no-numbers -o none.json"), 0) << err_;
  EXPECT_THAT(diff("a.json zeros.json")["values"]["why_not"].get<std::string>(),
              StartsWith("they were called with other inputs"));
  EXPECT_EQ(diff("a.json none.json")["values"]["why_not"], "B has none");
  EXPECT_EQ(diff("none.json none.json")["values"]["why_not"], "a report has none");
  for (const char* pair : {"a.json zeros.json", "a.json none.json", "none.json none.json"})
    EXPECT_FALSE(diff(std::string(pair) + " --no-numbers", 0).contains("values"));
  ASSERT_EQ(linnet("diff a.json none.json"), 1);
  EXPECT_THAT(out_, StartsWith("A and B are the same in structure, passes, kernels, memory; "
                               "values are not compared\n"));
  EXPECT_THAT(out_, HasSubstr("--no-numbers leaves values out"));
}

// A loop's figures are of all its kernels: none of them is given all.
TEST_F(Diff, KernelsOfALoopHaveNoFiguresOfTheirOwn) {
  write("small.lin", small("relu"));
  ASSERT_EQ(linnet("report small.lin --no-numbers --no-cache -o r.json"), 0) << err_;
  json a = json::parse(text("r.json"));
  ASSERT_GT(a["kernels"].size(), 1U);
  for (json& kernel : a["kernels"])
    kernel["calls"] = {0};
  json& call = a["calls"][0];
  call["flops"] = 1000;
  call["time"]["median"] = 10.0;
  json b = a;
  b["calls"][0]["flops"] = 3000;
  b["calls"][0]["time"]["median"] = 30.0;
  const auto data = [&](int status) {
    write("a.json", a.dump());
    write("b.json", b.dump());
    return diff("a.json b.json --no-numbers", status);
  };
  const json calls = data(1);
  EXPECT_EQ(calls["kernels"]["differ"].size(), a["kernels"].size());
  EXPECT_EQ(calls["times"]["kernels"].size(), a["kernels"].size());
  for (json* report : {&a, &b})
    (*report)["calls"][0]["loop"] = 5;
  const json loop = data(0)["times"]["kernels"];
  ASSERT_EQ(loop.size(), 1U) << loop;
  EXPECT_EQ(loop[0]["a"], "loop of %" + call["result"].get<std::string>());
  EXPECT_EQ(loop[0]["a_ns"], 10);
  EXPECT_EQ(loop[0]["b_ns"], 30);
  // Nor has a kernel without calls a time.
  for (json* report : {&a, &b}) {
    for (json& kernel : (*report)["kernels"])
      kernel["calls"] = json::array();
    (*report)["calls"][0].erase("loop");
  }
  EXPECT_TRUE(data(0)["times"]["kernels"].empty());
  EXPECT_FALSE(diff("a.json b.json --no-numbers --no-times", 0).contains("times"));
}

TEST_F(Diff, ValuesThatAreNotFiniteInOneReportDiffer) {
  write("small.lin", small("relu"));
  ASSERT_EQ(linnet("report small.lin --no-times --no-cache --target x86-64-v3 -o a.json"), 0);
  const json good = json::parse(text("a.json"));
  const auto first = [&](const char* at) {
    json bad = good;
    for (json& value : bad["numbers"]["values"]) {
      if (value["name"] == "relu") value[json::json_pointer(at)] = nullptr;
    }
    write("b.json", bad.dump());
    return diff("a.json b.json")["values"]["differ"][0];
  };
  for (const char* at : {"/absolute", "/relative"}) {
    const json value = first(at);
    EXPECT_EQ(value["relative"], "Infinity");
    EXPECT_EQ(value["of"], "NaN or infinite, compiled");
  }
  EXPECT_EQ(first("/mean")["b_value"], "NaN");
}

TEST_F(Diff, TimesAreOfBothInTurn) {
  write("small.lin", small("relu"));
  ASSERT_EQ(linnet("diff small.lin --b '--disable-pass fuse_pool' --no-numbers --no-cache"), 1)
      << err_;
  EXPECT_THAT(out_, HasSubstr("times as long"));
  EXPECT_THAT(out_, HasSubstr("the call, timed in turn"));
  EXPECT_THAT(out_, HasSubstr("linnet bench --compare"));
  EXPECT_THAT(out_, Not(HasSubstr("\x1b")));
}

// Whatever is cut off or put in place of a part of a report: a message, and no crash.
TEST_F(Diff, BrokenReportsAreRefused) {
  write("small.lin", small("relu"));
  ASSERT_EQ(linnet("report small.lin --no-times --no-cache --target x86-64-v3 -o r.json"), 0);
  const std::string whole = text("r.json");
  const auto refused = [&](const std::string& content) {
    write("broken.json", content);
    EXPECT_EQ(linnet("diff broken.json r.json"), 1);
    EXPECT_THAT(err_, StartsWith("error: broken.json: "));
    EXPECT_EQ(out_, "");
  };
  for (size_t part = 0; part < 8; ++part)
    refused(whole.substr(0, whole.size() * part / 8));
  std::string deep = whole;
  const std::string tail = R"("tail":)";
  const std::string brackets = std::string(200'000, '[') + std::string(200'000, ']');
  refused(deep.insert(deep.find(tail) + tail.size(), brackets + R"(,"more":)"));
  const json good = json::parse(whole);
  const auto broken = [&](const std::string& at, const json& wrong) {
    json bad = good;
    json& part = bad[json::json_pointer(at)];
    ASSERT_FALSE(part.is_null());
    if (part.type() == wrong.type() && !part.is_object()) return;
    part = wrong;
    EXPECT_THROW((void)cli::ReadReport::of(bad), std::exception) << at << wrong;
    if (at == "/pool/0/results") refused(bad.dump());
  };
  (void)cli::ReadReport::of(good);
  std::istringstream read(kRead);
  for (std::string at; read >> at;) {
    for (const json& wrong :
         {json(), json::object(), json(-1.5), json("x"), json(true), json(json::array({nullptr}))})
      if (at != "/places/0" || wrong != json::object()) broken(at, wrong);  // a place may be none
  }
  for (const char* integer : {"/batch", "/calls/0/flops", "/places/0/source", "/kernels/0/calls/0",
                              "/steps/0/graphs/0/nodes/0", "/numbers/values/0/count"}) {
    json bad = good;
    for (const json& wrong : {json(-1), json((int64_t{1} << 53) + 1), json(UINT64_MAX)}) {
      bad[json::json_pointer(integer)] = wrong;
      EXPECT_THROW((void)cli::ReadReport::of(bad), std::exception) << integer << wrong;
    }
  }
}

// A megabyte that is mentioned a thousand times, or a million, is not copied for each.
TEST_F(Diff, AReportCannotAskForAllMemory) {
  write("small.lin", small("relu"));
  ASSERT_EQ(linnet("report small.lin --no-times --no-cache --target x86-64-v3 -o r.json"), 0);
  const json good = json::parse(text("r.json"));
  const std::string large(size_t{1} << 20, 'x');
  const auto refused = [&](const json& bad) {
    EXPECT_THROW((void)cli::ReadReport::of(bad), std::out_of_range);
  };
  json bad = good;
  bad["pool"][0]["text"] = large;
  bad["steps"][0]["graphs"][0]["nodes"] = std::vector<int>(1000, 0);
  refused(bad);
  bad = good;
  bad["sources"][0]["path"] = large;
  bad["places"] = std::vector<json>(1000, {{"source", 0}, {"line", 1}, {"column", 1}});
  refused(bad);
  bad = good;
  bad["numbers"]["values"][0]["series"] = {{"names", {large}},
                                           {"values", {std::vector<int>(1000, 0)}}};
  refused(bad);
}

}  // namespace
}  // namespace linnet
