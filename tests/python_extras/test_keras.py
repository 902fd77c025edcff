"""Keras models, by the backend that KERAS_BACKEND names: torch, jax or tensorflow."""

from __future__ import annotations

import keras
import linnet
import numpy as np
import pytest
from keras import layers


def dense():
    return [(4,)], [
        layers.Dense(8, activation="relu"),
        layers.Dropout(0.5),
        layers.Dense(3, activation="softmax"),
    ]


def conv():
    stack = [
        layers.Conv2D(6, 5, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.BatchNormalization(),
        layers.Conv2D(8, 3, activation="relu"),
        layers.Flatten(),
        layers.Dense(10),
    ]
    return [(12, 12, 1)], stack


@pytest.mark.parametrize("make", [dense, conv])
def test_sequential(make):
    keras.utils.set_random_seed(0)
    (shape,), stack = make()
    model = keras.Sequential([keras.Input(shape), *stack])
    x = np.random.default_rng(0).standard_normal((7, *shape)).astype("f4")
    model(x)  # so that the statistics of batch normalisation are no constants of 0 and 1
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights([w + 0.3 for w in layer.get_weights()])
    net = linnet.compile(model, batch=2)
    assert net.batched
    np.testing.assert_allclose(net(x), model.predict(x, verbose=0), rtol=1e-4, atol=1e-5)


def test_two_inputs_and_outputs():
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    outputs = [layers.Dense(3, name="sum")(layers.Add()([left, right])), layers.Dense(2, name="other")(left)]
    model = keras.Model([left, right], outputs)
    net = linnet.compile(model)
    x = [np.random.default_rng(i).standard_normal((5, 4)).astype("f4") for i in (0, 1)]
    answers = net(*x)
    assert list(answers) == model.output_names
    for answer, wanted in zip(answers.values(), model.predict(x, verbose=0)):
        np.testing.assert_allclose(answer, wanted, rtol=1e-4, atol=1e-5)


def test_a_model_without_inputs_takes_an_example():
    model = keras.Sequential([layers.Dense(2)])
    with pytest.raises(linnet.Error, match="does not know the inputs") as caught:
        linnet.compile(model)
    assert "keras.Input" in caught.value.hint
    x = np.ones((3, 4), "f4")
    net = linnet.compile(model, x)
    np.testing.assert_allclose(net(x), model.predict(x, verbose=0), rtol=1e-5)
