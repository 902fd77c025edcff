"""verify: compiled code beside the evaluator and beside ONNX Runtime."""

from __future__ import annotations

from pathlib import Path

import linnet
import numpy as np
import pytest
from conftest import DATA, MODELS, TWO

LENET = {"model": MODELS / "lenet.lin", "weights": DATA / "lenet.safetensors"}
MNIST = {"model": DATA / "mnist-8" / "model.onnx"}


@pytest.mark.parametrize("against", ["reference", "onnxruntime"])
@pytest.mark.parametrize("model", [LENET, MNIST, {"model": TWO, "seed": 1}])
@pytest.mark.filterwarnings("ignore::linnet.ModelWarning")
def test_outputs(model, against):
    result = linnet.verify(against=against, samples=5, **model)
    assert result and result.against == against and result.samples == 5 and not result.nodes
    for output in result.outputs:
        assert 0 <= output.relative <= 1e-5 and 0 <= output.sample < 5
    assert result.worst.relative == max(output.relative for output in result.outputs)
    assert result.outputs[0].name in result._repr_html_()


@pytest.mark.parametrize("against", ["reference", "onnxruntime"])
@pytest.mark.parametrize("model", [LENET, MNIST, {"model": TWO, "seed": 1}])
@pytest.mark.filterwarnings("ignore::linnet.ModelWarning")
def test_nodes(model, against):
    result = linnet.verify(against=against, samples=3, nodes=True, **model)
    assert result and len(result.nodes) >= 2
    names = [node.name for node in result.nodes]
    assert len(set(names)) == len(names)
    for node in result.nodes:
        assert 0 <= node.relative <= 1e-5
    if model is LENET and against == "reference":
        assert {"conv1", "conv2", "fc1", "features"} <= set(names)
    assert names[0] in result._repr_html_()


@pytest.mark.filterwarnings("ignore::linnet.ModelWarning")
@pytest.mark.parametrize("name", ["latent_ar", "ar", "arx"])
def test_models_of_time(name):
    assert linnet.verify(MODELS / f"{name}.lin", samples=20, seed=2)
    assert linnet.verify(MODELS / f"{name}.lin", samples=7, nodes=True).nodes


def test_samples_of_ones_own(images):
    result = linnet.verify(**LENET, inputs={"image": images[:30]}, against="onnxruntime")
    assert result and result.samples == 30


@pytest.mark.parametrize("against", ["reference", "onnxruntime"])
def test_wrong_values_are_noticed(monkeypatch, against):
    from linnet import network

    call = network.Network.__call__

    def spoilt(self, *args, **named):
        y = call(self, *args, **named)
        y[2, 7] += 0.5
        return y

    monkeypatch.setattr(network.Network, "__call__", spoilt)
    result = linnet.verify(**LENET, samples=4, against=against)
    assert not result
    assert result.worst.sample == 2 and result.worst.absolute == pytest.approx(0.5, abs=1e-4)
    assert linnet.verify(**LENET, samples=4, tolerance=10.0)


@pytest.mark.parametrize("against", ["reference", "onnxruntime"])
@pytest.mark.filterwarnings("ignore::linnet.ModelWarning")
def test_a_wrong_node_is_found(monkeypatch, against):
    from linnet import network

    call = network.Network.__call__

    def spoilt(self, *args, **named):
        values = call(self, *args, **named)
        if "x" in values:  # of the network whose values are outputs
            values["x"][..., 1] += 0.25
        return values

    monkeypatch.setattr(network.Network, "__call__", spoilt)
    result = linnet.verify(TWO, seed=1, samples=3, nodes=True, against=against)
    assert result
    wrong = [node for node in result.nodes if node.relative > 1e-3]
    assert [node.name for node in wrong] == ["x"]
    assert wrong[0].absolute == pytest.approx(0.25, abs=1e-5)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_not_a_number_on_one_side_is_a_difference(monkeypatch, value):
    from linnet import network

    call = network.Network.__call__

    def spoilt(self, *args, **named):
        y = call(self, *args, **named)
        y[1, 0] = value
        return y

    monkeypatch.setattr(network.Network, "__call__", spoilt)
    result = linnet.verify(**LENET, samples=3, tolerance=1e30)
    assert not result and result.worst.absolute == np.inf and result.worst.sample == 1


def test_not_a_number_on_both_sides_is_none():
    text = "model root(x: f32[N, 2]) -> y: f32[N, 2] { sqrt(x) }\n"
    x = np.array([[1, 4], [-1, 2]], "f4")
    assert linnet.verify(text, inputs={"x": x})


def test_what_is_refused(monkeypatch):
    with pytest.raises(linnet.Error, match="reference or onnxruntime is expected, not 'torch'"):
        linnet.verify(**LENET, against="torch")
    with pytest.raises(linnet.Error, match=r"inputs: 'image: float32\[N, 1, 28, 28\]' is missing"):
        linnet.verify(**LENET, inputs={})
    pictures = np.zeros((1, 1, 28, 28), "f4")
    with pytest.raises(linnet.Error, match="inputs: lenet has no input 'labels'"):
        linnet.verify(**LENET, inputs={"image": pictures, "labels": 1})
    for empty in (pictures[:0], 1.0):
        with pytest.raises(linnet.Error, match="'image' has no samples"):
            linnet.verify(**LENET, inputs={"image": empty}, against="onnxruntime")
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(linnet.Error, match="pip install onnxruntime"):
        linnet.verify(**LENET, against="onnxruntime")
    with pytest.raises(linnet.Error, match="<string>:1:"):
        linnet.verify("model a(x: f32[N, 2]) -> y: f32[N, 2] { z }\n")
    assert not list(Path().iterdir())
