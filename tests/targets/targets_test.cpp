// Code for other machines, run by emulators: the bits are those of this machine.
#include "tests/cli/command.h"
#include "tests/targets/machines.h"

#include <gmock/gmock.h>

#include <map>
#include <vector>

namespace linnet {
namespace {

using testing::HasSubstr;

// Prints FNV-1a of the bits of all answers to inputs of a linear congruential generator.
constexpr const char* kProgram = R"(
#include <stdio.h>
#include HEADER
static _Alignas(64) unsigned char arena[BYTES + 1];
static float input[INPUTS], output[OUTPUTS];
int main(void) {
  unsigned seed = 12345;
  unsigned long long hash = 1469598103934665603ull;
  for (int call = 0; call < 20; ++call) {
    for (int i = 0; i < INPUTS; ++i) {
      seed = seed * 1664525u + 1013904223u;
      input[i] = (float)(seed >> 8) * (1.0f / 16777216.0f);
    }
    if (RUN(input, output, arena) != 0) return 1;
    const unsigned char* bytes = (const unsigned char*)output;
    for (unsigned i = 0; i < sizeof output; ++i) hash = (hash ^ bytes[i]) * 1099511628211ull;
  }
  printf("%08lx%08lx\n", (unsigned long)(hash >> 32), (unsigned long)(hash & 0xffffffffu));
  return 0;
}
)";

struct Network {
  std::string model, name, flags;
  int inputs, outputs;
};

const std::vector<Network>& networks() {
  static const std::vector<Network> kNetworks = {
      {"$S/models/lenet.lin", "lenet", "--weights $S/models/data/lenet.safetensors", 784, 10},
      {"$S/models/lenet_classic.lin", "lenet_classic", "--seed 3", 784, 10},
      {"$S/models/mlp.lin", "mlp", "--weights $S/models/data/mlp.safetensors", 784, 10},
      {"functions.lir", "functions", "", 64, 64}};
  return kNetworks;
}

class Targets : public Command {
protected:
  void SetUp() override {
    Command::SetUp();
    write("program.c", kProgram);
    // The elementary functions and roundings, in f32 and by way of f64.
    std::string text = "lir 1\n\nmodule functions\n\ngraph @predict(%x: f32[64]) {\n";
    std::string last = "%x";
    for (const std::string op :
         {"sigmoid", "tanh", "exp", "erf", "log", "sin", "sqrt", "round", "floor", "gelu"}) {
      text += "  %" + op + ": f32[64] = " + op + "(%x)\n";
      text += "  %with_" + op + ": f32[64] = add(" + last + ", %" + op + ")\n";
      last = "%with_" + op;
    }
    text += "  return out = " + last + "\n}\n";
    write("functions.lir", text);
  }

  // The hash that a network's program prints on a machine.
  std::string hash(const Network& network, const Machine& machine) {
    if (linnet("compile " + network.model + " " + network.flags + " --emit lib " + machine.compile +
               " " + machine.same_bits + " --name net -o net.a") != 0) {
      ADD_FAILURE() << machine.name << ": " << err_;
      return "";
    }
    const std::string line =
        machine.link("-DHEADER='\"net.h\"' -DRUN=net_run -DBYTES=NET_ARENA_BYTES -DINPUTS=" +
                     std::to_string(network.inputs) +
                     " -DOUTPUTS=" + std::to_string(network.outputs) + " program.c net.a") +
        " && " + machine.run();
    EXPECT_EQ(run(line), 0) << machine.name << ": " << line << "\n" << err_;
    return out_;
  }
};

// One hash where products are fused with sums, of the same schedule; x86-64-v2 by exact arithmetic.
TEST_F(Targets, AnswersHaveTheSameBitsOnAll) {
  for (const Network& network : networks()) {
    std::string first;
    for (const Machine& machine : machines()) {
      // An assertion of qemu 7.2's own ends it at this program's vector conversions
      // (translate.c, decode_save_opc), whatever the length of vectors.
      if (network.name == "lenet_classic" && machine.name == "riscv64-v") continue;
      const std::string got = hash(network, machine);
      if (first.empty()) first = got;
      EXPECT_EQ(got, first) << network.name << " on " << machine.name;
    }
  }
}

TEST_F(Targets, TableNamesThem) {
  EXPECT_EQ(linnet("targets"), 0);
  for (const char* name : {"x86-64-v2", "aarch64", "riscv64-v", "wasm32-simd128", "cortex-m33"})
    EXPECT_THAT(out_, HasSubstr(name));
}

// Firmware calls nothing that is not there: memset alone (Arm's name of it with zeros).
TEST_F(Targets, FirmwareCallsOnlyMemset) {
  for (const char* target : {"cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55", "riscv32"}) {
    ASSERT_EQ(linnet("compile $S/models/lenet.lin --weights $S/models/data/lenet.safetensors "
                     "--emit lib --name net --target " +
                     std::string(target) + " -o net.a"),
              0)
        << err_;
    ASSERT_EQ(run("/usr/lib/llvm-22/bin/llvm-nm -u net.a | grep ' U ' | sort -u | "
                  "grep -v -e net_constants -e __aeabi_memclr -e memset; true"),
              0);
    EXPECT_EQ(out_, "") << target;
  }
}

TEST_F(Targets, WhatIsNotMadeIsRefusedBeforeTheModelIsRead) {
  EXPECT_EQ(linnet("compile nothing.lin --target cortex-m33"), 3);
  EXPECT_THAT(err_, HasSubstr("--emit exe is not made for cortex-m33"));
  EXPECT_EQ(linnet("compile $S/models/ar.lin --target wasm32 --emit lib --flush-denormals -o a.a"),
            3);
  EXPECT_THAT(err_, HasSubstr("--flush-denormals: wasm32 has no such switch"));
  EXPECT_EQ(linnet("bench $S/models/ar.lin --target aarch64"), 4);
  EXPECT_THAT(err_, HasSubstr("this CPU lacks instructions of aarch64"));
  EXPECT_EQ(linnet("compile nothing.lin --target aarch65"), 2);
  EXPECT_THAT(err_, HasSubstr("no target 'aarch65'"));
  EXPECT_EQ(linnet("compile nothing.lin --target aarch64:cortex-a7x"), 2);
  EXPECT_THAT(err_, HasSubstr("no CPU 'cortex-a7x' of aarch64"));
}

}  // namespace
}  // namespace linnet
