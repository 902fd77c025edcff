"""Training: the bits of `linnet train`, epoch by epoch, interrupted and resumed."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import linnet
import numpy as np
import pytest
from conftest import DIGITS, MODELS, command, idx

SMALL = """model small(x: f32[N, 8]) -> kind: f32[N, 3] {
  layer hidden = linear(16)
  layer fc = linear(3)
  x |> hidden |> relu |> fc
}
data small { kind: classes(labels: ["one", "two", "three"]) }
train small { loss: cross_entropy; optimizer: adam(lr: 0.01); batch: 16; epochs: 4; validation: 10% }
"""


def sha256(path: str | Path) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


@pytest.fixture
def samples() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(4)
    kind = random.integers(0, 3, 200)
    x = random.normal(size=(200, 8)) + kind[:, None]
    return x.astype("f4"), kind


@pytest.fixture
def by_command(samples) -> str:
    """The weights of the command, of the same samples."""
    Path("small.lin").write_text(SMALL)
    Path("folder").mkdir()
    np.save("folder/x.npy", samples[0])
    np.save("folder/kind.npy", samples[1])
    command("train", "small.lin", "--data", "folder", "-o", "command.safetensors", "--quiet")
    return sha256("command.safetensors")


def test_a_folder_has_the_bits_of_the_command(by_command):
    result = linnet.train("small.lin", "folder", out="result.safetensors")
    assert result.path == "result.safetensors" and sha256(result.path) == by_command


@pytest.mark.parametrize("model", ["small.lin", SMALL])
def test_arrays_have_the_bits_of_the_command(by_command, samples, model):
    x, kind = samples
    for data in ((x, kind), {"x": x, "kind": kind}, (x.astype("f8"), list(kind)), (x.astype(">f4"), kind)):
        assert sha256(linnet.train(model, data).path) == by_command


def test_pictures_as_arrays():
    """Bytes are pictures, decoded as files are; floats are what the model sees."""
    pixels, labels = (idx(DIGITS / f"train-{what}-ubyte") for what in ("images-idx3", "labels-idx1"))
    Path("dots.lin").write_text(
        "model dots(image: f32[N, 1, 28, 28]) -> digit: f32[N, 10] {\n"
        "  layer fc = linear(10)\n  image |> flatten |> fc\n}\n"
        "data dots { image: image(color: gray, scale: 1/255); digit: classes(labels: 0..9) }\n"
        "train dots { loss: cross_entropy; optimizer: sgd(lr: 0.1); batch: 32; epochs: 1 }\n"
    )
    command("train", "dots.lin", "--data", DIGITS, "-o", "c.safetensors", "--quiet")
    scaled = (pixels.astype("f4") * np.float32(1 / 255))[:, None]
    for images in (pixels, pixels[..., None], pixels[:, None], scaled):
        assert sha256(linnet.train("dots.lin", (images, labels)).path) == sha256("c.safetensors")
    with pytest.raises(linnet.Error, match=r"<image>: pictures \[N, height, width\]"):
        linnet.train("dots.lin", (pixels.reshape(len(pixels), -1), labels))


def test_rows_as_arrays():
    """Columns that the data block scales are scaled as those of files."""
    text = """model fit(x: f32[N, 3]) -> y: f32[N, 1] {
  layer fc = linear(1)
  fc(x)
}
data fit { x: table(columns: ["a", "b", "c"], scale: standard) }
train fit { loss: mse; optimizer: sgd(lr: 0.1); batch: 8; epochs: 2 }
"""
    random = np.random.default_rng(6)
    x = (random.normal(size=(64, 3)) * [1, 10, 100] + 5).astype("f4")
    result = linnet.train(text, (x, x.sum(axis=1, keepdims=True) / 100), epochs=20)
    assert result.losses[-8:].mean() < result.losses[:8].mean() / 10
    scale = linnet.compile(text, weights=result.path).inputs[0].scale
    np.testing.assert_allclose(scale.mean, x.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(scale.scaled(x).std(axis=0), 1, rtol=1e-2)
    np.testing.assert_allclose(scale.unscaled(scale.scaled(x)), x, rtol=1e-6)


def test_series_want_a_file():
    text = """model line(x: f32[N, 4]) -> y: f32[N, 1] {
  layer fc = linear(1)
  fc(x)
}
data line { x: series(column: "a", lags: 4, scale: standard); y: ahead(of: x, steps: 1) }
train line { loss: mse; optimizer: sgd(lr: 0.1); batch: 8; epochs: 2 }
"""
    with pytest.raises(linnet.Error, match="'x' is a series .* learnt from a CSV file"):
        linnet.train(text, (np.zeros((64, 4)), np.zeros((64, 1))))


def test_what_a_run_came_to(samples, capfd):
    heard: list[linnet.Epoch] = []
    test = tuple(part[:40] for part in samples)
    result = linnet.train(SMALL, samples, test=test, callback=heard.append, epochs=3)
    assert [(epoch.number, epoch.of) for epoch in heard] == [(1, 3), (2, 3), (3, 3)]
    assert result.losses.shape == result.learning_rates.shape == (33,)
    assert result.losses[-5:].mean() < result.losses[:5].mean()
    assert (result.learning_rates == 0.01).all()
    for epoch, losses in zip(heard, result.losses.reshape(3, 11)):
        assert epoch.loss == pytest.approx(losses.mean(), abs=1e-4)
        assert 0 <= epoch.accuracy <= 1 and 0 <= epoch.validation_accuracy <= 1
        assert epoch.validation_loss > 0 and epoch.lr == 0.01
    assert not result.interrupted and result.report["test"]["n"] == 40
    weights = result.state_dict()
    assert set(weights) == {"hidden.weight", "hidden.bias", "fc.weight", "fc.bias"}
    net = linnet.compile(SMALL, weights=weights)
    right = net(test[0]).argmax(axis=1) == test[1]
    assert right.mean() == pytest.approx(result.report["test"]["accuracy"], abs=1e-6)
    assert capfd.readouterr() == ("", "")


def test_progress_is_shown(samples, capsys):
    linnet.train(SMALL, samples, epochs=2, progress=True)
    shown = capsys.readouterr()
    assert "epoch 1/2" in shown.err and "epoch 2/2" in shown.err and not shown.out


def test_options(samples):
    first = linnet.train(SMALL, samples, epochs=1)
    assert len(linnet.train(SMALL, samples, steps=5).losses) == 5
    assert len(linnet.train(SMALL, samples, epochs=1, batch=60).losses) == 3
    for options in ({"seed": 1}, {"shuffle": False}, {"weights": first.path}, {"dtype": "f64"}):
        assert sha256(linnet.train(SMALL, samples, epochs=1, **options).path) != sha256(first.path)
    assert sha256(linnet.train(SMALL, samples, epochs=1, threads=2).path) == sha256(first.path)


def test_stopping_by_a_callback_and_going_on(samples, by_command):
    stopped = linnet.train(SMALL, samples, callback=lambda epoch: epoch.number == 2)
    assert stopped.interrupted and stopped.report == {} and 22 <= len(stopped.losses) < 44
    weights = stopped.state_dict()
    assert set(weights) == {"hidden.weight", "hidden.bias", "fc.weight", "fc.bias"}
    for resume in (stopped, stopped.path):
        result = linnet.train(SMALL, samples, resume=resume, out="resumed.safetensors")
        assert not result.interrupted and sha256(result.path) == by_command
        Path(result.path).unlink()


def test_a_callback_that_stops_at_the_end_changes_nothing(samples, by_command):
    result = linnet.train(SMALL, samples, callback=lambda epoch: epoch.number == epoch.of)
    assert not result.interrupted and sha256(result.path) == by_command


def test_what_a_callback_raises(samples):
    class Own(Exception):
        pass

    def callback(epoch: linnet.Epoch) -> None:
        raise Own

    with pytest.raises(Own):
        linnet.train(SMALL, samples, callback=callback, out="kept.safetensors")
    assert Path("kept.safetensors.ckpt").exists()
    result = linnet.train(SMALL, samples, resume="kept.safetensors")
    assert not result.interrupted


def test_an_interrupt_keeps_a_checkpoint(samples, by_command):
    """Ctrl-C of a process, as a terminal sends it: to all of its group."""
    Path("script.py").write_text(
        "import linnet, sys\n"
        "def callback(epoch):\n"
        "    print('epoch', epoch.number, flush=True)\n"
        "result = linnet.train('small.lin', 'folder', out='out.safetensors', epochs=100000, callback=callback)\n"
        "print('interrupted', result.interrupted, len(result.losses), len(result.state_dict()), flush=True)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "script.py"], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "epoch 1\n"
    os.killpg(child.pid, signal.SIGINT)
    out, _ = child.communicate(timeout=30)
    assert child.returncode == 0
    last = out.splitlines()[-1].split()
    assert last[:2] == ["interrupted", "True"] and int(last[2]) >= 11 and last[3] == "4"
    assert Path("out.safetensors.ckpt").exists() and not Path("out.safetensors").exists()
    result = linnet.train("small.lin", "folder", resume="out.safetensors", steps=int(last[2]) + 20)
    unbroken = linnet.train("small.lin", "folder", steps=int(last[2]) + 20)
    assert sha256(result.path) == sha256(unbroken.path)


def test_an_interrupt_before_the_first_step_is_one():
    Path("script.py").write_text(
        "import os, signal, threading, linnet\n"
        "from linnet import training\n"
        "watch = training._Run._watch\n"
        "def interrupted(run):\n"
        "    raise KeyboardInterrupt\n"
        "training._Run._watch = interrupted\n"
        f"linnet.train({str(MODELS / 'lenet.lin')!r}, {str(DIGITS)!r}, cache=False)\n"
    )
    done = subprocess.run([sys.executable, "script.py"], capture_output=True, text=True, timeout=60)
    assert done.returncode == -signal.SIGINT and done.stderr.endswith("KeyboardInterrupt\n")


@pytest.mark.parametrize(
    ("model", "data", "options", "said"),
    [
        (
            "model a(x: f32[N, 2]) -> y: f32[N, 2] { x }\n",
            (np.zeros((9, 2)), np.zeros((9, 2))),
            {},
            "no train block",
        ),
        (SMALL, "nowhere", {}, "nowhere"),
        (SMALL, (np.zeros((40, 7)), np.zeros(40, int)), {}, "<x>"),
        (SMALL, (np.zeros((40, 8)), np.zeros(39, int)), {}, "<kind>"),
        (SMALL, (np.zeros((40, 8)), np.full(40, 3)), {}, "has label 3"),
        (SMALL, (np.full((40, 8), np.nan), np.zeros(40, int)), {}, "not finite"),
        (SMALL, (np.zeros((40, 8)), np.full(40, np.nan)), {}, "is nan, but 'kind' takes whole numbers"),
        (SMALL, (np.zeros((40, 8)), np.full(40, 0.5)), {}, "is 0.5, but 'kind' takes whole numbers"),
        (SMALL, (np.zeros((40, 8)), np.zeros(40, int)), {"weights": 3}, "arrays by name are expected"),
        (SMALL, {"x": np.zeros((40, 8)), "sort": np.zeros(40)}, {}, "no 'sort'; it has x, kind"),
        (SMALL, {"x": np.zeros((40, 8))}, {}, "'kind' is missing"),
        (SMALL, (np.zeros((40, 8)),), {}, "x and kind are expected"),
        (SMALL, (np.zeros((5, 8)), np.zeros(5, int)), {}, "fewer than a batch"),
        (SMALL, (np.ma.masked_all((40, 8)), np.zeros(40, int)), {}, "'x' has masked elements"),
        (SMALL, "folder", {"test": (1, 2)}, "test"),
        (SMALL, (np.zeros((40, 8)), np.zeros(40, int)), {"resume": "none.safetensors"}, "none.safetensors"),
        (SMALL, (np.zeros((40, 8)), np.zeros(40, int)), {"epochs": 0}, "--epochs"),
        (SMALL, (np.zeros((40, 8)), np.zeros(40, int)), {"out": "nowhere/a.safetensors"}, "nowhere"),
        (
            "model a(x: f32[N, 2]) -> y: f32[N, 2] {\n  z\n}\n",
            (np.zeros((9, 2)), np.zeros((9, 2))),
            {},
            "<string>:2:3",
        ),
    ],
)
def test_what_is_refused(model, data, options, said):
    with pytest.raises(linnet.Error) as caught:
        linnet.train(model, data, **options)
    assert said in str(caught.value) and "/linnet-" not in str(caught.value)
    assert not list(Path().iterdir())


def test_temporary_files_go_with_the_result(samples):
    result = linnet.train(SMALL, samples, epochs=1)
    folder = Path(result.path).parent
    assert folder.is_dir()
    del result
    assert not folder.exists()
