"""What benchmarks/scale.py measures: steps, messages, and trainers by one and several processes."""

import json
import os
import re
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import link
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
EPOCH = re.compile(r"^epoch .* (\d+) samples/s$", re.MULTILINE)
STRONG_SHARDS = 8  # of 8 samples each, where trainers are measured
DELAY, RATE = 1e-3, 12.5e6  # seconds and bytes a second between namespaces
TIMEOUT = 300  # seconds of a run
PATIENCE = 5  # seconds from what a program prints last to its end
JSON = re.compile(r"^\{.*\}$", re.MULTILINE)
DONE = re.compile(r"^written |\]\}$", re.MULTILINE)


def first(count: int, mpi: str = "", place: str = "memory") -> list[str]:
    """The words that put so many processes before others' work, where that is allowed. At real-time
    priority what waits without rest keeps its core from whom it waits for: other processes, where
    they are more than cores, and MPICH's own thread for TCP."""
    if os.geteuid() != 0:
        return []
    real_time = count <= (os.cpu_count() or 1) and (place == "memory" or mpi == "openmpi")
    return ["chrt", "-f", "10"] if real_time else ["nice", "-n", "-10"]


def model_text(model: str, batch: int, shards: int) -> str:
    """The model of models/, its batch in shards; ResNet-18 for pictures of 32 × 32 in ten classes."""
    text = (ROOT / "models" / f"{'latent_ar' if model == 'gru' else model}.lin").read_text()
    if model == "resnet18":
        text = text.replace("size: int = 224, classes: int = 1000", "size: int = 32, classes: int = 10")
    changed = re.sub(r"\bbatch: \d+;", f"batch: {batch}; shards: {shards};", text)
    if changed == text:
        raise SystemExit(f"the train block of {model} has no 'batch:'")
    return changed


def write_model(folder: Path, model: str, samples: int, shards: int) -> Path:
    path = folder / f"{model}_{samples}_{shards}.lin"
    path.write_text(model_text(model, samples * shards, shards))
    return path


def data_of(model: str, folder: Path) -> Path:
    if model == "gru":
        return ROOT / "models" / "data" / "visitors.csv"
    if model != "resnet18":
        return ROOT / "models" / "data" / "digits"
    path = folder / "pictures"
    if not path.exists():
        path.mkdir()
        random = np.random.default_rng(1)
        np.save(path / "image.npy", random.random((256, 3, 32, 32), dtype=np.float32))
        np.save(path / "logits.npy", random.integers(0, 10, 256))
    return path


def launcher(mpi: str, folder: Path, place: str) -> tuple[list[str], dict[str, str]]:
    """The words ahead of programs that talk to each other at that place, and their environment."""
    environment = dict(os.environ, LINNET_MPI=str(folder / f"{mpi}.so"))
    if mpi == "mpich":
        if place != "memory":
            devices = "lo" if place == "tcp" else "linnet"
            environment.update(UCX_TLS="tcp,self", UCX_NET_DEVICES=devices, MPIR_CVAR_NOLOCAL="1")
        return ["mpirun.mpich", "-launcher", "fork"], environment
    words = ["mpirun.openmpi", "--oversubscribe"]
    if os.geteuid() == 0:
        words.append("--allow-run-as-root")
    if place != "memory":
        words += ["--mca", "pml", "ob1", "--mca", "btl", "tcp,self"]
        words += ["--mca", "btl_tcp_if_include", "lo" if place == "tcp" else "linnet"]
    if place not in ("memory", "tcp"):  # the launcher is reached by the same network
        words = [*link.inside(0), *words, "--mca", "oob_tcp_if_include", "linnet"]
        environment.update(PMIX_MCA_ptl_base_if_include="linnet", PMIX_MCA_ptl_base_remote_connections="1")
    return words, environment


def started(mpi: str, folder: Path, place: str, count: int, program: list[str]) -> str:
    """What so many processes print, on both streams."""
    words, environment = launcher(mpi, folder, place)
    if place in ("memory", "tcp"):
        words += ["-n", str(count), *program]
    else:
        for node in range(count):
            words += [":"] if node else []
            words += ["-n", "1", *link.inside(node), *program]
    ended = ["timeout", "--signal=TERM", "--kill-after=5", str(TIMEOUT)]
    words = [*first(count, mpi, place), *ended, *words]
    printed = folder / "printed"
    printed.unlink(missing_ok=True)
    with printed.open("a") as file:  # each writes to its end
        process = subprocess.Popen(words, env=environment, stdout=file, stderr=file)
    # MPICH 4.0.2 does not always come back from MPI_Finalize where it speaks TCP.
    after = 0.0
    while process.poll() is None and after < PATIENCE:
        time.sleep(0.2)
        after += 0.2 if DONE.search(printed.read_text()) else 0
    finished = after >= PATIENCE
    if finished:
        process.terminate()
    status = process.wait()
    text = printed.read_text()
    if status != 0 and not finished:
        raise SystemExit(f"{' '.join(words)}\n{text}")
    return text


def step_ms(log: str, batch: int) -> float:
    """Of the epochs but the first."""
    rates = [int(rate) for rate in EPOCH.findall(log)]
    return batch / statistics.median(rates[1:]) * 1e3


class Trainers:
    """Measures steps, by turns."""

    def __init__(self, build: Path, folder: Path) -> None:
        self.linnet, self.folder = build / "linnet", folder
        self.ms: dict[tuple[str, str, int, str, str], list[float]] = {}

    def trainer(self, model: str, samples: int, shards: int) -> Path:
        path = write_model(self.folder, model, samples, shards)
        program = path.with_suffix("")
        if not program.exists():
            words = [str(word) for word in (self.linnet, "train", path, "--emit", "exe", "-o", program)]
            subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        return program

    def run(self, model: str, mode: str, count: int, place: str, mpi: str) -> None:
        samples, shards = (32, count) if mode == "weak" else (8, STRONG_SHARDS)
        program = self.trainer(model, samples, shards)
        epochs = 12 if place == "memory" and model != "resnet18" else 3 if place == "memory" else 2
        words = [str(program), "--data", str(data_of(model, self.folder)), "--epochs", str(epochs)]
        words += ["-o", str(program.with_suffix(".safetensors"))]
        if count == 1:
            log = subprocess.run([*first(1), *words], check=True, capture_output=True, text=True).stderr
        else:
            log = started(mpi, self.folder, place, count, words)
        ms = step_ms(log, samples * shards)
        self.ms.setdefault((model, mode, count, place, mpi), []).append(ms)

    def rows(self) -> list[dict[str, Any]]:
        return [{"case": case, "ms": statistics.median(ms)} for case, ms in self.ms.items()]


@contextmanager
def delayed(count: int) -> Iterator[bool]:
    """Namespaces with a network; False where there can be none."""
    try:
        with link.network(count, DELAY, RATE):
            yield True
    except OSError as error:
        print(f"not measured between network namespaces: {error}")
        yield False


def measure(build: Path, models: list[str], rounds: int, path: Path) -> None:
    """Into `path`, after each round anew."""
    folder = build.resolve() / "scale"
    folder.mkdir(exist_ok=True)
    programs = build.resolve() / "benchmarks"
    mpis = [mpi for mpi in ("openmpi", "mpich") if shutil.which(f"mpicc.{mpi}")]
    for mpi in mpis:
        words = [f"mpicc.{mpi}", "-std=c99", "-O2", "-fPIC", "-shared", "-I", str(ROOT)]
        words += [str(ROOT / "runtime" / "mpi" / "linnet_mpi.c"), "-o", str(folder / f"{mpi}.so")]
        subprocess.run(words, check=True)
    work: dict[str, dict[str, Any]] = {}
    for model in models:
        for samples, blocks in ((8, STRONG_SHARDS), (32, 1)):
            path_of_model = write_model(folder, model, samples, 2)
            words = [*first(1), str(programs / "step_times"), str(path_of_model), str(blocks)]
            done = subprocess.run(words, check=True, capture_output=True, text=True)
            work.setdefault(model, {})[str(samples)] = json.loads(done.stdout)
    messages = {}
    place_of_delay = "1 ms"
    with delayed(4) as there:
        places = ["memory", "tcp"] + ([place_of_delay] if there else [])
        for place in places:
            for mpi in mpis:
                print(f"messages: {mpi}, {place}", flush=True)
                printed = started(mpi, folder, place, 2, [str(programs / "message_times")])
                messages[f"{mpi}, {place}"] = json.loads(JSON.findall(printed)[0])
        trainers = Trainers(build, folder)
        for number in range(rounds):
            for model in models:
                for mode in ("weak", "strong"):
                    print(f"round {number + 1}: {model}, {mode}", flush=True)
                    trainers.run(model, mode, 1, "memory", "")
                    for place in places:
                        if place == "tcp" or (place == place_of_delay and number > 0):
                            continue
                        for mpi in mpis:
                            # MPICH's processes do not all end where four of them speak TCP.
                            four = place == "memory" or mpi == "openmpi"
                            for count in (2, 4) if four else (2,):
                                trainers.run(model, mode, count, place, mpi)
            measured = {"cores": os.cpu_count(), "work": work, "messages": messages}
            path.write_text(json.dumps({**measured, "runs": trainers.rows()}, indent=1))
