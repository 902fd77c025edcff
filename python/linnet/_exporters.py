"""What exporters of every package have in common."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator

from ._errors import Error


def missing(error: ImportError, what: str, packages: str) -> Error:
    return Error(f"{what} needs a package that is not installed: {error}", 4, f"pip install {packages}")


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Without what exporters print and warn of on the way."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
