#!/usr/bin/env python3
"""benchmarks/peers: from a model to the page, and who is left out. peers_test.py --linnet PATH

No time is judged. Of the engines it needs ONNX Runtime alone.
"""
import json
import os
import subprocess
import sys
import tempfile
import types
import unittest

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PEERS = os.path.join(ROOT, "benchmarks", "peers")
sys.path.insert(0, PEERS)
import bench_peers
import engines
import page

LINNET = sys.argv.pop(sys.argv.index("--linnet") + 1) if "--linnet" in sys.argv else ""
sys.argv = [word for word in sys.argv if word != "--linnet"]


def run_peers(folder, *words):
    """bench_peers.py as shortly as it goes, beside ONNX Runtime; the text of its page."""
    path = os.path.join(folder, "page.md")
    subprocess.run(
        [sys.executable, "-B", os.path.join(PEERS, "bench_peers.py"), "--build",
         os.path.dirname(os.path.abspath(LINNET)), "--work", folder, *words, "--engines",
         "onnxruntime", "--rounds", "2", "--seconds", "0.002", "--starts", "1", "--no-pictures",
         "--page", path], check=True, stderr=subprocess.DEVNULL)
    with open(path, encoding="utf8") as file:
        return file.read()


class WholeRun(unittest.TestCase):
    def test_a_model_becomes_a_page(self):
        with tempfile.TemporaryDirectory(prefix="linnet-peers-") as folder:
            text = run_peers(folder, "--models", "^ar$")
            with open(os.path.join(folder, "results.json"), encoding="utf8") as file:
                model, = json.load(file)["models"]
        self.assertEqual((model["parameters"], model["multiply_adds"]), (5, 4))
        self.assertEqual(model["missing"], {})
        for key in ("latency", "throughput", "start", "deployed", "difference"):
            self.assertEqual(set(model[key]), {"linnet", "onnxruntime"}, key)
        self.assertLess(model["difference"]["linnet"], 1e-6)
        self.assertGreater(model["deployed"]["onnxruntime"], model["deployed"]["linnet"])
        self.assertGreater(model["latency"]["linnet"]["block"], 1)  # a call of nanoseconds
        self.assertIn("| model | linnet | ONNX Runtime |", text)
        self.assertIn("| `ar` | ONNX Runtime |", text)


class Public(unittest.TestCase):
    def test_weights_are_random_and_answers_tell_engines_apart(self):
        import onnxruntime
        import public_models
        model = public_models.MODELS["squeezenet1_1"][1]()
        self.assertEqual([n.op_type for n in model.graph.node if n.op_type == "ConstantOfShape"], [])
        again = public_models.MODELS["squeezenet1_1"][1]()
        self.assertEqual(model.SerializeToString(), again.SerializeToString())
        session = onnxruntime.InferenceSession(model.SerializeToString())
        port = session.get_inputs()[0]
        x = np.random.default_rng(1).standard_normal(port.shape, np.float32)
        answer = session.run(None, {port.name: x})[0]
        self.assertLess(answer.max(), 0.5)  # of 1000 classes, after a softmax
        self.assertGreater(answer.max() / answer.min(), 2)

    def test_a_public_model_becomes_a_page_without_throughput(self):
        with tempfile.TemporaryDirectory(prefix="linnet-peers-") as folder:
            text = run_peers(folder, "--set", "public", "--models", "^gru$")
        self.assertIn("| `gru` | GRU-32 of 1 input, 64 steps, dense layer | 3,393 |", text)
        self.assertIn("make bench-peers SET=public", text)
        self.assertNotIn("## Throughput", text)


def worker(folder, name, script):
    """A worker that is a line of Python; `answer` writes what it answered."""
    path = os.path.join(folder, name + ".answer")
    text = ("import numpy; answer = lambda y: (numpy.array(y, 'f').tofile(" + repr(path) + "),"
            "print('first 0 1'))\n" + script)
    return engines.Ready([sys.executable, "-c", text], 1)


class Compare(unittest.TestCase):
    def test_other_answers_and_failures_are_left_out_with_the_reason(self):
        with tempfile.TemporaryDirectory(prefix="linnet-peers-") as folder:
            ready = {"linnet": worker(folder, "linnet", "answer([1, 2])"),
                     "onnxruntime": worker(folder, "onnxruntime", "answer([1, 2.0001])"),
                     "openvino": worker(folder, "openvino", "answer([1, 2.1])"),
                     "litert": worker(folder, "litert", "answer([1, 2, 3])"),
                     "ncnn": worker(folder, "ncnn", "raise SystemExit('no such layer')")}
            missing = {}
            differences = bench_peers.compare(types.SimpleNamespace(folder=folder), ready, missing)
        self.assertEqual(set(ready), {"linnet", "onnxruntime"})
        self.assertLess(differences["linnet"], 1e-4)
        self.assertEqual(missing, {"openvino": "another answer, off by 5e-02 of the largest",
                                   "litert": "another answer, off by inf of the largest",
                                   "ncnn": "ended with status 1: no such layer"})


class Texts(unittest.TestCase):
    def test_units(self):
        self.assertEqual([page.time_text(ns) for ns in (1.472, 999, 1234, 123456, 7.9e6, 1.2e9)],
                         ["1.47 ns", "999 ns", "1.23 µs", "123 µs", "7.9 ms", "1200 ms"])
        self.assertEqual([page.rate_text(r) for r in (97.6, 31_800, 3.42e9)],
                         ["97.6", "31.8 k", "3.42 G"])
        self.assertEqual([page.ratio_text(r) for r in (1.5, 0.38, 0.0015)], ["1.50", "0.38", "0.002"])

    def test_a_tail_needs_samples(self):
        samples = np.arange(9_999.0)
        self.assertIsNone(bench_peers.percentile(samples, 0.9999))
        self.assertAlmostEqual(bench_peers.percentile(samples, 0.99), 9898.02)

    def test_reasons_are_gathered(self):
        results = {"engines": [{"name": "ncnn", "label": "ncnn"}],
                   "models": [{"name": n, "batch": 64, "missing": {},
                               "missing_batch": {"ncnn": "has no batches"}} for n in ("a", "b")]}
        self.assertIn("* ncnn, batch 64: has no batches (`a`, `b`)", page.missing_text(results))


if __name__ == "__main__":
    unittest.main()
