"""Models and weights, however they are given, as files that the compiler reads."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, Union, runtime_checkable

import numpy as np

from . import _convert
from ._errors import Error

ENDINGS = (".lin", ".onnx", ".lir")


@runtime_checkable
class SerializedProto(Protocol):
    """An onnx.ModelProto, without importing onnx."""

    def SerializeToString(self) -> bytes: ...


# A path, the text of a .lin or .lir file, an onnx.ModelProto or its bytes; an object of torch, Keras or
# scikit-learn (_convert).
ModelLike = Union[str, os.PathLike[str], bytes, SerializedProto, Any]
# A .safetensors file, or arrays by parameter: NumPy's, or a state_dict() of torch.
WeightsLike = Union[str, os.PathLike[str], Mapping[str, Any]]


class Source:
    """A model's file, its weights' file, and what users call them.

    What had to be written lies in a temporary folder that lives as long as this.
    """

    def __init__(self, model: ModelLike, example: Any = None, weights: WeightsLike | None = None):
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.names: dict[str, str] = {}  # of files in that folder: what messages call them
        self.path = self._model(model, example)
        self.weights: str | None = None
        if isinstance(weights, Mapping):
            self.weights = self.write_weights(weights)
        elif weights is not None:
            self.weights = os.fspath(weights)

    def file(self, name: str, called: str) -> Path:
        """A path in the temporary folder, which messages call by another name."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="linnet-")
        path = Path(self._folder.name) / name
        self.names[str(path)] = called
        return path

    def write_weights(self, weights: Mapping[str, Any]) -> str:
        from safetensors.numpy import save_file

        path = self.file("weights.safetensors", "<weights>")
        save_file({name: array_of(value) for name, value in weights.items()}, path)
        return str(path)

    def _model(self, model: ModelLike, example: Any) -> str:
        if isinstance(model, str) and ("\n" in model or "{" in model):
            return self._text(model)
        if isinstance(model, (str, os.PathLike)):
            path = os.fspath(model)
            if not path.endswith(ENDINGS):
                raise Error(f"{path}: a model ends in {', '.join(ENDINGS)}", 2)
            return path
        called = f"<{type(model).__name__}>"
        if isinstance(model, bytes):
            data = model
        elif isinstance(model, SerializedProto):
            data = model.SerializeToString()
        else:
            data = _convert.to_onnx(model, example)
        path = self.file("model.onnx", called)
        path.write_bytes(data)
        return str(path)

    def _text(self, text: str) -> str:
        ending = "lir" if re.search(r"^\s*module\b", text, re.MULTILINE) else "lin"
        name = re.search(r"\bmodel\s+([A-Za-z_]\w*)", text)
        path = self.file(f"{name[1] if name else 'model'}.{ending}", "<string>")
        path.write_text(text, encoding="utf-8")
        return str(path)


def array_of(value: Any) -> np.ndarray[Any, np.dtype[Any]]:
    """A dense NumPy array of an array or of a tensor of torch."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    return np.ascontiguousarray(value)
