"""scikit-learn: its fitted estimators as networks, and linnet's estimators in its habits."""

from __future__ import annotations

import pickle
import sys

import joblib
import linnet
import numpy as np
import pandas
import pytest
from linnet.sklearn import Classifier, Regressor
from sklearn import datasets
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

X = np.random.default_rng(0).standard_normal((60, 4)).astype("f4")
NUMBERS = 2 * X[:, 0] + X[:, 1]
THREE = np.array(["a", "b", "c"])[np.digitize(X[:, 0], [-0.5, 0.5])]
TWO = X[:, 1] > 0

FITTED = {
    "MLPRegressor": (MLPRegressor(max_iter=20), NUMBERS),
    "MLPRegressor, two targets": (MLPRegressor(max_iter=20), np.stack([NUMBERS, X[:, 2]], 1)),
    "MLPClassifier, three": (MLPClassifier(max_iter=20), THREE),
    "MLPClassifier, two": (MLPClassifier(max_iter=20), TWO),
    "LogisticRegression, three": (LogisticRegression(), THREE),
    "LogisticRegression, two": (LogisticRegression(), TWO),
    "LinearRegression": (LinearRegression(), NUMBERS),
    "scaled perceptron": (make_pipeline(StandardScaler(), MLPRegressor(max_iter=20)), NUMBERS),
    "scaled, reduced": (make_pipeline(MinMaxScaler(), PCA(2), Ridge()), NUMBERS),
    "scaled classes": (make_pipeline(StandardScaler(), LogisticRegression()), THREE),
}


@pytest.mark.filterwarnings("ignore:.*did not converge|.*Maximum iterations")
@pytest.mark.parametrize("name", FITTED)
def test_fitted_estimators(name):
    estimator, y = FITTED[name]
    estimator.fit(X, y)
    net = linnet.compile(estimator, batch=8)
    wanted = estimator.predict_proba(X) if hasattr(estimator, "predict_proba") else estimator.predict(X)
    np.testing.assert_allclose(net(X).reshape(wanted.shape), wanted, rtol=1e-4, atol=1e-5)
    if hasattr(estimator, "predict_proba"):
        assert [port.name for port in net.outputs] == ["probabilities"]


def test_what_does_not_convert(monkeypatch):
    with pytest.raises(linnet.Error, match="MLPRegressor is not fitted"):
        linnet.compile(MLPRegressor())
    with pytest.raises(linnet.Error, match="TreeEnsembleClassifier") as caught:
        linnet.compile(RandomForestClassifier(3).fit(X, THREE))
    assert caught.value.status == 3
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    with pytest.raises(linnet.Error, match="not installed") as caught:
        linnet.compile(LinearRegression().fit(X, NUMBERS))
    assert caught.value.hint == "pip install skl2onnx onnx"


SMALL = {"hidden_layer_sizes": (16,), "learning_rate_init": 0.02, "max_iter": 60, "batch_size": 16}

# Checks that are expected to fail, with the reason: there is none.
EXPECTED: dict[str, str] = {}


@parametrize_with_checks(
    [Regressor(**SMALL, random_state=0), Classifier(**SMALL, random_state=0)],
    expected_failed_checks=lambda estimator: EXPECTED,
)
def test_habits_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def iris():
    data = datasets.load_iris(as_frame=True)
    names = data.target_names[data.target.to_numpy()]
    return train_test_split(data.data, names, random_state=0, stratify=names)


@pytest.fixture(scope="module")
def fitted(cache, iris):
    return Classifier(**SMALL, random_state=0).fit(iris[0], iris[2])


def test_a_classifier_of_a_frame(fitted, iris):
    assert fitted.score(iris[1], iris[3]) > 0.92
    assert list(fitted.classes_) == ["setosa", "versicolor", "virginica"]
    assert list(fitted.feature_names_in_) == list(iris[0].columns)
    assert fitted.n_iter_ == 60 and fitted.loss_curve_[0] > fitted.loss_curve_[-1] == fitted.loss_
    port = fitted.network_.inputs[0]
    np.testing.assert_allclose(port.scale.mean, iris[0].mean(), rtol=1e-12)
    np.testing.assert_allclose(port.scale.deviation, iris[0].std(ddof=0), rtol=1e-12)
    assert fitted.network_.outputs[0].labels == tuple(fitted.classes_)


@pytest.mark.parametrize("copy", [lambda e: pickle.loads(pickle.dumps(e)), lambda e: _joblib(e)])
def test_copies_answer_the_same(fitted, iris, copy):
    assert np.array_equal(copy(fitted).predict_proba(iris[1]), fitted.predict_proba(iris[1]))


def _joblib(estimator):
    joblib.dump(estimator, "estimator.joblib")
    return joblib.load("estimator.joblib")


def test_the_same_seed_gives_the_same_weights(fitted, iris):
    again = clone(fitted).fit(iris[0], iris[2])
    assert all(np.array_equal(again.weights_[name], value) for name, value in fitted.weights_.items())
    other = clone(fitted).set_params(random_state=1, max_iter=1).fit(iris[0], iris[2])
    assert not np.array_equal(other.weights_["output.bias"], fitted.weights_["output.bias"])


def test_warm_start_goes_on(iris):
    model = Classifier(**{**SMALL, "max_iter": 2}, random_state=0, warm_start=True)
    first = model.fit(iris[0], iris[2]).loss_
    for _ in range(4):
        model.fit(iris[0], iris[2])
    assert model.loss_ < 0.8 * first
    with pytest.raises(ValueError, match="other classes than before"):
        model.fit(iris[0], iris[2] == "setosa")


def test_early_stopping(iris):
    model = Classifier(**{**SMALL, "max_iter": 500}, random_state=0, early_stopping=True, n_iter_no_change=3)
    assert model.fit(iris[0], iris[2]).n_iter_ < 500
    assert model.score(iris[1], iris[3]) > 0.9


def test_targets_in_their_own_units():
    random = np.random.default_rng(0)
    x = random.uniform(1e6, 2e6, (300, 3))
    y = np.stack([x[:, 0] / 10 + 7e7, (x[:, 1] - x[:, 2]) / 1e9], 1)
    model = Regressor(**SMALL, random_state=0).fit(x[:200], y[:200])
    assert model.predict(x[200:]).shape == (100, 2)
    assert model.score(x[200:], y[200:]) > 0.98


def test_in_a_grid_search(iris):
    search = GridSearchCV(
        make_pipeline(PCA(2), Classifier(**{**SMALL, "max_iter": 10}, random_state=0)),
        {"classifier__hidden_layer_sizes": [(), (16,)]},
        cv=2,
    )
    assert search.fit(iris[0], iris[2]).best_score_ > 0.7


CONV = """model conv(classes: int = 2)(image: f32[N, 1, 8, 8]) -> digit: f32[N, classes] {
  layer conv1 = conv2d(8, kernel_size: 3)
  layer fc = linear(classes)
  image |> conv1 |> relu |> max_pool2d(2) |> flatten |> fc
}
data conv { digit: classes(labels: ["0", "2", "1", "4"]) }
train conv { loss: cross_entropy; optimizer: adam(lr: 0.01); batch: 32; epochs: 10 }
"""


def test_a_model_of_ones_own():
    x, y = datasets.load_digits(n_class=3, return_X_y=True)
    with pytest.raises(linnet.Error):  # there are four labels
        Classifier(CONV).fit(x, y)
    text = (
        CONV.replace("classes: int = 2", "k: int = 4")
        .replace("classes]", "k]")
        .replace("linear(classes)", "linear(k)")
    )
    model = Classifier(text, random_state=0).fit(x[:400] / 16, y[:400])
    assert model.n_iter_ == 10 and list(model.classes_) == [0, 1, 2]
    assert model.score(x[400:] / 16, y[400:]) > 0.9
    assert model.predict_proba(x[400:] / 16).shape == (len(x) - 400, 3)
    with pytest.raises(ValueError, match="class 3, the model's classes are 0, 2, 1, 4"):
        Classifier(text).fit(x, np.where(y == 0, 3, y))
    with pytest.raises(ValueError, match="takes 64 numbers, X has 4 features"):
        Classifier(text).fit(X, THREE)


SCALED = """model line(features: int = 1, outputs: int = 1)(x: f32[N, features]) -> y: f32[N, outputs] {
  layer fc = linear(outputs)
  x |> fc
}
data line { x: table(columns: ["a", "b", "c", "d"], scale: standard); y: value("y", scale: standard) }
train line { loss: mse; optimizer: least_squares() }
"""


def test_scales_of_a_models_own_data_block():
    model = Regressor(SCALED).fit(1e3 * X + 7, NUMBERS)
    np.testing.assert_allclose(model.predict(1e3 * X + 7), NUMBERS, rtol=1e-4, atol=1e-4)


def test_parameters_are_checked_by_fit():
    for wrong in ({"activation": "swish"}, {"max_iter": 0}, {"hidden_layer_sizes": (0,)}, {"batch_size": 0}):
        model = Regressor(**wrong)
        with pytest.raises(ValueError, match=next(iter(wrong))):
            model.fit(X, NUMBERS)
    with pytest.raises(linnet.Error, match="no such file"):
        Regressor("nowhere.lin").fit(X, NUMBERS)


def test_a_frame_with_other_columns_is_refused(fitted, iris):
    with pytest.raises(ValueError, match="feature names"):
        fitted.predict(iris[1].rename(columns={"petal length (cm)": "length"}))
    assert isinstance(iris[1], pandas.DataFrame)
