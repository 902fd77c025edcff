"""examples/python/*.py as they stand, and forecasts of pandas' series beside statsmodels'."""

from __future__ import annotations

import pickle
import re
import runpy
from pathlib import Path

import linnet
import numpy as np
import pandas
import pytest
from linnet.forecasting import Forecaster
from statsmodels.tsa.ar_model import AutoReg

SOURCE = Path(__file__).resolve().parents[2]
EXAMPLES = SOURCE / "examples" / "python"

# What the last number of an example's output is at most, or at least.
BOUNDS = {
    "arx": (20, 45),
    "estimator": (0.93, 1),
    "lenet_from_torch": (0, 1e-4),
    "mlp_from_sklearn": (0, 1e-5),
    "mlp_from_torch": (0, 1e-5),
}


def test_all_examples_are_tried():
    assert sorted(BOUNDS) == sorted(path.stem for path in EXAMPLES.glob("*.py"))


@pytest.mark.parametrize("name", BOUNDS)
def test_examples(name, capsys):
    runpy.run_path(str(EXAMPLES / f"{name}.py"))
    number = re.findall(r"(?:rmse|difference|accuracy) (\S+)", capsys.readouterr().out)[-1]
    low, high = BOUNDS[name]
    assert low <= float(number) <= high


SUNSPOTS = np.loadtxt(SOURCE / "models/data/sunspots.csv", delimiter=",", skiprows=1)[:, 1]


def test_ar_has_the_coefficients_of_statsmodels():
    wanted = AutoReg(SUNSPOTS, 9).fit()
    model = Forecaster("ar", lags=9).fit(SUNSPOTS)
    np.testing.assert_allclose([model.intercept_, *model.coef_], wanted.params, rtol=1e-6, atol=1e-9)
    end = len(SUNSPOTS)
    np.testing.assert_allclose(model.predict(12), wanted.predict(end, end + 11), rtol=1e-8)


INDICES = {
    "months": pandas.date_range("2001-01-31", periods=60, freq="ME"),
    "days, inferred": pandas.DatetimeIndex(list(pandas.date_range("2001-01-01", periods=60))),
    "quarters": pandas.period_range("1960Q1", periods=60, freq="Q"),
    "years": pandas.RangeIndex(1700, 1760),
    "even years": pandas.Index(range(1700, 1820, 2)),
}


@pytest.mark.parametrize("name", INDICES)
def test_the_index_goes_on(name):
    index = INDICES[name]
    y = pandas.Series(SUNSPOTS[:60], index, name="spots")
    model = Forecaster("ar", lags=2).fit(y[:50])
    ahead = model.predict(10)
    assert ahead.name == "spots" and list(ahead.index) == list(index[50:])
    np.testing.assert_allclose(ahead, Forecaster("ar", lags=2).fit(SUNSPOTS[:50]).predict(10), rtol=1e-12)
    model = pickle.loads(pickle.dumps(model.update(y[50:55]).update(SUNSPOTS[55:57])))
    assert list(model.predict(3).index) == list(index[57:])


def test_dates_without_a_regular_distance():
    y = pandas.Series(
        SUNSPOTS[:5],
        pandas.to_datetime(["2001-01-01", "2001-01-02", "2001-01-09", "2001-02-01", "2001-02-02"]),
    )
    model = Forecaster("ar", lags=1).fit(y)
    with pytest.raises(linnet.Error, match="no regular distance"):
        model.predict(1)


def test_columns_of_a_frame_are_taken_by_name():
    random = np.random.default_rng(0)
    x = pandas.DataFrame(random.standard_normal((100, 2)), columns=["sun", "wind"])
    y = pandas.Series(3 * x["sun"] - x["wind"])
    model = Forecaster("ar", lags=1).fit(y[:90], x[:90])
    np.testing.assert_allclose(model.predict(10, x[90:][["wind", "sun"]]), y[90:], rtol=1e-9, atol=1e-9)
    with pytest.raises(linnet.Error, match="sun, wind expected, given sun"):
        model.predict(10, x[90:][["sun"]])
