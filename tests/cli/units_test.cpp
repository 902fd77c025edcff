// The library in the data's own units: NAME_run_raw, NAME_step_raw, NAME_steps_raw and NAME_run_u8
// answer what the executable of the same model prints.
#include "tests/cli/command.h"

#include "base/io/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace linnet {
namespace {

using testing::HasSubstr;
using testing::Not;

class Units : public Command {
protected:
  // Compiles NAME.lin to a library and `text` against it, and runs that.
  void program(const std::string& name, const std::string& flags, const std::string& text) {
    ASSERT_EQ(linnet("compile " + name + ".lin --emit lib " + flags), 0) << err_;
    header_ = this->text(name + ".h");
    EXPECT_EQ(run("nm -u lib" + name + ".a | grep -w U | grep -vE 'mem(cpy|set|move)|_constants'"),
              1)
        << "asks for " << out_;
    write(name + ".c", text);
    ASSERT_EQ(run("cc -std=c11 -Wall -Wextra -Werror -pedantic " + name + ".c lib" + name +
                  ".a -o " + name + ".bin"),
              0)
        << err_;
    ASSERT_EQ(run("./" + name + ".bin"), 0) << out_;
  }
  std::string header_;
};

// A mean and a deviation as training leaves them in the weights file.
void scale_file(const std::string& path, double mean, double deviation) {
  ASSERT_TRUE(write_safetensors(path, {{"data.x.mean", DType::kF64, {1}, &mean},
                                       {"data.x.std", DType::kF64, {1}, &deviation}}));
}

TEST_F(Units, StepRawAnswersWhatTheProgramAnswers) {
  write("s.lin", R"(model s(x: f32[N, 1]) -> y: f32[N, 1] {
  state h: f32[N, 1] = zeros()
  next h = h * 0.5 + x
  tanh(h * 0.5 + x)
}
data s {
  x: series(column: "v", scale: standard)
  y: ahead(of: x, steps: 1)
}
)");
  scale_file(folder_ + "/w.safetensors", 396.2963197969543, 66.82906170966476);
  write("v.csv", "v\n400\n437.25\n371.125\n512\n12.5\n");
  ASSERT_EQ(linnet("compile s.lin --weights w.safetensors"), 0) << err_;
  ASSERT_EQ(run("tail -n +2 v.csv | ./s --follow"), 0) << err_;
  const std::string expected = out_;
  program("s", "--weights w.safetensors", R"(
#include <stdio.h>
#include "s.h"
static _Alignas(S_ARENA_ALIGN) unsigned char state[S_STATE_BYTES], arena[S_STEP_ARENA_BYTES + 1];
int main(void) {
  const double x[5] = {400, 437.25, 371.125, 512, 12.5};
  double y[5], all[5];
  s_reset(state);
  if (s_step_raw(x, y, NULL, arena) != S_STATE_INVALID) return 1;
  for (int i = 0; i < 5; ++i)
    if (s_step_raw(x + i, y + i, state, arena) != 0) return 2;
  s_reset(state);
  if (s_steps_raw(x, all, 5, state, arena) != 0) return 3;
  for (int i = 0; i < 5; ++i) {
    if (y[i] != all[i]) return 4;
    printf("%.9g\n", y[i]);
  }
  return S_X_MEAN == s_x_mean[0] && S_Y_STD == s_y_std[0] ? 0 : 5;
}
)");
  EXPECT_EQ(out_, expected);
  EXPECT_THAT(header_, HasSubstr("#define S_X_MEAN 396.2963197969543\n"));
  EXPECT_THAT(header_, HasSubstr("#define S_Y_STD 66.82906170966476\n"));
  EXPECT_THAT(header_, HasSubstr(" *   x: column \"v\", a value a step; scaled: (value - S_X_MEAN) "
                                 "/ S_X_STD\n"));
  EXPECT_THAT(header_, HasSubstr(" *   y: column \"v\", 1 step after the newest value; scaled: "));
}

TEST_F(Units, RunRawTakesAWindowAndTheCallStaysAsItIs) {
  write("w.lin", R"(model w(x: f32[N, 3]) -> y: f32[N, 1] {
  sum(x * x, dim: 1, keepdim: true)
}
data w {
  x: series(column: "v", lags: 3, scale: standard)
  y: ahead(of: x, steps: 1)
}
)");
  scale_file(folder_ + "/w.safetensors", 10, 4);
  write("v.csv", "v\n8\n12.5\n19\n");
  ASSERT_EQ(linnet("compile w.lin --weights w.safetensors"), 0) << err_;
  ASSERT_EQ(run("./w v.csv --json"), 0) << err_;
  const std::string expected = out_;
  program("w", "--weights w.safetensors", R"(
#include <stdio.h>
#include "w.h"
static _Alignas(64) unsigned char arena[W_ARENA_BYTES + 1];
int main(void) {
  const double raw[3] = {8, 12.5, 19};
  const float scaled[3] = {-0.5f, 0.625f, 2.25f};
  double y[1];
  float z[1];
  if (w_run_raw(raw, y, arena) != 0 || w_run(scaled, z, arena) != 0) return 1;
  printf("{\"file\":\"v.csv\",\"step\":1,\"v\":%.9g}\n", y[0]);
  return z[0] * W_Y_STD + W_Y_MEAN == y[0] && W_WARMUP_STEPS == 2 ? 0 : 2;
}
)");
  EXPECT_EQ(out_, expected);
}

constexpr const char* kHouse =
    R"(model house(x: f32[N, 3], city: f32[N, 3]) -> (price: f32[N, 1], band: f32[N, 2]) {
  let s = sum(x, dim: 1, keepdim: true) + slice(city, starts: [1], ends: [2], axes: [1])
  (s, concat(s, s * -1, dim: 1))
}
data house {
  x: table(columns: ["area", "rooms", "year"], scale: standard)
  city: onehot("city", ["Ulm", "Bonn", "Kiel"])
  price: value(column: "price", scale: standard)
  band: classes(labels: ["dear", "cheap"])
}
)";

TEST_F(Units, RunRawScalesEachColumnAndTakesCategories) {
  write("house.lin", kHouse);
  const std::vector<double> mean = {82.5, 3, 1974}, deviation = {31.25, 1.5, 17};
  const double price[2] = {310000.5, 90000.25};
  ASSERT_TRUE(write_safetensors(folder_ + "/w.safetensors",
                                {{"data.x.mean", DType::kF64, {3}, mean.data()},
                                 {"data.x.std", DType::kF64, {3}, deviation.data()},
                                 {"data.price.mean", DType::kF64, {1}, &price[0]},
                                 {"data.price.std", DType::kF64, {1}, &price[1]}}));
  write("rows.csv", "area,rooms,year,city\n71.3,2,1999,Bonn\n140,5.5,1911,Kiel\n");
  ASSERT_EQ(linnet("compile house.lin --weights w.safetensors -o house"), 0) << err_;
  ASSERT_EQ(run("./house rows.csv | awk '{print $2}'"), 0) << err_;
  const std::string expected = out_;
  program("house", "--weights w.safetensors", R"(
#include <stdio.h>
#include "house.h"
static _Alignas(64) unsigned char arena[HOUSE_ARENA_BYTES + 1];
static const double mean[] = HOUSE_X_MEAN;
int main(void) {
  const double x[2][3] = {{71.3, 2, 1999}, {140, 5.5, 1911}};
  const int32_t city[2] = {1, 2}, none[1] = {3}, below[1] = {-1};
  double price[1] = {-7};
  float band[2] = {-7, -7};
  if (house_run_raw(x[0], none, price, band, arena) != HOUSE_CATEGORY_UNKNOWN) return 1;
  if (house_run_raw(x[0], below, price, band, arena) != HOUSE_CATEGORY_UNKNOWN) return 2;
  if (price[0] != -7 || band[0] != -7) return 3;
  for (int i = 0; i < 2; ++i) {
    if (house_run_raw(x[i], city + i, price, band, arena) != 0) return 4;
    printf("%.6g\n", price[0]);
  }
  for (int i = 0; i < 3; ++i) if (mean[i] != house_x_mean[i]) return 5;
  return house_city_categories[2][0] == 'K' && house_labels[0][0] == 'd' ? 0 : 6;
}
)");
  EXPECT_EQ(out_, expected);
  EXPECT_THAT(header_, HasSubstr("one-hot"));
}

// Rows farther apart than a picture is wide, channels in the other order, a scale for each of them.
TEST_F(Units, RunU8ReadsPixelsAsTheDataBlockSays) {
  write("p.lin", R"(model p(x: f32[N, 3, 5, 4]) -> (y: f32[N, 3, 5, 4], level: f32[N, 1]) {
  (x * 1, reshape(mean(x, dim: [1, 2, 3]), [N, 1]))
}
data p {
  x: image(color: bgr, scale: 1/255, mean: [0.25, 0.5, 0.75], std: [2, 4, 8], invert: true)
  level: value(column: "level", scale: standard)
}
)");
  const double level[2] = {100, 16};
  ASSERT_TRUE(write_safetensors(folder_ + "/w.safetensors",
                                {{"data.level.mean", DType::kF64, {1}, &level[0]},
                                 {"data.level.std", DType::kF64, {1}, &level[1]}}));
  program("p", "--weights w.safetensors", R"(
#include <stdio.h>
#include "p.h"
static _Alignas(64) unsigned char arena[P_ARENA_BYTES + 1];
static unsigned char pixels[5 * 16];
static float x[60], y[60], z[60], scaled[1];
int main(void) {
  double level[1];
  for (int i = 0; i < 80; ++i) pixels[i] = (unsigned char)(i * 37 % 256);
  if (p_run_u8(pixels, 16, y, level, arena) != 0) return 1;
  for (int c = 0; c < 3; ++c)
    for (int i = 0; i < 20; ++i) {
      const float byte = 255 - (float)pixels[16 * (i / 4) + 3 * (i % 4) + 2 - c];
      x[20 * c + i] =
          (byte * (float)P_X_SCALE - (float)p_x_mean[c]) / (float)p_x_std[c];
    }
  if (p_run(x, z, scaled, arena) != 0) return 2;
  for (int i = 0; i < 60; ++i) if (x[i] != y[i] || y[i] != z[i]) return 3;
  return level[0] == scaled[0] * P_LEVEL_STD + P_LEVEL_MEAN ? 0 : 4;
}
)");
  EXPECT_THAT(header_, HasSubstr("RGB pixels, three bytes each (red, green, blue)"));
  EXPECT_THAT(header_, HasSubstr("answers are in the data's own units"));
}

// A model whose data block says nothing about units has no such entry, and an executable none at
// all.
TEST_F(Units, OnlyWhereThereAreUnits) {
  write("plain.lin", "model plain(x: f32[N, 4]) -> y: f32[N, 4] { relu(x) }\n");
  ASSERT_EQ(linnet("compile plain.lin --emit lib"), 0) << err_;
  EXPECT_THAT(text("plain.h"), Not(HasSubstr("_raw")));
  EXPECT_THAT(text("plain.h"), HasSubstr("no unit is declared"));
  ASSERT_EQ(linnet("compile $S/models/ar.lin --dump-dir d -o ar"), 0) << err_;
  EXPECT_THAT(text("d/ar.ll"), Not(HasSubstr("_raw")));
}

// Names that differ in nothing but capitals still have a macro each.
TEST_F(Units, NoConstantIsDefinedTwice) {
  write("n.lin", R"(model n(x: f32[N, 1], X: f32[N, 1]) -> state: f32[N, 1] { x + X }
data n {
  x: value(column: "a")
  X: value(column: "b")
  state: value(column: "c")
}
)");
  program("n", "", R"(
#include "n.h"
int main(void) {
  const double a[1] = {1}, b[1] = {2};
  double c[1];
  return n_run_raw(a, b, c, 0) == 0 && c[0] == 3 && N_X_STD + N_X_1_STD == 2 ? 0 : 1;
}
)");
}

}  // namespace
}  // namespace linnet
