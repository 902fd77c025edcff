#!/usr/bin/env python3
"""Does `linnet bench` say what Google Benchmark says of the same code?

    against_google_benchmark.py [BUILD [TURNS]]

Each model is compiled to a library, which a program of Google Benchmark calls (Debian's libbenchmark-dev); both
measure in turn. Printed are the medians of the turns in ns, and the median of their ratios.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile

MODELS = {
    "dense": "model dense(x: f32[N, 784]) -> y: f32[N, 256] {\n  layer fc = linear(256)\n  x |> fc |> relu\n}\n",
    "conv": "model conv(x: f32[N, 16, 32, 32]) -> y: f32[N, 32, 30, 30] {\n"
            "  layer c = conv2d(32, kernel_size: 3)\n  x |> c |> relu\n}\n",
    "softmax": "model softmax_row(x: f32[N, 1000]) -> y: f32[N, 1000] {\n  x |> softmax(dim: -1)\n}\n",
    "lenet": None,  # of models/
}
PROGRAM = """
#include "{name}.h"
#include <benchmark/benchmark.h>
#include <vector>
int main(int argc, char** argv) {{
  std::vector<float> in({inputs}, 0.5F), out({outputs});
  alignas(64) static unsigned char arena[{prefix}_ARENA_BYTES + 64];
  benchmark::RegisterBenchmark("run", [&](benchmark::State& state) {{
    for (auto _ : state) {{
      {function}_run(in.data(), out.data(), arena);
      benchmark::DoNotOptimize(out.data());
      benchmark::ClobberMemory();
    }}
  }});
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}}
"""
SIZES = {"dense": (784, 256), "conv": (16 * 32 * 32, 32 * 30 * 30), "softmax": (1000, 1000), "lenet": (784, 10)}
FUNCTION = {"dense": "dense", "conv": "conv", "softmax": "softmax_row", "lenet": "lenet"}


def build(linnet, name, path, folder):
    function = FUNCTION[name]
    subprocess.run([linnet, "compile", path, "--emit", "lib", "-o", f"lib{function}.a"], cwd=folder, check=True,
                   stderr=subprocess.DEVNULL)
    inputs, outputs = SIZES[name]
    source = PROGRAM.format(name=function, function=function, prefix=function.upper(), inputs=inputs, outputs=outputs)
    with open(os.path.join(folder, f"{name}.cpp"), "w", encoding="utf-8") as file:
        file.write(source)
    subprocess.run(["c++", "-O2", "-std=c++17", f"{name}.cpp", f"lib{function}.a", "-lbenchmark", "-lpthread", "-lm",
                    "-o", name], cwd=folder, check=True)


def google(name, folder):
    done = subprocess.run([f"./{name}", "--benchmark_format=json", "--benchmark_repetitions=9",
                           "--benchmark_min_time=0.05"], cwd=folder, check=True, capture_output=True, text=True)
    runs = json.loads(done.stdout)["benchmarks"]
    return next(run["real_time"] for run in runs if run["name"].endswith("median"))


def ours(linnet, path, folder):
    done = subprocess.run([linnet, "bench", path, "--json"], cwd=folder, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)["median_ns"]


def main():
    root = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
    turns = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    linnet = os.path.join(root, "linnet")
    lenet = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../models/lenet.lin")
    print(f"{'':10}{'linnet bench':>14}{'Google Benchmark':>18}{'ratio':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for name, text in MODELS.items():
            path = lenet
            if text:
                path = os.path.join(folder, f"{name}.lin")
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
            build(linnet, name, path, folder)
            pairs = [(ours(linnet, path, folder), google(name, folder)) for _ in range(turns)]
            a, b = (statistics.median(column) for column in zip(*pairs))
            print(f"{name:10}{a:14.1f}{b:18.1f}{statistics.median(x / y for x, y in pairs):8.3f}", flush=True)


if __name__ == "__main__":
    main()
