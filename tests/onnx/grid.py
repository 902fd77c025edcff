#!/usr/bin/env python3
"""Convolutions and pools over their settings, against ONNX Runtime without its optimizer.

  grid.py [--linnet PATH] [--only REGEX] [--list] [--keep DIR]

For each op and rank the cases cover every pair of settings (each kernel with each dilation, each
dilation with each pad, ...), some hundreds in all. Twenty share one model file, each a
node with inputs and outputs of its own; a file that fails as a whole is halved until the case is
alone.
"""
import itertools
import os
import random
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import common

PER_MODEL = 20


class Case:
    """One node: its attributes, its data input, its constants."""

    def __init__(self, op, shape, attributes, constants=(), outputs=1):
        self.op, self.shape, self.outputs = op, shape, outputs
        self.attributes = {k: v for k, v in attributes.items() if v is not None}
        self.constants = list(constants)  # shapes of weight and bias
        settings = " ".join(f"{k}={v}".replace(" ", "") for k, v in self.attributes.items())
        self.name = f"{op} {list(shape)}".replace(", ", ",") + f" {settings}"
        if self.constants:
            self.name += f" weight={list(self.constants[0])}".replace(", ", ",")
            self.name += " bias" if len(self.constants) > 1 else ""

    @property
    def group(self):
        return f"{self.op} {len(self.shape) - 2}-D"


# ---- which settings go together ----------------------------------------------------------------

def pairwise(factors, valid, seed):
    """Rows (one value a factor) that cover each pair of values of two factors, if any row may."""
    rng, names = random.Random(seed), list(factors)
    pairs = lambda row: {(a, row[a], b, row[b]) for a, b in itertools.combinations(names, 2)}
    rows, open_pairs = [], set()
    candidates = []
    for _ in range(1500):
        row = {name: rng.randrange(len(values)) for name, values in factors.items()}
        if valid({name: factors[name][i] for name, i in row.items()}):
            candidates.append((row, pairs(row)))
            open_pairs |= candidates[-1][1]
    while open_pairs:
        row, covers = max(candidates, key=lambda candidate: len(candidate[1] & open_pairs))
        open_pairs -= covers
        rows.append({name: factors[name][i] for name, i in row.items()})
    return rows


def spread(value, rank):
    """A setting of one number or of a short pattern, for each spatial axis."""
    return None if value is None else [value[i % len(value)] for i in range(rank)]


SIZES = {1: [(17,), (8,)], 2: [(9, 14), (7, 7)], 3: [(5, 7, 6), (6, 5, 8)]}
PADS = [None, [(1, 1)], [(0, 1), (2, 0)], "SAME_UPPER", "SAME_LOWER", "VALID"]


def padding(pads, rank):
    """{pads} or {auto_pad}; a pattern of (before, after) is repeated over the axes."""
    if isinstance(pads, str):
        return {"auto_pad": pads}
    pads = spread(pads, rank)
    return {"pads": pads and [p[0] for p in pads] + [p[1] for p in pads]}


def window(row, rank):
    return {"kernel_shape": spread(row["kernel"], rank), "strides": spread(row["stride"], rank),
            "dilations": spread(row["dilation"], rank), **padding(row["pads"], rank)}


def reach(row, rank):
    """The extent of the dilated kernel."""
    kernel, dilation = spread(row["kernel"], rank), spread(row["dilation"] or (1,), rank)
    return [(k - 1) * d + 1 for k, d in zip(kernel, dilation)]


def fits(row, rank):
    """The kernel fits into the image without its pads."""
    return all(r <= s for r, s in zip(reach(row, rank), row["size"]))


# ---- the cases ---------------------------------------------------------------------------------

# (input channels, output channels, groups): dense, two groups, depthwise, depthwise with a
# multiplier; more and fewer channels than a vector has lanes.
GROUPS = [(3, 4, 1), (1, 18, 1), (16, 16, 1), (4, 6, 2), (34, 20, 2), (5, 5, 5), (16, 16, 16),
          (3, 6, 3), (8, 32, 8)]


def convolutions(rank):
    factors = {"size": SIZES[rank], "batch": [1, 2], "groups": GROUPS,
               "kernel": [(1,), (3,), (2,), (5, 2), (1, 3)], "stride": [None, (2,), (1, 3)],
               "dilation": [None, (2,), (1, 2)], "pads": PADS, "bias": [True, False]}

    def valid(row):
        same = isinstance(row["pads"], str) and row["pads"] != "VALID"
        return fits(row, rank) and not (same and row["dilation"])  # which ONNX Runtime refuses

    for row in pairwise(factors, valid, rank):
        channels, out, groups = row["groups"]
        weight = [out, channels // groups, *spread(row["kernel"], rank)]
        yield Case("Conv", [row["batch"], channels, *row["size"]],
                   {**window(row, rank), "group": groups},
                   [weight] + [[out]] * row["bias"])


def transposed_convolutions(rank):
    factors = {"size": [tuple(min(s, 6) for s in size) for size in SIZES[rank]],
               "batch": [1, 2], "groups": [(3, 4, 1), (16, 8, 1), (4, 6, 2), (5, 5, 5), (3, 6, 3)],
               "kernel": [(1,), (3,), (2,), (4, 2)], "stride": [None, (2,), (1, 3)],
               "dilation": [None, (2,), (1, 2)], "pads": PADS,
               "more": [None, "output_padding", "output_shape"], "bias": [True, False]}

    def valid(row):
        strides, pads = spread(row["stride"] or (1,), rank), row["pads"]
        if row["more"] == "output_padding" and min(strides) == 1:
            return False  # it must stay below the stride
        if isinstance(pads, str) and (row["more"] or row["dilation"] or pads == "VALID"):
            return row["more"] is None and row["dilation"] is None
        # What auto_pad asks to cut must be there.
        return all(r >= s for r, s in zip(reach(row, rank), strides)) and fits(row, rank)

    for row in pairwise(factors, valid, 10 + rank):
        channels, out, groups = row["groups"]
        weight = [channels, out // groups, *spread(row["kernel"], rank)]
        attributes = {**window(row, rank), "group": groups}
        if row["more"] == "output_padding":
            attributes["output_padding"] = [1] * rank
        if row["more"] == "output_shape":  # two elements of the full extent are cut
            strides = spread(row["stride"] or (1,), rank)
            full = [(s - 1) * t + r for s, t, r in zip(row["size"], strides, reach(row, rank))]
            attributes["output_shape"] = [max(f - 2, 1) for f in full]
            attributes.pop("pads", None)
        yield Case("ConvTranspose", [row["batch"], channels, *row["size"]], attributes,
                   [weight] + [[out]] * row["bias"])


def pools(op, rank):
    factors = {"size": SIZES[rank], "channels": [1, 3, 16, 19], "batch": [1, 2],
               "kernel": [(2,), (3,), (1, 3), (3, 2)], "stride": [None, (2,), (1, 3)],
               "dilation": [None, (2,), (1, 2)], "pads": [None, [(1, 1)], [(0, 1), (1, 0)],
                                                           "SAME_UPPER", "SAME_LOWER", "VALID"],
               "ceil": [None, 1], "extra": [False, True]}
    if op == "LpPool":
        factors["ceil"] = [None]

    def valid(row):
        if isinstance(row["pads"], str) and (row["ceil"] or row["dilation"]):
            return False  # what they mean together is not agreed upon
        if op == "AveragePool" and row["ceil"] and row["extra"] and row["dilation"]:
            return False  # nor here: ONNX's reference divides by another count
        kernel = spread(row["kernel"], rank)
        if not isinstance(row["pads"], str) and row["pads"]:
            if any(max(p) >= k for p, k in zip(spread(row["pads"], rank), kernel)):
                return False  # a pad must stay below the kernel
        return fits(row, rank)

    for row in pairwise(factors, valid, f"{op} {rank}"):
        attributes = {**window(row, rank), "ceil_mode": row["ceil"]}
        if op == "AveragePool" and row["extra"]:
            attributes["count_include_pad"] = 1
        if op == "LpPool" and row["extra"]:
            attributes["p"] = 3
        indices = op == "MaxPool" and row["extra"]
        yield Case(op, [row["batch"], row["channels"], *row["size"]], attributes,
                   outputs=2 if indices else 1)


def global_pools(rank):
    for op in ("GlobalAveragePool", "GlobalMaxPool"):
        for batch, channels in ((1, 3), (2, 17)):
            yield Case(op, [batch, channels, *SIZES[rank][0]], {})


def all_cases():
    for rank in (1, 2, 3):
        yield from convolutions(rank)
    for rank in (1, 2, 3):
        yield from transposed_convolutions(rank)
    for op in ("MaxPool", "AveragePool", "LpPool"):
        for rank in (1, 2, 3):
            yield from pools(op, rank)
    for rank in (1, 2, 3):
        yield from global_pools(rank)


# ---- running them ------------------------------------------------------------------------------

def build(cases):
    """(model, feeds): case i is node `case_i` with input xi and outputs yi (and ii)."""
    nodes, inputs, outputs, constants, feeds = [], [], [], [], {}
    for i, case in enumerate(cases):
        rng = np.random.default_rng([len(case.name), *map(ord, case.name)])
        names = [f"x{i}"]
        feeds[names[0]] = rng.normal(size=case.shape).astype(np.float32)
        inputs.append(helper.make_tensor_value_info(names[0], TensorProto.FLOAT, case.shape))
        for k, shape in enumerate(case.constants):
            scale = 1 / max(1, np.prod(shape[1:])) ** 0.5
            value = (rng.normal(size=shape) * scale).astype(np.float32)
            names.append(f"w{i}_{k}")
            constants.append(numpy_helper.from_array(value, names[-1]))
        results = [f"y{i}", f"i{i}"][:case.outputs]
        kinds = [TensorProto.FLOAT, TensorProto.INT64]
        nodes.append(helper.make_node(case.op, names, results, f"case_{i}", **case.attributes))
        outputs += [helper.make_tensor_value_info(name, kind, [None] * len(case.shape))
                    for name, kind in zip(results, kinds)]
    graph = helper.make_graph(nodes, "grid", inputs, outputs, constants)
    # 22: dilations of AveragePool are 19's, of LpPool 18's.
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    return onnx.shape_inference.infer_shapes(model), feeds


def blamed(answer, cases):
    """{case: message} of the nodes that linnet names where it refuses a model."""
    if answer.outcome not in ("refused", "unsupported"):
        return {}
    lines = [line for line in answer.stderr.splitlines() if "error: " in line]
    pairs = [(i, case, line) for i, case in enumerate(cases) for line in lines]
    return {case: line.split("error: ", 1)[1] for i, case, line in pairs if f"'case_{i}'" in line}


def check(linnet, cases):
    """[(group, name, verdict)] of cases in one model, halved where it fails as a whole."""
    model, feeds = build(cases)
    want = common.oracle(model, feeds)
    answer, got = linnet.run(model, feeds)
    if answer.outcome != "pass" and len(cases) > 1:
        named = blamed(answer, cases)
        rest = [case for case in cases if case not in named]
        if named:
            rows = [(case.group, case.name, common.Verdict(answer.outcome, note=line))
                    for case, line in named.items()]
            return rows + (check(linnet, rest) if rest else [])
        half = len(cases) // 2
        return check(linnet, cases[:half]) + check(linnet, cases[half:])
    rows = []
    for i, case in enumerate(cases):
        own = {name: want[name] for name in (f"y{i}", f"i{i}") if name in want}
        rows.append((case.group, case.name, common.judge(answer, got, own)))
    return rows


def keep(cases, folder):
    """Writes each case as a folder with model and arrays."""
    for i, case in enumerate(cases):
        model, feeds = build([case])
        out = os.path.join(folder, f"{i}_{case.op}")
        os.makedirs(out, exist_ok=True)
        onnx.save(model, os.path.join(out, "model.onnx"))
        for name, array in {**feeds, **common.oracle(model, feeds)}.items():
            np.save(os.path.join(out, name + ".npy"), array)
    print(f"{len(cases)} cases are in {folder}")


def main():
    arguments = common.parser(__doc__)
    arguments.add_argument("--only", default="", help="cases whose name matches")
    arguments.add_argument("--list", action="store_true", help="name the cases, run nothing")
    arguments.add_argument("--keep", metavar="DIR", help="leave the cases that fail here")
    common.add_reference(arguments)
    options = arguments.parse_args()
    cases = [case for case in all_cases() if re.search(options.only, case.name)]
    if options.list:
        print("\n".join(case.name for case in cases))
        return 0
    if options.self_test:  # one case each: a spoilt first output must not hide behind others
        sample = [next(case for case in cases if case.op == op) for op in ("Conv", "MaxPool")]
        return common.self_test(
            lambda linnet: [row for case in sample for row in check(linnet, [case])])
    linnet = common.Linnet(options.linnet, options.limit, flags=options.reference)
    batches = [cases[i:i + PER_MODEL] for i in range(0, len(cases), PER_MODEL)]
    report = common.Report("grid", len(cases))
    with ThreadPoolExecutor(options.jobs) as pool:
        for rows in pool.map(lambda batch: check(linnet, batch), batches):
            for row in rows:
                report.add(*row)
    if options.keep:
        bad = {row[1] for row in report.rows if row[2].outcome != "pass"}
        keep([case for case in cases if case.name in bad], options.keep)
    return report.finish(options, options.unsupported)


if __name__ == "__main__":
    sys.exit(main())
