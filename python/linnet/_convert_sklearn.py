"""Estimators of scikit-learn as ONNX files, by skl2onnx."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._errors import Error
from ._exporters import missing, silent

# Operators of ONNX's domain for classical models that linnet does not have, and skl2onnx can avoid.
_AVOIDED = {"LinearClassifier", "LinearRegressor", "Normalizer", "Scaler"}


def of_sklearn(estimator: Any, example: Any) -> bytes:
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    name = type(estimator).__name__
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        raise Error(f"{name} is not fitted", 2, "call fit() first") from None
    try:
        import onnx
        import skl2onnx
        from skl2onnx.common.data_types import FloatTensorType
    except ImportError as error:
        raise missing(error, f"scikit-learn's {name}", "skl2onnx onnx") from None
    if hasattr(estimator, "_network"):
        raise Error(f"{name} is compiled already", 2, "its attribute network_")
    width = _features(estimator, example)
    takes = [("x", FloatTensorType([None, width]))]
    last = _last(estimator)
    probabilities = _is_classifier(last) and hasattr(last, "predict_proba")
    # Without it they are a list of dictionaries.
    options = {id(last): {"zipmap": False}} if probabilities else {}
    try:
        with silent():
            model = skl2onnx.convert_sklearn(estimator, name, takes, black_op=_AVOIDED, options=options)
    except Exception as error:
        raise Error(f"skl2onnx does not take {name}: {type(error).__name__}: {error}", 3) from error
    if _is_classifier(last):
        drop_labels(model.graph)
    _gather_features(model.graph)
    other = sorted({node.op_type for node in model.graph.node if node.domain not in ("", "ai.onnx")})
    if other:
        hint = "linear models, perceptrons, scalers, PCA and pipelines of them compile"
        raise Error(f"{name} needs operators that linnet lacks: {', '.join(other)}", 3, hint)
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "N"
    _widen_outputs(model.graph, getattr(last, "n_outputs_", 1))
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _features(estimator: Any, example: Any) -> int:
    if example is not None:
        shape: Sequence[int] = getattr(example, "shape", ())
        if len(shape) != 2:
            raise Error("example: an array [samples, features] is expected", 2)
        return int(shape[1])
    count = getattr(estimator, "n_features_in_", None)
    if count is None:
        raise Error(
            f"{type(estimator).__name__} does not say how many features it takes",
            2,
            "example inputs do: linnet.compile(estimator, X)",
        )
    return int(count)


def _is_classifier(estimator: Any) -> bool:
    from sklearn.base import is_classifier

    return bool(is_classifier(estimator))


def _last(estimator: Any) -> Any:
    """The last step of a pipeline."""
    return _last(estimator.steps[-1][1]) if hasattr(estimator, "steps") else estimator


def drop_labels(graph: Any) -> None:
    """Leaves out labels, which may be texts, and what only they need; probabilities stay."""
    kept = [value for value in graph.output if value.name != "label"]
    if not kept or len(kept) == len(graph.output):
        return
    del graph.output[:]
    graph.output.extend(kept)
    needed = {value.name for value in kept}
    for node in reversed(list(graph.node)):  # in the order of computation
        if needed.isdisjoint(node.output):
            graph.node.remove(node)
        else:
            needed.update(node.input)
    for tensor in list(graph.initializer):
        if tensor.name not in needed:
            graph.initializer.remove(tensor)


def _gather_features(graph: Any) -> None:
    """ArrayFeatureExtractor takes columns, as Gather does for positions without further dimensions."""
    from onnx import helper, numpy_helper

    stored = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type != "ArrayFeatureExtractor" or node.input[1] not in stored:
            continue
        positions = numpy_helper.to_array(stored[node.input[1]]).reshape(-1)
        flat = f"{node.output[0]}_positions"
        graph.initializer.append(numpy_helper.from_array(positions, flat))
        node.CopyFrom(helper.make_node("Gather", [node.input[0], flat], node.output, axis=-1))


def _widen_outputs(graph: Any, outputs: int) -> None:
    """skl2onnx makes one column of the numbers that a perceptron gives for several targets."""
    from onnx import numpy_helper

    final = graph.node[-1]
    if outputs == 1 or final.op_type != "Reshape":
        return
    for tensor in graph.initializer:
        if tensor.name == final.input[1] and numpy_helper.to_array(tensor).tolist() == [-1, 1]:
            tensor.CopyFrom(numpy_helper.from_array(np.array([-1, outputs]), tensor.name))
            graph.output[0].type.tensor_type.shape.dim[1].dim_value = outputs
