"""The index of a pandas.Series, which goes on where forecasts do."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

from ._errors import Error
from ._ports import Array


@dataclass(frozen=True)
class Index:
    """Where a series ends: the last label, and what is added for the next one; of arrays nothing."""

    last: Any = None
    step: Any = None
    kind: Any = None
    name: Any = None

    @staticmethod
    def of(y: Any) -> Index:
        if type(y).__module__.partition(".")[0] != "pandas":
            return Index()
        import pandas

        index, name = y.index, getattr(y, "name", None)
        step: Any = 1
        if isinstance(index, pandas.DatetimeIndex):
            step = index.freq
            if step is None:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # a text or an offset, by pandas' version
                    inferred = pandas.infer_freq(index) if len(index) > 2 else None
                step = pandas.tseries.frequencies.to_offset(inferred) if inferred else None
        elif pandas.api.types.is_integer_dtype(index.dtype):
            step = int(index[-1] - index[-2]) if len(index) > 1 else 1
        elif not isinstance(index, pandas.PeriodIndex):
            return Index(len(index) - 1, 1, pandas.RangeIndex, name)
        return Index(index[-1], step, type(index), name)

    def after(self, y: Any, count: int) -> Index:
        """Behind so many further values."""
        if self.kind is None:
            return self
        new = Index.of(y)
        if new.kind is self.kind:
            return Index(new.last, self.step, self.kind, self.name)
        return Index(self._label(count), self.step, self.kind, self.name)

    def _label(self, count: int) -> Any:
        if self.step is None:
            raise Error(
                "the dates of y have no regular distance",
                2,
                "y.asfreq(…), or y.to_numpy(): forecasts without dates",
            )
        return self.last + count * self.step

    def series(self, values: Array) -> Any:
        if self.kind is None:
            return values
        import pandas

        labels = [self._label(i + 1) for i in range(len(values))]
        if self.kind is pandas.RangeIndex:
            end = labels[-1] + self.step
            return pandas.Series(values, pandas.RangeIndex(labels[0], end, self.step), name=self.name)
        index = pandas.Index(labels)
        if isinstance(index, pandas.DatetimeIndex):
            index = pandas.DatetimeIndex(index, freq=self.step)
        return pandas.Series(values, index, name=self.name)
