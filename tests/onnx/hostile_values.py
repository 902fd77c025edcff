"""Wrong models by their numbers: constants and their files, attributes, shapes given by inputs."""
import os

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, helper

from hostile_case import (ANY, EITHER, FLOAT, TOO_LARGE, WRONG, Case, attribute, constant, floats,
                          graph, single, value)
INT64 = TensorProto.INT64


# ---- constants -----------------------------------------------------------------------------------

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
    yield Case("2^64+3 bytes by wrapping",
               added(data_type=2, dims=[3, 6148914691236517206], raw_data=b"12"))
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
        tensor = TensorProto(name="guilty",
                             data_type=1,
                             dims=[3],
                             data_location=TensorProto.EXTERNAL)
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
    yield Case("external data, absolute",
               lambda folder: model(folder, os.path.join(folder, "secret.bin")))
    yield Case("external data by a symbolic link", linked(os.symlink))
    yield Case("external data by a linked folder",
               linked(os.symlink, "folder", ".", "folder/secret.bin"))
    yield Case("external data by a hard link", linked(os.link))
    yield Case("external data in a pipe", linked(lambda _, to: os.mkfifo(to)))
    for location in ("../secret.bin", "./../secret.bin", "a/../../secret.bin", "/etc/passwd",
                     "/dev/zero", "", ".", "nothing.bin", "data.bin\0x", None, "x" * 5000):
        yield Case(f"external data in {location!r:.20}", plain(location))
    for entries in ({"offset": 4}, {"offset": -4}, {"offset": 2**63 - 1}, {"offset": "four"},
                    {"offset": 2**64 + 4}, {"length": 16}, {"length": 4}, {"length": -1},
                    {"length": 2**62}, {"offset": 2**63 - 4, "length": 12}):
        yield Case(f"external data, {entries}", plain("data.bin", **entries))


# ---- attributes ----------------------------------------------------------------------------------

def attributes():
    image, weight = [[1, 2, 8, 8]], [floats(4, 2, 3, 3)]
    conv = lambda **given: single("Conv", image, weight, **given)
    for name, values in [("strides", [0, 0]), ("strides", [-1, 1]), ("strides", [1]),
                         ("strides", []), ("strides", [1] * 100000), ("dilations", [0, 1]),
                         ("dilations", [2**62, 2**62]), ("dilations", [-1, -1]),
                         ("kernel_shape", [-3, -3]), ("kernel_shape", [0, 0]),
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
    yield Case("Conv of int64", single("Conv", image, weight, kinds=[INT64]), EITHER)
    for kernel, pads in [([0, 0], None), ([-2, 2], None), ([2**62, 1], None), ([2], None),
                         ([9, 9], None), ([2, 2], [2, 2, 2, 2]), ([2, 2], [2**62] * 4)]:
        extra = {} if pads is None else {"pads": pads}
        yield Case(f"MaxPool {kernel} pads {pads}",
                   single("MaxPool", image, kernel_shape=kernel, **extra),
                   ANY if pads and pads[0] == 2 else WRONG)
    yield Case("MaxPool without kernel_shape", single("MaxPool", image))
    kinds = AttributeProto
    for name, proto in {
            "ints as floats": attribute("strides", kinds.FLOATS,
                                        floats=[1, 1]), "ints as text": attribute("strides",
                                                                                  kinds.STRING,
                                                                                  s=b"1,1"),
            "ints as one int": attribute("strides", kinds.INT, i=1), "ints as a graph": attribute(
                "strides", kinds.GRAPH), "type 0": attribute("strides", kinds.UNDEFINED, f=1.0),
            "type without its field": attribute("strides", kinds.INT, ints=[1, 1])
    }.items():
        yield Case(f"attribute: {name}", conv(raw=[proto]))
    twice = [attribute("group", kinds.INT, i=1), attribute("group", kinds.INT, i=2)]
    yield Case("attribute twice", conv(raw=twice))
    yield Case("attribute unknown", single("Relu", [[3]], guilty_setting=1), ANY)
    yield Case("attribute of a function outside of one",
               conv(raw=[AttributeProto(name="group", type=kinds.INT, ref_attr_name="guilty")]))
    for op, given in [("Softmax", {"axis": 2}), ("Softmax", {"axis": -3}),
                      ("Softmax", {"axis": 2**63 - 1}), ("Softmax", {"axis": -(2**63)}),
                      ("Flatten", {"axis": 3}), ("Transpose", {"perm": [0]}),
                      ("Transpose", {"perm": [0, 0]}), ("Transpose", {"perm": [0, 2]}),
                      ("Transpose", {"perm": [-1, 0]}),
                      ("Transpose", {"perm": list(range(1000000))}), ("Cast", {}),
                      ("Cast", {"to": 99}), ("Cast", {"to": 0}), ("ArgMax", {"axis": 7}),
                      ("LeakyRelu", {"alpha": "x"}), ("Concat", {}), ("Concat", {"axis": 2}),
                      ("DepthToSpace", {"blocksize": 2}), ("Einsum", {"equation": "ij->ik"}),
                      ("Einsum", {"equation": "ijk->i"}), ("Einsum", {"equation": "->->"}),
                      ("LRN", {"size": 3}), ("GRU", {"hidden_size": 3})]:
        text = str({k: v if not isinstance(v, list) else v[:3] for k, v in given.items()})
        kind = INT64 if op == "ArgMax" else FLOAT
        yield Case(f"{op} {text}", single(op, [[2, 3]], **given, kind=kind),
                   EITHER if op in ("LRN", "Cast") else WRONG)
    for blocksize in (0, -2, 3, 2**32):
        yield Case(f"DepthToSpace by {blocksize}",
                   single("DepthToSpace", [[1, 8, 2, 2]], blocksize=blocksize))
    yield Case("Constant without value",
               graph([helper.make_node("Constant", [], ["y"], "guilty")], [], [value("y", [3])]))
    yield Case(
        "Constant of two values",
        graph([helper.make_node("Constant", [], ["y"], "guilty", value_int=1, value_float=1.0)], [],
              [value("y", [])]))


# ---- constant inputs that decide shapes ----------------------------------------------------------

def decided():
    i64 = lambda *values: np.array(values, np.int64)
    f32 = lambda *values: np.array(values, np.float32)
    bad = [
        ("Reshape", [i64(-1, -1)]),
        ("Reshape", [i64(0, 0, 0)]),
        ("Reshape", [i64(4, 4)]),
        ("Reshape", [i64(-2, 3)]),
        ("Reshape", [i64(2**32, 2**32)]),
        ("Reshape", [i64(-1, 7)]),
        ("Reshape", [i64(-1, 0, 2**62, 4)]),
        ("Reshape", [f32(2, 3)]),
        ("Reshape", [i64(2, 3).reshape(1, 2)]),
        ("Expand", [i64(2, 5)]),
        ("Expand", [i64(-1, 3)]),
        ("Tile", [i64(-1, 1)]),
        ("Tile", [i64(2)]),
        ("Slice", [i64(0), i64(2), i64(0), i64(0)]),
        ("Slice", [i64(0), i64(2), i64(5)]),
        ("Slice", [i64(0, 0), i64(2)]),
        ("Slice", [i64(0, 0), i64(2, 2), i64(0, 0)]),
        ("Pad", [i64(1, 1)]),
        ("Pad", [i64(-5, 0, 0, 0)]),
        ("Gather", [i64(2)]),
        ("Gather", [i64(-3)]),
        ("Gather", [i64(2**62)]),
        ("Gather", [f32(0)]),
        ("Split", [i64(1, 2)]),
        ("Split", [i64(-1, 3)]),
        ("Split", [i64(2**62, 2**62)]),
        ("Squeeze", [i64(0)]),
        ("Squeeze", [i64(5)]),
        ("Unsqueeze", [i64(0, 0)]),
        ("Unsqueeze", [i64(9)]),
        ("ReduceSum", [i64(4)]),
        ("ReduceSum", [i64(0, 0)]),
        ("TopK", [i64(9)]),
        ("TopK", [i64(-1)]),
        ("CumSum", [np.array(7, np.int64)]),
        ("Resize", [f32(), f32(1, 0)]),
        ("Resize", [f32(), f32(1, -1)]),
        ("Resize", [f32(), f32(1, np.nan)]),
        ("Resize", [f32(), f32(1)]),
        ("MatMul", [floats(4, 2)]),
        ("Gemm", [floats(4, 2)]),
        ("Gemm", [floats(3, 2), floats(3)]),
        ("Add", [floats(2)]),
        ("Where", [floats(3)]),
        ("BatchNormalization", [floats(2)] * 4),
        ("LayerNormalization", [floats(5)]),
        ("PRelu", [floats(7)]),
    ]
    for op, arrays in bad:
        text = ", ".join(str(a.tolist()) for a in arrays)[:60]
        results = 2 if op in ("Split", "TopK") else 1
        # Some readers let an axis be named twice, or a shape be a matrix.
        lenient = text in ("[0, 0]", "[[2, 3]]") or (op == "Slice" and "[0, 0]," in text)
        yield Case(f"{op} {text}", single(op, [[2, 3]], arrays, results=results),
                   ANY if lenient else WRONG)
    for op, arrays in [("Tile", [i64(2**40, 1)]), ("Tile", [i64(2**62, 2**62)]),
                       ("Expand", [i64(2**40, 2, 3)]), ("Pad", [i64(2**40, 0, 0, 0)]),
                       ("Pad", [i64(2**62, 0, 2**62, 0)]), ("Resize", [f32(), f32(1, 1e30)]),
                       ("Resize", [f32(), f32(1, np.inf)]),
                       ("Resize", [f32(), f32(), i64(2**40, 2**40)])]:
        text = ", ".join(str(a.tolist()) for a in arrays)
        yield Case(f"{op} {text}", single(op, [[2, 3]], arrays), TOO_LARGE)
    for shape, statuses in ((2**40, TOO_LARGE), (-1, WRONG), (2**63 - 1, TOO_LARGE)):
        yield Case(f"ConstantOfShape [{shape}]", single("ConstantOfShape", [], [i64(shape)]),
                   statuses)
    ends = lambda *values: [np.array(v, np.int64) for v in values]
    yield Case("Range without end", single("Range", [], ends(0, 2**60, 1)), TOO_LARGE)
    yield Case("Range by steps of 0", single("Range", [], ends(0, 5, 0)))
    yield Case("OneHot of depth -1", single("OneHot", [[3]], [np.array(-1, np.int64), f32(0, 1)],
                                            kinds=[INT64]), EITHER)
    yield Case("int64 divided by 0", single("Div", [], [i64(1), i64(0)], kind=INT64), ANY)
    yield Case("least int64 by -1", single("Div", [], [i64(-(2**63)), i64(-1)], kind=INT64), ANY)
    yield Case("remainder by 0", single("Mod", [], [i64(1), i64(0)], kind=INT64), ANY)
    yield Case("NaN to int64", single("Cast", [], [f32(np.nan, np.inf)], to=7, kind=INT64), ANY)
    yield Case("Concat of other shapes", single("Concat", [[2, 3], [3, 2]], axis=0))
    yield Case("Concat of other types",
               single("Concat", [[2, 3], [2, 3]], kinds=[FLOAT, INT64], axis=0))
    yield Case("Split in 0", single("Split", [[2, 3]], opset=18, num_outputs=0))
    doubled = [
        helper.make_node("Concat", [f"v{i}", f"v{i}"], [f"v{i + 1}"], f"guilty_{i}", axis=0)
        for i in range(62)
    ]
    yield Case("62 doublings of an input", graph(doubled, [value("v0", [2])], [value("v62", None)]),
               TOO_LARGE)
    yield Case("62 doublings of a constant", graph(doubled, [], [value("v62", None)],
                                                   [constant("v0", floats(2))]), TOO_LARGE)
    bomb = [helper.make_node("Expand", ["c", "shape"], ["huge"], "guilty"),
            helper.make_node("ReduceSum", ["huge"], ["y"], "guilty_sum")]
    yield Case("a sum over 2^38 equal numbers", graph(bomb, [], [value("y", None)], [
        constant("c", np.float32(1)), constant("shape", i64(2**38))]), TOO_LARGE)
