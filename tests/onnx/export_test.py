"""What `linnet export` writes, against ONNX's checker and ONNX Runtime.

    export_test.py --linnet PATH [unittest's arguments]

Each file passes onnx.checker with full checks and strict shape inference; ONNX Runtime, where it
has the op for the type, else ONNX's reference implementation, gives linnet's answers.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import onnx
import onnx.reference
import onnxruntime

parser = argparse.ArgumentParser()
parser.add_argument("--linnet", default="build/linnet")
arguments, for_unittest = parser.parse_known_args()
LINNET = os.path.abspath(arguments.linnet)
SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
OPS = os.path.join(SOURCE, "tests", "ops")
DTYPES = {"f32": np.float32, "f64": np.float64, "i64": np.int64, "i32": np.int32, "i8": np.int8,
          "u8": np.uint8, "bool": np.bool_, "f16": np.float16}
# What ONNX leaves open and ONNX Runtime decides in another way than linnet: the integer of a NaN,
# integer division by 0, the extremum of numbers one of which is NaN, products of integers out of
# range, and indices outside.
OPEN = {"cast": r"nan.*i64\[\d*\] = cast", "div": r"x / 0 = 0", "amax": "nan", "amin": "nan",
        "gather": r"\[0, 1, 5\]|9223372036854775807", "prod": r"131073", "scatter": r"\[-7, 3, -3, 100\]|nan"}
# Ops that a file cannot hold; export_test.cpp has the same list from the table itself.
REFUSED = {"random_uniform", "max_pool2d_index", "max_pool2d_backward", "group", "call"}


def linnet(*arguments):
    return subprocess.run([LINNET, *map(str, arguments)], capture_output=True, text=True)


def load(path):
    """The model, after every check that ONNX has."""
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    return model


def run_onnx(model, inputs):
    """Outputs by name; by ONNX's reference where the runtime lacks an op for a type."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    names = [output.name for output in model.graph.output]
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    except onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented:
        return dict(zip(names, onnx.reference.ReferenceEvaluator(model).run(None, inputs))), False
    return dict(zip(names, session.run(names, inputs))), True


class Folder(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.folder = self._folder.name

    def tearDown(self):
        self._folder.cleanup()

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def export(self, model, *flags):
        done = linnet("export", model, "-o", self.path("m.onnx"), *flags)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.messages = done.stderr
        return load(self.path("m.onnx"))

    def run_linnet(self, model, inputs, outputs, *flags):
        arguments = []
        for name, value in inputs.items():
            np.save(self.path(name + ".npy"), value)
            arguments += ["--input", f"{name}={self.path(name + '.npy')}"]
        done = linnet("run", model, *arguments, "--output-dir", self.path("out"), *flags)
        self.assertEqual(done.returncode, 0, done.stderr)
        return {name: np.load(self.path(f"out/{name}.npy")) for name in outputs}

    def compare(self, got, expected, what):
        self.assertEqual(got.shape, expected.shape, what)
        self.assertEqual(got.dtype, expected.dtype, what)
        if got.dtype.kind == "f":
            largest = np.abs(expected[np.isfinite(expected)]).max(initial=0)
            np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5 * min(largest, 1),
                                       err_msg=what)
        else:
            np.testing.assert_array_equal(got, expected, err_msg=what)


def numbers(text):
    return [float(word) for word in re.split(r"[\s,\[\]]+", text) if word]


class OpCases(Folder):
    """The cases of tests/ops, whose values are numpy's."""

    def cases(self, op):
        with open(os.path.join(OPS, op + ".lir"), encoding="utf-8") as file:
            for case in file.read().split("// -----\n"):
                values = dict(re.findall(r"^// in (\S+) = (.*)$", case, re.M))
                wanted = dict(re.findall(r"^// out (\S+) = (.*)$", case, re.M))
                if "// error:" not in case:
                    yield case, values, wanted

    def test_all(self):
        with open(os.path.join(SOURCE, "ir", "ops.def"), encoding="utf-8") as file:
            ops = re.findall(r"^LINNET_(?:KERNEL_)?OP\((\w+)\)", file.read(), re.M)
        self.assertGreater(len(ops), 60)
        by_runtime = by_reference = 0
        for op in ops:
            for index, (case, values, wanted) in enumerate(self.cases(op)):
                with self.subTest(op=op, case=index):
                    if op in OPEN and re.search(OPEN[op], case, re.S):
                        continue
                    if "graph @shard_step(" in case:  # of training, which is not exported
                        continue
                    path = self.write("case.lir", case)
                    if op in REFUSED:
                        done = linnet("export", path, "-o", self.path("m.onnx"))
                        self.assertEqual(done.returncode, 3, done.stderr)
                        continue
                    model = self.export(path)
                    inputs, types = {}, {}
                    for port in [*model.graph.input, *model.graph.output]:
                        tensor = port.type.tensor_type
                        shape = [dim.dim_value for dim in tensor.shape.dim]
                        types[port.name] = (onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type),
                                            shape)
                    for port in model.graph.input:
                        dtype, shape = types[port.name]
                        inputs[port.name] = self.array(values[port.name], dtype, shape)
                    got, runtime = run_onnx(model, inputs)
                    by_runtime += runtime
                    by_reference += not runtime
                    for name, text in wanted.items():
                        self.compare(got[name], self.array(text, *types[name]), name)
        print(f"{by_runtime} cases by ONNX Runtime, {by_reference} by ONNX's reference")
        self.assertGreater(by_runtime, 10 * by_reference)

    @staticmethod
    def array(text, dtype, shape):
        return np.array(numbers(text)).astype(dtype).reshape(shape)


def random_inputs(model, batch, generator):
    """For each input, `batch` where its size is N."""
    inputs = {}
    for port in model.graph.input:
        tensor = port.type.tensor_type
        shape = []
        for dim in tensor.shape.dim:
            factor, symbol = re.fullmatch(r"(?:(\d+)\*)?(N)?", dim.dim_param).groups()
            shape.append(batch * int(factor or 1) if symbol else dim.dim_value)
        dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        if dtype == np.int64:
            inputs[port.name] = generator.integers(0, 3, shape, dtype)
        elif dtype == np.bool_:
            inputs[port.name] = generator.random(shape) < 0.5
        else:
            inputs[port.name] = generator.standard_normal(shape).astype(dtype)
    return inputs


class Agreement(Folder):
    def agree(self, path, *flags, weights=(), fixed_too=True, reference=False):
        """The file for any batch, and one for 7, at 1 and 7 samples."""
        generator = np.random.default_rng(1)
        flags = [*flags, *weights]
        open_batch = self.export(path, *flags)
        self.assertNotIn("batches of 1", self.messages)
        for batch in (1, 7):
            inputs = random_inputs(open_batch, batch, generator)
            outputs = [output.name for output in open_batch.graph.output]
            way = ["--reference"] if reference else []
            expected = self.run_linnet(path, inputs, outputs, "--batch", batch, *way, *flags)
            got, runtime = run_onnx(open_batch, inputs)
            self.assertTrue(runtime)
            back = self.run_linnet(self.path("m.onnx"), inputs, outputs, "--batch", batch,
                                   "--reference")
            for name in outputs:
                self.compare(got[name], expected[name], f"{name}, {batch} samples")
                self.compare(back[name], expected[name], f"{name}, {batch} samples, read back")
        fixed = self.export(path, *flags, "--batch", 7)
        for port in [*fixed.graph.input, *fixed.graph.output]:
            self.assertFalse(any(d.dim_param for d in port.type.tensor_type.shape.dim))
        got, _ = run_onnx(fixed, inputs)
        for name in outputs:
            self.compare(got[name], expected[name], f"{name}, fixed")
        return open_batch


class Models(Agreement):
    def model(self, name):
        path = os.path.join(SOURCE, "models", name + ".lin")
        weights = os.path.join(SOURCE, "models", "data", name + ".safetensors")
        return path, ["--weights", weights] if os.path.exists(weights) else []

    def test_lenet(self):
        path, weights = self.model("lenet")
        model = self.agree(path, weights=weights)
        self.assertEqual([node.op_type for node in model.graph.node],
                         ["Conv", "Relu", "MaxPool", "Conv", "Relu", "MaxPool", "Flatten", "Gemm",
                          "Relu", "Gemm", "Relu", "Gemm"])
        self.assertEqual(self.messages, "")

    def test_mlp(self):
        path, weights = self.model("mlp")
        self.agree(path, weights=weights)

    def test_ar(self):
        path, weights = self.model("ar")
        self.agree(path, weights=weights)
        self.agree(path, "--set", "p=9", "--seed", 3)
        self.assertIn("untrained", self.messages)

    def test_other_models(self):
        for name in ("ar_mlp", "arx", "block20", "corr2d"):
            with self.subTest(name):
                self.agree(self.model(name)[0])

    def test_state(self):
        """A loop over steps, each step's state the last one's next; linnet's samples are steps."""
        for name, states in (("latent_ar", ["h"]), ("latent_ar_lstm", ["h", "c"])):
            path, weights = self.model(name)
            model = self.export(path, *weights)
            self.assertNotIn("batches of 1", self.messages)
            self.assertEqual([port.name for port in model.graph.input], ["x", *states])
            self.assertEqual([port.name for port in model.graph.output],
                             ["y", *(state + ".next" for state in states)])
            metadata = {entry.key: entry.value for entry in model.metadata_props}
            x = np.random.default_rng(2).standard_normal((7, 1)).astype(np.float32)
            expected = self.run_linnet(path, {"x": x}, ["y"], *weights)["y"]
            now = {state: np.zeros((1, 32), np.float32) for state in states}
            for t in range(7):
                got, _ = run_onnx(model, {"x": x[t : t + 1], **now})
                self.compare(got["y"], expected[t : t + 1], f"{name}, step {t}")
                now = {state: got[metadata["linnet.state." + state]] for state in states}
            # Streams side by side are a batch.
            wide, _ = run_onnx(model, {"x": np.tile(x[:1], (3, 1)),
                                       **{state: np.zeros((3, 32), np.float32) for state in states}})
            self.compare(wide["y"], np.tile(expected[:1], (3, 1)), "three streams")


FAMILIES = {
    "convolutions": """
block grouped(x: f32[N, C, H, W]) -> f32[...] {
  param weight: f32[6, C / 2, 3, 2] = uniform(-1, 1)
  conv2d(x, weight, groups: 2, stride: [2, 1], dilation: [1, 2], padding: [1, 0, 2, 1])
}
model m(x: f32[N, 4, 9, 8]) -> (y: f32[...], z: f32[...]) {
  layer grouped = grouped()
  layer plain = conv2d(6, kernel_size: 3, stride: 2, padding: 1, bias: false)
  layer biased = conv2d(5, kernel_size: 3, padding: 1)
  layer norm = batch_norm2d(eps: 1e-3)
  let y = x |> grouped |> norm |> relu |> biased |> norm2d |> silu
  (y, x |> plain |> global_avg_pool2d |> flatten |> softmax(dim: 1))
}
block norm2d(x: f32[N, C, H, W]) -> f32[N, C, H, W] { x - mean(x, dim: [1], keepdim: true) }
""",
    "pools": """
model m(x: f32[N, 3, 11, 9]) -> (a: f32[...], b: f32[...], c: f32[...], d: f32[...]) {
  (x |> max_pool2d(3, stride: 2, padding: 1), x |> max_pool2d([2, 3], ceil_mode: true),
   x |> avg_pool2d(3, stride: 2, padding: [1, 0, 0, 1], count_include_pad: false),
   x |> avg_pool2d(2) |> avg_pool2d([3, 2], stride: 1, padding: 1))
}
""",
    "elementwise": """
model m(x: f32[N, 5], y: f32[N, 5]) -> (a: f32[N, 5], b: f32[N, 5], c: f32[N, 5], d: f32[N, 5]) {
  let p = abs(x) + 1/4
  let a = exp(sin(x)) / sqrt(p) - log(p) * cos(y) + pow(p, y)
  let b = maximum(x, y) - minimum(neg(x), square(y)) + erf(x) + floor(3 * x) - ceil(x / 2) + round(4 * y)
  let c = relu(x) + leaky_relu(y, negative_slope: 0.2) + elu(x, alpha: 0.7) + gelu(x) + gelu(y, approximate: tanh)
  let d = silu(x) + sigmoid(y) + tanh(x) + hard_sigmoid(3 * y) + hard_swish(2 * x) + clip(x, min: -0.5, max: 1) + clip(y, max: 0)
  (a, b, c, dropout(d, p: 0.3))
}
""",
    "logic": """
model m(x: f32[N, 4], k: i64[N, 4]) -> (a: f32[N, 4], b: bool[N, 4], c: i64[N, 4]) {
  let lower = x < 0
  let near = not (x > 1) and (x >= -1) or (k == 2)
  (where(lower, x * 2, 3), near and (k <= 1), k * 2 - cast(near, dtype: i64) + cast(x, dtype: i64))
}
""",
    "reductions": """
model m(x: f32[N, 3, 4]) -> (a: f32[N, 4], b: f32[N, 3, 1], c: f32[N], d: f32[N, 3], e: f32[N, 3, 4]) {
  (sum(x, dim: [1]), mean(x, dim: [-1], keepdim: true), amax(x, dim: [1, 2]), amin(x, dim: [2]) * prod(x, dim: [2]),
   log_softmax(x, dim: -1) + softmax(x, dim: 1))
}
""",
    "movement": """
model m(x: f32[N, 3, 4], y: f32[N, 2, 4]) -> (a: f32[...], b: f32[...], c: f32[...], d: f32[...]) {
  let both = concat(x, y, dim: 1)
  let part = slice(both, starts: [-1, 0], ends: [0, 4], axes: [1, 2], steps: [-2, 3])
  let wide = pad(x, pads: [0, 1, 2, 0, 0, 1], value: 0.5) - pad(pad(x, pads: [0, 0, 2, 0, 0, 1], mode: edge), pads: [0, 1, 0, 0, 0, 0], mode: reflect)
  let rows = reshape(x, shape: [3 * N, 4])
  (part, wide, broadcast_to(reshape(y, shape: [N, 1, 2, 4]), shape: [N, 3, 2, 4]),
   reshape(transpose(rows), shape: [4, N, 3]) |> transpose(dims: [1, 0, 2]))
}
""",
    "broadcast to the batch": """
model m(x: f32[N, 4]) -> y: f32[N, 2, 4] {
  layer row = row()
  row(x)
}
block row(x: f32[N, K]) -> f32[...] {
  param weight: f32[K] = normal(std: 1)
  reshape(broadcast_to(weight, shape: [2 * N, K]), shape: [N, 2, K]) + reshape(x, shape: [N, 1, K])
}
""",
    "attention": """
model m(x: f32[N, 6, 8]) -> y: f32[N, 6, 8] {
  layer q = linear(8)
  layer k = linear(8, bias: false)
  layer v = linear(8)
  let rows = reshape(x, shape: [6 * N, 8])
  let a = reshape(q(rows), shape: [N, 6, 2, 4]) |> transpose(dims: [0, 2, 1, 3])
  let b = reshape(k(rows), shape: [N, 6, 2, 4]) |> transpose(dims: [0, 2, 1, 3])
  let c = reshape(v(rows), shape: [N, 6, 2, 4]) |> transpose(dims: [0, 2, 1, 3])
  let weights = softmax(matmul(a, transpose(b)) / 2, dim: -1)
  let scores = matmul(a, b, transpose_b: true)
  reshape(transpose(matmul(weights, c) + matmul(scores, c), dims: [0, 2, 1, 3]), shape: [N, 6, 8])
}
""",
    "outputs": """
model m(x: f32[N, 3]) -> (same: f32[N, 3], y: f32[N, 3], again: f32[N, 3], x2: f32[N, 3]) {
  let y = x * 2
  (x, y, y, dropout(y + 1))
}
""",
}
LOSSES = """
model m(x: f32[N, 3], t: f32[N, 3], k: i64[N]) -> (a: f32[], b: f32[], c: f32[], d: f32[], e: f32[], f: f32[]) {
  let p = clip(t, min: 0.01, max: 0.99)
  (mse_loss(x, t), l1_loss(x, t), huber_loss(x, t, delta: 0.5), cross_entropy(x, k),
   binary_cross_entropy(sigmoid(x), p), binary_cross_entropy_with_logits(x, p))
}
"""


class Families(Agreement):
    def test_families(self):
        for name, text in FAMILIES.items():
            with self.subTest(name):
                self.agree(self.write("m.lin", text), "--seed", 5)

    def test_losses(self):
        self.agree(self.write("m.lin", LOSSES), reference=True)

    def test_cells(self):
        """States inside of blocks have paths."""
        path = self.write("m.lin", """
model m(x: f32[N, 2]) -> y: f32[N, 3] {
  layer conv = causal_conv1d(4, kernel_size: 3, dilation: 2)
  layer cell = rnn_cell(3)
  state h: f32[N, 3] = zeros()
  let h1 = cell(conv(x), h)
  next h = h1
  h1
}
""")
        model = self.export(path)
        x = np.random.default_rng(2).standard_normal((9, 2)).astype(np.float32)
        expected = self.run_linnet(path, {"x": x}, ["y"])["y"]
        shapes = {port.name: [dim.dim_value or 1 for dim in port.type.tensor_type.shape.dim]
                  for port in model.graph.input}
        self.assertIn("conv.past", shapes)
        now = {name: np.zeros(shape, np.float32) for name, shape in shapes.items() if name != "x"}
        for t in range(9):
            got, _ = run_onnx(model, {"x": x[t : t + 1], **now})
            self.compare(got["y"], expected[t : t + 1], f"step {t}")
            now = {name: got[name + ".next"] for name in now}

    def test_f64(self):
        path = self.write("m.lin", "model m(x: f32[N, 3]) -> y: f32[N, 2] {\n"
                                   "  layer a = linear(2)\n  tanh(a(x))\n}\n")
        model = self.agree(path, "--dtype", "f64")
        self.assertEqual(model.graph.initializer[0].data_type, onnx.TensorProto.DOUBLE)

    def test_batch_that_cannot_be_open(self):
        """A constant of the model that depends on N: a file for one sample, and a warning."""
        path = self.write("m.lin", "model m(x: f32[N, 3]) -> y: f32[N, 3] {\n  x * (1 / N)\n}\n")
        model = self.export(path)
        self.assertIn("m.lin:2:", self.messages)
        self.assertIn("for batches of 1", self.messages)
        self.assertEqual(model.graph.input[0].type.tensor_type.shape.dim[0].dim_value, 1)
        x = np.ones((4, 3), np.float32)
        got, _ = run_onnx(self.export(path, "--batch", 4), {"x": x})
        self.compare(got["y"], x / 4, "y")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *for_unittest])
