"""Writes LiteRT models from ONNX as linnet exports it: to_tflite.py IN.onnx OUT.tflite …

The same weights by TensorFlow's converter, pictures as NHWC, normalisations folded into the
convolutions before them. Prints one line of JSON: seconds or the reason why not, by output.
"""
import json
import os
import sys
import time

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
import numpy as np
import onnx
import tensorflow as tf
from onnx import numpy_helper


class Unknown(Exception):
    """An operator, or a use of one, that this converter does not know."""


def same_padding(size, kernel, stride):
    """What TensorFlow's SAME adds before and after."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return [total // 2, total - total // 2]


class Graph:
    def __init__(self, model):
        self.constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
        self.uses = {}
        self.nodes = list(model.graph.node)
        for node in self.nodes:
            for name in node.input:
                self.uses.setdefault(name, []).append(node)
        self.makers = {node.output[0]: node.op_type for node in self.nodes}
        self.folded, self.values, self.flat = {}, {}, {}

    def run(self, name, x):
        """TensorFlow's operators for all nodes, on x."""
        self.values[name] = x
        for node in self.nodes:
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            method = getattr(self, "op_" + node.op_type, None)
            if method is None:
                raise Unknown(f"no {node.op_type}")
            self.values[node.output[0]] = method(node, attributes)
        return self.values[self.nodes[-1].output[0]]

    def value(self, node, at=0):
        return self.values[node.input[at]]

    # ---- windows

    def window(self, x, kernel, a, fill=0.0):
        """(x, strides, padding): padded by hand where SAME and VALID mean something else."""
        strides = list(a.get("strides", [1, 1]))
        pads = a.get("pads", [0, 0, 0, 0])
        if a.get("auto_pad", b"NOTSET") != b"NOTSET" or list(a.get("dilations", [1, 1])) != [1, 1]:
            raise Unknown("auto_pad or dilations")
        if not any(pads):
            return x, strides, "VALID"
        sides = [[pads[0], pads[2]], [pads[1], pads[3]]]
        if fill == 0 and sides == [same_padding(x.shape[1 + i], kernel[i], strides[i])
                                   for i in range(2)]:
            return x, strides, "SAME"
        return tf.pad(x, [[0, 0], *sides, [0, 0]], constant_values=fill), strides, "VALID"

    def op_Conv(self, node, a):
        w = self.constants[node.input[1]].astype(np.float64)
        b = self.constants[node.input[2]] if len(node.input) > 2 else np.zeros(w.shape[0])
        users = self.uses[node.output[0]]
        if len(users) == 1 and users[0].op_type == "BatchNormalization":
            scale, shift, mean, var = (self.constants[name] for name in users[0].input[1:5])
            eps = {t.name: t.f for t in users[0].attribute}.get("epsilon", 1e-5)
            factor = scale / np.sqrt(var.astype(np.float64) + eps)
            w, b = w * factor[:, None, None, None], (b - mean) * factor + shift
            self.folded[users[0].output[0]] = True
        x, strides, padding = self.window(self.value(node), w.shape[2:], a)
        w, group = w.astype(np.float32), a.get("group", 1)
        if group == 1:
            y = tf.nn.conv2d(x, w.transpose(2, 3, 1, 0), strides, padding)
        elif group == x.shape[3] == w.shape[0]:
            y = tf.nn.depthwise_conv2d(x, w.transpose(2, 3, 0, 1), [1, *strides, 1], padding)
        else:
            raise Unknown("a convolution in groups")
        return tf.nn.bias_add(y, b.astype(np.float32))

    def op_BatchNormalization(self, node, _):
        if node.output[0] not in self.folded:
            raise Unknown("a BatchNormalization behind something else than a Conv")
        return self.value(node)

    def op_MaxPool(self, node, a):
        kernel = list(a["kernel_shape"])
        positive = self.makers.get(node.input[0]) == "Relu"  # then 0 is as good as nothing
        fill = 0.0 if positive else np.float32(-3e38)
        x, strides, padding = self.window(self.value(node), kernel, a, fill)
        return self.rounded_down(x, kernel, strides, a, tf.nn.max_pool2d, padding)

    def op_AveragePool(self, node, a):
        if any(a.get("pads", [])):
            raise Unknown("an AveragePool with padding")
        kernel, strides = list(a["kernel_shape"]), list(a.get("strides", [1, 1]))
        return self.rounded_down(self.value(node), kernel, strides, a, tf.nn.avg_pool2d, "VALID")

    @staticmethod
    def rounded_down(x, kernel, strides, a, pool, padding):
        exact = all((x.shape[1 + i] - kernel[i]) % strides[i] == 0 for i in range(2))
        if a.get("ceil_mode", 0) and not exact:
            raise Unknown("a pool whose size is rounded up")
        return pool(x, kernel, strides, padding)

    # ---- the rest

    def op_Gemm(self, node, a):
        w, b = self.constants[node.input[1]], self.constants[node.input[2]]
        if a.get("alpha", 1) != 1 or a.get("beta", 1) != 1 or a.get("transA", 0):
            raise Unknown("a Gemm with factors")
        w = w.T if a.get("transB", 0) else w
        if node.input[0] in self.flat:  # rows stand in the order of NCHW
            height, width, channels = self.flat[node.input[0]]
            w = w.reshape(channels, height, width, -1).transpose(1, 2, 0, 3).reshape(w.shape)
        return tf.matmul(self.value(node), np.ascontiguousarray(w)) + b

    def op_Flatten(self, node, _):
        x = self.value(node)
        if len(x.shape) == 4:
            self.flat[node.output[0]] = tuple(x.shape[1:])
        return tf.reshape(x, [x.shape[0], -1])

    def op_ReduceMean(self, node, a):
        axes = self.constants[node.input[1]] if len(node.input) > 1 else a["axes"]
        if sorted(axes) != [2, 3] or not a.get("keepdims", 1):
            raise Unknown("a ReduceMean over something else than height and width")
        return tf.reduce_mean(self.value(node), [1, 2], keepdims=True)

    def op_Pad(self, node, _):
        pads = self.constants[node.input[1]]
        sides = [[int(pads[i]), int(pads[i + 4])] for i in (0, 2, 3, 1)]
        return tf.pad(self.value(node), sides)

    def op_Concat(self, node, a):
        x = [self.values[name] for name in node.input]
        return tf.concat(x, 3 if len(x[0].shape) == 4 and a["axis"] == 1 else a["axis"])

    def op_Clip(self, node, _):
        if [float(self.constants[name]) for name in node.input[1:]] != [0.0, 6.0]:
            raise Unknown("a Clip to something else than 0 and 6")
        return tf.nn.relu6(self.value(node))

    def op_Add(self, node, _):
        return self.value(node) + self.value(node, 1)

    def op_Relu(self, node, _):
        return tf.nn.relu(self.value(node))

    def op_Sigmoid(self, node, _):
        return tf.sigmoid(self.value(node))


def convert(source, target):
    model = onnx.load(source)
    port = model.graph.input[0]
    shape = [dim.dim_value for dim in port.type.tensor_type.shape.dim]
    nhwc = [shape[i] for i in (0, 2, 3, 1)] if len(shape) == 4 else shape
    # Without autograph, which would rewrite this code, and add its path to what it refuses.
    function = tf.function(lambda x: Graph(model).run(port.name, x), autograph=False,
                           input_signature=[tf.TensorSpec(nhwc, tf.float32)])
    concrete = function.get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], tf.Module())
    data = converter.convert()
    with open(target, "wb") as file:
        file.write(data)


def main():
    result = {}
    for source, target in zip(sys.argv[1::2], sys.argv[2::2]):
        start = time.perf_counter()
        try:
            convert(source, target)
            result[target] = time.perf_counter() - start
        except Unknown as reason:
            result[target] = f"not converted: {reason}"
    print(json.dumps(result))


main()
