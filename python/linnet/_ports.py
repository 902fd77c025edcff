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
    """How numbers are scaled: the model sees (x - mean) / deviation, element by element.

    Attributes:
        mean: one number of a series, one for each element of a table's row.
        deviation: as many.
    """

    mean: Array
    deviation: Array

    def scaled(self, values: npt.ArrayLike) -> Array:
        """What the model sees of such values, as float64."""
        return (np.asarray(values, np.float64) - self.mean) / self.deviation

    def unscaled(self, values: npt.ArrayLike) -> Array:
        """The values that the model's numbers stand for, as float64."""
        return np.asarray(values, np.float64) * self.deviation + self.mean


@dataclass(frozen=True)
class Port:
    """An input or an output.

    Attributes:
        name: by which it is given, or comes back.
        dtype: of its elements.
        shape: of one sample with its leading 1, or, of a model that is not batched, of the call.
        labels: of classes, by index of the last dimension; else None.
        probabilities: of classes: True where the model ends in softmax, so that the values are no logits.
        scale: of a series or a table: what numbers are scaled by before the model sees them; else None.
        lags: of a series: so many of its values are one input, oldest first; else None.
        column: of a series: its name in a table; else None.
        ahead: of a forecast: it is the value so many steps after the newest one; else None.
    """

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    labels: tuple[str, ...] | None = None
    probabilities: bool = False
    scale: Scale | None = None
    lags: int | None = None
    column: str | None = None
    ahead: int | None = None

    def text(self, batched: bool) -> str:
        """How a signature writes it; dimension 0 is N, or a multiple of it, where it counts samples."""
        dims = [str(dim) for dim in self.shape]
        if batched and dims:
            dims[0] = "N" if dims[0] == "1" else f"{dims[0]}N"
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
