#!/usr/bin/env python3
"""The known networks of models/ beside their published definitions.

  architectures.py [--linnet PATH] [--only REGEX]

Each is written here once more as an ONNX graph, by the definition of torchvision or MLPerf Tiny,
with seeded weights under the paths of its state_dict. linnet runs the .lin with these weights: the
answer must be ONNX Runtime's, parameters and multiply-adds the published ones, and what
`linnet export` writes must answer the same again.
"""
import dataclasses
import json
import math
import os
import re
import sys
import tempfile
import zlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from safetensors.numpy import save_file

import common

MODELS = os.path.join(common.ROOT, "models")


class Net:
    """A graph whose weights stand under paths."""

    def __init__(self, name):
        self.nodes, self.weights = [], {}
        self.rng = np.random.default_rng(zlib.crc32(name.encode()))

    def op(self, kind, *inputs, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [f"t{len(self.nodes)}"], **attributes))
        return self.nodes[-1].output[0]

    def weight(self, path, *shape, around=0.0, spread=1.0):
        value = around + spread * self.rng.uniform(-1, 1, shape)
        self.weights[path] = value.astype(np.float32)
        return path

    def conv(self, path, x, channels, size, stride=1, pads=None, groups=1, bias=False):
        """`channels` is (in, out); padding keeps the size unless it is given."""
        height, width = size if isinstance(size, tuple) else (size, size)
        inside = channels[0] // groups
        inputs = [x, self.weight(path + ".weight", channels[1], inside, height, width,
                                 spread=math.sqrt(6 / (inside * height * width)))]
        if bias:
            inputs.append(self.weight(path + ".bias", channels[1], spread=0.1))
        return self.op("Conv", *inputs, strides=[stride] * 2, group=groups,
                       pads=pads or [height // 2, width // 2] * 2)

    def norm(self, path, x, channels, eps=1e-5):
        names = [self.weight(f"{path}.{name}", channels, around=around, spread=spread)
                 for name, around, spread in (("weight", 1, 0.5), ("bias", 0, 0.1),
                                              ("running_mean", 0, 0.1), ("running_var", 1, 0.5))]
        return self.op("BatchNormalization", x, *names, epsilon=eps)

    def linear(self, path, x, inside, out):
        return self.op("Gemm", self.op("Flatten", x), self.weight(path + ".weight", out, inside, spread=0.1),
                       self.weight(path + ".bias", out, spread=0.1), transB=1)

    def model(self, in_shape, out):
        value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        self.nodes[-1].output[0] = "logits"
        graph = helper.make_graph(self.nodes, "reference", [value("x", in_shape)],
                                  [value("logits", [1, out])],
                                  [numpy_helper.from_array(v, k) for k, v in self.weights.items()])
        model = helper.make_model(graph, ir_version=8,
                                  opset_imports=[helper.make_opsetid("", 17)])
        onnx.checker.check_model(model)
        return model


def resnet18(net):
    """torchvision.models.resnet18"""
    x = net.op("Relu", net.norm("bn1", net.conv("conv1", "x", (3, 64), 7, 2), 64))
    x = net.op("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    inside = 64
    for stage, out in enumerate([64, 128, 256, 512], 1):
        for number in range(2):
            path, stride = f"layer{stage}.{number}", 2 if stage > 1 and number == 0 else 1
            y = net.conv(path + ".conv1", x, (inside, out), 3, stride)
            y = net.op("Relu", net.norm(path + ".bn1", y, out))
            y = net.norm(path + ".bn2", net.conv(path + ".conv2", y, (out, out), 3), out)
            if stride != 1:
                x = net.conv(path + ".downsample.0", x, (inside, out), 1, stride)
                x = net.norm(path + ".downsample.1", x, out)
            x, inside = net.op("Relu", net.op("Add", y, x)), out
    net.linear("fc", net.op("GlobalAveragePool", x), 512, 1000)


def mobilenet_v2(net):
    """torchvision.models.mobilenet_v2"""
    net.weights["zero"], net.weights["six"] = np.float32(0), np.float32(6)

    def conv_norm(path, x, channels, size, stride=1, groups=1):
        x = net.conv(path + ".0", x, channels, size, stride, groups=groups)
        return net.op("Clip", net.norm(path + ".1", x, channels[1]), "zero", "six")

    x, inside, number = conv_norm("features.0", "x", (3, 32), 3, 2), 32, 0
    for expand, out, times, first in [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
                                      (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]:
        for stride in [first] + [1] * (times - 1):
            number += 1
            path, wide, y, part = f"features.{number}.conv", expand * inside, x, 0
            if expand != 1:
                y, part = conv_norm(path + ".0", y, (inside, wide), 1), 1
            y = conv_norm(f"{path}.{part}", y, (wide, wide), 3, stride, wide)
            y = net.conv(f"{path}.{part + 1}", y, (wide, out), 1)
            y = net.norm(f"{path}.{part + 2}", y, out)
            x, inside = net.op("Add", x, y) if stride == 1 and inside == out else y, out
    x = net.op("GlobalAveragePool", conv_norm("features.18", x, (320, 1280), 1))
    net.linear("classifier.1", x, 1280, 1000)


def squeezenet(net):
    """torchvision.models.squeezenet1_1"""
    def conv(path, x, channels, size, **settings):
        return net.op("Relu", net.conv(path, x, channels, size, bias=True, **settings))

    def pool(x):
        return net.op("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)

    x, inside = pool(conv("features.0", "x", (3, 64), 3, stride=2, pads=[0] * 4)), 64
    for number, few, many in [(3, 16, 64), (4, 16, 64), (6, 32, 128), (7, 32, 128), (9, 48, 192),
                              (10, 48, 192), (11, 64, 256), (12, 64, 256)]:
        if number in (6, 9):
            x = pool(x)
        path = f"features.{number}."
        y = conv(path + "squeeze", x, (inside, few), 1)
        x = net.op("Concat", conv(path + "expand1x1", y, (few, many), 1),
                   conv(path + "expand3x3", y, (few, many), 3), axis=1)
        inside = 2 * many
    net.op("Flatten", net.op("GlobalAveragePool", conv("classifier.1", x, (512, 1000), 1)))


def ds_cnn(net):
    """MLPerf Tiny's keyword_spotting/keras_model.py; the names are models/ds_cnn.lin's"""
    eps = 1e-3  # Keras' default
    x = net.conv("conv", "x", (1, 64), (10, 4), 2, pads=[4, 1, 5, 1], bias=True)  # "same"
    x = net.op("Relu", net.norm("bn", x, 64, eps))
    for number in range(4):
        path = f"blocks.{number}."
        x = net.conv(path + "depthwise", x, (64, 64), 3, groups=64, bias=True)
        x = net.op("Relu", net.norm(path + "bn1", x, 64, eps))
        x = net.conv(path + "pointwise", x, (64, 64), 1, bias=True)
        x = net.op("Relu", net.norm(path + "bn2", x, 64, eps))
    # final_pool_size there: (49 // 2, 10 // 2)
    x = net.op("AveragePool", x, kernel_shape=[24, 5], strides=[24, 5])
    net.linear("fc", x, 64, 12)


@dataclasses.dataclass
class Architecture:
    name: str
    define: object
    shape: tuple
    outputs: int
    parameters: int  # as published
    multiply_adds: int


ARCHITECTURES = [
    Architecture("resnet18", resnet18, (1, 3, 224, 224), 1000, 11_689_512, 1_814_073_344),
    Architecture("mobilenet_v2", mobilenet_v2, (1, 3, 224, 224), 1000, 3_504_872, 300_774_272),
    Architecture("squeezenet", squeezenet, (1, 3, 224, 224), 1000, 1_235_496, 349_151_936),
    Architecture("ds_cnn", ds_cnn, (1, 1, 49, 10), 12, 23_756, 2_656_768),
]


def counts(linnet, path, architecture):
    """The verdict on parameters and multiply-adds."""
    answer = linnet.call("check", path, "--json")
    if answer.outcome != "pass":
        return common.Verdict(answer.outcome, note=answer.message)
    report = json.loads(answer.stdout)
    got = report["parameters"], report["multiply_adds"]
    want = architecture.parameters, architecture.multiply_adds
    return common.Verdict("pass" if got == want else "wrong", note=f"{got}, not {want}")


def verdicts(linnet, architecture, folder):
    """(what, verdict) of one network."""
    net, path = Net(architecture.name), os.path.join(MODELS, architecture.name + ".lin")
    architecture.define(net)
    reference = net.model(architecture.shape, architecture.outputs)
    numbers = {k: v for k, v in net.weights.items() if v.ndim}
    x = np.random.default_rng(5).standard_normal(architecture.shape, dtype=np.float32)
    want = common.oracle(reference, {"x": x})
    weights, array = os.path.join(folder, "w.safetensors"), os.path.join(folder, "x.npy")
    save_file(numbers, weights)
    np.save(array, x)
    name = "mfcc" if architecture.name == "ds_cnn" else "image"
    yield "counts", counts(linnet, path, architecture)
    answer = linnet.call("run", path, "--weights", weights, "--input", f"{name}={array}",
                         "--output-dir", folder)
    yield "answer", common.judge(answer, common.read_outputs(folder, ["logits"]), want)
    exported = os.path.join(folder, "exported.onnx")
    answer = linnet.call("export", path, "--weights", weights, "-o", exported)
    got = common.oracle(onnx.load(exported), {name: x}) if answer.outcome == "pass" else {}
    yield "export", common.judge(answer, got, want)


def main():
    arguments = common.parser(__doc__)
    arguments.add_argument("--only", default="", help="networks whose name matches")
    options = arguments.parse_args()
    linnet = common.Linnet(options.linnet, options.limit)
    chosen = [a for a in ARCHITECTURES if re.search(options.only, a.name)]
    report = common.Report("architectures", 3 * len(chosen))
    for architecture in chosen:
        with tempfile.TemporaryDirectory(prefix="linnet-architectures-") as folder:
            for name, verdict in verdicts(linnet, architecture, folder):
                report.add(architecture.name, name, verdict)
    return report.finish(options, options.unsupported)


if __name__ == "__main__":
    sys.exit(main())
