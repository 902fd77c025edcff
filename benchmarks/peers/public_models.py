"""Networks that everybody knows, with random weights, as ONNX files: the graphs of the onnx package's
own "light" models, and recurrent ones as frameworks export them."""
import math
import os
import zlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

LIGHT = os.path.join(os.path.dirname(onnx.__file__), "backend", "test", "data", "light")


def roles(nodes):
    """{value: (op that reads it, as which operand)}, through Unsqueeze."""
    source = {n.output[0]: n.input[0] for n in nodes if n.op_type == "Unsqueeze"}
    found = {}
    for node in nodes:
        for at, name in enumerate(node.input):
            found.setdefault(source.get(name, name), (node.op_type, at))
    return found


def weight(shape, role, random):
    """Values by which numbers neither fade nor explode (He et al. 2015)."""
    op, at = role
    if (op, at) in (("BatchNormalization", 1), ("BatchNormalization", 4)) or op == "Mul":
        return random.uniform(0.5, 1.5, shape)
    if len(shape) < 2:
        return 0.1 * random.standard_normal(shape)
    return math.sqrt(2 / math.prod(shape[1:])) * random.standard_normal(shape)


def light(name):
    """A light model whose weights, which are one number each there, are random."""
    model = onnx.load(os.path.join(LIGHT, f"light_{name}.onnx"))
    graph, random = model.graph, np.random.default_rng(zlib.crc32(name.encode()))
    shapes = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    filled = {n.output[0]: tuple(map(int, shapes[n.input[0]]))
              for n in graph.node if n.op_type == "ConstantOfShape"}
    nodes = [n for n in graph.node if n.op_type != "ConstantOfShape"]
    of = roles(nodes)
    values = {value: weight(shape, of[value], random) for value, shape in filled.items()}
    read = {name for node in nodes for name in node.input}
    kept = [i for i in graph.initializer if i.name in read]
    stored = {i.name for i in kept}
    inputs = [i for i in graph.input if i.name in read and i.name not in stored]
    weights = [numpy_helper.from_array(v.astype(np.float32), k) for k, v in values.items()]
    graph = helper.make_graph(nodes, name, inputs, graph.output, weights + kept)
    return calmed(helper.make_model(graph, opset_imports=model.opset_import, ir_version=8))


def calmed(model):
    """Weights before a softmax at the end so that it gets numbers of deviation 1; of large ones it
    makes 0 and 1, which hide every difference."""
    nodes = model.graph.node
    if nodes[-1].op_type != "Softmax":
        return model
    probe = onnx.ModelProto.FromString(model.SerializeToString())
    del probe.graph.output[:]
    probe.graph.output.append(helper.make_tensor_value_info(nodes[-1].input[0], TensorProto.FLOAT,
                                                            None))
    session = onnxruntime.InferenceSession(probe.SerializeToString())
    port = session.get_inputs()[0]
    x = np.random.default_rng(7).standard_normal(port.shape, np.float32)
    deviation = np.std(session.run(None, {port.name: x})[0])
    last = [n for n in nodes if n.op_type in ("Gemm", "Conv")][-1]
    for stored in model.graph.initializer:
        if stored.name in last.input[1:]:
            stored.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(stored) / deviation,
                                                    stored.name))
    return model


def recurrent(op, steps, inputs, hidden, directions, head=0):
    """One LSTM or GRU over a sequence, batch 1; `head`: outputs of a dense layer after the last
    step, or all steps are the answer."""
    random = np.random.default_rng(zlib.crc32(f"{op}{steps}".encode()))
    gates = {"LSTM": 4, "GRU": 3}[op]
    uniform = lambda *shape: random.uniform(-1, 1, shape).astype(np.float32) / math.sqrt(hidden)
    values = {"w": uniform(directions, gates * hidden, inputs),
              "r": uniform(directions, gates * hidden, hidden),
              "b": uniform(directions, 2 * gates * hidden)}
    settings = {"hidden_size": hidden}
    settings |= {"direction": "bidirectional"} if directions == 2 else {}
    settings |= {"linear_before_reset": 1} if op == "GRU" else {}
    last = ["", "h"] if head else ["y"]
    nodes = [helper.make_node(op, ["x", "w", "r", "b"], last, **settings)]
    shape = [steps, directions, 1, hidden]
    if head:
        values |= {"axes": np.array([0]), "hw": uniform(head, hidden), "hb": uniform(head)}
        nodes += [helper.make_node("Squeeze", ["h", "axes"], ["s"]),
                  helper.make_node("Gemm", ["s", "hw", "hb"], ["y"], transB=1)]
        shape = [1, head]
    port = lambda name, dims: helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
    graph = helper.make_graph(nodes, op.lower(), [port("x", [steps, 1, inputs])],
                              [port("y", shape)],
                              [numpy_helper.from_array(v, k) for k, v in values.items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


# What each is, and what makes it.
MODELS = {
    "resnet50": ("ResNet-50", lambda: light("resnet50")),
    "densenet121": ("DenseNet-121", lambda: light("densenet121")),
    "inception_v1": ("Inception v1 (GoogLeNet)", lambda: light("inception_v1")),
    "inception_v2": ("Inception v2", lambda: light("inception_v2")),
    "squeezenet1_1": ("SqueezeNet 1.1", lambda: light("squeezenet")),
    "shufflenet": ("ShuffleNet v1", lambda: light("shufflenet")),
    "bilstm": ("bidirectional LSTM-128 of 64 inputs, 160 steps",
               lambda: recurrent("LSTM", 160, 64, 128, 2)),
    "lstm": ("LSTM-64 of 16 inputs, 200 steps, dense layer",
             lambda: recurrent("LSTM", 200, 16, 64, 1, head=10)),
    "gru": ("GRU-32 of 1 input, 64 steps, dense layer", lambda: recurrent("GRU", 64, 1, 32, 1, head=1)),
}


def write(name, path):
    model = MODELS[name][1]()
    onnx.checker.check_model(model)
    onnx.save(model, path)
