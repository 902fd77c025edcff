// Outputs on a terminal: what `linnet run` and executables print where no folder is named.
#include "tests/cli/command.h"

#include "base/io/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

namespace linnet {
namespace {

using testing::HasSubstr;

class Printed : public Command {
protected:
  void npy(const std::string& name, std::vector<int64_t> shape, const std::vector<float>& values) {
    Tensor tensor = make_tensor(DType::kF32, std::move(shape));
    std::copy(values.begin(), values.end(), tensor.as<float>().begin());
    ASSERT_TRUE(write_npy(folder_ + "/" + name, tensor));
  }
};

constexpr const char* kKind = R"(model kind(x: f32[N, 3]) -> (scores: f32[N, 3], total: f32[N]) {
  (x * 2, sum(x, dim: 1))
}
data kind { scores: classes(labels: ["red", "green", "blue"]) }
)";

TEST_F(Printed, OutputsArePrintedWithShapeValuesAndClass) {
  write("kind.lin", kKind);
  npy("x.npy", {2, 3}, {0, 1, -0.25F, 2.5F, 0, 100});
  ASSERT_EQ(linnet("compile kind.lin -o kind"), 0) << err_;
  const std::string wanted = "scores  f32[2, 3]\n"
                             "[[  0.0   2.0  -0.5]\n"
                             " [  5.0   0.0 200.0]]\n"
                             "argmax[0]  green  82.1 %\n"
                             "argmax[1]  blue  100.0 %\n"
                             "total  f32[2]\n"
                             "[  0.75 102.50]\n";
  for (const std::string line : {LINNET_COMMAND " run kind.lin --input x=x.npy",
                                 LINNET_COMMAND " run kind.lin --input x=x.npy --reference",
                                 "./kind --input x=x.npy", "./kind x.npy"}) {
    EXPECT_EQ(run(line), 0) << err_;
    EXPECT_EQ(out_, wanted) << line;
    EXPECT_FALSE(exists("scores.npy"));
    ASSERT_EQ(run(line + " --json"), 0) << err_;
    const auto json = nlohmann::json::parse(out_);
    EXPECT_EQ(json["scores"].dump(),
              R"({"argmax":[1,2],"dtype":"f32","labels":["green","blue"],"shape":[2,3],)"
              R"("values":[[0,2,-0.5],[5,0,200]]})")
        << line;
    EXPECT_EQ(json["total"]["values"].dump(), "[0.75,102.5]");
    ASSERT_EQ(run(line + " --output-dir out"), 0) << err_;
    EXPECT_EQ(out_, "");
    EXPECT_TRUE(exists("out/scores.npy"));
  }
}

TEST_F(Printed, LargeOutputsAreShortenedInTheMiddle) {
  write("same.lin", "model same(x: f32[N, 50]) -> y: f32[N, 50] { x * 1 }\n");
  std::vector<float> values;
  for (int i = 0; i < 30 * 50; ++i)
    values.push_back(static_cast<float>(i));
  npy("x.npy", {30, 50}, values);
  ASSERT_EQ(linnet("run same.lin --input x=x.npy"), 0) << err_;
  EXPECT_EQ(out_, "y  f32[30, 50]\n"
                  "[[   0.    1.    2. ...   47.   48.   49.]\n"
                  " [  50.   51.   52. ...   97.   98.   99.]\n"
                  " [ 100.  101.  102. ...  147.  148.  149.]\n"
                  " ...\n"
                  " [1350. 1351. 1352. ... 1397. 1398. 1399.]\n"
                  " [1400. 1401. 1402. ... 1447. 1448. 1449.]\n"
                  " [1450. 1451. 1452. ... 1497. 1498. 1499.]]\n");
  ASSERT_EQ(linnet("run same.lin --input x=x.npy --json"), 0) << err_;
  EXPECT_EQ(nlohmann::json::parse(out_)["y"]["values"][29][49], 1499);
}

// Every float that JSON gives reads back to the same bits; what JSON has no number for is a string.
TEST_F(Printed, JsonLosesNothing) {
  write("same.lin", "model same(x: f32[N, 4]) -> y: f32[N, 4] { x * 1 }\n");
  const float third = 1.0F / 3, tiny = 1e-38F;
  npy("x.npy", {1, 4}, {third, tiny, std::numeric_limits<float>::infinity(), std::nanf("")});
  ASSERT_EQ(linnet("run same.lin --input x=x.npy --json"), 0) << err_;
  const auto row = nlohmann::json::parse(out_)["y"]["values"][0];
  EXPECT_EQ(static_cast<float>(row[0].get<double>()), third);
  EXPECT_EQ(static_cast<float>(row[1].get<double>()), tiny);
  EXPECT_EQ(row[2], "Infinity");
  EXPECT_EQ(row[3], "NaN");
  ASSERT_EQ(linnet("run same.lin --input x=x.npy"), 0) << err_;
  EXPECT_EQ(out_, "y  f32[1, 4]\n[[0.333333 0.000000      inf      nan]]\n");
}

// A reader that has seen enough is no error of the program.
TEST_F(Printed, AReaderThatLeavesEndsTheProgramQuietly) {
  ASSERT_EQ(linnet("compile $S/models/lenet.lin --weights $S/models/data/lenet.safetensors"), 0);
  ASSERT_EQ(run("D=$S/models/data/digits; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do mkdir -p in/d$i "
                "&& cp $D/*.png in/d$i; done"),
            0);
  const std::string status = "; echo ${PIPESTATUS[0]} > status";
  ASSERT_EQ(run("bash -c './lenet in in in in in in in | head -1" + status + "'"), 0);
  EXPECT_EQ(out_, "in/d1/0.png   0  100.0 %\n");
  EXPECT_EQ(err_, "");
  EXPECT_EQ(text("status"), "0\n");
  ASSERT_EQ(linnet("compile $S/models/latent_ar.lin --set hidden=4 --seed 1 -o ar"), 0);
  ASSERT_EQ(run("bash -c 'yes 1 | ./ar --follow --save-state s | head -2; echo ${PIPESTATUS[1]} > "
                "status'"),
            0);
  EXPECT_EQ(std::ranges::count(out_, '\n'), 2);
  EXPECT_THAT(err_, HasSubstr("untrained"));
  EXPECT_EQ(err_.find("error"), std::string::npos) << err_;
  EXPECT_EQ(text("status"), "0\n");
  EXPECT_TRUE(exists("s"));
}

}  // namespace
}  // namespace linnet
