#!/usr/bin/env python3
"""Networks as exporters write them: equal to ONNX Runtime, at batch 1 and 5, and what they cost.

  exports.py [--linnet PATH] [--only REGEX] [--no-times] [--keep DIR]

The table shows parameters, the time of a call at batch 1 (linnet's by its `bench`, beside ONNX
Runtime's with its optimizer, one thread, inputs and outputs bound; shown, not judged) and the size
of the executable. mnist-8 is judged by the answers that come with it.
"""
import json
import os
import re
import statistics
import sys
import tempfile
import time

import onnx
import onnxruntime
from onnx import numpy_helper

import common
import export_models

MNIST = os.path.join(common.ROOT, "models", "data", "mnist-8")


def answers(linnet, export):
    """(name, verdict) of a call for each batch."""
    for batch in [1, 5] if export.flags else [1]:
        feeds = export.feeds(batch)
        flags = list(export.bound) + (export.flags(batch) if batch != 1 else [])
        answer, got = linnet.run(export.model, feeds, flags)
        yield f"batch {batch}", common.judge(answer, got, common.oracle(export.model, feeds))


def executable(linnet, export, path, folder):
    """The verdict on the compiled program, run on the same arrays, and its size."""
    program, out = os.path.join(folder, "program"), os.path.join(folder, "out")
    answer = linnet.call("compile", path, *export.bound, "-o", program, cwd=folder)
    if answer.outcome != "pass":
        return common.Verdict(answer.outcome, note="compile: " + answer.message), 0
    if linnet.command[-1] == common.STAND_IN:
        return common.Verdict("pass"), os.path.getsize(program)
    feeds = export.feeds(1)
    _, words = save_arrays(feeds, folder)
    os.makedirs(out, exist_ok=True)
    answer = common.Linnet(program, linnet.limit).call(*words, "--output-dir", out, cwd=folder)
    got = common.read_outputs(out, [v.name for v in export.model.graph.output])
    verdict = common.judge(answer, got, common.oracle(export.model, feeds))
    return verdict, os.path.getsize(program)


def save_arrays(feeds, folder):
    files, words = [], []
    for i, (name, array) in enumerate(feeds.items()):
        files.append(os.path.join(folder, f"in{i}.npy"))
        common.np.save(files[-1], array)
        words += ["--input", f"{name}={files[-1]}"]
    return files, words


def time_of_linnet(linnet, export, path):
    answer = linnet.call("bench", path, *export.bound, "--json")
    try:
        return json.loads(answer.stdout)["median_ns"] / 1e3
    except (ValueError, KeyError):
        return float("nan")


def time_of_onnxruntime(export):
    """Microseconds of a call, median of rounds of about 10 ms."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    running = onnxruntime.InferenceSession(export.model.SerializeToString(), options,
                                           providers=["CPUExecutionProvider"])
    binding = running.io_binding()
    for name, array in export.feeds(1).items():
        binding.bind_cpu_input(name, array)
    for port in running.get_outputs():
        binding.bind_output(port.name)

    def calls(count):
        start = time.perf_counter()
        for _ in range(count):
            running.run_with_iobinding(binding)
        return (time.perf_counter() - start) / count

    count = max(1, int(0.01 / calls(5)))
    return 1e6 * statistics.median(calls(count) for _ in range(15))


def mnist(linnet):
    """(name, verdict) of the three cases that come with the model."""
    def array(case, kind):
        proto = onnx.TensorProto()
        with open(os.path.join(MNIST, f"test_data_set_{case}", f"{kind}_0.pb"), "rb") as file:
            proto.ParseFromString(file.read())
        return numpy_helper.to_array(proto)
    path = os.path.join(MNIST, "model.onnx")
    for case in range(3):
        answer, got = linnet.run(path, {"Input3": array(case, "input")})
        want = {"Plus214_Output_0": array(case, "output")}
        yield f"case {case}", common.judge(answer, got, want)


def test_of_this_test():
    """Spoilt answers of the small networks are seen."""
    small = [export_models.mlp(), export_models.dynamo_mlp()]
    rows = lambda linnet: [(e.name, *row) for e in small for row in answers(linnet, e)]
    shaped = {mode: outcome for mode, outcome in common.SABOTAGE.items() if mode != "hang"}
    failed = common.self_test(rows, shaped)
    return failed | common.self_test(lambda linnet: [("mnist-8", *row) for row in mnist(linnet)],
                                     {"value": "wrong", "missing": "wrong"})


def main():
    arguments = common.parser(__doc__)
    arguments.add_argument("--only", default="", help="networks whose name matches")
    arguments.add_argument("--no-times", action="store_true", help="answers alone")
    arguments.add_argument("--keep", metavar="DIR", help="leave the models here")
    options = arguments.parse_args()
    if options.self_test:
        return test_of_this_test()
    linnet = common.Linnet(options.linnet, options.limit)
    chosen = [e for e in export_models.all_exports() if re.search(options.only, e.name)]
    report, costs = common.Report("exports", 3 * len(chosen) + 3), []
    for export in chosen:
        for name, verdict in answers(linnet, export):
            report.add(export.name, name, verdict)
        with tempfile.TemporaryDirectory(prefix="linnet-exports-") as folder:
            path = os.path.join(options.keep or folder, re.sub(r"\W+", "_", export.name) + ".onnx")
            os.makedirs(os.path.dirname(path), exist_ok=True)
            onnx.save(export.model, path)
            verdict, size = executable(linnet, export, path, folder)
            report.add(export.name, "executable", verdict)
            if not options.no_times:
                costs.append((export.name, export.parameters, time_of_linnet(linnet, export, path),
                              time_of_onnxruntime(export), size))
    if re.search(options.only, "mnist-8"):
        for name, verdict in mnist(linnet):
            report.add("mnist-8", name, verdict)
    status = report.finish(options, options.unsupported)
    if costs:
        heads = ["parameters", "linnet µs", "ORT µs", "ratio", "executable"]
        print(f"\n{'batch 1, one thread':28}" + "".join(f"{head:>12}" for head in heads))
    for name, parameters, ours, theirs, size in costs:
        print(f"{name:28}{parameters:>12,}{ours:>12.2f}{theirs:>12.2f}{ours / theirs:>12.2f}"
              f"{size / 1e3:>9.0f} kB")
    return status


if __name__ == "__main__":
    sys.exit(main())
