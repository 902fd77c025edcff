"""A model compiled into this process, and its calls."""

from __future__ import annotations

import ctypes
import functools
import json
import os
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from . import _command, _html
from ._arrays import ALIGN, SMALL, Memory, address, answer, dense, refuse_mask
from ._errors import Error, Message, parse, raise_errors, warn
from ._library import ABI_VERSION, Call, CModel, check, library, load
from ._options import Options
from ._ports import Array, Port, port_of
from ._sources import FilePath, ModelLike, Source, WeightsLike
from .streaming import Stream

__all__ = ["Bench", "Network", "compile"]

_ndarray, _addressof, _from_buffer = np.ndarray, ctypes.addressof, ctypes.c_char.from_buffer
# One output is an array; several are a dictionary by name. Tensors of torch, if an input was one.
Outputs = Any


def compile(
    model: ModelLike,
    example: Any = None,
    *,
    weights: WeightsLike | None = None,
    batch: int = 1,
    dtype: str | None = None,
    seed: int = 0,
    threads: int = 1,
    name: str | None = None,
    target: str | None = None,
    set: Mapping[str, Any] = {},
    bind: Mapping[str, Any] = {},
    map: Mapping[str, str] = {},
    cache: bool | FilePath = True,
    flags: Sequence[str] = (),
) -> Network:
    """Compiles a model into this process.

    Args:
        model: a path of a .lin, .onnx or .lir file; the text of a .lin model; an onnx.ModelProto or
            its bytes; a torch.nn.Module (with `example`), a Keras model or a fitted scikit-learn
            estimator.
        example: inputs of a torch.nn.Module, a tensor or a tuple of them; their dimension 0 is the batch.
        weights: a .safetensors file; arrays by parameter's name, as of `module.state_dict()`; or what has
            such a function, as the result of `linnet.train`.
            Parameters that it lacks are an error; without weights they are initial values by `seed`,
            and a ModelWarning says so.
        batch: samples of a call of the compiled code. A network takes any number of samples: as many
            whole batches as fit, then single ones.
        dtype: "f32" or "f64": what a model of f32 computes in.
        seed: of values that no weights give.
        threads: that a call may share its long kernels among. No bit depends on it.
        name: the prefix of symbols of what is saved; the model's own by default.
        target: a row of `linnet targets` that this machine runs; its own by default.
        set: values of the model's settings, by name.
        bind: sizes of dimensions, or values of inputs, by name.
        map: names of parameters by the names that the weights have for them.
        cache: False compiles everything; a folder is used in place of ~/.cache/linnet.
        flags: further words of the command line, as `["--weights-dtype", "bf16"]`.

    Returns:
        The network. What is compiled lives as long as it does.

    Raises:
        Error: with file, line, column and hint, if nothing can be made of the model.
    """
    options = Options(
        batch=batch,
        dtype=dtype,
        seed=seed,
        threads=threads if threads != 1 else None,
        name=name,
        target=target,
        cache=cache,
        set=set,
        bind=bind,
        map=map,
        flags=flags,
    )
    net = Network(Source(model, example, weights), options)
    warn(net.messages)
    return net


class _Frame(threading.local):
    """What calls of a thread write to beside their outputs; made when a thread calls first.

    A call keeps the memory itself, not its address alone: when the interpreter ends it takes away what is
    local to threads that still run.
    """

    def __init__(self, arena_bytes: int, align: int, fast: Mapping[tuple[int, ...], tuple[Any, ...]]):
        self.memory = Memory(arena_bytes, align)
        starts, ends = (ctypes.c_void_p * 1)(), (ctypes.c_void_p * 1)()
        mine = starts, ends, ctypes.addressof(starts), ctypes.addressof(ends), self.memory
        # What a call of one array needs, by one look-up of what is the thread's.
        self.fast = {shape: (*entry, *mine) for shape, entry in fast.items()}


class Network:
    """A compiled model, of `linnet.compile`: call it with arrays.

    Calls may come from any number of threads and run side by side, without the interpreter's lock; each
    thread has working memory of its own, taken when it calls first and given back when it ends.

    Attributes:
        name: the model's, or what `compile` was told.
        inputs: what a call takes, in order.
        outputs: what it gives.
        batched: whether dimension 0 of every input and output counts samples, of which a call takes any
            number. Otherwise shapes are as they are.
        untrained: whether parameters are initial values, for no weights were given.
        target: the CPU it is compiled for.
        messages: what the compiler said, warnings among it.
    """

    def __init__(self, source: Source, options: Options):
        self._source = source
        self._options = options
        words = [source.path, *options.words()]
        if source.weights is not None:
            words += ["--weights", source.weights]
        handle, text = load(words)
        messages = parse(text, source.names)
        if handle is None:
            raise_errors(messages, 1)
            raise Error("the model was not compiled: out of memory", 4)
        self._handle: int | None = handle
        self._lib = library()
        self.messages = messages
        record: CModel = self._lib.linnet_model(handle).contents
        if record.abi != ABI_VERSION or record.size < ctypes.sizeof(CModel):
            raise Error(f"liblinnet.so has interface {record.abi}, not {ABI_VERSION}", 4)
        self._record = record
        self._entries = record.entries[: record.entry_count]
        self._align = int(record.arena_align)
        self.name: str = record.name.decode()
        self.untrained = bool(record.untrained)
        self.target: str = record.target.decode()
        self.batched = bool(record.batched)
        self.inputs = [port_of(port) for port in record.inputs[: record.input_count]]
        self.outputs = [port_of(port) for port in record.outputs[: record.output_count]]
        self._prepare_calls()
        if self.untrained:
            text = f"{self.name} is untrained: its parameters are initial values"
            messages.append(Message("warning", text, hint="give weights="))

    def __del__(self) -> None:
        handle, self._handle = getattr(self, "_handle", None), None
        if handle is not None:
            self._lib.linnet_unload(handle)

    def __copy__(self) -> Network:
        return self  # nothing of it changes

    def __deepcopy__(self, memo: Any) -> Network:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a linnet.Network is not pickled: save() it, or compile it again where it is needed")

    # ---- What it is ----

    @property
    def arena_bytes(self) -> int:
        """Working memory that a call takes, in bytes; each calling thread has as much."""
        return int(max(entry.arena_bytes for entry in self._entries))

    @property
    def stack_bytes(self) -> int:
        """Stack that a call takes at most, in bytes."""
        return int(max(entry.stack_bytes for entry in self._entries))

    @property
    def flops(self) -> int:
        """Floating-point operations of one sample."""
        return int(self._record.flops)

    @property
    def stateful(self) -> bool:
        """Whether the model has a state, which `stream()` keeps from step to step."""
        return bool(self._record.stateful)

    @property
    def signature(self) -> str:
        """Inputs and outputs: `lenet(image: float32[N, 1, 28, 28]) -> (logits: float32[N, 10])`."""
        takes = ", ".join(port.text(self.batched) for port in self.inputs)
        gives = ", ".join(port.text(self.batched) for port in self.outputs)
        return f"{self.name}({takes}) -> ({gives})"

    @functools.cached_property
    def c_header(self) -> str:
        """The C99 header of its library, as `save("NAME.a")` writes it beside that."""
        path = self._source.file("header.o", "<header>")
        _command.run([*self._words("compile"), "--emit", "obj", "-o", str(path)], self._source.names)
        return path.with_name(f"{self.name}.h").read_text(encoding="utf-8")

    def __repr__(self) -> str:
        return f"<linnet.Network {self.signature} for {self.target}>"

    def _repr_html_(self) -> str:
        return _html.network(self)

    # ---- Calls ----

    def _prepare_calls(self) -> None:
        self._calls = [(entry.batch, Call(entry.call)) for entry in self._entries]
        # The case of most calls: one array of one sample, or of a whole batch. By shape: the entry, the
        # input's dtype, the result's shape, its dtype and its memory's type (None: too large for ctypes,
        # which clears it).
        fast: dict[tuple[int, ...], tuple[Any, ...]] = {}
        if len(self.inputs) == 1 and len(self.outputs) == 1 and not self.stateful:
            takes, gives = self.inputs[0], self.outputs[0]
            for batch, call in self._calls:
                shape = self._shape_of(gives, batch)
                size = int(np.prod(shape)) * gives.dtype.itemsize
                memory = ctypes.c_char * size if 0 < size <= SMALL else None
                fast[self._shape_of(takes, batch)] = (call, takes.dtype, shape, gives.dtype, memory)
        self._frame = _Frame(self.arena_bytes, self._align, fast)

    def _shape_of(self, port: Port, samples: int) -> tuple[int, ...]:
        if self.stateful and not port.shape:  # a number of each step
            return (samples,)
        if not (self.batched or self.stateful) or not port.shape:
            return port.shape
        return (port.shape[0] * samples, *port.shape[1:])

    def __call__(self, /, *args: Any, **named: Any) -> Outputs:
        """Calls the compiled code.

        Args:
            *args: an array for each input, in their order: NumPy's, tensors of torch on the CPU, or
                anything that has `__dlpack__`, with the input's dtype; dense ones are read where they
                are. Numbers and lists of them take the input's dtype. Of a batched model dimension 0
                is any number of samples; of a model with state it is steps of time from the first
                state on.
            **named: the same by name.

        Returns:
            The output as a new array; a dictionary by name where there are several; tensors of torch,
            if an input is one.

        Raises:
            Error: if an input is missing, unknown, or of another dtype or shape.
        """
        if len(args) == 1 and not named:
            x = args[0]
            if type(x) is _ndarray:
                fast = self._frame.fast.get(x.shape)
                if fast is not None:
                    call, takes, shape, gives, memory, starts, ends, starts_at, ends_at, arena = fast
                    if x.dtype is takes:
                        try:  # the address; refused of arrays that are read-only or have gaps
                            start = _addressof(_from_buffer(x))  # type: ignore[arg-type]
                        except (TypeError, ValueError):
                            start = 1
                        if not start % ALIGN:
                            if memory is None:
                                y = np.empty(shape, gives)
                                end = address(y)
                            else:
                                block = memory()
                                y = _ndarray(shape, gives, block)
                                end = _addressof(block)
                            # From here to the call no handler of a signal comes between.
                            starts[0] = start
                            ends[0] = end
                            if status := call(starts_at, ends_at, None, arena.address):
                                check(status)
                            return y
        return self._call(args, named)

    def _call(self, args: tuple[Any, ...], named: Mapping[str, Any]) -> Outputs:
        given = self._given(args, named)
        arrays = [dense(value, port) for value, port in zip(given, self.inputs)]
        samples = self._samples(arrays)
        results = [np.empty(self._shape_of(port, samples), port.dtype) for port in self.outputs]
        if self.stateful:
            Stream(self)._run(arrays, results, samples)
        else:
            self._run(arrays, results, samples)
        return answer(results, self.outputs, given)

    def _given(self, args: tuple[Any, ...], named: Mapping[str, Any]) -> list[Any]:
        """The values by the order of the inputs."""
        ports = self.inputs
        if len(args) > len(ports):
            raise Error(f"{self.signature} takes {len(ports)} inputs, not {len(args)}", 2)
        values = dict(zip((port.name for port in ports), args))
        for name, value in named.items():
            if all(port.name != name for port in ports):
                known = ", ".join(port.name for port in ports)
                raise Error(f"{self.name} has no input '{name}'; it has {known}", 2)
            if name in values:
                raise Error(f"input '{name}' is given twice", 2)
            values[name] = value
        for port in ports:
            if port.name not in values:
                raise Error(f"no input '{port.text(self.batched)}'", 2, f"{self.signature}")
        return [values[port.name] for port in ports]

    def _samples(self, arrays: Sequence[Array]) -> int:
        """How many there are; Error if a shape is none of the model's."""
        counts: dict[str, int] = {}
        free = self.batched or self.stateful
        for array, port in zip(arrays, self.inputs):
            wanted = port.shape or ((1,) if self.stateful else ())
            fits = array.ndim == len(wanted)
            count = 1
            if fits and free and wanted and wanted[0]:
                count, rest = divmod(array.shape[0], wanted[0])
                fits = rest == 0 and array.shape[1:] == wanted[1:]
            else:
                fits = fits and array.shape == wanted
            if not fits:
                raise Error(f"input '{port.text(free)}' is given {array.dtype.name}{list(array.shape)}", 2)
            if wanted:
                counts[port.name] = count
        if len({*counts.values()}) > 1:
            raise Error(f"inputs have different numbers of samples: {counts}", 2)
        return next(iter(counts.values()), 1)

    def _run(self, arrays: Sequence[Array], results: Sequence[Array], samples: int) -> None:
        """The largest batch as often as it fits, then smaller ones."""
        if samples == 0:
            return
        places = [(address(array), array.nbytes // samples) for array in (*arrays, *results)]
        count = len(arrays)
        arena = self._frame.memory
        done = 0
        for batch, call in self._calls:
            while samples - done >= batch:
                at = [start + stride * done for start, stride in places]
                starts = (ctypes.c_void_p * count)(*at[:count])
                ends = (ctypes.c_void_p * len(results))(*at[count:])
                check(call(starts, ends, None, arena.address))
                done += batch

    def stream(self) -> Stream:
        """A new stream of steps of time, from the first state on.

        Raises:
            Error: if the model has neither a state nor windows over series.
        """
        return Stream(self)

    # ---- What the command makes of it ----

    def _words(self, command: str, *leave_out: str) -> list[str]:
        words = [command, self._source.absolute(self._source.path), *self._options.words(*leave_out)]
        if self._source.weights is not None:
            words += ["--weights", self._source.absolute(self._source.weights)]
        return words

    def save(self, path: FilePath, *flags: str) -> str:
        """Writes a product of the same model, which runs without Python.

        Args:
            path: its ending says what it is: .a, .so and .o are libraries and an object, .c portable C,
                all with a header beside them that is called after the model; .wasm is WebAssembly with an
                ES module (.mjs) and its types; without an ending it is an executable.
            *flags: further words of `linnet compile`, as `"--target", "x86-64-v3"`.

        Returns:
            The path.

        Raises:
            Error: if it cannot be made or written; no file is left then.
        """
        path = os.fspath(path)
        emits = {".a": "lib", ".so": "shared", ".o": "obj", ".wasm": "wasm", ".c": "c", "": "exe"}
        ending = Path(path).suffix
        if ending not in emits:
            kinds = ", ".join(ending for ending in emits if ending)
            raise Error(f"{path}: an ending {kinds} or none is expected", 2)
        words = self._words("compile", *(("target", "threads") if ending in (".wasm", ".c") else ()))
        _command.run([*words, "--emit", emits[ending], "-o", path, *flags], self._source.names)
        return path

    def dump(self, after: str | None = None) -> str:
        """The text of the model's IR (docs/lir.md).

        Args:
            after: behind this pass or phase of `linnet passes`, as "fuse_pool" or "imported"; behind the
                last one by default.

        Raises:
            Error: if there is no such pass.
        """
        words = self._words("dump", "name", "cache")
        return _command.run([*words, "--after", after or "planned"], self._source.names)[0]

    def bench(self, *flags: str) -> Bench:
        """Times a call and its kernels, in a process of its own.

        Args:
            *flags: further words of `linnet bench`.

        Returns:
            What `linnet bench --json` says, with "median_ns" of the call and of each of its "kernels".
        """
        words = self._words("bench", "name")
        text, _ = _command.run([*words, "--json", *flags], self._source.names)
        return Bench(json.loads(text))

    def report(self, path: FilePath, *flags: str, inputs: Mapping[str, Any] | None = None) -> str:
        """Writes a page that shows what became of the model, and why (docs/report.md).

        Args:
            path: the page, for a browser; its data alone if the name ends in .json.
            *flags: further words of `linnet report`, as `"--no-times"`.
            inputs: arrays by name, for the values shown; random ones by default. Dimension 0 counts
                samples where the model is batched, and steps of time where it has a state.

        Returns:
            The path.

        Raises:
            Error: if it cannot be made or written; no file is left then.
        """
        path = os.fspath(path)
        words = [*self._words("report", "name"), "-o", path]
        with tempfile.TemporaryDirectory(prefix="linnet-") as folder:
            for number, (name, value) in enumerate((inputs or {}).items()):
                refuse_mask(value, f"inputs: '{name}'")
                file = os.path.join(folder, f"{number}.npy")
                np.save(file, np.asarray(value))
                words += ["--input", f"{name}={file}"]
            _command.run([*words, *flags], self._source.names)
        return path


class Bench(dict[str, Any]):
    """What `linnet bench --json` says, shown as a table in notebooks."""

    def _repr_html_(self) -> str:
        return _html.bench(self)
