"""Forecasters: least squares as NumPy's, steps, pickles, and columns that are known ahead."""

from __future__ import annotations

import pickle
import runpy
from pathlib import Path

import linnet
import numpy as np
import pytest
from conftest import DATA, MODELS, SOURCE
from linnet.forecasting import Forecaster


@pytest.fixture(scope="module")
def sunspots() -> np.ndarray:
    return np.loadtxt(DATA / "sunspots.csv", delimiter=",", skiprows=1)[:, 1]


def regression(columns: list[np.ndarray], target: np.ndarray) -> np.ndarray:
    """The constant and a factor of each column, by numpy.linalg.lstsq."""
    design = np.column_stack([np.ones(len(target)), *columns])
    return np.linalg.lstsq(design, target, rcond=None)[0]


def lagged(values: np.ndarray, lags: int) -> list[np.ndarray]:
    """Of each target from `lags` on the value before, the one before that, …"""
    return [values[lags - k - 1 : len(values) - k - 1] for k in range(lags)]


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_ar_has_the_coefficients_of_lstsq(sunspots, offset):
    series = sunspots + offset
    model = Forecaster("ar", lags=9).fit(series)
    wanted = regression(lagged(series, 9), series[9:])
    # The constant carries the offset; factors are compared one by one.
    np.testing.assert_allclose(model.coef_, wanted[1:], rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(model.intercept_, wanted[0], rtol=1e-6)
    known = list(series)
    for _ in range(20):
        known.append(wanted[0] + np.dot(wanted[1:], known[:-10:-1]))
    np.testing.assert_allclose(model.predict(20), known[-20:], rtol=1e-7)
    fitted = np.column_stack(lagged(series, 9)) @ wanted[1:] + wanted[0]
    np.testing.assert_allclose(model.fitted_[9:], fitted, rtol=1e-7)
    assert np.isnan(model.fitted_[:9]).all()


def test_arx_has_the_coefficients_of_lstsq():
    table = np.genfromtxt(DATA / "visitors.csv", delimiter=",", names=True)
    y, weather = table["visitors"], table["weather"]
    model = Forecaster("ar", lags=3, x_lags=2).fit(y[:-5], {"weather": weather[:-5]})
    train, plan = y[:-5], weather[:-5]
    wanted = regression([*lagged(train, 3), plan[3:], plan[2:-1]], train[3:])
    np.testing.assert_allclose(model.coef_, wanted[1:4], rtol=1e-8)
    np.testing.assert_allclose(model.x_coef_, [wanted[4:]], rtol=1e-6)
    known = list(train)
    for i in range(len(train), len(y)):
        beside = wanted[4] * weather[i] + wanted[5] * weather[i - 1]
        known.append(wanted[0] + np.dot(wanted[1:4], known[:-4:-1]) + beside)
    ahead = model.predict(5, weather[-5:])
    np.testing.assert_allclose(ahead, known[-5:], rtol=1e-8)


def test_the_example_of_arx(capsys):
    runpy.run_path(str(SOURCE / "examples/python/arx.py"))
    words = capsys.readouterr().out.split()
    assert words[:4] == ["two", "weeks", "ahead:", "rmse"]
    assert 20 < float(words[-1]) < 45  # visitors are 400 ± 100; "same as last" has 99


@pytest.fixture(scope="module")
def gru(cache: Path, sunspots) -> Forecaster:
    return Forecaster("gru", hidden=4, epochs=2).fit(sunspots[:40])


@pytest.fixture(scope="module")
def perceptron(cache: Path, sunspots) -> Forecaster:
    return Forecaster("ar_mlp", lags=9, hidden=4, epochs=20).fit(sunspots[:250])


@pytest.mark.parametrize("kind", ["gru", "perceptron"])
def test_updates_are_steps_of_one_series(kind, sunspots, request):
    model = pickle.loads(pickle.dumps(request.getfixturevalue(kind)))
    before = model.predict(3)
    assert np.array_equal(model.predict(3), before)  # a forecast changes nothing
    again = pickle.loads(pickle.dumps(model))
    assert np.array_equal(again.predict(3), before)
    end = model.steps_ + 10
    for value in sunspots[end - 10 : end]:
        model.update([value])
    again.update(sunspots[end - 10 : end])
    assert model.steps_ == again.steps_ == end
    assert np.array_equal(model.predict(3), again.predict(3))
    assert np.array_equal(model.forward(sunspots[:end], 3), model.predict(3))
    assert not np.array_equal(model.predict(3), before)
    assert model.steps_ == end  # and another series moves nothing either


def test_a_perceptron_learns_the_sunspots(perceptron, sunspots):
    error = np.sqrt(np.nanmean((perceptron.fitted_ - sunspots[:250]) ** 2))
    same_as_last = np.sqrt(np.mean(np.diff(sunspots[:250]) ** 2))
    assert error < 0.9 * same_as_last


def test_a_model_of_the_repository(sunspots):
    model = Forecaster(MODELS / "ar.lin", set={"p": 9}).fit(sunspots)
    factors, bias = model.weights_["head.weight"][0], model.weights_["head.bias"][0]
    wanted = regression(lagged(sunspots[:-30], 9), sunspots[9:-30])  # the last tenth is for validation
    np.testing.assert_allclose([bias, *factors[::-1]], wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.predict(1), [factors @ sunspots[-9:] + bias], rtol=1e-5)
    assert np.array_equal(pickle.loads(pickle.dumps(model)).predict(5), model.predict(5))


def test_a_linear_series_with_two_columns_is_found():
    random = np.random.default_rng(0)
    x = random.standard_normal((200, 2))
    y = np.zeros(200)
    for t in range(1, 200):
        y[t] = 5 + 0.6 * y[t - 1] + 2 * x[t, 0] - x[t, 1]
    model = Forecaster("ar", lags=1).fit(y[:190], x[:190])
    np.testing.assert_allclose(model.predict(10, x[190:]), y[190:], rtol=1e-9)
    for t in range(190, 195):
        model.update(y[t : t + 1], x[t : t + 1])
    np.testing.assert_allclose(model.predict(5, x[195:]), y[195:], rtol=1e-9)


@pytest.mark.parametrize("name", ["y", 'a"b', "a\\nb", "a\\", "a,b", "größe", "", "y: 1)\n}"])
def test_columns_may_have_any_name(name):
    random = np.random.default_rng(1)
    x = random.standard_normal(60)
    y = np.concatenate([[0], 2 * x[1:] + 1])
    model = Forecaster("ar", lags=1).fit(y, {name: x})
    np.testing.assert_allclose(model.x_coef_, [[2]], rtol=1e-8)
    np.testing.assert_allclose(model.predict(2, {name: [0, 1]}), [1, 3], rtol=1e-8, atol=1e-8)


def test_forecast_is_fit_and_predict(sunspots):
    by_name = Forecaster("ar", lags=2).forecast(sunspots, 4)
    assert np.array_equal(by_name, Forecaster("ar", lags=2).fit(sunspots).predict(4))


def test_parameters():
    model = Forecaster("ar", lags=2)
    assert model.set_params(lags=3).get_params()["lags"] == 3
    with pytest.raises(linnet.Error, match="no parameter 'lag'; it has model, lags"):
        model.set_params(lag=3)
    assert "lags=3" in repr(model)


def test_what_is_wrong_is_said(sunspots):
    fitted = Forecaster("ar", lags=2).fit(sunspots)
    with pytest.raises(linnet.Error, match="not fitted"):
        Forecaster("ar").predict(3)
    with pytest.raises(linnet.Error, match="hidden: units, a number from 1 on, are expected, not 0"):
        Forecaster("ar_mlp", hidden=0).fit(sunspots)
    with pytest.raises(linnet.Error, match="y has masked elements"):
        Forecaster("ar").fit(np.ma.masked_less(sunspots, 1))
    with pytest.raises(linnet.Error, match="columns have the same name: 1, 1"):
        Forecaster("ar").fit(sunspots, {1: sunspots, "1": sunspots})
    with pytest.raises(linnet.Error, match="position 1 is nan"):
        Forecaster("ar").fit([1.0, np.nan, 2.0])
    with pytest.raises(linnet.Error, match=r"given \[2, 2\]"):
        Forecaster("ar").fit(np.ones((2, 2)))
    for steps in (0, 1.5, True):
        with pytest.raises(linnet.Error, match="a whole number from 1 on"):
            fitted.predict(steps)
    with pytest.raises(linnet.Error, match="X: no columns expected, given x0"):
        fitted.predict(2, [1.0, 2.0])
    with pytest.raises(linnet.Error, match="X: 309 rows are expected, given"):
        Forecaster("ar").fit(sunspots, [1.0])
    with pytest.raises(linnet.Error, match="one output one step ahead of a series"):
        Forecaster(MODELS / "lenet.lin").fit(sunspots)
    with pytest.raises(linnet.Error, match=r"<series>: 9 values make no window"):
        Forecaster("ar", lags=9).fit(sunspots[:9])
    with pytest.raises(AttributeError, match="only Forecaster"):
        _ = Forecaster("gru").coef_
