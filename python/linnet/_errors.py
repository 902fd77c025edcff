"""What goes wrong, as an exception with a place."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Error", "Message", "ModelWarning"]


@dataclass(frozen=True)
class Message:
    """One message of the compiler.

    `file`, `line` and `column` (both counted from 1) are None where it has no place in a text;
    `place` then may name a node of an ONNX model or a file.
    """

    severity: str
    text: str
    file: str | None = None
    line: int | None = None
    column: int | None = None
    place: str | None = None
    hint: str | None = None

    def __str__(self) -> str:
        where = ""
        if self.file is not None:
            where = f"{self.file}:{self.line}:{self.column}: "
        elif self.place is not None:
            where = f"{self.place}: "
        hint = f"\nhint: {self.hint}" if self.hint else ""
        return f"{where}{self.text}{hint}"


class Error(Exception):
    """A model, a value or a call that is wrong.

    The attributes are those of the first error: `message` (the text alone), `file`, `line`, `column`,
    `hint`. `messages` has all of them. `status` is the command's exit status: 1 the input is wrong, 2
    the call is wrong, 3 valid but not supported, 4 the machine, 5 a bug of linnet.
    """

    def __init__(self, messages: list[Message] | str, status: int = 1, hint: str | None = None):
        if isinstance(messages, str):
            messages = [Message("error", messages, hint=hint)]
        self.messages = messages
        self.status = status
        first = messages[0]
        self.message = first.text
        self.file, self.line, self.column = first.file, first.line, first.column
        self.place, self.hint = first.place, first.hint
        super().__init__("\n".join(map(str, messages)))

    def __reduce__(self) -> tuple[type[Error], tuple[list[Message], int]]:
        return type(self), (self.messages, self.status)


class ModelWarning(UserWarning):
    """What the compiler warns of: a model that compiles, but may not be what was meant."""


def parse(text: str, names: Mapping[str, str]) -> list[Message]:
    """The messages of `--diagnostics json`, a line each; `names` says what files are called for users."""

    def named(path: str | None) -> str | None:
        return None if path is None else names.get(path, path)

    def renamed(text: str) -> str:
        for path, name in names.items():
            text = text.replace(path, name)
        return text

    messages = []
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            continue  # what a library of the process printed
        hint = entry.get("help")
        messages.append(
            Message(
                entry["severity"],
                renamed(entry["message"]),
                named(entry.get("file")),
                entry.get("line"),
                entry.get("column"),
                named(entry.get("place")),
                renamed(hint) if hint else None,
            )
        )
    return messages


def raise_errors(messages: list[Message], status: int) -> None:
    """Raises those that are errors, if there are any."""
    errors = [message for message in messages if message.severity == "error"]
    if errors:
        raise Error(errors, status)


def warn(messages: list[Message]) -> None:
    """Warns of those that are warnings, at the caller of the package."""
    package = (os.path.dirname(__file__),)
    depth = 2
    import sys

    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(package):
        frame = frame.f_back
        depth += 1
    for message in messages:
        if message.severity == "warning":
            warnings.warn(str(message), ModelWarning, stacklevel=depth - 1)
