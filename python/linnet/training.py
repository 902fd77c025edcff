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
from typing import Any, TypeAlias

import numpy as np

from . import _command
from ._errors import Error, parse, warn
from ._library import command
from ._options import Options
from ._ports import Array
from ._sources import FilePath, ModelLike, Source, WeightsLike, array_of

__all__ = ["Epoch", "Training", "train"]

Data: TypeAlias = FilePath | tuple[Any, Any] | Mapping[str, Any]


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
    accuracy: float | None = None
    validation_loss: float | None = None
    validation_accuracy: float | None = None


_BEST = "best/"  # of the best epoch so far, in a checkpoint
# In the text of the IR (docs/lir.md).
_PARAMETER = re.compile(r'^slot (?:frozen )?(?:param|buffer) @(?:"([^"]+)"|([^\s:]+)):', re.MULTILINE)


@dataclass
class Training:
    """What a run came to.

    Attributes:
        path: the weights, a .safetensors file; beside it, in `path + ".ckpt"`, what `resume` goes on from.
            A temporary file, if `out` was not given, that lives as long as this.
        losses: of each step of this run: float64[steps].
        learning_rates: of each step of this run: float64[steps].
        report: what `linnet train --json` says: "steps", "epochs", "best_epoch", "stopped_early", and for
            "train", "validation" and "test" the "loss" and, of classes, the "accuracy" with its 95 %
            "interval".
        interrupted: True after KeyboardInterrupt or where a callback ended it: `report` is empty, only
            the checkpoint is written, and `resume=` goes on.
    """

    path: str
    losses: Array
    learning_rates: Array
    report: dict[str, Any]
    interrupted: bool = False
    _source: Source | None = field(default=None, repr=False)
    _model: tuple[str, ...] = field(default=(), repr=False)  # words of the command that name it

    def state_dict(self) -> dict[str, Array]:
        """Arrays by parameter's name, of the checkpoint if the run was interrupted.

        Where there is a validation part they are those of the best epoch so far. As tensors
        (`torch.from_numpy`) they are what PyTorch's `load_state_dict` takes.
        """
        from safetensors.numpy import load_file

        if not self.interrupted:
            return dict(load_file(self.path))
        state = load_file(f"{self.path}.ckpt")
        best = {name.removeprefix(_BEST): x for name, x in state.items() if name.startswith(_BEST)}
        return best or {name: state[name] for name in self._parameters()}

    def _parameters(self) -> list[str]:
        """Names of what the weights file will hold, for the checkpoint has the optimizer's too."""
        assert self._source is not None
        text, _ = _command.run(["dump", *self._model], self._source.names)
        return [match[1] or match[2] for match in _PARAMETER.finditer(text)]


def train(
    model: ModelLike,
    data: Data,
    *,
    test: Data | None = None,
    epochs: int | None = None,
    steps: int | None = None,
    batch: int | None = None,
    dtype: str | None = None,
    seed: int = 0,
    threads: int = 1,
    weights: WeightsLike | None = None,
    resume: FilePath | Training | None = None,
    out: FilePath | None = None,
    shuffle: bool = True,
    progress: bool = False,
    callback: Callable[[Epoch], Any] | None = None,
    set: Mapping[str, Any] = {},
    bind: Mapping[str, Any] = {},
    cache: bool | FilePath = True,
    flags: Sequence[str] = (),
) -> Training:
    """Trains a model by its train block: the same bits as `linnet train`.

    It runs in a process of its own. KeyboardInterrupt ends it behind the step it is at: a checkpoint is
    written, and what there is comes back, with `interrupted` set; a second one kills it.

    Args:
        model: a path of a .lin file, or the text of one.
        data: a path as `linnet train --data` takes it; or arrays, a pair (inputs, targets) or by name of
            input and output, whose dimension 0 counts the samples. Arrays are what the model sees, but
            for uint8 ones of an input that `data` calls image(…): these are pictures, [N, height, width]
            or with channels behind, decoded as files are; and columns of table(scale: standard), which
            are scaled as those of files. Targets of classes are integers.
        test: samples that the result is measured on at the end; arrays only, beside arrays.
        epochs: passes over the samples, instead of what the train block says.
        steps: steps in all, instead of epochs.
        batch: samples of a step, instead of what the train block says.
        dtype: "f32" or "f64": what a model of f32 is trained in.
        seed: of initial values, the order of samples, and noise.
        threads: that work on a step. No bit depends on it.
        weights: to begin with: a .safetensors file, or arrays by parameter's name.
        resume: what to go on from: an interrupted result, a .ckpt file, or the path it stands beside.
        out: the .safetensors file to write; without it a temporary one that lives as long as the result.
        shuffle: False takes the samples in their order.
        progress: a line for each epoch on standard error.
        callback: called after each epoch. If it returns True, training ends there, with a checkpoint; so
            it does if it raises, and what it raises goes on.
        set: values of the model's settings, by name.
        bind: sizes of dimensions, by name.
        cache: False compiles everything; a folder is used in place of ~/.cache/linnet.
        flags: further words of the command line, as `["--plot", "curves.svg"]`.

    Returns:
        The weights' path, the losses, and the scores.

    Raises:
        Error: if the model, its data or the machine does not allow it.
        KeyboardInterrupt: if it came before there was a checkpoint.
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
    words += ["--data", _data_path(source, options, data, test)]
    for name, value in (("epochs", epochs), ("steps", steps)):
        if value is not None:
            words += [f"--{name}", str(value)]
    if resume is not None:
        words += ["--resume", resume.path if isinstance(resume, Training) else os.fspath(resume)]
    if source.weights is not None:
        words += ["--init", source.weights]
    if not shuffle:
        words += ["--data-order", "file"]
    path = os.fspath(out) if out is not None else str(source.file("trained.safetensors", "<result>"))
    words += ["-o", path]
    log = source.file("steps.csv", "<steps>")
    words += ["--log-steps", str(log), "--json"]
    result = _Run(source, words, path, log, progress, callback).result()
    result._model = (source.path, *_shape_words(options))
    return result


def _shape_words(options: Options) -> list[str]:
    """Of the options, what says which model it is."""
    return Options(dtype=options.dtype, set=options.set, bind=options.bind).words()


def _data_path(source: Source, options: Options, data: Data, test: Data | None) -> str:
    if isinstance(data, (str, os.PathLike)):
        if test is not None:
            raise Error("test: samples beside a path are the path's own test part", 2)
        return os.fspath(data)
    folder = source.file("data", "<data>")
    ports = _port_names(source, options)
    _write_arrays(source, folder, ports, data, "data")
    if test is not None:
        _write_arrays(source, folder / "test", ports, test, "test")
    return str(folder)


def _write_arrays(
    source: Source, folder: Path, ports: tuple[list[str], list[str]], data: Any, what: str
) -> None:
    """NAME.npy for each input and output of the model."""
    takes, gives = ports
    if isinstance(data, Mapping):
        arrays = dict(data)
        names = ", ".join(takes + gives)
        for name in arrays:
            if name not in takes + gives:
                raise Error(f"{what}: the model has no '{name}'; it has {names}", 2)
        for name in takes + gives:
            if name not in arrays:
                raise Error(f"{what}: '{name}' is missing; the model has {names}", 2)
    else:
        expected = (
            f"{what}: arrays (inputs, targets) for {', '.join(takes)} and {', '.join(gives)} are expected"
        )
        if not isinstance(data, (tuple, list)) or len(data) != 2:
            raise Error(expected, 2)
        x, y = data
        inputs = x if isinstance(x, (tuple, list)) and len(takes) > 1 else [x]
        targets = y if isinstance(y, (tuple, list)) and len(gives) > 1 else [y]
        if len(inputs) != len(takes) or len(targets) != len(gives):
            raise Error(expected, 2)
        arrays = dict(zip(takes + gives, [*inputs, *targets]))
    folder.mkdir()
    for name, value in arrays.items():
        path = folder / f"{name}.npy"
        source.names.add(str(path), f"<{name}>" if what == "data" else f"<{what} {name}>")
        array = array_of(value, f"{what}: '{name}'")
        if array.dtype.kind not in "fiub":
            raise Error(f"{what}: '{name}' is {array.dtype.name}; numbers are expected", 2)
        np.save(path, array)


def _port_names(source: Source, options: Options) -> tuple[list[str], list[str]]:
    """Names of a model's inputs and outputs."""
    words = ["check", source.path, *_shape_words(options), "--json"]
    model = json.loads(_command.run(words, source.names)[0])
    return [port["name"] for port in model["inputs"]], [port["name"] for port in model["outputs"]]


# What the loop writes to standard error after each epoch (runtime/train/progress.cpp).
_EPOCH = re.compile(
    r"epoch (?P<number>\d+)/(?P<of>\d+)  lr (?P<lr>\S+)  loss (?P<loss>\S+)"
    r"(?:  penalty (?P<penalty>\S+))?(?:  accuracy (?P<accuracy>\S+) %)?"
    r"(?:  validation loss (?P<validation_loss>\S+)(?:  accuracy (?P<validation_accuracy>\S+) %)?)?"
)


def _epoch_of(line: str) -> Epoch | None:
    match = _EPOCH.match(line)
    if match is None:
        return None

    def number(name: str) -> float | None:
        return None if match[name] is None else float(match[name])

    def share(name: str) -> float | None:
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
        callback: Callable[[Epoch], Any] | None,
    ):
        self._source, self._path, self._log = source, path, log
        self._progress, self._callback = progress, callback
        self._heard: list[str] = []
        self._stopped = False
        self._process = subprocess.Popen(
            [command(), *words, "--diagnostics", "json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # the terminal's interrupt reaches it through this process alone
        )

    def result(self) -> Training:
        """When it has ended; what a callback raises goes on from here, behind a checkpoint."""
        by_keyboard = False
        try:
            try:
                self._watch()
            except KeyboardInterrupt:
                by_keyboard = True
                self._stop()
                self._drain()
            except BaseException:
                self._stop()
                self._drain()
                self._process.wait()
                raise
            report = self._end()
        finally:
            self._close()
        if by_keyboard and self._process.returncode == -signal.SIGINT:
            raise KeyboardInterrupt  # outside the loop of steps: there is no checkpoint of this run
        interrupted = self._stopped and not report
        rates, losses = self._steps()
        return Training(self._path, losses, rates, report, interrupted, self._source)

    def _watch(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            epoch = _epoch_of(line)
            if epoch is None or self._stopped:
                self._heard.append(line)
            if self._stopped:
                continue  # what it wrote until it heard of that
            if self._progress and not line.startswith("{"):
                print(line, end="", file=sys.stderr, flush=True)
            if epoch is None or self._callback is None or not self._callback(epoch):
                continue
            if epoch.number < epoch.of:  # the last one ends by itself
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
        assert self._process.stdout is not None
        text = self._process.stdout.read()
        status = self._process.wait()
        heard = "".join(self._heard)
        messages = parse(heard, self._source.names)
        if self._stopped and status in (128 + signal.SIGINT, -signal.SIGINT):
            return {}
        _command.check(status, messages, heard)
        warn(messages)
        report: dict[str, Any] = json.loads(text)
        return report

    def _close(self) -> None:
        """Nothing of it is left, however it ended: a second interrupt comes here while it runs."""
        assert self._process.stdout is not None and self._process.stderr is not None
        if self._process.poll() is None:
            self._process.kill()
        self._process.stdout.close()
        self._process.stderr.close()
        self._process.wait()

    def _steps(self) -> tuple[Array, Array]:
        """Learning rates and losses."""
        rows = [line.split(",") for line in self._log.read_text(encoding="utf-8").splitlines()[1:]]
        table = np.array(rows, np.float64).reshape(len(rows), 3)
        return table[:, 2], table[:, 1]
