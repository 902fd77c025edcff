"""Models and weights, however they are given, as files that the compiler reads."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np

from . import _convert
from ._arrays import refuse_mask
from ._errors import Error, Names
from ._models import ENDINGS, is_text


@runtime_checkable
class SerializedProto(Protocol):
    """An onnx.ModelProto, without importing onnx."""

    def SerializeToString(self) -> bytes: ...


@runtime_checkable
class HasWeights(Protocol):
    """What `linnet.train` gives, or a torch.nn.Module."""

    def state_dict(self) -> Mapping[str, Any]: ...


FilePath: TypeAlias = str | os.PathLike[str]
# A path, the text of a .lin or .lir file, an onnx.ModelProto or its bytes; an object of torch, Keras or
# scikit-learn (_convert).
ModelLike: TypeAlias = FilePath | bytes | SerializedProto | Any
# A .safetensors file, or arrays by parameter: NumPy's, or a state_dict() of torch; or who has one.
WeightsLike: TypeAlias = FilePath | Mapping[str, Any] | HasWeights


class Source:
    """A model's file, its weights' file, and what users call them.

    What had to be written lies in a temporary folder that lives as long as this, and as what is made
    `within` it.
    """

    def __init__(
        self,
        model: ModelLike,
        example: Any = None,
        weights: WeightsLike | None = None,
        within: Source | None = None,
    ):
        self._folder: Path | None = None
        self._began_in = _current_folder()
        self._within = within
        self.names: Names = within.names if within else Names()
        self.path = self._model(model, example)
        self.weights: str | None = None
        if isinstance(weights, HasWeights):
            weights = weights.state_dict()
        if isinstance(weights, Mapping):
            self.weights = self.write_weights(weights)
        elif isinstance(weights, (str, os.PathLike)):
            self.weights = os.fspath(weights)
        elif weights is not None:
            kind = type(weights).__name__
            raise Error(f"weights: a .safetensors file or arrays by name are expected, given {kind}", 2)

    def file(self, name: str, called: str) -> Path:
        """A path in the temporary folder, which messages call by another name."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="linnet-"))
            self.names.add(f"{self._folder}{os.sep}", "")
            weakref.finalize(self, _remove, str(self._folder), os.getpid())
        path = self._folder / name
        self.names.add(str(path), called)
        return path

    def absolute(self, path: str) -> str:
        """Of a path that was given when this was made, however the process has moved since then."""
        whole = os.path.join(self._began_in, path)
        if whole != path:
            self.names.add(whole, path)
        return whole

    def write_weights(self, weights: Mapping[str, Any]) -> str:
        from safetensors.numpy import save_file

        path = self.file("weights.safetensors", "<weights>")
        save_file({name: array_of(value, f"weights: '{name}'") for name, value in weights.items()}, path)
        return str(path)

    def _model(self, model: ModelLike, example: Any) -> str:
        if isinstance(model, str) and is_text(model):
            return self._text(model)
        if isinstance(model, (str, os.PathLike)):
            path = os.fspath(model)
            if not path.endswith(ENDINGS):
                raise Error(f"{path}: a model ends in {', '.join(ENDINGS)}", 2)
            return f"./{path}" if path.startswith("-") else path  # no flag of the command
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
        path.write_bytes(text.encode("utf-8"))
        return str(path)


def _current_folder() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:  # removed: absolute paths are good all the same
        return ""


def _remove(folder: str, owner: int) -> None:
    """A process that was forked leaves it to the one that made it."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


def array_of(value: Any, what: str) -> np.ndarray[Any, np.dtype[Any]]:
    """A dense NumPy array, in the machine's byte order, of an array or of a tensor of torch."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    refuse_mask(value, what)
    array = np.asarray(value, order="C")  # ascontiguousarray makes [1] of a single number
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))
