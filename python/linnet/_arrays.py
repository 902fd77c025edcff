"""Arrays of callers as the memory that compiled code reads and writes."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from ._errors import Error
from ._ports import Array, Port

# Entries take memory from a multiple of this on (base/abi/model.h).
ALIGN = 4
# Up to so many bytes a result lies in memory of ctypes, whose address costs little to ask for.
SMALL = 4096

_from_buffer = ctypes.c_char.from_buffer
_addressof = ctypes.addressof


class Memory:
    """Bytes from a multiple of `align` on."""

    def __init__(self, size: int, align: int):
        self._array = np.empty(size + align, np.uint8)
        start = -address(self._array) % align
        self.bytes = self._array[start : start + size]
        self.address = address(self._array) + start


def address(array: Array) -> int:
    """Of the first element of a dense array."""
    try:  # a third of the time of array.ctypes.data
        return _addressof(_from_buffer(array))  # type: ignore[arg-type]
    except (TypeError, ValueError):  # read-only, or empty
        return int(array.ctypes.data)


def pointers(arrays: Sequence[Array]) -> ctypes.Array[ctypes.c_void_p]:
    return (ctypes.c_void_p * len(arrays))(*map(address, arrays))


def dense(value: Any, port: Port) -> Array:
    """The value as a dense array of the input's type, without a copy where it is one.

    Raises:
        Error: if it is none, or has another dtype.
    """
    array: Array
    if isinstance(value, np.ndarray):
        refuse_mask(value, f"input '{port.name}'")
        array = value
    elif hasattr(value, "__dlpack__"):
        array = _of_dlpack(value, port)
    else:
        array = _of_numbers(value, port)
    if array.dtype != port.dtype:
        if array.dtype.isnative or array.dtype.newbyteorder("=") != port.dtype:
            raise Error(
                f"input '{port.name}' takes {port.dtype.name}, given {array.dtype.name}",
                2,
                f".astype(numpy.{port.dtype.name})",
            )
        array = array.astype(port.dtype)
    if array.flags.c_contiguous and address(array) % ALIGN == 0:
        return array
    copied: Array = array.copy(order="C")
    return copied


def refuse_mask(value: Any, what: str) -> None:
    """What lies below a mask is no value, but would be read as one."""
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise Error(f"{what} has masked elements", 2, ".filled(value), or .data if they count")


def _of_dlpack(value: Any, port: Port) -> Array:
    if hasattr(value, "detach"):  # torch does not export what requires a gradient
        value = value.detach()
    try:
        array: Array = np.from_dlpack(value)
        return array
    except (BufferError, RuntimeError, TypeError) as error:
        raise Error(f"input '{port.name}': {error}", 2, "a tensor on the CPU is expected") from None


def _of_numbers(value: Any, port: Port) -> Array:
    """Numbers and lists of them take the input's type if it has such values."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise Error(f"input '{port.name}': {error}", 2) from None
    if array.dtype == port.dtype or array.dtype.kind not in "fiub":
        return array
    cast = array.astype(port.dtype)
    if port.dtype.kind in "iub" and not np.array_equal(cast, array):
        raise Error(f"input '{port.name}' takes {port.dtype.name}, given numbers that are none", 2)
    return cast


def answer(results: Sequence[Array], ports: Sequence[Port], given: Sequence[Any]) -> Any:
    """One output as it is, several as a dictionary; tensors of torch, if an input was one."""
    values: list[Any] = list(results)
    if any(type(value).__module__.partition(".")[0] == "torch" for value in given):
        import torch

        values = [torch.from_numpy(value) for value in values]
    if len(values) == 1:
        return values[0]
    return dict(zip((port.name for port in ports), values))
