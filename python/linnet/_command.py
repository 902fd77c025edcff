"""The command `linnet` as a process of its own: for what writes files, and what may be interrupted."""

from __future__ import annotations

import subprocess

from ._errors import Error, Message, Names, parse, raise_errors
from ._library import command


def run(words: list[str], names: Names) -> tuple[str, list[Message]]:
    """Standard output and messages of `linnet …`; Error if it ends with another status than 0."""
    line = [command(), *words, "--diagnostics", "json"]
    done = subprocess.run(line, capture_output=True, encoding="utf-8", errors="replace", check=False)
    messages = parse(done.stderr, names)
    check(done.returncode, messages, done.stderr)
    return done.stdout, messages


def check(status: int, messages: list[Message], text: str) -> None:
    """Raises the errors of a process that ended with a status other than 0."""
    if status == 0:
        return
    raise_errors(messages, status)
    raise Error(text.strip() or f"linnet ended with status {status}", status)
