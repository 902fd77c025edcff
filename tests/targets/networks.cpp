// Networks whose answers are compared between machines, and the program that hashes them.
#include "tests/targets/networks.h"

namespace linnet {
namespace {

// Prints FNV-1a of the bits of all answers to inputs of a linear congruential generator.
constexpr const char* kProgram = R"(
#include <stdio.h>
#include "net.h"
static _Alignas(64) unsigned char arena[NET_ARENA_BYTES + 1];
static float input[INPUTS], output[OUTPUTS];
#ifdef NET_STATE_BYTES
static _Alignas(64) unsigned char state[NET_STATE_BYTES];
#define RUN(input, output, arena) net_step(input, output, state, arena)
#else
#define RUN net_run
#endif
int main(void) {
  unsigned seed = 12345;
  unsigned long long hash = 1469598103934665603ull;
#ifdef NET_STATE_BYTES
  net_reset(state);
#endif
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

// The elementary functions and roundings, each of them and their sum; sin and pow by way of f64.
std::string functions() {
  std::string text = "lir 1\n\nmodule functions\n\ngraph @predict(%x: f32[64]) {\n";
  std::string last = "%x";
  for (const std::string op :
       {"sigmoid", "tanh", "exp", "erf", "log", "sin", "sqrt", "round", "floor", "ceil", "gelu"}) {
    text += "  %" + op + ": f32[64] = " + op + "(%x)\n";
    text += "  %with_" + op + ": f32[64] = add(" + last + ", %" + op + ")\n";
    last = "%with_" + op;
  }
  return text + "  return out = " + last + "\n}\n";
}

}  // namespace

const std::vector<Network>& networks() {
  static const std::vector<Network> kNetworks = {
      {"$S/models/lenet.lin", "lenet", "--weights $S/models/data/lenet.safetensors", 784, 10},
      {"$S/models/lenet_classic.lin", "lenet_classic", "--seed 3", 784, 10},
      {"$S/models/mlp.lin", "mlp", "--weights $S/models/data/mlp.safetensors", 784, 10},
      {"functions.lir", "functions", "", 64, 64},
      {"$S/models/latent_ar.lin", "latent_ar", "--seed 3", 1, 1, true}};
  return kNetworks;
}

const Network& network(const std::string& name) {
  for (const Network& network : networks())
    if (network.name == name) return network;
  std::abort();
}

void OnMachines::SetUp() {
  Command::SetUp();
  write("program.c", kProgram);
  write("functions.lir", functions());
}

std::string OnMachines::printed(const Machine& machine, const std::string& model,
                                const std::string& flags, const std::string& program) {
  if (linnet("compile " + model + " " + flags + " --emit lib " + machine.compile +
             " --name net -o net.a") != 0) {
    ADD_FAILURE() << machine.name << ": " << err_;
    return "";
  }
  const std::string line = machine.link(program + " net.a") + " && " + machine.run();
  EXPECT_EQ(run(line), 0) << machine.name << ": " << line << "\n" << err_ << out_;
  return out_;
}

std::string OnMachines::hash(const Network& network, const Machine& machine) {
  return printed(machine, network.model, network.flags + " " + machine.same_bits,
                 "-DINPUTS=" + std::to_string(network.inputs) +
                     " -DOUTPUTS=" + std::to_string(network.outputs) + " program.c");
}

void OnMachines::expect_same_bits(const Network& network, const std::vector<std::string>& on) {
  const std::string expected = hash(network, machine("x86-64-v3"));
  for (const std::string& name : on) {
    // An assertion of qemu 7.2's own ends it at this program's vector conversions (translate.c,
    // decode_save_opc), whatever the length of vectors.
    if (network.name == "lenet_classic" && name == "riscv64-v") continue;
    EXPECT_EQ(hash(network, machine(name)), expected) << network.name << " on " << name;
  }
}

}  // namespace linnet
