#!/usr/bin/env python3
"""Training by processes of MPI on one machine: samples a second of 1 and 2 processes, and how much of a
step stands behind its last kernel (sums, messages) when gradients go early and when they go at the end.

  mpi.py LINNET [--rounds N] [--mpi openmpi|mpich]

Needs build/liblinnet-mpi.so of that MPI (`make mpi`), or LINNET_MPI. Trainers run by turns.
"""
import argparse
import os
import re
import statistics
import subprocess
import tempfile

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), ".."))
DATA = os.path.join(ROOT, "models", "data", "digits")
HEAD = """data NAME { image: image(color: gray, scale: 1/255); logits: classes(labels: 0..9) }
train NAME { loss: cross_entropy; optimizer: sgd(lr: 0.01, momentum: 0.9); batch: 256; shards: 8; epochs: 40 }
"""
LENET = """model lenet(image: f32[N, 1, 28, 28]) -> logits: f32[N, 10] {
  layer conv1 = conv2d(6, kernel_size: 5, padding: 2)
  layer conv2 = conv2d(16, kernel_size: 5)
  layer fc1 = linear(120)
  layer fc2 = linear(84)
  layer fc3 = linear(10)
  let features = image |> conv1 |> relu |> max_pool2d(2) |> conv2 |> relu |> max_pool2d(2)
  features |> flatten |> fc1 |> relu |> fc2 |> relu |> fc3
}
"""
MLP = """model mlp(image: f32[N, 1, 28, 28]) -> logits: f32[N, 10] {
  layer fc1 = linear(256)
  layer fc2 = linear(128)
  layer fc3 = linear(10)
  image |> flatten |> fc1 |> relu |> fc2 |> relu |> fc3
}
"""
WIDE = """model wide(image: f32[N, 1, 28, 28]) -> logits: f32[N, 10] {
  layer conv = conv2d(16, kernel_size: 5)
  layer fc1 = linear(256)
  layer fc2 = linear(10)
  image |> conv |> relu |> max_pool2d(2) |> flatten |> fc1 |> relu |> fc2
}
"""


def trained(program, folder, count, mpi, times):
    """Samples a second of the epochs, and the seconds and the part of them behind the kernels."""
    words = [program, "--data", DATA, "-o", os.path.join(folder, "w")]
    environment = dict(os.environ, LINNET_MPI_TIMES=times)
    if count > 1:
        words = [f"mpirun.{mpi}", "-n", str(count), *(["--allow-run-as-root"] if mpi == "openmpi" else []), *words]
        environment.setdefault("LINNET_MPI", os.path.join(ROOT, "build", "liblinnet-mpi.so"))
    log = subprocess.run(words, env=environment, check=True, capture_output=True, text=True).stderr
    rates = [float(rate) for rate in re.findall(r"(\d+) samples/s", log)]
    found = re.search(r"note: ([\d.]+) s, of which ([\d.]+) s behind", log)
    return statistics.median(rates), float(found[2]) if found else 0.0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("linnet")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mpi", default="mpich", choices=("openmpi", "mpich"))
    options = parser.parse_args()
    print("model   1 process   2, at the end   2, early   behind the kernels: at the end   early   hidden")
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("lenet", LENET), ("mlp", MLP), ("wide", WIDE)):
            path = os.path.join(folder, name)
            with open(path + ".lin", "w", encoding="utf8") as file:
                file.write(text + HEAD.replace("NAME", name))
            subprocess.run([options.linnet, "train", path + ".lin", "--emit", "exe", "-o", path], check=True)
            rows = {}
            for _ in range(options.rounds):
                for count, times in ((1, "early"), (2, "late"), (2, "early")):
                    rows.setdefault((count, times), []).append(
                        trained(path, folder, count, options.mpi, times))
            steps = 40 * (1437 // 256)
            rate = {case: statistics.median(r for r, _ in row) for case, row in rows.items()}
            behind = {case: statistics.median(s for _, s in row) / steps * 1e6 for case, row in rows.items()}
            late, early = behind[2, "late"], behind[2, "early"]
            print(f"{name:6} {rate[1, 'early']:10.0f} {rate[2, 'late']:15.0f} {rate[2, 'early']:10.0f} "
                  f"{late:29.0f} µs {early:6.0f} µs {100 * (1 - early / late):5.0f} %")


if __name__ == "__main__":
    main()
