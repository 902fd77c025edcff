// How good a model is: `linnet evaluate`, and executables with --evaluate.
#include "tests/cli/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace linnet {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// Two numbers to three kinds, by the larger of the first and the second and by their sum.
constexpr const char* kKind = R"(model kind(x: f32[N, 2]) -> kind: f32[N, 3] {
  concat(x, 1 - sum(x, dim: 1, keepdim: true), dim: 1)
}
data kind {
  x: table(columns: ["a", "b"], scale: raw)
  kind: classes(labels: ["left", "right", "none"])
}
train kind { loss: cross_entropy; optimizer: sgd(lr: 0.1); batch: 2; epochs: 1 }
)";
constexpr const char* kRows = "a,b,kind\n9,0,left\n8,0,left\n0,7,left\n0,9,right\n0,0,none\n";

TEST_F(Command, EvaluateGivesTheTestLineOfTraining) {
  const std::string data = " --data $S/models/data/digits --cache c";
  ASSERT_EQ(run("mkdir c"), 0);
  ASSERT_EQ(linnet("train $S/models/lenet.lin --steps 40 --seed 5 --quiet -o w.safetensors" + data),
            0)
      << err_;
  const size_t at = out_.find("loss", out_.find("\ntest"));
  const std::string wanted = out_.substr(at, out_.find('\n', at) - at);
  ASSERT_THAT(wanted, HasSubstr("% interval")) << out_;
  ASSERT_EQ(linnet("evaluate $S/models/lenet.lin --weights w.safetensors" + data), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("\n" + wanted + "\n"));
  EXPECT_THAT(out_, HasSubstr("confusion matrix"));
  // An executable says the same, of t10k-… in a folder and of the file itself.
  ASSERT_EQ(linnet("compile $S/models/lenet.lin --weights w.safetensors -o lenet --cache c"), 0);
  for (const char* path : {"", "/t10k-images-idx3-ubyte"}) {
    ASSERT_EQ(run(std::string("./lenet --evaluate $S/models/data/digits") + path), 0) << err_;
    EXPECT_THAT(out_, HasSubstr("\n" + wanted + "\n"));
  }
  // In every digit that --json has.
  ASSERT_EQ(linnet("train $S/models/lenet.lin --steps 40 --seed 5 --quiet --json -o x" + data), 0);
  const json trained = json::parse(out_)["test"];
  ASSERT_EQ(linnet("evaluate $S/models/lenet.lin --weights x --json" + data), 0);
  const json measured = json::parse(out_);
  EXPECT_EQ(measured["loss"], trained["loss"]);
  EXPECT_EQ(measured["samples"], 360);
  for (const char* key : {"correct", "accuracy", "interval"})
    EXPECT_EQ(measured["outputs"]["logits"][key], trained[key]);
}

TEST_F(Command, EvaluatePrintsPrecisionRecallAndTheConfusionMatrix) {
  write("kind.lin", kKind);
  write("rows.csv", kRows);
  ASSERT_EQ(linnet("compile kind.lin -o kind"), 0) << err_;
  const std::string report = "              precision    recall  f1-score   support\n"
                             "left             1.0000    0.6667    0.8000         3\n"
                             "right            0.5000    1.0000    0.6667         1\n"
                             "none             1.0000    1.0000    1.0000         1\n"
                             "macro avg        0.8333    0.8889    0.8222         5\n"
                             "weighted avg     0.9000    0.8000    0.8133         5\n"
                             "\n"
                             "confusion matrix (rows: true, columns: predicted)\n"
                             "        left right  none\n"
                             "left       2     1     ·\n"
                             "right      ·     1     ·\n"
                             "none       ·     ·     1\n";
  for (const std::string line :
       {LINNET_COMMAND " evaluate kind.lin --data rows.csv", "./kind --evaluate rows.csv"}) {
    ASSERT_EQ(run(line), 0) << err_;
    EXPECT_EQ(out_, "rows.csv: 5 samples\nloss 1.5106  accuracy 80.00 % (4 of 5; 95 % interval "
                    "37.6 to 96.4 %)\n\n" +
                        report)
        << line;
    ASSERT_EQ(run(line + " --json --plot m.svg"), 0) << err_;
    const json all = json::parse(out_)["outputs"]["kind"];
    EXPECT_EQ(all["confusion_matrix"].dump(), "[[2,1,0],[0,1,0],[0,0,1]]");
    EXPECT_EQ(all["classes"]["right"]["f1-score"], 0.666667);
    EXPECT_EQ(all["macro avg"]["precision"], 0.833333);
    EXPECT_THAT(text("m.svg"), HasSubstr("</svg>"));
    EXPECT_THAT(text("m.svg"), HasSubstr(">none<"));
  }
}

TEST_F(Command, EvaluatePrintsErrorsOfNumbersInTheirUnits) {
  write("line.lin", R"(model line(x: f32[N, 1]) -> y: f32[N, 1] { x * 1 }
data line {
  x: table(columns: ["a"], scale: raw)
  y: table(columns: ["b"], scale: standard, mean: [10], std: [2])
}
)");
  // 10 + 2a is answered: 10, 12, 14.
  write("rows.csv", "a,b\n0,11\n1,12\n2,16\n");
  ASSERT_EQ(linnet("compile line.lin -o line"), 0) << err_;
  for (const std::string line :
       {LINNET_COMMAND " evaluate line.lin --data rows.csv", "./line --evaluate rows.csv"}) {
    ASSERT_EQ(run(line + " --plot p.svg"), 0) << err_;
    EXPECT_EQ(out_, "rows.csv: 3 samples\nb  RMSE 1.29099  MAE 1  R² 0.6429\n") << line;
    EXPECT_THAT(text("p.svg"), HasSubstr("predicted b"));
    ASSERT_EQ(run(line + " --json"), 0) << err_;
    EXPECT_EQ(out_, "{\"data\":\"rows.csv\",\"samples\":3,\"outputs\":{\"b\":{\"n\":3,\"rmse\":"
                    "1.29099445,\"mae\":1,\"r2\":0.642857143}}}\n");
  }
}

// The answers stay alone on standard output; rows whose answer is not known do not count.
TEST_F(Command, RowsWithTheirTargetSayTheAccuracyOnStandardError) {
  write("kind.lin", kKind);
  write("rows.csv", std::string(kRows) + "5,0,\n5,0,up\n");
  write("bare.csv", "a,b\n1,0\n");
  ASSERT_EQ(linnet("compile kind.lin -o kind"), 0) << err_;
  EXPECT_EQ(run("./kind rows.csv"), 0);
  EXPECT_THAT(out_, HasSubstr("7  left"));
  EXPECT_EQ(std::ranges::count(out_, '\n'), 7);
  EXPECT_EQ(err_, "kind: accuracy 80.00 % (4 of 5; 95 % interval 37.6 to 96.4 %); 2 cells of it "
                  "hold no answer that the model could give\n");
  EXPECT_EQ(run("./kind bare.csv"), 0);
  EXPECT_EQ(err_, "");
}

TEST_F(Command, EvaluateOfASeriesIsTheBacktestAndTheLoss) {
  const std::string model = "$S/models/ar.lin --set p=9 --weights "
                            "$S/models/data/ar9_sunspots.safetensors";
  ASSERT_EQ(linnet("compile " + model + " -o ar"), 0) << err_;
  ASSERT_EQ(run("./ar $S/models/data/sunspots.csv --backtest"), 0);
  const std::string backtest = out_;
  ASSERT_EQ(run("./ar --evaluate $S/models/data/sunspots.csv"), 0) << err_;
  EXPECT_EQ(out_, backtest);
  ASSERT_EQ(linnet("evaluate " + model + " --data $S/models/data/sunspots.csv"), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("300 samples\nloss "));
  EXPECT_TRUE(out_.ends_with(backtest)) << out_;
}

TEST_F(Command, EvaluateSaysWhatIsMissing) {
  write("kind.lin", kKind);
  write("bare.csv", "a,b\n1,0\n");
  write("wrong.csv", "a,b,kind\n1,0,up\n");
  ASSERT_EQ(run("mkdir -p d/train empty"), 0);
  EXPECT_EQ(linnet("evaluate kind.lin --data bare.csv"), 1);
  EXPECT_THAT(err_, HasSubstr("kind"));
  EXPECT_EQ(linnet("evaluate kind.lin --data wrong.csv"), 1);
  EXPECT_THAT(err_, HasSubstr("'up'"));
  EXPECT_EQ(linnet("evaluate kind.lin --data empty"), 1);
  EXPECT_THAT(err_, HasSubstr("no test.csv"));
  EXPECT_EQ(linnet("evaluate kind.lin"), 2);
  EXPECT_EQ(linnet("evaluate $S/models/lenet.lin --data d --target x86-64-v2"), 1);
  EXPECT_THAT(err_, HasSubstr("there is no test part in it"));
}

}  // namespace
}  // namespace linnet
