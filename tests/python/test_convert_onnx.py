"""Files of torch's two exporters, and what _convert does without the packages it converts from."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import linnet
import numpy as np
import onnx
import onnxruntime
import pytest
from linnet import _convert, _convert_sklearn
from onnx import TensorProto, helper, numpy_helper

FILES = Path(__file__).parent / "data"
NAMES = ["0.weight", "0.bias", "2.weight", "2.bias"]


@pytest.mark.parametrize("name", ["mlp_of_torch_jit_trace.onnx", "mlp_of_torch_export.onnx"])
def test_a_perceptron_of_torch(name):
    model = onnx.load(FILES / name)
    x = np.random.default_rng(1).standard_normal((7, 4)).astype("f4")
    session = onnxruntime.InferenceSession(model.SerializeToString())
    wanted = session.run(None, {"input": x})[0]
    net = linnet.compile(FILES / name, batch=3)
    takes, gives = "(input: float32[N, 4])", "(output: float32[N, 3])"
    assert net.signature == f"{name.removesuffix('.onnx')}{takes} -> {gives}"
    for answer in (net(x), linnet.compile(model)(x), linnet.compile(model.SerializeToString())(input=x)):
        np.testing.assert_allclose(answer, wanted, rtol=1e-5, atol=1e-6)
    # Parameters have torch's names, and others take their place.
    given = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    assert sorted(given) == sorted(NAMES)
    other = {key: value * np.float32(2) for key, value in given.items()}
    hidden = np.maximum(x @ other["0.weight"].T + other["0.bias"], 0)
    answer = linnet.compile(FILES / name, weights=other)(x)
    np.testing.assert_allclose(answer, hidden @ other["2.weight"].T + other["2.bias"], rtol=1e-5, atol=1e-5)


def test_equal_parameters_get_back_their_names():
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 2])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 2])
    nodes = [
        helper.make_node("Identity", ["a.bias"], ["b.bias"]),  # as torch.jit's tracer writes it
        helper.make_node("Add", ["x", "a.bias"], ["h"]),
        helper.make_node("Mul", ["h", "b.bias"], ["y"]),
    ]
    stored = [numpy_helper.from_array(np.ones(2, "f4"), "a.bias")]
    model = helper.make_model(
        helper.make_graph(nodes, "g", [x], [y], stored),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    _convert._name_all_parameters(model)
    onnx.checker.check_model(model)
    assert [t.name for t in model.graph.initializer] == ["a.bias", "b.bias"]
    weights = {"a.bias": np.array([1, 2], "f4"), "b.bias": np.array([3, 4], "f4")}
    answer = linnet.compile(model, weights=weights)(np.ones((1, 2), "f4"))
    assert answer.tolist() == [[6.0, 12.0]]


def test_labels_go_and_probabilities_stay():
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3])
    label = helper.make_tensor_value_info("label", TensorProto.STRING, ["N"])
    probabilities = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 3])
    nodes = [
        helper.make_node("Softmax", ["x"], ["probabilities"], axis=1),
        helper.make_node("ArgMax", ["probabilities"], ["most"], axis=1),
        helper.make_node("ArrayFeatureExtractor", ["classes", "most"], ["label"], domain="ai.onnx.ml"),
    ]
    stored = [numpy_helper.from_array(np.array(["a", "b", "c"], object), "classes")]
    model = helper.make_model(
        helper.make_graph(nodes, "g", [x], [label, probabilities], stored),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    _convert_sklearn.drop_labels(model.graph)
    assert [node.op_type for node in model.graph.node] == ["Softmax"] and not model.graph.initializer
    onnx.checker.check_model(model)
    answer = linnet.compile(model)(np.zeros((2, 3), "f4"))
    np.testing.assert_allclose(answer, np.full((2, 3), 1 / 3), rtol=1e-6)


@pytest.mark.parametrize("thing", [object(), 3, {"x": 1}])
def test_other_objects_are_refused_with_what_is_taken(thing):
    with pytest.raises(linnet.Error, match="is no model that linnet takes") as caught:
        linnet.compile(thing)
    assert "torch.nn.Module" in caught.value.hint and "scikit-learn" in caught.value.hint


def test_a_missing_torch_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    _convert._torch_module_class.cache_clear()
    with pytest.raises(linnet.Error, match="not installed") as caught:
        linnet.torch_module(None)
    assert caught.value.hint == "pip install torch" and caught.value.status == 4


def test_a_missing_scikit_learn_is_named(monkeypatch):
    for name in ("sklearn", "linnet.sklearn"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(linnet.Error, match="needs scikit-learn") as caught:
        importlib.import_module("linnet.sklearn")
    assert caught.value.hint == "pip install scikit-learn"
