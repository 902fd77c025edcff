#!/usr/bin/env python3
"""Random graphs of fusable patterns and near misses, against ONNX Runtime without its optimizer.

  random_graphs.py [--linnet PATH] [--count N] [--seed S] [--only SEED] [--keep DIR]

Each graph has a seed of its own, printed when it fails and taken back by --only. A failing graph is
cut down as long as it fails in the same way; model and arrays are left in a folder that is named.
A graph whose answers move much when its constants and inputs are shaken by 1e-6, or each value on
the way by the last bit, would show rounding rather than faults: it gives way to the next seed.
"""
import multiprocessing
import os
import sys
import tempfile
import time

import numpy as np
import onnx
from onnx import helper, numpy_helper

import common
import graph_maker

SHAKE, MOVES = 1e-6, 2e-5  # relative; how far an answer may move under such a shake


# ---- is 1e-4 fair? -------------------------------------------------------------------------------

def shaken(model, feeds, values, seed):
    rng = np.random.default_rng(seed)

    def exact(array):  # scales of Resize, exponents, sizes
        return array.dtype != np.float32 or np.array_equal(array, np.round(array))

    def shake(array):
        if exact(array):
            return array
        return (array * (1 + SHAKE * rng.uniform(-1, 1, array.shape))).astype(np.float32)

    other = onnx.ModelProto()
    other.CopyFrom(model)
    tensors = list(other.graph.initializer)
    tensors += [a.t for n in other.graph.node if n.op_type == "Constant" for a in n.attribute]
    for tensor in tensors:
        tensor.CopyFrom(numpy_helper.from_array(shake(numpy_helper.to_array(tensor)), tensor.name))
    nodes = list(other.graph.node)
    del other.graph.node[:]
    for node in nodes:
        after = []
        for i, name in enumerate(node.output):
            if node.op_type == "Constant" or not name or exact(values[name]):
                continue
            last_bit = 1 + 2.0**-23 * rng.integers(-1, 2, values[name].shape)
            noise = numpy_helper.from_array(last_bit.astype(np.float32), name + "/noise")
            other.graph.initializer.append(noise)
            node.output[i] = name + "/exact"
            after.append(helper.make_node("Mul", [node.output[i], noise.name], [name]))
        other.graph.node.extend([node] + after)
    return other, {name: shake(array) for name, array in feeds.items()}


def fair(model, feeds, want):
    for array in want.values():
        if array.dtype.kind == "f":
            peak = np.abs(array).max(initial=0)
            if not np.isfinite(array).all() or not (peak == 0 or 1e-4 < peak < 1e4):
                return False
    values = every_value(model, feeds)
    for seed in range(3):
        moved = common.oracle(*shaken(model, feeds, values, seed))
        if any(common.distance(moved[name], want[name])[0] > MOVES for name in want):
            return False
    return True


def fair_graph(seed):
    """(seed, model, feeds, want) of the first fair graph at this seed or after it."""
    while True:
        model, feeds = graph_maker.make(seed)
        onnx.checker.check_model(model, full_check=True)
        want = common.oracle(model, feeds)
        if fair(model, feeds, want):
            return seed, model, feeds, want
        seed += 1_000_003


# ---- shrinking -----------------------------------------------------------------------------------

def every_value(model, feeds):
    """All values of the model, by name."""
    whole = onnx.shape_inference.infer_shapes(model)
    known = {output.name for output in whole.graph.output}
    whole.graph.output.extend(v for v in whole.graph.value_info if v.name not in known)
    values = {c.name: numpy_helper.to_array(c) for c in model.graph.initializer}
    return {**values, **feeds, **common.oracle(whole, feeds)}


def part(model, feeds, values, nodes, extra):
    """(model, feeds) of some nodes: what they read of others becomes an input, and a constant where
    it decides a shape; the results that none of them reads are outputs, and those in `extra`."""
    made = {result for node in nodes for result in node.output}
    read = list(dict.fromkeys(name for node in nodes for name in node.input if name))
    constants = {c.name: c for c in model.graph.initializer}
    fed, fixed = {}, []
    for name in read:
        if name in made:
            continue
        if name in constants:
            fixed.append(constants[name])
        elif values[name].dtype == np.int64 and name not in feeds:
            fixed.append(numpy_helper.from_array(np.array(values[name]), name))
        else:
            fed[name] = values[name]
    outputs = [name for node in nodes for name in node.output
               if name in values and (name not in read or name in extra)]
    info = lambda name: helper.make_tensor_value_info(
        name, helper.np_dtype_to_tensor_dtype(values[name].dtype), values[name].shape)
    graph = helper.make_graph(nodes, model.graph.name, list(map(info, fed)),
                              list(map(info, outputs)), fixed)
    return helper.make_model(graph, opset_imports=model.opset_import,
                             ir_version=model.ir_version), fed


def shrink(linnet, model, feeds, outcome, seconds=60):
    """The smallest (model, feeds) found that still has the outcome."""
    values, until = every_value(model, feeds), time.monotonic() + seconds

    def fails(nodes, extra):
        if not nodes or time.monotonic() > until:
            return False
        try:
            small = part(model, feeds, values, nodes, extra)
            want = common.oracle(*small)
            if not want or (outcome == "wrong" and not fair(*small, want)):
                return False
        except Exception:  # a cut that ONNX Runtime refuses
            return False
        return common.judge(*linnet.run(*small), want).outcome == outcome

    nodes = list(model.graph.node)
    extra = {output.name for output in model.graph.output}
    if not fails(nodes, extra):
        return model, feeds
    size = max(1, len(nodes) // 2)
    while True:
        before = len(nodes)
        for start in reversed(range(0, len(nodes), size)):
            fewer = nodes[:start] + nodes[start + size:]
            if fails(fewer, extra):
                nodes = fewer
        if size == 1 and len(nodes) == before:
            break
        size = max(1, size // 2)
    for name in sorted(extra):
        if fails(nodes, extra - {name}):
            extra = extra - {name}
    return part(model, feeds, values, nodes, extra)


# ---- one graph -----------------------------------------------------------------------------------

def save(folder, stem, model, feeds):
    """Model and arrays; answers linnet's command line for them."""
    path = os.path.join(folder, stem + ".onnx")
    onnx.save(model, path)
    words = ["linnet run", path]
    for i, (name, array) in enumerate(feeds.items()):
        file = os.path.join(folder, f"{stem}.in{i}.npy")
        np.save(file, array)
        words.append(f"--input '{name}={file}'")
    for i, array in enumerate(common.oracle(model, feeds).values()):
        np.save(os.path.join(folder, f"{stem}.want{i}.npy"), array)
    return " ".join(words + [f"--output-dir {folder}/out"])


def sketch(model):
    """The nodes on one line."""
    return "; ".join(f"{n.op_type}({', '.join(n.input)}) -> {', '.join(n.output)}"
                     for n in model.graph.node)


def check(linnet, seed, keep):
    """(group, name, verdict) of the graph of this seed; a failure is shrunk and kept in `keep`."""
    seed, model, feeds, want = fair_graph(seed)
    verdict = common.judge(*linnet.run(model, feeds), want)
    opset = model.opset_import[0].version
    if verdict.outcome != "pass" and keep:
        folder = os.path.join(keep, str(seed))
        os.makedirs(folder, exist_ok=True)
        save(folder, "whole", model, feeds)
        small = shrink(linnet, model, feeds, verdict.outcome)
        command = save(folder, "small", *small)
        answer, got = linnet.run(*small)
        last = common.judge(answer, got, common.oracle(*small))
        with open(os.path.join(folder, "small.txt"), "w", encoding="utf8") as file:
            file.write(f"{command}\n{last.outcome}: {last.note}\n{sketch(small[0])}\n")
        verdict.note = (
            f"{last.note[:300]}\n    --only {seed}, opset {opset}; {folder}/small.onnx has "
            f"{len(small[0].graph.node)} of {len(model.graph.node)} nodes: "
            f"{sketch(small[0])}")
    return f"opset {opset}", f"seed {seed}", verdict


def job(arguments):
    return check(*arguments)


def test_of_this_test():
    """Spoilt answers are seen; of a graph in which Sigmoid is wrong nothing but Sigmoid is left."""
    once = lambda linnet: [check(linnet, seed, keep=None) for seed in (3, 4)]
    modes = {mode: outcome for mode, outcome in common.SABOTAGE.items()
             if mode in ("value", "missing", "unsupported", "crash")}
    failed = common.self_test(once, modes)
    os.environ["LINNET_STAND_IN"] = "Sigmoid=Tanh"
    linnet = common.Linnet(common.STAND_IN)
    for seed in range(100):
        seed, model, feeds, want = fair_graph(seed)
        verdict = common.judge(*linnet.run(model, feeds), want)
        if verdict.outcome == "wrong":
            ops = [n.op_type for n in shrink(linnet, model, feeds, "wrong")[0].graph.node]
            fine = ops == ["Sigmoid"]
            print(f"{'ok ' if fine else 'BAD'} {len(model.graph.node)} nodes shrink to {ops}")
            return failed or not fine
    print("BAD no graph of a hundred shows a wrong Sigmoid")
    return 1


def main():
    arguments = common.parser(__doc__)
    arguments.add_argument("--count", type=int, default=200)
    arguments.add_argument("--seed", type=int, default=int(time.time()) % 10000)
    arguments.add_argument("--only", type=int, metavar="SEED", help="this graph alone")
    arguments.add_argument("--keep", metavar="DIR", help="where failures are left",
                           default=os.path.join(tempfile.gettempdir(), "linnet-random-graphs"))
    common.add_reference(arguments)
    options = arguments.parse_args()
    if options.self_test:
        return int(test_of_this_test())
    seeds = [options.seed * 1_000_000 + i for i in range(options.count)]
    if options.only is not None:
        seeds = [options.only]
    print(f"seed {options.seed}, {len(seeds)} graphs")
    linnet = common.Linnet(options.linnet, options.limit, flags=options.reference)
    report = common.Report("random graphs", len(seeds))
    with multiprocessing.Pool(options.jobs) as pool:
        for row in pool.imap_unordered(job, [(linnet, seed, options.keep) for seed in seeds]):
            report.add(*row)
    report.rows.sort(key=lambda row: int(row[0].split()[1]))
    return report.finish(options, options.unsupported)


if __name__ == "__main__":
    sys.exit(main())
