"""A compiled model beside another way to compute the same."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Optional, Union

import numpy as np

from . import _command, _html
from ._errors import Error
from ._ports import Array, Port
from ._sources import ModelLike, WeightsLike
from .network import Network, compile

__all__ = ["OutputError", "Verification", "verify"]


@dataclass(frozen=True)
class OutputError:
    """The worst difference of one output over all samples.

    `absolute` is |ours - theirs|; `relative` the same as a part of the output's largest |theirs|.
    """

    name: str
    absolute: float
    relative: float
    sample: int


@dataclass(frozen=True)
class Verification:
    """What `verify` found: truth is whether every output is within the tolerance."""

    against: str
    samples: int
    tolerance: float
    outputs: list[OutputError]

    def __bool__(self) -> bool:
        return all(output.relative <= self.tolerance for output in self.outputs)

    @property
    def worst(self) -> OutputError:
        return max(self.outputs, key=lambda output: output.relative)

    def _repr_html_(self) -> str:
        rows = [
            (output.name, f"{output.absolute:.3g}", f"{output.relative:.3g}", output.sample)
            for output in self.outputs
        ]
        return _html.table(("output", "worst absolute error", "relative", "at sample"), rows)


def verify(
    model: ModelLike,
    example: Any = None,
    *,
    against: str = "reference",
    samples: int = 100,
    seed: int = 0,
    inputs: Optional[Mapping[str, Any]] = None,
    tolerance: float = 1e-4,
    weights: Optional[WeightsLike] = None,
    **options: Any,
) -> Verification:
    """Compares compiled code with another implementation, sample by sample.

    Args:
        model, example, weights, options: as of `linnet.compile`.
        against: "reference", linnet's evaluator, which computes each node as its definition says; or
            "onnxruntime" (installed beside linnet; other models than .onnx are exported for it).
        samples: so many random ones, normal numbers by `seed` (integers: 0 or 1, for they may be
            indices).
        inputs: samples of your own instead, by name.
        tolerance: of the relative error, for the truth of the result.
    """
    net = compile(model, example, weights=weights, **options)
    given = _inputs_of(net, inputs, samples, seed)
    count = next(iter(given.values())).shape[0]
    ways: dict[str, Callable[[Network, dict[str, Array]], dict[str, Array]]] = {
        "reference": _reference,
        "onnxruntime": _onnxruntime,
    }
    if against not in ways:
        raise Error(f"against: {' or '.join(ways)} is expected, not {against!r}", 2)
    ours = _ours(net, given)
    theirs = ways[against](net, given)
    outputs = [_error_of(port, ours[port.name], theirs[port.name]) for port in net.outputs]
    return Verification(against, count, tolerance, outputs)


def _inputs_of(
    net: Network, inputs: Optional[Mapping[str, Any]], samples: int, seed: int
) -> dict[str, Array]:
    """Samples by input, along dimension 0; of a model that is not batched each is a whole input."""
    given: dict[str, Array] = {}
    random = np.random.default_rng(seed)
    for port in net.inputs:
        if inputs is not None:
            if port.name not in inputs:
                raise Error(f"inputs: '{port.text(net.batched)}' is missing", 2)
            given[port.name] = np.asarray(inputs[port.name], port.dtype)
            continue
        shape = (samples, *port.shape[1:]) if net.batched else (samples, *port.shape)
        if port.dtype.kind == "f":
            given[port.name] = random.standard_normal(shape).astype(port.dtype)
        else:
            given[port.name] = random.integers(0, 2, shape).astype(port.dtype)
    return given


def _each(net: Network, given: dict[str, Array]) -> list[dict[str, Array]]:
    """The inputs of each call: all samples at once where dimension 0 counts them."""
    if net.batched or net.stateful:
        return [given]
    count = next(iter(given.values())).shape[0]
    return [{name: array[i] for name, array in given.items()} for i in range(count)]


def _ours(net: Network, given: dict[str, Array]) -> dict[str, Array]:
    answers = []
    for inputs in _each(net, given):
        result = net(**inputs)
        answers.append(result if isinstance(result, dict) else {net.outputs[0].name: result})
    return _joined(answers)


def _joined(answers: list[dict[str, Array]]) -> dict[str, Array]:
    if len(answers) == 1:
        return answers[0]
    return {name: np.stack([answer[name] for answer in answers]) for name in answers[0]}


def _reference(net: Network, given: dict[str, Array]) -> dict[str, Array]:
    """By `linnet run --reference`."""
    answers = []
    for inputs in _each(net, given):
        folder = net._source.file("reference", "<reference>")
        folder.mkdir(exist_ok=True)
        words = [*net._words("run", "threads", "name"), "--reference", "--output-dir", str(folder)]
        for i, port in enumerate(net.inputs):
            path = folder / f"input{i}.npy"
            np.save(path, inputs[port.name])
            words += ["--input", f"@{i}={path}"]
        text, _ = _command.run([*words, "--json"], net._source.names)
        answers.append(_values(json.loads(text), net.outputs))
    return _joined(answers)


def _values(outputs: Any, ports: list[Port]) -> dict[str, Array]:
    """Outputs of `linnet run --json`."""
    special = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}

    def number(value: Any) -> Any:
        if isinstance(value, list):
            return [number(each) for each in value]
        return special.get(value, value) if isinstance(value, str) else value

    return {port.name: np.array(number(outputs[port.name]["values"]), port.dtype) for port in ports}


def _onnxruntime(net: Network, given: dict[str, Array]) -> dict[str, Array]:
    try:
        import onnxruntime
    except ImportError:
        raise Error("onnxruntime is not installed", 4, "pip install onnxruntime") from None
    path = Path(net._source.path)
    if path.suffix != ".onnx":
        path = net._source.file("exported.onnx", "<exported>")
        words = net._words("export", "threads", "name", "batch")
        _command.run([*words, "-o", os.fspath(path)], net._source.names)
    session = onnxruntime.InferenceSession(os.fspath(path), providers=["CPUExecutionProvider"])
    answers = []
    for inputs in _each(net, given):
        count = next(iter(inputs.values())).shape[0] if net.batched else 1
        for i in range(count):  # one sample a call: an exported model may say so
            one = {k: v[i : i + 1] if net.batched else v for k, v in inputs.items()}
            results = session.run(None, one)
            answers.append(dict(zip((output.name for output in session.get_outputs()), results)))
    if net.batched:
        return {name: np.concatenate([a[name] for a in answers]) for name in answers[0]}
    return _joined(answers)


def _error_of(port: Port, ours: Array, theirs: Array) -> OutputError:
    """NaN equals NaN, infinity itself."""
    a, b = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    difference = np.where(same, 0.0, np.abs(a - b))
    difference = np.where(np.isnan(difference), np.inf, difference)
    finite = np.abs(b[np.isfinite(b)])
    largest = float(finite.max()) if finite.size else 1.0
    absolute = float(difference.max()) if difference.size else 0.0
    flat = difference.reshape(difference.shape[0], -1) if difference.ndim else difference.reshape(1, 1)
    sample = int(flat.max(axis=1).argmax()) if difference.size else 0
    return OutputError(port.name, absolute, absolute / largest if largest else absolute, sample)
