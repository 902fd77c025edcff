// `linnet compile --emit c`: the file compiles without a warning everywhere, a program links with
// it or with a library unchanged, and prints the same bits.
#include "tests/cli/command.h"

#include <gmock/gmock.h>

#include <vector>

namespace linnet {
namespace {

using testing::HasSubstr;

constexpr const char* kStrict =
    " -std=c99 -pedantic -Wall -Wextra -Wconversion -Werror -ffp-contract=off ";

// Prints FNV-1a of the bits of what the model answers; what it has is told by macros.
constexpr const char* kProgram = R"(
#include <stdio.h>
#include <string.h>
#include "net.h"
static _Alignas(64) unsigned char arena[ARENA + 1];
static float input[COUNT * INPUTS], output[COUNT * OUTPUTS];
static unsigned long long hash = 1469598103934665603ull;
static void hashed(const void* data, unsigned long size) {
  const unsigned char* bytes = (const unsigned char*)data;
  for (unsigned long i = 0; i < size; ++i) hash = (hash ^ bytes[i]) * 1099511628211ull;
}
int main(void) {
  unsigned seed = 12345;
  for (int i = 0; i < COUNT * INPUTS; ++i) {
    seed = seed * 1664525u + 1013904223u;
    input[i] = (float)(seed >> 8) * (1.0f / 16777216.0f);
  }
#ifdef NET_STATE_BYTES
  static _Alignas(64) unsigned char state[NET_STATE_BYTES], snapshot[NET_STATE_BYTES];
  if (net_state_check(state) != NET_STATE_INVALID) return 1;
  net_reset(state);
  if (net_state_check(state) != 0) return 2;
  for (int t = 0; t < COUNT / 2; ++t)
    if (net_step(input + t * INPUTS, output + t * OUTPUTS, state, arena) != 0) return 3;
  memcpy(snapshot, state, sizeof state);
  if (net_steps(input + COUNT / 2 * INPUTS, output + COUNT / 2 * OUTPUTS, COUNT - COUNT / 2, snapshot,
                arena) != 0) return 4;
  hashed(snapshot, sizeof snapshot);
  if (net_step(input, output, NULL, arena) != NET_STATE_INVALID) return 5;
#else
  for (int t = 0; t < COUNT; ++t)
    if (net_run(input + t * INPUTS, output + t * OUTPUTS, arena) != 0) return 3;
  if (NET_ARENA_BYTES > 0 && net_run(input, output, NULL) != NET_ARENA_NULL) return 4;
  if (NET_ARENA_BYTES > 0 && net_run(input, output, arena + 1) != NET_ARENA_MISALIGNED) return 5;
#endif
#ifdef PIXELS
  static unsigned char pixels[PIXELS];
  for (int i = 0; i < PIXELS; ++i) pixels[i] = (unsigned char)(i * 7);
  if (net_run_u8(pixels, ROW, output, arena) != 0) return 6;
#endif
  hashed(output, sizeof output);
  printf("%08lx%08lx %d\n", (unsigned long)(hash >> 32), (unsigned long)(hash & 0xffffffffu),
         net_supported());
  return 0;
}
)";

struct Network {
  std::string model, flags;
  int inputs, outputs;
  std::string more = "";  // macros of the program
};

const Network kLenet = {"$S/models/lenet.lin", "--weights $S/models/data/lenet.safetensors", 784,
                        10, "-DPIXELS=784 -DROW=28"};
const Network kGru = {"$S/models/latent_ar.lin", "--seed 5", 1, 1};
const Network kFunctions = {"functions.lir", "", 64, 64};

class CSource : public Command {
protected:
  void SetUp() override {
    Command::SetUp();
    write("program.c", kProgram);
    // The elementary functions and roundings; of two f32 also in f64.
    std::string text = "lir 1\n\nmodule functions\n\ngraph @predict(%x: f32[64]) {\n"
                       "  %base: f32[64] = exp(%x)\n"
                       "  %pow: f32[64] = pow(%base, %x)\n";
    std::string last = "%pow";
    for (const std::string op : {"sigmoid", "tanh", "exp", "erf", "log", "sin", "cos", "sqrt",
                                 "round", "floor", "ceil", "gelu", "silu", "elu", "hard_swish"}) {
      text += "  %" + op + ": f32[64] = " + op + "(%x)\n";
      text += "  %with_" + op + ": f32[64] = add(" + last + ", %" + op + ")\n";
      last = "%with_" + op;
    }
    text += "  %wide: f64[64] = cast(%x) {dtype = f64}\n";
    for (const std::string op : {"tanh", "exp", "erf", "log", "sin", "cos"}) {
      text += "  %wide_" + op + ": f64[64] = " + op + "(%wide)\n";
      text += "  %narrow_" + op + ": f32[64] = cast(%wide_" + op + ") {dtype = f32}\n";
      text += "  %and_" + op + ": f32[64] = add(" + last + ", %narrow_" + op + ")\n";
      last = "%and_" + op;
    }
    write("functions.lir", text + "  return out = " + last + "\n}\n");
  }

  // What the program prints, linked with the objects that `compile` makes of net.c or net.a.
  std::string printed(const Network& network, const std::string& link) {
    std::string macros =
        " -DCOUNT=20 -DINPUTS=" + std::to_string(network.inputs) +
        " -DOUTPUTS=" + std::to_string(network.outputs) + " " + network.more + " -DARENA=" +
        (text("net.h").find("NET_STEP_ARENA_BYTES") != std::string::npos ? "NET_STEP_ARENA_BYTES"
                                                                         : "NET_ARENA_BYTES");
    const std::string line =
        "gcc -std=c11" + macros + " program.c " + link + " -lm -o program && ./program";
    EXPECT_EQ(run(line), 0) << line << "\n" << err_ << out_;
    return out_;
  }

  void expect_bits_of_library(const Network& network, const std::vector<std::string>& compilers) {
    ASSERT_EQ(linnet("compile " + network.model + " " + network.flags +
                     " --emit lib --target x86-64-v3 --schedule-like scalar --name net -o net.a"),
              0)
        << err_;
    const std::string wanted = printed(network, "net.a");
    ASSERT_EQ(
        linnet("compile " + network.model + " " + network.flags + " --emit c --name net -o net.c"),
        0)
        << err_;
    for (const std::string& compiler : compilers) {
      ASSERT_EQ(run(compiler + kStrict + "-c net.c -o net.o"), 0)
          << compiler << ": " << network.model << "\n"
          << err_.substr(0, 4000);
      const bool checked = compiler.find("sanitize") != std::string::npos;
      EXPECT_EQ(printed(network, checked ? "net.o -fsanitize=undefined" : "net.o"), wanted)
          << compiler << ": " << network.model;
    }
  }
};

using CSourceWhole = CSource;  // run by `make test-targets`

TEST_F(CSource, LenetHasTheBitsOfALibraryInScalarOrder) {
  expect_bits_of_library(kLenet, {"gcc -O2"});
}

TEST_F(CSource, StreamHasTheBitsOfALibraryInScalarOrder) {
  expect_bits_of_library(kGru, {"gcc -O2"});
}

TEST_F(CSource, FunctionsHaveTheBitsOfALibraryInScalarOrder) {
  expect_bits_of_library(kFunctions, {"gcc -O2"});
}

// Numbers, a category and pictures in the data's own units, of a batch and of one sample.
TEST_F(CSource, OwnUnitsHaveTheBitsOfALibraryInScalarOrder) {
  write("house.lin", R"(model house(area: f32[N, 2], city: f32[N, 3]) -> price: f32[N, 1] {
  layer near = linear(4)
  layer far = linear(1)
  near(concat(area, city, dim: 1)) |> tanh |> far
}
data house {
  area: table(columns: ["area", "rooms"], scale: standard, mean: [80.5, 3], std: [31.25, 1.1])
  city: onehot(column: "city", categories: ["Bonn", "Ulm", "Köln \"am\" Rhein"])
  price: value(column: "price", scale: standard, mean: 250000.5, std: 91000)
}
)");
  write("units.c", R"(
#include <stdio.h>
#include "net.h"
static _Alignas(64) unsigned char arena[NET_ARENA_BYTES + 1];
int main(void) {
  const double area[6] = {61.3, 2, 99.1, 4, 140, 7.5};
  int32_t city[3] = {2, 0, 1};
  double price[3], one;
  if (net_run_raw(area, city, price, arena) != 0 || net_run_1_raw(area, city, &one, arena) != 0)
    return 1;
  printf("%a %a %a %a %s %a\n", price[0], price[1], price[2], one, net_city_categories[2],
         net_area_mean[0]);
  city[1] = 3;
  return net_run_raw(area, city, price, arena) == NET_CATEGORY_UNKNOWN ? 0 : 2;
}
)");
  const std::string line = "compile house.lin --seed 9 --batch 3 --name net";
  ASSERT_EQ(linnet(line + " --emit lib --target x86-64-v3 --schedule-like scalar -o net.a"), 0)
      << err_;
  ASSERT_EQ(run("gcc -std=c11 units.c net.a -o program && ./program"), 0) << err_;
  const std::string wanted = out_;
  EXPECT_THAT(wanted, HasSubstr("Köln \"am\" Rhein"));
  ASSERT_EQ(linnet(line + " --emit c -o net.c"), 0) << err_;
  ASSERT_EQ(run(std::string("gcc -O1") + kStrict +
                "-c net.c -o net.o && "
                "gcc -std=c11 units.c net.o -lm -o program && "
                "./program"),
            0)
      << err_;
  EXPECT_EQ(out_, wanted);
}

// Without instructions, with them, and where the undefined would be
// seen.
TEST_F(CSourceWhole, AllModelsByAllCompilers) {
  const std::vector<std::string> compilers = {"gcc -O0 -fsanitize=undefined -fno-sanitize-recover",
                                              "gcc -O3 -march=haswell", "clang-22 -O2",
                                              "clang-22 -O3 -march=haswell"};
  const std::vector<Network> networks = {
      kLenet,
      kGru,
      kFunctions,
      {"$S/models/lenet_classic.lin", "--seed 3", 784, 10},
      {"$S/models/mlp.lin", "--weights $S/models/data/mlp.safetensors", 784, 10},
      {"$S/models/mnist.lin", "", 784, 10},
      {"$S/models/latent_ar_lstm.lin", "--seed 5", 1, 1},
      {"$S/models/corr2d.lin", "--seed 3", 48, 42},
      {"$S/models/ds_cnn.lin", "--seed 3", 490, 12}};
  for (const Network& network : networks)
    expect_bits_of_library(network, compilers);
}

TEST_F(CSource, IsTheSameTextEveryTimeAndNamesItsLayers) {
  const std::string line = "compile $S/models/lenet.lin --seed 3 --emit c -o ";
  ASSERT_EQ(linnet(line + "./lenet.c"), 0) << err_;
  const std::string first = text("lenet.c");
  ASSERT_EQ(linnet(line + "lenet.c"), 0) << err_;
  EXPECT_EQ(text("lenet.c"), first);
  EXPECT_TRUE(exists("lenet.h"));
  for (const char* part :
       {"static const float lenet_conv1_weight[150] = {",
        "sum = LENET_FMAF(tap, conv1_weight[c * 25 + ky * 5 + kx], sum);",
        "%conv1: f32[1,6,28,28] = add(%y, %reshape)", "initial values, untrained"})
    EXPECT_THAT(first, HasSubstr(part));
}

TEST_F(CSource, DocumentsShowWhatIsWritten) {
  ASSERT_EQ(linnet("compile $S/models/lenet.lin --weights $S/models/data/lenet.safetensors "
                   "--emit c -o lenet.c"),
            0)
      << err_;
  const std::string source = text("lenet.c");
  const auto bytes = read_file(LINNET_SOURCE_DIR "/docs/c_source.md");
  ASSERT_TRUE(bytes);
  const std::string document(bytes->begin(), bytes->end());
  size_t blocks = 0;
  for (size_t at = 0; (at = document.find("```c\n", at)) != std::string::npos; ++blocks) {
    at += 5;
    EXPECT_THAT(source, HasSubstr(document.substr(at, document.find("```", at) - at)));
  }
  EXPECT_EQ(blocks, 2U);
}

TEST_F(CSource, WhatDoesNotFitIsRefused) {
  EXPECT_EQ(linnet("compile $S/models/ar.lin --emit c --target aarch64 -o ar.c"), 2);
  EXPECT_EQ(err_,
            "error: --emit c is one file for all machines, and takes no --target, "
            "--schedule-like, --exact-fma or sections\nhelp: leave it out; --schedule-like scalar "
            "gives a library its bits\n");
  EXPECT_EQ(linnet("compile $S/models/ar.lin --emit c --flush-denormals -o ar.c"), 3);
  EXPECT_THAT(err_, HasSubstr("--emit c: --flush-denormals is not for portable C"));
  EXPECT_EQ(linnet("compile $S/models/ar.lin --emit c --dump-dir d -o ar.c"), 2);
  EXPECT_EQ(linnet("train $S/models/lenet.lin --emit c"), 3);
  EXPECT_THAT(err_, HasSubstr("--emit c: no trainer is written in C"));
  write("half.lir", "lir 1\n\nmodule half\n\ngraph @predict(%x: f16[4]) {\n"
                    "  %y: f16[4] = exp(%x)\n  return y = %y\n}\n");
  EXPECT_EQ(linnet("compile half.lir --emit c -o half.c"), 3);
  EXPECT_THAT(err_, HasSubstr("half.lir:6:3: error: --emit c: %y = exp is arithmetic in f16"));
  EXPECT_FALSE(exists("ar.c") || exists("half.c"));
}

// What two pieces of a concatenation read lies outside of the second while in the first.
TEST_F(CSource, NothingIsReadOutsideOfAPiece) {
  write("net.lin", R"(model net(a: f32[4, 3], b: f32[4, 5]) -> y: f32[4, 8] {
  concat(a, b, dim: 1) + pad(b, pads: [0, 3, 0, 0])
}
)");
  ASSERT_EQ(linnet("compile net.lin --emit c"), 0) << err_;
  write("main.c", R"(#include "net.h"
#include <stdio.h>
#include <stdlib.h>
int main(void) {
  float *a = malloc(12 * sizeof *a), *b = malloc(20 * sizeof *b), y[32];
  for (int i = 0; i < 12; ++i) a[i] = (float)i;
  for (int i = 0; i < 20; ++i) b[i] = (float)(100 + i);
  if (net_run(a, b, y, NULL) != 0) return 1;
  for (int i = 0; i < 8; ++i) printf("%g ", (double)y[i]);
  free(a);
  free(b);
  return 0;
}
)");
  EXPECT_EQ(run("gcc" + std::string(kStrict) +
                "-c net.c && gcc -std=c99 -fsanitize=address "
                "main.c net.c -lm -o main && ./main"),
            0)
      << err_;
  EXPECT_EQ(out_, "0 1 2 200 202 204 206 208 ");
}

TEST_F(CSource, NamesOfTheModelHideNothing) {
  write("net.lin", R"(model net(row_: f32[N, 1, 4, 4]) -> status_: f32[N, 16] {
  row_ |> flatten |> sqrt
}
data net {
  row_: image(color: gray, scale: 1/255)
}
)");
  write("double.lin", "model double(asm: f64[4], fmaf: f64[4]) -> sqrt: f64[4] {\n"
                      "  sqrt(asm) * fmaf + floor(fmaf)\n}\n");
  write("comment.lir", "lir 1\n\nmodule comment\n\ngraph @predict(%x: f32[2]) {\n"
                       "  %\"w*/ int more; /*\": f32[2] = constant [1, 2]\n"
                       "  %y: f32[2] = add(%x, %\"w*/ int more; /*\")\n  return y = %y\n}\n");
  write("helper.lin", R"(model helper(a: f32[N, 4]) -> y: f32[N, 8] {
  layer nearest = linear(6)
  a |> nearest |> pad(pads: [0, 1, 0, 1], mode: edge)
}
)");
  for (const std::string model :
       {"net.lin", "double.lin --name wide", "helper.lin", "comment.lir"}) {
    ASSERT_EQ(linnet("compile " + model + " --emit c -o out.c"), 0) << err_;
    EXPECT_EQ(run("gcc" + std::string(kStrict) + "-c out.c"), 0) << err_;
  }
  EXPECT_THAT(text("out.c"), HasSubstr("/* %w* / int more; / *: f32[2] */"));
}

TEST_F(CSource, AProductIsNotReplacedByItsHeader) {
  EXPECT_EQ(linnet("compile $S/models/ar.lin --emit c --name ar -o ar.h"), 2);
  EXPECT_THAT(err_, HasSubstr("error: -o ar.h: the header beside it is called so"));
  EXPECT_FALSE(exists("ar.h"));
}

}  // namespace
}  // namespace linnet
