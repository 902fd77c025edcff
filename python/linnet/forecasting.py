"""Forecasts of a series, with the habits of sktime and statsforecast.

Example:
    from linnet.forecasting import Forecaster
    model = Forecaster("ar", lags=9).fit(y)
    model.predict(12)  # twelve steps ahead
    model.update([41.0])  # another value is known: one step, no new fit
"""

from __future__ import annotations

import inspect
import os
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from . import Error, ModelWarning, Network, State, Stream, compile, train
from ._arrays import refuse_mask
from ._errors import Names
from ._forecasters import ar, ar_mlp, batch_of, column_of, latent, units
from ._index import Index
from ._models import portable
from ._ports import Array, Scale

__all__ = ["Forecaster"]

KINDS = ("ar", "ar_mlp", "gru", "lstm")


class Forecaster:
    """A model that forecasts the next value of a series from those before it.

    Forecasts are in the series' own units. `X` are columns that are known ahead, as a plan or a
    calendar: a row for each value of y, or for each step to forecast. A pandas.Series gives one back,
    whose index goes on; anything else a NumPy array.

    Args:
        model: "ar", a linear model of the last `lags` values, fitted by least squares; "ar_mlp", a
            perceptron over them; "gru" or "lstm", whose state carries the past from step to step; or
            a .lin file, or the text of one, with a train block and one output `ahead(of: …, steps: 1)`.
        lags: of "ar" and "ar_mlp".
        x_lags: of each column of X, the newest being that of the forecast's own time; of "ar" and
            "ar_mlp".
        hidden: units of "ar_mlp"'s two hidden layers (10), or of a state (32).
        epochs: 50 of "ar_mlp", 30 of a state, or what the train block says; "ar" has none.
        validation: the last part of the series, which picks the best epoch; "ar" has none.
        seed: of initial values and of the order of samples.
        set: settings of a model of your own, by name.

    Attributes:
        network_: the compiled model.
        weights_: its weights, by parameter's name.
        fitted_: for each value the forecast of one step before; NaN while the window was not full.
        steps_: values seen so far.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] = "ar",
        *,
        lags: int = 4,
        x_lags: int = 1,
        hidden: int | None = None,
        epochs: int | None = None,
        validation: float = 0.1,
        seed: int = 0,
        set: Mapping[str, Any] | None = None,
    ):
        self.model = model
        self.lags = lags
        self.x_lags = x_lags
        self.hidden = hidden
        self.epochs = epochs
        self.validation = validation
        self.seed = seed
        self.set = set

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """What it was made with, by name."""
        return {name: getattr(self, name) for name in inspect.signature(Forecaster).parameters}

    def set_params(self, **params: Any) -> Forecaster:
        """Others for the next fit."""
        known = self.get_params()
        for name, value in params.items():
            if name not in known:
                raise Error(f"Forecaster has no parameter '{name}'; it has {', '.join(known)}", 2)
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        given = [f"{name}={value!r}" for name, value in self.get_params().items()]
        return f"Forecaster({', '.join(given)})"

    # ---- Learning ----

    def fit(self, y: Any, X: Any = None) -> Forecaster:
        """Learns from a series, oldest value first, and stands at its end."""
        values = _values(y, "y")
        extra = _Extra.of(X, len(values))
        builtin = self.model in KINDS
        if builtin:
            text: Any = self._text(len(values), extra.names)
            options: dict[str, Any] = {}
            series = _Series(column_of(extra.names), extra.names)
        else:
            text = portable(self.model)
            options = {"set": dict(self.set or {})}
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ModelWarning)  # it has no weights yet
                series = _Series.of(compile(text, **options))
        columns = extra.named(series.extra)
        with tempfile.TemporaryDirectory(prefix="linnet-") as folder:
            path = Path(folder) / "series.csv"
            _write(path, [series.target, *series.extra], np.column_stack([values, columns]))
            epochs = None if self.model == "ar" else self.epochs
            try:
                result = train(text, path, epochs=epochs, seed=self.seed, **options)
            except Error as error:
                raise _renamed(error, str(path), "<series>") from None
        if result.interrupted:
            raise KeyboardInterrupt
        self.weights_ = result.state_dict()
        self._model, self._options = text, options
        self._compile()
        self.fitted_ = self._begin(values, columns)
        self._index = Index.of(y)
        return self

    def _text(self, samples: int, extra: Sequence[str]) -> str:
        """A built-in model for so many values, and these columns beside them."""
        if self.model == "ar":
            return ar(self.lags, self.x_lags, extra, batch_of(samples - max(self.lags, self.x_lags)))
        if not 0 <= self.validation < 1:
            raise Error(f"validation: a part of 1 is expected, not {self.validation!r}", 2)
        part = f"; validation: {100 * self.validation:.6g}%" if self.validation else ""
        if self.model == "ar_mlp":
            how = f"optimizer: adam(lr: 0.01); batch: {batch_of(samples - self.lags)}; epochs: 50{part}"
            return ar_mlp(self.lags, self.x_lags, units(self.hidden, 10), extra, how)
        window = max(1, min(32, samples // 4))
        batch = batch_of(samples - window)
        how = f"optimizer: adam(lr: 0.003); window: {window}; batch: {batch}; epochs: 30{part}"
        return latent(str(self.model), units(self.hidden, 32), extra, how)

    def _compile(self) -> None:
        self.network_: Network = compile(self._model, weights=self.weights_, **self._options)
        self._series = _Series.of(self.network_)

    def _begin(self, values: Array, columns: Array) -> Array:
        """Steps over a series from the first state on; the forecasts on the way."""
        self._stream: Stream = self.network_.stream()
        self._newest = (float(values[0]), columns[0])
        self.steps_ = 1
        return np.concatenate([[np.nan], self._advance(values[1:], columns[1:])])

    def _advance(self, values: Array, columns: Array) -> Array:
        """Steps on to known values; what was forecast for them."""
        # The newest value is given to the model together with what is known of the time after it.
        seen = np.concatenate([[self._newest[0]], values])
        beside = np.concatenate([self._newest[1][None], columns])
        result = np.empty(0)
        if len(values):
            result = self._answers(self._stream.run(**self._series.inputs(seen[:-1], beside)))
        self._newest = (float(seen[-1]), beside[-1])
        self.steps_ += len(values)
        return result

    def _answers(self, outputs: Any) -> Array:
        scale = self._series.scale
        return scale.unscaled(np.asarray(outputs, np.float64).reshape(-1))

    # ---- Forecasts ----

    def predict(self, h: int, X: Any = None) -> Any:
        """The next h values, each from the forecasts before it; X are the h rows of their times."""
        self._check_fitted()
        count = _count(h)
        columns = _Extra.of(X, count).named(self._series.extra)
        state, newest, steps = self._stream.snapshot(), self._newest, self.steps_
        forecasts = np.empty(count)
        try:
            for i in range(count):
                inputs = self._series.inputs(
                    np.array([self._newest[0]]), np.stack([self._newest[1], columns[i]])
                )
                forecasts[i] = self._answers(self._stream.run(**inputs))[0]
                self._newest = (float(forecasts[i]), columns[i])
        finally:
            self._stream.restore(state)
            self._newest, self.steps_ = newest, steps
        return self._index.series(forecasts)

    def update(self, y: Any, X: Any = None) -> Forecaster:
        """Steps on to values that have become known; the weights stay. The cost is that of the new values."""
        self._check_fitted()
        values = _values(y, "y")
        columns = _Extra.of(X, len(values)).named(self._series.extra)
        self._advance(values, columns)
        self._index = self._index.after(y, len(values))
        return self

    def forecast(self, y: Any, h: int, X: Any = None, X_future: Any = None) -> Any:
        """fit(y, X), then predict(h, X_future)."""
        return self.fit(y, X).predict(h, X_future)

    def forward(self, y: Any, h: int, X: Any = None, X_future: Any = None) -> Any:
        """The h values after another series, by the weights there are; the fitted one stays where it is."""
        self._check_fitted()
        values = _values(y, "y")
        columns = _Extra.of(X, len(values)).named(self._series.extra)
        kept = (self._stream, self._newest, self.steps_, self._index)
        try:
            self._begin(values, columns)
            self._index = Index.of(y)
            return self.predict(h, X_future)
        finally:
            self._stream, self._newest, self.steps_, self._index = kept

    def _check_fitted(self) -> None:
        if not hasattr(self, "weights_"):
            raise Error("the Forecaster is not fitted", 2, "call fit(y) first")

    # ---- Coefficients of "ar" ----

    @property
    def coef_(self) -> Array:
        """Of "ar": the factors of the last value, of the one before, …"""
        return self._linear("head.weight")[0, ::-1]

    @property
    def intercept_(self) -> float:
        """Of "ar": the constant."""
        return float(self._linear("head.bias")[0])

    @property
    def x_coef_(self) -> Array:
        """Of "ar": the factors of each column of X, [columns, x_lags], that of the forecast's time first."""
        factors = [self._linear(f"extra{i}.weight")[0, ::-1] for i in range(len(self._series.extra))]
        return np.array(factors).reshape(-1, self.x_lags)

    def _linear(self, name: str) -> Array:
        if self.model != "ar":
            raise AttributeError("only Forecaster('ar') has coefficients; others have weights_")
        self._check_fitted()
        return self.weights_[name]

    # ---- Pickling: the weights and the state; code is made again ----

    def __getstate__(self) -> dict[str, Any]:
        state = {
            name: value
            for name, value in self.__dict__.items()
            if name not in ("network_", "_stream", "_series")
        }
        if hasattr(self, "_stream"):
            state["_state"] = self._stream.snapshot()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        place: State | None = state.pop("_state", None)
        self.__dict__.update(state)
        if place is not None:
            self._compile()
            self._stream = self.network_.stream()
            self._stream.restore(place)


# ---- What a compiled model says of its series ----


@dataclass(frozen=True)
class _Input:
    name: str
    column: str
    dtype: np.dtype[Any]
    scale: Scale
    ahead: bool
    """Its newest value is that of the forecast's time."""


class _Series:
    """The series of a model: the one that is forecast, and those beside it."""

    def __init__(self, target: str, extra: Sequence[str], inputs: Sequence[_Input] = ()):
        self.target, self.extra = target, list(extra)
        self._ports = list(inputs)

    @staticmethod
    def of(net: Network) -> _Series:
        if len(net.outputs) != 1 or net.outputs[0].ahead != 1:
            hint = "data { history: series(…); forecast: ahead(of: history, steps: 1) }"
            raise Error(f"{net.signature}: one output one step ahead of a series is expected", 2, hint)
        ports = []
        for port, record in zip(net.inputs, net._record.inputs[: len(net.inputs)]):
            if port.column is None or port.scale is None:
                raise Error(f"{net.signature}: input '{port.name}' is no series", 2)
            ahead = bool(record.series.contents.ahead)
            ports.append(_Input(port.name, port.column, port.dtype, port.scale, ahead))
        target = ports[net._record.outputs[0].ahead.contents.input].column
        extra = [port.column for port in ports if port.column != target]
        return _Series(target, list(dict.fromkeys(extra)), ports)

    @property
    def scale(self) -> Scale:
        return next(port.scale for port in self._ports if port.column == self.target)

    def inputs(self, values: Array, beside: Array) -> dict[str, Array]:
        """Of each step by input; `beside` has one row more, the one after the last value."""
        result = {}
        for port in self._ports:
            if port.column == self.target:
                column = values
            else:
                rows = beside[1:] if port.ahead else beside[:-1]
                column = rows[:, self.extra.index(port.column)]
            result[port.name] = port.scale.scaled(column).astype(port.dtype)
        return result


# ---- Values of callers ----


def _values(y: Any, name: str) -> Array:
    refuse_mask(y, name)
    values = np.asarray(y, np.float64)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1 or not len(values):
        raise Error(f"{name}: a series of numbers is expected, given {list(values.shape)}", 2)
    if not np.isfinite(values).all():
        at = int(np.flatnonzero(~np.isfinite(values))[0])
        raise Error(f"{name}: the value at position {at} is {values[at]}; fill what is missing", 2)
    return values


def _count(h: Any) -> int:
    if isinstance(h, (bool, float)) or int(h) < 1:
        raise Error(f"h: how many steps ahead, a whole number from 1 on, is expected, not {h!r}", 2)
    return int(h)


@dataclass(frozen=True)
class _Extra:
    """Columns beside a series; `names` are those of a DataFrame or of a dictionary, else x0, x1 …"""

    names: list[str]
    values: Array
    given: bool
    """Have the columns names of their own?"""

    @staticmethod
    def of(X: Any, rows: int) -> _Extra:
        if X is None:
            return _Extra([], np.empty((rows, 0)), False)
        refuse_mask(X, "X")
        given = hasattr(X, "columns") or isinstance(X, Mapping)
        names = [str(name) for name in (X.columns if hasattr(X, "columns") else X)] if given else []
        if len({*names}) < len(names):
            raise Error(f"X: columns have the same name: {', '.join(names)}", 2)
        values = np.column_stack(list(X.values())) if isinstance(X, Mapping) else np.asarray(X)
        values = values.astype(np.float64)
        if values.ndim == 1:
            values = values[:, None]
        if values.ndim != 2 or len(values) != rows:
            raise Error(f"X: {rows} rows are expected, given {list(values.shape)}", 2)
        if not np.isfinite(values).all():
            raise Error("X: there are values missing", 2)
        return _Extra(names or [f"x{i}" for i in range(values.shape[1])], values, given)

    def named(self, wanted: Sequence[str]) -> Array:
        """The columns that the model takes, in its order."""
        if not self.given and len(self.names) == len(wanted):
            return self.values
        missing = [name for name in wanted if name not in self.names]
        if missing or (not self.given and len(self.names) != len(wanted)):
            text = ", ".join(wanted) or "no columns"
            raise Error(f"X: {text} expected, given {', '.join(self.names) or 'none'}", 2)
        return self.values[:, [self.names.index(name) for name in wanted]]


def _renamed(error: Error, path: str, called: str) -> Error:
    """The error, in which a file of a temporary folder is called by another name."""
    names = Names()
    names.add(path, called)
    messages = [replace(message, text=names.renamed(message.text)) for message in error.messages]
    return Error(messages, error.status)


def _write(path: Path, names: Sequence[str], table: Array) -> None:
    """A CSV file, whose numbers read back as the same doubles."""
    quoted = ['"' + name.replace('"', '""') + '"' for name in names]
    lines = [",".join(quoted), *(",".join(map(repr, row)) for row in table.tolist())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
