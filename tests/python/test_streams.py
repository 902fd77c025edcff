"""Models stepped through time."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import linnet
import numpy as np
import pytest
from conftest import DATA, MODELS, run_by_command

RANDOM = np.random.default_rng(1)


@pytest.fixture(scope="module", params=["latent_ar.lin", "latent_ar_lstm.lin"])
def recurrent(request, cache):
    with pytest.warns(linnet.ModelWarning, match="untrained"):
        return linnet.compile(MODELS / request.param, seed=5)


@pytest.fixture(scope="module")
def ar(cache):
    return linnet.compile(MODELS / "ar.lin", weights=DATA / "ar9_sunspots.safetensors", set={"p": 9})


def test_steps_are_those_of_the_command(recurrent):
    xs = RANDOM.normal(size=(20, 1)).astype("f4")
    model = MODELS / f"{recurrent.name}.lin"
    expected = run_by_command(model, ["--seed", 5], x=xs)["y"]
    step = recurrent.stream()
    singly = np.concatenate([step(x[None]) for x in xs])
    assert step.steps == 20
    np.testing.assert_array_equal(singly, expected)
    step.reset()
    np.testing.assert_array_equal(step.run(xs).reshape(20, 1), expected)
    np.testing.assert_array_equal(recurrent(xs), expected)
    np.testing.assert_array_equal(recurrent(xs), expected)  # from the first state again


def test_a_call_of_no_steps(recurrent):
    assert recurrent(np.zeros((0, 1), "f4")).shape == (0, 1)
    step = recurrent.stream()
    assert step.run(np.zeros((0, 1), "f4")).shape[0] == 0 and step.steps == 0


def test_snapshots(recurrent):
    xs = RANDOM.normal(size=(30, 1)).astype("f4")
    step = recurrent.stream()
    step.run(xs[:10])
    state = step.snapshot()
    rest = step.run(xs[10:])
    assert step.snapshot() != state and step.steps == 30
    step.restore(state)
    assert step.steps == 10 and step.snapshot() == state
    np.testing.assert_array_equal(step.run(xs[10:]), rest)
    other = recurrent.stream()
    other.restore(pickle.loads(pickle.dumps(state)))
    np.testing.assert_array_equal(other.run(xs[10:]), rest)


def test_a_copy_goes_its_own_way(recurrent):
    xs = RANDOM.normal(size=(20, 1)).astype("f4")
    step = recurrent.stream()
    step.run(xs[:10])
    copies = copy.copy(step), copy.deepcopy(step)
    rest = step.run(xs[10:])
    for other in copies:
        assert other.steps == 10
        np.testing.assert_array_equal(other.run(xs[10:]), rest)
    with pytest.raises(TypeError, match=r"its snapshot\(\) is"):
        pickle.dumps(step)
    with pytest.raises(linnet.Error, match="a State, of snapshot"):
        step.restore(step.snapshot().data)


SUMMED = """model summed(x: f32[N, 1]) -> y: f32[N, 1] {
  state total: f32[N, 1] = zeros()
  layer fc = linear(1)
  let now = total + fc(x)
  next total = now
  now
}
"""


def test_a_snapshot_of_another_model_is_refused(recurrent):
    def summed(text: str, weight: float) -> linnet.Stream:
        weights = {"fc.weight": np.full((1, 1), weight, "f4"), "fc.bias": np.zeros(1, "f4")}
        return linnet.compile(text, weights=weights).stream()

    step = summed(SUMMED, 2.0)
    assert [float(step(x)[0, 0]) for x in (1.0, 2.0, -1.0)] == [2, 6, 4]
    kept = step.snapshot()
    other_weights, other_model = summed(SUMMED, 3.0), summed(SUMMED.replace("total +", "total -"), 2.0)
    for foreign in (other_weights.snapshot(), other_model.snapshot(), recurrent.stream().snapshot()):
        with pytest.raises(linnet.Error, match="another model"):
            step.restore(foreign)
    for data in (b"", bytes(len(kept.data))):
        with pytest.raises(linnet.Error, match="another model"):
            step.restore(linnet.State(data, 0))
    assert step.snapshot() == kept
    same = summed(SUMMED, 2.0)
    same.restore(kept)
    assert same(1.0) == step(1.0) == 6


def test_single_numbers_of_steps():
    """Inputs and outputs without a dimension: arrays of as many numbers as there are steps."""
    text = """model mixed(x: f32[3], weight: f32) -> (y: f32[3], total: f32) {
  state h: f32 = zeros()
  let h1 = h + weight * mean(x)
  next h = h1
  (x + h1, h1)
}
"""
    net = linnet.compile(text)
    x, weight = RANDOM.normal(size=(5, 3)).astype("f4"), RANDOM.normal(size=5).astype("f4")
    whole = net(x.reshape(15), weight)
    assert whole["y"].shape == (15,) and whole["total"].shape == (5,)
    step = net.stream()
    for t in range(5):
        single = step(x[t], weight[t])
        np.testing.assert_array_equal(single["y"], whole["y"][3 * t : 3 * t + 3])
        assert single["total"] == whole["total"][t]
    with pytest.raises(linnet.Error, match="different numbers of samples"):
        net(x.reshape(15), weight[:4])
    with pytest.raises(linnet.Error, match=r"'weight: float32\[\]' is given float32\[2, 2\]"):
        net(x.reshape(15), weight[:4].reshape(2, 2))
    text = text.replace(", weight: f32", "").replace("weight * ", "")
    Path("mixed.lin").write_text(text)
    expected = linnet.compile(text)(x.reshape(15))
    for words in ([], ["--reference"]):
        found = run_by_command(Path("mixed.lin"), words, x=x.reshape(15))
        for name in expected:
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-5)


def test_windows_over_a_series(ar):
    series = RANDOM.normal(size=40).astype("f4")
    step = ar.stream()
    assert step.warmup == 8
    windows = np.stack([series[i : i + 9] for i in range(32)])
    expected = ar(windows)
    singly = np.stack([step(value) for value in series])
    assert singly.shape == (40, 1, 1) and np.isnan(singly[:8]).all()
    np.testing.assert_allclose(singly[8:, 0], expected, rtol=1e-5, atol=1e-6)
    step.reset()
    np.testing.assert_array_equal(step.run(series), singly)
    step.reset()
    halves = np.concatenate([step.run(series[:5]), step.run(series[5:])])
    np.testing.assert_array_equal(halves, singly)


def test_a_step_takes_numbers_and_arrays_of_one(ar):
    series = RANDOM.normal(size=12).astype("f4")
    steps = [ar.stream() for _ in range(4)]
    for value in series:
        given = (float(value), value, np.array([[value]], "f4"), np.array(value, "f4"))
        results = [step(x) for step, x in zip(steps, given)]
        for result in results[1:]:
            np.testing.assert_array_equal(result, results[0])


def test_several_series():
    with pytest.warns(linnet.ModelWarning):
        net = linnet.compile(MODELS / "arx.lin", seed=1)
    history, plan = RANDOM.normal(size=(2, 20)).astype("f4")
    step = net.stream()
    singly = np.stack([step(plan=p, history=h) for h, p in zip(history, plan)])
    step.reset()
    np.testing.assert_array_equal(step.run(history, plan), singly)
    with pytest.raises(linnet.Error, match="different numbers of steps"):
        step.run(history, plan[:5])
    with pytest.raises(linnet.Error, match="no input 'plan"):
        step(history[0])


def test_what_is_refused(recurrent, ar, lenet):
    step = recurrent.stream()
    with pytest.raises(linnet.Error, match=r"a step of 'x' is float32\[1, 1\], given float32\[2\]"):
        step(np.zeros(2, "f4"))
    with pytest.raises(linnet.Error, match="'x' takes float32, given float64"):
        step(np.zeros((1, 1)))
    with pytest.raises(linnet.Error, match=r"steps of 'x' are float32\[T, 1, 1\], given float32\[3, 2\]"):
        step.run(np.zeros((3, 2), "f4"))
    with pytest.raises(linnet.Error, match=r"steps of 'history' are float32\[T\], given float32\[\]"):
        ar.stream().run(np.float32(1))
    with pytest.raises(linnet.Error, match=r"neither a state nor windows .*\nhint: call net\(x\)"):
        lenet.stream()
    assert step.steps == 0


def test_a_stream_keeps_its_network():
    with pytest.warns(linnet.ModelWarning):
        step = linnet.compile(MODELS / "latent_ar.lin").stream()
    assert np.isfinite(step(0.5)).all()
