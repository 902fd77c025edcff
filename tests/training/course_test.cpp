// The course of a training run: schedules, early stopping, logs, what is said and what is written.
#include "tests/training/training.h"

#include "base/io/npy.h"
#include "base/io/safetensors.h"
#include "runtime/train/checkpoint.h"
#include "runtime/train/events.h"
#include "runtime/train/progress.h"
#include "runtime/train/schedule.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <sstream>
#include <vector>

namespace linnet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Fields of a protobuf message by number, the last of each.
std::map<int, std::string> fields(const std::string& bytes) {
  std::map<int, std::string> found;
  size_t at = 0;
  const auto varint = [&] {
    uint64_t value = 0;
    for (int shift = 0; at < bytes.size(); shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes[at++]);
      value |= static_cast<uint64_t>(byte & 127) << shift;
      if (byte < 128) break;
    }
    return value;
  };
  while (at < bytes.size()) {
    const uint64_t key = varint();
    const int wire = static_cast<int>(key & 7), number = static_cast<int>(key >> 3);
    if (wire == 0) {
      found[number] = std::to_string(varint());
      continue;
    }
    const size_t size = wire == 1 ? 8 : wire == 5 ? 4 : varint();
    found[number] = bytes.substr(at, size);
    at += size;
  }
  return found;
}
template <class T> T number(const std::string& bytes) {
  T value{};
  std::memcpy(&value, bytes.data(), std::min(sizeof value, bytes.size()));
  return value;
}

struct Event {
  double time = 0;
  int64_t step = 0;
  std::string tag, histogram;
  float value = 0;
};
std::vector<Event> events(const std::string& file) {
  std::vector<Event> all;
  for (size_t at = 0; at + 16 <= file.size();) {
    const auto length = number<uint64_t>(file.substr(at, 8));
    auto event = fields(file.substr(at + 12, length));
    at += length + 16;
    if (!event.contains(5)) continue;
    auto value = fields(fields(event[5])[1]);
    all.push_back({number<double>(event[1]), std::stoll(event[2]), value[1], value[5],
                   number<float>(value[2])});
  }
  return all;
}

class Course : public Training {
protected:
  // 40 samples of 4 numbers, of which noise makes most of the target: validation loss soon rises.
  void noisy_problem(const std::string& train) {
    std::string csv = "a,b,c,d,y\n";
    for (int i = 0; i < 40; ++i) {
      for (int k = 0; k < 5; ++k)
        csv += std::to_string((i * i * (7 + k) + 13 * i * k + k) % 41 - 20) + (k < 4 ? "," : "\n");
    }
    write("d.csv", csv);
    write("m.lin",
          "model m(x: f32[N, 4]) -> y: f32[N, 1] {\n  layer fc = linear(8)\n"
          "  layer head = linear(1)\n  x |> fc |> tanh |> head\n}\n"
          "data m {\n  x: table(columns: [\"a\", \"b\", \"c\", \"d\"])\n"
          "  y: value(column: \"y\")\n}\ntrain m {\n  loss: mse; optimizer: adam(lr: 0.05)\n"
          "  " +
              train + "\n}\n");
  }
  std::vector<std::string> lines(const std::string& file) const {
    std::istringstream in(text(file));
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);)
      all.push_back(line);
    return all;
  }
  const std::string all_ = "batch: 8; epochs: 60; validation: 40%; patience: 7\n"
                           "  schedule: plateau(factor: 0.5, patience: 2)";
};

TEST_F(Course, WritesTheResultWithoutAName) {
  noisy_problem("batch: 8; epochs: 2");
  ASSERT_EQ(linnet("train m.lin --data d.csv --quiet"), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("written     m.safetensors\n"));
  EXPECT_TRUE(exists("m.safetensors"));
  EXPECT_TRUE(exists("m.safetensors.ckpt"));
  ASSERT_EQ(linnet("train m.lin --data d.csv --quiet -o other.safetensors"), 0) << err_;
  EXPECT_EQ(text("m.safetensors"), text("other.safetensors"));
  EXPECT_EQ(linnet("train m.lin --data d.csv --init m.safetensors"), 2);
  EXPECT_THAT(err_, HasSubstr("m.safetensors would be written over"));
  run("rm m.safetensors*");
  ASSERT_EQ(linnet("train m.lin --emit exe"), 0) << err_;
  ASSERT_EQ(run("./m-train --data d.csv --quiet"), 0) << err_;
  EXPECT_EQ(text("m.safetensors"), text("other.safetensors"));
  // What is resumed goes on where it was.
  ASSERT_EQ(linnet("train m.lin --data d.csv --quiet --epochs 3 --resume other.safetensors"), 0);
  EXPECT_THAT(out_, HasSubstr("written     other.safetensors\n"));
}

TEST_F(Course, PatienceStopsEarlyAndSaysWhatIsKept) {
  noisy_problem("batch: 8; epochs: 60; validation: 40%; patience: 7");
  ASSERT_EQ(linnet("train m.lin --data d.csv --json"), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("\"stopped_early\":true"));
  ASSERT_EQ(linnet("train m.lin --data d.csv"), 0) << err_;
  EXPECT_THAT(out_,
              testing::ContainsRegex(
                  "kept        epoch [0-9]+ of [0-9]+: its validation loss is the least, "
                  "[0-9.]+; stopped early, the validation loss has not fallen for 7 epochs "));
  // Least in the epoch that is kept, and seven more follow.
  std::vector<double> losses;
  for (const std::string& line : lines("err.txt")) {
    const size_t at = line.find("validation loss ");
    if (at != std::string::npos) losses.push_back(std::atof(line.c_str() + at + 16));
  }
  ASSERT_GT(losses.size(), 7u);
  EXPECT_LT(losses.size(), 60u);
  EXPECT_EQ(std::ranges::min_element(losses) - losses.begin(),
            static_cast<ptrdiff_t>(losses.size()) - 8);
  EXPECT_THAT(out_, HasSubstr("kept        epoch " + std::to_string(losses.size() - 7) + " of " +
                              std::to_string(losses.size())));
  noisy_problem("batch: 8; epochs: 2");
  ASSERT_EQ(linnet("train m.lin --data d.csv"), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("kept        the last state, after step 10: no validation part"));
}

TEST_F(Course, PatienceAndPlateauNeedAValidationPart) {
  noisy_problem("batch: 8; patience: 3; schedule: plateau()");
  EXPECT_EQ(linnet("train m.lin --data d.csv"), 1);
  EXPECT_THAT(err_, HasSubstr("m.lin:12:26: error: 'plateau' watches the validation loss, and no "
                              "samples are set apart"));
  EXPECT_THAT(err_, HasSubstr("m.lin:12:13: error: 'patience' watches the validation loss"));
  EXPECT_THAT(err_, HasSubstr("help: validation: 10%"));
  noisy_problem("batch: 8; validation: 10%; schedule: plateau(factor: 1.5, cooldown: 0.5)");
  EXPECT_EQ(linnet("train m.lin --data d.csv"), 1);
  EXPECT_THAT(err_, HasSubstr("'factor' is 1.5"));
  EXPECT_THAT(err_, HasSubstr("'cooldown' is 0.5; epochs are whole numbers"));
}

TEST_F(Course, ExponentialMultipliesEachEpoch) {
  noisy_problem("batch: 20; epochs: 3; schedule: exponential(gamma: 0.5)");
  ASSERT_EQ(linnet("train m.lin --data d.csv --quiet --log-steps l.csv"), 0) << err_;
  const auto rows = lines("l.csv");
  ASSERT_EQ(rows.size(), 7u);
  EXPECT_EQ(rows[0], "step,loss,lr");
  for (size_t i = 1; i < rows.size(); ++i)
    EXPECT_TRUE(rows[i].ends_with(i < 3 ? ",0.05" : i < 5 ? ",0.025" : ",0.0125")) << rows[i];
}

// torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1, threshold=0.1,
// cooldown=2, min_lr=0.2) on these losses: the rates after each, computed by its source's rules.
TEST_F(Course, PlateauIsTorchs) {
  using runtime::train::after_epoch;
  linnet_recipe_v1 recipe{};
  recipe.lr = 1;
  recipe.schedule = LINNET_PLATEAU;
  recipe.factor = 0.5;
  recipe.plateau_patience = 1;
  recipe.threshold = 0.1;
  recipe.cooldown = 2;
  recipe.min_lr = 0.2;
  recipe.eps = 1e-8;
  auto state = runtime::train::first_state(recipe);
  std::vector<double> rates;
  int64_t epoch = 0;
  // 0.95 is not better by a tenth; two bad epochs halve, two more are of the cooldown.
  for (const double loss : {1.0, 0.95, 0.94, 0.93, 0.93, 0.93, 0.93, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5})
    after_epoch(recipe, state, ++epoch, loss), rates.push_back(state.rate);
  EXPECT_THAT(rates, ElementsAre(1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.2, 0.2, 0.2));
  EXPECT_EQ(state.least_epoch, 8);
  recipe.threshold_abs = 1;
  recipe.cooldown = 0;
  state = runtime::train::first_state(recipe);
  for (const double loss : {1.0, 0.95, 0.85, 0.8, 0.8})
    after_epoch(recipe, state, 1, loss);
  EXPECT_EQ(state.rate, 0.5);
}

TEST_F(Course, EpochLinesTellRateAndAccuracy) {
  const std::string model = "$S/models/mlp.lin --data $S/models/data/digits ";
  ASSERT_EQ(linnet("train " + model + "--epochs 2"), 0) << err_;
  EXPECT_THAT(err_, testing::ContainsRegex(
                        "epoch 1/2  lr 0\\.0010[0-9]+  loss [0-9.]+  accuracy [0-9.]+ %  [0-9]+ "
                        "samples/s\n"));
  EXPECT_THAT(err_, HasSubstr("note: each epoch leaves out 29 of 1437 samples, which make no whole "
                              "batch of 32; others each time (PyTorch's drop_last)\n"));
}

// Neither evaluation between the epochs nor a slow first step counts.
TEST(StepRate, IsOfTheEpochsStepsAlone) {
  using std::chrono::seconds;
  runtime::train::StepRate rate;
  runtime::train::Clock::time_point now{};
  const auto step = [&](int length) {
    rate.begin(now);
    now += seconds(length);
    rate.end(now, 32);
    now += seconds(100);
  };
  EXPECT_EQ(rate.value(), 0);
  step(10);
  EXPECT_EQ(rate.value(), 3.2);
  step(1);
  step(1);
  EXPECT_EQ(rate.value(), 32);
  rate.next_epoch();
  step(2);
  EXPECT_EQ(rate.value(), 16);
}

TEST_F(Course, ResumesWithPlateauPatienceAndLogsBitForBit) {
  noisy_problem(all_);
  const std::string train = "train m.lin --data d.csv --quiet ";
  ASSERT_EQ(linnet(train + "-o a.safetensors --log-steps a.csv --logdir a --plot a.svg"), 0)
      << err_;
  const std::string whole = out_;
  EXPECT_THAT(whole, HasSubstr("stopped early"));
  const std::string part = train + "-o b.safetensors --log-steps b.csv --logdir b --plot b.svg ";
  ASSERT_EQ(linnet(part + "--steps 16"), 0) << err_;
  // What a killed run logged after its checkpoint is dropped, and so is half a record.
  run("printf '17,1,1\\n18,' >> b.csv; printf abc >> b/events.out.tfevents.0.linnet");
  ASSERT_EQ(linnet(part + "--resume b.safetensors"), 0) << err_;
  EXPECT_EQ(out_.substr(0, out_.find("written")), whole.substr(0, whole.find("written")));
  for (const char* suffix :
       {".safetensors", ".safetensors.ckpt", ".csv", ".svg", "/events.out.tfevents.0.linnet"})
    EXPECT_EQ(text(std::string("a") + suffix), text(std::string("b") + suffix)) << suffix;
  // Finished by patience, it stays so.
  ASSERT_EQ(linnet(part + "--resume b.safetensors"), 0) << err_;
  EXPECT_EQ(text("a.safetensors.ckpt"), text("b.safetensors.ckpt"));
}

// Of long runs every second, fourth … epoch is kept, and the same ones always.
TEST(RunState, HistoryStaysShort) {
  runtime::train::RunState state;
  for (int epoch = 1; epoch <= 3000; ++epoch)
    state.add_to_history(epoch, epoch, 0, 0);
  ASSERT_EQ(state.history.size(), 3000u / 8 * 3);
  for (size_t row = 0; row < state.history.size() / 3; ++row)
    EXPECT_EQ(state.history[row * 3], 8.0 * static_cast<double>(row + 1));
}

TEST_F(Course, TensorBoardShowsTheRun) {
  write("m.lin", "model m(image: f32[N, 784]) -> logits: f32[N, 10] {\n  layer fc = linear(10)\n"
                 "  fc(image)\n}\ndata m {\n  image: image(color: gray, scale: 1/255)\n"
                 "  logits: classes(labels: 0..9)\n}\n"
                 "train m { loss: cross_entropy; batch: 64; epochs: 2; validation: 10%\n"
                 "  optimizer: sgd(lr: 0.5) }\n");
  const std::string train = "train m.lin --data $S/models/data/digits --quiet --logdir ";
  ASSERT_EQ(linnet(train + "x"), 0) << err_;
  ASSERT_EQ(linnet(train + "y"), 0) << err_;
  ASSERT_EQ(linnet(train + "z --wall-time"), 0) << err_;
  const std::string name = "/events.out.tfevents.0.linnet";
  EXPECT_EQ(text("x" + name), text("y" + name));
  std::map<std::string, std::vector<Event>> by_tag;
  for (const Event& event : events(text("x" + name))) {
    by_tag[event.tag].push_back(event);
    EXPECT_EQ(event.time, static_cast<double>(event.step));
  }
  EXPECT_EQ(by_tag["train loss"].size(), 40u);
  for (const char* tag : {"learning rate", "train accuracy", "validation loss",
                          "validation accuracy", "weight norm/fc.weight", "weights/fc.weight",
                          "gradient norm/fc.weight", "gradients/fc.bias"}) {
    ASSERT_EQ(by_tag[tag].size(), 2u) << tag;
    EXPECT_EQ(by_tag[tag][1].step, 40) << tag;
  }
  EXPECT_GT(by_tag["validation accuracy"][1].value, 0.5F);
  // min, max, num, sum, sum of squares, limits and counts of the buckets.
  auto histogram = fields(by_tag["weights/fc.weight"][1].histogram);
  EXPECT_EQ(number<double>(histogram[3]), 7840);
  EXPECT_LT(number<double>(histogram[1]), number<double>(histogram[2]));
  ASSERT_EQ(histogram[6].size(), 31u * 8);
  double count = 0;
  for (size_t i = 0; i < 31; ++i)
    count += number<double>(histogram[7].substr(8 * i, 8));
  EXPECT_EQ(count, 7840);
  const float norm = by_tag["weight norm/fc.weight"][1].value;
  EXPECT_NEAR(static_cast<double>(norm * norm), number<double>(histogram[5]), 1e-4);
  for (const Event& event : events(text("z" + name)))
    EXPECT_GT(event.time, 1.6e9);
}

// The values of the log at a step, by tag.
std::map<std::string, Event> logged(const std::string& file, int64_t step) {
  std::map<std::string, Event> by_tag;
  for (Event& event : events(file)) {
    if (event.step == step) by_tag[event.tag] = std::move(event);
  }
  return by_tag;
}

// Norm and histogram against the values themselves.
void expect_logged(std::map<std::string, Event>& log, const std::string& path,
                   const std::vector<double>& values) {
  ASSERT_TRUE(log.contains("gradient norm/" + path)) << path;
  double sum = 0, squares = 0;
  for (const double value : values) {
    sum += value;
    squares += value * value;
  }
  const auto expect_near = [&](double actual, double expected) {
    EXPECT_NEAR(actual, expected, 1e-6 * std::max(1.0, std::fabs(expected))) << path;
  };
  expect_near(static_cast<double>(log["gradient norm/" + path].value), std::sqrt(squares));
  auto histogram = fields(log["gradients/" + path].histogram);
  expect_near(number<double>(histogram[1]), *std::ranges::min_element(values));
  expect_near(number<double>(histogram[2]), *std::ranges::max_element(values));
  EXPECT_EQ(number<double>(histogram[3]), static_cast<double>(values.size())) << path;
  expect_near(number<double>(histogram[4]), sum);
  expect_near(number<double>(histogram[5]), squares);
}

constexpr const char* kEvents = "/events.out.tfevents.0.linnet";

// One batch, the parameters it begins with, and what `linnet run --grad loss` says of them: neither
// the optimiser nor clipping shows in the log. Two parameters have the same gradient, one none.
TEST_F(Course, TensorBoardShowsTheGradientsOfTheLoss) {
  write("m.lin", "model m(x: f32[N, 3]) -> y: f32[N, 1] {\n  layer a = linear(5)\n"
                 "  layer b = linear(1)\n  param p: f32[1] = zeros()\n"
                 "  param q: f32[1] = zeros()\n  frozen param r: f32[1] = zeros()\n"
                 "  param s: f32[1] = zeros()\n  (x |> a |> tanh |> b) + p + q + r + s * 0\n}\n"
                 "train m { loss: mse; batch: 8; optimizer: adam(lr: 0.01); clip: norm(0.001) }\n");
  std::vector<double> x, y;
  for (int i = 0; i < 8; ++i) {
    for (int k = 0; k < 3; ++k)
      x.push_back(std::sin(3 * i + k));
    y.push_back(std::cos(i));
  }
  const std::vector<int64_t> x_shape{8, 3}, y_shape{8, 1};
  ASSERT_TRUE(write_npy(folder_ + "/x.npy", DType::kF64, x_shape, x.data()));
  ASSERT_TRUE(write_npy(folder_ + "/y.npy", DType::kF64, y_shape, y.data()));
  ASSERT_EQ(linnet("train m.lin --data . --quiet --dtype f64 --epochs 1 --logdir l"), 0) << err_;
  ASSERT_EQ(linnet("run m.lin --batch 8 --dtype f64 --grad loss --input x=x.npy "
                   "--input target_y=y.npy --output-dir g"),
            0)
      << err_;
  auto log = logged(text(std::string("l") + kEvents), 1);
  for (const char* path : {"a.weight", "a.bias", "b.weight", "b.bias", "p", "q", "s"}) {
    const auto gradient = read_npy(folder_ + "/g/" + path + ".grad.npy");
    ASSERT_TRUE(gradient.has_value()) << path;
    const auto values = gradient->as<double>();
    expect_logged(log, path, {values.begin(), values.end()});
  }
  EXPECT_FALSE(log.contains("gradient norm/r"));
  EXPECT_GT(log["gradient norm/a.weight"].value, 0.01F);
}

// Of the epoch's last step, with its noise, penalty and shuffled batch: what plain descent moves
// the parameters by. Neither threads nor where the loop runs changes a byte, nor does the log the
// weights.
TEST_F(Course, TensorBoardShowsTheGradientsOfTheStep) {
  noisy_problem("batch: 8; epochs: 2");
  std::string model = text("m.lin");
  const auto replace = [&](const std::string& what, const std::string& by) {
    ASSERT_NE(model.find(what), std::string::npos) << what;
    model.replace(model.find(what), what.size(), by);
  };
  replace("tanh", "tanh |> dropout(0.5)");
  replace("mse", "mse + 0.5 * mean(square(fc.weight))");
  replace("adam(lr: 0.05)", "sgd(lr: 0.0078125)");
  write("m.lin", model);
  const std::string train = "train m.lin --data d.csv --quiet --dtype f64 ";
  ASSERT_EQ(linnet(train + "-o b.safetensors --logdir b --log-steps steps.csv"), 0) << err_;
  const auto rows = text("steps.csv");
  const int64_t steps = std::ranges::count(rows, '\n') - 1;
  ASSERT_EQ(linnet(train + "-o a.safetensors --steps " + std::to_string(steps - 1)), 0) << err_;
  const auto before = Safetensors::read(folder_ + "/a.safetensors");
  const auto after = Safetensors::read(folder_ + "/b.safetensors");
  ASSERT_TRUE(before && after);
  auto log = logged(text(std::string("b") + kEvents), steps);
  for (const char* path : {"fc.weight", "fc.bias", "head.weight", "head.bias"}) {
    const auto old = before->tensor_as(*before->find(path), DType::kF64);
    const auto next = after->tensor_as(*after->find(path), DType::kF64);
    std::vector<double> gradient;
    for (size_t i = 0; i < old.as<double>().size(); ++i)
      gradient.push_back((old.as<double>()[i] - next.as<double>()[i]) / 0.0078125);
    expect_logged(log, path, gradient);
  }
  ASSERT_EQ(linnet(train + "-o c.safetensors --logdir c --threads 2"), 0) << err_;
  EXPECT_EQ(text(std::string("c") + kEvents), text(std::string("b") + kEvents));
  ASSERT_EQ(linnet("train m.lin --dtype f64 --emit exe -o t"), 0) << err_;
  ASSERT_EQ(run("./t --data d.csv --quiet -o t.safetensors --logdir t.log"), 0) << err_;
  EXPECT_EQ(text(std::string("t.log") + kEvents), text(std::string("b") + kEvents));
  ASSERT_EQ(linnet(train + "-o d.safetensors"), 0) << err_;
  EXPECT_EQ(text("d.safetensors"), text("b.safetensors"));
}

TEST_F(Course, ASignalSaysHowToGoOn) {
  noisy_problem("batch: 8; epochs: 100000000");
  ASSERT_EQ(linnet("train m.lin --emit exe"), 0) << err_;
  // Without --foreground the signal comes twice, to the process and to its group, and the second
  // ends the program at once.
  EXPECT_EQ(run("timeout --foreground -s INT --preserve-status 0.3 ./m-train --data d.csv --quiet"),
            130);
  EXPECT_THAT(err_, testing::ContainsRegex(
                        "^stopped by SIGINT after step [0-9]+ of 500000000, in epoch [0-9]+: go on "
                        "with --resume m.safetensors\n$"));
  EXPECT_TRUE(exists("m.safetensors.ckpt"));
}

}  // namespace
}  // namespace linnet
