"""Threads, forks, and the end of the interpreter."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import linnet
import numpy as np
import pytest
from conftest import DATA, MODELS, TWO

WIDE = """model wide(x: f32[N, 1024]) -> y: f32[N, 1024] {
  layer first = linear(1024)
  layer second = linear(1024)
  x |> first |> relu |> second
}
"""


def test_calls_of_four_threads_have_the_bits_of_one(lenet_of_8, two):
    random = np.random.default_rng(2)
    pieces = [random.normal(size=(int(n), 1, 28, 28)).astype("f4") for n in random.integers(1, 20, 50)]
    pairs = [
        (random.normal(size=(int(n), 4)).astype("f4"), random.normal(size=(int(n), 3)).astype("f4"))
        for n in random.integers(1, 9, 50)
    ]
    expected = [lenet_of_8(piece) for piece in pieces], [two(*pair)["product"] for pair in pairs]

    def some(seed: int) -> int:
        order = np.random.default_rng(seed).integers(0, 50, 250)
        for i in order:
            np.testing.assert_array_equal(lenet_of_8(pieces[i]), expected[0][i])
            np.testing.assert_array_equal(two(*pairs[i])["product"], expected[1][i])
        return len(order)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(some, range(4))) == 1000


def test_calls_leave_the_interpreter_to_others():
    with pytest.warns(linnet.ModelWarning):
        net = linnet.compile(WIDE)
    x = np.zeros((2000, 1024), "f4")
    done = threading.Event()
    counted = 0

    def call() -> None:
        net(x)
        done.set()

    thread = threading.Thread(target=call)
    thread.start()
    while not done.is_set():
        counted += 1
        time.sleep(0)
    thread.join()
    assert counted > 100  # one, if the call kept the interpreter


def test_handlers_of_signals_may_call_too(lenet, images):
    expected = [lenet(images[i : i + 1]) for i in range(2)]
    heard = 0

    def handler(number, frame) -> None:
        nonlocal heard
        heard += 1
        assert np.array_equal(lenet(images[1:2]), expected[1])

    before = signal.signal(signal.SIGALRM, handler)
    x = images[:1].copy()
    try:
        for i in range(300):  # each at another moment of the calls
            signal.setitimer(signal.ITIMER_REAL, (20 + i) * 1e-6)
            for result in [lenet(x) for _ in range(20)]:
                assert np.array_equal(result, expected[0])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert heard > 100


def test_compilations_of_several_threads(lenet, images):
    def one(i: int):
        if i % 2:
            return linnet.compile(MODELS / "lenet.lin", weights=DATA / "lenet.safetensors", cache=False)
        with pytest.raises(linnet.Error) as caught:
            linnet.compile("model a(x: f32[N, 2]) -> y: f32[N, 2] {\n" + "\n" * i + "  foo(x)\n}\n")
        assert caught.value.line == i + 2
        return None

    with ThreadPoolExecutor(4) as pool:
        nets = list(pool.map(one, range(8)))
    for net in nets[1::2]:
        np.testing.assert_array_equal(net(images[:2]), lenet(images[:2]))


def test_calls_after_a_fork(lenet, images):
    expected = lenet(images[:3])
    x = np.ones((40, 1024), "f4")
    with pytest.warns(linnet.ModelWarning):
        shared = linnet.compile(WIDE, threads=2, batch=8)
    wide = shared(x)
    folder = os.path.dirname(shared._source.path)
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()

    def child() -> None:
        good = np.array_equal(lenet(images[:3]), expected) and np.array_equal(shared(x), wide)
        other = linnet.compile(MODELS / "mlp.lin", weights=DATA / "mlp.safetensors")
        answers.put(bool(good and other(np.zeros((1, 784), "f4")).shape == (1, 10)))

    process = context.Process(target=child)
    process.start()
    process.join(60)
    assert process.exitcode == 0 and answers.get()
    assert os.path.isdir(folder)
    np.testing.assert_array_equal(shared(x), wide)


def test_forks_while_another_thread_compiles():
    def compile_some() -> None:
        for _ in range(8):
            linnet.compile(MODELS / "lenet.lin", weights=DATA / "lenet.safetensors", cache=False)

    thread = threading.Thread(target=compile_some)
    thread.start()
    ends = []
    while thread.is_alive() and len(ends) < 8:
        time.sleep(0.02)
        child = os.fork()
        if child == 0:
            signal.alarm(30)  # what waits for ever ends by it
            linnet.compile("model same(x: f32[2]) -> y: f32[2] { x }\n", cache=False)
            os._exit(0)
        ends.append(os.waitpid(child, 0)[1])
    thread.join()
    assert ends and not any(ends)


def test_threads_change_no_bit():
    x = np.random.default_rng(3).normal(size=(33, 1024)).astype("f4")
    with pytest.warns(linnet.ModelWarning):
        nets = [linnet.compile(WIDE, threads=n, batch=16) for n in (1, 2, 3)]
    for net in nets[1:]:
        np.testing.assert_array_equal(net(x), nets[0](x))
    calls = [threading.Thread(target=nets[1], args=(x,)) for _ in range(4)]
    for call in calls:
        call.start()
    for call in calls:
        call.join()


def run_script(text: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-W", "error", "-c", textwrap.dedent(text)]
    return subprocess.run(line, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_interpreter_ends_with_networks_alive(threads):
    done = run_script(f"""
        import linnet, numpy, threading, warnings
        warnings.simplefilter("ignore", linnet.ModelWarning)
        net = linnet.compile({TWO!r})
        wide = linnet.compile({WIDE!r}, threads={threads})
        step = linnet.compile({str(MODELS / "latent_ar.lin")!r}).stream()
        step(1.0)
        wide(numpy.zeros((1, 1024), "f4"))
        class Holder: pass
        holder = Holder(); holder.self = holder; holder.net = net  # goes with the interpreter
        def forever():
            while True: wide(numpy.zeros((8, 1024), "f4"))
        threading.Thread(target=forever, daemon=True).start()
        print(net._source.path)
    """)
    assert (done.returncode, done.stderr) == (0, "")
    assert not os.path.exists(done.stdout.strip())
