// The examples for other machines, made by their own Makefiles and run. No time is judged.
#include "tests/cli/command.h"
#include "tests/targets/machines.h"

#include "base/io/npy.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

namespace linnet {
namespace {

class Examples : public Command {
protected:
  void make(const std::string& example, const std::string& variables) {
    ASSERT_EQ(run("cp -r $S/examples/" + example + " . && make -s -C " + example +
                  " LINNET=" LINNET_COMMAND " " + variables),
              0)
        << out_ << err_;
  }
};
using ExamplesWhole = Examples;  // of `make test-targets` alone

TEST_F(Examples, RaspberryPiReadsDigits) {
  const auto images = read_file(LINNET_SOURCE_DIR "/models/data/digits/t10k-images-idx3-ubyte");
  const auto labels = read_file(LINNET_SOURCE_DIR "/models/data/digits/t10k-labels-idx1-ubyte");
  ASSERT_TRUE(images && labels);
  constexpr int kPictures = 12, kPixels = 28 * 28;
  std::string files;
  std::vector<std::string> right;
  for (int i = 0; i < kPictures; ++i) {
    const std::string name = std::to_string(i) + ".pgm";
    write(name, "P5\n28 28\n255\n" +
                    std::string(reinterpret_cast<const char*>(images->data()) + 16 + i * kPixels,
                                kPixels));
    files += " " + name;
    right.push_back(name + " " + std::to_string((*labels)[static_cast<size_t>(8 + i)]) + "\n");
  }
  make("raspberry_pi", "MODELS=$S/models TARGET=native CC=cc");
  ASSERT_EQ(run("raspberry_pi/reader" + files + " && rm -r raspberry_pi"), 0) << err_;
  const std::string here = out_;
  // LeNet takes the fifth for a 1.
  EXPECT_EQ(
      std::ranges::count_if(right, [&](const auto& line) { return here.find(line) != here.npos; }),
      kPictures - 1);
  make("raspberry_pi", "MODELS=$S/models");
  ASSERT_EQ(run("qemu-aarch64-static raspberry_pi/reader" + files), 0) << err_;
  EXPECT_EQ(out_, here);
  write("short.pgm", "P5\n28 28\n255\nxyz");
  EXPECT_EQ(run("qemu-aarch64-static raspberry_pi/reader short.pgm"), 1);
  EXPECT_EQ(err_, "short.pgm: it ends early\n");
}

// Sixty ticks here and on AArch64: the same actions, every tick in the histogram, and between the
// first and the last no call of the system but for the time.
TEST_F(Examples, ControlLoopCallsItsPolicyAtEachTick) {
  ASSERT_EQ(linnet("init $S/examples/control_loop/policy.lin --seed 7 -o w.safetensors"), 0)
      << err_;
  make("control_loop", "WEIGHTS=../w.safetensors TARGET='x86-64-v3 --schedule-like aarch64'");
  ASSERT_EQ(run("control_loop/control_loop 60"), 0) << err_;
  const std::string actions = out_, report = err_;
  EXPECT_EQ(std::ranges::count(actions, '\n'), 60);
  int64_t sum = 0;
  std::istringstream lines(report);
  for (std::string line; std::getline(lines, line);) {
    if (line.substr(0, 14).ends_with(" us") || line.substr(0, 14).ends_with("more"))
      sum += std::atoll(line.c_str() + 14);
  }
  EXPECT_EQ(sum, 60) << report;

  ASSERT_EQ(run("rm -r control_loop"), 0);
  make("control_loop", "WEIGHTS=../w.safetensors TARGET=aarch64 "
                       "CC='aarch64-linux-gnu-gcc -static'");
  ASSERT_EQ(run("qemu-aarch64-static -strace control_loop/control_loop 60"), 0);
  EXPECT_EQ(out_, actions);
  const size_t first = err_.find("clock_nanosleep(");
  const size_t last = err_.rfind('\n', err_.rfind("clock_nanosleep("));
  ASSERT_NE(first, std::string::npos);
  int naps = 1;
  std::istringstream calls(err_.substr(first, last - first));
  for (std::string line; std::getline(calls, line);) {
    naps += line.find("clock_nanosleep(") != std::string::npos;
    EXPECT_TRUE(line.find("clock_nanosleep(") != std::string::npos ||
                line.find("clock_gettime(") != std::string::npos)
        << line;
  }
  EXPECT_EQ(naps, 60);
}

constexpr const char* kHost = R"(#include <dlfcn.h>
#include <lv2/core/lv2.h>
#include <stdio.h>
#include <stdlib.h>
enum { kSamples = 3000 };
static int running, allocated;
extern void* __libc_calloc(size_t, size_t);
void* calloc(size_t count, size_t size) {
  allocated += running;
  return __libc_calloc(count, size);
}
int main(int argc, char** argv) {
  static float in[kSamples], out[kSamples];
  void* library = dlopen(argv[1], RTLD_NOW);
  if (argc != 4 || !library) return fprintf(stderr, "%s\n", dlerror()), 1;
  LV2_Descriptor_Function find = (LV2_Descriptor_Function)dlsym(library, "lv2_descriptor");
  const LV2_Descriptor* plugin = find(0);
  if (find(1)) return 2;
  FILE* file = fopen(argv[2], "rb");
  if (!file || fread(in, sizeof in, 1, file) != 1) return 3;
  const unsigned block = (unsigned)atoi(argv[3]);
  LV2_Handle instance = plugin->instantiate(plugin, 48000, "", NULL);
  plugin->activate(instance);
  running = 1;
  for (unsigned at = 0; at < kSamples; at += block) {
    const unsigned count = at + block < kSamples ? block : kSamples - at;
    plugin->connect_port(instance, 0, in + at);
    plugin->connect_port(instance, 1, out + at);
    plugin->run(instance, count);
  }
  running = 0;
  plugin->cleanup(instance);
  fwrite(out, sizeof out, 1, stdout);
  return allocated ? 4 : 0;
}
)";

// However a host cuts its blocks, the samples are those of `linnet run`.
TEST_F(ExamplesWhole, Lv2PluginSoundsTheSameInBlocksOfAnySize) {
  ASSERT_EQ(run("test -e /usr/include/lv2/core/lv2.h"), 0) << "apt-get install lv2-dev";
  ASSERT_EQ(linnet("init $S/examples/lv2/amp.lin --seed 5 -o w.safetensors"), 0) << err_;
  make("lv2", "WEIGHTS=../w.safetensors");
  ASSERT_EQ(run("nm -D lv2/amp.lv2/amp.so | grep -o ' [TU] [a-z0-9_]*' | sort"), 0);
  EXPECT_EQ(out_, " T lv2_descriptor\n U calloc\n U free\n");
  constexpr int kSamples = 3000;
  Tensor in = make_tensor(DType::kF32, {kSamples, 1});
  auto* values = reinterpret_cast<float*>(in.data.data());
  for (int i = 0; i < kSamples; ++i)
    values[i] = static_cast<float>(i * 7919 % 2000) / 1000 - 1;
  ASSERT_TRUE(write_npy(folder_ + "/in.npy", in));
  write("in.raw", {reinterpret_cast<const char*>(values), sizeof(float) * kSamples});
  write("host.c", kHost);
  ASSERT_EQ(run("cc -O1 -rdynamic host.c -ldl -o host"), 0) << err_;
  ASSERT_EQ(linnet("run $S/examples/lv2/amp.lin --weights w.safetensors --input in=in.npy "
                   "--output-dir ."),
            0)
      << err_;
  const auto expected = read_npy(folder_ + "/out.npy");
  ASSERT_TRUE(expected) << expected.error().message;
  const std::string bytes(reinterpret_cast<const char*>(expected->data.data()),
                          expected->data.size());
  ASSERT_EQ(bytes.size(), sizeof(float) * kSamples);
  for (const char* block : {"1", "7", "64", "333", "3000"}) {
    EXPECT_EQ(run(std::string("./host lv2/amp.lv2/amp.so in.raw ") + block), 0) << block << err_;
    EXPECT_TRUE(out_ == bytes) << "blocks of " << block;
  }
}

}  // namespace
}  // namespace linnet
