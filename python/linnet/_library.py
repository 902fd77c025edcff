"""liblinnet.so by ctypes: its functions, and the structures of base/abi/model.h.

Where they are: beside this file in a wheel (`_native/`); otherwise where `LINNET_LIBRARY` and
`LINNET_COMMAND` say, as in a build folder of the repository.
"""

from __future__ import annotations

import ctypes
import functools
import os
import threading
from ctypes import POINTER, c_char_p, c_double, c_int, c_int64, c_void_p
from pathlib import Path

from ._errors import Error

NATIVE = Path(__file__).parent / "_native"

# enum linnet_dtype
DTYPES = ("float32", "float64", "int64", "int32", "int8", "uint8", "bool")

ABI_VERSION = 1
MAX_RANK = 8

STATUS_TEXTS = {
    -1: "the arena is NULL",
    -2: "the arena is misaligned",
    -3: "the state is of another model, or of other weights",
    -4: "a category is unknown",
}


class CImage(ctypes.Structure):
    _fields_ = [
        *((name, c_int64) for name in ("color", "resize", "fit", "invert", "height", "width")),
        ("scale", c_double),
        ("mean", c_double * 3),
        ("deviation", c_double * 3),
    ]


class CClasses(ctypes.Structure):
    _fields_ = [("count", c_int64), ("labels", POINTER(c_char_p)), ("probabilities", c_int64)]


class CSeries(ctypes.Structure):
    _fields_ = [
        ("column", c_char_p),
        ("index", c_char_p),
        ("lags", c_int64),
        ("missing", c_int64),
        ("mean", c_double),
        ("deviation", c_double),
        ("window", c_int64),
        ("ahead", c_int64),
        ("learn", c_int64),
    ]


class CAhead(ctypes.Structure):
    _fields_ = [("input", c_int64), ("steps", c_int64)]


class CColumn(ctypes.Structure):
    _fields_ = [
        ("name", c_char_p),
        ("mean", c_double),
        ("deviation", c_double),
        ("learn", c_int64),
        ("category_count", c_int64),
        ("categories", POINTER(c_char_p)),
    ]


class CTable(ctypes.Structure):
    _fields_ = [("count", c_int64), ("columns", POINTER(CColumn))]


class CPort(ctypes.Structure):
    _fields_ = [
        ("name", c_char_p),
        ("dtype", c_int64),
        ("rank", c_int64),
        ("dims", c_int64 * MAX_RANK),
        ("image", POINTER(CImage)),
        ("classes", POINTER(CClasses)),
        ("series", POINTER(CSeries)),
        ("ahead", POINTER(CAhead)),
        ("table", POINTER(CTable)),
    ]


# Calls give the interpreter's lock away. Pointers are passed as integers.
Call = ctypes.CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_void_p)
Steps = ctypes.CFUNCTYPE(c_int, c_void_p, c_void_p, c_int64, c_void_p, c_void_p)
Reset = ctypes.CFUNCTYPE(None, c_void_p)
Check = ctypes.CFUNCTYPE(c_int, c_void_p)


class CEntry(ctypes.Structure):
    _fields_ = [
        ("batch", c_int64),
        ("call", c_void_p),
        ("arena_bytes", c_int64),
        ("stack_bytes", c_int64),
    ]


class CStream(ctypes.Structure):
    _fields_ = [
        ("step", c_void_p),
        ("steps", c_void_p),
        ("reset", c_void_p),
        ("check", c_void_p),
        ("state_bytes", c_int64),
        ("arena_bytes", c_int64),
        ("warmup", c_int64),
    ]


class CModel(ctypes.Structure):
    _fields_ = [
        ("abi", c_int64),
        ("size", c_int64),
        ("name", c_char_p),
        ("linnet_version", c_char_p),
        ("target", c_char_p),
        ("model_hash", c_char_p),
        ("weights_hash", c_char_p),
        ("untrained", c_int64),
        ("supported", c_void_p),
        ("entry_count", c_int64),
        ("entries", POINTER(CEntry)),
        ("batched", c_int64),
        ("arena_align", c_int64),
        ("flops", c_int64),
        ("input_count", c_int64),
        ("inputs", POINTER(CPort)),
        ("output_count", c_int64),
        ("outputs", POINTER(CPort)),
        ("stream", POINTER(CStream)),
        ("stateful", c_int64),
        ("loss", c_char_p),
        ("threads", c_void_p),
    ]


def check(status: int) -> None:
    """Raises what a call returned, unless it is 0."""
    if status:
        raise Error(STATUS_TEXTS.get(status, f"the call returned {status}"), 1)


def command() -> str:
    """The path of the command `linnet`."""
    given = os.environ.get("LINNET_COMMAND")
    path = Path(given) if given else NATIVE / "linnet"
    if not path.exists():
        raise Error(f"{path}: there is no such command", 4, "LINNET_COMMAND names it")
    return str(path)


@functools.cache
def library() -> ctypes.CDLL:
    """liblinnet.so, loaded once."""
    given = os.environ.get("LINNET_LIBRARY")
    path = Path(given) if given else NATIVE / "liblinnet.so"
    try:
        # Its own libraries go before those of the process: TensorFlow, say, brings another protobuf.
        lib = ctypes.CDLL(str(path), mode=os.RTLD_NOW | getattr(os, "RTLD_DEEPBIND", 0))
    except OSError as error:
        raise Error(f"{path} cannot be loaded: {error}", 4, "LINNET_LIBRARY names it") from None
    lib.linnet_version.argtypes, lib.linnet_version.restype = [], c_char_p
    lib.linnet_load.argtypes = [c_int, POINTER(c_char_p), POINTER(c_void_p)]
    lib.linnet_load.restype = c_void_p
    lib.linnet_model.argtypes, lib.linnet_model.restype = [c_void_p], POINTER(CModel)
    lib.linnet_unload.argtypes, lib.linnet_unload.restype = [c_void_p], None
    lib.linnet_free.argtypes, lib.linnet_free.restype = [c_void_p], None
    return lib


# A child of a fork has the compiler's locks as they are, and of its threads one alone: a fork waits for a
# compilation of another thread. Again and again by one thread, for a handler of a signal may compile too.
_turn = threading.RLock()
os.register_at_fork(before=_turn.acquire, after_in_parent=_turn.release, after_in_child=_turn.release)


def load(words: list[str]) -> tuple[int | None, str]:
    """A network's handle, or None, and the messages of its compilation as JSON."""
    lib = library()
    for word in words:
        if "\0" in word:
            raise Error(f"{word!r}: a text of the command line has no NUL", 2)
    line = (c_char_p * len(words))(*(os.fsencode(word) for word in words))
    messages = c_void_p()
    with _turn:
        handle = lib.linnet_load(len(words), line, ctypes.byref(messages))
    text = ""
    if messages.value is not None:
        text = ctypes.string_at(messages.value).decode("utf-8", "replace")
        lib.linnet_free(messages)
    return handle, text
