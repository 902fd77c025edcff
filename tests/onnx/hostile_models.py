"""Wrong models by their graph, versions, depth, names and bytes; `all_cases` has the others too."""
import os
import random

import numpy as np
import onnx
from onnx import TensorProto, helper

import hostile_values
from hostile_case import (ANY, EITHER, FLOAT, TOO_LARGE, WRONG, Case, constant, floats, graph,
                          relu, single, value)

# ---- the graph ----------------------------------------------------------------------------------

def graphs():
    node = helper.make_node
    x, y = value("x", [1, 3]), value("y", [1, 3])
    yield Case("cycle", graph([node("Add", ["x", "guilty_b"], ["a"], "guilty_add"),
                               node("Relu", ["a"], ["guilty_b"], "guilty_relu")], [x],
                              [value("a", [1, 3])]))
    yield Case("reads itself", graph([node("Add", ["x", "y"], ["y"], "guilty")], [x], [y]))
    yield Case("no such value", graph([node("MatMul", ["x", "guilty_w"], ["y"], "matmul")], [x],
                                      [y]))
    yield Case("no such output", graph([node("Relu", ["x"], ["z"])], [x],
                                       [value("guilty", [1, 3])]))
    yield Case(
        "result twice",
        graph([node("Relu", ["x"], ["guilty"]),
               node("Tanh", ["x"], ["guilty"])], [x], [value("guilty", [1, 3])]))
    yield Case("initializer twice", graph([node("Add", ["x", "guilty"], ["y"])], [x], [y],
                                          [constant("guilty", floats(3))] * 2))
    yield Case("input twice",
               graph([node("Relu", ["guilty"], ["y"])], [value("guilty", [1, 3])] * 2, [y]))
    yield Case("output twice",
               graph([node("Relu", ["x"], ["guilty"])], [x], [value("guilty", [1, 3])] * 2), ANY)
    yield Case(
        "result named as an input",
        graph([node("Relu", ["guilty"], ["guilty"])], [value("guilty", [1, 3])],
              [value("guilty", [1, 3])]))
    yield Case("no outputs", graph([node("Relu", ["x"], ["y"])], [x]))
    yield Case("no graph", onnx.ModelProto(ir_version=8, opset_import=[helper.make_opsetid("",
                                                                                           17)]))
    yield Case("nodes in no order",
               graph([node("Relu", ["a"], ["y"], "guilty"),
                      node("Tanh", ["x"], ["a"])], [x], [y]), ANY)
    yield Case("input is output", graph([], [x], [x]), ANY)
    yield Case("constant is output", graph([node("Relu", ["x"], ["y"])], [x], [y, value("c", [3])],
                                           [constant("c", floats(3))]), right=True)
    yield Case("input of no type", graph([node("Relu", ["guilty"], ["y"])],
                                         [onnx.ValueInfoProto(name="guilty")], [y]), EITHER)
    yield Case(
        "output's type lies",
        graph([node("Relu", ["x"], ["guilty"])], [x], [value("guilty", [1, 3], TensorProto.INT64)]))
    yield Case("output's shape lies",
               graph([node("Relu", ["x"], ["guilty"])], [x], [value("guilty", [7, 3])]), (0, 1))
    yield Case("output's rank lies",
               graph([node("Relu", ["x"], ["guilty"])], [x], [value("guilty", [3])]), (0, 1))
    yield Case("sequence as input", graph([node("Relu", ["guilty"], ["y"])], [
        helper.make_tensor_sequence_value_info("guilty", FLOAT, [3])], [y]), EITHER)
    yield Case(
        "strings as input",
        graph([node("Identity", ["guilty"], ["y"])], [value("guilty", [3], TensorProto.STRING)],
              [value("y", [3], TensorProto.STRING)]), EITHER)
    for size in (-2, -(2**63), 2**40, 2**62):  # -1 is a free size
        yield Case(f"input of {size} rows", graph([node("Relu", ["guilty"], ["y"])], [
            value("guilty", [size, 3])], [value("y", [size, 3])]), TOO_LARGE if size > 0 else WRONG)
    yield Case("input of 2^64 elements", graph([node("Relu", ["guilty"], ["y"])], [
        value("guilty", [2**16] * 4)], [value("y", None)]), TOO_LARGE)
    yield Case("input of no elements", graph([node("Relu", ["guilty"], ["y"])], [
        value("guilty", [0, 3])], [value("y", [0, 3])]), ANY)
    yield Case("input of 70 dimensions", graph([node("Relu", ["guilty"], ["y"])], [
        value("guilty", [1] * 70)], [value("y", [1] * 70)]), EITHER)
    unknown = [node("Relu", ["x"], ["y"], "relu"), node("Guilty", ["y"], ["z"], "guilty_one"),
               node("Guilty", ["z"], ["w"], "guilty_two")]
    yield Case("unknown op", graph(unknown, [x], [value("w", [1, 3])]), EITHER)
    yield Case("unknown domain", single("Relu", [[3]], domain="com.guilty"), EITHER)
    imported = single("Relu", [[3]], domain="com.guilty")
    imported.opset_import.append(helper.make_opsetid("com.guilty", 1))
    yield Case("own domain", imported, EITHER)
    yield Case("own domain, not used", relu(domains=["com.acme"]), right=True)
    yield Case("op of a later opset", single("Gelu", [[3]], opset=13), EITHER)
    yield Case("op without inputs", graph([node("Relu", [], ["y"], "guilty")], [x], [y]))
    yield Case("op without outputs",
               graph([node("Relu", ["x"], [], "guilty"),
                      node("Relu", ["x"], ["y"])], [x], [y]), ANY)
    yield Case("too many inputs", graph([node("Relu", ["x", "x"], ["y"], "guilty")], [x], [y]))
    yield Case("required input left out", graph([node("Add", ["x", ""], ["y"], "guilty")], [x],
                                                [y]))
    yield Case("node of no type", graph([node("", ["x"], ["y"], "guilty")], [x], [y]), EITHER)


def versions():
    for version in (0, -1, -(2**63)):
        yield Case(f"ir_version {version}", relu(ir_version=version))
    for version in (99, 2**40):
        yield Case(f"ir_version {version}", relu(ir_version=version), ANY)
    yield Case("no opset", relu(opset=None))
    for version in (0, -1):
        yield Case(f"opset {version}", relu(opset=version))
    for version in (999, 2**62):
        yield Case(f"opset {version}", relu(opset=version), EITHER)
    twice = relu()
    twice.opset_import.append(helper.make_opsetid("", 13))
    yield Case("two opsets of one domain", twice, ANY)


# ---- bodies, functions, depth --------------------------------------------------------------------

def field(number, payload):
    """A field of bytes in protobuf's encoding."""
    size, encoded = len(payload), b""
    while True:
        encoded += bytes([size & 127 | (128 if size > 127 else 0)])
        size >>= 7
        if not size:
            return bytes([number << 3 | 2]) + encoded + payload


def nested(levels):
    """If in If …: each level is GraphProto > NodeProto > AttributeProto > GraphProto."""
    leaf = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "leaf", [],
                             [value("y", [1, 3])]).SerializeToString()
    output = field(12, value("y", [1, 3]).SerializeToString())
    graph_type = b"\xa0\x01\x05"
    branch = lambda name, body: field(5, field(1, name) + field(6, body) + graph_type)
    body = leaf
    for _ in range(levels):
        node = field(1, b"x_flag") + field(2, b"y") + field(3, b"guilty") + field(4, b"If")
        node += branch(b"then_branch", body) + branch(b"else_branch", leaf)
        body = field(1, node) + field(2, b"body") + output
    body += field(11, value("x", [1, 3]).SerializeToString())
    body += field(11, value("x_flag", [], TensorProto.BOOL).SerializeToString())
    return b"\x08\x08" + field(7, body) + field(8, helper.make_opsetid("", 17).SerializeToString())


def deep_type(levels):
    inner = helper.make_tensor_type_proto(FLOAT, [3]).SerializeToString()
    for _ in range(levels):
        inner = field(4, field(1, inner))  # sequence of …
    guilty = field(11, field(1, b"guilty") + field(2, inner))
    model = relu()
    return model.SerializeToString() + field(7, guilty)


def deep():
    yield Case("If in If, 20 levels", nested(20), ANY,
               feeds={"x": floats(1, 3), "x_flag": np.array(True)})
    yield Case("If in If, 5000 levels", nested(5000), EITHER)
    yield Case("a type of 5000 levels", deep_type(5000), EITHER)
    yield Case("100,000 groups of protobuf",
               relu().SerializeToString() + b"\x8b\x06" * 100000, EITHER)
    node = helper.make_node
    call = lambda name, f: node(f, ["a"], ["b"], name, domain="own")
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    function = lambda name, nodes: helper.make_function("own", name, ["a"], ["b"], nodes, imports)
    called = lambda functions: graph([node("F0", ["x"], ["y"], "guilty", domain="own")],
                                     [value("x", [3])], [value("y", None)],
                                     domains=["own"],
                                     functions=functions)
    yield Case("function that calls itself", called([function("F0", [call("guilty_f", "F0")])]),
               EITHER)
    yield Case(
        "functions that call each other",
        called([function("F0", [call("guilty_f", "F1")]),
                function("F1", [call("guilty_g", "F0")])]), EITHER)
    twice = [
        function(f"F{i}", [
            node(f"F{i + 1}", ["a"], ["m"], f"f{i}", domain="own"),
            node(f"F{i + 1}", ["m"], ["b"], f"g{i}", domain="own")
        ]) for i in range(40)
    ]
    yield Case("2^40 calls of functions",
               called(twice + [function("F40", [node("Relu", ["a"], ["b"])])]), EITHER)
    body = helper.make_graph(
        [node("Identity", ["go"], ["on"]),
         node("Relu", ["v"], ["w"])], "body",
        [value("i", [], TensorProto.INT64),
         value("go", [], TensorProto.BOOL),
         value("v", [3])],
        [value("on", [], TensorProto.BOOL), value("w", [3])])
    loop = node("Loop", ["n", "", "x"], ["y"], "guilty", body=body)
    yield Case("Loop of 2^62 turns", graph([loop], [value("x", [3])], [value("y", [3])],
                                           [constant("n", np.array(2**62))]), EITHER)
    flag = node("Loop", ["", "t", "x"], ["y"], "guilty", body=body)
    yield Case("Loop without end", graph([flag], [value("x", [3])], [value("y", [3])],
                                         [constant("t", np.array(True))]), EITHER)


# ---- names ---------------------------------------------------------------------------------------

def names():
    def named(result, node_name="relu", op="Relu"):
        return graph([helper.make_node(op, ["x"], [result], node_name)], [value("x", [1, 3])],
                     [value(result, [1, 3])])

    yield Case("output ../../guilty", named("../../guilty"), right=True)
    yield Case("output /guilty", named("/guilty"), right=True)
    yield Case("output with blanks", named("a b\tc"), right=True)
    yield Case("output ..", named(".."), (0, 1, 3, 4))
    yield Case("output of 5,000 letters", named("y" * 5000), (0, 1, 3, 4))
    yield Case("output of no name", named(""), EITHER)
    pair = graph(
        [helper.make_node("Relu", ["x"], ["a/b"]),
         helper.make_node("Neg", ["x"], ["a_b"])], [value("x", [1, 3])],
        [value("a/b", [1, 3]), value("a_b", [1, 3])])
    yield Case("outputs that share a file name", pair, right=True)
    yield Case("escape codes in a name", named("y", "guilty\x1b[2J\x07\r", "Frobnicate"), EITHER)
    data = named("y", "guilty_name", "Frobnicate").SerializeToString().replace(
        b"guilty_name", b"guilty_\xff\xfe\x80!")
    yield Case("a name that is no UTF-8", data, EITHER)


# ---- other files ---------------------------------------------------------------------------------

def files():
    yield Case("empty file", b"")
    for size in (1, 2, 100, 100000):
        yield Case(f"{size} random bytes", random.Random(size).randbytes(size))
    yield Case("zeros", bytes(4096))
    yield Case("text", b"model lenet(image: f32[N, 1, 28, 28]) -> logits: f32[N, 10] {\n" * 9)
    yield Case("a length of 2^63", b"\x08\x08\x3a" + b"\xff" * 8 + b"\x7f" + b"abc")
    yield Case("a folder", lambda folder: folder, (1, 2), ("folder", "directory"), file="")
    yield Case("no such file",
               lambda folder: os.path.join(folder, "missing.onnx"), (1, 2),
               file="missing.onnx")
    torch, keras, flow = ("PyTorch", "torch"), ("Keras", "keras"), ("TensorFlow", "tensorflow",
                                                                    "tf2onnx")
    archive = b"PK\x03\x04" + bytes(100)
    for name, start, framework in [("net.pt", archive, torch),
                                   ("net.pth", b"\x80\x02\x8a\x0al\xfc\x9c\x46", torch),
                                   ("net.h5", b"\x89HDF\r\n\x1a\n" + bytes(100), keras),
                                   ("net.keras", archive, keras),
                                   ("net.tflite", bytes([28, 0, 0, 0]) + b"TFL3" + bytes(99), flow),
                                   ("saved_model.pb", b"\x08\x01\x12\x30" + bytes(99), flow),
                                   ("zip.onnx", archive, torch + ("zip", ))]:
        yield Case(name, start, EITHER, framework, file=name)


def all_cases():
    for family in (graphs, versions, hostile_values.tensors, hostile_values.external,
                   hostile_values.attributes, hostile_values.decided, deep, names, files):
        for case in family():
            yield family.__name__, case
