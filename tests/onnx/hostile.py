#!/usr/bin/env python3
"""Wrong and hostile models: each must end in a message, never in a signal.

  hostile.py [--linnet PATH] [--only REGEX] [--flips N] [--keep DIR]

A wrong model ends with status 1 (3 where it is valid but not supported), with a message that names
the file and the node or value at fault, within 10 seconds of computing and 4 GiB, and leaves no
file behind.
`check`, `compile` and `run` see each model. Then a real model is cut off at every 97th byte, and a
small one has single bits flipped: what linnet still takes must compute what ONNX Runtime computes.
"""
import concurrent.futures
import os
import random
import re
import shutil
import sys
import tempfile

import numpy as np
import onnx
from onnx import helper

import common
import hostile_models
from hostile_case import TOO_LARGE, Case, constant, floats, graph, relu, value

SECONDS, GIGABYTES = 10, 4.0
MNIST = os.path.join(common.ROOT, "models", "data", "mnist-8", "model.onnx")


# ---- judging -------------------------------------------------------------------------------------

def fault(case, answer, path, left):
    """What is wrong with linnet's way to end, or nothing."""
    if answer.outcome in ("hang", "crash", "bug"):
        return answer.outcome, answer.message
    if answer.status not in case.statuses:
        return "wrong", f"status {answer.status}, not {case.statuses}: {answer.message}"
    if left:
        return "wrong", f"status {answer.status}, but it left {', '.join(left)}"
    if answer.status == 0:
        return "pass", ""
    message = answer.stderr
    wanted = case.mentions or (("guilty",) if guilty(case) else ())
    if not message.strip():
        return "wrong", f"status {answer.status} without a message"
    if len(message) > 10000:
        return "wrong", f"a message of {len(message)} characters: {message[:200]}"
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", message):
        return "wrong", f"control characters in the message: {message!r}"
    if os.path.basename(path) not in message:
        return "wrong", f"the message does not name the file: {answer.message}"
    if wanted and not any(word in message for word in wanted):
        return "wrong", f"the message names none of {wanted}: {answer.message}"
    return "pass", ""


def guilty(case):
    """Does the model hold a name that its message must repeat? Bytes need not."""
    if not isinstance(case.content, onnx.ModelProto):
        return False
    return b"guilty" in case.content.SerializeToString()


def feeds_of(case):
    """Numbers for the inputs, where the model's types allow any."""
    if case.feeds is not None:
        return case.feeds
    if not isinstance(case.content, onnx.ModelProto):
        return {"x": floats(1, 3)}
    arrays = {}
    for port in case.content.graph.input:
        kind = port.type.tensor_type.elem_type
        shape = [d.dim_value for d in port.type.tensor_type.shape.dim]
        if kind in (1, 7) and all(0 <= d < 100 for d in shape) and len(shape) < 9:
            arrays[port.name] = floats(*shape).astype(helper.tensor_dtype_to_np_dtype(kind))
    return arrays


# ---- one case ------------------------------------------------------------------------------------

def files_under(folder):
    return {os.path.relpath(os.path.join(at, name), folder)
            for at, _, names in os.walk(folder) for name in names}


def check(linnet, group, case):
    """(group, name, verdict): `check`, `compile` and `run` of the case, the first fault told."""
    with tempfile.TemporaryDirectory(prefix="linnet-hostile-") as folder:
        path = case.write(os.path.join(folder, ""))
        if case.right:
            return group, case.name, answer_is_right(linnet, case, path)
        words = []
        for i, (name, array) in enumerate(feeds_of(case).items()):
            np.save(os.path.join(folder, f"in{i}.npy"), array)
            words += ["--input", f"{name}={folder}/in{i}.npy"]
        os.mkdir(os.path.join(folder, "out"))
        before = files_under(folder)
        for call in (["check", path], ["compile", path, "-o", os.path.join(folder, "product")],
                     ["run", path, *words, "--output-dir", os.path.join(folder, "out")]):
            answer = linnet.call(*call, cwd=folder)
            left = files_under(folder) - before if answer.status != 0 else set()
            if call[0] == "check" and answer.status == 0 and case.statuses == TOO_LARGE:
                continue  # valid indeed
            outcome, note = fault(case, answer, path, sorted(left))
            if outcome != "pass":
                return group, case.name, common.Verdict(outcome, note=f"linnet {call[0]}: {note}")
            for name in files_under(folder) - before:
                os.remove(os.path.join(folder, name))
    return group, case.name, common.Verdict("pass")


def answer_is_right(linnet, case, path):
    """Odd but valid: the same answer as ONNX Runtime, and no file outside of the output folder."""
    feeds = feeds_of(case)
    answer, got = linnet.run(path, feeds)
    return common.judge(answer, got, common.oracle(path, feeds))


def bad_arrays():
    """Good model, wrong files for its input: linnet's `run` names the input."""
    model = relu()
    start = b"\x93NUMPY\x01\x00v\x00"
    header = lambda text: start + text.ljust(117).encode() + b"\n"
    huge = "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }"
    arrays = {
        "other shape": floats(1, 4), "other rank": floats(3), "bytes": np.zeros((1, 3), np.uint8),
        "int64": np.zeros((1, 3), np.int64), "objects": None, "no npy": b"hello", "empty": b"",
        "cut off": header("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), }") + b"12",
        "huge": header(huge), "negative": header(huge.replace("4611686018427387904", "-1")),
        "missing": None
    }
    return model, arrays


def check_array(linnet, name, model, content):
    with tempfile.TemporaryDirectory(prefix="linnet-hostile-") as folder:
        path, file = os.path.join(folder, "model.onnx"), os.path.join(folder, "x.npy")
        onnx.save(model, path)
        if name == "objects":
            np.save(file, np.array([[1, "a", None]], object), allow_pickle=True)
        elif isinstance(content, bytes):
            with open(file, "wb") as out:
                out.write(content)
        elif content is not None:
            np.save(file, content)
        os.mkdir(os.path.join(folder, "out"))
        before = files_under(folder)
        answer = linnet.call("run",
                             path,
                             "--input",
                             f"x={file}",
                             "--output-dir",
                             f"{folder}/out",
                             cwd=folder)
        left = files_under(folder) - before
        case = Case(name, b"", (1, 2, 4) if name == "missing" else (1, 2), ("x",))
        outcome, note = fault(case, answer, file if "x.npy" in answer.stderr else "", sorted(left))
        return "arrays", name, common.Verdict(outcome, note=note)


# ---- cut off, and flipped bits -------------------------------------------------------------------

def cut_off():
    with open(MNIST, "rb") as file:
        data = file.read()
    return [Case(f"first {size} bytes of mnist-8", data[:size]) for size in range(0, len(data), 97)]


def small_network():
    """Much structure, few weights: most flipped bits hit something that matters."""
    node = helper.make_node
    nodes = [
        node("Conv", ["x", "w", "b"], ["c"],
             "conv",
             kernel_shape=[3, 3],
             pads=[1, 1, 1, 1],
             strides=[2, 1]),
        node("BatchNormalization", ["c", "s", "t", "m", "v"], ["n"], "bn", epsilon=0.01),
        node("Relu", ["n"], ["r"], "relu"),
        node("MaxPool", ["r"], ["p"], "pool", kernel_shape=[2, 2], strides=[1, 2], ceil_mode=1),
        node("Transpose", ["p"], ["q"], "turn", perm=[0, 2, 3, 1]),
        node("Reshape", ["q", "shape"], ["f"], "flat"),
        node("Gemm", ["f", "g", "h"], ["z"], "fc", transB=1, alpha=0.5),
        node("Softmax", ["z"], ["y"], "softmax", axis=1)
    ]
    vector = lambda name, low: constant(name, np.linspace(low, 1, 2).astype(np.float32))
    constants = [
        constant("w", floats(2, 1, 3, 3)),
        vector("b", -1),
        vector("s", 0.5),
        vector("t", -1),
        vector("m", 0),
        vector("v", 0.5),
        constant("shape", np.array([1, -1])),
        constant("g", floats(3, 8)),
        constant("h", floats(3))
    ]
    return graph(nodes, [value("x", [1, 1, 5, 4])], [value("y", [1, 3])], constants)


def flipped(count, seed):
    data = small_network().SerializeToString()
    rng = random.Random(seed)
    for _ in range(count):
        bit = rng.randrange(8 * len(data))
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        yield Case(f"bit {bit % 8} of byte {bit // 8}",
                   bytes(changed), (0, 1, 3),
                   feeds={"x": floats(1, 1, 5, 4)})


def oracle_or_nothing(path, feeds):
    try:
        onnx.checker.check_model(path)
        return common.oracle(path, feeds)
    except Exception:  # whatever the libraries raise on a damaged model
        return None


def check_flipped(linnet, case):
    """`check`; where it takes the model, `run`, whose answer is the oracle's if that has one."""
    group = "bit flips"
    with tempfile.TemporaryDirectory(prefix="linnet-hostile-") as folder:
        path = case.write(folder)
        answer = linnet.call("check", path, cwd=folder)
        outcome, note = fault(case, answer, path, [])
        if outcome != "pass" or answer.status != 0:
            return group, case.name, common.Verdict(outcome, note=note)
        answer, got = linnet.run(path, case.feeds)
        if answer.status != 0:  # the flip may have renamed or resized the input
            case.statuses = (1, 2, 3)
            outcome, note = fault(case, answer, path if path in answer.stderr else "", [])
            return group, case.name, common.Verdict(outcome, note=note)
        try:  # in a process of its own: ONNX Runtime need not survive every model
            with concurrent.futures.ProcessPoolExecutor(1) as alone:
                want = alone.submit(oracle_or_nothing, path, case.feeds).result()
        except concurrent.futures.process.BrokenProcessPool:
            want = None
        if want is None or not all(np.isfinite(array).all() for array in want.values()):
            return group, case.name, common.Verdict("pass")
        return group, case.name, common.judge(answer, got, want, 1e-3)


# ---- the whole -----------------------------------------------------------------------------------

HABITS = {"accept": "wrong", "silent": "wrong", "litter": "wrong", "memory": "wrong",
          "crash": "crash", "hang": "hang", "bug": "bug"}


def test_of_this_test():
    """A compiler that takes, hides, litters or dies is told from one that refuses well."""
    # What the stand-in itself refuses with a message that names the fault.
    cases = [
        case for _, case in hostile_models.all_cases()
        if case.name in ("no such output", "result twice")
    ]
    failed = common.self_test(lambda linnet: [check(linnet, "graphs", case) for case in cases],
                              HABITS)
    odd = [case for _, case in hostile_models.all_cases() if case.right][:2]
    return failed | common.self_test(lambda linnet: [check(linnet, "odd", case) for case in odd],
                                     {"value": "wrong", "refuse": "refused"})


def main():
    arguments = common.parser(__doc__)
    arguments.add_argument("--only", default="", help="cases whose name matches")
    arguments.add_argument("--flips", type=int, default=200, help="so many flipped bits")
    arguments.add_argument("--seed", type=int, default=1, help="of the flipped bits")
    arguments.add_argument("--keep", metavar="DIR", help="leave the models that fail here")
    arguments.add_argument("--gigabytes", type=float, default=GIGABYTES,
                           help="of address space; 0 under sanitizers, which reserve terabytes")
    options = arguments.parse_args()
    if options.self_test:
        return test_of_this_test()
    linnet = common.Linnet(options.linnet, options.limit, options.gigabytes, SECONDS)
    jobs = [(check, linnet, group, case) for group, case in hostile_models.all_cases()]
    jobs += [(check_array, linnet, name, bad_arrays()[0], content)
             for name, content in bad_arrays()[1].items()]
    jobs += [(check, linnet, "cut off", case) for case in cut_off()]
    jobs += [(check_flipped, linnet, case) for case in flipped(options.flips, options.seed)]
    name_of = lambda job: next(w.name if isinstance(w, Case) else w for w in reversed(job)
                               if isinstance(w, (Case, str)))
    jobs = [job for job in jobs if re.search(options.only, name_of(job))]
    report = common.Report("hostile models", len(jobs))
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for job, row in zip(jobs, pool.map(lambda job: job[0](*job[1:]), jobs)):
            report.add(*row)
            if options.keep and row[2].outcome != "pass" and isinstance(job[-1], Case):
                folder = os.path.join(options.keep, re.sub(r"\W+", "_", f"{row[0]} {row[1]}"))
                shutil.rmtree(folder, ignore_errors=True)
                os.makedirs(folder)
                job[-1].write(os.path.join(folder, ""))
    return report.finish(options, options.unsupported)


if __name__ == "__main__":
    sys.exit(main())
