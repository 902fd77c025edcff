"""Models of linnet as estimators of scikit-learn.

Example:
    from linnet.sklearn import Classifier
    model = Classifier(hidden_layer_sizes=(64,), random_state=0).fit(X, y)
    model.score(X_test, y_test)
    model.network_.save("classifier.so")
"""

from __future__ import annotations

import json
import os
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Union

import numpy as np

from . import _command
from ._errors import Error, ModelWarning
from ._models import is_text, portable, quoted
from ._options import Options
from ._ports import Array
from ._sources import Source
from .network import Network, compile
from .training import train

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise Error(f"linnet.sklearn needs scikit-learn 1.6: {error}", 4, "pip install scikit-learn") from None

__all__ = ["Classifier", "Regressor"]

Model = Union[str, "os.PathLike[str]", None]

FLOATS = [np.float64, np.float32]
ACTIVATIONS = {"identity": "", "logistic": " |> sigmoid", "tanh": " |> tanh", "relu": " |> relu"}


@dataclass(frozen=True)
class _Data:
    """What a model is fitted to: arrays [samples, …], and what their columns are called."""

    x: Array
    y: Array
    columns: list[str]
    targets: list[str]
    """Of numbers, or labels of classes, of which y then holds the positions."""
    classes: bool


@dataclass(frozen=True)
class _Scale:
    """What is subtracted from columns, and what they are divided by, before the model sees them."""

    mean: Array
    deviation: Array

    @staticmethod
    def of(values: Array) -> _Scale:
        deviation = values.std(axis=0)
        # Columns whose values are all the same, but for the rounding of their mean.
        same = deviation <= 1e-12 * np.abs(values).max(axis=0, initial=0.0)
        return _Scale(values.mean(axis=0), np.where(same, 1.0, deviation))

    def scaled(self, values: Array) -> Array:
        return (values - self.mean) / self.deviation

    def unscaled(self, values: Array) -> Array:
        return values * self.deviation + self.mean


@dataclass(frozen=True)
class _Ends:
    """What a model takes and gives for a sample, and how the compiler is told its sizes."""

    input: str
    output: str
    shape: tuple[int, ...]
    scaled: tuple[str, ...] = ()
    """Inputs and outputs that the data block scales by what it learns."""
    labels: tuple[str, ...] | None = None
    probabilities: bool = False
    batch: int = 200
    sizes: dict[str, Any] = field(default_factory=dict)


class _Estimator(BaseEstimator):  # type: ignore[misc]
    """What regressors and classifiers have in common."""

    weights_: dict[str, Array]

    def __init__(
        self,
        model: Model = None,
        *,
        hidden_layer_sizes: tuple[int, ...] = (100,),
        activation: str = "relu",
        alpha: float = 0.0001,
        batch_size: int | None = None,
        learning_rate_init: float = 0.001,
        max_iter: int | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        random_state: Any = None,
        warm_start: bool = False,
        verbose: bool = False,
        set: Mapping[str, Any] | None = None,
    ):
        self.model = model
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.set = set

    @property
    def network_(self) -> Network:
        """The compiled model: what it takes and gives is scaled as `network_.inputs` and `outputs` say."""
        check_is_fitted(self)
        network: Network = self._network
        return network

    def _check(self) -> None:
        for name in ("batch_size", "max_iter"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name}: a number from 1 on is expected, not {value!r}")
        if not 0 < self.validation_fraction < 1:
            raise ValueError(
                f"validation_fraction: a part of 1 is expected, not {self.validation_fraction!r}"
            )
        if self.activation not in ACTIVATIONS:
            raise ValueError(
                f"activation: one of {', '.join(ACTIVATIONS)} is expected, not {self.activation!r}"
            )
        if any(size < 1 for size in self.hidden_layer_sizes):
            raise ValueError(f"hidden_layer_sizes: {self.hidden_layer_sizes} are not all 1 or more")

    def _fit(self, data: _Data) -> None:
        """Trains the model on the data and compiles it with the weights."""
        model, ends = self._built_in(data) if self.model is None else self._given(data)
        kept = self.weights_ if self.warm_start and hasattr(self, "weights_") else {}
        both = {ends.input: data.x, ends.output: self._targets(data, ends)}
        scales = {name: _learnt(kept, name) if kept else _Scale.of(both[name]) for name in ends.scaled}
        arrays = {
            name: scales[name].scaled(array) if name in scales else array for name, array in both.items()
        }
        arrays[ends.input] = arrays[ends.input].astype(np.float32).reshape(-1, *ends.shape)
        arrays[ends.output] = arrays[ends.output].astype(np.int64 if data.classes else np.float32)
        learnt = {name: value for name, value in kept.items() if not name.startswith("data.")}
        result = train(
            model,
            arrays,
            epochs=self.max_iter or (200 if self.model is None else None),
            batch=None if self.model is None else self._batch(ends.batch, len(data.x)),
            seed=int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max)),
            weights=learnt or None,
            progress=self.verbose,
            **ends.sizes,
        )
        if result.interrupted:
            raise KeyboardInterrupt
        weights = result.state_dict()
        for name, scale in scales.items():
            weights[f"data.{name}.mean"] = np.atleast_1d(scale.mean)
            weights[f"data.{name}.std"] = np.atleast_1d(scale.deviation)
        epochs = int(result.report["epochs"])
        if epochs:
            self.loss_curve_ = [float(part.mean()) for part in np.array_split(result.losses, epochs)]
        else:  # least squares
            self.loss_curve_ = [float(result.report["train"]["loss"])]
        self.n_iter_ = len(self.loss_curve_)
        self.loss_ = self.loss_curve_[-1]
        self.weights_, self._model, self._ends = weights, model, ends
        self._compile()

    def _targets(self, data: _Data, ends: _Ends) -> Array:
        """What the model shall give: numbers, or positions in the model's own order of classes."""
        if not data.classes:
            return data.y
        labels = list(ends.labels or data.targets)
        unknown = [label for label in data.targets if label not in labels]
        if unknown:
            raise ValueError(f"y has the class {unknown[0]}, the model's classes are {', '.join(labels)}")
        self._order = np.array([labels.index(label) for label in data.targets])
        positions: Array = self._order[data.y]
        return positions

    def _batch(self, batch: int, samples: int) -> int:
        """No more than there are samples to learn from: what makes no whole batch is left out."""
        if self.early_stopping:
            samples -= int(np.ceil(self.validation_fraction * samples))
        return max(1, min(self.batch_size or batch, samples))

    def _compile(self) -> None:
        self._network = compile(self._model, weights=self.weights_, **self._ends.sizes)

    def __getstate__(self) -> dict[str, Any]:
        """Without compiled code, which is made again from the model and its weights."""
        state: dict[str, Any] = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_network"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "_model" in state:
            self._compile()

    # ---- The model ----

    def _built_in(self, data: _Data) -> tuple[str, _Ends]:
        """A perceptron as scikit-learn's, over columns that are scaled."""
        width, batch = len(data.targets), self._batch(200, len(data.x))
        layers = [f"layer hidden{i} = linear({size})" for i, size in enumerate(self.hidden_layer_sizes)]
        steps = [f" |> hidden{i}{ACTIVATIONS[self.activation]}" for i in range(len(layers))]
        lines = [
            f"model perceptron(x: f32[N, {data.x.shape[1]}]) -> y: f32[N, {width}] {{",
            *(f"  {layer}" for layer in layers),
            f"  layer output = linear({width})",
            f"  x{''.join(steps)} |> output",
            "}",
            "data perceptron {",
            f"  x: table(columns: {_texts(data.columns)}, scale: standard)",
            f"  y: {self._meaning(data)}",
            "}",
            "train perceptron {",
            f"  loss: {'cross_entropy' if data.classes else '1/2 * mse'}",
            # scikit-learn's penalty is divided by the samples of a batch, as the loss is.
            f"  optimizer: adam(lr: {float(self.learning_rate_init)!r}, "
            f"weight_decay: {float(self.alpha) / batch!r}, decay: weights); batch: {batch}",
        ]
        if self.early_stopping:
            part = 100 * self.validation_fraction
            lines.append(f"  validation: {part:.6g}%; patience: {self.n_iter_no_change}")
        scaled = ("x",) if data.classes else ("x", "y")
        labels = tuple(data.targets) if data.classes else None
        return "\n".join([*lines, "}", ""]), _Ends("x", "y", (data.x.shape[1],), scaled, labels)

    def _meaning(self, data: _Data) -> str:
        if data.classes:
            return f"classes(labels: {_texts(data.targets)})"
        if len(data.targets) == 1:
            return f"value(column: {quoted(data.targets[0])}, scale: standard)"
        return f"table(columns: {_texts(data.targets)}, scale: standard)"

    def _given(self, data: _Data) -> tuple[Any, _Ends]:
        """A model of the caller's, its sizes set by the data."""
        assert self.model is not None
        model = portable(self.model)
        sizes = _sizes(model, dict(self.set or {}), data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ModelWarning)  # it has no weights yet
            net = compile(model, **sizes)
        if len(net.inputs) != 1 or len(net.outputs) != 1 or not net.batched:
            raise Error(f"{net.signature}: one input and one output of any number of samples are expected", 2)
        (x,), (y,) = net.inputs, net.outputs
        takes, gives = int(np.prod(x.shape[1:])), int(np.prod(y.shape[1:]))
        if takes != data.x.shape[1]:
            raise ValueError(f"{net.signature} takes {takes} numbers, X has {data.x.shape[1]} features")
        if gives != len(data.targets) and not (data.classes and y.labels):
            what = "classes" if data.classes else "targets"
            raise ValueError(f"{net.signature} gives {gives} numbers, y has {len(data.targets)} {what}")
        record = net._record
        ports = ((x.name, record.inputs[0]), (y.name, record.outputs[0]))
        scaled = tuple(name for name, port in ports if _learns(port))
        batch = _training_batch(model, sizes)
        return model, _Ends(x.name, y.name, x.shape[1:], scaled, y.labels, y.probabilities, batch, sizes)

    # ---- Its answers ----

    def _answers(self, X: Any) -> Array:
        """What the model gives, [samples, numbers], unscaled, in double."""
        check_is_fitted(self)
        ends, weights = self._ends, self.weights_
        x = validate_data(self, X, reset=False, dtype=FLOATS)
        if ends.input in ends.scaled:
            x = _learnt(weights, ends.input).scaled(x)
        shaped = np.ascontiguousarray(x, np.float32).reshape(-1, *ends.shape)
        answers = np.asarray(self._network(shaped), np.float64).reshape(len(x), -1)
        return _learnt(weights, ends.output).unscaled(answers) if ends.output in ends.scaled else answers


class Regressor(RegressorMixin, _Estimator):  # type: ignore[misc]
    """Numbers from numbers.

    Without `model` it is a perceptron with the parameters, the defaults and the loss of scikit-learn's
    MLPRegressor (optimiser Adam), but for these: columns of X and of y are scaled to mean 0 and deviation
    1 within the model, training lasts `max_iter` epochs (200) unless `early_stopping` ends it, and initial
    values are PyTorch's.

    Args:
        model: the path or the text of a .lin model with a train block, or the path of a .onnx file named
            by one. Its settings `features` and `outputs` take the data's sizes (`features` may be a symbol of
            its input's type, too); an input of more dimensions takes the features in its order. What its
            data block calls `scale: standard` is scaled.
        hidden_layer_sizes, activation, alpha, learning_rate_init: of the built-in model alone.
        early_stopping, validation_fraction, n_iter_no_change: likewise.
        batch_size, max_iter: the train block's by default; of the built-in one 200 and 200.
        random_state: of initial values and of the order of samples.
        warm_start: fit() goes on from the weights there are.
        verbose: a line for each epoch.
        set: settings of a model of your own, by name.

    Attributes:
        network_: the compiled model, a linnet.Network.
        weights_: its weights by parameter's name; `data.NAME.mean` and `.std` are scales.
        n_iter_, loss_, loss_curve_: epochs, and the mean loss of each.
    """

    def __sklearn_tags__(self) -> Any:
        """Several targets are no trouble."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any) -> Regressor:
        """Trains on numbers [samples, features] and targets [samples] or [samples, outputs]."""
        self._check()
        x, y = validate_data(
            self, X, y, dtype=FLOATS, ensure_min_samples=2, multi_output=True, y_numeric=True
        )
        self._single = y.ndim == 1
        targets = np.asarray(y, np.float64).reshape(len(y), -1)
        names = ["y"] if self._single else [f"y{i}" for i in range(targets.shape[1])]
        self._fit(_Data(np.asarray(x, np.float64), targets, _columns(self, x), names, False))
        return self

    def predict(self, X: Any) -> Array:
        """Targets, in the units of those it was trained on."""
        answers = self._answers(X)
        return answers[:, 0] if self._single else answers


class Classifier(ClassifierMixin, _Estimator):  # type: ignore[misc]
    """Classes from numbers.

    Without `model` it is a perceptron with the parameters, the defaults and the loss of scikit-learn's
    MLPClassifier, with the differences that Regressor has: columns of X are scaled within the model,
    training lasts `max_iter` epochs, initial values are PyTorch's. Parameters and attributes are
    Regressor's too.

    Args:
        model: as of Regressor, with one output of a number for each class: the setting `classes` is
            their count. Where its data block names classes by `labels`, those of y are among them, and a
            model that ends in softmax says there that its outputs are probabilities.
    """

    def fit(self, X: Any, y: Any) -> Classifier:
        """Trains on numbers [samples, features] and a class for each sample."""
        self._check()
        x, y = validate_data(self, X, y, dtype=FLOATS, ensure_min_samples=2)
        check_classification_targets(y)
        kept = getattr(self, "classes_", None) if self.warm_start else None
        self.classes_, positions = np.unique(y, return_inverse=True)
        if kept is not None and not np.array_equal(kept, self.classes_):
            raise ValueError(f"warm_start: y has other classes than before, {self.classes_} not {kept}")
        labels = [_label(value) for value in self.classes_.tolist()]
        self._fit(_Data(np.asarray(x, np.float64), positions, _columns(self, x), labels, True))
        return self

    def predict_proba(self, X: Any) -> Array:
        """Probabilities [samples, classes], in the order of `classes_`."""
        scores = self._answers(X)
        if not self._ends.probabilities:
            scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        scores = scores[:, self._order]
        result: Array = scores / scores.sum(axis=1, keepdims=True)
        return result

    def predict(self, X: Any) -> Array:
        """The likeliest class of each sample."""
        chosen = self._answers(X)[:, self._order].argmax(axis=1)
        result: Array = self.classes_[chosen]
        return result


def _learnt(weights: Mapping[str, Array], name: str) -> _Scale:
    return _Scale(weights[f"data.{name}.mean"], weights[f"data.{name}.std"])


def _columns(estimator: Any, x: Array) -> list[str]:
    names = getattr(estimator, "feature_names_in_", None)
    if names is None or len({*names}) < len(names):
        return [f"x{i}" for i in range(x.shape[1])]
    return [str(name) for name in names]


def _label(value: Any) -> str:
    """A class as data blocks name it: whole numbers without a point."""
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


def _texts(values: Sequence[str]) -> str:
    return "[" + ", ".join(map(quoted, values)) + "]"


def _learns(port: Any) -> bool:
    """Does the data block of this input or output scale columns by what it learns?"""
    table = port.table.contents if port.table else None
    return bool(table and any(column.learn for column in table.columns[: table.count]))


def _sizes(model: str | bytes, given: dict[str, Any], data: _Data) -> dict[str, Any]:
    """The sizes of the data, as settings of the model; that of the features also as a symbol of its input."""
    settings, symbols = dict(given), {}
    text = model if isinstance(model, str) else ""
    if text and not is_text(text):
        with open(text, encoding="utf-8") as file:
            text = file.read()
    head = re.search(r"^\s*model\b[^{]*", re.sub(r"#.*", "", text), re.MULTILINE)
    known = {"features": data.x.shape[1], "classes" if data.classes else "outputs": len(data.targets)}
    for name, size in known.items():
        if head is None or name in settings or not re.search(rf"\b{name}\b", head[0]):
            continue
        if re.search(rf"\b{name}\s*:\s*int\b", head[0]):
            settings[name] = size
        elif name == "features":
            symbols[name] = size
    return {"set": settings, "bind": symbols}


def _training_batch(model: str | bytes, sizes: dict[str, Any]) -> int:
    """What the model's train block says."""
    source = Source(model)
    words = ["check", source.path, "--train", "--json", *Options(**sizes).words()]
    try:
        text, _ = _command.run(words, source.names)
    except Error:  # of least_squares() that command says nothing; other faults training tells
        return 32
    return int(json.loads(text)["training"]["batch"])
