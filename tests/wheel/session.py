"""What a user of the package does first; numbers are checked against NumPy."""

import tempfile
import time
from pathlib import Path

import numpy as np

import linnet

MODEL = """model line(x: f32[N, 4]) -> y: f32[N, 1] {
  layer out = linear(1)
  out(x)
}
train line { loss: mse; optimizer: adam(lr: 0.05); batch: 16; epochs: 60 }
"""


def timed(name, start):
    print(f"| {'  ' + name:28} | {time.monotonic() - start:8.2f} |")
    return time.monotonic()


def main():
    start = time.monotonic()
    random = np.random.default_rng(0)
    weights = {"out.weight": random.normal(size=(1, 4)).astype(np.float32),
               "out.bias": np.array([0.5], np.float32)}
    net = linnet.compile(MODEL, weights=weights, cache=False)
    start = timed("linnet.compile", start)

    x = random.normal(size=(7, 4)).astype(np.float32)
    expected = x @ weights["out.weight"].T + weights["out.bias"]
    np.testing.assert_allclose(net(x), expected, rtol=1e-5, atol=1e-6)
    start = timed("seven calls", start)

    inputs = random.normal(size=(320, 4)).astype(np.float32)
    targets = inputs @ weights["out.weight"].T + weights["out.bias"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "line.safetensors"
        trained = linnet.train(MODEL, (inputs, targets), out=path)
        learned = trained.state_dict()
        np.testing.assert_allclose(learned["out.weight"], weights["out.weight"], atol=0.02)
        np.testing.assert_allclose(learned["out.bias"], weights["out.bias"], atol=0.02)
        assert path.stat().st_size > 0
        start = timed("linnet.train, saved", start)
        again = linnet.compile(MODEL, weights=path)
        np.testing.assert_allclose(again(inputs), targets, atol=0.1)
        timed("compiled with the result", start)

    try:
        linnet.compile("model broken(x: f32[N, 4]) -> y: f32[N, 1] { nothing(x) }")
    except linnet.Error as error:
        assert "nothing" in str(error), error
    else:
        raise AssertionError("a wrong model was compiled")


main()
