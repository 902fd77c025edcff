// WebAssembly in node: answers have the bits of x86-64, and the ES module keeps what it says.
#include "tests/cli/command.h"

#include <gmock/gmock.h>

#include <vector>

namespace linnet {
namespace {

using testing::HasSubstr;
using testing::Not;

// Reads inputs of so many numbers from standard input, and writes the answers' bytes.
constexpr const char* kNative = R"(
#include <stdio.h>
#include "net.h"
static _Alignas(64) unsigned char arena[1 << 20];
static float input[INPUTS], output[OUTPUTS];
#ifdef STREAM
static _Alignas(64) unsigned char state[NET_STATE_BYTES];
#endif
int main(void) {
#ifdef STREAM
  net_reset(state);
#endif
  while (fread(input, sizeof input, 1, stdin) == 1) {
#ifdef STREAM
    if (net_step(input, output, state, arena) != 0) return 1;
#else
    if (net_run(input, output, arena) != 0) return 1;
#endif
    fwrite(output, sizeof output, 1, stdout);
  }
  return 0;
}
)";

// The same by the ES module.
constexpr const char* kModule = R"(
import { readFileSync, writeSync } from "node:fs";
import { load } from "./net.mjs";
const net = await load();
const bytes = readFileSync(0);
const numbers = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
const inputs = net.inputs[0].elements;
const stream = net.run && process.argv[2] === "stream" ? net.stream() : undefined;
for (let i = 0; i < numbers.length; i += inputs) {
  const x = numbers.subarray(i, i + inputs);
  writeSync(1, new Uint8Array((stream ? stream.step(x) : net.run(x)).buffer));
}
)";

constexpr int kNumbers = 4 * 784;  // of all inputs of a program: whole samples of every network

struct Network {
  std::string model, flags;
  int inputs, outputs;
  bool stream = false;
};

class Wasm : public Command {
protected:
  void SetUp() override {
    Command::SetUp();
    ASSERT_EQ(run("node --version"), 0) << "this test needs node: apt-get install nodejs";
    write("native.c", kNative);
    write("module.mjs", kModule);
    // The elementary functions and roundings, in f32 and by way of f64.
    std::string text = "lir 1\n\nmodule functions\n\ngraph @predict(%x: f32[64]) {\n";
    std::string last = "%x";
    for (const std::string op :
         {"sigmoid", "tanh", "exp", "erf", "log", "sin", "sqrt", "round", "floor", "gelu"}) {
      text += "  %" + op + ": f32[64] = " + op + "(%x)\n";
      text += "  %with_" + op + ": f32[64] = add(" + last + ", %" + op + ")\n";
      last = "%with_" + op;
    }
    write("functions.lir", text + "  return out = " + last + "\n}\n");
  }

  // Numbers from 0 to 1 of a linear congruential generator, as bytes.
  void write_inputs(int count) {
    uint32_t seed = 12345;
    std::string bytes;
    for (int i = 0; i < count; ++i) {
      seed = seed * 1664525u + 1013904223u;
      const float x = static_cast<float>(seed >> 8) * (1.0f / 16777216.0f);
      bytes.append(reinterpret_cast<const char*>(&x), sizeof x);
    }
    write("inputs", bytes);
  }

  bool compile(const std::string& model, const std::string& flags) {
    const int status = linnet("compile " + model + " --name net " + flags);
    EXPECT_EQ(status, 0) << model << " " << flags << ": " << err_;
    return status == 0;
  }

  std::string native(const Network& network, const std::string& flags) {
    if (!compile(network.model, network.flags + " --emit lib --target " + flags + " -o net.a"))
      return "";
    const std::string line = "cc -O1 -DINPUTS=" + std::to_string(network.inputs) +
                             " -DOUTPUTS=" + std::to_string(network.outputs) +
                             (network.stream ? " -DSTREAM" : "") +
                             " native.c net.a -o native && ./native < inputs";
    EXPECT_EQ(run(line), 0) << flags << ": " << err_;
    return out_;
  }

  std::string in_node(const Network& network, const std::string& flags) {
    if (!compile(network.model, network.flags + " --emit wasm --target " + flags)) return "";
    EXPECT_EQ(
        run("node module.mjs " + std::string(network.stream ? "stream" : "run") + " < inputs"), 0)
        << flags << ": " << err_;
    return out_;
  }

  // What node prints of a script that begins with `net`.
  std::string script(const std::string& text) {
    write("script.mjs", R"(import { readFileSync } from "node:fs";
import { load } from "./net.mjs";
const told = (f) => { try { f(); console.log("no error"); } catch (e) { console.log(String(e)); } };
const ones = (n, type = Float32Array) => new type(n).fill(type === BigInt64Array ? 1n : 1);
)" + text);
    EXPECT_EQ(run("node script.mjs"), 0) << err_;
    return out_;
  }
};

const std::vector<Network>& networks() {
  static const std::vector<Network> kNetworks = {
      {"$S/models/lenet.lin", "--weights $S/models/data/lenet.safetensors", 784, 10},
      {"$S/models/mlp.lin", "--weights $S/models/data/mlp.safetensors", 784, 10},
      {"$S/models/latent_ar.lin", "--seed 3", 1, 1, true},
      {"functions.lir", "", 64, 64}};
  return kNetworks;
}

TEST_F(Wasm, AnswersHaveTheBitsOfX86WithoutFusedMultiplyAdd) {
  write_inputs(kNumbers);
  for (const Network& network : networks()) {
    const std::string got = in_node(network, "wasm32-simd128");
    EXPECT_EQ(got.size(), sizeof(float) * static_cast<size_t>(kNumbers / network.inputs) *
                              static_cast<size_t>(network.outputs));
    EXPECT_TRUE(got == native(network, "x86-64-v2 --schedule-like wasm32-simd128"))
        << network.model;
  }
}

TEST_F(Wasm, WithoutVectorsTooTheAnswersHaveTheBitsOfX86) {
  write_inputs(kNumbers);
  for (const Network& network : {networks()[0], networks()[3]}) {
    const std::string got = in_node(network, "wasm32");
    EXPECT_FALSE(got.empty());
    EXPECT_TRUE(got == native(network, "x86-64-v2 --schedule-like wasm32")) << network.model;
  }
}

TEST_F(Wasm, WithExactFusedMultiplyAddTheAnswersHaveTheBitsOfMachinesThatFuse) {
  write_inputs(kNumbers);
  for (const Network& network : networks()) {
    const std::string got = in_node(network, "wasm32-simd128 --schedule-like aarch64 --exact-fma");
    EXPECT_FALSE(got.empty());
    EXPECT_TRUE(got == native(network, "x86-64-v3 --schedule-like aarch64")) << network.model;
  }
}

TEST_F(Wasm, LeNetImportsNothingButMemoryAndIsSmall) {
  ASSERT_TRUE(compile("$S/models/lenet.lin", "--weights $S/models/data/lenet.safetensors "
                                             "--emit wasm"));
  const std::string text = script(R"(
const bytes = readFileSync("net.wasm");
const module = new WebAssembly.Module(bytes);
console.log(WebAssembly.Module.imports(module).map((i) => `${i.module}.${i.name} ${i.kind}`).join());
console.log(WebAssembly.Module.exports(module).map((e) => e.name).join(" "));
const parameters = 4 * (6 * 25 + 6 + 16 * 150 + 16 + 120 * 400 + 120 + 84 * 120 + 84 + 840 + 10);
console.log(bytes.length - parameters <= 30000 || bytes.length - parameters);
)");
  EXPECT_EQ(text, "env.memory memory\nnet_run __heap_base\ntrue\n");
}

TEST_F(Wasm, MemoryIsTheCallersOrEachInstancesOwn) {
  ASSERT_TRUE(compile("$S/models/mlp.lin", "--weights $S/models/data/mlp.safetensors "
                                           "--emit wasm"));
  const std::string text = script(R"(
const own = await load();
const pages = Math.ceil(own.memoryBytes / 65536);
const memory = new WebAssembly.Memory({ initial: pages + 1 });
const theirs = new Uint8Array(memory.buffer, own.memoryBytes).fill(7);
const bytes = readFileSync("net.wasm");
const nets = [own, await load(undefined, { memory }), await load(bytes), await load("net.wasm"),
  await load(new WebAssembly.Module(bytes)), await load(Promise.resolve(new Response(bytes))),
  await load(new Uint8Array(bytes).buffer)];
const answers = nets.map((net) => net.run(ones(784)));
console.log(nets[1].memory === memory, theirs.every((byte) => byte === 7));
console.log(answers.every((y) => y.every((v, i) => Object.is(v, answers[0][i]))));
memory.grow(1); // views of it end
const out = new Float32Array(10);
console.log(nets[1].run(ones(784), out) === out, out.every((v, i) => Object.is(v, answers[0][i])));
const small = new WebAssembly.Memory({ initial: 1 });
for (const [source, options] of [[undefined, { memory: small }], [undefined, { memory: 3 }], [5, {}],
    ["none.wasm", {}], [new Response("", { status: 404 }), {}], [new Uint8Array(4), {}],
    [new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]), {}]])
  await load(source, options).then(() => console.log("no error"),
    (e) => console.log(String(e).replace(own.memoryBytes, "N").replace(/'net .*?'/, "'net …'").replace(/open .*\//, "open ")));
)");
  EXPECT_EQ(text, R"(true true
true
true true
RangeError: memory: N bytes expected for net, 65536 found
TypeError: memory: WebAssembly.Memory expected, number found
TypeError: load: bytes, a Response, a WebAssembly.Module or an address expected, number found
Error: ENOENT: no such file or directory, open none.wasm'
Error: : HTTP status 404
CompileError: WebAssembly.compile(): expected magic word 00 61 73 6d, found 00 00 00 00 @+0
Error: load: module 'net …' expected, 'none of linnet's' found; the .wasm and the .mjs of one compilation belong together
)");
}

TEST_F(Wasm, StreamsAreSteppedAndTheirStatesAreCopies) {
  ASSERT_TRUE(compile("$S/models/latent_ar.lin", "--seed 3 --emit wasm"));
  const std::string text = script(R"(
const net = await load();
const x = Float32Array.from({ length: 5000 }, (_, i) => Math.sin(i / 9));
const at = (i) => x.subarray(i, i + 1);
const whole = net.stream();
const all = whole.steps(x);
const same = (y, from) => y.every((v, i) => Object.is(v, all[from + i]));
const a = net.stream();
console.log(same(Float32Array.from({ length: 100 }, (_, i) => a.step(at(i))[0]), 0));
const snapshot = a.snapshot();
a.steps(x); // another past
const many = Array.from({ length: 1000 }, () => net.stream()); // the memory grows
const b = many[999];
b.restore(snapshot);
console.log(same(b.steps(x.subarray(100)), 100), b.step(at(0), new Float32Array(1)).length);
whole.reset();
console.log(same(whole.steps(x), 0));
const wrong = snapshot.slice();
wrong[3] ^= 1;
told(() => b.restore(wrong));
told(() => b.restore(snapshot.subarray(1)));
told(() => b.restore("x"));
told(() => net.run(at(0)));
told(() => b.steps([1]));
told(() => b.step(x));
b.free();
b.free();
told(() => b.step(at(0)));
console.log(same(net.stream().steps(x.subarray(0, 50)), 0)); // in the place that was freed
)");
  EXPECT_EQ(text, R"(true
true 1
true
Error: snapshot: it is not of net with these weights
RangeError: snapshot: 192 elements expected, 191 found
TypeError: snapshot: Uint8Array of 192 expected, string found
TypeError: net has a state from call to call: stream() steps it
TypeError: x: Float32Array expected, Array found
RangeError: x: 1 elements expected, 5000 found
Error: net: this stream has been freed
true
)");
}

TEST_F(Wasm, PortsOfEveryTypeAreTakenByName) {
  write("ports.lir", R"(lir 1

module ports

graph @predict(%x: f32[3], %d: f64[2], %l: i64[2], %i: i32[2], %c: i8[3], %u: u8[3], %b: bool[3]) {
  %x2: f32[3] = add(%x, %x)
  %d2: f64[2] = add(%d, %d)
  %l2: i64[2] = add(%l, %l)
  %i2: i32[2] = add(%i, %i)
  %c2: i8[3] = add(%c, %c)
  %u2: u8[3] = add(%u, %u)
  %b2: bool[3] = logical_not(%b)
  return x2 = %x2, d2 = %d2, l2 = %l2, i2 = %i2, c2 = %c2, u2 = %u2, b2 = %b2
}
)");
  ASSERT_TRUE(compile("ports.lir", "--emit wasm"));
  const std::string text = script(R"(
const net = await load();
const given = { x: Float32Array.of(1, 2, 3), d: Float64Array.of(0.1, 1e300), l: BigInt64Array.of(-1n, 1n << 60n),
  i: Int32Array.of(-5, 7), c: Int8Array.of(-1, 2, 3), u: Uint8Array.of(1, 2, 100), b: Uint8Array.of(1, 0, 1) };
const show = (o) => console.log(Object.entries(o).map(([k, v]) => `${k} ${v.constructor.name} ${v}`).join("\n"));
const out = net.run(given);
show(out);
console.log(net.run(given, out).x2 === out.x2);
told(() => net.run(given.x));
told(() => net.run({ ...given, y: given.x }));
const { b, ...fewer } = given;
told(() => net.run(fewer));
told(() => net.run({ ...given, l: Int32Array.of(1, 2) }));
told(() => net.run({ ...given, d: new Float64Array(3) }));
told(() => net.run(given, { x2: out.x2 }));
)");
  EXPECT_EQ(text, R"(x2 Float32Array 2,4,6
d2 Float64Array 0.2,2e+300
l2 BigInt64Array -2,2305843009213693952
i2 Int32Array -10,14
c2 Int8Array -2,4,6
u2 Uint8Array 2,4,200
b2 Uint8Array 0,1,0
true
TypeError: inputs: an object with x, d, l, i, c, u, b expected, Float32Array found
TypeError: inputs: there is no 'y'; x, d, l, i, c, u, b expected
TypeError: inputs: 'b' is missing; x, d, l, i, c, u, b expected
TypeError: l: BigInt64Array of 2 expected, Int32Array found
RangeError: d: 2 elements expected, 3 found
TypeError: out: 'd2' is missing; x2, d2, l2, i2, c2, u2, b2 expected
)");
}

TEST_F(Wasm, OfABatchAnyNumberOfSamplesIsTaken) {
  const std::string flags = "--weights $S/models/data/mlp.safetensors --emit wasm";
  ASSERT_TRUE(compile("$S/models/mlp.lin", flags + " --batch 4"));
  const std::string text = script(R"(
const net = await load();
const x = Float32Array.from({ length: 11 * 784 }, (_, i) => (i * 7919 % 256) / 256);
const eleven = net.run(x);
let same = eleven.length === 110;
for (let i = 0; i < 11; ++i)
  net.run(x.subarray(i * 784, (i + 1) * 784)).forEach((v, k) => { same &&= Math.abs(v - eleven[10 * i + k]) < 1e-5; });
console.log(net.batch, net.inputs[0].shape.join(), net.inputs[0].elements, same, net.run(new Float32Array(0)).length);
told(() => net.run(x.subarray(1)));
told(() => net.run(x, new Float32Array(10)));
)");
  EXPECT_EQ(text, R"(4 4,784 784 true 0
RangeError: image: a multiple of 784 elements expected, 8623 found
RangeError: logits: 110 elements expected, 10 found
)");
}

class WasmTrainer : public Wasm, public testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Each, WasmTrainer, testing::Values("", "shards: 4;"));

// An MLP with dropout, its losses bit for bit, and the tensors between steps.
TEST_P(WasmTrainer, HasTheLossesOfX86) {
  ASSERT_EQ(
      run(std::string("sed 's/batch:/") + GetParam() + " batch:/' $S/models/mlp.lin > mlp.lin"), 0);
  ASSERT_EQ(linnet("train mlp.lin --batch 8 --emit lib --target x86-64-v2 "
                   "--schedule-like wasm32-simd128 -o net.a"),
            0)
      << err_;
  write("native.c", R"(
#include <stdio.h>
#include <string.h>
#include "mlp_train.h"
static _Alignas(64) unsigned char slots[MLP_SLOTS_BYTES], arena[MLP_TRAIN_ARENA_BYTES];
static float x[8 * 784], loss[1];
static int64_t y[8];
int main(void) {
  mlp_step_args args = {7, 0, 0.0};
  mlp_train_init(slots, &args, arena);
  for (int k = 1; k <= 4; ++k) {
    for (int i = 0; i < 8 * 784; ++i) x[i] = (float)((i * 7919 + k * 31) % 256) / 256.0f;
    for (int i = 0; i < 8; ++i) y[i] = (i + k) % 10;
    args.step = k;
    args.lr = 0.05;
    if (mlp_train_step(x, y, slots, &args, loss, arena) != 0) return 1;
    unsigned bits;
    memcpy(&bits, loss, 4);
    printf("%08x\n", bits);
  }
})");
  ASSERT_EQ(run("cc -O1 native.c net.a -o native && ./native"), 0) << err_;
  const std::string native = out_;
  ASSERT_EQ(linnet("train mlp.lin --batch 8 --emit wasm -o net.wasm"), 0) << err_;
  const std::string text = script(R"(
const net = await load();
const values = (k) => ({ image: Float32Array.from({ length: 8 * 784 }, (_, i) => ((i * 7919 + k * 31) % 256) / 256),
  target_logits: BigInt64Array.from({ length: 8 }, (_, i) => BigInt((i + k) % 10)) });
const bits = (loss) => new Uint32Array(Float32Array.of(loss).buffer)[0].toString(16).padStart(8, "0");
net.init(7);
let snapshot;
for (let k = 1; k <= 4; ++k) {
  if (k === 3) snapshot = net.snapshot();
  console.log(bits(net.step(values(k), { lr: 0.05 })));
}
net.init(8);
net.restore(snapshot);
console.log(bits(net.step(values(3), { lr: 0.05 })), net.steps);
const { loss, logits } = net.evaluate(values(5));
const one = net.run(values(5).image.subarray(0, 784));
console.log(loss[0] > 0, logits.length, one.length, Math.abs(one[0] - logits[0]) < 1e-5);
net.set("output.bias", ones(10));
console.log(net.get("output.bias").join(""), net.run(values(5).image)[0] !== logits[0]);
told(() => net.step(values(1)));
told(() => net.step(values(1).image, { lr: 1 }));
told(() => net.set("output.bias", ones(9)));
)");
  const std::string third = native.substr(2 * 9, 8);
  EXPECT_EQ(text, native + third + R"( 3
true 80 10 true
1111111111 true
TypeError: lr: a number expected, undefined found
TypeError: inputs: an object with image, target_logits expected, Float32Array found
RangeError: output.bias: 10 elements expected, 9 found
)");
}

TEST_F(Wasm, ATrainersLossIsANumberBesideAPenalty) {
  write("m.lin", "model m(x: f32[N, 2]) -> y: f32[N, 1] {\n  layer fc = linear(1)\n  fc(x)\n}\n"
                 "train m { loss: mse + 0.1 * sum(square(fc.weight)); optimizer: sgd(lr: 0.1); "
                 "batch: 2 }\n");
  ASSERT_EQ(linnet("train m.lin --emit wasm -o net.wasm"), 0) << err_;
  EXPECT_EQ(script(R"(
const net = await load();
net.set("fc.weight", Float32Array.of(2, 1));
net.set("fc.bias", Float32Array.of(0));
console.log(net.step({ x: ones(4), target_y: ones(2) }, { lr: 0.1 }));
)"),
            "4\n");
}

TEST_F(Wasm, TheExampleReadsHandwriting) {
  ASSERT_EQ(linnet("compile $S/models/lenet.lin --weights $S/models/data/lenet.safetensors "
                   "--emit wasm"),
            0)
      << err_;
  ASSERT_EQ(run("cp $S/examples/node/*.mjs $S/examples/node/package.json . && "
                "node digits.mjs $S/models/data/digits/t10k-images-idx3-ubyte"),
            0)
      << err_;
  // The largest of the first rows of models/data/lenet_test_logits.npy: the fifth picture is an 8.
  EXPECT_EQ(out_, "0\n8\n8\n9\n1\n3\n7\n5\n0\n6\n");
}

TEST_F(Wasm, WhatIsNoModuleOfWebAssemblyIsRefused) {
  EXPECT_EQ(linnet("compile nothing.lin --emit wasm --target aarch64"), 3);
  EXPECT_EQ(err_, "error: --emit wasm is not made for aarch64\n"
                  "help: leave --target out, or name wasm32-simd128 or wasm32\n");
  EXPECT_EQ(linnet("compile nothing.lin --emit exe --target wasm32"), 3);
  EXPECT_EQ(err_, "error: --emit exe is not made for wasm32\n"
                  "help: --emit wasm; or lib or obj, for a linker\n");
  EXPECT_EQ(linnet("compile nothing.lin --emit wasm -o net.mjs"), 2);
  EXPECT_EQ(err_, "error: -o net.mjs: a name that ends in .wasm is expected\n"
                  "help: the ES module beside it is called NAME.mjs, its types NAME.d.mts\n");
}

}  // namespace
}  // namespace linnet
