"""Models stepped through time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from ._arrays import Memory, answer, dense, pointers
from ._errors import Error
from ._library import STATUS_TEXTS, Call, Check, Reset, Steps, check
from ._ports import Array

if TYPE_CHECKING:
    from .network import Network

__all__ = ["State", "Stream"]

_STATE_INVALID = -3


class State:
    """A stream's state at one step, of `Stream.snapshot()`.

    It holds no pointers: it may be pickled, kept in a file, and restored in another process into a
    stream of the same model with the same weights.

    Attributes:
        data: the bytes.
        steps: how many steps the stream had made.
    """

    def __init__(self, data: bytes, steps: int):
        self.data, self.steps = data, steps

    def __eq__(self, other: object) -> bool:
        return isinstance(other, State) and (self.data, self.steps) == (other.data, other.steps)

    def __hash__(self) -> int:
        return hash((self.data, self.steps))

    def __repr__(self) -> str:
        return f"<linnet.State of {len(self.data)} bytes after {self.steps} steps>"


class Stream:
    """A model stepped through time, of `Network.stream()`.

    A model with a state takes and gives at each step what its signature says. One without, that reads
    windows over series, takes the newest value of each series and keeps the windows itself. Values are
    the model's: scaled where the data block says `scale: standard` (`net.inputs[0].scale`).

    One stream belongs to one thread at a time; of a network there may be any number.

    Attributes:
        steps: how many were made since the first state.
        warmup: of so many first steps the windows are not yet full, and outputs of floats are NaN.
    """

    def __init__(self, net: Network):
        record = net._record
        if not record.stream:
            raise Error(f"{net.name} has neither a state nor windows over series", 2, "call net(x)")
        stream = record.stream.contents
        self._net = net
        self._windows = not record.stateful
        self._shapes = [() if self._windows else port.shape for port in net.inputs]
        self._sizes = [int(np.prod(shape)) for shape in self._shapes]
        self._align = net._align
        self._state = Memory(stream.state_bytes, self._align)
        self._arena = Memory(stream.arena_bytes, self._align)
        self._call, self._many = Call(stream.step), Steps(stream.steps)
        self._reset, self._check = Reset(stream.reset), Check(stream.check)
        self.warmup = int(stream.warmup)
        self.steps = 0
        self.reset()

    def __copy__(self) -> Stream:
        """Another stream of the same network, at the same step."""
        copied = Stream(self._net)
        copied.restore(self.snapshot())
        return copied

    def __deepcopy__(self, memo: Any) -> Stream:
        return self.__copy__()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a linnet.Stream is not pickled: its snapshot() is, and restore() goes on from it")

    def reset(self) -> None:
        """Goes to the state before the first step."""
        self._reset(self._state.address)
        self.steps = 0

    def __call__(self, /, *args: Any, **named: Any) -> Any:
        """Makes one step.

        Args:
            *args: one value for each input, in their order; arrays of any shape that has as many
                elements as the step takes, numbers where that is one.
            **named: the same by name.

        Returns:
            The output as an array of its port's shape; a dictionary by name where there are several.

        Raises:
            Error: if an input is missing, unknown, or of another dtype or size.
        """
        given = self._net._given(args, named)
        arrays = []
        for value, port, shape, size in zip(given, self._net.inputs, self._shapes, self._sizes):
            array = dense(value, port)
            if array.size != size:
                raise Error(
                    f"a step of '{port.name}' is {port.dtype.name}{list(shape)}, "
                    f"given {array.dtype.name}{list(array.shape)}",
                    2,
                )
            arrays.append(array)
        results = [np.empty(port.shape, port.dtype) for port in self._net.outputs]
        starts, ends = pointers(arrays), pointers(results)
        check(self._call(starts, ends, self._state.address, self._arena.address))
        self._after(results, 1)
        return answer(results, self._net.outputs, given)

    def run(self, /, *args: Any, **named: Any) -> Any:
        """Makes many steps, by one call of compiled code; the bits are those of single steps.

        Args:
            *args: an array for each input, in their order, whose dimension 0 counts the steps: [T] of
                a series, [T, …] with the input's shape behind it of a model with state.
            **named: the same by name.

        Returns:
            The output as an array [T, …] with its port's shape; a dictionary where there are several.

        Raises:
            Error: if an input is missing, unknown, or of another dtype or shape.
        """
        given = self._net._given(args, named)
        arrays = [dense(value, port) for value, port in zip(given, self._net.inputs)]
        counts = {}
        for array, port, shape, size in zip(arrays, self._net.inputs, self._shapes, self._sizes):
            steps = array.shape[0] if array.ndim else 0
            if array.ndim == 0 or array.size != steps * size:
                raise Error(
                    f"steps of '{port.name}' are {port.dtype.name}[{', '.join(map(str, ('T', *shape)))}], "
                    f"given {array.dtype.name}{list(array.shape)}",
                    2,
                )
            counts[port.name] = steps
        steps = next(iter(counts.values()), 0)
        if any(count != steps for count in counts.values()):
            raise Error(f"inputs have different numbers of steps: {counts}", 2)
        results = [np.empty((steps, *port.shape), port.dtype) for port in self._net.outputs]
        self._run(arrays, results, steps)
        return answer(results, self._net.outputs, given)

    def _run(self, arrays: Sequence[Array], results: Sequence[Array], steps: int) -> None:
        if steps == 0:
            return
        starts, ends = pointers(arrays), pointers(results)
        check(self._many(starts, ends, steps, self._state.address, self._arena.address))
        self._after(results, steps)

    def _after(self, results: Sequence[Array], steps: int) -> None:
        empty = min(max(self.warmup - self.steps, 0), steps)
        for result in results:
            if empty and result.dtype.kind == "f":
                result.reshape(steps, -1)[:empty] = np.nan
        self.steps += steps

    def snapshot(self) -> State:
        """A copy of the state, which `restore` goes back to."""
        return State(self._state.bytes.tobytes(), self.steps)

    def restore(self, state: State) -> None:
        """Goes on from a snapshot.

        Args:
            state: of any stream of the same model with the same weights.

        Raises:
            Error: if it is of another model or of other weights; the stream is as it was then.
        """
        if not isinstance(state, State):
            raise Error(f"a State, of snapshot(), is expected, not {type(state).__name__}", 2)
        if len(state.data) != self._state.bytes.size:
            raise Error(STATUS_TEXTS[_STATE_INVALID], 1)
        memory = Memory(len(state.data), self._align)
        memory.bytes[:] = np.frombuffer(state.data, np.uint8)
        check(self._check(memory.address))
        self._state, self.steps = memory, state.steps
