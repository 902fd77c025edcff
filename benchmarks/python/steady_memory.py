#!/usr/bin/env python3
"""Is memory steady? Resident memory over a million calls, and over compilations.

    PYTHONPATH=python LINNET_LIBRARY=build/liblinnet.so LINNET_COMMAND=build/linnet \\
        .venv/bin/python benchmarks/python/steady_memory.py

After a tenth of the work, by which caches and pools have grown, what is left may not grow: the table has
the growth per call and per compilation behind that, and the status is 1 where it is more than noise.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gc
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import linnet
import numpy as np

SOURCE = Path(__file__).resolve().parents[2]
LENET, WEIGHTS = SOURCE / "models" / "lenet.lin", SOURCE / "models" / "data" / "lenet.safetensors"


def resident() -> int:
    """Bytes, once the allocator has given back what is free."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def growth(what: str, count: int, work: Callable[[int], None]) -> float:
    """Bytes that each of `count` repetitions leaves behind, printed as a row."""
    warm = count // 10
    for i in range(warm):
        work(i)
    before = resident()
    for i in range(warm, count):
        work(i)
    each = (resident() - before) / (count - warm)
    print(f"| {what} | {count:,} | {before / 1e6:.1f} MB | {each:,.3f} bytes |", flush=True)
    return each


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--compilations", type=int, default=100)
    args = parser.parse_args()

    net = linnet.compile(LENET, weights=WEIGHTS)
    step = linnet.compile(
        SOURCE / "models" / "ar.lin", weights=WEIGHTS.with_name("ar9_sunspots.safetensors"), set={"p": 9}
    ).stream()
    x = np.random.default_rng(0).normal(size=(1, 1, 28, 28)).astype("f4")
    frozen = x.copy()
    frozen.flags.writeable = False

    def refused(i: int) -> None:
        with contextlib.suppress(linnet.Error):
            net(x[0])

    def in_a_thread(i: int) -> None:
        thread = threading.Thread(target=net, args=(x,))
        thread.start()
        thread.join()

    def compiled(cache: bool) -> Callable[[int], None]:
        return lambda i: linnet.compile(LENET, weights=WEIGHTS, name=f"n{i}", cache=cache)(x)

    def wrong(i: int) -> None:
        with contextlib.suppress(linnet.Error):
            linnet.compile("model a(x: f32[N, 2]) -> y: f32[N, 2] { foo(x) }\n")

    print("| | times | resident | growth of each |\n|---|---|---|---|")
    calls = [
        growth("net(x)", args.calls, lambda i: net(x)),
        growth("net(x), read-only", args.calls // 10, lambda i: net(frozen)),
        growth("net(x), refused", args.calls // 10, refused),
        growth("net(x), each in a new thread", args.calls // 100, in_a_thread),
        growth("step(x)", args.calls // 10, lambda i: step(0.5)),
    ]
    compilations = [
        growth("compile, without the cache", args.compilations, compiled(False)),
        growth("compile, of another thread's", args.compilations, compiled(True)),
        growth("compile, refused", args.compilations, wrong),
    ]
    return int(max(calls) > 16 or max(compilations) > 100_000)


if __name__ == "__main__":
    sys.exit(main())
