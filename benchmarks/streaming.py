#!/usr/bin/env python3
"""Samples a second and memory of training with samples in memory and without:
benchmarks/streaming.py LINNET [--old LINNET].

Trainers of LeNet (uint8 pictures and f32 arrays) and of a small network on a CSV run by turns on
data that fit; of each the median of the epochs' samples a second and the most memory is told. --old
names a linnet to compare with that keeps all samples in memory; --cold drops the data from the
system's cache before each run.
"""

import argparse
import multiprocessing
import os
import re
import statistics
import subprocess
import tempfile
from pathlib import Path

EPOCH = re.compile(r"^epoch .* (\d+) samples/s$", re.MULTILINE)
ROOT = Path(__file__).resolve().parent.parent
TABLE = """model table(x: f32[N, 8]) -> y: f32[N, 1] {
  layer a = linear(64)
  layer b = linear(64)
  layer c = linear(1)
  x |> a |> relu |> b |> relu |> c
}
data table {
  x: table(columns: ["a", "b", "c", "d", "e", "f", "g", "h"], scale: standard)
  y: value("y")
}
train table { loss: mse; optimizer: adam(lr: 0.001); batch: 64; epochs: 1 }
"""


def make_data(folder: Path, samples: int) -> dict[str, Path]:
    """A path for each kind of data, with so many samples."""
    paths = {kind: folder / kind for kind in ("u8", "f32", "csv")}
    # In a process of its own: what this one has taken would count as its children's.
    process = multiprocessing.Process(target=write_data, args=(paths, samples))
    process.start()
    process.join()
    if process.exitcode != 0:
        raise SystemExit("the data could not be made")
    return paths


def write_data(paths: dict[str, Path], samples: int) -> None:
    import numpy as np

    random = np.random.default_rng(1)
    for path in paths.values():
        path.mkdir()
    pictures = random.integers(0, 256, (samples, 28, 28), dtype=np.uint8)
    classes = random.integers(0, 10, samples)
    for kind in ("u8", "f32"):
        np.save(paths[kind] / "logits.npy", classes)
    np.save(paths["u8"] / "image.npy", pictures)
    np.save(paths["f32"] / "image.npy", (pictures[:, None] / 255).astype(np.float32))
    rows = random.standard_normal((samples, 9))
    text = "\n".join(",".join(f"{number:.7f}" for number in row) for row in rows)
    (paths["csv"] / "train.csv").write_text(f"a,b,c,d,e,f,g,h,y\n{text}\n")


def drop(data: Path) -> None:
    """From the system's cache."""
    for path in data.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def run(trainer: Path, data: Path, flags: list[str], epochs: int) -> tuple[list[int], int]:
    """Rates of the epochs but the first, and the most memory in kB."""
    arguments = [trainer, "--data", data, "--epochs", str(epochs), *flags]
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            [*arguments, "-o", trainer.with_suffix(".safetensors")],
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        text = errors.read()
    if process.returncode != 0:
        raise SystemExit(text)
    return [int(rate) for rate in EPOCH.findall(text)][min(1, epochs - 1) :], usage.ru_maxrss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("linnet", type=Path)
    parser.add_argument("--old", type=Path)
    parser.add_argument("--samples", type=int, default=60_000)
    parser.add_argument("--epochs", type=int, default=4, help="of each turn")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cold", action="store_true")
    options = parser.parse_args()
    threads = ["--threads", str(options.threads)]
    ways = {"memory": ["--data-memory", "100000", *threads], "files": ["--data-memory", "1", *threads]}
    if options.old:
        ways["old"] = threads
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = make_data(folder, options.samples)
        lenet = (ROOT / "models" / "lenet.lin").read_text()
        trainers = {}
        for kind in data:
            for way in ways:
                model = folder / f"{kind}_{way}.lin"
                model.write_text(TABLE if kind == "csv" else lenet.replace("batch: 32;", "batch: 64;"))
                trainers[kind, way] = model.with_suffix("")
                compiler = options.old if way == "old" else options.linnet
                subprocess.run(
                    [compiler, "train", model, "--emit", "exe", "-o", trainers[kind, way]],
                    check=True,
                    stdout=subprocess.DEVNULL,
                )
        rates: dict[tuple[str, str], list[int]] = {key: [] for key in trainers}
        memory = dict.fromkeys(trainers, 0)
        for _ in range(options.turns):
            for (kind, way), trainer in trainers.items():
                if options.cold:
                    drop(data[kind])
                found, most = run(trainer, data[kind], ways[way], options.epochs)
                rates[kind, way] += found
                memory[kind, way] = max(memory[kind, way], most)
    print("samples/s, median of epochs (most memory)")
    print("data" + "".join(f"{way:>24}" for way in ways))
    for kind in data:
        cells = [
            f"{statistics.median(rates[kind, way]):.0f} ({memory[kind, way] / 1024:.0f} MiB)"
            for way in ways
        ]
        print(f"{kind:<4}" + "".join(f"{cell:>24}" for cell in cells))


if __name__ == "__main__":
    main()
