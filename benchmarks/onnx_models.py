"""Writes LeNet, MLP, AR and a GRU as ONNX with the weights linnet compiles: onnx_models.py DATA OUT.

Input x, output y, float32, batch 1; the GRU takes 64 steps and answers after the last. Needs numpy,
onnx and safetensors.
"""
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file, save_file


def save(path, nodes, tensors, in_shape, out_shape):
    graph = helper.make_graph(
        nodes, "model",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, in_shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, out_shape)],
        [numpy_helper.from_array(value, name) for name, value in tensors.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def dense(source, layer, target):
    return helper.make_node("Gemm", [source, layer + ".weight", layer + ".bias"], [target],
                            transB=1)


def relu(source, target):
    return helper.make_node("Relu", [source], [target])


def conv(source, layer, target, pads):
    return helper.make_node("Conv", [source, layer + ".weight", layer + ".bias"], [target],
                            kernel_shape=[5, 5], pads=[pads] * 4)


def pool(source, target):
    return helper.make_node("MaxPool", [source], [target], kernel_shape=[2, 2], strides=[2, 2])


def gru(out, hidden, steps):
    rng = np.random.Generator(np.random.PCG64(1))
    uniform = lambda *shape: rng.uniform(-0.18, 0.18, shape).astype(np.float32)
    w = {"cell.weight_ih": uniform(3 * hidden, 1), "cell.weight_hh": uniform(3 * hidden, hidden),
         "cell.bias_ih": uniform(3 * hidden), "cell.bias_hh": uniform(3 * hidden),
         "head.weight": uniform(1, hidden), "head.bias": uniform(1)}
    save_file(w, out + "/latent_ar.safetensors")
    # PyTorch's gates are r, z, n; ONNX's are z, r, h.
    gates = lambda name: w[name].reshape(3, hidden, -1)[[1, 0, 2]].reshape(3 * hidden, -1)
    bias = np.concatenate([gates("cell.bias_ih")[:, 0], gates("cell.bias_hh")[:, 0]])
    save(out + "/latent_ar.onnx",
         [helper.make_node("Transpose", ["x"], ["t"], perm=[1, 0, 2]),
          helper.make_node("GRU", ["t", "w", "r", "b"], ["", "h"], hidden_size=hidden,
                           linear_before_reset=1),
          helper.make_node("Squeeze", ["h", "axes"], ["s"]), dense("s", "head", "y")],
         {"w": gates("cell.weight_ih")[None], "r": gates("cell.weight_hh")[None], "b": bias[None],
          "axes": np.array([0]), "head.weight": w["head.weight"], "head.bias": w["head.bias"]},
         [1, steps, 1], [1, 1])


def main(data, out):
    save(out + "/lenet.onnx",
         [conv("x", "conv1", "a", 2), relu("a", "b"), pool("b", "c"),
          conv("c", "conv2", "d", 0), relu("d", "e"), pool("e", "f"),
          helper.make_node("Flatten", ["f"], ["g"]),
          dense("g", "fc1", "h"), relu("h", "i"), dense("i", "fc2", "j"), relu("j", "k"),
          dense("k", "fc3", "y")],
         load_file(data + "/lenet.safetensors"), [1, 1, 28, 28], [1, 10])
    save(out + "/mlp.onnx",
         [dense("x", "hidden1", "a"), relu("a", "b"), dense("b", "hidden2", "c"), relu("c", "d"),
          dense("d", "output", "y")],
         load_file(data + "/mlp.safetensors"), [1, 784], [1, 10])
    weights = np.array([[0.1, -0.2, 0.3, 0.7]], np.float32)
    save(out + "/ar.onnx", [dense("x", "head", "y")],
         {"head.weight": weights, "head.bias": np.array([1.5], np.float32)}, [1, 4], [1, 1])
    save_file({"head.weight": weights, "head.bias": np.array([1.5], np.float32)},
              out + "/ar.safetensors")
    gru(out, 32, 64)


main(*sys.argv[1:])
