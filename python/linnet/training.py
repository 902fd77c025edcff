"""Training, by the command's own loop: the same bits."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional, Union

import numpy as np

from . import _command
from ._errors import Error, parse, warn
from ._library import command
from ._options import Options
from ._ports import Array
from ._sources import ModelLike, Source, WeightsLike, array_of

__all__ = ["Epoch", "Training", "train"]

Path_ = Union[str, "os.PathLike[str]"]
Data = Union[Path_, tuple[Any, Any], Mapping[str, Any]]


@dataclass(frozen=True)
class Epoch:
    """One epoch of a run, from 1 on: the mean loss over its steps, the learning rate of its last.

    Accuracies are parts of 1, and None where the outputs are no classes; `validation_…` is None without
    validation samples.
    """

    number: int
    of: int
    loss: float
    lr: float
    accuracy: Optional[float] = None
    validation_loss: Optional[float] = None
    validation_accuracy: Optional[float] = None


@dataclass
class Training:
    """What a run came to."""

    path: str
    """The weights, a .safetensors file."""
    losses: Array
    """Of each step: float64[steps]."""
    learning_rates: Array
    """Of each step: float64[steps]."""
    report: dict[str, Any]
    """What `linnet train --json` says: scores of the training, validation and test samples."""
    interrupted: bool = False
    """True after KeyboardInterrupt: `report` is empty, and `resume=path` goes on."""
    _source: Optional[Source] = field(default=None, repr=False)

    def state_dict(self) -> dict[str, Array]:
        """Arrays by parameter's name, as PyTorch's `load_state_dict` takes them as tensors."""
        from safetensors.numpy import load_file

        return dict(load_file(self.path))


def train(
    model: ModelLike,
    data: Data,
    *,
    test: Optional[Data] = None,
    epochs: Optional[int] = None,
    steps: Optional[int] = None,
    batch: Optional[int] = None,
    dtype: Optional[str] = None,
    seed: int = 0,
    threads: int = 1,
    weights: Optional[WeightsLike] = None,
    resume: Optional[Path_] = None,
    out: Optional[Path_] = None,
    shuffle: bool = True,
    progress: bool = False,
    callback: Optional[Callable[[Epoch], Any]] = None,
    set: Mapping[str, Any] = {},
    bind: Mapping[str, Any] = {},
    cache: Union[bool, Path_] = True,
    flags: Sequence[str] = (),
) -> Training:
    """Trains a model by its train block: the same bits as `linnet train`.

    Args:
        model: a path of a .lin file or the text of one.
        data: a path as `linnet train --data` takes it; or arrays, (inputs, targets) or by name of
            input and output, whose dimension 0 counts the samples. Inputs are what the model sees:
            the `data` block scales files, not arrays. Targets of classes are integers.
        test: samples the result is measured on at the end; arrays only, beside arrays.
        epochs, steps: how long, instead of what the train block says.
        weights: to begin with.
        resume: a .ckpt file, or the result it stands beside.
        out: the .safetensors file; without it a temporary one that lives as long as the result.
        shuffle: False takes the samples in their order.
        progress: a line for each epoch on standard error, a bar on a terminal.
        callback: called after each epoch; if it returns True or raises, training ends with a
            checkpoint (`interrupted`).

    KeyboardInterrupt writes a checkpoint and returns what there is, with `interrupted` set.

    Raises:
        Error: if the model, its data or the machine does not allow it.
    """
    options = Options(
        batch=batch,
        dtype=dtype,
        seed=seed,
        threads=threads if threads != 1 else None,
        cache=cache,
        set=set,
        bind=bind,
        flags=flags,
    )
    source = Source(model, None, weights)
    words = ["train", source.path, *options.words()]
    words += ["--data", _data_path(source, data, test)]
    for name, value in (("epochs", epochs), ("steps", steps), ("resume", resume)):
        if value is not None:
            words += [f"--{name}", os.fspath(value) if name == "resume" else str(value)]
    if source.weights is not None:
        words += ["--init", source.weights]
    if not shuffle:
        words += ["--data-order", "file"]
    path = os.fspath(out) if out is not None else str(source.file("trained.safetensors", "<result>"))
    words += ["-o", path]
    log = source.file("steps.csv", "<steps>")
    words += ["--log-steps", str(log), "--json"]
    return _Run(source, words, path, log, progress, callback).result()


def _data_path(source: Source, data: Data, test: Optional[Data]) -> str:
    if isinstance(data, (str, os.PathLike)):
        if test is not None:
            raise Error("test: samples beside a path are the path's own test part", 2)
        return os.fspath(data)
    folder = source.file("data", "<data>")
    _write_arrays(source, folder, data)
    if test is not None:
        _write_arrays(source, folder / "test", test)
    return str(folder)


def _write_arrays(source: Source, folder: Path, data: Any) -> None:
    """NAME.npy for each input and output of the model."""
    takes, gives = _port_names(source)
    if isinstance(data, Mapping):
        arrays = dict(data)
        unknown = [name for name in arrays if name not in takes + gives]
        if unknown:
            names = ", ".join(takes + gives)
            raise Error(f"data: the model has no '{unknown[0]}'; it has {names}", 2)
    else:
        x, y = data
        given_inputs = x if isinstance(x, (tuple, list)) and len(takes) > 1 else [x]
        given_targets = y if isinstance(y, (tuple, list)) and len(gives) > 1 else [y]
        if len(given_inputs) != len(takes) or len(given_targets) != len(gives):
            raise Error(f"data: arrays for {', '.join(takes)} and {', '.join(gives)} are expected", 2)
        arrays = dict(zip(takes + gives, [*given_inputs, *given_targets]))
    folder.mkdir()
    for name, value in arrays.items():
        path = folder / f"{name}.npy"
        source.names[str(path)] = f"<{name}>"
        np.save(path, array_of(value))


def _port_names(source: Source) -> tuple[list[str], list[str]]:
    """Names of a model's inputs and outputs."""
    text, _ = _command.run(["check", source.path, "--json"], source.names)
    model = json.loads(text)
    return [port["name"] for port in model["inputs"]], [port["name"] for port in model["outputs"]]


# What the loop writes to standard error after each epoch (runtime/train/progress.cpp).
_EPOCH = re.compile(
    r"epoch (?P<number>\d+)/(?P<of>\d+)  lr (?P<lr>\S+)  loss (?P<loss>\S+)"
    r"(?:  penalty (?P<penalty>\S+))?(?:  accuracy (?P<accuracy>\S+) %)?"
    r"(?:  validation loss (?P<validation_loss>\S+)(?:  accuracy (?P<validation_accuracy>\S+) %)?)?"
)


def _epoch_of(line: str) -> Optional[Epoch]:
    match = _EPOCH.match(line)
    if match is None:
        return None

    def number(name: str) -> Optional[float]:
        return None if match[name] is None else float(match[name])

    def share(name: str) -> Optional[float]:
        percent = number(name)
        return None if percent is None else percent / 100

    return Epoch(
        int(match["number"]),
        int(match["of"]),
        float(match["loss"]),
        float(match["lr"]),
        share("accuracy"),
        number("validation_loss"),
        share("validation_accuracy"),
    )


class _Run:
    """The process that trains, and who watches it."""

    def __init__(
        self,
        source: Source,
        words: list[str],
        path: str,
        log: Path,
        progress: bool,
        callback: Optional[Callable[[Epoch], Any]],
    ):
        self._source, self._path, self._log = source, path, log
        self._progress, self._callback = progress, callback
        self._heard: list[str] = []
        self._stopped = False
        self._process = subprocess.Popen(
            [command(), *words, "--diagnostics", "json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,  # the terminal's interrupt reaches it through this process alone
        )

    def result(self) -> Training:
        """When it has ended; what a callback raises goes on from here, behind a checkpoint."""
        try:
            self._watch()
        except KeyboardInterrupt:
            self._stop()
            self._drain()
        except BaseException:
            self._stop()
            self._drain()
            raise
        finally:
            report = self._end()
        interrupted = self._stopped and not report
        if interrupted and not Path(f"{self._path}.ckpt").exists():
            raise KeyboardInterrupt  # before the first step: there is nothing to keep
        rates, losses = self._steps()
        return Training(self._path, losses, rates, report, interrupted, self._source)

    def _watch(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            epoch = _epoch_of(line)
            if self._progress and not line.startswith("{"):
                print(line, end="", file=sys.stderr, flush=True)
            if epoch is None:
                self._heard.append(line)
            elif self._callback is not None and self._callback(epoch):
                self._stop()

    def _stop(self) -> None:
        """The step ends, a checkpoint is written."""
        if not self._stopped:
            self._process.send_signal(signal.SIGINT)
        self._stopped = True

    def _drain(self) -> None:
        assert self._process.stderr is not None
        self._heard += self._process.stderr

    def _end(self) -> dict[str, Any]:
        """The report; empty if it was stopped. Raises what went wrong."""
        assert self._process.stdout is not None and self._process.stderr is not None
        text = self._process.stdout.read()
        status = self._process.wait()
        self._process.stdout.close()
        self._process.stderr.close()
        heard = "".join(self._heard)
        messages = parse(heard, self._source.names)
        if self._stopped and status in (130, -signal.SIGINT):
            return {}
        _command.check(status, messages, heard)
        warn(messages)
        report: dict[str, Any] = json.loads(text)
        return report

    def _steps(self) -> tuple[Array, Array]:
        """Learning rates and losses."""
        table = np.loadtxt(self._log, delimiter=",", skiprows=1, ndmin=2)
        if not table.size:
            table = table.reshape(0, 3)
        return table[:, 2], table[:, 1]
