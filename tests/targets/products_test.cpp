// Executables, trainers, threads and shared libraries for AArch64 and RISC-V 64, run by qemu: they
// say and write what those of this machine do.
#include "tests/cli/command.h"
#include "tests/targets/machines.h"

#include "base/io/npy.h"
#include "codegen/object/product_runtime.h"
#include "driver/product.h"

#include <gmock/gmock.h>

#include <sys/stat.h>

namespace linnet {
namespace {

using testing::HasSubstr;

const std::string kLenet =
    "$S/models/lenet.lin --weights $S/models/data/lenet.safetensors --target ";

class Products : public Command {
protected:
  // Makes a program for a machine by `arguments` of linnet and runs it; `files` of the working
  // folder are moved to one of the machine's name. Returns what it printed.
  std::string made_and_run(const std::string& name, const std::string& arguments,
                           const std::string& call, const std::string& files = "") {
    const Machine& on = machine(name);
    const bool made =
        linnet(arguments + " " + on.compile + " " + on.same_bits + " --static -o program") == 0;
    EXPECT_TRUE(made) << name << ": " << err_;
    EXPECT_EQ(run(on.run() + " " + call), 0) << name << ": " << call << "\n" << err_;
    const std::string printed = out_;
    if (files.empty()) return printed;
    EXPECT_EQ(run("mkdir -p " + name + " && mv " + files + " " + name), 0) << err_;
    return printed;
  }
  // The same on each of `names`, beside x86-64-v3: text, and files to the byte.
  void expect_same(const std::vector<std::string>& names, const std::string& arguments,
                   const std::string& call, const std::string& files = "") {
    const std::string first = made_and_run("x86-64-v3", arguments, call, files);
    EXPECT_FALSE(first.empty() && files.empty());
    for (const std::string& name : names) {
      EXPECT_EQ(made_and_run(name, arguments, call, files), first) << name << ": " << arguments;
      EXPECT_EQ(run("for f in " + files + "; do cmp x86-64-v3/$f " + name + "/$f || exit; done"), 0)
          << name << ": " << arguments << out_;
    }
  }
  int64_t size_of(const std::string& name) const {
    struct stat status{};
    return stat((folder_ + "/" + name).c_str(), &status) == 0 ? status.st_size : -1;
  }
};

// …Whole: what takes longer, of `make test-targets` alone.
using ProductsWhole = Products;

TEST_F(Products, ExecutablesGiveTheAnswersOfThisMachine) {
  const std::string digits = "$S/models/data/digits";
  expect_same({"aarch64", "riscv64", "riscv64-v"},
              "compile $S/models/lenet.lin --weights $S/models/data/lenet.safetensors",
              "--evaluate " + digits + " --json");
  expect_same({"aarch64", "riscv64"},
              "compile $S/models/mlp.lin --weights $S/models/data/mlp.safetensors",
              "--json " + digits + "/3.png " + digits + "/8.png");
}

TEST_F(ProductsWhole, TensorsAreReadAndWrittenToTheBit) {
  Tensor x = make_tensor(DType::kF32, {3, 1, 28, 28});
  auto* values = reinterpret_cast<float*>(x.data.data());
  for (int i = 0; i < 3 * 28 * 28; ++i)
    values[i] = static_cast<float>(i * 7919 % 1000) / 1000;
  ASSERT_TRUE(write_npy(folder_ + "/x.npy", x));
  expect_same({"aarch64", "riscv64"},
              "compile $S/models/lenet.lin --weights $S/models/data/lenet.safetensors",
              "--input image=x.npy --output-dir .", "logits.npy");
}

TEST_F(ProductsWhole, StreamsGiveTheForecastsOfThisMachine) {
  ASSERT_EQ(linnet("init $S/models/latent_ar.lin --seed 3 -o latent.safetensors"), 0) << err_;
  expect_same({"aarch64", "riscv64"},
              "compile $S/models/ar.lin --set p=9 --weights "
              "$S/models/data/ar9_sunspots.safetensors",
              "$S/models/data/sunspots.csv --steps 30");
  expect_same({"aarch64", "riscv64"},
              "compile $S/models/latent_ar.lin --weights latent.safetensors",
              "$S/models/data/visitors.csv --steps 14 --save-state state", "state");
}

// Losses of each step, weights after them, and all that is printed. Least squares is Eigen's.
TEST_F(Products, TrainersSolveAndStepToTheSameBits) {
  expect_same({"aarch64", "riscv64"}, "train $S/models/ar.lin --emit exe",
              "--data $S/models/data/sunspots.csv -o w.safetensors", "w.safetensors");
  expect_same({"aarch64"}, "train $S/models/ar_mlp.lin --emit exe",
              "--data $S/models/data/sunspots.csv --steps 5 --log-steps steps.csv "
              "-o w.safetensors --quiet",
              "steps.csv w.safetensors");
}

TEST_F(ProductsWhole, TrainersLearnTheSameBits) {
  const std::string files = "steps.csv w.safetensors";
  const std::string log = " --log-steps steps.csv -o w.safetensors --quiet";
  expect_same({"aarch64", "riscv64", "riscv64-v"}, "train $S/models/mlp.lin --emit exe",
              "--data $S/models/data/digits --steps 3" + log, files);
  expect_same({"aarch64", "riscv64"}, "train $S/models/lenet.lin --emit exe",
              "--data $S/models/data/digits --steps 3" + log, files);
}

// A convolution that is worth threads; denormals, which they flush as their caller does.
TEST_F(ProductsWhole, ThreadsChangeNoBit) {
  write(
      "m.lin",
      "model m(x: f32[N, 16, 32, 32]) -> y: f32[N, 32, 32, 32] {\n"
      "  layer conv = conv2d(32, kernel_size: 3, padding: 1, bias: false)\n  1e-30 * conv(x)\n}\n");
  Tensor x = make_tensor(DType::kF32, {1, 16, 32, 32});
  auto* values = reinterpret_cast<float*>(x.data.data());
  for (int i = 0; i < 16 * 32 * 32; ++i)
    values[i] = (static_cast<float>(i * 7919 % 1000) / 1000 - 0.5F) * 1e-8F;
  ASSERT_TRUE(write_npy(folder_ + "/x.npy", x));
  const std::string call = "--input x=x.npy --output-dir . --threads ";
  for (const char* flags : {"--flush-denormals", ""}) {
    const std::string compile =
        std::string("compile m.lin --seed 1 --disable-family winograd --threads 4 ") + flags;
    expect_same({"aarch64"}, compile, call + "4", "y.npy");
    EXPECT_EQ(made_and_run("aarch64", compile, call + "1", "y.npy"), "");
    EXPECT_EQ(run("cmp x86-64-v3/y.npy aarch64/y.npy && mv x86-64-v3/y.npy y" + std::string(flags) +
                  ".npy"),
              0);
  }
  EXPECT_NE(run("cmp ./y.npy ./y--flush-denormals.npy"), 0) << "no denormal number was met";
  expect_same({"riscv64"}, "compile m.lin --seed 1 --disable-family winograd --threads 4",
              call + "4", "y.npy");
}

// By the dynamic loader, with the pool inside; and a trainer as a library.
TEST_F(Products, SharedLibrariesServeACProgram) {
  write("main.c", R"(#include <stdio.h>
#include "net.h"
static _Alignas(NET_ARENA_ALIGN) unsigned char arena[NET_ARENA_BYTES + 1];
int main(void) {
  static float image[784], logits[10];
  if (net_threads_start(2, 0) != 0 || net_run(image, logits, arena) != 0) return 1;
  net_threads_stop();
  for (int i = 0; i < 10; ++i) printf("%a\n", logits[i]);
  return 0;
}
)");
  std::string first;
  for (const std::string name : {"x86-64-v3", "aarch64", "riscv64"}) {
    const std::string family = name == "x86-64-v3" ? "" : name + "-linux-gnu";
    const std::string cc = family.empty() ? "cc" : family + "-gcc";
    const std::string emulator =
        family.empty() ? "" : "qemu-" + name + "-static -L /usr/" + family + " ";
    const Machine& on = machine(name);
    ASSERT_EQ(linnet("compile $S/models/lenet.lin --weights $S/models/data/lenet.safetensors "
                     "--emit shared --threads 2 --name net " +
                     on.compile + " " + on.same_bits + " -o libnet.so"),
              0)
        << err_;
    ASSERT_EQ(run(cc + " main.c -L. -lnet -Wl,-rpath,'$ORIGIN' -o main && " + emulator + "./main"),
              0)
        << name << err_;
    if (first.empty()) first = out_;
    EXPECT_EQ(out_, first) << name;
  }
  EXPECT_EQ(std::ranges::count(first, '\n'), 10);
  ASSERT_EQ(linnet("train $S/models/ar_mlp.lin --emit shared --target aarch64 -o libt.so"), 0)
      << err_;
  ASSERT_EQ(run("aarch64-linux-gnu-readelf -h libt.so"), 0);
  EXPECT_THAT(out_, HasSubstr("AArch64"));
}

// 62 thousand parameters are the weights; libc is the machine's, or inside too.
TEST_F(Products, LenetForAArch64HasLessThan400kBBesideItsWeights) {
  const int64_t weights = 61'706 * 4;
  ASSERT_EQ(linnet("compile " + kLenet + "aarch64 -o lenet"), 0) << err_;
  EXPECT_LE(size_of("lenet") - weights, 400'000);
  EXPECT_EQ(run("qemu-aarch64-static -L /usr/aarch64-linux-gnu ./lenet "
                "$S/models/data/digits/3.png | grep -c ' 3  100.0 %'"),
            0)
      << err_;
  ASSERT_EQ(run("aarch64-linux-gnu-readelf -d lenet | grep NEEDED | grep -o '\\[.*]'"), 0);
  EXPECT_EQ(out_, "[libm.so.6]\n[libc.so.6]\n");
  ASSERT_EQ(linnet("compile " + kLenet + "aarch64 --static -o lenet"), 0) << err_;
  EXPECT_LE(size_of("lenet") - weights, 900'000);
}

// Where no compiler is installed linnet links by itself: programs that say and libraries that
// compute the same, and need the same of the machine.
TEST_F(Products, WithoutACompilerLinnetLinks) {
  const std::string nowhere = "PATH=/nowhere " LINNET_COMMAND " compile " + kLenet;
  const std::string call = " --json $S/models/data/digits/3.png";
  write("main.c", R"(#include <dlfcn.h>
#include <stdio.h>
static _Alignas(64) unsigned char arena[1 << 16];
int main(void) {
  void* library = dlopen("./libnet.so", RTLD_NOW);
  if (!library) return puts(dlerror());
  int (*start)(int, long) = (int (*)(int, long))dlsym(library, "net_threads_start");
  int (*run)(const float*, float*, void*) = (int (*)(const float*, float*, void*))dlsym(library, "net_run");
  void (*stop)(void) = (void (*)(void))dlsym(library, "net_threads_stop");
  static float image[784], logits[10];
  if (start(2, 0) != 0 || run(image, logits, arena) != 0) return 1;
  stop();
  for (int i = 0; i < 10; ++i) printf("%a\n", logits[i]);
  return dlclose(library);
}
)");
  for (const std::string name : {"x86-64-v3", "aarch64", "riscv64"}) {
    const std::string family = name == "x86-64-v3" ? "" : name + "-linux-gnu";
    const std::string emulator =
        family.empty() ? "" : "qemu-" + name + "-static -L /usr/" + family + " ";
    const std::string gcc = family.empty() ? "cc" : family + "-gcc";
    ASSERT_EQ(linnet("compile " + kLenet + name + " -o theirs"), 0) << err_;
    ASSERT_EQ(run(emulator + "./theirs" + call), 0) << err_;
    const std::string theirs = out_;
    ASSERT_EQ(run(nowhere + name + " -o ours"), 0) << err_;
    ASSERT_EQ(run(emulator + "./ours" + call), 0) << name << err_;
    EXPECT_EQ(out_, theirs) << name;
    EXPECT_LE(size_of("ours"), size_of("theirs") * 5 / 4) << name;
    EXPECT_NE(run(emulator + "./ours no-such-file.png"), 0) << name;
    EXPECT_THAT(err_, HasSubstr("no-such-file.png")) << name;  // and an exception is not the end
    ASSERT_EQ(run("for f in theirs ours; do readelf -d $f | grep NEEDED | grep -v ld-linux | grep "
                  "-o '\\[.*]' | sort > $f.txt; done; cmp theirs.txt ours.txt"),
              0)
        << name << out_;
    std::string answers;
    ASSERT_EQ(run(gcc + " main.c -o main -ldl"), 0) << err_;
    for (const std::string path : {"", "PATH=/nowhere "}) {
      ASSERT_EQ(run(path + LINNET_COMMAND " compile " + kLenet + name +
                    " --emit shared --threads 2 --name net -o libnet.so"),
                0)
          << err_;
      ASSERT_EQ(run(emulator + "./main"), 0) << name << path << out_ << err_;
      if (answers.empty()) answers = out_;
      EXPECT_EQ(out_, answers) << name << path;
    }
    ASSERT_EQ(run(nowhere + name + " -o again && cmp ours again"), 0) << name << out_ << err_;
  }
}

// A copy of a machine's libraries is linked with, not those of the cross compiler.
TEST_F(Products, SysrootIsWhereLibrariesComeFrom) {
  ASSERT_EQ(run("mkdir -p root/usr/lib/aarch64-linux-gnu && cd root/usr/lib/aarch64-linux-gnu && "
                "for f in 'crt*.o' Scrt1.o 'libc.so*' 'libm.so*' libc_nonshared.a "
                "'ld-linux-*'; do cp -a /usr/aarch64-linux-gnu/lib/$f . || exit; done && "
                "sed -i s,/usr/aarch64-linux-gnu/lib,/usr/lib/aarch64-linux-gnu,g libc.so"),
            0)
      << err_;
  write("tracing-gcc", "#!/bin/sh\naarch64-linux-gnu-gcc \"$@\" -Wl,--trace > trace.txt\n");
  ASSERT_EQ(run("chmod +x tracing-gcc"), 0);
  ASSERT_EQ(linnet("compile " + kLenet + "aarch64 --sysroot root --cc ./tracing-gcc -o lenet"), 0)
      << err_;
  for (const char* file : {"libc.so.6", "libm.so", "Scrt1.o", "crti.o"})
    EXPECT_THAT(text("trace.txt"),
                HasSubstr("root/usr/lib/aarch64-linux-gnu/" + std::string(file)));
  EXPECT_EQ(run("qemu-aarch64-static -L /usr/aarch64-linux-gnu ./lenet "
                "$S/models/data/digits/3.png"),
            0)
      << err_;
}

TEST_F(Products, WhatDoesNotLinkIsToldInOneMessage) {
  const struct {
    std::string call, error;
    int status = 4;
  } cases[] = {
      {"PATH=/nowhere " LINNET_COMMAND " compile " + kLenet + "aarch64 --static -o x",
       "error: there is no linker: `aarch64-linux-gnu-gcc` cannot be run\n"
       "help: apt-get install g++-aarch64-linux-gnu: --static needs its libc.a; without --static "
       "linnet links by itself\n"},
      {LINNET_COMMAND " compile " + kLenet + "aarch64 --cc no-such-compiler -o x",
       "error: there is no linker: `no-such-compiler` cannot be run\n"
       "help: --cc names a compiler that links for aarch64; without it aarch64-linux-gnu-gcc "
       "does\n"},
      {LINNET_COMMAND " compile " + kLenet + "aarch64 --cc cc -o x",
       "error: cc does not link for aarch64\n"
       "help: aarch64-linux-gnu-gcc, of Debian's g++-aarch64-linux-gnu, links for it\n"},
      {"mkdir empty && " LINNET_COMMAND " compile " + kLenet + "riscv64 --sysroot empty -o x",
       "error: --sysroot empty: there is no libc.so for riscv64\n"
       "help: copy /lib and /usr/lib of the machine there, with libc6-dev installed on it: "
       "empty/usr/lib/riscv64-linux-gnu/libc.so is looked for\n"},
      {"printf '%s\\n' '#!/bin/sh' 'echo \"ld: cannot find -lstdc++: No such file\" >&2' 'exit 1' "
       "> cc1 && chmod +x cc1 && " LINNET_COMMAND " compile " +
           kLenet + "aarch64 --static --cc ./cc1 -o x",
       "error: ./cc1 does not find libstdc++.a for aarch64\n"
       "help: apt-get install g++-aarch64-linux-gnu\n"},
      {LINNET_COMMAND " compile " + kLenet + "aarch64 --sysroot missing -o x",
       "error: --sysroot: 'missing' is no folder\n", 2},
      {LINNET_COMMAND " compile " + kLenet + "aarch64 --emit lib --cc clang -o x.a",
       "error: --cc is for what is linked, and --emit lib is not\nhelp: leave one of them out\n",
       2},
      {LINNET_COMMAND " train $S/models/ar.lin --data d.csv --sysroot .",
       "error: --sysroot is for what --emit links\nhelp: --emit exe makes a trainer\n", 2},
      {LINNET_COMMAND " train $S/models/ar.lin --data $S/models/data/sunspots.csv "
                      "--target aarch64 --quiet -o x",
       "error: code for aarch64 does not run on this machine\n"
       "help: leave --target out, or name one this machine has\n"},
      {LINNET_COMMAND " run " + kLenet + "aarch64 --input image=$S/x.npy",
       "error: code for aarch64 does not run on this machine\n"
       "help: leave --target out, or name one this machine has\n"}};
  for (const auto& c : cases) {
    EXPECT_EQ(run(c.call), c.status) << c.call;
    EXPECT_EQ(err_, c.error) << c.call;
    EXPECT_FALSE(exists("x") || exists("x.a")) << c.call;
  }
}

// Of a machine whose compiler was not there when linnet was built; here of one that has no
// run-time.
TEST(ProductsWithoutRuntime, AreRefusedWithThePackage) {
  codegen::Target target = codegen::find_target("wasm32").target;
  EXPECT_FALSE(codegen::product_runtime(target.record).exists());
  target.record.products |= codegen::kExecutable;
  target.record.package = "g++-wasm32";
  SourceManager sources;
  Diagnostics diagnostics(sources);
  const driver::Host host{sources, diagnostics};
  EXPECT_FALSE(driver::can_make(driver::Emit::kExecutable, target, host));
  ASSERT_EQ(diagnostics.all().size(), 1U);
  EXPECT_EQ(diagnostics.all()[0].message, "this linnet was built without the run-time for wasm32");
  EXPECT_EQ(diagnostics.all()[0].remedy,
            "install g++-wasm32 and build it again, or use --emit lib, which needs none");
  for (const char* name : {"x86-64-v2", "aarch64", "riscv64", "riscv64-v"})
    EXPECT_TRUE(driver::has_runtime(codegen::find_target(name).target, host)) << name;
}

}  // namespace
}  // namespace linnet
