"""Calls: what goes in, what comes out, and what is refused."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from pathlib import Path

import linnet
import numpy as np
import pytest
from conftest import DATA, MODELS, TWO, run_by_command

RANDOM = np.random.default_rng(0)


class Exported:
    """An array of another library, which gives it by DLPack alone."""

    def __init__(self, array: np.ndarray):
        self._array = array

    def __dlpack__(self, **options):
        return self._array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self._array.__dlpack_device__()


def test_logits_are_those_of_the_weights_trainer(lenet, images):
    logits = lenet(images)
    assert logits.dtype == np.float32 and logits.shape == (360, 10)
    np.testing.assert_allclose(logits, np.load(DATA / "lenet_test_logits.npy"), rtol=0, atol=2e-5)


def test_bits_are_those_of_the_command(lenet, images):
    words = ["--weights", DATA / "lenet.safetensors"]
    expected = run_by_command(MODELS / "lenet.lin", words, image=images)["logits"]
    np.testing.assert_array_equal(lenet(images), expected)


def test_single_samples_have_the_bits_of_many(lenet, images):
    single = np.concatenate([lenet(images[i : i + 1]) for i in range(20)])
    np.testing.assert_array_equal(single, lenet(images[:20]))


@pytest.mark.parametrize("count", [1, 7, 8, 9, 19, 24])
def test_remainders_of_a_batch(lenet_of_8, images, count):
    words = ["--weights", DATA / "lenet.safetensors", "--batch", 8]
    expected = run_by_command(MODELS / "lenet.lin", words, image=images[:count])["logits"]
    np.testing.assert_array_equal(lenet_of_8(images[:count]), expected)


def test_no_samples(lenet, lenet_of_8, images):
    for net in (lenet, lenet_of_8):
        assert net(images[:0]).shape == (0, 10)


def test_results_are_new_arrays(lenet, images):
    first = lenet(images[:1])
    kept = first.copy()
    second = lenet(images[1:2])
    np.testing.assert_array_equal(first, kept)
    assert first.flags.writeable and not np.array_equal(first, second)


def test_results_outlive_the_network(images):
    net = linnet.compile(MODELS / "lenet.lin", weights=DATA / "lenet.safetensors")
    result = net(images[:1])
    kept = result.copy()
    del net
    gc.collect()
    np.testing.assert_array_equal(result, kept)


def gaps(x: np.ndarray) -> np.ndarray:
    return np.repeat(x, 2, axis=3)[..., ::2]


def backwards(x: np.ndarray) -> np.ndarray:
    return x[..., ::-1].copy()[..., ::-1]


def fortran(x: np.ndarray) -> np.ndarray:
    return np.asfortranarray(np.concatenate([x, x]))[:1]


def read_only(x: np.ndarray) -> np.ndarray:
    x = x.copy()
    x.flags.writeable = False
    return x


def misaligned(x: np.ndarray) -> np.ndarray:
    place = np.zeros(x.nbytes + 1, np.uint8)[1:].view(x.dtype).reshape(x.shape)
    place[:] = x
    assert place.ctypes.data % 4
    return place


def other_byte_order(x: np.ndarray) -> np.ndarray:
    return x.astype(x.dtype.newbyteorder(">"))


class Subclass(np.ndarray):
    pass


@pytest.mark.parametrize(
    "given",
    [
        gaps,
        backwards,
        fortran,
        read_only,
        misaligned,
        other_byte_order,
        Exported,
        np.ndarray.tolist,
        lambda x: x.view(Subclass),
        lambda x: Exported(gaps(x)),
        lambda x: Exported(read_only(x)),
    ],
)
def test_arrays_of_every_kind(lenet, images, given):
    x = images[3:4].copy()
    before = x.copy()
    np.testing.assert_array_equal(lenet(given(x)), lenet(before))
    np.testing.assert_array_equal(x, before)


def test_several_inputs_by_order_and_by_name(two):
    a, b = RANDOM.normal(size=(5, 4)).astype("f4"), RANDOM.normal(size=(5, 3)).astype("f4")
    path = Path("two.lin")
    path.write_text(TWO)
    expected = run_by_command(path, ["--seed", 3], a=a, b=b)
    for result in (two(a, b), two(a, b=b), two(b=b, a=a)):
        assert list(result) == ["sum", "product"]
        for name in result:
            np.testing.assert_array_equal(result[name], expected[name])


@pytest.mark.parametrize(
    ("args", "named", "said"),
    [
        ((), {}, ["no input 'a: float32[N, 4]'", "two(a: float32[N, 4], b: float32[N, 3])"]),
        ((1, 2, 3), {}, ["takes 2 inputs, not 3"]),
        ((np.zeros((1, 4), "f4"),), {"c": 1}, ["two has no input 'c'; it has a, b"]),
        ((np.zeros((1, 4), "f4"),), {"a": 1}, ["input 'a' is given twice"]),
        (
            (np.zeros((1, 4)), np.zeros((1, 3))),
            {},
            ["'a' takes float32, given float64", "astype(numpy.float32)"],
        ),
        (
            (np.zeros((2, 4), "f4"), np.zeros((3, 3), "f4")),
            {},
            ["different numbers of samples", "'a': 2", "'b': 3"],
        ),
        ((np.zeros((2, 5), "f4"), np.zeros((2, 3), "f4")), {}, ["'a: float32[N, 4]' is given float32[2, 5]"]),
        ((np.zeros(4, "f4"), np.zeros((2, 3), "f4")), {}, ["'a: float32[N, 4]' is given float32[4]"]),
        ((np.float32(1), np.zeros((2, 3), "f4")), {}, ["'a: float32[N, 4]' is given float32[]"]),
        (([[1, 2], [3]], np.zeros((2, 3), "f4")), {}, ["input 'a': "]),
        ((["text"], np.zeros((2, 3), "f4")), {}, ["'a' takes float32, given str"]),
        ((None, np.zeros((2, 3), "f4")), {}, ["'a' takes float32, given object"]),
    ],
)
def test_what_is_refused_names_both_sides(two, args, named, said):
    with pytest.raises(linnet.Error) as caught:
        two(*args, **named)
    assert caught.value.status == 2
    for text in said:
        assert text in str(caught.value)


def test_masked_elements_are_no_values(two):
    a, b = np.ones((2, 4), "f4"), np.ones((2, 3), "f4")
    whole = np.ma.array(a, mask=False)
    np.testing.assert_array_equal(two(whole, b)["sum"], two(a, b)["sum"])
    whole[1, 2] = np.ma.masked
    with pytest.raises(linnet.Error, match=r"input 'a' has masked elements\nhint: \.filled"):
        two(whole, b)
    with pytest.raises(linnet.Error, match="weights: 'left.weight' has masked elements"):
        linnet.compile(TWO, weights={"left.weight": np.ma.masked_all((2, 4), "f4")})


def test_an_input_may_be_called_self():
    text = "model twice(self: f32[N, 2]) -> y: f32[N, 2] { self + self }\n"
    x = np.ones((1, 2), "f4")
    np.testing.assert_array_equal(linnet.compile(text)(self=x), 2 * x)
    assert linnet.verify(text, samples=2)


def test_texts_of_numpy_are_no_numbers(two):
    texts = np.array(["1"], np.dtypes.StringDType()) if hasattr(np, "dtypes") else np.array(["1"])
    with pytest.raises(linnet.Error, match="'a' takes float32, given"):
        two(texts, np.ones((1, 3), "f4"))


def test_weights_of_every_kind():
    """A single number stays one, whatever the order of its bytes."""
    text = "model scaled(x: f32[N, 3]) -> y: f32[N, 3] {\n  param by: f32[] = zeros()\n  x * by\n}\n"
    x = np.array([[1, 2, 3]], "f4")
    for by in (np.float32(3), np.array(3, "f4"), np.array(3, ">f4")):
        np.testing.assert_array_equal(linnet.compile(text, weights={"by": by})(x), 3 * x)


def test_scalars_and_other_types():
    text = "model mixed(x: f32, i: i32[3]) -> (y: f32, j: i32[3]) { (x * 2.0, i + i) }\n"
    net = linnet.compile(text)
    assert not net.batched and net.signature.startswith("mixed(x: float32[], i: int32[3])")
    for x in (1.5, np.float32(1.5), np.array(1.5, "f4")):
        result = net(x, [1, 2, 3])
        assert result["y"].shape == () and result["y"] == 3
        np.testing.assert_array_equal(result["j"], np.array([2, 4, 6], "i4"))
    with pytest.raises(linnet.Error, match="'i' takes int32"):
        net(1.0, [1, 2.5, 3])


def test_memory_of_results_by_size():
    """Small results and large ones are made in different ways."""
    for size in (1, 1023, 1024, 1025, 4096, 100_000):
        net = linnet.compile(f"model twice(x: f32[N, {size}]) -> y: f32[N, {size}] {{ x + x }}\n")
        x = RANDOM.normal(size=(1, size)).astype("f4")
        results = [net(x), net(-x), net(x)]
        for sign, result in zip((1, -1, 1), results):
            np.testing.assert_array_equal(result, sign * 2 * x)


def test_state_dict_of_arrays_as_weights(lenet, images):
    from safetensors.numpy import load_file

    weights = load_file(DATA / "lenet.safetensors")
    net = linnet.compile(MODELS / "lenet.lin", weights=weights)
    np.testing.assert_array_equal(net(images[:3]), lenet(images[:3]))
    del weights["conv1.bias"]
    with pytest.raises(linnet.Error) as caught:
        linnet.compile(MODELS / "lenet.lin", weights=weights)
    assert "conv1.bias" in str(caught.value) and "linnet-" not in str(caught.value)


def test_dtype_f64(images):
    net = linnet.compile(MODELS / "lenet.lin", weights=DATA / "lenet.safetensors", dtype="f64")
    assert net.inputs[0].dtype == np.float64
    logits = net(images[:5].astype(np.float64))
    np.testing.assert_allclose(logits, np.load(DATA / "lenet_test_logits.npy")[:5], atol=2e-5)


def test_settings_bindings_names():
    with pytest.warns(linnet.ModelWarning):
        net = linnet.compile(MODELS / "ar.lin", set={"p": 7}, name="seven")
    assert net.name == "seven" and net.inputs[0].shape == (1, 7) and net.untrained


def test_what_it_says_of_itself(lenet):
    assert lenet.signature == "lenet(image: float32[N, 1, 28, 28]) -> (logits: float32[N, 10])"
    assert lenet.batched and not lenet.stateful and not lenet.untrained
    assert lenet.inputs[0].name == "image" and lenet.inputs[0].shape == (1, 1, 28, 28)
    assert lenet.outputs[0].labels == tuple("0123456789") and not lenet.outputs[0].probabilities
    assert lenet.arena_bytes > 0 and lenet.stack_bytes > 0 and lenet.flops == 2 * 416_520
    assert "lenet(image" in repr(lenet) and lenet.target in repr(lenet)
    html = lenet._repr_html_()
    assert html.count("<table>") == 1 and "logits: float32[N, 10]" in html
    assert linnet.__version__.count(".") == 2


def test_a_copy_is_the_network_itself(two):
    assert copy.copy(two) is two and copy.deepcopy([two])[0] is two
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(two)


def test_a_network_goes_at_once_with_its_files():
    gc.disable()
    try:
        with pytest.warns(linnet.ModelWarning):
            net = linnet.compile(TWO)
        folder = Path(net._source.path).parent
        assert folder.is_dir()
        net(np.zeros((1, 4), "f4"), np.zeros((1, 3), "f4"))
        gone = weakref.ref(net)
        del net
        assert gone() is None
        assert not folder.exists()
    finally:
        gc.enable()
