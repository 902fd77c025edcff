#!/usr/bin/env python3
"""Samples a second of LeNet's training by shards and threads: benchmarks/shards.py LINNET.

Trainers are compiled once each and take turns, so that what else the machine does meets all of
them; of each the median and the best of its epochs is told.
"""

import argparse
import re
import statistics
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EPOCH = re.compile(r"^epoch .* (\d+) samples/s$", re.MULTILINE)


def model_text(batch: int, shards: int) -> str:
    text = (ROOT / "models" / "lenet.lin").read_text()
    changed = text.replace("batch: 32;", f"batch: {batch}; shards: {shards};")
    if changed == text:
        raise SystemExit("models/lenet.lin has no 'batch: 32;'")
    return changed


def rates(trainer: Path, threads: int, epochs: int) -> list[int]:
    """Of each epoch but the first, which meets cold memory."""
    run = subprocess.run(
        [trainer, "--data", ROOT / "models" / "data" / "digits", "--threads", str(threads)]
        + ["--epochs", str(epochs), "-o", trainer.with_suffix(".safetensors")],
        check=True,
        capture_output=True,
        text=True,
    )
    return [int(rate) for rate in EPOCH.findall(run.stderr)][1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("linnet", type=Path)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--shards", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--epochs", type=int, default=20, help="of each turn")
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        trainers = {}
        for shards in options.shards:
            model = Path(folder) / f"lenet_{shards}.lin"
            model.write_text(model_text(options.batch, shards))
            trainers[shards] = model.with_suffix("")
            subprocess.run(
                [options.linnet, "train", model, "--emit", "exe", "-o", trainers[shards]],
                check=True,
                stdout=subprocess.DEVNULL,
            )
        seen: dict[tuple[int, int], list[int]] = {}
        for _ in range(options.turns):
            for shards, trainer in trainers.items():
                for threads in options.threads:
                    seen.setdefault((shards, threads), []).extend(
                        rates(trainer, threads, options.epochs)
                    )
    print(f"LeNet, batches of {options.batch}: samples/s, median (best) of epochs")
    print("shards" + "".join(f"{f'{n} threads':>24}" for n in options.threads))
    for shards in options.shards:
        cells = [seen[shards, threads] for threads in options.threads]
        texts = [f"{statistics.median(cell):.0f} ({max(cell)})" for cell in cells]
        print(f"{shards:>6}" + "".join(f"{text:>24}" for text in texts))


if __name__ == "__main__":
    main()
