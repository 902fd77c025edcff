"""The models that a Forecaster has by name, as texts of the language."""

from __future__ import annotations

from collections.abc import Sequence

from ._errors import Error
from ._models import quoted


def column_of(extra: Sequence[str]) -> str:
    """What the series is called beside these columns, in the files that built-in models learn from."""
    name = "y"
    while name in extra:
        name += "_"
    return name


def units(value: int | None, otherwise: int) -> int:
    if value is not None and value < 1:
        raise Error(f"hidden: units, a number from 1 on, are expected, not {value!r}", 2)
    return otherwise if value is None else value


def batch_of(samples: int) -> int:
    return max(1, min(32, samples // 4))


def _inputs(extra: Sequence[str], lags: int, dtype: str = "f32") -> str:
    return "".join(f", x{i}: {dtype}[N, {lags}]" for i in range(len(extra)))


def _data(name: str, extra: Sequence[str], lags: int, x_lags: int, scale: str) -> list[str]:
    return [
        f"data {name} {{",
        f"  history: series(column: {quoted(column_of(extra))}, lags: {lags}, scale: {scale})",
        *(
            f"  x{i}: series(column: {quoted(column)}, lags: {x_lags}, scale: {scale}, known: ahead)"
            for i, column in enumerate(extra)
        ),
        "  forecast: ahead(of: history, steps: 1)",
        "}",
    ]


def _joined(extra: Sequence[str]) -> str:
    names = ", ".join(["history", *(f"x{i}" for i in range(len(extra)))])
    return f"concat({names}, dim: 1)" if extra else "history"


# Least squares in doubles: values far from 0 lose nothing.
_AFFINE = """block factors(x: f64[N, K]) -> f64[N, 1] {
  param weight: f64[1, K] = zeros()
  matmul(x, transpose(weight))
}
block affine(x: f64[N, K]) -> f64[N, 1] {
  param weight: f64[1, K] = zeros()
  param bias: f64[1] = zeros()
  matmul(x, transpose(weight)) + bias
}
"""


def ar(lags: int, x_lags: int, extra: Sequence[str], batch: int) -> str:
    inputs = f"history: f64[N, {lags}]" + _inputs(extra, x_lags, "f64")
    lines = [
        f"model ar({inputs}) -> forecast: f64[N, 1] {{",
        "  layer head = affine()",
        *(f"  layer extra{i} = factors()" for i in range(len(extra))),
        "  head(history)" + "".join(f" + extra{i}(x{i})" for i in range(len(extra))),
        "}",
        *_data("ar", extra, lags, x_lags, "raw"),
        f"train ar {{ loss: mse; optimizer: least_squares(); batch: {batch} }}",
    ]
    return _AFFINE + "\n".join(lines) + "\n"


def ar_mlp(lags: int, x_lags: int, width: int, extra: Sequence[str], how: str) -> str:
    lines = [
        f"model ar_mlp(history: f32[N, {lags}]{_inputs(extra, x_lags)}) -> forecast: f32[N, 1] {{",
        f"  layer hidden1 = linear({width})",
        f"  layer hidden2 = linear({width})",
        "  layer output = linear(1)",
        f"  {_joined(extra)} |> hidden1 |> relu |> hidden2 |> relu |> output",
        "}",
        *_data("ar_mlp", extra, lags, x_lags, "standard"),
        f"train ar_mlp {{ loss: mse; {how} }}",
    ]
    return "\n".join(lines) + "\n"


def latent(kind: str, hidden: int, extra: Sequence[str], how: str) -> str:
    states = ["h"] if kind == "gru" else ["h", "c"]
    nexts = [f"{state}1" for state in states]
    after = nexts[0] if kind == "gru" else f"({', '.join(nexts)})"
    lines = [
        f"model {kind}(history: f32[N, 1]{_inputs(extra, 1)}) -> forecast: f32[N, 1] {{",
        *(f"  state {state}: f32[N, {hidden}] = zeros()" for state in states),
        f"  layer cell = {kind}_cell({hidden})",
        "  layer head = linear(1)",
        f"  let {after} = cell({_joined(extra)}, {', '.join(states)})",
        *(f"  next {state} = {new}" for state, new in zip(states, nexts)),
        "  head(h1)",
        "}",
        *_data(kind, extra, 1, 1, "standard"),
        f"train {kind} {{ loss: mse; {how} }}",
    ]
    return "\n".join(lines) + "\n"
