// linnet diff: it finds what was changed and nothing else, and its status says whether it did.
#include "tests/cli/command.h"
#include "tests/cli/json_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

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
  const auto broken = [&](const char* at, const json& wrong) {
    json bad = good;
    json& part = bad[json::json_pointer(at)];
    if (part.type() == wrong.type()) return;
    part = wrong;
    SCOPED_TRACE(at + wrong.dump());
    refused(bad.dump());
  };
  for (const char* at :
       {"/pool", "/pool/0", "/pool/0/results/0", "/places/0/source", "/steps/0",
        "/steps/0/graphs/0/nodes/0", "/kernels/0/calls/0", "/kernels/0/hot", "/calls/0/flops",
        "/memory/arena_bytes", "/numbers/values/0/zeros", "/target"}) {
    for (const json& wrong : {json(-1.5), json("x"), json(json::array({nullptr}))})
      broken(at, wrong);
  }
  for (const char* index : {"/places/0/source", "/steps/0/graphs/0/nodes/0", "/kernels/0/calls/0"})
    broken(index, 1 << 30);
}

}  // namespace
}  // namespace linnet
