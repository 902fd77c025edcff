#!/usr/bin/env python3
"""What goes into a model from elsewhere and what it keeps: fixed inputs, states, what linnet's own
export says of data, parameters in unusual places, pictures with their channels last.

  interface.py [--linnet PATH]
"""
import ctypes
import os
import sys
import tempfile
import unittest

import numpy as np
import onnx

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
        import struct
        import zlib
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


if __name__ == "__main__":
    options, rest = common.parser(__doc__).parse_known_args()
    unittest.main(argv=sys.argv[:1] + rest)
