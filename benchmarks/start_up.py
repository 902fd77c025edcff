#!/usr/bin/env python3
"""How long `linnet run` takes on models of one node: start, compile, load, call, write.

    start_up.py [BUILD [ROUNDS]]

Medians and quartiles of the whole process's wall-clock, in ms: without a cache, with an empty one, and with one that
holds the kernel. Rounds are interleaved, so that a noisy neighbour meets all alike.
"""
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy

MODELS = {
    "matmul": ("model m(x: f32[64, 256], w: f32[256, 64]) -> y: f32[64, 64] { matmul(x, w) }",
               {"x": (64, 256), "w": (256, 64)}),
    "relu": ("model m(x: f32[1, 4096]) -> y: f32[1, 4096] { relu(x) }", {"x": (1, 4096)}),
    "conv2d": ("model m(x: f32[N, 16, 32, 32]) -> y: f32[N, 32, 30, 30] {\n"
               "  layer conv = conv2d(32, kernel_size: 3, bias: false)\n  conv(x)\n}",
               {"x": (1, 16, 32, 32)}),
}


def timed(command):
    start = time.perf_counter()
    subprocess.run(command, check=True)
    return 1e3 * (time.perf_counter() - start)


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else "build"
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 30
    linnet = os.path.abspath(os.path.join(build, "linnet"))
    random = numpy.random.default_rng(0)
    times = {}
    with tempfile.TemporaryDirectory() as folder:
        commands = {}
        for name, (text, inputs) in MODELS.items():
            with open(f"{folder}/{name}.lin", "w") as file:
                file.write(text + "\n")
            command = [linnet, "run", f"{folder}/{name}.lin", "--output-dir", folder]
            for tensor, shape in inputs.items():
                path = f"{folder}/{name}_{tensor}.npy"
                numpy.save(path, random.standard_normal(shape, dtype=numpy.float32))
                command += ["--input", f"{tensor}={path}"]
            commands[name] = command
        for k in range(rounds + 1):  # the first one brings the libraries into memory
            for name, command in commands.items():
                cache = ["--cache", f"{folder}/{name}_{k}"]
                row = timed(command + ["--no-cache"]), timed(command + cache), timed(command + cache)
                if k:
                    times.setdefault(name, []).append(row)
    print(f"{'':8}{'no cache':>20}{'empty cache':>20}{'warm cache':>20}")
    for name, rows in times.items():
        cells = ""
        for column in zip(*rows):
            low, middle, high = statistics.quantiles(column, n=4)
            cells += f"{f'{middle:.1f} ({low:.1f}–{high:.1f})':>20}"
        print(f"{name:8}{cells}")


if __name__ == "__main__":
    main()
