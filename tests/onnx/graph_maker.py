"""Writes random ONNX graphs out of the patterns that compilers rewrite (and near misses of them).

`make(seed)` answers (model, feeds). Shapes are static and small, weights are scaled so that values
stay near 1, and divisors, exponents and roots keep away from where rounding grows.
"""
import random

import numpy as np
from onnx import TensorProto, helper, numpy_helper

import graph_patterns

MOST_ELEMENTS = 20000
IR_OF_OPSET = {9: 4, 10: 5, 11: 6, 12: 7, 13: 7, 14: 7, 15: 8, 16: 8, 17: 8, 18: 8, 19: 9, 20: 9,
               21: 10, 22: 10}


class Maker:
    """A graph while it grows: values with their shapes, nodes in order, constants, inputs."""

    def __init__(self, seed):
        self.rng, self.np = random.Random(seed), np.random.default_rng(seed)
        self.opset = self.rng.randint(9, 22)
        self.style = self.rng.choice(["plain", "torch", "tf"])
        self.nodes, self.constants, self.feeds, self.shapes = [], [], {}, {}
        self.values = []       # float32 values a pattern may read
        self.outputs = []      # values that are outputs although others read them
        self.integers = []     # int64 results, outputs only
        self.weights = {}      # shape -> constant, for sharing
        self.used = set()

    # Names as people's tools write them; linnet must keep them apart.
    def name(self, kind):
        number = len(self.nodes) + len(self.constants) + len(self.feeds)
        return {"plain": f"{kind.lower()}_{number}",
                "torch": f"/block.{number // 7}/{kind}_{number}_output_0",
                "tf": f"StatefulPartitionedCall/{kind.lower()}/op_{number}:0"}[self.style]

    def input(self, shape, array=None):
        name = self.name("Input").replace("_output_0", "")
        if array is None:
            array = self.np.normal(size=shape).astype(np.float32)
        self.feeds[name], self.shapes[name] = array, tuple(shape)
        if array.dtype == np.float32:
            self.values.append(name)
        return name

    def constant(self, array):
        """An initializer, or a node Constant."""
        array = np.asarray(array)
        name = self.name("Constant")
        if self.rng.random() < 0.2:
            self.nodes.append(helper.make_node("Constant", [], [name],
                                               value=numpy_helper.from_array(array, name)))
        elif self.rng.random() < 0.3:  # typed fields instead of raw bytes
            kind = helper.np_dtype_to_tensor_dtype(array.dtype)
            self.constants.append(helper.make_tensor(name, kind, array.shape, array.flatten()))
        else:
            self.constants.append(numpy_helper.from_array(array, name))
        self.shapes[name] = array.shape
        return name

    def integer(self, values):
        return self.constant(np.array(values, np.int64))

    def weight(self, *shape, fan=None):
        """A weight of the scale 1/√fan; now and then one that another node reads already."""
        if shape in self.weights and self.rng.random() < 0.4:
            return self.weights[shape]
        fan = fan or max(1, int(np.prod(shape[1:])))
        array = self.np.normal(size=shape) / np.sqrt(fan)
        self.weights[shape] = self.constant(array.astype(np.float32))
        return self.weights[shape]

    def uniform(self, shape, low=-1.0, high=1.0):
        return self.constant(self.np.uniform(low, high, shape).astype(np.float32))

    def node(self, op, inputs, shape, **attributes):
        """Appends a node with one result of `shape`; answers the result's name."""
        return self.nodes_results(op, inputs, [shape], **attributes)[0]

    def nodes_results(self, op, inputs, shapes, **attributes):
        results = []
        for i, shape in enumerate(shapes):
            results.append(self.name(op) + (f".{i}" if i else ""))
            self.shapes[results[-1]] = tuple(int(d) for d in shape)
        name = "" if self.rng.random() < 0.1 else results[0].removesuffix("_output_0")
        attributes = {k: v for k, v in attributes.items() if v is not None}
        self.nodes.append(helper.make_node(op, inputs, results, name, **attributes))
        self.used.update(inputs)
        self.values += results
        return results

    def chance(self, probability):
        return self.rng.random() < probability

    def pick(self, fits=lambda shape: True):
        """A value whose shape fits, one of the newest rather; None where there is none."""
        fitting = [value for value in self.values if fits(self.shapes[value])]
        if not fitting:
            return None
        return fitting[-1 - min(int(self.rng.expovariate(0.6)), len(fitting) - 1)]

    def hide(self, value):
        """Takes a value away from the patterns, where it is no float."""
        self.values.remove(value)
        return value


def grow(maker, patterns):
    target = maker.rng.randint(5, 30)
    while sum(node.op_type != "Constant" for node in maker.nodes) < target:
        pattern = maker.rng.choice(patterns)
        before = len(maker.values)
        pattern(maker)
        new = maker.values[before:]
        for value in new:  # too large a value would only cost time
            if np.prod(maker.shapes[value]) > MOST_ELEMENTS:
                maker.outputs.append(maker.hide(value))
        new = [value for value in new if value in maker.values]
        if len(new) > 1 and maker.chance(0.15):  # the near miss: the intermediate is an output
            maker.outputs.append(maker.rng.choice(new[:-1]))
        if len(new) > 1 and maker.chance(0.15):  # the near miss: a second user
            other = maker.rng.choice(new[:-1])
            maker.node("Neg", [other], maker.shapes[other])


def make(seed):
    maker = Maker(seed)
    for _ in range(maker.rng.randint(1, 3)):
        rank = maker.rng.choice([2, 3, 4, 4])
        batch, channels = maker.rng.choice([1, 1, 2]), maker.rng.choice([1, 3, 4, 8, 16, 17])
        side = lambda: maker.rng.randint(5, 13)
        maker.input({2: (maker.rng.randint(1, 5), maker.rng.randint(4, 40)),
                     3: (batch, maker.rng.randint(3, 9), maker.rng.randint(8, 24)),
                     4: (batch, channels, side(), side())}[rank])
    grow(maker, graph_patterns.PATTERNS)
    made = {result for node in maker.nodes for result in node.output}
    ends = [v for v in maker.values if v in made and v not in maker.used]
    outputs = [v for v in dict.fromkeys(ends + maker.outputs) if v in made]
    info = lambda name, kind: helper.make_tensor_value_info(name, kind, maker.shapes[name])
    kind_of = lambda array: helper.np_dtype_to_tensor_dtype(array.dtype)
    feeds = {name: array for name, array in maker.feeds.items() if name in maker.used}
    inputs = [info(name, kind_of(array)) for name, array in feeds.items()]
    if maker.chance(0.15):  # the old way: an initializer is an input with a default
        inputs += [helper.make_tensor_value_info(c.name, c.data_type, c.dims)
                   for c in maker.constants]
    graph = helper.make_graph(
        maker.nodes, f"random_{seed}", inputs,
        [info(name, TensorProto.FLOAT) for name in outputs]
        + [info(name, TensorProto.INT64) for name in maker.integers], maker.constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", maker.opset)],
                             ir_version=IR_OF_OPSET[maker.opset]), feeds
