"""What goes wrong, as an exception with a place."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Error", "Message", "ModelWarning"]


@dataclass(frozen=True)
class Message:
    """One message of the compiler.

    Attributes:
        severity: "error", "warning" or "remark"; "note" within `notes`.
        text: what is wrong, without a place.
        file: the file it stands in; "<string>" of a model that was given as text; None without one.
        line: counted from 1; None where the message has no place in a text.
        column: counted from 1, in characters.
        place: what it is about where that is no text: a node of an ONNX model, a weights file.
        hint: what to do about it.
        notes: what else belongs to it, such as where a value comes from.
    """

    severity: str
    text: str
    file: str | None = None
    line: int | None = None
    column: int | None = None
    place: str | None = None
    hint: str | None = None
    notes: tuple[Message, ...] = ()

    def __str__(self) -> str:
        where = ""
        if self.file is not None:
            where = f"{self.file}:{self.line}:{self.column}: "
        elif self.place is not None:
            where = f"{self.place}: "
        notes = "".join(f"\nnote: {note}" for note in self.notes)
        hint = f"\nhint: {self.hint}" if self.hint else ""
        return f"{where}{self.text}{notes}{hint}"


class Error(Exception):
    """A model, a value or a call that is wrong.

    Attributes:
        messages: all errors of a model, each with its place; those below are the first one's.
        message: the text alone.
        file, line, column: where it stands in a model's text, both counted from 1; or None.
        place: what it is about where that is no text, such as a node of an ONNX model; or None.
        hint: what to do; or None.
        status: as the command exits: 1 the input is wrong, 2 the call is wrong, 3 valid but not
            supported, 4 the machine, 5 a bug of linnet. What does not compile within the process is 1.
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


class Names:
    """What users call files of a temporary folder: `<string>` for the file a text was written to."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def add(self, path: str, called: str) -> None:
        self._names[path] = called

    def renamed(self, text: str) -> str:
        """The text with those names; of a file in a folder the longer path goes first."""
        for path in sorted(self._names, key=len, reverse=True):
            text = text.replace(path, self._names[path])
        return text


def parse(text: str, names: Names) -> list[Message]:
    """The messages of `--diagnostics json`, one a line."""
    messages = []
    for line in text.splitlines():
        if not line.startswith("{"):
            continue  # progress, or what a library of the process printed
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            continue
        messages.append(_message(entry, names))
    return messages


def _message(entry: Mapping[str, Any], names: Names) -> Message:
    def named(key: str) -> str | None:
        text = entry.get(key)
        return None if text is None else names.renamed(text)

    return Message(
        entry["severity"],
        names.renamed(entry["message"]),
        named("file"),
        entry.get("line"),
        entry.get("column"),
        named("place"),
        named("help"),
        tuple(_message(note, names) for note in entry.get("notes", ())),
    )


def raise_errors(messages: list[Message], status: int) -> None:
    """Raises those that are errors, if there are any."""
    errors = [message for message in messages if message.severity == "error"]
    if errors:
        raise Error(errors, status)


_PACKAGE = os.path.dirname(__file__) + os.sep


def warn(messages: Iterable[Message]) -> None:
    """Warns of those that are warnings, at the line that called into the package."""
    depth = 1
    frame = sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
        depth += 1
    for message in messages:
        if message.severity == "warning":
            warnings.warn(str(message), ModelWarning, stacklevel=depth)
