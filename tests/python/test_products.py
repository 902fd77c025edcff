"""What the command makes of a network: products, dumps, times."""

from __future__ import annotations

import ctypes
import json
import shutil
import subprocess
import sys
from pathlib import Path

import linnet
import numpy as np
import pytest
from conftest import DATA, DIGITS, MODELS, TWO


def test_products_of_every_kind(lenet):
    beside = {
        "a.a": {"lenet.h"},
        "b.so": {"lenet.h"},
        "c.o": {"c_constants.o", "lenet.h"},
        "d.wasm": {"d.mjs", "d.d.mts"},
        "e.c": {"lenet.h"},
        "f": set(),
    }
    for name, others in beside.items():
        Path("lenet.h").unlink(missing_ok=True)
        before = {path.name for path in Path().iterdir()}
        assert lenet.save(name) == name
        made = {path.name for path in Path().iterdir()} - before
        assert made == {name} | others
        assert all(Path(each).stat().st_size > 0 for each in made)
    done = subprocess.run(["./f", DIGITS / "3.png"], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-3] == "3"


def test_a_shared_library_has_the_same_bits(lenet, images):
    library = ctypes.CDLL(str(Path(lenet.save(Path("lenet.so"))).resolve()))
    arena = np.zeros(lenet.arena_bytes + 64, np.uint8)
    at = arena.ctypes.data + -arena.ctypes.data % 64
    expected = lenet(images[:4])
    for image, logits in zip(images, expected):
        result = np.zeros(10, "f4")
        pointers = (ctypes.c_void_p(image.ctypes.data), ctypes.c_void_p(result.ctypes.data))
        assert library.lenet_run(*pointers, ctypes.c_void_p(at)) == 0
        np.testing.assert_array_equal(result, logits)


def test_the_header_is_that_of_the_library(lenet):
    assert "int lenet_run(" in lenet.c_header and "int lenet_run_u8(" in lenet.c_header
    lenet.save("lenet.a")
    assert Path("lenet.h").read_text() == lenet.c_header


def test_models_given_as_text_are_saved_too(two):
    two.save("two.so")
    assert "two_run" in Path("two.h").read_text()


@pytest.mark.parametrize(
    ("path", "flags", "said"),
    [
        ("lenet.zip", [], ".a, .so, .o, .wasm, .c or none"),
        ("nowhere/lenet.a", [], "nowhere"),
        ("lenet.a", ["--target", "z80"], "z80"),
        ("lenet.so", ["--cc", "no-such-compiler"], "no-such-compiler"),
        ("lenet", ["--cc", "false"], "false"),
    ],
)
def test_what_fails_leaves_nothing(lenet, path, flags, said):
    with pytest.raises(linnet.Error) as caught:
        lenet.save(path, *flags)
    assert said in str(caught.value)
    assert not list(Path().iterdir())


def test_paths_are_those_of_where_it_was_compiled(lenet, monkeypatch):
    """Whatever is made later reads the same files, and no path is in it."""
    for name in ("lenet.lin", "data/lenet.safetensors"):
        shutil.copy(MODELS / name, Path(name).name)
    net = linnet.compile("lenet.lin", weights="lenet.safetensors")
    Path("other").mkdir()
    monkeypatch.chdir("other")
    assert net.c_header == lenet.c_header and net.dump() == lenet.dump()
    assert Path(net.save("here.o")).read_bytes() == Path(lenet.save("there.o")).read_bytes()
    Path("../lenet.lin").write_text("model lenet(x: f32[N, 2]) -> y: f32[N, 2] { z }\n")
    with pytest.raises(linnet.Error) as caught:
        net.dump()
    assert caught.value.file == "lenet.lin"


@pytest.mark.parametrize("name", ["two {1}.lin", "two\n'\".lin", "-two.lin", "--two.lin"])
def test_names_of_files_that_are_awkward(name):
    path = Path(name)
    path.write_text(TWO)
    with pytest.warns(linnet.ModelWarning):
        net = linnet.compile(path if "\n" in name else name)
    for ending in (".so", ".a"):
        assert Path(net.save(path.with_suffix(ending))).stat().st_size > 0


def test_dump(lenet, two):
    whole, pooled = lenet.dump(), lenet.dump(after="fuse_pool")
    assert "kernel @conv1_relu_max_pool2d" in whole and " in arena+" in whole
    assert "max_pool2d" in pooled and "kernel @" not in pooled
    assert "module two" in two.dump("imported")
    with pytest.raises(linnet.Error, match="no phase or pass 'fuse_pools'"):
        lenet.dump(after="fuse_pools")


def test_bench(lenet):
    result = lenet.bench("--rounds", "3")
    assert result["median_ns"] > 0
    assert [kernel["name"] for kernel in result["kernels"]][0].startswith("conv1")
    html = result._repr_html_()
    assert "the whole call" in html and "conv1" in html


def test_report(lenet, two, images, tmp_path):
    path = tmp_path / "lenet.json"
    assert lenet.report(path, "--no-times", inputs={"image": images[:2]}) == str(path)
    report = json.loads(path.read_text(encoding="utf-8"))
    assert report["model"] == "lenet" and report["numbers"]["inputs"] == "given"
    image = report["numbers"]["values"][0]
    assert image["name"] == "image" and image["count"] == 2 * 28 * 28
    page = Path(two.report(tmp_path / "two.html", "--no-times", "--no-numbers")).read_text(encoding="utf-8")
    assert '<script type="application/json" id="linnet-report">{"schema":1,' in page
    with pytest.raises(linnet.Error, match="no such folder|No such file"):
        two.report(tmp_path / "nowhere" / "two.html", "--no-times", "--no-numbers")


def test_onnx_models(images):
    import onnx

    path = DATA / "mnist-8" / "model.onnx"
    nets = [linnet.compile(each) for each in (path, path.read_bytes(), onnx.load(path))]
    assert nets[0].signature.endswith("(Plus214_Output_0: float32[N, 10])") or not nets[0].batched
    x = images[:1] * np.float32(255)
    for net in nets[1:]:
        np.testing.assert_array_equal(net(x), nets[0](x))
    nets[2].save("digits.a")
    assert "digits" not in nets[2].name


def test_the_command_behind_the_package():
    line = [sys.executable, "-m", "linnet", "--version"]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    assert linnet.__version__ in done.stdout
    Path("two.lin").write_text(TWO)
    line = [sys.executable, "-m", "linnet", "check", "two.lin", "--batch", "0"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "--batch" in done.stderr and not done.stdout
