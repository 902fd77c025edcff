"""Models of other packages, by way of ONNX; and a network as a module of torch."""

from __future__ import annotations

import contextlib
import functools
import inspect
import io
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from ._convert_sklearn import of_sklearn
from ._errors import Error, ModelWarning
from ._exporters import missing, silent

TAKEN = (
    "a path of a .lin, .onnx or .lir file, the text of a .lin model, an onnx.ModelProto or its bytes, "
    "a torch.nn.Module (with example inputs), a Keras 3 model, or a fitted scikit-learn estimator"
)


def to_onnx(model: Any, example: Any) -> bytes:
    """An ONNX file of a torch.nn.Module (with example inputs), a Keras model or a scikit-learn estimator."""
    # Keras goes first: with its torch backend, its models are modules of torch too.
    if _is(model, "keras", "Model"):
        return _of_keras(model, example)
    if _is(model, "torch.nn", "Module"):
        return _of_torch(model, example)
    if _is(model, "sklearn.base", "BaseEstimator"):
        return of_sklearn(model, example)
    raise Error(f"{type(model).__name__} is no model that linnet takes", 2, f"taken are {TAKEN}")


def _is(model: Any, module: str, name: str) -> bool:
    """Is it an instance of a class of a module that somebody has imported?"""
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(model, kind)


# ---- torch ----


def _of_torch(module: Any, example: Any) -> bytes:
    import torch

    if example is None:
        raise Error(
            "a torch.nn.Module is exported by calling it: example inputs are missing",
            2,
            "linnet.compile(module, (x,)), with x as it will be given, of any number of samples",
        )
    inputs = tuple(map(_tensor, example if isinstance(example, (tuple, list)) else (example,)))
    trained = {part: part.training for part in module.modules()}
    module.eval()
    try:
        with torch.no_grad(), _plain_attention():
            return _export(module, inputs, module(*inputs))
    finally:
        for part, training in trained.items():
            part.training = training


@contextlib.contextmanager
def _plain_attention() -> Iterator[None]:
    """Without the operators that torch has for whole attention layers, and ONNX has not."""
    from torch.backends import mha

    enabled = mha.get_fastpath_enabled()
    mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        mha.set_fastpath_enabled(enabled)


def _tensor(value: Any) -> Any:
    import torch

    return value if isinstance(value, torch.Tensor) else torch.as_tensor(value)


def _export(module: Any, inputs: tuple[Any, ...], outputs: Any) -> bytes:
    """By the first exporter that takes it; with a batch of any size if one of them can."""
    import torch

    names = _input_names(module, len(inputs))
    results = _output_names(outputs)
    failures = []
    fixed = _why_fixed(module, inputs, outputs)
    if not fixed and inputs[0].shape[0] == 1:  # torch.export takes a 1 for a size that stays
        inputs = tuple(torch.cat([value, value]) for value in inputs)
    for free in (False,) if fixed else (True, False):
        for name, way in (("torch.jit.trace", _by_tracing), ("torch.export", _by_torch_export)):
            try:
                data = way(module, inputs, names, results, free)
            except ImportError as error:
                failures.append(f"{name}: {error}: pip install onnx onnxscript")
            except Exception as error:
                failures.append(f"{name}: {_reason(error)}")
            else:
                if not free:
                    _warn_of_fixed_shapes(module, inputs, fixed or failures[-1])
                return data
    kind = type(module).__name__
    raise Error(f"torch.onnx.export does not take this {kind}", 3, "\n".join(dict.fromkeys(failures)))


def _reason(error: BaseException) -> str:
    """The first line of what was wrong in the first place."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"


def _why_fixed(module: Any, inputs: tuple[Any, ...], outputs: Any) -> str:
    """Why the module does not take any number of samples along dimension 0; empty if it does."""
    import torch

    if not all(value.ndim for value in inputs) or len({value.shape[0] for value in inputs}) != 1:
        return "dimension 0 of its inputs differs"
    count = inputs[0].shape[0]
    if count == 0:
        return "the example has no samples"
    other = 2 if count == 1 else 1
    fewer = tuple(torch.cat([value, value])[:other] for value in inputs)
    try:
        results = module(*fewer)
    except Exception as error:
        return f"of {other} samples: {_reason(error)}"
    for now, before in zip(_leaves(results), _leaves(outputs)):
        if now.shape != (other, *before.shape[1:]) or before.shape[:1] != (count,):
            return f"its outputs do not have one row for each sample: {list(before.shape)} of {count}"
    return ""


def _leaves(outputs: Any) -> list[Any]:
    """Tensors of an answer, tuples within tuples in their order."""
    values = outputs.values() if isinstance(outputs, Mapping) else outputs
    if isinstance(values, (tuple, list)) or values is not outputs:
        return [leaf for value in values for leaf in _leaves(value)]
    return [outputs]


def _warn_of_fixed_shapes(module: Any, inputs: tuple[Any, ...], why: str) -> None:
    shapes = ", ".join(str(list(value.shape)) for value in inputs)
    text = (
        f"{type(module).__name__} is compiled for inputs {shapes} alone, not for any number of samples: {why}"
    )
    warnings.warn(text, ModelWarning, stacklevel=2)


def _input_names(module: Any, count: int) -> list[str]:
    """Those of forward's arguments."""
    names = []
    for name, value in inspect.signature(module.forward).parameters.items():
        if value.kind in (value.POSITIONAL_ONLY, value.POSITIONAL_OR_KEYWORD):
            names.append(name)
    names += [f"input{i}" for i in range(len(names), count)]
    return names[:count]


def _output_names(outputs: Any) -> list[str]:
    """Keys of a dictionary; otherwise output, or output0, output1 …"""
    if isinstance(outputs, Mapping):
        return [str(key) for key in outputs]
    count = len(_leaves(outputs))
    return ["output"] if count == 1 else [f"output{i}" for i in range(count)]


def _by_tracing(
    module: Any, inputs: tuple[Any, ...], names: list[str], results: list[str], free: bool
) -> bytes:
    """By torch.jit's trace, whose graph is the plainest; refused where it would freeze a decision."""
    import onnx
    import torch

    file = io.BytesIO()
    frozen: type[Warning] = torch.jit.TracerWarning
    with silent(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", frozen)
        torch.onnx.export(
            module,
            inputs,
            file,
            dynamo=False,
            input_names=names,
            output_names=results,
            dynamic_axes={name: {0: "N"} for name in (*names, *results)} if free else None,
            # Parameters as they are, each under its name.
            do_constant_folding=False,
            training=torch.onnx.TrainingMode.PRESERVE,
        )
    torch_folder = os.path.dirname(torch.__file__)
    for warning in caught:
        # Within torch they are checks of sizes.
        if issubclass(warning.category, frozen) and not warning.filename.startswith(torch_folder):
            raise ValueError(str(warning.message).partition(". ")[0])
    model = onnx.load_from_string(file.getvalue())
    _name_all_parameters(model)
    return bytes(model.SerializeToString())


def _name_all_parameters(model: Any) -> None:
    """Gives each parameter its own initializer: the tracer keeps one of those with equal values."""
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in list(model.graph.node):
        if node.op_type == "Identity" and node.input[0] in stored:
            copy = model.graph.initializer.add()
            copy.CopyFrom(stored[node.input[0]])
            copy.name = node.output[0]
            model.graph.node.remove(node)


def _by_torch_export(
    module: Any, inputs: tuple[Any, ...], names: list[str], results: list[str], free: bool
) -> bytes:
    import onnxscript  # noqa: F401  torch names it too, but at the end of a long message
    import torch

    samples = torch.export.Dim("N")
    with silent(), contextlib.redirect_stderr(io.StringIO()):
        program = torch.onnx.export(
            module,
            inputs,
            dynamo=True,
            input_names=names,
            output_names=results,
            dynamic_shapes=tuple({0: samples} for _ in inputs) if free else None,
            optimize=False,
            verbose=False,
        )
    model = program.model_proto
    if free and not all(value.type.tensor_type.shape.dim[0].dim_param for value in model.graph.input):
        raise ValueError("the module decides by the number of samples")
    return bytes(model.SerializeToString())


def torch_module(net: Any) -> Any:
    """A torch.nn.Module whose forward calls the network, for comparing.

    It has no parameters and passes no gradients: tensors on the CPU, under torch.no_grad() where they
    require a gradient.
    """
    try:
        kind = _torch_module_class()
    except ImportError as error:
        raise missing(error, "torch_module", "torch") from None
    return kind(net)


@functools.cache
def _torch_module_class() -> Any:
    import torch

    class Compiled(torch.nn.Module):
        def __init__(self, net: Any):
            super().__init__()
            self.net = net

        def forward(self, *args: torch.Tensor, **named: torch.Tensor) -> Any:
            for value in (*args, *named.values()):
                if not isinstance(value, torch.Tensor):
                    raise Error(f"a tensor is expected, not {type(value).__name__}", 2)
                if value.device.type != "cpu":
                    hint = "x.cpu(): linnet computes on the CPU"
                    raise Error(f"a tensor is on {value.device}", 2, hint)
                if value.requires_grad and torch.is_grad_enabled():
                    raise Error("a compiled network passes no gradients", 2, "with torch.no_grad():")
            return self.net(*args, **named)

        def extra_repr(self) -> str:
            return str(self.net.signature)

    return Compiled


# ---- Keras ----

_KERAS_PACKAGES = {"torch": "torch onnx onnxscript", "jax": "jax2onnx", "tensorflow": "tf2onnx"}


def _of_keras(model: Any, example: Any) -> bytes:
    import keras

    backend = keras.backend.backend()
    if backend not in _KERAS_PACKAGES:
        hint = f"KERAS_BACKEND is one of {', '.join(_KERAS_PACKAGES)}"
        raise Error(f"Keras exports no ONNX from its backend {backend}", 3, hint)
    _call_once(model, example)
    with tempfile.TemporaryDirectory(prefix="linnet-") as folder:
        path = os.path.join(folder, "model.onnx")
        try:
            with silent():
                model.export(path, format="onnx", verbose=False)
        except ImportError as error:
            raise missing(error, f"Keras with {backend}", _KERAS_PACKAGES[backend]) from None
        except Exception as error:
            raise Error(f"Keras does not export {model.name}: {type(error).__name__}: {error}", 3) from error
        return _with_names_of_outputs(path, list(getattr(model, "output_names", ())))


def _with_names_of_outputs(path: str, names: list[str]) -> bytes:
    """The file with Keras' names in place of numbers."""
    import onnx

    model = onnx.load(path)
    graph = model.graph
    free = not {*names} & {name for node in graph.node for name in (*node.input, *node.output)}
    if free and len({*names}) == len(graph.output):
        called = {value.name: name for value, name in zip(graph.output, names)}
        for node in graph.node:
            node.input[:] = [called.get(name, name) for name in node.input]
            node.output[:] = [called.get(name, name) for name in node.output]
        for value in graph.output:
            value.name = called[value.name]
    return bytes(model.SerializeToString())


def _call_once(model: Any, example: Any) -> None:
    """Keras exports what has been called, for it then knows its inputs."""
    import keras

    if example is None:
        if not model.built or not getattr(model, "inputs", None):
            raise Error(
                f"Keras does not know the inputs of {model.name} yet",
                2,
                "keras.Input in front of it, or example inputs: linnet.compile(model, x)",
            )
        values = [keras.ops.zeros([size or 1 for size in value.shape], value.dtype) for value in model.inputs]
    else:
        values = list(example) if isinstance(example, (tuple, list)) else [example]
    with silent():
        model(values if len(values) > 1 else values[0])
