"""Errors and warnings: their place, their hint, and no name of a temporary file."""

from __future__ import annotations

import inspect
import pickle
import tempfile
import warnings
from pathlib import Path

import linnet
import numpy as np
import pytest
from conftest import DATA, MODELS, TWO


def refused(*args, **named) -> linnet.Error:
    with pytest.raises(linnet.Error) as caught:
        linnet.compile(*args, **named)
    text = "\n".join(map(str, [caught.value, *caught.value.messages]))
    assert tempfile.gettempdir() + "/linnet-" not in text
    return caught.value


def test_place_in_a_text():
    error = refused("model small(x: f32[N, 4]) -> y: f32[N, 2] {\n  layer fc = linera(2)\n  fc(x)\n}\n")
    assert (error.file, error.line, error.column) == ("<string>", 2, 14)
    assert "linera" in error.message and "linear" in (error.hint or "")
    assert str(error).startswith("<string>:2:14: ")


def test_place_in_a_file():
    Path("small.lin").write_text("model small(x: f32[N, 4]) -> y: f32[N, 2] {\n  x +\n}\n")
    error = refused("small.lin")
    assert error.file == "small.lin" and error.line in (2, 3)


def test_every_error_of_a_model_is_told():
    error = refused(
        "model small(x: f32[N, 4]) -> y: f32[N, 4] {\n  let a = foo(x)\n  let b = bar(x)\n  a + b\n}\n"
    )
    assert [message.line for message in error.messages][:2] == [2, 3]


def test_errors_pickle():
    error = refused("model small(x: f32[N, 4]) -> y: f32[N, 2] {\n  layer fc = linera(2)\n  fc(x)\n}\n")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is linnet.Error and str(again) == str(error)
    for name in ("messages", "message", "file", "line", "column", "hint", "place", "status"):
        assert getattr(again, name) == getattr(error, name)


@pytest.mark.parametrize(
    ("model", "options", "said"),
    [
        ("nothing.lin", {}, "nothing.lin"),
        ("nothing.onnx", {}, "nothing.onnx"),
        ("model.pt", {}, ".lin, .onnx, .lir"),
        (b"no such file", {}, "<bytes>"),
        (TWO, {"weights": "nothing.safetensors"}, "nothing.safetensors"),
        (TWO, {"weights": {"left.weight": np.zeros((2, 5), "f4")}}, "left.weight"),
        (TWO, {"dtype": "f16"}, "f16"),
        (TWO, {"target": "cortex-m4"}, "cortex-m4"),
        (TWO, {"set": {"depth": 3}}, "depth"),
        (TWO, {"flags": ["--no-such-flag"]}, "--no-such-flag"),
        ("-o.lin", {}, "-o.lin"),
        ("a\0b.lin", {}, "NUL"),
    ],
)
def test_what_does_not_compile(model, options, said):
    assert said in str(refused(model, **options))


def test_a_model_that_is_none_of_those_known():
    assert "object" in str(refused(object()))


def test_untrained_is_warned_of_once_at_the_callers_line():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(2):
            linnet.compile(TWO)
            line = inspect.currentframe().f_lineno - 1
    assert len(caught) == 1
    assert caught[0].category is linnet.ModelWarning
    assert (caught[0].filename, caught[0].lineno) == (__file__, line)
    assert "two is untrained" in str(caught[0].message)


def test_a_trained_model_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        linnet.compile(MODELS / "mlp.lin", weights=DATA / "mlp.safetensors")


def test_the_library_is_not_there(monkeypatch):
    from linnet import _library

    monkeypatch.setenv("LINNET_COMMAND", "/nowhere/linnet")
    with pytest.raises(linnet.Error, match="LINNET_COMMAND names it"):
        _library.command()
    monkeypatch.setenv("LINNET_LIBRARY", "/nowhere/liblinnet.so")
    with pytest.raises(linnet.Error, match="LINNET_LIBRARY names it"):
        _library.library.__wrapped__()
