"""A training step of linnet beside JAX's jitted one: batch 64, SGD with momentum, one thread, f32.

usage: against_jax.py build/linnet [ROUNDS]      needs the packages jax and numpy
Rounds are interleaved, so that a busy neighbour meets both; the ratio is that of the medians."""
import json
import os
import subprocess
import sys
import tempfile
import time

os.environ["OMP_NUM_THREADS"] = "1"
os.environ.setdefault(
    "XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # the first core serves interrupts

import jax
import jax.numpy as jnp
import numpy as np

BATCH = 64
LINNET = sys.argv[1]
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 7
HERE = os.path.dirname(os.path.abspath(__file__))
CONVOLUTIONS = {"lenet": [(6, 1, 5, 5), (16, 6, 5, 5)], "mlp": []}
DENSE = {"lenet": [(400, 120), (120, 84), (84, 10)], "mlp": [(784, 256), (256, 128), (128, 10)]}


def jax_step(name):
    r = np.random.default_rng(1)
    convolutions, dense = CONVOLUTIONS[name], DENSE[name]
    x = r.standard_normal((BATCH, 1, 28, 28) if convolutions else (BATCH, 784)).astype("f4")
    y = jnp.asarray(r.integers(0, 10, BATCH))
    parameters = [(0.1 * r.standard_normal(s).astype("f4"), np.zeros((s[0], 1, 1), "f4"))
                  for s in convolutions]
    parameters += [(0.1 * r.standard_normal(s).astype("f4"), np.zeros(s[1], "f4")) for s in dense]

    def forward(p, x):
        for i in range(len(convolutions)):
            pad = [(2, 2)] * 2 if i == 0 else "VALID"
            x = jax.lax.conv_general_dilated(x, p[i][0], (1, 1), pad) + p[i][1]
            x = jax.lax.reduce_window(jax.nn.relu(x), -jnp.inf, jax.lax.max, (1, 1, 2, 2),
                                      (1, 1, 2, 2), "VALID")
        x = x.reshape(BATCH, -1)
        for i, (w, b) in enumerate(p[len(convolutions):]):
            x = x @ w + b
            x = jax.nn.relu(x) if i + 1 < len(dense) else x
        return x

    def loss(p, x, y):
        return -jnp.take_along_axis(jax.nn.log_softmax(forward(p, x)), y[:, None], 1).mean()

    @jax.jit
    def update(p, m, x, y):
        value, gradient = jax.value_and_grad(loss)(p, x, y)
        m = jax.tree.map(lambda a, b: 0.9 * a + b, m, gradient)
        return jax.tree.map(lambda a, b: a - 0.01 * b, p, m), m, value

    state = [jax.tree.map(jnp.asarray, parameters)]
    state.append(jax.tree.map(jnp.zeros_like, state[0]))
    x = jnp.asarray(x)

    def step():
        state[0], state[1], value = update(state[0], state[1], x, y)
        value.block_until_ready()

    for _ in range(5):
        step()
    return step


def time_jax(step, seconds=1.0):
    times, start = [], time.perf_counter()
    before = start
    while before - start < seconds:
        step()
        now = time.perf_counter()
        times.append(now - before)
        before = now
    return sorted(times)[len(times) // 2] * 1e9


def time_linnet(path):
    done = subprocess.run([LINNET, "bench", path, "--train", "--batch", str(BATCH), "--json"],
                          capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)
    return report["median_ns"], report["peak_gflops"], report["flops"]


def main():
    print("model   linnet µs/step  samples/s  of peak   JAX µs/step  samples/s   ratio")
    for name in ("lenet", "mlp"):
        with open(os.path.join(HERE, "..", "models", name + ".lin")) as f:
            lines = [line.replace(" |> dropout(0.2)", "") for line in f]
        lines = ["  optimizer: sgd(lr: 0.01, momentum: 0.9)\n" if "optimizer:" in line else line
                 for line in lines]
        with tempfile.NamedTemporaryFile("w", suffix=".lin") as model:
            model.writelines(lines)
            model.flush()
            step = jax_step(name)
            ours, theirs, peaks = [], [], []
            for _ in range(ROUNDS):
                theirs.append(time_jax(step))
                median, peak, flops = time_linnet(model.name)
                ours.append(median)
                peaks.append(peak)
        a, b = sorted(ours)[ROUNDS // 2], sorted(theirs)[ROUNDS // 2]
        share = flops / a / sorted(peaks)[ROUNDS // 2]
        print("%-6s %15.1f %10.0f %7.0f %% %13.1f %10.0f %6.2f×" % (
            name, a / 1e3, BATCH / a * 1e9, 100 * share, b / 1e3, BATCH / b * 1e9, b / a))


if __name__ == "__main__":
    main()
