#!/usr/bin/env python3
"""LeNet in WebAssembly, called in node, beside native code of the same vectors, 128 bits.

    wasm.py [BUILD [ROUNDS [MODEL WEIGHTS]]]

Microseconds of a call: the median of a round's calls, and of the rounds their median and quartiles. Each round starts
every program once, so that a noisy neighbour meets all alike. `code` is the function of the .wasm alone, `run` what
`net.run(x)` takes with its checks and copies.
"""
import os
import statistics
import subprocess
import sys
import tempfile

NATIVE = """
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "net.h"
static _Alignas(64) unsigned char arena[NET_ARENA_BYTES + 1];
static float input[784], output[10];
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return 1e6 * t.tv_sec + 1e-3 * t.tv_nsec;
}
static int order(const void* a, const void* b) {
  return (*(const double*)a > *(const double*)b) - (*(const double*)a < *(const double*)b);
}
int main(void) {
  static double times[200];
  for (int i = 0; i < 784; ++i) input[i] = (i * 7919 % 256) / 256.0f;
  for (int i = 0; i < 2000; ++i) net_run(input, output, arena);
  for (int k = 0; k < 200; ++k) {
    const double start = now();
    for (int i = 0; i < 50; ++i) net_run(input, output, arena);
    times[k] = (now() - start) / 50;
  }
  qsort(times, 200, sizeof times[0], order);
  printf("%g\\n", times[100]);
}
"""

NODE = """
import { readFileSync } from "node:fs";
import { load } from "./net.mjs";
const net = await load();
const memory = new WebAssembly.Memory({ initial: Math.ceil(net.memoryBytes / 65536) });
const { instance } = await WebAssembly.instantiate(readFileSync("net.wasm"), { env: { memory } });
const input = net.inputs[0].at, output = net.outputs[0].at;
const arena = Math.ceil((output + 40) / 64) * 64;
const x = Float32Array.from({ length: 784 }, (_, i) => (i * 7919 % 256) / 256);
new Float32Array(memory.buffer, input, 784).set(x);
const code = instance.exports.net_run;
function median(call) {
  for (let i = 0; i < 5000; ++i) call();
  const times = [];
  for (let k = 0; k < 200; ++k) {
    const start = performance.now();
    for (let i = 0; i < 50; ++i) call();
    times.push((performance.now() - start) * 20);
  }
  return times.sort((a, b) => a - b)[100];
}
console.log(median(() => code(input, output, arena)), median(() => net.run(x)));
"""

PROGRAMS = {  # name: (--emit, --target and what belongs to it)
    "x86-64-v2": ("lib", "x86-64-v2"),
    "x86-64-v2, wasm's schedules": ("lib", "x86-64-v2 --schedule-like wasm32-simd128"),
    "x86-64-v3, wasm's schedules": ("lib", "x86-64-v3 --schedule-like wasm32-simd128"),
    "wasm32-simd128": ("wasm", "wasm32-simd128"),
    "wasm32": ("wasm", "wasm32"),
}


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else "build"
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 11
    model, weights = sys.argv[3:5] if len(sys.argv) > 4 else ("models/lenet.lin", "models/data/lenet.safetensors")
    linnet = os.path.abspath(os.path.join(build, "linnet"))
    times = {}
    with tempfile.TemporaryDirectory() as top:
        commands = {}
        for name, (emit, flags) in PROGRAMS.items():
            folder = os.path.join(top, str(len(commands)))
            os.mkdir(folder)
            product = os.path.join(folder, "net.wasm" if emit == "wasm" else "net.a")
            subprocess.run([linnet, "compile", model, "--weights", weights, "--quiet", "--emit", emit, "--name", "net",
                            "-o", product, "--target", *flags.split()], check=True)
            with open(os.path.join(folder, "program.mjs" if emit == "wasm" else "program.c"), "w") as file:
                file.write(NODE if emit == "wasm" else NATIVE)
            commands[name] = (folder, ["node", "program.mjs"])
            if emit == "lib":
                subprocess.run(["cc", "-O2", "program.c", "net.a", "-o", "program"], cwd=folder, check=True)
                commands[name] = (folder, ["./program"])
        for _ in range(rounds):
            for name, (folder, command) in commands.items():
                text = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.split()
                for what, value in zip(("code", "run") if len(text) > 1 else ("",), text):
                    times.setdefault(f"{name} {what}".strip(), []).append(float(value))
    base = statistics.median(times["x86-64-v2"])
    for name, values in times.items():
        low, middle, high = statistics.quantiles(values, n=4)
        print(f"{name:34} {middle:8.2f} us  ({low:.2f} to {high:.2f})  {middle / base:.2f} of x86-64-v2")


if __name__ == "__main__":
    main()
