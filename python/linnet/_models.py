"""Models of callers that pickled objects carry with them."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ._errors import Error

ENDINGS = (".lin", ".onnx", ".lir")


def is_text(model: str) -> bool:
    """Is it a model itself, not the path of one?"""
    return "\n" in model or ("{" in model and not model.endswith(ENDINGS))


def quoted(text: str) -> str:
    """As the language writes a text."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def portable(model: str | os.PathLike[str]) -> str | bytes:
    """What a model is without its file: a .lin file's text, a .onnx file's bytes; a text as it is.

    A .lin file that names other files stays a path, an absolute one.
    """
    if isinstance(model, str) and is_text(model):
        return model
    if not isinstance(model, (str, os.PathLike)):
        raise Error(f"{type(model).__name__}: the path of a model, or the text of one, is expected", 2)
    path = Path(model)
    if not path.exists():
        raise Error(f"{path}: there is no such file", 1)
    if path.suffix == ".onnx":
        return path.read_bytes()
    text = path.read_text(encoding="utf-8")
    return str(path.absolute()) if re.search(r"\b(onnx|file)\s*\(", text) else text
