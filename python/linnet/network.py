"""A model compiled into this process, and its calls."""

from __future__ import annotations

import ctypes
import json
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional, Union

import numpy as np

from . import _command, _html
from ._errors import Error, parse, raise_errors, warn
from ._library import ABI_VERSION, STATUS_TEXTS, Call, Steps, library, load
from ._options import Options
from ._ports import Array, Port, port_of
from ._sources import ModelLike, Source, WeightsLike

__all__ = ["Network", "State", "Stream", "compile"]

Path_ = Union[str, "os.PathLike[str]"]
# One output is an array; several are a dictionary by name. Tensors of torch, if an input was one.
Outputs = Any


def compile(
    model: ModelLike,
    example: Any = None,
    *,
    weights: Optional[WeightsLike] = None,
    batch: int = 1,
    dtype: Optional[str] = None,
    seed: int = 0,
    threads: int = 1,
    name: Optional[str] = None,
    target: Optional[str] = None,
    set: Mapping[str, Any] = {},
    bind: Mapping[str, Any] = {},
    map: Mapping[str, str] = {},
    cache: Union[bool, Path_] = True,
    flags: Sequence[str] = (),
) -> Network:
    """Compiles a model into this process.

    Args:
        model: a path of a .lin, .onnx or .lir file; the text of a .lin model; an onnx.ModelProto or
            its bytes; a torch.nn.Module (with `example`), a Keras model or a fitted scikit-learn
            estimator.
        example: inputs of a torch.nn.Module, a tensor or a tuple of them; their dimension 0 is the batch.
        weights: a .safetensors file, or arrays by parameter's name, as of `module.state_dict()`.
            Parameters that it lacks are an error; without weights they are initial values by `seed`.
        batch: samples of a call of the compiled code. A network takes any number of samples: as many
            whole batches as fit, then single ones.
        dtype: "f32" or "f64": what a model of f32 computes in.
        seed: of values that no weights give.
        threads: that a call may share its long kernels among. No bit depends on it.
        name: the prefix of symbols of what is saved; the model's own by default.
        target: a row of `linnet targets` that this machine runs; its own by default.
        set, bind, map: as --set, --bind and --map of the command, by name.
        cache: False compiles everything; a folder is used in place of ~/.cache/linnet.
        flags: further words of the command line, as `["--weights-dtype", "bf16"]`.

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
    return Network(Source(model, example, weights), options)


class _Memory:
    """Bytes from a multiple of `align` on."""

    def __init__(self, size: int, align: int):
        self._array = np.empty(size + align, np.uint8)
        start = -self._array.ctypes.data % align
        self.bytes = self._array[start : start + size]
        self.address: int = self._array.ctypes.data + start


class _Frame(threading.local):
    """What a thread's calls write to beside their outputs; made when a thread calls first."""

    def __init__(self, arena_bytes: int, align: int, inputs: int, outputs: int):
        self._arena = _Memory(arena_bytes, align)
        self.arena = self._arena.address
        self.inputs = (ctypes.c_void_p * inputs)()
        self.outputs = (ctypes.c_void_p * outputs)()
        self.inputs_at = ctypes.addressof(self.inputs)
        self.outputs_at = ctypes.addressof(self.outputs)


class Network:
    """A compiled model: call it with arrays.

    `net(x)`, `net(a, b)` in the order of `inputs`, or `net(image=x)` by name. Arrays are NumPy's, tensors
    of torch on the CPU, or anything that has `__dlpack__`; dense ones are read where they are. Their dtype
    must be the input's. Of a batched model, dimension 0 is any number of samples; of a model with state
    they are steps of time from the first state on. One output is an array, several are a dictionary.
    Calls may come from any number of threads and run side by side.
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
        self._handle = handle
        self._lib = library()
        self.messages = messages
        record = self._lib.linnet_model(handle).contents
        if record.abi != ABI_VERSION:
            raise Error(f"liblinnet.so has interface {record.abi}, not {ABI_VERSION}", 4)
        self._record = record
        self._entries = record.entries[: record.entry_count]
        self._align = record.arena_align
        self.name: str = record.name.decode()
        self.target: str = record.target.decode()
        self.batched = bool(record.batched)
        self.inputs = [port_of(port) for port in record.inputs[: record.input_count]]
        self.outputs = [port_of(port) for port in record.outputs[: record.output_count]]
        self._prepare_calls()
        warn(messages)

    def __del__(self) -> None:
        handle, self._handle = getattr(self, "_handle", None), None
        if handle is not None:
            self._lib.linnet_unload(handle)

    # ---- What it is ----

    @property
    def arena_bytes(self) -> int:
        """Working memory of a call, from `numpy` for each calling thread."""
        return int(max(entry.arena_bytes for entry in self._entries))

    @property
    def stack_bytes(self) -> int:
        """Stack that a call takes at most."""
        return int(max(entry.stack_bytes for entry in self._entries))

    @property
    def flops(self) -> int:
        """Floating-point operations of one sample."""
        return int(self._record.flops)

    @property
    def stateful(self) -> bool:
        """Has the model a state of its own?"""
        return bool(self._record.stateful)

    @property
    def signature(self) -> str:
        """`lenet(image: float32[N, 1, 28, 28]) -> (logits: float32[N, 10])`"""
        takes = ", ".join(port.text(self.batched) for port in self.inputs)
        gives = ", ".join(port.text(self.batched) for port in self.outputs)
        return f"{self.name}({takes}) -> ({gives})"

    @property
    def c_header(self) -> str:
        """The C99 header of its library."""
        return str(self._lib.linnet_header(self._handle).decode())

    def __repr__(self) -> str:
        return f"<linnet.Network {self.signature} for {self.target}>"

    def _repr_html_(self) -> str:
        return _html.network(self)

    # ---- Calls ----

    def _prepare_calls(self) -> None:
        single = self._entries[-1]
        whole = self._entries[0]
        # The case of most calls: one batch, or one sample, of dense arrays of the right type.
        self._calls = [Call(entry.call) for entry in self._entries]
        self._fast: dict[tuple[int, ...], tuple[Any, list[tuple[int, ...]]]] = {}
        self._one = (
            len(self.inputs) == 1 and len(self.outputs) == 1 and not self._record.stateful
        )
        if self._one:
            for entry, call in zip((single, whole), (self._calls[-1], self._calls[0])):
                shape = self._shape_of(self.inputs[0], entry.batch)
                result = self._shape_of(self.outputs[0], entry.batch)
                self._fast[shape] = (call, result)
            self._in_dtype = self.inputs[0].dtype
            self._out_dtype = self.outputs[0].dtype
        self._frame = _Frame(self.arena_bytes, self._align, len(self.inputs), len(self.outputs))

    def _shape_of(self, port: Port, samples: int) -> tuple[int, ...]:
        if not self.batched or not port.shape:
            return port.shape
        return (port.shape[0] * samples, *port.shape[1:])

    def __call__(self, *args: Any, **named: Any) -> Outputs:
        if self._one and len(args) == 1 and not named:
            x = args[0]
            if type(x) is np.ndarray and x.dtype is self._in_dtype:
                fast = self._fast.get(x.shape)
                if fast is not None and x.flags.c_contiguous:
                    call, shape = fast
                    frame = self._frame
                    y = np.empty(shape, self._out_dtype)
                    frame.inputs[0] = x.__array_interface__["data"][0]
                    frame.outputs[0] = y.__array_interface__["data"][0]
                    if call(frame.inputs_at, frame.outputs_at, None, frame.arena):
                        raise Error("the call failed", 5)
                    return y
        return self._call(args, named)

    def _call(self, args: tuple[Any, ...], named: Mapping[str, Any]) -> Outputs:
        given = self._given(args, named)
        arrays = [_dense(value, port) for value, port in zip(given, self.inputs)]
        samples = self._samples(arrays)
        results = [
            np.empty(self._result_shape(port, samples), port.dtype) for port in self.outputs
        ]
        if self.stateful:
            stream = Stream(self)
            stream._run(arrays, results, samples)
        else:
            self._run(arrays, results, samples)
        return _answer(results, self.outputs, given)

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
            wanted = port.shape
            fits = array.ndim == len(wanted)
            count = 1
            if fits and free and wanted and wanted[0]:
                count, rest = divmod(array.shape[0], wanted[0])
                fits = rest == 0 and array.shape[1:] == wanted[1:]
            else:
                fits = fits and array.shape == wanted
            if not fits:
                raise Error(
                    f"input '{port.text(free)}' is given {array.dtype.name}{list(array.shape)}", 2
                )
            if wanted:
                counts[port.name] = count
        if len({*counts.values()}) > 1:
            raise Error(f"inputs have different numbers of samples: {counts}", 2)
        return next(iter(counts.values()), 1)

    def _result_shape(self, port: Port, samples: int) -> tuple[int, ...]:
        if not (self.batched or self.stateful) or not port.shape:
            return port.shape
        return (port.shape[0] * samples, *port.shape[1:])

    def _run(self, arrays: Sequence[Array], results: Sequence[Array], samples: int) -> None:
        """The largest batch as often as it fits, then smaller ones."""
        if samples == 0:
            return
        frame = self._frame
        places = [(frame.inputs, i, a) for i, a in enumerate(arrays)]
        places += [(frame.outputs, i, a) for i, a in enumerate(results)]
        starts = [(pointers, i, a.ctypes.data, a.nbytes // samples) for pointers, i, a in places]
        done = 0
        for entry, call in zip(self._entries, self._calls):
            while samples - done >= entry.batch:
                for pointers, i, start, stride in starts:
                    pointers[i] = start + stride * done
                _check(call(frame.inputs_at, frame.outputs_at, None, frame.arena))
                done += entry.batch

    def stream(self) -> Stream:
        """Steps of time from the first state on; of models with state, or with windows over series."""
        return Stream(self)

    # ---- What the command makes of it ----

    def _words(self, command: str, *leave_out: str) -> list[str]:
        words = [command, self._source.path, *self._options.words(*leave_out)]
        if self._source.weights is not None:
            words += ["--weights", self._source.weights]
        return words

    def save(self, path: Path_, *flags: str) -> str:
        """Writes a product of the same model: its ending says which.

        .a (with NAME.h), .so (with NAME.h), .o (with NAME.h), .wasm (with .mjs and .d.mts), .c (with NAME.h);
        none: an executable. `flags` are further ones of `linnet compile`, as "--target", "x86-64-v3".
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

    def dump(self, after: Optional[str] = None) -> str:
        """The text of its IR behind a pass or a phase; of the last pass by default."""
        words = self._words("dump", "name")
        return _command.run([*words, *(["--after", after] if after else [])], self._source.names)[0]

    def bench(self, *flags: str) -> Bench:
        """Times the call and its kernels: what `linnet bench --json` measures, as a dictionary."""
        words = self._words("bench", "name")
        text, _ = _command.run([*words, "--json", *flags], self._source.names)
        return Bench(json.loads(text))


class Bench(dict[str, Any]):
    """What `linnet bench --json` says, shown as a table in notebooks."""

    def _repr_html_(self) -> str:
        return _html.bench(self)


class State:
    """A stream's state at one step: bytes without pointers, which may be pickled."""

    def __init__(self, data: bytes, steps: int):
        self.data, self.steps = data, steps

    def __eq__(self, other: object) -> bool:
        return isinstance(other, State) and (self.data, self.steps) == (other.data, other.steps)

    def __hash__(self) -> int:
        return hash((self.data, self.steps))


class Stream:
    """A model stepped through time.

    `step(x_t)` is one step; `step.run(xs)` takes arrays of as many steps as their dimension 0 says. Values
    are the model's: scaled where the data block says `scale: standard` (`net.inputs[0].scale`). While
    `step.steps < step.warmup` the windows are not full and outputs are NaN. One stream is one
    thread's; of a network there may be any number.
    """

    def __init__(self, net: Network):
        record = net._record
        if not record.stream:
            raise Error(f"{net.name} has neither a state nor windows over series", 2, "call net(x)")
        stream = record.stream.contents
        self._net = net
        self._windows = not record.stateful
        self._state = _Memory(stream.state_bytes, net._align)
        self._arena = _Memory(stream.arena_bytes, net._align)
        self._call, self._many = Call(stream.step), Steps(stream.steps)
        self._reset = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(stream.reset)
        self._check = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(stream.check)
        self._pointers = (ctypes.c_void_p * (len(net.inputs) + len(net.outputs)))()
        self._inputs_at = ctypes.addressof(self._pointers)
        self._outputs_at = self._inputs_at + len(net.inputs) * ctypes.sizeof(ctypes.c_void_p)
        self.warmup = int(stream.warmup)
        self.reset()

    def reset(self) -> None:
        """To the state before the first step."""
        self._reset(self._state.address)
        self.steps = 0

    def _shape(self, port: Port) -> tuple[int, ...]:
        return () if self._windows else port.shape

    def __call__(self, *args: Any, **named: Any) -> Outputs:
        given = self._net._given(args, named)
        arrays = []
        for value, port in zip(given, self._net.inputs):
            array = _dense(value, port)
            shape = self._shape(port)
            if array.size != int(np.prod(shape)):
                text = f"{port.dtype.name}{list(shape)}"
                raise Error(
                    f"a step of '{port.name}' is {text}, given {array.dtype.name}{list(array.shape)}", 2
                )
            arrays.append(array)
        results = [np.empty(port.shape, port.dtype) for port in self._net.outputs]
        self._point(arrays, results)
        _check(self._call(self._inputs_at, self._outputs_at, self._state.address, self._arena.address))
        self._after(results, 1)
        return _answer(results, self._net.outputs, given)

    def run(self, *args: Any, **named: Any) -> Outputs:
        """As many steps as dimension 0 of the arrays says; outputs have that dimension too."""
        given = self._net._given(args, named)
        arrays = [_dense(value, port) for value, port in zip(given, self._net.inputs)]
        counts = set()
        for array, port in zip(arrays, self._net.inputs):
            each = int(np.prod(self._shape(port)))
            steps = array.shape[0] if array.ndim else 0
            if array.ndim == 0 or array.size != steps * each:
                raise Error(
                    f"steps of '{port.name}' are {port.dtype.name}{['T', *self._shape(port)]}, "
                    f"given {array.dtype.name}{list(array.shape)}",
                    2,
                )
            counts.add(steps)
        if len(counts) != 1:
            raise Error(f"inputs have different numbers of steps: {sorted(counts)}", 2)
        steps = counts.pop()
        results = [np.empty((steps, *port.shape), port.dtype) for port in self._net.outputs]
        self._run(arrays, results, steps)
        return _answer(results, self._net.outputs, given)

    def _run(self, arrays: Sequence[Array], results: Sequence[Array], steps: int) -> None:
        self._point(arrays, results)
        at = (self._inputs_at, self._outputs_at, steps, self._state.address, self._arena.address)
        _check(self._many(*at))
        self._after(results, steps)

    def _point(self, arrays: Sequence[Array], results: Sequence[Array]) -> None:
        for i, array in enumerate((*arrays, *results)):
            self._pointers[i] = array.ctypes.data

    def _after(self, results: Sequence[Array], steps: int) -> None:
        empty = min(max(self.warmup - self.steps, 0), steps)
        for result in results:
            if empty and result.dtype.kind == "f":
                result.reshape(steps, -1)[:empty] = np.nan
        self.steps += steps

    def snapshot(self) -> State:
        """A copy of the state."""
        return State(self._state.bytes.tobytes(), self.steps)

    def restore(self, state: State) -> None:
        """Goes on from a snapshot, of any stream of the same model with the same weights."""
        if len(state.data) != self._state.bytes.size:
            raise Error(STATUS_TEXTS[-3], 1)
        memory = _Memory(len(state.data), self._net._align)
        memory.bytes[:] = np.frombuffer(state.data, np.uint8)
        _check(self._check(memory.address))
        self._state, self.steps = memory, state.steps


def _check(status: int) -> None:
    if status:
        raise Error(STATUS_TEXTS.get(status, f"the call returned {status}"), 1)


def _dense(value: Any, port: Port) -> Array:
    """The value as a dense array of the input's type, without a copy where it is one."""
    if isinstance(value, np.ndarray):
        array = value
    elif hasattr(value, "__dlpack__"):
        if hasattr(value, "detach"):  # torch does not export what requires a gradient
            value = value.detach()
        try:
            array = np.from_dlpack(value)
        except (BufferError, RuntimeError, TypeError) as error:
            raise Error(f"input '{port.name}': {error}", 2, "a tensor on the CPU is expected") from None
    else:
        array = np.asarray(value)
        if array.dtype.kind in "fiub" and array.dtype != port.dtype:  # numbers and lists of them
            array = array.astype(port.dtype)
    if array.dtype != port.dtype:
        raise Error(
            f"input '{port.name}' takes {port.dtype.name}, given {array.dtype.name}",
            2,
            f".astype(numpy.{port.dtype.name})",
        )
    return np.ascontiguousarray(array) if array.ndim else array


def _answer(results: Sequence[Array], ports: Sequence[Port], given: Sequence[Any]) -> Outputs:
    values: list[Any] = list(results)
    if any(type(value).__module__.partition(".")[0] == "torch" for value in given):
        import torch

        values = [torch.from_numpy(value) for value in values]
    if len(values) == 1:
        return values[0]
    return dict(zip((port.name for port in ports), values))
