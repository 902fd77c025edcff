"""Networks as the exporters of PyTorch, scikit-learn and Keras write them, with seeded weights.

The forms are theirs, not ours: names, dynamic dimensions, shapes worked out by Shape and Gather,
Relu6 as Clip, h0 by ConstantOfShape, NHWC images turned around a Conv.
"""
import dataclasses
import math
import zlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


@dataclasses.dataclass
class Export:
    name: str
    model: onnx.ModelProto
    feeds: object                       # batch -> {name: array}
    flags: object = None                # batch -> flags of linnet; None: the batch is fixed
    bound: tuple = ()                   # flags that every command needs

    @property
    def parameters(self):
        tensors = [numpy_helper.to_array(t) for t in self.model.graph.initializer]
        return sum(t.size for t in tensors if t.dtype == np.float32)


class Net:
    """Nodes and weights, named as an exporter would."""

    def __init__(self, name, opset=17):
        self.name, self.opset, self.nodes, self.weights = name, opset, [], []
        self.rng = np.random.default_rng(zlib.crc32(name.encode()))
        self.count = {}

    def __call__(self, op, *inputs, out=None, scope="", results=1, **attributes):
        """A node with torch's name for it; answers its result (or results)."""
        number = self.count[scope, op] = self.count.get((scope, op), -1) + 1
        node = f"{scope}/{op}" + (f"_{number}" if number else "")
        names = [out or f"{node}_output_{i}" for i in range(results)]
        self.nodes.append(helper.make_node(op, inputs, names, node, **attributes))
        return names[0] if results == 1 else names

    def constant(self, value, kind=np.int64, scope=""):
        """A node Constant, as torch writes numbers."""
        return self("Constant", scope=scope, value=numpy_helper.from_array(np.array(value, kind)))

    def given(self, name, array):
        if name not in [w.name for w in self.weights]:
            self.weights.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def weight(self, name, *shape, fan=None):
        scale = 1 / math.sqrt(fan or max(1, math.prod(shape[1:])))
        return self.given(name, self.rng.uniform(-scale, scale, shape).astype(np.float32) * 1.7)

    def vector(self, name, size, low=-0.3, high=0.3):
        return self.given(name, self.rng.uniform(low, high, size).astype(np.float32))

    def linear(self, x, name, inputs, outputs, out=None):
        return self("Gemm", x, self.weight(f"{name}.weight", outputs, inputs),
                    self.vector(f"{name}.bias", outputs), scope=f"/{name}", out=out,
                    alpha=1.0, beta=1.0, transB=1)

    def conv(self, x, name, inputs, outputs, kernel, stride=1, groups=1, bias=True):
        weights = [self.weight(f"{name}.weight", outputs, inputs // groups, kernel, kernel)]
        if bias:
            weights.append(self.vector(f"{name}.bias", outputs))
        return self("Conv", x, *weights, scope="/" + name.replace(".", "/"), dilations=[1, 1],
                    group=groups, kernel_shape=[kernel] * 2, pads=[kernel // 2] * 4,
                    strides=[stride] * 2)

    def batch_norm(self, x, name, channels):
        parts = [
            self.vector(f"{name}.weight", channels, 0.5, 1.5),
            self.vector(f"{name}.bias", channels),
            self.vector(f"{name}.running_mean", channels),
            self.vector(f"{name}.running_var", channels, 0.5, 1.5)
        ]
        return self("BatchNormalization", x, *parts, scope="/" + name.replace(".", "/"),
                    epsilon=1e-5, momentum=0.9)

    def model(self, inputs, outputs, producer="pytorch", ir_version=8):
        """inputs, outputs: {name: shape}, or {name: (shape, type)}."""
        def ports(given):
            return [helper.make_tensor_value_info(name, *((s[1], s[0]) if isinstance(s, tuple) else
                                                          (TensorProto.FLOAT, s)))
                    for name, s in given.items()]

        graph = helper.make_graph(self.nodes, "main_graph", ports(inputs), ports(outputs),
                                  self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)],
                                  ir_version=ir_version, producer_name=producer)
        onnx.checker.check_model(model, full_check=True)
        return model

    def noise(self, name, *shape):
        """batch -> the input `name` of shape [batch, …]."""
        return lambda batch: {name: np.random.default_rng(batch).normal(
            size=(batch, *shape)).astype(np.float32)}


BY_BATCH = lambda batch: ["--batch", batch]


# ---- feed-forward networks of PyTorch ------------------------------------------------------------

def lenet():
    net = Net("lenet")
    y = net("Relu", net.conv("input", "conv1", 1, 6, 5))
    y = net("MaxPool", y, kernel_shape=[2, 2], strides=[2, 2], pads=[0] * 4, ceil_mode=0)
    y = net("Relu", net.conv(y, "conv2", 6, 16, 3))
    y = net("MaxPool", y, kernel_shape=[2, 2], strides=[2, 2], pads=[0] * 4, ceil_mode=0)
    y = net("Flatten", y, axis=1)
    y = net("Relu", net.linear(y, "fc1", 784, 120))
    y = net("Relu", net.linear(y, "fc2", 120, 84))
    net.linear(y, "fc3", 84, 10, out="output")
    model = net.model({"input": ["batch", 1, 28, 28]}, {"output": ["batch", 10]})
    return Export("LeNet", model, net.noise("input", 1, 28, 28), BY_BATCH)


def mlp():
    net = Net("mlp", opset=13)
    y = net("Relu", net.linear("x.1", "fc1", 64, 96))
    y = net("Tanh", net.linear(y, "fc2", 96, 32))
    net.linear(y, "fc3", 32, 4, out="y")
    model = net.model({"x.1": ["batch_size", 64]}, {"y": ["batch_size", 4]}, ir_version=7)
    return Export("MLP", model, net.noise("x.1", 64),
                  lambda batch: ["--bind", f"batch_size={batch}"])


def dynamo_mlp():
    """torch.onnx.export(dynamo=True): names of the traced program, allowzero, a fixed batch."""
    net = Net("dynamo", opset=18)
    y = net("Reshape", "x", net.given("val_2", np.array([2, 48])), out="view", allowzero=1)
    y = net("LayerNormalization",
            y,
            net.vector("norm.weight", 48, 0.5, 1.5),
            net.vector("norm.bias", 48),
            out="layer_norm",
            axis=-1,
            epsilon=1e-5,
            stash_type=1)
    y = net("Gemm", y, net.weight("fc1.weight", 32, 48), net.vector("fc1.bias", 32), out="linear",
            transB=1, beta=1.0, alpha=1.0, transA=0)
    y = net("Mul", y, net("Sigmoid", y, out="val_7"), out="silu")
    net("Gemm",
        y,
        net.weight("fc2.weight", 5, 32),
        net.vector("fc2.bias", 5),
        out="linear_1",
        transB=1)
    model = net.model({"x": [2, 6, 8]}, {"linear_1": [2, 5]}, ir_version=10)
    helper.set_model_props(model, {"pkg.torch.export.graph": "graph()"})
    return Export("MLP of torch.export", model, lambda batch: {
        "x": np.random.default_rng(1).normal(size=(2, 6, 8)).astype(np.float32)})


def flatten_by_shape(net, x, channels):
    """x.view(x.size(0), -1) of older exporters: Shape, Slice, Concat, Reshape."""
    whole = net("Shape", x)
    first = net("Slice", whole, net.constant([0]), net.constant([1]), net.constant([0]))
    shape = net("Concat", first, net.constant([channels]), axis=0)
    return net("Reshape", x, shape)


def mobilenet():
    net = Net("mobilenet")

    def relu6(x, scope):
        return net("Clip",
                   x,
                   net.constant(0, np.float32, scope),
                   net.constant(6, np.float32, scope),
                   scope=scope)

    def conv_bn(x, name, inputs, outputs, kernel, stride=1, groups=1, active=True):
        y = net.batch_norm(
            net.conv(x, f"{name}.0", inputs, outputs, kernel, stride, groups, bias=False),
            f"{name}.1", outputs)
        return relu6(y, f"/{name}/2".replace(".", "/")) if active else y

    def inverted(x, name, inputs, outputs, stride):
        wide = inputs * 4
        y = conv_bn(x, f"{name}.conv.0", inputs, wide, 1)
        y = conv_bn(y, f"{name}.conv.1", wide, wide, 3, stride, wide)
        y = conv_bn(y, f"{name}.conv.2", wide, outputs, 1, active=False)
        return net("Add", x, y, scope=f"/{name}") if stride == 1 and inputs == outputs else y

    y = conv_bn("images", "features.0", 3, 16, 3, 2)
    y = inverted(y, "features.1", 16, 16, 1)
    y = inverted(y, "features.2", 16, 24, 2)
    y = inverted(y, "features.3", 24, 24, 1)
    y = inverted(y, "features.4", 24, 40, 2)
    y = conv_bn(y, "features.5", 40, 96, 1)
    y = flatten_by_shape(net, net("GlobalAveragePool", y), 96)
    net.linear(y, "classifier", 96, 10, out="scores")
    model = net.model({"images": ["N", 3, 32, 32]}, {"scores": ["N", 10]})
    return Export("MobileNet-like", model, net.noise("images", 3, 32, 32),
                  lambda batch: ["--bind", f"N={batch}"])


def resnet(folded):
    net = Net("resnet folded" if folded else "resnet")

    def conv_bn(x, name, inputs, outputs, kernel, stride=1):
        y = net.conv(x, f"{name}.conv", inputs, outputs, kernel, stride, bias=folded)
        return y if folded else net.batch_norm(y, f"{name}.bn", outputs)

    def block(x, name, inputs, outputs, stride):
        y = net("Relu", conv_bn(x, f"{name}.a", inputs, outputs, 3, stride), scope=f"/{name}")
        y = conv_bn(y, f"{name}.b", outputs, outputs, 3)
        if stride != 1:
            x = conv_bn(x, f"{name}.downsample", inputs, outputs, 1, stride)
        return net("Relu", net("Add", y, x, scope=f"/{name}"), scope=f"/{name}")

    y = net("Relu", conv_bn("input.1", "stem", 3, 16, 7, 2))
    y = net("MaxPool", y, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4, ceil_mode=0)
    y = block(y, "layer1.0", 16, 16, 1)
    y = block(y, "layer2.0", 16, 32, 2)
    y = block(y, "layer2.1", 32, 32, 1)
    y = net("ReduceMean", y, axes=[2, 3], keepdims=1)
    net.linear(net("Flatten", y, axis=1), "fc", 32, 10, out="191")
    model = net.model({"input.1": ["batch", 3, 48, 48]}, {"191": ["batch", 10]})
    return Export("ResNet-like, BN folded" if folded else "ResNet-like", model,
                  net.noise("input.1", 3, 48, 48), BY_BATCH)


# ---- recurrent networks of PyTorch ---------------------------------------------------------------

def zero_state(net, x, layers, hidden):
    """h0 = torch.zeros(layers, x.size(0), hidden)."""
    batch = net("Gather", net("Shape", x), net.constant(0), axis=0)
    batch = net("Unsqueeze", batch, net.constant([0]))
    shape = net("Concat", net.constant([layers]), batch, net.constant([hidden]), axis=0)
    return net("ConstantOfShape", shape, value=numpy_helper.from_array(np.zeros(1, np.float32)))


def recurrent(net, op, x, name, inputs, hidden, states, **attributes):
    gates = {"GRU": 3, "LSTM": 4}[op]
    weights = [net.weight(f"onnx::{op}_{name}_W", 1, gates * hidden, inputs, fan=hidden),
               net.weight(f"onnx::{op}_{name}_R", 1, gates * hidden, hidden, fan=hidden),
               net.vector(f"onnx::{op}_{name}_B", (1, 2 * gates * hidden))]
    y, *last = net(op, x, *weights, "", *states, scope=f"/{name}", hidden_size=hidden,
                   results=3 if op == "LSTM" else 2, **attributes)
    return net("Squeeze", y, net.constant([1]), scope=f"/{name}"), last


def gru():
    net, hidden = Net("gru", opset=14), 32
    y = net("Transpose", "series", perm=[1, 0, 2], scope="/gru")
    y, _ = recurrent(net, "GRU", y, "gru", 3, hidden, [zero_state(net, "series", 1, hidden)],
                     linear_before_reset=1)
    y = net("Transpose", y, perm=[1, 0, 2], scope="/gru")
    y = net("Gather", y, net.constant(-1), axis=1)
    net.linear(y, "fc", hidden, 2, out="forecast")
    model = net.model({"series": ["batch", 24, 3]}, {"forecast": ["batch", 2]})
    return Export("GRU forecaster", model, net.noise("series", 24, 3), BY_BATCH)


def lstm():
    net, hidden = Net("lstm"), 20
    state = zero_state(net, "input", 2, hidden)
    parts = net("Split", state, net.constant([1, 1]), axis=0, results=2)
    y, finals = net("Transpose", "input", perm=[1, 0, 2]), []
    for layer, part in enumerate(parts):
        y, (last, _) = recurrent(net, "LSTM", y, f"lstm_{layer}", 4 if layer == 0 else hidden,
                                 hidden, [part, part])
        finals.append(last)
    y = net("Transpose", y, perm=[1, 0, 2])
    y = net("Slice", y, net.constant([-1]), net.constant([2**63 - 1]), net.constant([1]),
            net.constant([1]))
    net.linear(net("Squeeze", y, net.constant([1])), "fc", hidden, 1, out="output")
    net("Concat", *finals, axis=0, out="hn")
    model = net.model({"input": ["batch", 16, 4]},
                      {"output": ["batch", 1], "hn": [2, "batch", hidden]})
    return Export("LSTM, two layers", model, net.noise("input", 16, 4), BY_BATCH)


# ---- a transformer's encoder ---------------------------------------------------------------------

def encoder(modern):
    """Tokens to classes through two blocks; `modern` has nodes for LayerNorm and Gelu."""
    net = Net("encoder" + str(modern), opset=20 if modern else 13)
    width, heads = 32, 4
    number = lambda value: net.constant(value, np.float32)

    def dense(x, name, inputs, outputs):
        y = net("MatMul",
                x,
                net.weight(f"onnx::MatMul_{name}", inputs, outputs, fan=inputs),
                scope=f"/{name}")
        return net("Add", net.vector(f"{name}.bias", outputs), y, scope=f"/{name}")

    def norm(x, name):
        scale, shift = net.vector(f"{name}.weight", width, 0.5, 1.5), net.vector(
            f"{name}.bias", width)
        if modern:
            return net("LayerNormalization", x, scale, shift, axis=-1, epsilon=1e-5)
        centred = net("Sub", x, net("ReduceMean", x, axes=[-1]))
        variance = net("ReduceMean", net("Pow", centred, number(2.0)), axes=[-1])
        root = net("Sqrt", net("Add", variance, number(1e-5)))
        return net("Add", net("Mul", net("Div", centred, root), scale), shift)

    def gelu(x):
        if modern:
            return net("Gelu", x)
        y = net("Add", net("Erf", net("Div", x, number(math.sqrt(2)))), number(1.0))
        return net("Mul", net("Mul", x, y), number(0.5))

    def heads_of(x, perm):
        """[batch, steps, width] to heads; the shape is asked from x, or 0 and -1 leave it."""
        if modern:
            shape = net.constant([0, 0, heads, -1])
        else:
            extents = [
                net("Unsqueeze", net("Gather", net("Shape", x), net.constant(i), axis=0),
                    net.constant([0])) for i in (0, 1)
            ]
            shape = net("Concat",
                        *extents,
                        net.constant([heads]),
                        net.constant([width // heads]),
                        axis=0)
        return net("Transpose", net("Reshape", x, shape), perm=perm)

    def block(x, name):
        query = heads_of(dense(x, f"{name}.q", width, width), [0, 2, 1, 3])
        key = heads_of(dense(x, f"{name}.k", width, width), [0, 2, 3, 1])
        value = heads_of(dense(x, f"{name}.v", width, width), [0, 2, 1, 3])
        scores = net("Div", net("MatMul", query, key), number(math.sqrt(width // heads)))
        mixed = net("MatMul", net("Softmax", scores, axis=-1), value)
        mixed = net("Reshape", net("Transpose", mixed, perm=[0, 2, 1, 3]),
                    net.constant([0, -1, width]))
        y = norm(net("Add", x, dense(mixed, f"{name}.out", width, width)), f"{name}.norm1")
        inner = gelu(dense(y, f"{name}.fc1", width, 64))
        return norm(net("Add", y, dense(inner, f"{name}.fc2", 64, width)), f"{name}.norm2")

    y = net("Gather", net.weight("embedding.weight", 50, width, fan=2), "tokens")
    steps = net("Unsqueeze", net("Gather", net("Shape", "tokens"), net.constant(1), axis=0),
                net.constant([0]))
    place = net("Slice", net.weight("positions", 1, 64, width, fan=9), net.constant([0]), steps,
                net.constant([1]))
    y = block(block(net("Add", y, place), "layers.0"), "layers.1")
    y = net("ReduceMean", y, net.constant([1]), keepdims=0) if modern else net(
        "ReduceMean", y, axes=[1], keepdims=0)
    net.linear(y, "head", width, 7, out="logits")
    model = net.model({"tokens": (["batch", "sequence"], TensorProto.INT64)},
                      {"logits": ["batch", 7]},
                      ir_version=9)
    tokens = lambda batch: {"tokens": np.random.default_rng(batch).integers(0, 50, (batch, 12))}
    return Export("encoder, nodes" if modern else "encoder, decomposed", model, tokens, BY_BATCH,
                  ("--bind", "sequence=12"))


# ---- scikit-learn, Keras -------------------------------------------------------------------------

def sklearn_mlp():
    net = Net("sklearn", opset=15)
    y = net("Cast", "float_input", out="cast_input", to=1)
    for i, (inputs, outputs) in enumerate([(6, 24), (24, 3)]):
        coefficient = net.weight(f"coefficient{i or ''}", inputs, outputs, fan=inputs)
        y = net("MatMul", y, coefficient, out=f"mul_result{i or ''}")
        y = net("Add",
                y,
                net.vector(f"intercepts{i or ''}", (1, outputs)),
                out=f"add_result{i or ''}")
        if i == 0:
            y = net("Relu", y, out="next_activations")
    net("Softmax", y, out="probabilities", axis=1)
    label = net("ArgMax", "probabilities", out="argmax_output", axis=1, keepdims=1)
    label = net("Gather",
                net.given("classes", np.array([10, 20, 30])),
                label,
                out="array_feature_result")
    net("Reshape", label, net.given("shape_tensor", np.array([-1])), out="label")
    model = net.model({"float_input": [None, 6]}, {"label": ([None], TensorProto.INT64),
                                                   "probabilities": [None, 3]}, "skl2onnx")
    return Export("MLP of scikit-learn", model, net.noise("float_input", 6), BY_BATCH)


def keras_cnn():
    net = Net("keras", opset=15)
    name = "StatefulPartitionedCall/sequential/"
    y = net("Transpose", "conv2d_input", out=name + "conv2d/Conv2D__6:0", perm=[0, 3, 1, 2])
    for i, (inputs, outputs) in enumerate([(1, 8), (8, 16)]):
        layer = name + f"conv2d{'_1' if i else ''}"
        y = net("Conv", y, net.weight(layer + "/ReadVariableOp:0", outputs, inputs, 3, 3),
                net.vector(layer + "/BiasAdd/ReadVariableOp:0", outputs), out=layer + "/BiasAdd:0",
                auto_pad="SAME_UPPER", kernel_shape=[3, 3], strides=[2 if i else 1] * 2,
                dilations=[1, 1], group=1)
        y = net("Relu", y, out=layer + "/Relu:0")
        y = net("MaxPool",
                y,
                out=layer + "/MaxPool:0",
                kernel_shape=[2, 2],
                strides=[2, 2],
                auto_pad="VALID")
    y = net("Transpose", y, out=name + "max_pooling2d/MaxPool__12:0", perm=[0, 2, 3, 1])
    y = net("Reshape",
            y,
            net.given("const_fold_opt__31", np.array([-1, 144])),
            out=name + "flatten/Reshape:0")
    y = net("MatMul", y, net.weight(name + "dense/MatMul/ReadVariableOp:0", 144, 10, fan=144),
            out=name + "dense/MatMul:0")
    y = net("Add",
            y,
            net.vector(name + "dense/BiasAdd/ReadVariableOp:0", 10),
            out=name + "dense/BiasAdd:0")
    net("Softmax", y, out="dense", axis=-1)
    model = net.model({"conv2d_input": ["unk__32", 28, 28, 1]}, {"dense": ["unk__33", 10]},
                      "tf2onnx")
    return Export("CNN of Keras", model, net.noise("conv2d_input", 28, 28, 1), BY_BATCH)


def all_exports():
    yield lenet()
    yield mlp()
    yield dynamo_mlp()
    yield mobilenet()
    yield resnet(folded=False)
    yield resnet(folded=True)
    yield gru()
    yield lstm()
    yield encoder(modern=False)
    yield encoder(modern=True)
    yield sklearn_mlp()
    yield keras_cnn()
