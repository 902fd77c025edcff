"""What the tests of other packages share; the rest is tests/python/conftest.py's."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests" / "python_extras"))
os.environ.setdefault("KERAS_BACKEND", "torch")


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("LINNET_COMMAND", str(SOURCE / "build" / "linnet"))
    os.environ.setdefault("LINNET_LIBRARY", str(SOURCE / "build" / "liblinnet.so"))


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of this run's own: nothing is read of the user's."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["XDG_CACHE_HOME"] = str(folder)
    return folder


@pytest.fixture(autouse=True)
def in_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is written by a relative path goes there."""
    monkeypatch.chdir(tmp_path)
