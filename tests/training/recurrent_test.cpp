// Models with state as a person trains, compiles and streams them.
#include "tests/training/training.h"
#include "tests/training/weights_file.h"

#include "base/io/npy.h"
#include "base/io/safetensors.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <vector>

namespace linnet {
namespace {

using testing::HasSubstr;

constexpr const char* kData = LINNET_SOURCE_DIR "/tests/training/data/";

class Recurrent : public Training {
protected:
  static std::vector<double> numbers(const std::string& path) {
    const auto tensor = read_npy(path);
    EXPECT_TRUE(tensor.has_value()) << path;
    if (!tensor) return {};
    const auto wide = converted(*tensor, DType::kF64);
    const auto values = wide.as<double>();
    return {values.begin(), values.end()};
  }
  std::vector<double> column(const std::string& text, int which = 0) const {
    std::istringstream in(text);
    std::vector<double> values;
    for (std::string line; std::getline(in, line);) {
      const char* at = line.c_str();
      for (int i = 0; i < which; ++i)
        at = std::strpbrk(at, " ,") + 1;
      values.push_back(std::strtod(at, nullptr));
    }
    return values;
  }
  // 12 steps of the cell with the shared weights, by `flags`, against ONNX's reference.
  void cell(const std::string& name, const std::string& model, const std::string& flags) {
    write(name + ".lin", model);
    const std::string data(kData);
    ASSERT_EQ(linnet("run " + name + ".lin --weights " + data + name +
                     ".safetensors --output-dir . --input x=" + data + name + "_x.npy " + flags),
              0)
        << err_;
    const auto wanted = numbers(data + name + "_y.npy");
    const auto got = numbers(folder_ + "/y.npy");
    ASSERT_EQ(got.size(), wanted.size());
    for (size_t i = 0; i < got.size(); ++i)
      EXPECT_NEAR(got[i], wanted[i], 1e-6) << name << flags << " element " << i;
  }
  std::vector<double> weights(const std::string& name) const {
    return weights_in(folder_ + "/w.safetensors", name);
  }
  void ar9() {
    ASSERT_EQ(linnet("compile $S/models/ar.lin --set p=9 --weights "
                     "$S/models/data/ar9_sunspots.safetensors -o ar"),
              0)
        << err_;
  }
};

constexpr const char* kGru = "model gru(x: f32[N, 3]) -> y: f32[N, 5] {\n"
                             "  state h: f32[N, 5] = zeros()\n  layer cell = gru_cell(5)\n"
                             "  let h1 = cell(x, h)\n  next h = h1\n  h1\n}\n";
constexpr const char* kLstm =
    "model lstm(x: f32[N, 3]) -> y: f32[N, 5] {\n  state h: f32[N, 5] = zeros()\n"
    "  state c: f32[N, 5] = zeros()\n  layer cell = lstm_cell(5)\n"
    "  let (h1, c1) = cell(x, h, c)\n  next h = h1\n  next c = c1\n  h1\n}\n";

TEST_F(Recurrent, CellsAreOnnxs) {
  for (const char* flags : {"", "--reference", "--target x86-64-v2", "--dtype f64"}) {
    cell("gru", kGru, flags);
    cell("lstm", kLstm, flags);
  }
}

// Against PyTorch's formula, by hand.
TEST_F(Recurrent, RnnCellIsItsFormula) {
  write("m.lin", "model m(x: f32[N, 2]) -> y: f32[N, 3] {\n  state h: f32[N, 3] = zeros()\n"
                 "  layer cell = rnn_cell(3)\n  let h1 = cell(x, h)\n  next h = h1\n  h1\n}\n");
  ASSERT_EQ(linnet("init m.lin --seed 4 -o w.safetensors"), 0) << err_;
  const std::vector<float> x = {0.5F, -1, 0.25F, 2, -0.75F, 0.125F, 1, 1};
  ASSERT_TRUE(write_npy(folder_ + "/x.npy", DType::kF32, std::vector<int64_t>{4, 2}, x.data()));
  ASSERT_EQ(linnet("run m.lin --weights w.safetensors --output-dir . --input x=x.npy"), 0) << err_;
  const auto w_ih = weights("cell.weight_ih"), w_hh = weights("cell.weight_hh"),
             b_ih = weights("cell.bias_ih"), b_hh = weights("cell.bias_hh");
  const auto got = numbers(folder_ + "/y.npy");
  std::vector<double> h(3);
  for (size_t t = 0; t < 4; ++t) {
    std::vector<double> next(3);
    for (size_t i = 0; i < 3; ++i) {
      double sum = b_ih[i] + b_hh[i];
      for (size_t k = 0; k < 2; ++k)
        sum += w_ih[2 * i + k] * static_cast<double>(x[2 * t + k]);
      for (size_t k = 0; k < 3; ++k)
        sum += w_hh[3 * i + k] * h[k];
      next[i] = std::tanh(sum);
      EXPECT_NEAR(got[3 * t + i], next[i], 1e-6);
    }
    h = next;
  }
}

TEST_F(Recurrent, CausalConvolutionIsOneOverTheSequence) {
  write("m.lin", "model m(x: f32[N, 2]) -> y: f32[N, 3] {\n"
                 "  layer conv = causal_conv1d(3, kernel_size: 3, dilation: 2)\n  conv(x)\n}\n");
  ASSERT_EQ(linnet("init m.lin -o w.safetensors"), 0) << err_;
  std::vector<float> x;
  for (int i = 0; i < 20; ++i)
    x.push_back(static_cast<float>(i * 7 % 11) / 11);
  ASSERT_TRUE(write_npy(folder_ + "/x.npy", DType::kF32, std::vector<int64_t>{10, 2}, x.data()));
  ASSERT_EQ(linnet("run m.lin --weights w.safetensors --output-dir . --input x=x.npy"), 0) << err_;
  const auto weight = weights("conv.weight"), bias = weights("conv.bias");
  const auto got = numbers(folder_ + "/y.npy");
  for (int t = 0; t < 10; ++t) {
    for (int o = 0; o < 3; ++o) {
      double sum = bias[static_cast<size_t>(o)];
      for (int c = 0; c < 2; ++c) {
        for (int k = 0; k < 3; ++k) {
          const int at = t - 2 * (2 - k);  // the last tap sees this step
          if (at >= 0)
            sum += weight[static_cast<size_t>((o * 2 + c) * 3 + k)] *
                   static_cast<double>(x[static_cast<size_t>(2 * at + c)]);
        }
      }
      EXPECT_NEAR(got[static_cast<size_t>(3 * t + o)], sum, 1e-6) << t << " " << o;
    }
  }
}

// JAX's losses through 16 steps, made in another process by another compiler.
TEST_F(Recurrent, FollowsAnotherFrameworkThroughTime) {
  std::string model = text("none");
  const auto source = read_file(LINNET_SOURCE_DIR "/models/latent_ar.lin");
  ASSERT_TRUE(source.has_value());
  model.assign(source->begin(), source->end());
  const size_t data = model.find("data latent_ar");
  ASSERT_NE(data, std::string::npos);
  write("m.lin", model.substr(0, data) +
                     "data latent_ar {\n  x: series(column: \"sunspots\", mean: 0, std: 100)\n"
                     "  y: ahead(of: x, steps: 1)\n}\n"
                     "train latent_ar { loss: mse; optimizer: sgd(lr: 0.1); window: 16; batch: 8; "
                     "steps: 200 }\n");
  ASSERT_EQ(linnet("train m.lin --set hidden=8 --data $S/models/data/sunspots.csv --dtype f64 "
                   "--data-order file --quiet --log-steps l.csv --init " +
                   std::string(kData) + "latent_ar_initial.safetensors"),
            0)
      << err_;
  const auto wanted = numbers(std::string(kData) + "latent_ar_loss_f64.npy");
  const auto got = column(text("l.csv"), 1);
  const size_t first = got.size() - 200;  // without a header line, if there is one
  ASSERT_GE(got.size(), 200u);
  for (size_t i = 0; i < 200; ++i)
    EXPECT_NEAR(got[first + i], wanted[i], 1e-6 * wanted[i]) << "step " << i + 1;
}

// statsmodels' AutoReg on the first 250 years.
TEST_F(Recurrent, LeastSquaresFindsTheCoefficients) {
  ASSERT_EQ(run("head -251 $S/models/data/sunspots.csv > s.csv && "
                "sed 's/validation: 10%//' $S/models/ar.lin > ar.lin"),
            0);
  ASSERT_EQ(linnet("train ar.lin --set p=9 --data s.csv -o w.safetensors --quiet"), 0) << err_;
  const auto got = Safetensors::read(folder_ + "/w.safetensors");
  const auto wanted = Safetensors::read(LINNET_SOURCE_DIR "/models/data/ar9_sunspots.safetensors");
  ASSERT_TRUE(got && wanted);
  for (const char* name : {"head.weight", "head.bias"}) {
    const auto a = got->tensor_as(*got->find(name), DType::kF64);
    const auto b = wanted->tensor_as(*wanted->find(name), DType::kF64);
    for (size_t i = 0; i < b.as<double>().size(); ++i)
      EXPECT_NEAR(a.as<double>()[i], b.as<double>()[i], 1e-3 * std::fabs(b.as<double>()[i]));
  }
}

TEST_F(Recurrent, LeastSquaresNeedsAnAffineModel) {
  ASSERT_EQ(run("sed 's/adam(lr: 0.01)/least_squares()/' $S/models/ar_mlp.lin > m.lin"), 0);
  EXPECT_EQ(linnet("train m.lin --data $S/models/data/sunspots.csv"), 1);
  EXPECT_THAT(err_, HasSubstr("m.lin:6:14: error: least_squares needs an output that is affine"));
  ASSERT_EQ(run("sed 's/mse/mae/' $S/models/ar.lin > m.lin"), 0);
  EXPECT_EQ(linnet("train m.lin --data $S/models/data/sunspots.csv"), 1);
  EXPECT_THAT(err_, HasSubstr("minimises the mean squared error and nothing else"));
}

// Of 10 lags of a series that repeats after 2 values only 2 directions are decided.
TEST_F(Recurrent, LeastSquaresTakesTheSmallestOfEqualFits) {
  std::string csv = "sunspots\n";
  for (int i = 0; i < 60; ++i)
    csv += i % 2 ? "1\n" : "3\n";
  write("s.csv", csv);
  ASSERT_EQ(linnet("train $S/models/ar.lin --set p=10 --data s.csv -o w.safetensors"), 0);
  EXPECT_THAT(err_, HasSubstr("decide 2 of 11 directions"));
  EXPECT_THAT(out_, HasSubstr("validation  loss 0.0000"));
}

TEST_F(Recurrent, ScaleIsLearntFromTheTrainingPartOnly) {
  std::string csv = "sunspots\n";
  for (int i = 0; i < 200; ++i)  // the last fifth is a thousand times as large
    csv += std::to_string((i % 7) * (i < 160 ? 1 : 1000)) + "\n";
  write("s.csv", csv);
  ASSERT_EQ(run("sed 's/validation: 10%/validation: 25%/;s/lags: p/lags: p, scale: standard/' "
                "$S/models/ar.lin > m.lin"),
            0);
  ASSERT_EQ(linnet("train m.lin --data s.csv -o w.safetensors --quiet"), 0) << err_;
  const auto file = Safetensors::read(folder_ + "/w.safetensors");
  ASSERT_TRUE(file && file->find("data.history.mean") && file->find("data.history.std"));
  const double mean =
      file->tensor_as(*file->find("data.history.mean"), DType::kF64).as<double>()[0];
  EXPECT_NEAR(mean, 3, 0.1);
  ASSERT_EQ(linnet("compile m.lin --weights w.safetensors -o m"), 0) << err_;
  ASSERT_EQ(run("./m s.csv --steps 1"), 0) << err_;
}

// Every way to the same numbers: --steps, --follow, in two halves over a saved state.
TEST_F(Recurrent, StreamsAreForecasts) {
  ar9();
  ASSERT_EQ(run("./ar $S/models/data/sunspots.csv --steps 3 --json"), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("\"year\":\"2009\",\"sunspots\":26.57"));
  ASSERT_EQ(run("tail -n +2 $S/models/data/sunspots.csv | cut -d, -f2 > values; "
                "./ar --follow < values > whole; "
                "head -150 values | ./ar --follow --save-state s > first; "
                "tail -n +151 values | ./ar --follow --load-state s > second; "
                "cat first second | cmp - whole"),
            0)
      << err_ << out_;
  const auto answers = column(text("whole"));
  ASSERT_EQ(answers.size(), 309u);
  EXPECT_TRUE(std::isnan(answers[7]));  // the ninth value fills the window
  EXPECT_FALSE(std::isnan(answers[8]));
  EXPECT_NEAR(answers.back(), 26.5749, 1e-3);
}

TEST_F(Recurrent, RefusesTheStateOfAnother) {
  ar9();
  ASSERT_EQ(run("printf '1\\n2\\n' | ./ar --follow --save-state s"), 0) << err_;
  ASSERT_EQ(linnet("compile $S/models/ar.lin --set p=9 --seed 1 -o other"), 0) << err_;
  EXPECT_EQ(run("printf '1\\n' | ./other --follow --load-state s"), 1);
  EXPECT_THAT(err_, HasSubstr("no state of this model with these weights"));
  EXPECT_EQ(run("head -c 50 s > half; printf '1\\n' | ./ar --follow --load-state half"), 1);
  EXPECT_EQ(run("printf '1\\n' | ./ar --follow --load-state none"), 1);
}

TEST_F(Recurrent, BadLinesAreSaid) {
  ar9();
  for (const char* line : {"one", "1,2", "nan", "inf", "1e999", "", "0x10"}) {
    EXPECT_EQ(run("printf '5\\n" + std::string(line) + "\\n' | ./ar --follow"), 1) << line;
    EXPECT_THAT(err_, HasSubstr("line 2, column 1 (sunspots)")) << line;
  }
  EXPECT_EQ(run("head -c 100000 /dev/zero | tr '\\0' 1 | ./ar --follow"), 1);
  EXPECT_THAT(err_, HasSubstr("longer than"));
}

TEST_F(Recurrent, AProgramFollowsOneStream) {
  ASSERT_EQ(linnet("compile $S/models/latent_ar.lin --batch 4 -o four"), 0) << err_;
  EXPECT_EQ(run("./four $S/models/data/visitors.csv"), 1);
  EXPECT_THAT(err_, HasSubstr("follows one"));
}

// Batches of streams: each its own row, as if it were alone.
TEST_F(Recurrent, StreamsSideBySideAreSingleOnes) {
  write("gru.lin", kGru);
  std::vector<float> x;
  for (int i = 0; i < 24; ++i)
    x.push_back(static_cast<float>(i * 5 % 13) / 13);
  const auto save = [&](const char* name, const std::vector<float>& values) {
    const auto rows = static_cast<int64_t>(values.size()) / 3;
    ASSERT_TRUE(
        write_npy(folder_ + "/" + name, DType::kF32, std::vector<int64_t>{rows, 3}, values.data()));
  };
  const std::string weights = " --weights " + std::string(kData) + "gru.safetensors ";
  save("x.npy", x);  // 4 steps of 2 streams
  ASSERT_EQ(linnet("run gru.lin --batch 2" + weights + "--output-dir . --input x=x.npy"), 0)
      << err_;
  const auto both = numbers(folder_ + "/y.npy");
  for (size_t stream = 0; stream < 2; ++stream) {
    std::vector<float> own;
    for (size_t t = 0; t < 4; ++t)
      own.insert(own.end(), x.begin() + static_cast<ptrdiff_t>(6 * t + 3 * stream),
                 x.begin() + static_cast<ptrdiff_t>(6 * t + 3 * stream + 3));
    save("one.npy", own);
    ASSERT_EQ(linnet("run gru.lin" + weights + "--output-dir . --input x=one.npy"), 0) << err_;
    const auto one = numbers(folder_ + "/y.npy");
    for (size_t t = 0; t < 4; ++t) {
      for (size_t i = 0; i < 5; ++i)
        EXPECT_NEAR(both[10 * t + 5 * stream + i], one[5 * t + i], 1e-6);
    }
  }
}

TEST_F(Recurrent, BacktestBeatsTheNaiveForecast) {
  ar9();
  ASSERT_EQ(run("./ar $S/models/data/sunspots.csv --backtest --last 59"), 0) << err_;
  std::istringstream in(out_);
  std::string line;
  std::getline(in, line);
  std::getline(in, line);
  int rows = 0;
  double steps, n, rmse, naive;
  for (; in >> steps >> n >> rmse >> naive; std::getline(in, line), ++rows)
    EXPECT_LT(rmse, naive) << steps;
  EXPECT_EQ(rows, 3);  // 64 steps do not fit into 59 years
}

TEST_F(Recurrent, PlotIsDrawn) {
  ar9();
  ASSERT_EQ(run("./ar $S/models/data/sunspots.csv --steps 20 --plot f.svg"), 0) << err_;
  const std::string first = text("f.svg");
  EXPECT_THAT(first, HasSubstr("forecast"));
  EXPECT_THAT(first, HasSubstr("</svg>"));
  ASSERT_EQ(run("./ar $S/models/data/sunspots.csv --steps 20 --plot f.svg"), 0);
  EXPECT_EQ(text("f.svg"), first);
}

// What is known ahead comes from rows whose target is empty, and is asked for where it is not.
TEST_F(Recurrent, ExtraInputsAreKnownAhead) {
  std::string csv = "day,visitors,weather\n";
  for (int t = 0; t < 80; ++t)  // today = 10 · today's weather
    csv += std::to_string(t) + "," + std::to_string(10 * (t * 7919 % 61 % 5)) + "," +
           std::to_string(t * 7919 % 61 % 5) + "\n";
  write("s.csv", csv);
  ASSERT_EQ(linnet("train $S/models/arx.lin --data s.csv -o w.safetensors --quiet"), 0) << err_;
  ASSERT_EQ(linnet("compile $S/models/arx.lin --weights w.safetensors -o arx"), 0) << err_;
  EXPECT_EQ(run("./arx s.csv"), 1);
  EXPECT_THAT(err_, HasSubstr("add rows with that column filled and \"visitors\" empty"));
  write("t.csv", csv + "80,,3\n81,,1\n");
  ASSERT_EQ(run("./arx t.csv --steps 2"), 0) << err_;
  const auto values = column(out_, 2);
  EXPECT_NEAR(values[0], 30, 1e-2);
  EXPECT_NEAR(values[1], 10, 1e-2);
}

TEST_F(Recurrent, WindowsAreDeclared) {
  ASSERT_EQ(run("sed 's/window: 32;//' $S/models/latent_ar.lin > m.lin"), 0);
  EXPECT_EQ(linnet("check m.lin"), 1);
  EXPECT_THAT(err_, HasSubstr("learns on windows"));
  ASSERT_EQ(run("sed 's/loss: mse/loss: mse; window: 8/' $S/models/ar_mlp.lin > m.lin"), 0);
  EXPECT_EQ(linnet("check m.lin"), 1);
  ASSERT_EQ(run("sed 's/window: 32/window: 100000/' $S/models/latent_ar.lin > m.lin"), 0);
  EXPECT_EQ(linnet("check m.lin"), 1);
  EXPECT_THAT(err_, HasSubstr("at most 4096"));
}

}  // namespace
}  // namespace linnet
