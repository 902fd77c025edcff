#!/usr/bin/env python3
"""An imported model trains: on its own weights, as the same model in linnet's language does.

  training.py [--linnet PATH]

LeNet is exported and named in a `.lin` file again: five steps give the losses of the original.
mnist-8, made for one sample, learns on from its own weights, and what it learnt is exported.
"""
import os
import sys
import tempfile
import unittest

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

import common

MODELS = os.path.join(common.ROOT, "models")
DIGITS = os.path.join(MODELS, "data", "digits")
options = None  # set below


class Training(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="linnet-onnx-training-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.linnet = common.Linnet(options.linnet)

    def call(self, *words):
        answer = self.linnet.call(*words, cwd=self.folder)
        self.assertEqual(answer.status, 0, answer.message)
        return answer.stdout

    def path(self, name):
        return os.path.join(self.folder, name)

    def losses(self, model, *words):
        self.call("train", model, "--data", DIGITS, "--steps", "5", "--data-order", "file",
                  "--log-steps", "log.csv", "-o", "out.safetensors", *words)
        return np.loadtxt(self.path("log.csv"), delimiter=",", skiprows=1)[:, 1]

    def test_an_exported_model_learns_as_the_original(self):
        original = os.path.join(MODELS, "lenet.lin")
        self.call("init", original, "--seed", "3", "-o", "first.safetensors")
        self.call("export", original, "--weights", "first.safetensors", "-o", "lenet.onnx")
        with open(original, encoding="utf8") as file:
            blocks = file.read()
        blocks = blocks[blocks.index("data lenet"):]
        with open(self.path("again.lin"), "w", encoding="utf8") as file:
            file.write('model lenet = onnx("lenet.onnx")\n' + blocks)
        wanted = self.losses(original, "--init", "first.safetensors")
        got = self.losses("again.lin")
        np.testing.assert_allclose(got, wanted, rtol=1e-5)
        self.assertGreater(np.ptp(wanted), 1e-4)  # it does learn

    def test_a_model_for_one_sample_learns_on(self):
        model = os.path.join(MODELS, "mnist.lin")
        self.call("compile", model, "-o", "before")
        self.call("train", model, "--data", DIGITS, "--epochs", "2", "-o", "more.safetensors")
        self.call("compile", model, "--weights", "more.safetensors", "-o", "after")
        right = []
        for program in ("before", "after"):
            images = os.path.join(DIGITS, "t10k-images-idx3-ubyte")
            answer = common.Linnet(self.path(program)).call(images, cwd=self.folder)
            right.append(int(answer.stdout.split()[0]))
        self.assertGreater(right[0], 300)  # of 360: digits of another hand than those it knows
        self.assertGreater(right[1], right[0] + 15)
        # Weights keep the initializers' names, and the exported file has them.
        self.call("export", model, "--weights", "more.safetensors", "--batch", "1", "-o", "m.onnx")
        names = {t.name for t in onnx.load(self.path("m.onnx")).graph.initializer}
        first = onnx.load(os.path.join(MODELS, "data", "mnist-8", "model.onnx")).graph.initializer
        floats = {t.name for t in first if numpy_helper.to_array(t).dtype == np.float32}
        self.assertLessEqual(floats, names)
        x = np.random.default_rng(1).uniform(0, 255, (1, 1, 28, 28)).astype(np.float32)
        np.save(self.path("x.npy"), x)
        self.call("run", model, "--weights", "more.safetensors", "--input", "Input3=x.npy",
                  "--output-dir", "out")
        got = np.load(self.path("out/Plus214_Output_0.npy"))
        session = onnxruntime.InferenceSession(self.path("m.onnx"),
                                               providers=["CPUExecutionProvider"])
        wanted = session.run(None, {"Input3": x})[0]
        np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-4 * np.abs(wanted).max())


if __name__ == "__main__":
    options, rest = common.parser(__doc__).parse_known_args()
    unittest.main(argv=sys.argv[:1] + rest)
