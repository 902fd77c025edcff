"""ONNX's own tests, chosen by set; see backend.py for what the sets are."""
import collections
import os
import re

import numpy as np
import onnx
from onnx import TensorProto as T, numpy_helper

import common

# The operators linnet means to compile.
OPS = set("""
Conv ConvTranspose MaxPool AveragePool GlobalAveragePool GlobalMaxPool LpPool Gemm MatMul Add Sub
Mul Div Pow Sqrt Exp Log Abs Neg Relu LeakyRelu PRelu Elu Selu Celu Sigmoid HardSigmoid HardSwish
Tanh Softplus Softsign Gelu Mish Erf Clip Min Max Sum Mean Softmax LogSoftmax BatchNormalization
LayerNormalization InstanceNormalization GroupNormalization LRN Dropout Flatten Reshape Transpose
Squeeze Unsqueeze Concat Split Slice Gather Pad Expand Tile Resize DepthToSpace SpaceToDepth
ReduceMean ReduceSum ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ArgMax ArgMin Where Equal
Greater Less Cast Identity Constant ConstantOfShape Shape RNN GRU LSTM QuantizeLinear
DequantizeLinear QLinearConv QLinearMatMul ConvInteger MatMulInteger DynamicQuantizeLinear Einsum
TopK CumSum ScatterElements ScatterND GridSample DFT STFT NonMaxSuppression SoftmaxCrossEntropyLoss NegativeLogLikelihoodLoss Adam Momentum Adagrad Gradient
""".split())
# Of these float32 need not be a type.
INT_OPS = set("""
Shape Constant ConstantOfShape QuantizeLinear DequantizeLinear QLinearConv QLinearMatMul
ConvInteger MatMulInteger DynamicQuantizeLinear
""".split())
TYPES = {T.FLOAT, T.BOOL, T.INT64, T.INT32, T.INT8, T.UINT8}
# Inputs that decide a shape or the form of a loop: positions per op.
SHAPE_INPUTS = {
    "Reshape": [1],
    "Expand": [1],
    "Tile": [1],
    "Squeeze": [1],
    "Unsqueeze": [1],
    "Slice": [1, 2, 3, 4],
    "Pad": [1, 3],
    "Resize": [1, 2, 3],
    "Upsample": [1],
    "Split": [1],
    "TopK": [1],
    "ConstantOfShape": [0],
    "CumSum": [1],
    "OneHot": [1],
    "Range": [0, 1, 2],
    "CenterCropPad": [1],
    "Dropout": [1, 2],
    "DFT": [1, 2],
    "STFT": [1, 3],
    "NonMaxSuppression": [2],
    **{"Reduce" + r: [1]
       for r in "Mean Sum Max Min Prod L1 L2 LogSum LogSumExp SumSquare".split()},
}
# Not decidable: outputs drawn from numpy's own random numbers.
RANDOM = re.compile(r"^test_(training_dropout(?!_zero_ratio)|bernoulli)")

Case = collections.namedtuple("Case", "name op kind model inputs expected rtol atol")
# inputs: [(name, array)]; expected: [array]


def elem_types(model):
    """The elem types of all inputs and outputs; None where one is no plain tensor."""
    out = set()
    for v in list(model.graph.input) + list(model.graph.output):
        if v.type.WhichOneof("value") != "tensor_type":
            return None
        out.add(v.type.tensor_type.elem_type)
    return out


def static(model):
    return all(d.HasField("dim_value")
               for v in model.graph.input for d in v.type.tensor_type.shape.dim)


def base_op(t):
    """The op a test is about: its only node, or for an _expanded test the op of its parent."""
    nodes = t.model.graph.node
    if "_expanded" not in t.name:
        return nodes[0].op_type if len({n.op_type for n in nodes}
                                       ) == 1 else "+".join(sorted({n.op_type for n in nodes}))
    return None


def deciding(model):
    """Names of graph inputs that feed a shape-deciding position."""
    names, ins = set(), {v.name for v in model.graph.input}
    for n in model.graph.node:
        for pos in SHAPE_INPUTS.get(n.op_type, []):
            if pos < len(n.input) and n.input[pos] in ins:
                names.add(n.input[pos])
    return names


def all_ops(graph):
    for n in graph.node:
        yield n.op_type
        for a in n.attribute:
            if a.HasField("g"):
                yield from all_ops(a.g)


def classify(t):
    """Which sets a node test belongs to."""
    sets = {"node"}
    ops = set(all_ops(t.model.graph))
    domains = {n.domain for n in t.model.graph.node}
    if not ops <= OPS or not domains <= {"", "ai.onnx.preview.training"} or RANDOM.match(t.name):
        return sets
    types = elem_types(t.model)
    if types is None:
        return sets
    if not types <= TYPES or not (T.FLOAT in types or ops <= INT_OPS):
        sets.add("other")
        if "_expanded" not in t.name and static(t.model):
            sets.add(
            "ints" if types <= TYPES else "double" if types <= TYPES | {
            T.DOUBLE} else "lowp")
        return sets
    if not static(t.model):
        return sets | {"dynamic"}
    dec = deciding(t.model)
    if "_expanded" in t.name:
        # a shape computed from another input at run time cannot be bound; those show up as failures
        return sets | {"expand", "relevant"} | (set() if dec else {"expand_core"})
    return sets | {"bind", "relevant"} | (set() if dec else {"core"})


def as_array(x):
    if isinstance(x, onnx.TensorProto):
        return numpy_helper.to_array(x)
    return np.asarray(x)


def node_cases():
    from onnx.backend.test.loader import load_model_tests
    return load_model_tests(kind="node")


def node_case(t, bind=True, parents=None, decided=None):
    model = onnx.ModelProto()
    model.CopyFrom(t.model)
    if base_op(t) == "NonMaxSuppression":  # how many rows there are is not fixed in ONNX
        model.graph.output[0].type.tensor_type.shape.dim[0].dim_param = "selected"
    ins, outs = t.data_sets[0]
    if elem_types(model) is not None:
        ins, outs = [as_array(x) for x in ins], [as_array(x) for x in outs]
    feeds = list(zip([v.name for v in model.graph.input], ins))
    if bind:
        # In a function's body the same inputs decide as of the operator.
        dec = deciding(model) | (decided or {}).get(t.name.split("_expanded")[0], set())
        for name, arr in feeds:
            if name in dec:
                model.graph.initializer.append(numpy_helper.from_array(arr, name))
        keep = [v for v in model.graph.input if v.name not in dec]
        del model.graph.input[:]
        model.graph.input.extend(keep)
        if dec and model.ir_version < 4:
            model.ir_version = 4          # initializers that are not also inputs
        feeds = [(n, a) for n, a in feeds if n not in dec]
    op = base_op(t)
    if op is None:
        op = (parents or {}).get(t.name.split("_expanded")[0], "?") + "*"
    return Case(t.name, op, "node", model, feeds, outs, t.rtol, t.atol)


def light_cases():
    from onnx.backend.test.runner import Runner
    d = os.path.join(os.path.dirname(onnx.__file__), "backend", "test", "data", "light")
    for f in sorted(os.listdir(d)):
        if not f.endswith(".onnx"):
            continue
        m = onnx.load(os.path.join(d, f))
        inits = {i.name for i in m.graph.initializer}
        feeds = [(v.name, Runner.generate_dummy_data(v, seed=0, name=f, random=False))
                 for v in m.graph.input if v.name not in inits]
        out = onnx.TensorProto()
        out.ParseFromString(open(os.path.join(d, f[:-5] + "_output_0.pb"), "rb").read())
        yield Case("test_" + f[:-5], f[:-5], "light", m, feeds, [numpy_helper.to_array(out)], 1e-3,
                   1e-7)


def lightrand_cases(seed=7, below=30_000_000):
    """The light networks, their constant weights replaced by random ones (He scale)."""
    for c in light_cases():
        m, rng = c.model, np.random.default_rng(seed)
        inits = {i.name: numpy_helper.to_array(i) for i in m.graph.initializer}
        role = {}
        for n in m.graph.node:
            for pos, name in enumerate(n.input):
                role.setdefault(name, (n.op_type, pos))
        new = []
        todo = [n for n in m.graph.node if n.op_type == "ConstantOfShape" and n.input[0] in inits]
        total = sum(int(np.prod(inits[n.input[0]], dtype=np.int64)) for n in todo)
        if total > below:
            continue
        gone = {n.output[0] for n in todo}
        for n in todo:
            shape = tuple(int(d) for d in inits[n.input[0]])
            op, pos = role.get(n.output[0], ("", 0))
            if op == "BatchNormalization":
                lo, hi = [(0, 0), (.5, 1.5), (-.3, .3), (-.3, .3), (.5, 1.5)][pos]
                a = rng.uniform(lo, hi, shape)
            elif len(shape) >= 2:
                a = rng.normal(0, (2 / max(1, int(np.prod(shape[1:])))) ** .5, shape)
            else:
                a = rng.uniform(.5, 1.5, shape) if op in (
                    "Unsqueeze", "Mul") else rng.uniform(-.1, .1, shape)
            new.append(numpy_helper.from_array(a.astype(np.float32), n.output[0]))
        used = {i for n in m.graph.node if n not in todo for i in n.input}
        nodes = [n for n in m.graph.node if not (
            n.op_type == "ConstantOfShape" and n.output[0] in gone)]
        inits_left = [i for i in m.graph.initializer if i.name in used]
        # answers before a last Softmax show more than after it
        del m.graph.node[:], m.graph.initializer[:]
        m.graph.node.extend(nodes)
        m.graph.initializer.extend(inits_left + new)
        ins = [v for v in m.graph.input if v.name not in {
            i.name for i in m.graph.initializer} and v.name in used]
        del m.graph.input[:]
        m.graph.input.extend(ins)
        if m.graph.node[-1].op_type == "Softmax" and m.graph.node[-1].output[0] == m.graph.output[
                0].name:
            m.graph.output[0].name = m.graph.node[-1].input[0]
            m.graph.node.pop()
        feeds = [
        (v.name, rng.normal(
        0, 1, [
            d.dim_value for d in v.type.tensor_type.shape.dim]).astype(
                np.float32)) for v in m.graph.input]
        want = list(common.oracle(m, dict(feeds)).values())
        yield Case(c.name + "_random", c.op + "_random", "light", m, feeds, want, 1e-3,
                   float(1e-4 * max(1e-30,
                                    np.abs(want[0]).max())))


def conv_cases():
    from onnx.backend.test.loader import load_model_tests
    for kind in ("pytorch-converted", "pytorch-operator"):
        for t in sorted(load_model_tests(kind=kind), key=lambda t: t.name):
            m = onnx.load(os.path.join(t.model_dir, "model.onnx"))

            def rd(stem, n):
                r = []
                for i in range(n):
                    p = onnx.TensorProto()
                    p.ParseFromString(
                    open(
                    os.path.join(
                    t.model_dir,
                    "test_data_set_0",
                    f"{stem}_{i}.pb"),
                    "rb").read())
                    r.append(numpy_helper.to_array(p))
                return r
            ops = set(all_ops(m.graph))
            if not ops <= OPS | {"Constant"}:
                continue
            have = len([f for f in os.listdir(os.path.join(
                t.model_dir, "test_data_set_0")) if f.startswith("input_")])
            feeds = list(zip([v.name for v in m.graph.input], rd("input", have)))
            yield Case(t.name, kind, kind, m, feeds, rd("output", len(m.graph.output)), t.rtol,
                       t.atol)


def select(sets, ops=None, match=None, tests=None):
    tests = tests if tests is not None else node_cases()
    parents = {t.name: base_op(t) for t in tests if "_expanded" not in t.name}
    decided = {t.name: deciding(t.model) for t in tests if "_expanded" not in t.name}
    bind = bool(sets & {"bind", "expand", "relevant", "light", "conv"})
    cases = []
    for t in tests:
        if not (classify(t) & sets) or (match and not re.search(match, t.name)):
            continue
        c = node_case(t, bind, parents, decided)
        if ops and c.op.rstrip("*") not in ops:
            continue
        cases.append(c)
    for name, gen in (("light", light_cases), ("lightrand", lightrand_cases), ("conv", conv_cases)):
        if name in sets:
            cases += [c for c in gen() if not match or re.search(match, c.name)]
    return cases


SETS = ("core", "bind", "expand_core", "expand", "relevant", "other", "ints", "double", "lowp",
        "dynamic")


def list_sets():
    tests = node_cases()
    parents = {t.name: base_op(t) for t in tests if "_expanded" not in t.name}
    per = collections.defaultdict(collections.Counter)
    tot = collections.Counter()
    for t in tests:
        s = classify(t)
        op = base_op(t) or parents.get(t.name.split("_expanded")[0], "?")
        exp = "_expanded" in t.name
        for k in s:
            tot[k] += 1
        per[op]["node"] += not exp
        per[op]["node_exp"] += exp
        for k in SETS:
            per[op][k] += k in s
    cols = ["node", "node_exp"] + [k for k in SETS if k != "expand_core"]
    print(f"{'op':28}" + "".join(f"{c:>10}" for c in cols))
    for op in sorted(per, key=str.lower):
        if op in OPS or per[op]["relevant"]:
            print(f"{op:28}" + "".join(f"{per[op][c] or '-':>10}" for c in cols))
    missing = sorted(o for o in OPS if o not in per)
    print("no test named for:", " ".join(missing) or "none")
    print(
        f"onnx {onnx.__version__}: {len(tests)} node tests "
        f"({sum('_expanded' in t.name for t in tests)} expanded), "
        + ", ".join(f"{k} {tot[k]}" for k in SETS))
