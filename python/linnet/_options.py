"""Keyword arguments as words of the command line."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Options:
    """What `linnet.compile` and `linnet.train` take beside a model, by the command's names."""

    batch: int | None = None
    dtype: str | None = None
    seed: int | None = None
    threads: int | None = None
    name: str | None = None
    target: str | None = None
    cache: bool | str | os.PathLike[str] = True
    set: Mapping[str, Any] = field(default_factory=dict)
    bind: Mapping[str, Any] = field(default_factory=dict)
    map: Mapping[str, str] = field(default_factory=dict)
    flags: Sequence[str] = ()

    def words(self, *leave_out: str) -> list[str]:
        """Flags and their values, but for those that a command does not take."""
        words: list[str] = []
        for name in ("batch", "dtype", "seed", "threads", "name", "target"):
            value = getattr(self, name)
            if value is not None and name not in leave_out:
                words += [f"--{name}", str(value)]
        for name in ("set", "bind", "map"):
            for key, value in getattr(self, name).items():
                text = str(value).lower() if isinstance(value, bool) else str(value)
                words += [f"--{name}", f"{key}={text}"]
        if "cache" in leave_out or self.cache is True:
            pass
        elif self.cache is False:
            words += ["--no-cache"]
        else:
            words += ["--cache", os.fspath(self.cache)]
        return words if "flags" in leave_out else words + list(self.flags)

    def of_machine(self) -> Options:
        """Those that do not say which model is compiled: of the text of its IR, which is one already."""
        return Options(seed=self.seed, threads=self.threads, target=self.target, cache=self.cache)
