#!/usr/bin/env python3
"""What a call from Python costs: linnet beside ONNX Runtime, on the same ONNX models.

    PYTHONPATH=python LINNET_LIBRARY=build/liblinnet.so LINNET_COMMAND=build/linnet \\
        .venv/bin/python benchmarks/python/call_overhead.py

Four ways to call linnet's code are timed, and two of ONNX Runtime's, in turns and in one process on one
core; the table has medians of the rounds. `loop in C` is the code itself, `ctypes` the least that Python
can do (pointers made before), `net(x)` checks its argument and makes a new array. Times are the thread's
CPU time, so that other work of the machine counts little.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import linnet
import numpy as np
import onnxruntime
from linnet._library import Call

SOURCE = Path(__file__).resolve().parents[2]
TINY = """model tiny(x: f32[N, 4]) -> y: f32[N, 2] {
  layer hidden = linear(8)
  layer fc = linear(2)
  x |> hidden |> relu |> fc
}
"""


def call_loop(folder: Path) -> ctypes.CDLL:
    path = folder / "call_loop.so"
    source = Path(__file__).with_name("call_loop.c")
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-I", SOURCE, source, "-o", path], check=True)
    return ctypes.CDLL(str(path))


def models(folder: Path) -> dict[str, Path]:
    """ONNX files, of which linnet writes two."""
    (folder / "tiny.lin").write_text(TINY)
    data = SOURCE / "models" / "data"
    made = {
        "tiny": ["export", folder / "tiny.lin"],
        "lenet": ["export", SOURCE / "models" / "lenet.lin", "--weights", data / "lenet.safetensors"],
        "mlp": ["export", SOURCE / "models" / "mlp.lin", "--weights", data / "mlp.safetensors"],
    }
    for name, words in made.items():
        line = [os.environ["LINNET_COMMAND"], *words, "-o", folder / f"{name}.onnx"]
        subprocess.run(line, check=True, capture_output=True)
    return {
        "MLP 4-8-2": folder / "tiny.onnx",
        "MLP 784-256-128-10": folder / "mlp.onnx",
        "LeNet": folder / "lenet.onnx",
        "mnist-8": data / "mnist-8" / "model.onnx",
    }


def ways(path: Path, loop: ctypes.CDLL) -> dict[str, Callable[[int], None]]:
    """What makes so many calls, by name."""
    net = linnet.compile(path)
    x = np.random.default_rng(0).normal(size=net.inputs[0].shape).astype("f4")
    y = net(x)

    align = net._align
    block = np.zeros(net.arena_bytes + align, np.uint8)
    arena = block.ctypes.data + -block.ctypes.data % align
    inputs, outputs = (ctypes.c_void_p * 1)(x.ctypes.data), (ctypes.c_void_p * 1)(y.ctypes.data)
    starts, ends = ctypes.addressof(inputs), ctypes.addressof(outputs)
    entry = net._entries[-1].call
    call = Call(entry)
    code = ctypes.c_void_p(entry), inputs, outputs, ctypes.c_void_p(arena)

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    name, result = session.get_inputs()[0].name, session.get_outputs()[0].name
    binding = session.io_binding()
    value, gives = onnxruntime.OrtValue.ortvalue_from_numpy(x), onnxruntime.OrtValue.ortvalue_from_numpy(y)
    binding.bind_ortvalue_input(name, value)
    binding.bind_ortvalue_output(result, gives)
    np.testing.assert_allclose(session.run(None, {name: x})[0], net(x), rtol=1e-3, atol=1e-2)

    # These see memory by its address alone: it lives as long as what is called.
    memory = net, x, y, block, value, gives

    def bare(count: int, memory: object = memory) -> None:
        for _ in range(count):
            call(starts, ends, None, arena)

    def whole(count: int) -> None:
        for _ in range(count):
            net(x)

    def session_run(count: int) -> None:
        for _ in range(count):
            session.run(None, {name: x})

    def io_binding(count: int) -> None:
        for _ in range(count):
            session.run_with_iobinding(binding)

    return {
        "loop in C": lambda count: loop.call_loop(*code, ctypes.c_long(count)),
        "ctypes": bare,
        "net(x)": whole,
        "session.run": session_run,
        "io_binding": io_binding,
    }


def medians(calls: dict[str, Callable[[int], None]], rounds: int, seconds: float) -> dict[str, float]:
    """Nanoseconds of a call."""
    counts = {}
    for name, call in calls.items():
        call(100)
        start = time.thread_time()
        call(100)
        counts[name] = max(1, int(seconds * 100 / (time.thread_time() - start)))
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.thread_time_ns()
            call(counts[name])
            times[name].append((time.thread_time_ns() - start) / counts[name])
    return {name: statistics.median(list_) for name, list_ in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=101)
    parser.add_argument("--seconds", type=float, default=0.005, help="of each round")
    args = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        loop = call_loop(folder)
        head = ["model", "loop in C", "ctypes", "net(x)", "net(x) over C", "session.run", "io_binding"]
        print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
        for model, path in models(folder).items():
            found = medians(ways(path, loop), args.rounds, args.seconds)
            found["net(x) over C"] = found["net(x)"] - found["loop in C"]
            print(f"| {model} | " + " | ".join(f"{found[each] / 1e3:.2f} µs" for each in head[1:]) + " |")


if __name__ == "__main__":
    main()
