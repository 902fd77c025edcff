#!/usr/bin/env python3
"""What goes into a model from elsewhere and what it keeps: fixed inputs, states, what linnet's own
export says of data, parameters in unusual places, pictures with their channels last.

  interface.py [--linnet PATH]
"""
import ctypes
import json
import os
import struct
import sys
import tempfile
import unittest
import zlib

import numpy as np
import onnx
from onnx import helper, numpy_helper
from safetensors.numpy import load_file, save_file

import common
import voice

MODELS = os.path.join(common.ROOT, "models")
options = None  # set below

ONE_RATE = """model vad = onnx("vad.onnx", sr: 16000, samples: 512) {
  state h = h -> hn
  state c = c -> cn
}
"""


class Interface(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="linnet-onnx-interface-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.linnet = common.Linnet(options.linnet)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf8") as file:
            file.write(text)

    def call(self, *words):
        answer = self.linnet.call(*words, cwd=self.folder)
        self.assertEqual(answer.status, 0, answer.message)
        return answer.stdout

    def refused(self, status, *words):
        answer = self.linnet.call(*words, cwd=self.folder)
        self.assertEqual(answer.status, status, answer.message)
        return answer.message


def aligned(size, align=64):
    memory = np.zeros(size + align, np.uint8)
    start = -memory.ctypes.data % align
    return memory[start:start + size]


class Stepper:
    """The functions NAME_reset and NAME_step of a shared library: x and y are f32."""

    def __init__(self, library, header, name, y):
        self.library = ctypes.CDLL(library)
        with open(header, encoding="utf8") as file:
            text = file.read()
        size = lambda what: int(text.split(f"#define {name.upper()}_{what} ")[1].split()[0])
        self.state, self.arena = aligned(size("STATE_BYTES")), aligned(size("STEP_ARENA_BYTES") + 64)
        self.name, self.y = name, np.zeros(y, np.float32)

    def function(self, what):
        return getattr(self.library, f"{self.name}_{what}")

    def pointer(self, array):
        return array.ctypes.data_as(ctypes.c_void_p)

    def reset(self):
        self.function("reset")(self.pointer(self.state))

    def step(self, x):
        x = np.ascontiguousarray(x)
        status = self.function("step")(self.pointer(x), self.pointer(self.y),
                                       self.pointer(self.state), self.pointer(self.arena))
        assert status == 0, status
        return self.y.copy()


class Voice(Interface):
    def setUp(self):
        super().setUp()
        self.model = voice.voice()
        onnx.save(self.model, self.path("vad.onnx"))
        self.write("vad.lin", ONE_RATE)

    def test_a_fixed_input_decides_the_branch(self):
        sizes = ("--bind", "samples=256", "--bind", "sr=8000")
        feeds = {"x": np.random.default_rng(3).normal(0, 1, (1, 256)).astype(np.float32),
                 "h": np.full((1, 1, voice.HIDDEN), .25, np.float32),
                 "c": np.full((1, 1, voice.HIDDEN), -.5, np.float32)}
        answer, got = self.linnet.run(self.model, feeds, sizes)
        wanted = common.oracle(self.model, {**feeds, "sr": np.array(8000)})
        self.assertEqual(common.judge(answer, got, wanted, 1e-5).outcome, "pass", answer.message)
        # A file of numbers does the same.
        np.save(self.path("rate.npy"), np.array(8000, np.int32))
        answer, again = self.linnet.run(
            self.model, feeds, ("--bind", "samples=256", "--bind",
                                f"sr=@{self.path('rate.npy')}"))
        np.testing.assert_array_equal(again["y"], got["y"])

    def test_without_it_the_message_names_the_input(self):
        message = self.refused(1, "check", "vad.onnx", "--bind", "samples=512")
        self.assertIn("fix what decides it when compiling: --bind sr=…", message)
        message = self.refused(1, "check", "vad.onnx", "--bind", "samples=512", "--bind", "rs=1")
        self.assertIn("free sizes: batch, samples; inputs: x, sr, h, c", message)

    def test_a_minute_of_frames_steps_as_onnx_runtime_does(self):
        self.call("compile", "vad.lin", "--emit", "shared", "--target", "x86-64-v3", "-o",
                  "libvad.so")
        vad = Stepper(self.path("libvad.so"), self.path("vad.h"), "vad", (1, 1))
        frames = 60 * 16000 // voice.FRAME
        random = np.random.default_rng(7)
        sound = random.normal(0, 1, (frames, 1, voice.FRAME)).astype(np.float32)
        sound *= random.uniform(0, 2, (frames, 1, 1)).astype(np.float32)
        session = common.session(self.model)
        h = c = np.zeros((1, 1, voice.HIDDEN), np.float32)
        vad.reset()
        snapshot, after = None, []
        for t, x in enumerate(sound):
            wanted, h, c = session.run(None, {"x": x, "sr": np.array(16000), "h": h, "c": c})
            got = vad.step(x)
            np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-5, err_msg=f"frame {t}")
            if t == 99:
                snapshot = vad.state.copy()  # plain memory
            if 99 < t < 110:
                after.append(got)
        self.assertGreater(np.ptp(np.array(after)), 1e-3)
        vad.state[:] = snapshot
        for x, wanted in zip(sound[100:110], after):
            np.testing.assert_array_equal(vad.step(x), wanted)

    def test_the_steps_of_a_recurrent_node_are_one_row(self):
        rows = json.loads(self.call("check", "vad.lin", "--json"))["layers"]
        steps = [row for row in rows if row["op"] == "LSTM"]
        self.assertEqual(len(steps), 1)
        self.assertLess(len(rows), 20)
        hidden = voice.HIDDEN
        self.assertEqual(steps[0]["multiply_adds"], 15 * 2 * 4 * hidden * hidden)
        self.assertEqual(steps[0]["parameters"], 2 * 4 * hidden * hidden + 8 * hidden)

    def test_states_must_be_there_and_fit(self):
        for wrong, message in [
                ("state h = hh -> hn", "vad.onnx has no input 'hh'"),
                ("state h = h -> h0", "vad.onnx has no output 'h0'"),
                ("state h = h -> y", "state 'h' is f32[1,1,24], its next value, 'y', f32[1,1]"),
                ("state h = h -> hn; state g = h -> cn", "input h is a state's already"),
                ("state h = sr -> hn", "--bind fixes its input 'sr'"),
                ("state h -> hn", "expected '='"), ("let h = hn", "expected `state`")]:
            self.write("wrong.lin", 'model vad = onnx("vad.onnx", sr: 16000, samples: 512) { ' +
                       wrong + " }\n")
            self.assertIn(message, self.refused(1, "check", "wrong.lin"))

    def test_an_export_brings_its_states_back(self):
        self.call("export", "vad.lin", "--batch", "1", "-o", "again.onnx")
        self.call("compile", "again.onnx", "--emit", "shared", "--target", "x86-64-v3", "-o",
                  "libagain.so")
        again = Stepper(self.path("libagain.so"), self.path("again.h"), "again", (1, 1))
        self.call("compile", "vad.lin", "--emit", "shared", "--target", "x86-64-v3", "-o",
                  "libvad.so")
        vad = Stepper(self.path("libvad.so"), self.path("vad.h"), "vad", (1, 1))
        vad.reset()
        again.reset()
        for x in np.random.default_rng(8).normal(0, 1, (20, 1, voice.FRAME)).astype(np.float32):
            np.testing.assert_allclose(again.step(x), vad.step(x), rtol=0, atol=1e-6)


class Metadata(Interface):
    def picture(self):
        pixels = np.random.default_rng(2).integers(0, 256, (28, 28), np.uint8)
        rows = b"".join(b"\0" + row.tobytes() for row in pixels)
        chunk = lambda kind, data: (struct.pack(">I", len(data)) + kind + data +
                                    struct.pack(">I", zlib.crc32(kind + data)))
        with open(self.path("3.png"), "wb") as file:
            file.write(b"\x89PNG\r\n\x1a\n" +
                       chunk(b"IHDR", struct.pack(">IIBBBBB", 28, 28, 8, 0, 0, 0, 0)) +
                       chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))

    def program(self, name, *words):
        answer = common.Linnet(self.path(name)).call(*words, cwd=self.folder)
        self.assertEqual(answer.status, 0, answer.message)
        return answer.stdout

    def test_an_exported_model_reads_pictures_again(self):
        self.picture()
        weights = ("--weights", os.path.join(MODELS, "data", "lenet.safetensors"))
        lenet = os.path.join(MODELS, "lenet.lin")
        self.call("export", lenet, *weights, "-o", "lo.onnx")
        self.call("compile", lenet, *weights, "-o", "lenet")
        self.call("compile", "lo.onnx", "-o", "lo")
        self.assertEqual(self.program("lo", "3.png"), self.program("lenet", "3.png"))
        self.assertIn("3.png", self.program("lo", "3.png"))

    def test_pictures_with_their_channels_last(self):
        self.picture()
        w = np.random.default_rng(6).normal(0, 1, (3, 1, 5, 5)).astype(np.float32)
        nodes = lambda first: [
            *first, helper.make_node("Conv", ["planes", "w"], ["c"]),
            helper.make_node("GlobalAveragePool", ["c"], ["p"]),
            helper.make_node("Flatten", ["p"], ["y"])]
        for name, dims, first in [
                ("last", ["N", 28, 28, 1],
                 [helper.make_node("Transpose", ["x"], ["planes"], perm=[0, 3, 1, 2])]),
                ("first", ["N", 1, 28, 28], [helper.make_node("Identity", ["x"], ["planes"])])]:
            graph = helper.make_graph(nodes(first), name, [voice.port("x", dims)],
                                      [voice.port("y", ["N", 3])],
                                      [numpy_helper.from_array(w, "w")])
            onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)],
                                        ir_version=8), self.path(name + ".onnx"))
            self.write(name + ".lin", f"""model {name} = onnx("{name}.onnx")
data {name} {{ x: image(color: gray, scale: 0.01); y: classes(labels: 0..2) }}
train {name} {{ loss: cross_entropy; optimizer: sgd(lr: 0.1); batch: 32; epochs: 1 }}
""")
            self.call("compile", name + ".lin", "-o", name)
        self.assertEqual(self.program("last", "3.png"), self.program("first", "3.png"))
        self.assertIn("x  f32[1,1,28,28]", self.call("check", "last.lin"))
        self.assertIn("x  f32[1,28,28,1]", self.call("check", "last.onnx"))
        self.folders()
        for name in ("last", "first"):
            self.call("train", name + ".lin", "--data", "pictures", "-o", name + ".safetensors")
        learnt = [load_file(self.path(n + ".safetensors"))["w"] for n in ("last", "first")]
        np.testing.assert_allclose(learnt[0], learnt[1], rtol=0, atol=1e-5)
        self.assertGreater(np.abs(learnt[0] - w).max(), 1e-4)

    def folders(self):
        with open(self.path("3.png"), "rb") as file:
            picture = file.read()
        for label in ("0", "1", "2"):
            os.makedirs(self.path(f"pictures/{label}"))
            for i in range(32):
                with open(self.path(f"pictures/{label}/{i}.png"), "wb") as file:
                    file.write(picture)

    def edited(self, key, value):
        model = onnx.load(self.path("lo.onnx"))
        for entry in model.metadata_props:
            if entry.key == key:
                entry.value = value
        onnx.save(model, self.path("edited.onnx"))

    def test_metadata_must_fit(self):
        self.call("export", os.path.join(MODELS, "lenet.lin"), "-o", "lo.onnx")
        for value, message in [
                ("image(colour: gray)", "edited.onnx: metadata 'linnet.data.image':1:"),
                ("image(color: rgb)", "a rgb picture has 3 channels"),
                ("image(color: gray)\n", "one value is expected"), ("image(", "metadata"),
                ("series(column: \"a\")", "a series is [N, lags]")]:
            self.edited("linnet.data.image", value)
            self.assertIn(message, self.refused(1, "check", "edited.onnx"))
        # What a .lin says goes first.
        self.edited("linnet.data.image", "image(color: rgb)")
        self.write("mine.lin", 'model lo = onnx("edited.onnx")\n'
                   'data lo { image: image(color: gray) }\n')
        self.call("check", "mine.lin")


class Parameters(Interface):
    """Weights in Constants and behind DequantizeLinear."""

    def save(self, name, nodes, inputs, outputs, initializers=(), opset=19):
        array = lambda pair: numpy_helper.from_array(pair[1], pair[0])
        graph = helper.make_graph(nodes, "model", inputs, outputs, [array(p) for p in initializers])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)],
                                  ir_version=9)
        onnx.checker.check_model(model)
        onnx.save(model, self.path(name))
        return model

    def slots(self, model):
        """Names and arrays of what `init` writes."""
        self.call("init", model, "-o", "slots.safetensors")
        return load_file(self.path("slots.safetensors"))

    def parameters(self, model):
        rows = json.loads(self.call("check", model, "--json"))
        return rows["parameters"]

    def test_weights_in_constants(self):
        w = np.random.default_rng(4).normal(0, 1, (4, 3)).astype(np.float32)
        model = self.save("constants.onnx", [
            voice.constant("fc.weight", w), voice.constant("fc.bias", w[:, 0]),
            voice.constant("one", np.array([2], np.float32)),
            helper.make_node("Gemm", ["x", "fc.weight", "fc.bias"], ["g"], transB=1),
            helper.make_node("Mul", ["g", "one"], ["y"])],
            [voice.port("x", ["N", 3])], [voice.port("y", ["N", 4])])
        slots = self.slots("constants.onnx")
        self.assertEqual(sorted(slots), ["fc.bias", "fc.weight"])
        np.testing.assert_array_equal(slots["fc.weight"], w)
        self.assertEqual(self.parameters("constants.onnx"), 16)
        save_file({k: 2 * v for k, v in slots.items()}, self.path("two.safetensors"))
        x = {"x": np.ones((1, 3), np.float32)}
        answer, got = self.linnet.run(model, x, ("--weights", self.path("two.safetensors")))
        np.testing.assert_allclose(got["y"], 2 * common.oracle(model, x)["y"], rtol=1e-5)

    def test_quantized_weights_are_parameters_of_floats_and_learn(self):
        random = np.random.default_rng(4)
        q = random.integers(-128, 128, (3, 2), np.int8)
        model = self.save("quantized.onnx", [
            helper.make_node("DequantizeLinear", ["fc.weight_quantized", "s", "z"], ["w"], axis=1),
            helper.make_node("DequantizeLinear", ["fc.bias", "sb"], ["b"]),
            helper.make_node("MatMul", ["x", "w"], ["m"]),
            helper.make_node("Add", ["m", "b"], ["y"])],
            [voice.port("x", ["N", 3])], [voice.port("y", ["N", 2])],
            [("fc.weight_quantized", q), ("s", np.array([.01, .02], np.float32)),
             ("z", np.array([3, -4], np.int8)), ("fc.bias", np.array([70000, -9], np.int32)),
             ("sb", np.array(1e-4, np.float32))])
        slots = self.slots("quantized.onnx")
        np.testing.assert_allclose(slots["fc.weight"], (q - np.array([3., -4])) * [.01, .02],
                                   rtol=1e-6)
        np.testing.assert_allclose(slots["fc.bias"], [7, -9e-4], rtol=1e-6)
        self.assertEqual(self.parameters("quantized.onnx"), 8)
        x = {"x": random.normal(0, 1, (1, 3)).astype(np.float32)}
        answer, got = self.linnet.run(model, x)
        self.assertEqual(common.judge(answer, got, common.oracle(model, x), 1e-5).outcome, "pass")
        self.write("learn.lin", """model q = onnx("quantized.onnx")
data q { x: table(columns: ["a", "b", "c"]); y: table(columns: ["d", "e"]) }
train q { loss: mse; optimizer: sgd(lr: 0.01); batch: 4; epochs: 2 }
""")
        rows = random.normal(0, 1, (16, 5))
        np.savetxt(self.path("rows.csv"), rows, delimiter=",", header="a,b,c,d,e", comments="")
        self.call("train", "learn.lin", "--data", "rows.csv", "-o", "learnt.safetensors")
        learnt = load_file(self.path("learnt.safetensors"))
        self.assertGreater(np.abs(learnt["fc.weight"] - slots["fc.weight"]).max(), 1e-3)

    def test_shapes_may_be_computed_with_floats(self):
        model = self.save("larger.onnx", [
            helper.make_node("Shape", ["x"], ["sizes"]),
            helper.make_node("Cast", ["sizes"], ["floats"], to=1),
            voice.constant("factors", np.array([1, 1, 2, 3], np.float32)),
            helper.make_node("Mul", ["floats", "factors"], ["larger"]),
            helper.make_node("Cast", ["larger"], ["target"], to=7),
            helper.make_node("Resize", ["x", "", "", "target"], ["y"], mode="nearest")],
            [voice.port("x", [1, 1, 2, 2])], [voice.port("y", [1, 1, 4, 6])])
        self.assertEqual(self.slots("larger.onnx"), {})  # no parameter is left of it
        x = {"x": np.arange(4, dtype=np.float32).reshape(1, 1, 2, 2)}
        answer, got = self.linnet.run(model, x)
        self.assertEqual(common.judge(answer, got, common.oracle(model, x)).outcome, "pass")

    def test_a_constant_that_no_memory_holds_is_named(self):
        if not options.gigabytes:
            self.skipTest("without a limit of address space")
        self.save("huge.onnx", [
            helper.make_node("ConstantOfShape", ["s"], ["big"], name="fill"),
            helper.make_node("Add", ["x", "big"], ["y"])],
            [voice.port("x", [1])], [voice.port("y", ["n"])], [("s", np.array([2**33]))])
        answer = common.Linnet(options.linnet, gigabytes=options.gigabytes).call("check", "huge.onnx",
                                                                 cwd=self.folder)
        self.assertEqual(answer.status, 4, answer.message)
        self.assertIn("huge.onnx: node 'fill' (ConstantOfShape): error: there is not enough memory",
                      answer.message)

    def test_a_loop_reads_one_weight_in_every_round(self):
        w = np.random.default_rng(5).normal(0, .5, (3, 3)).astype(np.float32)
        body = helper.make_graph(
            [voice.constant("w", w), helper.make_node("MatMul", ["v", "w"], ["v1"]),
             helper.make_node("Identity", ["going"], ["going1"])], "body",
            [voice.port("i", [], 7), voice.port("going", [], 9), voice.port("v", [1, 3])],
            [voice.port("going1", [], 9), voice.port("v1", [1, 3])])
        model = self.save("loop.onnx", [helper.make_node("Loop", ["n", "", "x"], ["y"], body=body)],
                          [voice.port("x", [1, 3])], [voice.port("y", [1, 3])],
                          [("n", np.array(4))])
        self.assertEqual(list(self.slots("loop.onnx")), ["w"])
        x = {"x": np.ones((1, 3), np.float32)}
        answer, got = self.linnet.run(model, x)
        self.assertEqual(common.judge(answer, got, common.oracle(model, x)).outcome, "pass")


class OverTime(Interface):
    """Recurrent nodes are loops: the code of a step is there once."""

    def lstm(self, steps, direction="forward", lengths=None, hidden=20):
        d = 2 if direction == "bidirectional" else 1
        rng = np.random.default_rng(steps)
        weights = {"w": (d, 4 * hidden, 7), "r": (d, 4 * hidden, hidden), "b": (d, 8 * hidden)}
        inputs = ["x", *weights] + (["n"] if lengths else [])
        node = helper.make_node("LSTM", inputs, ["y", "h", "c"], hidden_size=hidden,
                                direction=direction)
        ends = [voice.port("x", [steps, 2, 7])]
        if lengths:
            ends.append(voice.port("n", [2], onnx.TensorProto.INT32))
        graph = helper.make_graph(
            [node], "g", ends,
            [voice.port("y", [steps, d, 2, hidden]), voice.port("h", [d, 2, hidden]),
             voice.port("c", [d, 2, hidden])],
            [numpy_helper.from_array(rng.normal(0, .4, shape).astype(np.float32), name)
             for name, shape in weights.items()])
        path = self.path(f"lstm_{steps}_{direction}.onnx")
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)],
                                    ir_version=8), path)
        inputs = {"x": rng.normal(0, 1, (steps, 2, 7)).astype(np.float32)}
        if lengths:
            inputs["n"] = np.array(lengths, np.int32)
        return path, inputs

    def test_the_code_does_not_grow_with_the_steps(self):
        kernels, bytes_of_code = [], []
        for steps in (9, 900):
            path, _ = self.lstm(steps)
            dump = self.call("dump", path, "--after", "plan_memory")
            kernels.append(dump.count(" = call @"))
            self.assertEqual(dump.count("loop @predict.loop1("), 1)
            self.call("compile", path, "--emit", "obj", "-o", f"{steps}.o", "--name", "m")
            bytes_of_code.append(os.path.getsize(self.path(f"{steps}.o")))
        self.assertEqual(kernels[0], kernels[1])
        self.assertLess(abs(bytes_of_code[1] - bytes_of_code[0]), 4096)

    def test_directions_and_lengths_are_onnx_runtimes(self):
        for steps, direction, lengths in [(1, "forward", None), (2, "reverse", None),
                                          (33, "bidirectional", None),
                                          (33, "bidirectional", [33, 5])]:
            with self.subTest(steps=steps, direction=direction, lengths=lengths):
                path, inputs = self.lstm(steps, direction, lengths)
                answer, got = self.linnet.run(path, inputs)
                verdict = common.judge(answer, got, common.oracle(path, inputs))
                self.assertEqual(verdict.outcome, "pass", verdict)
                self.call("dump", path, "--check-passes")


if __name__ == "__main__":
    arguments = common.parser(__doc__)
    arguments.add_argument("--gigabytes", type=float, default=8.0,
                           help="address space of the test of memory; 0 leaves it out (sanitizers)")
    options, rest = arguments.parse_known_args()
    unittest.main(argv=sys.argv[:1] + rest)
