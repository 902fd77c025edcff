"""What a model takes and gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ._library import DTYPES, CPort

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Scale:
    """The model sees (x - mean) / deviation, element by element."""

    mean: Array
    deviation: Array

    def scaled(self, values: npt.ArrayLike) -> Array:
        return (np.asarray(values, np.float64) - self.mean) / self.deviation

    def unscaled(self, values: npt.ArrayLike) -> Array:
        return np.asarray(values, np.float64) * self.deviation + self.mean


@dataclass(frozen=True)
class Port:
    """An input or an output.

    `shape` is that of one sample with its leading 1, or, of a model that is not batched, of the call.
    """

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    labels: tuple[str, ...] | None = None
    """Of classes, by index of the last dimension."""
    probabilities: bool = False
    """Of classes: True where the model ends in softmax, so that the values are no logits."""
    scale: Scale | None = None
    """Of a series or a table whose numbers are scaled."""
    lags: int | None = None
    """Of a series: so many of its values are one input, oldest first."""
    column: str | None = None
    """Of a series: its name in a table."""
    ahead: int | None = None
    """Of a forecast: the value so many steps after the newest one."""

    def text(self, batched: bool) -> str:
        dims = [str(dim) for dim in self.shape]
        if batched:
            dims[0] = "N"
        return f"{self.name}: {self.dtype.name}[{', '.join(dims)}]"


def text_of(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "replace")


def _scale_of(port: CPort) -> Scale | None:
    if port.series:
        series = port.series.contents
        return Scale(np.float64(series.mean), np.float64(series.deviation))
    if port.table:
        table = port.table.contents
        means: list[float] = []
        deviations: list[float] = []
        for column in table.columns[: table.count]:
            width = max(1, column.category_count)
            means += [0.0 if column.category_count else column.mean] * width
            deviations += [1.0 if column.category_count else column.deviation] * width
        return Scale(np.array(means), np.array(deviations))
    return None


def port_of(port: CPort) -> Port:
    series = port.series.contents if port.series else None
    classes = port.classes.contents if port.classes else None
    labels = None
    if classes:
        labels = tuple(text_of(label) or "" for label in classes.labels[: classes.count])
    return Port(
        port.name.decode("utf-8", "replace"),
        np.dtype(DTYPES[port.dtype]),
        tuple(port.dims[: port.rank]),
        labels,
        bool(classes.probabilities) if classes else False,
        _scale_of(port),
        series.lags if series else None,
        text_of(series.column) if series else None,
        port.ahead.contents.steps if port.ahead else None,
    )
