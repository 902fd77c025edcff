"""What the tests of the Python package share: models of the repository, compiled once."""

from __future__ import annotations

import os
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

SOURCE = Path(__file__).resolve().parents[2]
MODELS = SOURCE / "models"
DATA = MODELS / "data"
DIGITS = DATA / "digits"

# Two inputs and two outputs, with parameters; the batch is N.
TWO = """model two(a: f32[N, 4], b: f32[N, 3]) -> (sum: f32[N, 2], product: f32[N, 2]) {
  layer left = linear(2)
  layer right = linear(2)
  let x = left(a)
  let y = right(b)
  (x + y, x * y)
}
"""


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


def idx(path: Path) -> np.ndarray:
    """A file of MNIST's format."""
    data = path.read_bytes()
    rank = data[3]
    shape = struct.unpack(f">{rank}I", data[4 : 4 + 4 * rank])
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


@pytest.fixture(scope="session")
def images() -> np.ndarray:
    """The 360 test digits as the model sees them."""
    pixels = idx(DIGITS / "t10k-images-idx3-ubyte")
    return (pixels.astype(np.float32) * np.float32(1 / 255)).reshape(-1, 1, 28, 28)


@pytest.fixture(scope="session")
def lenet(cache: Path):
    import linnet

    return linnet.compile(MODELS / "lenet.lin", weights=DATA / "lenet.safetensors")


@pytest.fixture(scope="session")
def lenet_of_8(cache: Path):
    import linnet

    return linnet.compile(MODELS / "lenet.lin", weights=DATA / "lenet.safetensors", batch=8)


@pytest.fixture(scope="session")
def two(cache: Path):
    import linnet

    with pytest.warns(linnet.ModelWarning):
        return linnet.compile(TWO, seed=3)


def command(*words: object) -> subprocess.CompletedProcess[str]:
    """The command itself."""
    line = [os.environ["LINNET_COMMAND"], *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, check=True)


def run_by_command(model: Path, words: list[object], **inputs: np.ndarray) -> dict[str, np.ndarray]:
    """Outputs of `linnet run`, as it writes them."""
    out = Path("outputs")
    for name, array in inputs.items():
        np.save(f"{name}.npy", array)
        words = [*words, "--input", f"{name}={name}.npy"]
    command("run", model, *words, "--output-dir", out)
    return {path.stem: np.load(path) for path in out.glob("*.npy")}
