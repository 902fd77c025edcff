"""Wrong, hostile and merely odd models for hostile.py.

Every case has the statuses that are right for it. What is at fault in a model is called `guilty…`
(a node, a value, an initializer), so that a message that names it can be told from one that does not.
"""
import dataclasses
import os
import random

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT
WRONG, UNSUPPORTED, EITHER = (1,), (3,), (1, 3)
TOO_LARGE = (1, 3, 4)   # valid, but no machine holds it
ANY = (0, 1, 3)         # readers differ; no signal, no hang, no bug


@dataclasses.dataclass
class Case:
    name: str
    content: object              # a ModelProto, bytes, or a function (folder) -> path of the model
    statuses: tuple = WRONG
    mentions: tuple = ()         # one of these must be in the message
    file: str = "model.onnx"
    feeds: dict = None           # inputs by name; default: zeros of the declared shapes
    right: bool = False          # status 0, and ONNX Runtime's answer

    def write(self, folder):
        path = os.path.join(folder, self.file)
        if callable(self.content):
            return self.content(folder)
        data = self.content
        with open(path, "wb") as file:
            file.write(data if isinstance(data, bytes) else data.SerializeToString())
        return path


def value(name, shape, kind=FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def constant(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def floats(*shape):
    return np.linspace(-1, 1, int(np.prod(shape))).reshape(shape).astype(np.float32)


def graph(nodes, inputs=(), outputs=(), constants=(), opset=17, ir_version=8, domains=(),
          functions=()):
    """A model without any check."""
    imports = [] if opset is None else [helper.make_opsetid("", opset)]
    imports += [helper.make_opsetid(domain, 1) for domain in domains]
    inner = helper.make_graph(nodes, "graph", list(inputs), list(outputs), list(constants))
    model = helper.make_model(inner, opset_imports=imports or None, functions=list(functions),
                              ir_version=8)
    if opset is None:
        del model.opset_import[:]
    model.ir_version = ir_version
    return model


def single(op, shapes=(), arrays=(), raw=(), results=1, opset=17, domain="", kinds=(), **attributes):
    """One node `guilty`: inputs x0… of the shapes, then constants c0…."""
    kinds = list(kinds) + [FLOAT] * len(shapes)
    inputs = [value(f"x{i}", shape, kind) for i, (shape, kind) in enumerate(zip(shapes, kinds))]
    constants = [constant(f"c{i}", array) for i, array in enumerate(arrays)]
    names = [v.name for v in inputs] + [c.name for c in constants]
    node = helper.make_node(op, names, [f"y{i}" for i in range(results)], "guilty", domain=domain,
                            **attributes)
    node.attribute.extend(raw)
    return graph([node], inputs, [value(f"y{i}", None) for i in range(results)], constants, opset)


def relu(**options):
    return graph([helper.make_node("Relu", ["x"], ["y"], "relu")], [value("x", [1, 3])],
                 [value("y", [1, 3])], **options)


def attribute(name, kind, **fields):
    proto = AttributeProto(name=name, type=kind)
    for key, given in fields.items():
        field = getattr(proto, key)
        if hasattr(field, "extend"):
            field.extend(given)
        else:
            setattr(proto, key, given)
    return proto


# ---- the graph ----------------------------------------------------------------------------------

def graphs():
    node = helper.make_node
    x, y = value("x", [1, 3]), value("y", [1, 3])
    yield Case("cycle", graph([node("Add", ["x", "guilty_b"], ["a"], "guilty_add"),
                               node("Relu", ["a"], ["guilty_b"], "guilty_relu")], [x],
                              [value("a", [1, 3])]))
    yield Case("reads itself", graph([node("Add", ["x", "y"], ["y"], "guilty")], [x], [y]))
    yield Case("no such value", graph([node("MatMul", ["x", "guilty_w"], ["y"], "matmul")], [x], [y]))
    yield Case("no such output", graph([node("Relu", ["x"], ["z"])], [x], [value("guilty", [1, 3])]))
    yield Case("result twice", graph([node("Relu", ["x"], ["guilty"]), node("Tanh", ["x"], ["guilty"])],
                                     [x], [value("guilty", [1, 3])]))
    yield Case("initializer twice", graph([node("Add", ["x", "guilty"], ["y"])], [x], [y],
                                          [constant("guilty", floats(3))] * 2))
    yield Case("input twice", graph([node("Relu", ["guilty"], ["y"])], [value("guilty", [1, 3])] * 2, [y]))
    yield Case("output twice", graph([node("Relu", ["x"], ["guilty"])], [x], [value("guilty", [1, 3])] * 2), ANY)
    yield Case("result named as an input", graph([node("Relu", ["guilty"], ["guilty"])],
                                                 [value("guilty", [1, 3])], [value("guilty", [1, 3])]))
    yield Case("no outputs", graph([node("Relu", ["x"], ["y"])], [x]))
    yield Case("no graph", onnx.ModelProto(ir_version=8, opset_import=[helper.make_opsetid("", 17)]))
    yield Case("nodes in no order", graph([node("Relu", ["a"], ["y"], "guilty"), node("Tanh", ["x"], ["a"])], [x], [y]), ANY)
    yield Case("input is output", graph([], [x], [x]), ANY)
    yield Case("constant is output", graph([node("Relu", ["x"], ["y"])], [x], [y, value("c", [3])],
                                           [constant("c", floats(3))]), right=True)
    yield Case("input of no type", graph([node("Relu", ["guilty"], ["y"])],
                                         [onnx.ValueInfoProto(name="guilty")], [y]), EITHER)
    yield Case("output's type lies", graph([node("Relu", ["x"], ["guilty"])], [x], [value("guilty", [1, 3], TensorProto.INT64)]))
    yield Case("output's shape lies", graph([node("Relu", ["x"], ["guilty"])], [x], [value("guilty", [7, 3])]), (0, 1))
    yield Case("output's rank lies", graph([node("Relu", ["x"], ["guilty"])], [x], [value("guilty", [3])]), (0, 1))
    yield Case("sequence as input", graph([node("Relu", ["guilty"], ["y"])], [
        helper.make_tensor_sequence_value_info("guilty", FLOAT, [3])], [y]), EITHER)
    yield Case("strings as input", graph([node("Identity", ["guilty"], ["y"])],
                                         [value("guilty", [3], TensorProto.STRING)], [value("y", [3], TensorProto.STRING)]), EITHER)
    for size in (-1, -(2**63), 2**40, 2**62):
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
    yield Case("op without outputs", graph([node("Relu", ["x"], [], "guilty"), node("Relu", ["x"], ["y"])], [x], [y]), ANY)
    yield Case("too many inputs", graph([node("Relu", ["x", "x"], ["y"], "guilty")], [x], [y]))
    yield Case("required input left out", graph([node("Add", ["x", ""], ["y"], "guilty")], [x], [y]))
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


# ---- constants --------------------------------------------------------------------------------------

def tensors():
    def added(**fields):
        tensor = TensorProto(name="guilty", **fields)
        return graph([helper.make_node("Add", ["x", "guilty"], ["y"], "add")], [value("x", [1, 3])],
                     [value("y", None)], [tensor])

    raw = floats(3).tobytes()
    yield Case("raw data too short", added(data_type=1, dims=[3], raw_data=raw[:11]))
    yield Case("raw data too long", added(data_type=1, dims=[3], raw_data=raw + b"1234"))
    yield Case("raw data of a huge shape", added(data_type=1, dims=[2**31, 2**31], raw_data=raw))
    yield Case("floats missing", added(data_type=1, dims=[3], float_data=[1, 2]))
    yield Case("no data at all", added(data_type=1, dims=[3]))
    yield Case("floats in int64", added(data_type=7, dims=[3], float_data=[1, 2, 3]))
    yield Case("negative dimension", added(data_type=1, dims=[-3], raw_data=raw))
    yield Case("two negative dimensions", added(data_type=1, dims=[-1, -3], raw_data=raw))
    yield Case("2^66 elements, 0 by wrapping", added(data_type=1, dims=[2**33, 2**31, 4]))
    yield Case("2^64+3 bytes by wrapping", added(data_type=2, dims=[3, 6148914691236517206], raw_data=b"12"))
    yield Case("2^63-1 rows", added(data_type=1, dims=[2**63 - 1], raw_data=raw))
    yield Case("300 dimensions", added(data_type=1, dims=[1] * 300, raw_data=raw[:4]), EITHER)
    yield Case("type 0", added(data_type=0, dims=[3], raw_data=raw))
    yield Case("type 99", added(data_type=99, dims=[3], raw_data=raw))
    yield Case("strings", added(data_type=8, dims=[3], string_data=[b"a", b"b", b"c"]), EITHER)
    sparse = onnx.SparseTensorProto(values=constant("guilty", floats(2)), dims=[3],
                                    indices=constant("", np.array([0, 99])))
    model = added(data_type=1, dims=[3], raw_data=raw)
    del model.graph.initializer[:]
    model.graph.sparse_initializer.append(sparse)
    yield Case("sparse, index out of range", model, EITHER)


def external():
    """Constants in files of their own: only plain files beside the model are anybody's business."""
    def model(folder, location, **entries):
        inside = os.path.join(folder, "in")
        os.makedirs(inside, exist_ok=True)
        tensor = TensorProto(name="guilty", data_type=1, dims=[3], data_location=TensorProto.EXTERNAL)
        if location is not None:
            entries["location"] = location
        for key, given in entries.items():
            tensor.external_data.add(key=key, value=str(given))
        proto = graph([helper.make_node("Add", ["x", "guilty"], ["y"])], [value("x", [1, 3])],
                      [value("y", [1, 3])], [tensor])
        path = os.path.join(inside, "model.onnx")
        with open(path, "wb") as file:
            file.write(proto.SerializeToString())
        for place in (os.path.join(folder, "secret.bin"), os.path.join(inside, "data.bin")):
            with open(place, "wb") as file:
                file.write(floats(3).tobytes())
        return path

    def linked(how, where="link.bin", target="secret.bin", location=None):
        def build(folder):
            path = model(folder, location or where)
            how(os.path.join(folder, target), os.path.join(folder, "in", where))
            return path
        return build

    plain = lambda location, **entries: lambda folder: model(folder, location, **entries)
    yield Case("external data beside the model", plain("data.bin"), right=True)
    yield Case("external data, absolute", lambda folder: model(folder, os.path.join(folder, "secret.bin")))
    yield Case("external data by a symbolic link", linked(os.symlink))
    yield Case("external data by a linked folder", linked(os.symlink, "folder", ".", "folder/secret.bin"))
    yield Case("external data by a hard link", linked(os.link))
    yield Case("external data in a pipe", linked(lambda _, to: os.mkfifo(to)))
    for location in ("../secret.bin", "./../secret.bin", "a/../../secret.bin", "/etc/passwd",
                     "/dev/zero", "", ".", "nothing.bin", "data.bin\0x", None, "x" * 5000):
        yield Case(f"external data in {location!r:.20}", plain(location))
    for entries in ({"offset": 4}, {"offset": -4}, {"offset": 2**63 - 1}, {"offset": "four"},
                    {"offset": 2**64 + 4}, {"length": 16}, {"length": 4}, {"length": -1},
                    {"length": 2**62}, {"offset": 2**63 - 4, "length": 12}):
        yield Case(f"external data, {entries}", plain("data.bin", **entries))


# ---- attributes -----------------------------------------------------------------------------------

def attributes():
    image, weight = [[1, 2, 8, 8]], [floats(4, 2, 3, 3)]
    conv = lambda **given: single("Conv", image, weight, **given)
    for name, values in [("strides", [0, 0]), ("strides", [-1, 1]), ("strides", [1]), ("strides", []),
                         ("strides", [1] * 100000), ("dilations", [0, 1]), ("dilations", [2**62, 2**62]),
                         ("dilations", [-1, -1]), ("kernel_shape", [-3, -3]), ("kernel_shape", [0, 0]),
                         ("kernel_shape", [5, 5]), ("kernel_shape", [3]), ("pads", [1, 1, 1]),
                         ("pads", [2**62] * 4), ("pads", [-9] * 4)]:
        statuses = TOO_LARGE if values == [2**62] * 4 else ANY if not values else WRONG
        yield Case(f"Conv {name} {values[:4]} of {len(values)}",
                   conv(raw=[attribute(name, AttributeProto.INTS, ints=values)]), statuses)
    for groups in (0, -1, 3, 2**62):
        yield Case(f"Conv group {groups}", conv(group=groups))
    yield Case("Conv auto_pad", conv(auto_pad="GUILTY"))
    yield Case("Conv of too many dimensions", single("Conv", [[1, 2, 8]], weight))
    yield Case("Conv of other channels", single("Conv", [[1, 3, 8, 8]], weight))
    yield Case("Conv bias of another size", single("Conv", image, weight + [floats(3)]))
    yield Case("Conv larger than the image", single("Conv", [[1, 2, 2, 2]], weight))
    yield Case("Conv of int64", single("Conv", image, weight, kinds=[TensorProto.INT64]), EITHER)
    for kernel, pads in [([0, 0], None), ([-2, 2], None), ([2**62, 1], None), ([2], None), ([9, 9], None),
                         ([2, 2], [2, 2, 2, 2]), ([2, 2], [2**62] * 4)]:
        extra = {} if pads is None else {"pads": pads}
        yield Case(f"MaxPool {kernel} pads {pads}", single("MaxPool", image, kernel_shape=kernel, **extra),
                   ANY if pads and pads[0] == 2 else WRONG)
    yield Case("MaxPool without kernel_shape", single("MaxPool", image))
    kinds = AttributeProto
    for name, proto in {"ints as floats": attribute("strides", kinds.FLOATS, floats=[1, 1]),
                        "ints as text": attribute("strides", kinds.STRING, s=b"1,1"),
                        "ints as one int": attribute("strides", kinds.INT, i=1),
                        "ints as a graph": attribute("strides", kinds.GRAPH),
                        "type 0": attribute("strides", kinds.UNDEFINED, f=1.0),
                        "type without its field": attribute("strides", kinds.INT, ints=[1, 1])}.items():
        yield Case(f"attribute: {name}", conv(raw=[proto]))
    twice = [attribute("group", kinds.INT, i=1), attribute("group", kinds.INT, i=2)]
    yield Case("attribute twice", conv(raw=twice))
    yield Case("attribute unknown", single("Relu", [[3]], guilty_setting=1), ANY)
    yield Case("attribute of a function outside of one",
               conv(raw=[AttributeProto(name="group", type=kinds.INT, ref_attr_name="guilty")]))
    for op, given in [("Softmax", {"axis": 2}), ("Softmax", {"axis": -3}), ("Softmax", {"axis": 2**63 - 1}),
                      ("Softmax", {"axis": -(2**63)}), ("Flatten", {"axis": 3}), ("Transpose", {"perm": [0]}),
                      ("Transpose", {"perm": [0, 0]}), ("Transpose", {"perm": [0, 2]}),
                      ("Transpose", {"perm": [-1, 0]}), ("Transpose", {"perm": list(range(1000000))}),
                      ("Cast", {}), ("Cast", {"to": 99}), ("Cast", {"to": 0}), ("ArgMax", {"axis": 7}),
                      ("LeakyRelu", {"alpha": "x"}), ("Concat", {}), ("Concat", {"axis": 2}),
                      ("DepthToSpace", {"blocksize": 2}), ("Einsum", {"equation": "ij->ik"}),
                      ("Einsum", {"equation": "ijk->i"}), ("Einsum", {"equation": "->->"}),
                      ("LRN", {"size": 3}), ("GRU", {"hidden_size": 3})]:
        text = str({k: v if not isinstance(v, list) else v[:3] for k, v in given.items()})
        yield Case(f"{op} {text}", single(op, [[2, 3]], **given), EITHER if op == "LRN" else WRONG)
    for blocksize in (0, -2, 3, 2**32):
        yield Case(f"DepthToSpace by {blocksize}", single("DepthToSpace", [[1, 8, 2, 2]], blocksize=blocksize))
    yield Case("Constant without value", graph([helper.make_node("Constant", [], ["y"], "guilty")], [],
                                               [value("y", [3])]))
    yield Case("Constant of two values", graph([helper.make_node("Constant", [], ["y"], "guilty", value_int=1,
                                                                 value_float=1.0)], [], [value("y", [])]))


# ---- constant inputs that decide shapes --------------------------------------------------------------

def decided():
    i64 = lambda *values: np.array(values, np.int64)
    f32 = lambda *values: np.array(values, np.float32)
    bad = [
        ("Reshape", [i64(-1, -1)]), ("Reshape", [i64(0, 0, 0)]), ("Reshape", [i64(4, 4)]),
        ("Reshape", [i64(-2, 3)]), ("Reshape", [i64(2**32, 2**32)]), ("Reshape", [i64(-1, 7)]),
        ("Reshape", [i64(-1, 0, 2**62, 4)]), ("Reshape", [f32(2, 3)]), ("Reshape", [i64(2, 3).reshape(1, 2)]),
        ("Expand", [i64(2, 5)]), ("Expand", [i64(-1, 3)]), ("Tile", [i64(-1, 1)]), ("Tile", [i64(2)]),
        ("Slice", [i64(0), i64(2), i64(0), i64(0)]), ("Slice", [i64(0), i64(2), i64(5)]),
        ("Slice", [i64(0, 0), i64(2)]), ("Slice", [i64(0, 0), i64(2, 2), i64(0, 0)]),
        ("Pad", [i64(1, 1)]), ("Pad", [i64(-5, 0, 0, 0)]), ("Gather", [i64(2)]), ("Gather", [i64(-3)]),
        ("Gather", [i64(2**62)]), ("Gather", [f32(0)]), ("Split", [i64(1, 2)]), ("Split", [i64(-1, 3)]),
        ("Split", [i64(2**62, 2**62)]), ("Squeeze", [i64(0)]), ("Squeeze", [i64(5)]),
        ("Unsqueeze", [i64(0, 0)]), ("Unsqueeze", [i64(9)]), ("ReduceSum", [i64(4)]), ("ReduceSum", [i64(0, 0)]),
        ("TopK", [i64(9)]), ("TopK", [i64(-1)]), ("CumSum", [np.array(7, np.int64)]),
        ("Resize", [f32(), f32(1, 0)]), ("Resize", [f32(), f32(1, -1)]), ("Resize", [f32(), f32(1, np.nan)]),
        ("Resize", [f32(), f32(1)]), ("MatMul", [floats(4, 2)]), ("Gemm", [floats(4, 2)]),
        ("Gemm", [floats(3, 2), floats(3)]), ("Add", [floats(2)]), ("Where", [floats(3)]),
        ("BatchNormalization", [floats(2)] * 4), ("LayerNormalization", [floats(5)]), ("PRelu", [floats(7)]),
    ]
    for op, arrays in bad:
        text = ", ".join(str(a.tolist()) for a in arrays)[:60]
        results = 2 if op in ("Split", "TopK") else 1
        # Some readers let an axis be named twice, or the slope broadcast both ways.
        lenient = ANY if text in ("[0, 0]",) or (op == "Slice" and "[0, 0]," in text) else WRONG
        yield Case(f"{op} {text}", single(op, [[2, 3]], arrays, results=results), lenient)
    for op, arrays in [("Tile", [i64(2**40, 1)]), ("Tile", [i64(2**62, 2**62)]), ("Expand", [i64(2**40, 2, 3)]),
                       ("Pad", [i64(2**40, 0, 0, 0)]), ("Pad", [i64(2**62, 0, 2**62, 0)]),
                       ("Resize", [f32(), f32(1, 1e30)]), ("Resize", [f32(), f32(1, np.inf)]),
                       ("Resize", [f32(), f32(), i64(2**40, 2**40)])]:
        text = ", ".join(str(a.tolist()) for a in arrays)
        yield Case(f"{op} {text}", single(op, [[2, 3]], arrays), TOO_LARGE)
    for shape, statuses in ((2**40, TOO_LARGE), (-1, WRONG), (2**63 - 1, TOO_LARGE)):
        yield Case(f"ConstantOfShape [{shape}]", single("ConstantOfShape", [], [i64(shape)]), statuses)
    ends = lambda *values: [np.array(v, np.int64) for v in values]
    yield Case("Range without end", single("Range", [], ends(0, 2**60, 1)), TOO_LARGE)
    yield Case("Range by steps of 0", single("Range", [], ends(0, 5, 0)))
    yield Case("OneHot of depth -1", single("OneHot", [[3]], [np.array(-1, np.int64), f32(0, 1)],
                                            kinds=[TensorProto.INT64]), EITHER)
    yield Case("int64 divided by 0", single("Div", [], [i64(1), i64(0)]), ANY)
    yield Case("least int64 by -1", single("Div", [], [i64(-(2**63)), i64(-1)]), ANY)
    yield Case("remainder by 0", single("Mod", [], [i64(1), i64(0)]), ANY)
    yield Case("NaN to int64", single("Cast", [], [f32(np.nan, np.inf)], to=7), ANY)
    yield Case("Concat of other shapes", single("Concat", [[2, 3], [3, 2]], axis=0))
    yield Case("Concat of other types", single("Concat", [[2, 3], [2, 3]], kinds=[FLOAT, TensorProto.INT64], axis=0))
    yield Case("Split in 0", single("Split", [[2, 3]], opset=18, num_outputs=0))
    doubled = [helper.make_node("Concat", [f"v{i}", f"v{i}"], [f"v{i + 1}"], f"guilty_{i}", axis=0) for i in range(62)]
    yield Case("62 doublings of an input", graph(doubled, [value("v0", [2])], [value("v62", None)]), TOO_LARGE)
    yield Case("62 doublings of a constant", graph(doubled, [], [value("v62", None)],
                                                   [constant("v0", floats(2))]), TOO_LARGE)
    bomb = [helper.make_node("Expand", ["c", "shape"], ["huge"], "guilty"),
            helper.make_node("ReduceSum", ["huge"], ["y"], "guilty_sum")]
    yield Case("a sum over 2^38 equal numbers", graph(bomb, [], [value("y", None)], [
        constant("c", np.float32(1)), constant("shape", i64(2**38))]), TOO_LARGE)


# ---- bodies, functions, depth ---------------------------------------------------------------------------

def field(number, payload):
    """A field of bytes in protobuf's encoding."""
    size, encoded = len(payload), b""
    while True:
        encoded += bytes([size & 127 | (128 if size > 127 else 0)])
        size >>= 7
        if not size:
            return bytes([number << 3 | 2]) + encoded + payload


def nested(levels):
    """A model of If in If …: each level is GraphProto > NodeProto > AttributeProto > GraphProto."""
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
    yield Case("If in If, 20 levels", nested(20), ANY)
    yield Case("If in If, 5000 levels", nested(5000), EITHER)
    yield Case("a type of 5000 levels", deep_type(5000), EITHER)
    yield Case("100,000 groups of protobuf", relu().SerializeToString() + b"\x8b\x06" * 100000, EITHER)
    node = helper.make_node
    call = lambda name, f: node(f, ["a"], ["b"], name, domain="own")
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    function = lambda name, nodes: helper.make_function("own", name, ["a"], ["b"], nodes, imports)
    called = lambda functions: graph([node("F0", ["x"], ["y"], "guilty", domain="own")], [value("x", [3])],
                                     [value("y", None)], domains=["own"], functions=functions)
    yield Case("function that calls itself", called([function("F0", [call("guilty_f", "F0")])]), EITHER)
    yield Case("functions that call each other", called([function("F0", [call("guilty_f", "F1")]),
                                                         function("F1", [call("guilty_g", "F0")])]), EITHER)
    twice = [function(f"F{i}", [node(f"F{i + 1}", ["a"], ["m"], f"f{i}", domain="own"),
                                node(f"F{i + 1}", ["m"], ["b"], f"g{i}", domain="own")]) for i in range(40)]
    yield Case("2^40 calls of functions", called(twice + [function("F40", [node("Relu", ["a"], ["b"])])]), EITHER)
    body = helper.make_graph([node("Identity", ["go"], ["on"]), node("Relu", ["v"], ["w"])], "body",
                             [value("i", [], TensorProto.INT64), value("go", [], TensorProto.BOOL), value("v", [3])],
                             [value("on", [], TensorProto.BOOL), value("w", [3])])
    loop = node("Loop", ["n", "", "x"], ["y"], "guilty", body=body)
    yield Case("Loop of 2^62 turns", graph([loop], [value("x", [3])], [value("y", [3])],
                                           [constant("n", np.array(2**62))]), EITHER)
    flag = node("Loop", ["", "t", "x"], ["y"], "guilty", body=body)
    yield Case("Loop without end", graph([flag], [value("x", [3])], [value("y", [3])],
                                         [constant("t", np.array(True))]), EITHER)


# ---- names ----------------------------------------------------------------------------------------------

def names():
    def named(result, node_name="relu", op="Relu"):
        return graph([helper.make_node(op, ["x"], [result], node_name)], [value("x", [1, 3])], [value(result, [1, 3])])

    yield Case("output ../../guilty", named("../../guilty"), right=True)
    yield Case("output /guilty", named("/guilty"), right=True)
    yield Case("output with blanks", named("a b\tc"), right=True)
    yield Case("output ..", named(".."), (0, 1, 3, 4))
    yield Case("output of 5,000 letters", named("y" * 5000), (0, 1, 3, 4))
    yield Case("output of no name", named(""), EITHER)
    pair = graph([helper.make_node("Relu", ["x"], ["a/b"]), helper.make_node("Neg", ["x"], ["a_b"])],
                 [value("x", [1, 3])], [value("a/b", [1, 3]), value("a_b", [1, 3])])
    yield Case("outputs that share a file name", pair, right=True)
    yield Case("escape codes in a name", named("y", "guilty\x1b[2J\x07\r", "Frobnicate"), EITHER)
    data = named("y", "guilty_name", "Frobnicate").SerializeToString().replace(b"guilty_name", b"guilty_\xff\xfe\x80!")
    yield Case("a name that is no UTF-8", data, EITHER)


# ---- other files ------------------------------------------------------------------------------------------

def files():
    yield Case("empty file", b"")
    for size in (1, 2, 100, 100000):
        yield Case(f"{size} random bytes", random.Random(size).randbytes(size))
    yield Case("zeros", bytes(4096))
    yield Case("text", b"model lenet(image: f32[N, 1, 28, 28]) -> logits: f32[N, 10] {\n" * 9)
    yield Case("a length of 2^63", b"\x08\x08\x3a" + b"\xff" * 8 + b"\x7f" + b"abc")
    yield Case("a folder", lambda folder: folder, (1, 2), ("folder", "directory"), file="")
    yield Case("no such file", lambda folder: os.path.join(folder, "missing.onnx"), (1, 2), file="missing.onnx")
    torch, keras, flow = ("PyTorch", "torch"), ("Keras", "keras"), ("TensorFlow", "tensorflow", "tf2onnx")
    archive = b"PK\x03\x04" + bytes(100)
    for name, start, framework in [
            ("net.pt", archive, torch), ("net.pth", b"\x80\x02\x8a\x0al\xfc\x9c\x46", torch),
            ("net.h5", b"\x89HDF\r\n\x1a\n" + bytes(100), keras), ("net.keras", archive, keras),
            ("net.tflite", bytes([28, 0, 0, 0]) + b"TFL3" + bytes(99), flow),
            ("saved_model.pb", b"\x08\x01\x12\x30" + bytes(99), flow), ("zip.onnx", archive, torch + ("zip",))]:
        yield Case(name, start, EITHER, framework, file=name)


def all_cases():
    for family in (graphs, versions, tensors, external, attributes, decided, deep, names, files):
        for case in family():
            yield family.__name__, case
