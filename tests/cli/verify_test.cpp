// linnet verify and linnet debug: what is within the tolerance, what is not and where it begins,
// and where a value is on its way.
#include "tests/cli/command.h"

#include "base/io/npy.h"
#include "base/io/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace linnet {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kTwoLayers = R"(model m(x: f32[N, 2]) -> y: f32[N, 2] {
  layer first = linear(2)
  layer second = linear(2)
  x |> first |> relu |> second
}
)";

class Verify : public Command {
protected:
  // Weights whose numbers are exact, and three samples.
  void SetUp() override {
    Command::SetUp();
    write("m.lin", kTwoLayers);
    weights("good.safetensors", 4);
    weights("bad.safetensors", 4.5F);
    Tensor x = make_tensor(DType::kF32, {3, 2});
    for (size_t i = 0; i < 6; ++i)
      x.as<float>()[i] = static_cast<float>(i) - 2;
    ASSERT_TRUE(write_npy(folder_ + "/x.npy", x));
  }

  void weights(const std::string& name, float corner) const {
    const float first[] = {1, 2, -1, 0.5F};
    const float second[] = {2, 1, 1, corner};
    const float zeros[] = {0, 0};
    ASSERT_TRUE(
        write_safetensors(folder_ + "/" + name, {{"first.weight", DType::kF32, {2, 2}, first},
                                                 {"first.bias", DType::kF32, {2}, zeros},
                                                 {"second.weight", DType::kF32, {2, 2}, second},
                                                 {"second.bias", DType::kF32, {2}, zeros}}));
  }

  Tensor npy(const std::string& name) const {
    auto tensor = read_npy(folder_ + "/" + name);
    EXPECT_TRUE(tensor.has_value()) << name;
    return tensor ? *tensor : Tensor();
  }

  // Adds to one element of a file.
  void spoil(const std::string& name, size_t element, float by) const {
    Tensor tensor = npy(name);
    tensor.as<float>()[element] += by;
    ASSERT_TRUE(write_npy(folder_ + "/" + name, tensor));
  }
};

TEST_F(Verify, ExactNumbersDoNotDepart) {
  ASSERT_EQ(linnet("verify m.lin --weights good.safetensors --input x=x.npy --nodes --json "
                   "--tolerance 0"),
            0)
      << err_ << out_;
  const json found = json::parse(out_);
  EXPECT_EQ(found["samples"], 3);
  EXPECT_EQ(found["within"], true);
  EXPECT_EQ(found["outputs"][0]["absolute"], 0.0);
  EXPECT_TRUE(found["first"].is_null());
  std::vector<std::string> names;
  for (const json& node : found["nodes"]) {
    names.push_back(node["name"]);
    EXPECT_EQ(node["absolute"], 0.0);
    EXPECT_EQ(node["place"].get<std::string>().substr(0, 6), "m.lin:");
  }
  EXPECT_THAT(names, testing::IsSupersetOf({"first", "relu"}));
}

// Both ways of having a value: stored by the product's kernels, and cut where it is within one.
TEST_F(Verify, ValuesComeFromTheProductWhereItStoresThem) {
  ASSERT_EQ(linnet("verify m.lin --weights good.safetensors --samples 2 --nodes --json"), 0)
      << err_;
  std::map<std::string, std::string> by;
  const json found = json::parse(out_);
  for (const json& node : found["nodes"])
    by[node["name"]] = node["by"];
  EXPECT_EQ(by["relu"], "product");
  EXPECT_EQ(by["first"], "cut");
}

TEST_F(Verify, ASpoiltOutputIsFoundWhereItIs) {
  ASSERT_EQ(linnet("run m.lin --weights good.safetensors --input x=x.npy --output-dir o"), 0);
  const std::string line = "verify m.lin --weights good.safetensors --input x=x.npy --against o";
  EXPECT_EQ(linnet(line), 0) << err_ << out_;
  spoil("o/y.npy", 5, 0.5F);
  EXPECT_EQ(linnet(line), 1);
  EXPECT_THAT(out_, HasSubstr("beyond the tolerance"));
  ASSERT_EQ(linnet(line + " --json"), 1);
  const json output = json::parse(out_)["outputs"][0];
  EXPECT_EQ(output["absolute"], 0.5);
  EXPECT_EQ(output["sample"], 2);
  EXPECT_EQ(output["element"], json({0, 1}));
  EXPECT_EQ(linnet(line + " --tolerance 0.5"), 0);
}

// The other engine has other weights in the second layer: what comes before agrees.
TEST_F(Verify, TheFirstValueThatDepartsIsNamed) {
  ASSERT_EQ(linnet("run m.lin --weights good.safetensors --input x=x.npy --output-dir o"), 0);
  ASSERT_EQ(linnet("verify m.lin --weights good.safetensors --input x=x.npy --nodes --json"), 0);
  const json nodes = json::parse(out_)["nodes"];
  for (const json& node : nodes) {
    const std::string name = node["name"];
    if (name == "y") continue;  // o/y.npy is the output's
    ASSERT_EQ(linnet("debug m.lin --weights good.safetensors --input x=x.npy --at " + name +
                     " -o o/" + name + ".npy"),
              0)
        << err_;
  }
  const std::string line = " --input x=x.npy --against o --nodes";
  EXPECT_EQ(linnet("verify m.lin --weights good.safetensors" + line), 0) << err_ << out_;
  EXPECT_THAT(out_, Not(HasSubstr("the first value")));
  EXPECT_EQ(linnet("verify m.lin --weights bad.safetensors" + line), 1);
  EXPECT_THAT(out_, HasSubstr("the first value beyond the tolerance: y_1  m.lin:4:25\n"));
  spoil("o/relu.npy", 0, -1);
  EXPECT_EQ(linnet("verify m.lin --weights good.safetensors" + line), 1) << out_;
  EXPECT_THAT(out_, HasSubstr("the first value beyond the tolerance: relu  m.lin:4:17\n"));
}

TEST_F(Verify, AModelWithStateIsStepped) {
  write("s.lin", "model s(x: f32[N, 2], k: f32[N, 2]) -> y: f32[N, 2] {\n"
                 "  state h: f32[N, 2] = zeros()\n"
                 "  let more = h * 0.5 + x\n"
                 "  next h = more\n"
                 "  more * k\n"
                 "}\n");
  ASSERT_EQ(linnet("verify s.lin --samples 7 --nodes"), 0) << err_ << out_;
  EXPECT_THAT(out_, HasSubstr("s: 7 steps beside the evaluator in f64\n"));
  EXPECT_THAT(out_, HasSubstr("more"));
  ASSERT_EQ(linnet("debug s.lin --input x=x.npy --input k=x.npy --at more --after compiled "
                   "-o more.npy"),
            0)
      << err_;
  const Tensor more = npy("more.npy");
  ASSERT_EQ(more.shape, (std::vector<int64_t>{3, 2}));
  const float expected[] = {-2, -1, -1, 0.5F, 1.5F, 3.25F};  // x, and half of the step before
  for (size_t i = 0; i < 6; ++i)
    EXPECT_EQ(more.as<float>()[i], expected[i]) << i;
}

TEST_F(Verify, AnOnnxModelIsNamedByItsNodes) {
  const std::string model = "$S/models/data/mnist-8/model.onnx";
  ASSERT_EQ(linnet("verify " + model + " --samples 2 --nodes"), 0) << err_ << out_;
  EXPECT_THAT(out_, HasSubstr("Pooling66_Output_0"));
  EXPECT_THAT(out_, HasSubstr("model.onnx: node 'ReLU114' (Relu)"));
  Tensor picture = make_tensor(DType::kF32, {1, 1, 28, 28});
  for (size_t i = 0; i < 784; ++i)
    picture.as<float>()[i] = static_cast<float>(i % 7) / 7;
  ASSERT_TRUE(write_npy(folder_ + "/p.npy", picture));
  ASSERT_EQ(linnet("debug " + model + " --input Input3=p.npy --at ReLU32 --json"), 0) << err_;
  const json found = json::parse(out_);
  EXPECT_EQ(found["value"], "ReLU32_Output_0");
  EXPECT_EQ(found["values"]["ReLU32_Output_0"]["shape"], json({1, 8, 28, 28}));
}

TEST_F(Verify, DebugTellsWhereAValueWent) {
  const std::string line = "debug m.lin --weights good.safetensors --input x=x.npy --json --at ";
  ASSERT_EQ(linnet(line + "first"), 0) << err_;
  const json stages = json::parse(out_)["stages"];
  EXPECT_EQ(stages.front()["after"], "imported");
  EXPECT_EQ(stages.back()["after"], "compiled");
  EXPECT_EQ(stages.back()["there"], false);
  EXPECT_THAT(stages.back()["where"].get<std::string>(), HasSubstr("in kernel @first_relu"));
  ASSERT_EQ(linnet(line + "relu --after compiled"), 0) << err_;
  const json relu = json::parse(out_);
  EXPECT_EQ(relu["stages"].back()["where"], "stored by kernel @first_relu");
  EXPECT_EQ(relu["values"]["relu"]["values"], json({{0, 1.5}, {2, 0.5}, {8, 0}}));
  EXPECT_EQ(linnet(line + "first --after compiled"), 1);
  EXPECT_EQ(out_, "");
}

}  // namespace
}  // namespace linnet
