"""Writes LeNet, MLP and AR as ONNX with the weights linnet compiles: onnx_models.py DATA OUT.

Input x, output y, float32, batch 1. Needs numpy and onnx.
"""
import json
import struct
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def safetensors(path):
    with open(path, "rb") as file:
        bytes_ = file.read()
    (length,) = struct.unpack("<Q", bytes_[:8])
    header = json.loads(bytes_[8:8 + length])
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        data = np.frombuffer(bytes_[8 + length + begin:8 + length + end], np.float32)
        tensors[name] = data.reshape(entry["shape"])
    return tensors


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


def main(data, out):
    save(out + "/lenet.onnx",
         [conv("x", "conv1", "a", 2), relu("a", "b"), pool("b", "c"),
          conv("c", "conv2", "d", 0), relu("d", "e"), pool("e", "f"),
          helper.make_node("Flatten", ["f"], ["g"]),
          dense("g", "fc1", "h"), relu("h", "i"), dense("i", "fc2", "j"), relu("j", "k"),
          dense("k", "fc3", "y")],
         safetensors(data + "/lenet.safetensors"), [1, 1, 28, 28], [1, 10])
    save(out + "/mlp.onnx",
         [dense("x", "hidden1", "a"), relu("a", "b"), dense("b", "hidden2", "c"), relu("c", "d"),
          dense("d", "output", "y")],
         safetensors(data + "/mlp.safetensors"), [1, 784], [1, 10])
    weights = np.array([[0.1, -0.2, 0.3, 0.7]], np.float32)
    save(out + "/ar.onnx", [dense("x", "head", "y")],
         {"head.weight": weights, "head.bias": np.array([1.5], np.float32)}, [1, 4], [1, 1])
    header = json.dumps({"head.bias": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
                         "head.weight": {"dtype": "F32", "shape": [1, 4], "data_offsets": [4, 20]}},
                        separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    with open(out + "/ar.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header +
                   np.array([1.5], np.float32).tobytes() + weights.tobytes())


main(*sys.argv[1:])
