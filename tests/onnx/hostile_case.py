"""What the wrong and hostile models of hostile.py are built from.

Every case has the statuses that are right for it. What is at fault in a model is called `guilty…`
(a node, a value, an initializer): a message that names it is told from one that does not.
"""
import dataclasses
import os

import numpy as np
from onnx import AttributeProto, TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT
WRONG, UNSUPPORTED, EITHER = (1,), (3,), (1, 3)
TOO_LARGE = (1, 3, 4)   # valid, which `check` may say, but no machine holds it
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


def single(op, shapes=(), arrays=(), raw=(), results=1, opset=17, domain="", kinds=(), kind=FLOAT,
           **attributes):
    """One node `guilty`: inputs x0… of the shapes, constants c0…, results y0… of `kind`."""
    kinds = list(kinds) + [FLOAT] * len(shapes)
    inputs = [value(f"x{i}", shape, kind) for i, (shape, kind) in enumerate(zip(shapes, kinds))]
    constants = [constant(f"c{i}", array) for i, array in enumerate(arrays)]
    names = [v.name for v in inputs] + [c.name for c in constants]
    node = helper.make_node(op, names, [f"y{i}" for i in range(results)], "guilty", domain=domain,
                            **attributes)
    node.attribute.extend(raw)
    outputs = [value(f"y{i}", None, kind) for i in range(results)]
    return graph([node], inputs, outputs, constants, opset)


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
