// linnet report: what it tells of a model is what the other commands tell, in the form of its
// schema, and the same on every run.
#include "base/io/npy.h"
#include "tests/cli/command.h"
#include "tests/cli/json_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <sstream>

namespace linnet {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

// A convolution that is fused with what follows, and a dropout that goes.
constexpr const char* kSmall = R"(model small(image: f32[N, 1, 8, 8]) -> scores: f32[N, 4] {
  layer conv = conv2d(4, kernel_size: 3)
  layer fc = linear(4)
  image |> conv |> relu |> max_pool2d(2) |> dropout(0.5) |> flatten |> fc
}
train small {
  loss: mse
  optimizer: sgd(lr: 0.1, momentum: 0.9)
  batch: 4; epochs: 2
}
)";

constexpr const char* kState = R"(model sums(x: f32[N, 2]) -> y: f32[N, 2] {
  state h: f32[N, 2] = zeros()
  let next_h = h * 0.5 + x
  next h = next_h
  next_h |> tanh
}
)";

constexpr const char* kBegin = R"(<script type="application/json" id="linnet-report">)";

class Report : public Command {
protected:
  // The data of `linnet report ARGUMENTS`, which fits the schema.
  json report(const std::string& arguments) {
    EXPECT_EQ(linnet("report " + arguments + " --no-cache -o r.json"), 0) << err_;
    return checked(text("r.json"));
  }
  static json checked(const std::string& text) {
    const json data = json::parse(text, nullptr, false);
    const auto schema = read_file(LINNET_SOURCE_DIR "/docs/report.schema.json");
    EXPECT_TRUE(schema);
    EXPECT_EQ(json_schema::Schema(json::parse(schema->begin(), schema->end())).wrong(data), "");
    expect_indices_in(data);
    return data;
  }
  // The data in a page.
  json in_page(const std::string& name) const {
    const std::string page = text(name);
    const size_t begin = page.find(kBegin);
    EXPECT_NE(begin, std::string::npos);
    const size_t end = page.find("</script>", begin);
    return checked(page.substr(begin + std::strlen(kBegin), end - begin - std::strlen(kBegin)));
  }

  // Every index is one of something.
  static void expect_indices_in(const json& data) {
    const auto expect = [](const json& indices, const json& list) {
      for (const json& index : indices)
        EXPECT_LT(index.get<size_t>(), list.size()) << indices;
    };
    for (const json& node : data["pool"]) {
      expect(node["places"], data["places"]);
      if (!node.contains("regions")) continue;
      for (const json& region : node["regions"])
        expect(region["nodes"], data["pool"]);
    }
    for (const json& step : data["steps"]) {
      for (const json& graph : step["graphs"])
        expect(graph["nodes"], data["pool"]);
      for (const json& remark : step["remarks"])
        expect(remark["places"], data["places"]);
    }
    for (const json& kernel : data["kernels"]) {
      expect(kernel["places"], data["places"]);
      expect(kernel["calls"], data["calls"]);
    }
    for (const json& call : data["calls"]) {
      expect(call["places"], data["places"]);
      expect(call["reads"], data["memory"]["values"]);
      expect(call["writes"], data["memory"]["values"]);
      EXPECT_LT(call["kernel"].get<size_t>(), data["kernels"].size());
    }
  }

  // A graph as `linnet dump` prints it.
  static void print(const json& data, const json& graph, const std::string& indent,
                    std::string& text) {
    for (const json& index : graph["nodes"]) {
      const json& node = data["pool"][index.get<size_t>()];
      text += indent + node["text"].get<std::string>() + "\n";
      if (!node.contains("regions")) continue;
      print(data, node["regions"][0], indent + "  ", text);
      text += indent + node["close"].get<std::string>() + "\n";
    }
    text += indent + graph["tail"][0].get<std::string>() + "\n";
  }
  static std::string print(const json& data, const json& step, const json& graphs) {
    std::string text;
    for (const json& line : step["head"])
      text += line.get<std::string>() + "\n";
    for (const json& graph : graphs) {
      text += "\n" + graph["head"].get<std::string>() + "\n";
      print(data, graph, "  ", text);
      text += "}\n";
    }
    return text;
  }

  static const json& named(const json& list, const std::string& name) {
    const auto at =
        std::ranges::find_if(list, [&](const json& one) { return one["name"] == name; });
    EXPECT_NE(at, list.end()) << name;
    return *at;
  }
  // The text of the source at a place.
  static std::string word(const json& data, const json& place) {
    std::istringstream lines(
        data["sources"][place["source"].get<size_t>()]["text"].get<std::string>());
    std::string line;
    for (int i = 0; i < place["line"].get<int>(); ++i)
      std::getline(lines, line);
    return line.substr(place["column"].get<size_t>() - 1, place["length"].get<size_t>());
  }
  // Numbers from 0 to 1.
  void write_samples(const std::string& name, const std::vector<int64_t>& shape) const {
    Tensor tensor = make_tensor(DType::kF32, shape);
    auto* numbers = reinterpret_cast<float*>(tensor.data.data());
    for (int64_t i = 0; i < tensor.elements(); ++i)
      numbers[i] = static_cast<float>(i % 7) / 7;
    ASSERT_TRUE(write_npy(folder_ + "/" + name, tensor));
  }
};

TEST_F(Report, StepsAreTheLinesOfDump) {
  write("small.lin", kSmall);
  const json data = report("small.lin --no-times --no-numbers --target x86-64-v3");
  json graphs;
  for (const json& step : data["steps"]) {
    if (step["changed"].get<bool>()) graphs = step["graphs"];
    const std::string pass = step["pass"];
    ASSERT_EQ(linnet("dump small.lin --target x86-64-v3 --after " +
                     (pass == "import" ? "imported" : pass)),
              0);
    EXPECT_EQ(print(data, step, graphs), out_) << pass;
    EXPECT_EQ(step["ns"], 0);
  }
  EXPECT_EQ(data["steps"].size(), 25U);
}

TEST_F(Report, FollowsALayerToItsMemory) {
  write("small.lin", kSmall);
  const json data = report("small.lin --no-times --target x86-64-v3");
  EXPECT_EQ(data["command"],
            "linnet report small.lin --no-times --target x86-64-v3 --no-cache -o r.json");
  EXPECT_TRUE(data["untrained"].get<bool>());
  ASSERT_EQ(data["calls"].size(), 2U);
  const json& call = data["calls"][0];
  const json& kernel = data["kernels"][call["kernel"].get<size_t>()];
  std::set<std::string> words;
  for (const json& place : kernel["places"])
    words.insert(word(data, data["places"][place.get<size_t>()]));
  EXPECT_THAT(words, Contains("conv"));
  EXPECT_THAT(words, Contains("max_pool2d(2)"));
  EXPECT_EQ(kernel["calls"], json({0}));
  EXPECT_THAT(kernel["algorithm"].dump(), HasSubstr("Σ"));
  EXPECT_THAT(kernel["assembly"].get<std::string>(), HasSubstr("vfmadd"));
  EXPECT_TRUE(kernel["alternatives"][0]["chosen"].get<bool>());
  EXPECT_EQ(kernel["alternatives"][0]["schedule"], kernel["schedule"]);
  EXPECT_FALSE(kernel["refused"].empty());
  EXPECT_EQ(call["flops"], 2 * 4 * 36 * 9);
  EXPECT_EQ(call["bytes"], 4 * (8 * 8 + 4 * 9 + 4 + 4 * 3 * 3));
  EXPECT_FALSE(call["verdict"].get<std::string>().empty());
  const json& stored = data["memory"]["values"][call["writes"][0].get<size_t>()];
  EXPECT_EQ(stored["memory"], "arena");
  EXPECT_EQ(stored["first"], 0);
  EXPECT_EQ(stored["last"], 1);
  EXPECT_THAT(stored["from"].dump(), HasSubstr("max_pool2d"));
  EXPECT_LE(stored["offset"].get<int64_t>() + stored["bytes"].get<int64_t>(),
            data["memory"]["arena_bytes"].get<int64_t>());
  const json& output = data["memory"]["values"][data["calls"][1]["writes"][0].get<size_t>()];
  EXPECT_EQ(output["memory"], "output");
  EXPECT_THAT(output["from"], Contains("scores"));
}

TEST_F(Report, RemarksStandAtTheirPass) {
  write("small.lin", kSmall);
  const json data = report("small.lin --no-times --no-numbers");
  const auto step = std::ranges::find_if(
      data["steps"], [](const json& one) { return one["pass"] == "drop_dropout"; });
  ASSERT_NE(step, data["steps"].end());
  EXPECT_EQ((*step)["rewrites"], 1);
  EXPECT_TRUE((*step)["changed"].get<bool>());
  const json& remark = (*step)["remarks"][0];
  EXPECT_EQ(remark["subject"], "dropout");
  EXPECT_EQ(word(data, data["places"][remark["places"][0].get<size_t>()]), "dropout(0.5)");
}

TEST_F(Report, NumbersAreThoseOfTheModel) {
  write("small.lin", kSmall);
  write_samples("image.npy", {1, 1, 8, 8});
  const json data = report("small.lin --no-times --input image=image.npy");
  const json& values = data["numbers"]["values"];
  EXPECT_EQ(data["numbers"]["inputs"], "given");
  const json& image = named(values, "image");
  EXPECT_EQ(image["by"], "reference");
  EXPECT_EQ(image["count"], 64);
  EXPECT_EQ(image["zeros"], 10);
  EXPECT_EQ(image["min"], 0);
  EXPECT_FLOAT_EQ(image["max"].get<float>(), 6.0F / 7);
  EXPECT_EQ(image["histogram"][0], 10);
  EXPECT_EQ(image["picture"]["width"], 8);
  const json& relu = named(values, "relu");
  EXPECT_EQ(relu["by"], "cut");  // within the kernel of the convolution
  EXPECT_TRUE(relu["call"].is_null());
  EXPECT_GE(relu["min"].get<double>(), 0);
  EXPECT_EQ(relu["picture"]["channels"], 4);
  EXPECT_LT(relu["relative"].get<double>(), 1e-5);
  const json& pool = named(values, "max_pool2d");
  EXPECT_EQ(pool["by"], "product");
  EXPECT_EQ(pool["call"], 0);
  const json& fc = named(values, "fc");
  EXPECT_EQ(fc["call"], 1);
  EXPECT_EQ(fc["series"]["values"][0].size(), 4U);
  EXPECT_LT(fc["absolute"].get<double>(), 1e-5);
  for (const json& step : data["steps"]) {
    ASSERT_EQ(step["errors"].size(), 1U);
    EXPECT_EQ(step["errors"][0]["output"], "scores");
    EXPECT_LT(step["errors"][0]["relative"].get<double>(), 1e-5);
  }
  // The numbers themselves, as `run` prints them.
  ASSERT_EQ(linnet("run small.lin --input image=image.npy --output-dir o"), 0);
  const auto scores = read_npy(folder_ + "/o/scores.npy");
  ASSERT_TRUE(scores);
  const auto* numbers = reinterpret_cast<const float*>(scores->data.data());
  for (size_t i = 0; i < 4; ++i)
    EXPECT_NEAR(fc["series"]["values"][0][i].get<double>(), numbers[i], 1e-5);
}

TEST_F(Report, ABatchIsOfOneSampleInNumbers) {
  write("small.lin", kSmall);
  const json data = report("small.lin --no-times --batch 3");
  EXPECT_EQ(data["batch"], 3);
  EXPECT_EQ(named(data["numbers"]["values"], "image")["count"], 64);
  EXPECT_EQ(named(data["memory"]["values"], "image")["bytes"], 3 * 64 * 4);
  EXPECT_EQ(data["steps"][0]["errors"].size(), 1U);
}

// The definition in f64 gives a number where f32 has none: no difference is larger.
TEST_F(Report, AnInfiniteErrorIsSaid) {
  write("m.lin", "model m(x: f32[N, 4]) -> y: f32[N, 4] {\n  x |> exp\n}\n");
  const std::vector<float> x = {100, 1, 2, 3};
  ASSERT_TRUE(write_npy(folder_ + "/x.npy", DType::kF32, std::vector<int64_t>{1, 4}, x.data()));
  const json data = report("m.lin --no-times --input x=x.npy");
  const json& values = data["numbers"]["values"];
  const auto infinite = [](const json& value) {
    return value.contains("absolute") && value["absolute"].is_null();
  };
  EXPECT_TRUE(std::ranges::any_of(values, infinite));
  EXPECT_TRUE(data["steps"].back()["errors"][0]["absolute"].is_null());
}

// Columns are for people, who see a tab as several; `from` is where JavaScript finds the word.
TEST_F(Report, PlacesAreFoundInTheirLines) {
  write("m.lin",
        "model m(x: f32[N, 4]) -> y: f32[N, 4] {\n\tlet \u00e9 = x |> relu\n\t\u00e9 |> exp\n}\n");
  const json data = report("m.lin --no-times --no-numbers");
  std::set<std::pair<int, int>> found;
  for (const json& place : data["places"])
    found.emplace(place.at("from").get<int>(), place.at("length").get<int>());
  EXPECT_TRUE(found.contains({14, 4})) << data["places"];  // relu, behind a tab and an é
  EXPECT_TRUE(found.contains({6, 3})) << data["places"];   // exp
}

TEST_F(Report, NamesThatAreNoUtf8AreReplaced) {
  write("caf\xe9.lin", kSmall);
  const json data = report("caf\xe9.lin --no-times --no-numbers");
  EXPECT_EQ(data["sources"][0]["path"], "caf\uFFFD.lin");
}

TEST_F(Report, StateIsFollowedOverSteps) {
  write("sums.lin", kState);
  write_samples("x.npy", {5, 2});
  const json data = report("sums.lin --no-times --input x=x.npy");
  const json& y = named(data["numbers"]["values"], "tanh");
  EXPECT_EQ(y["count"], 10);
  ASSERT_EQ(y["series"]["values"].size(), 2U);
  double h = 0;
  for (size_t step = 0; step < 5; ++step) {
    h = h * 0.5 + static_cast<double>(2 * step % 7) / 7;
    EXPECT_NEAR(y["series"]["values"][0][step].get<double>(), std::tanh(h), 1e-6);
  }
  EXPECT_GT(data["memory"]["state_bytes"].get<int64_t>(), 0);
}

TEST_F(Report, OfOnnxHasItsNodes) {
  const json data = report("$S/models/data/mnist-8/model.onnx --no-times --no-numbers");
  EXPECT_TRUE(data["sources"].empty());
  const json& kernel = data["kernels"][data["calls"][0]["kernel"].get<size_t>()];
  std::set<std::string> names;
  for (const json& place : kernel["places"])
    names.insert(data["places"][place.get<size_t>()]["name"]);
  EXPECT_THAT(names, Contains(HasSubstr("node 'Convolution28' (Conv)")));
  EXPECT_THAT(names, Contains(HasSubstr("node 'Pooling66' (MaxPool)")));
}

constexpr const char* kLoop = R"(lir 1

module steps

graph @predict(%h0: f32[1,8], %x: f32[5,1,8], %w: f32[8,8]) {
  %h: f32[1,8] = loop(%h0, %x, %w) {steps = 5, states = 1, scanned = 1} { (%h: f32[1,8], %x: f32[1,8], %w: f32[8,8]):
    %y: f32[1,8] = matmul(%h, %w)
    %n: f32[1,8] = add(%y, %x)
    %t: f32[8,1] = transpose(%n) {dims = [1, 0]}
    %v: f32[8,8] = matmul(%t, %n)
    %a: f32[1,8] = matmul(%n, %v)
    return %a
  }
  return h = %h
}
)";

// A loop is one call, with kernels of its own.
TEST_F(Report, LoopsAreCalls) {
  write("steps.lir", kLoop);
  const json data = report("steps.lir --no-times");
  const json& last = data["steps"].back();
  const auto is_loop = [](const json& graph) { return graph["kind"] == "loop"; };
  EXPECT_TRUE(std::ranges::any_of(last["graphs"], is_loop));
  const auto works = std::ranges::find_if(data["memory"]["values"], [](const json& value) {
    return value["name"] == "what @predict.loop1 works in";
  });
  ASSERT_NE(works, data["memory"]["values"].end());
  const auto call = (*works)["first"].get<size_t>();
  EXPECT_EQ(data["calls"][call]["loop"], 5);
  EXPECT_EQ(data["calls"][call]["flops"], 5 * 2 * 3 * 64);
  EXPECT_EQ(data["calls"][call]["bytes"], 4 * (8 + 5 * 8 + 64 + 8));  // each once
  EXPECT_EQ((*works)["last"], call);
  const auto kernels = std::ranges::count_if(data["kernels"], [&](const json& kernel) {
    return std::ranges::find(kernel["calls"], json(call)) != kernel["calls"].end();
  });
  EXPECT_GT(kernels, 1);
}

TEST_F(Report, ATrainingStepHasLanes) {
  write("small.lin", kSmall);
  const json data = report("small.lin --train --no-times");
  EXPECT_EQ(data["kind"], "training");
  EXPECT_EQ(data["batch"], 4);
  EXPECT_FALSE(data.contains("numbers"));
  std::vector<std::string> lanes;
  size_t next = 0;
  for (const json& lane : data["training"]["lanes"]) {
    lanes.push_back(lane["name"]);
    EXPECT_EQ(lane["first"], next);
    next = lane["last"].get<size_t>() + 1;
  }
  EXPECT_EQ(next, data["calls"].size());
  EXPECT_EQ(lanes.front(), "forward");
  EXPECT_THAT(lanes, Contains("backward"));
  EXPECT_THAT(lanes, Contains("optimizer"));
  // The optimiser's calls are of its line.
  for (const json& call : data["calls"]) {
    if (call["lane"] != "optimizer") continue;
    std::set<std::string> words;
    for (const json& place : call["places"])
      words.insert(word(data, data["places"][place.get<size_t>()]));
    EXPECT_THAT(words, Contains("optimizer"));
    EXPECT_EQ(call["flops"], 0);
  }
  const json& memory = data["training"]["memory"];
  ASSERT_EQ(memory.size(), data["calls"].size());
  for (const json& bytes : memory)
    EXPECT_LE(bytes.get<int64_t>(), data["memory"]["arena_bytes"].get<int64_t>());
}

// Of a step in shards one is shown: its gradients go to an update, which is none of it.
TEST_F(Report, OfShardsOneIsShown) {
  std::string sharded = kSmall;
  write("small.lin", sharded.replace(sharded.find("batch: 4;"), 9, "batch: 4; shards: 2;"));
  const json data = report("small.lin --train --no-times");
  EXPECT_EQ(data["batch"], 2);
  const json& lanes = data["training"]["lanes"];
  ASSERT_GE(lanes.size(), 2U);
  EXPECT_EQ(lanes.front()["name"], "forward");
  EXPECT_EQ(lanes.back()["name"], "backward");
  for (const json& call : data["calls"])
    EXPECT_NE(call["lane"], "optimizer");
}

TEST_F(Report, TwoRunsGiveTheSameBytes) {
  write("small.lin", kSmall);
  for (const std::string flags : {"", " --train"}) {
    std::vector<std::string> pages;
    for (int i = 0; i < 2; ++i) {
      ASSERT_EQ(linnet("report small.lin --no-times -o r.html" + flags), 0) << err_;
      pages.push_back(text("r.html"));
    }
    EXPECT_TRUE(pages[0] == pages[1]) << flags;
    in_page("r.html");
  }
}

TEST_F(Report, NothingInAModelEndsThePagesData) {
  write("odd.lin", std::string("# </script><script>alert(1)</script> <!--\n") + kSmall);
  ASSERT_EQ(linnet("report odd.lin --no-times --no-numbers -o r.html"), 0) << err_;
  EXPECT_THAT(in_page("r.html")["sources"][0]["text"].get<std::string>(), HasSubstr("</script>"));
  EXPECT_THAT(text("r.html"), Not(HasSubstr("alert(1)</script>")));
}

// With threads the chosen schedule has one number more.
TEST_F(Report, TheChosenScheduleIsTheKernels) {
  const json data = report("$S/models/mlp.lin --batch 64 --threads 2 --no-times --no-numbers");
  bool threads = false;
  for (const json& kernel : data["kernels"]) {
    EXPECT_EQ(kernel["alternatives"][0]["schedule"], kernel["schedule"]);
    threads = threads || kernel["schedule"].get<std::string>().find("threads") != std::string::npos;
  }
  EXPECT_TRUE(threads);
}

TEST_F(Report, TimesAreMeasured) {
  write("small.lin", kSmall);
  const json data = report("small.lin --no-numbers");
  EXPECT_GT(data["whole"]["median"].get<double>(), 0);
  EXPECT_GT(data["roofs"]["peak_gflops"].get<double>(), 0);
  for (const json& call : data["calls"]) {
    EXPECT_TRUE(call.contains("time"));
    EXPECT_TRUE(call.contains("bound"));
  }
  int64_t passes = 0;
  for (const json& step : data["steps"])
    passes += step["ns"].get<int64_t>();
  EXPECT_GT(passes, 0);
}

TEST_F(Report, AForeignTargetHasNoTimes) {
  write("small.lin", kSmall);
  const json data = report("small.lin --target aarch64");
  EXPECT_FALSE(data.contains("numbers"));
  EXPECT_FALSE(data.contains("whole"));
  EXPECT_EQ(data["target"]["name"], "aarch64");
  EXPECT_THAT(data["kernels"][0]["assembly"].get<std::string>(), HasSubstr("fmla"));
}

TEST_F(Report, CompileAndTrainWriteOneBesides) {
  write("small.lin", kSmall);
  ASSERT_EQ(linnet("compile small.lin --emit obj -o alone.o"), 0);
  ASSERT_EQ(linnet("compile small.lin --emit obj -o small.o --report c.html"), 0) << err_;
  EXPECT_EQ(text("alone.o"), text("small.o"));
  EXPECT_EQ(in_page("c.html")["kind"], "inference");
  ASSERT_EQ(run("mkdir data"), 0);
  write_samples("data/image.npy", {12, 1, 8, 8});
  write_samples("data/scores.npy", {12, 4});
  ASSERT_EQ(linnet("train small.lin --data data -o w.safetensors --log-steps log.csv "
                   "--report t.json"),
            0)
      << err_;
  const json data = checked(text("t.json"));
  const json& training = data["training"];
  ASSERT_EQ(training["losses"].size(), 6U);  // two epochs of three steps
  std::istringstream log(text("log.csv"));
  std::string line;
  std::getline(log, line);
  for (size_t i = 0; std::getline(log, line); ++i) {
    const size_t comma = line.find(',');
    EXPECT_FLOAT_EQ(training["losses"][i].get<float>(), std::stof(line.substr(comma + 1)));
    EXPECT_FLOAT_EQ(training["rates"][i].get<float>(), 0.1F);
  }
  EXPECT_GT(named(training["gradients"], "conv.weight")["norm"].get<double>(), 0);
  EXPECT_EQ(training["gradients"].size(), 4U);
}

TEST_F(Report, TheSchemaSaysNoToOtherData) {
  write("small.lin", kSmall);
  json data = report("small.lin --no-times --no-numbers");
  const auto text = read_file(LINNET_SOURCE_DIR "/docs/report.schema.json");
  const json_schema::Schema schema(json::parse(text->begin(), text->end()));
  json other = data;
  other["calls"][0].erase("verdict");
  EXPECT_NE(schema.wrong(other), "");
  other = data;
  other["pool"][0]["unknown"] = 1;
  EXPECT_NE(schema.wrong(other), "");
  other = data;
  other["steps"][0]["changed"] = "yes";
  EXPECT_NE(schema.wrong(other), "");
}

}  // namespace
}  // namespace linnet
