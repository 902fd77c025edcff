"""A compiled model beside another way to compute the same."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from . import _command, _html
from ._arrays import refuse_mask
from ._errors import Error
from ._ports import Array, Port
from ._sources import ModelLike, Source, WeightsLike
from .network import Network, compile

__all__ = ["OutputError", "Verification", "verify"]

Values = dict[str, Array]  # by input or output


@dataclass(frozen=True)
class OutputError:
    """The worst difference of one output, or of one value within the model, over all samples.

    Attributes:
        name: of the output or value.
        absolute: the largest |ours - theirs|; NaN equals NaN, and infinity itself.
        relative: the same as a part of the largest finite |theirs|.
        sample: the number of the sample it is in, from 0 on.
    """

    name: str
    absolute: float
    relative: float
    sample: int


@dataclass(frozen=True)
class Verification:
    """What `verify` found: truth is whether every output is within the tolerance.

    Attributes:
        against: whose values are the others.
        samples: how many were compared.
        tolerance: of relative errors.
        outputs: of each output of the model.
        nodes: with `nodes=True`, of each value within the model, in the order they are computed in.
    """

    against: str
    samples: int
    tolerance: float
    outputs: list[OutputError]
    nodes: list[OutputError] = field(default_factory=list)

    def __bool__(self) -> bool:
        return all(output.relative <= self.tolerance for output in self.outputs)

    @property
    def worst(self) -> OutputError:
        """The output with the largest relative error."""
        return max(self.outputs, key=lambda output: output.relative)

    def _repr_html_(self) -> str:
        def rows(errors: list[OutputError]) -> Iterator[tuple[str, str, str, int]]:
            for error in errors:
                yield error.name, f"{error.absolute:.3g}", f"{error.relative:.3g}", error.sample

        text = _html.table(("output", "worst absolute error", "relative", "at sample"), rows(self.outputs))
        if self.nodes:
            text += _html.table(("value", "worst absolute error", "relative", "at sample"), rows(self.nodes))
        return text


def verify(
    model: ModelLike,
    example: Any = None,
    *,
    against: str = "reference",
    samples: int = 100,
    seed: int = 0,
    inputs: Mapping[str, Any] | None = None,
    nodes: bool = False,
    tolerance: float = 1e-4,
    weights: WeightsLike | None = None,
    **options: Any,
) -> Verification:
    """Compares compiled code with another implementation, sample by sample.

    Args:
        model: as of `linnet.compile`.
        example: as of `linnet.compile`.
        against: "reference", linnet's evaluator, which computes each node as its definition says; or
            "onnxruntime" (installed beside linnet; other models than .onnx are exported for it).
        samples: so many random ones, normal numbers by `seed` (integers: 0 or 1, for they may be
            indices). Of a model with state they are steps of time.
        seed: of random samples.
        inputs: samples of your own instead, by name, whose dimension 0 counts them.
        nodes: also compares what is computed on the way. Every value becomes an output for that, in a
            second compilation: nodes are not fused across such values, so that these errors tell where
            in the model a difference arises, and those of `outputs` how large it is in the code itself.
        tolerance: of the relative error of each output, for the truth of the result.
        weights: as of `linnet.compile`.
        **options: as of `linnet.compile`.

    Returns:
        The worst errors, of outputs and of nodes.

    Raises:
        Error: if the model does not compile, or the other implementation does not take it.
    """
    ways: dict[str, type[_Way]] = {"reference": _Reference, "onnxruntime": _OnnxRuntime}
    if against not in ways:
        raise Error(f"against: {' or '.join(ways)} is expected, not {against!r}", 2)
    if samples < 1:
        raise Error("samples: 1 or more are expected", 2)
    net = compile(model, example, weights=weights, **options)
    given = _inputs_of(net, inputs, samples, seed)
    count = len(next(iter(given.values()), ()))
    way = ways[against]()
    found: list[list[OutputError]] = [[], []]
    for part, compared in enumerate([net, way.whole(net)] if nodes else [net]):
        calls = _calls(compared, given)
        theirs = way.values(compared, calls)
        ours = [_named(compared(**inputs), compared) for inputs in calls]
        names = [port.name for port in compared.outputs]
        if part == 1:
            names = [name for name in names if all(name != port.name for port in net.outputs)]
        found[part] = [_error_of(name, ours, theirs, count, against) for name in names]
    return Verification(against, count, tolerance, *found)


def _inputs_of(net: Network, inputs: Mapping[str, Any] | None, samples: int, seed: int) -> Values:
    """Samples by input, along dimension 0; of a model that is not batched each is a whole input."""
    given: Values = {}
    unknown = [name for name in inputs or () if all(port.name != name for port in net.inputs)]
    if unknown:
        raise Error(f"inputs: {net.name} has no input '{unknown[0]}'", 2, net.signature)
    random = np.random.default_rng(seed)
    for port in net.inputs:
        if inputs is not None:
            if port.name not in inputs:
                raise Error(f"inputs: '{port.text(net.batched)}' is missing", 2)
            refuse_mask(inputs[port.name], f"inputs: '{port.name}'")
            given[port.name] = np.asarray(inputs[port.name], port.dtype)
            if given[port.name].ndim == 0 or not len(given[port.name]):
                raise Error(f"inputs: '{port.name}' has no samples along dimension 0", 2)
            continue
        shape = (samples, *port.shape[1:]) if _free(net) else (samples, *port.shape)
        if port.dtype.kind == "f":
            given[port.name] = random.standard_normal(shape).astype(port.dtype)
        else:
            given[port.name] = random.integers(0, 2, shape).astype(port.dtype)
    return given


def _free(net: Network) -> bool:
    """Does dimension 0 of each input count samples, or steps of time?"""
    return net.batched or net.stateful


def _calls(net: Network, given: Values) -> list[Values]:
    """The inputs of each call: all samples at once where dimension 0 counts them."""
    if _free(net):
        return [given]
    count = len(next(iter(given.values()), ()))
    whole = [name for name, array in given.items() if array.shape[1:] == _port(net, name).shape]
    # What is batched by itself, and here is compiled for one sample, gets that with its dimension 0.
    return [
        {name: array[i] if name in whole else array[i : i + 1] for name, array in given.items()}
        for i in range(count)
    ]


def _port(net: Network, name: str) -> Port:
    return next(port for port in net.inputs if port.name == name)


def _named(result: Any, net: Network) -> Values:
    return result if isinstance(result, dict) else {net.outputs[0].name: result}


class _Way(Protocol):
    """Another implementation."""

    def values(self, net: Network, calls: list[Values]) -> list[Values]:
        """What the network's outputs are to it, by call."""

    def whole(self, net: Network) -> Network:
        """The same model for one sample, with every value as an output."""


class _Reference(_Way):
    """By `linnet run --reference`."""

    def values(self, net: Network, calls: list[Values]) -> list[Values]:
        return [self._call(net, inputs) for inputs in calls]

    def _call(self, net: Network, inputs: Values) -> Values:
        folder = net._source.file("reference", "<reference>")
        folder.mkdir(exist_ok=True)
        words = [*net._words("run", "threads", "name"), "--reference"]
        for i, port in enumerate(net.inputs):
            path = folder / f"input{i}.npy"
            np.save(path, inputs[port.name])
            words += ["--input", f"@{i}={path}"]
        outputs = json.loads(_command.run([*words, "--json"], net._source.names)[0])
        return {port.name: _array(outputs[port.name]["values"], port) for port in net.outputs}

    def whole(self, net: Network) -> Network:
        path = net._source.file("imported.lir", "<imported>")
        words = net._words("dump", "threads", "name", "batch", "cache")
        _command.run([*words, "-o", os.fspath(path)], net._source.names)
        text = with_all_outputs(path.read_text(encoding="utf-8"))
        path.write_text(text, encoding="utf-8")
        return Network(Source(path, within=net._source), net._options.of_machine())


def _array(values: Any, port: Port) -> Array:
    """Of the values of `linnet run --json`."""
    special = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}

    def number(value: Any) -> Any:
        if isinstance(value, list):
            return [number(each) for each in value]
        return special.get(value, value) if isinstance(value, str) else value

    return np.array(number(values), port.dtype)


class _OnnxRuntime(_Way):
    """By ONNX Runtime, sample by sample: an exported model may take one alone."""

    def values(self, net: Network, calls: list[Values]) -> list[Values]:
        try:
            import onnxruntime
        except ImportError:
            raise Error("onnxruntime is not installed", 4, "pip install onnxruntime") from None
        if net.stateful:
            raise Error("onnxruntime: a model with state is none of ONNX", 3, 'against="reference"')
        try:
            providers = ["CPUExecutionProvider"]
            session = onnxruntime.InferenceSession(os.fspath(self._file(net)), providers=providers)
            answers = [self._call(net, session, inputs) for inputs in calls]
        except Exception as error:  # of many kinds, none of which has a public base
            if isinstance(error, Error):
                raise
            raise Error(f"onnxruntime: {error}", 3) from None
        return answers

    def _call(self, net: Network, session: Any, inputs: Values) -> Values:
        parts = [inputs]
        if net.batched:
            count = len(next(iter(inputs.values())))
            parts = [{name: array[i : i + 1] for name, array in inputs.items()} for i in range(count)]
        results = [session.run(None, part) for part in parts]
        arrays = [np.concatenate(each) if net.batched else each[0] for each in zip(*results)]
        return dict(zip((port.name for port in net.outputs), arrays))

    def _file(self, net: Network) -> Path:
        path = Path(net._source.path)
        if path.suffix == ".onnx":
            return path
        path = net._source.file("exported.onnx", "<exported>")
        words = net._words("export", "threads", "name", "batch", "target", "cache", "flags")
        _command.run([*words, "-o", os.fspath(path)], net._source.names)
        return path

    def whole(self, net: Network) -> Network:
        try:
            import onnx
        except ImportError:
            raise Error("onnx is not installed", 4, "pip install onnx") from None
        model = onnx.shape_inference.infer_shapes(onnx.load(self._file(net)))
        graph = model.graph
        types = {value.name: value for value in graph.value_info if value.type.HasField("tensor_type")}
        outputs = {value.name for value in graph.output}
        weights = {value.name for value in graph.initializer}
        reached = {value.name for value in graph.input} - weights
        for node in graph.node:
            if not reached.intersection(node.input):
                continue  # what depends on no input is folded, and has no error of its own
            reached.update(node.output)
            graph.output.extend(types[name] for name in node.output if name in types and name not in outputs)
        path = net._source.file("nodes.onnx", "<nodes>")
        onnx.save(model, path)
        return Network(Source(path, within=net._source), replace(net._options, batch=None, name=None))


# In the text of the IR (docs/lir.md).
_NAME = r'%(?:"[^"]*"|[\w.]+)'
_GRAPH = re.compile(r"^graph @[\w.]+\((?P<inputs>.*)\) \{\n(?P<body>.*?)^\}", re.MULTILINE | re.DOTALL)
_INPUT = re.compile(rf'(?P<name>{_NAME}): \w+\[[\d,]*\](?: = @(?P<slot>"[^"]*"|[\w.]+))?')
_NODE = re.compile(rf"^  (?P<names>{_NAME}: [^=]*) = (?P<rest>.*)$")
_RETURN = re.compile(r"^  return (?P<outputs>.*)$", re.MULTILINE)


def with_all_outputs(text: str) -> str:
    """The text of a module whose first graph gives every value that depends on its inputs."""
    graph = _GRAPH.search(text)
    end = graph and _RETURN.search(graph["body"])
    if not graph or not end:
        raise Error("nodes: the text of the IR has no graph", 5)
    states = set(re.findall(r'^slot state @("[^"]*"|[\w.]+):', text, re.MULTILINE))
    reached = {
        match["name"]
        for match in _INPUT.finditer(graph["inputs"])
        if match["slot"] is None or match["slot"] in states
    }
    given = set(re.findall(rf"({_NAME})(?! *->)(?=,|$)", end["outputs"]))
    taken = set(re.findall(r'(?:^|, )("[^"]*"|[\w.]+)(?= = %)', end["outputs"])) | {
        name[1:] for name in given
    }
    more: list[str] = []
    for line in graph["body"].splitlines():
        node = _NODE.match(line)
        if node is None or not reached.intersection(re.findall(_NAME, node["rest"])):
            continue
        names = re.findall(rf"({_NAME}):", node["names"])
        reached.update(names)
        for name in names:
            if name not in given:
                called = name[1:]
                while called in taken:  # by an output
                    called = f'"{called.strip(chr(34))} within"'
                taken.add(called)
                more.append(f"{called} = {name}")
    at = graph.start("body") + end.end()
    return text[:at] + "".join(f", {output}" for output in more) + text[at:]


def _error_of(name: str, ours: list[Values], theirs: list[Values], count: int, against: str) -> OutputError:
    absolute, largest, sample = 0.0, 0.0, 0
    for number, (mine, others) in enumerate(zip(ours, theirs)):
        a, b = np.asarray(mine[name], np.float64), np.asarray(others[name], np.float64)
        if a.shape != b.shape:
            raise Error(f"'{name}' is {list(a.shape)}, and {list(b.shape)} by {against}", 5)
        difference, finite = _difference(a, b), np.abs(b[np.isfinite(b)])
        largest = max(largest, float(finite.max(initial=0.0)))
        worst = float(difference.max(initial=0.0))
        if worst > absolute:
            absolute = worst
            each = difference.size // count  # elements of a sample, where one call has them all
            sample = number if len(ours) == count or not each else int(difference.argmax()) // each
    return OutputError(name, absolute, absolute / largest if largest else absolute, sample)


def _difference(a: Array, b: Array) -> Array:
    """NaN equals NaN, infinity itself."""
    with np.errstate(invalid="ignore"):
        difference: Array = np.asarray(np.abs(a - b))
    difference[(a == b) | (np.isnan(a) & np.isnan(b))] = 0.0
    difference[np.isnan(difference)] = np.inf
    return difference
