#!/usr/bin/env python3
"""ONNX Runtime behind linnet's command line, for the tests of the tests.

LINNET_STAND_IN in the environment makes it misbehave: value, shape, dtype, nan and missing spoil
the first output, OP=OTHER computes OTHER wherever the model says OP; the rest is in `misbehave`.
"""
import os
import re
import signal
import sys
import tempfile
import time

import numpy as np
import onnx

# ONNX Runtime keeps a file in the cache folder, or writes a line about it into each message.
os.environ["XDG_CACHE_HOME"] = tempfile.gettempdir()

from common import session  # noqa: E402

MODE = os.environ.get("LINNET_STAND_IN", "")


def misbehave(out):
    if MODE == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if MODE == "hang":
        time.sleep(600)
    if MODE == "accept":
        sys.exit(0)
    if MODE == "silent":
        sys.exit(1)
    if MODE == "litter" and out:
        os.makedirs(os.path.dirname(out) or ".", exist_ok=True)
        open(out, "w", encoding="utf8").close()
    if MODE == "memory":
        sys.exit(4)
    status = {"refuse": 1, "unsupported": 3, "bug": 5}.get(MODE)
    if status:
        print("model.onnx: error: on purpose", file=sys.stderr)
        sys.exit(status)


def spoil(array):
    if MODE == "shape":
        return array[None]
    if MODE == "dtype":
        return array.astype(np.float64 if array.dtype != np.float64 else np.float32)
    if MODE == "nan" and array.dtype.kind == "f":
        return np.full_like(array, np.nan)
    if MODE in ("value", "nan"):
        return ~array if array.dtype == np.bool_ else array + np.array(1, array.dtype)
    return array


def main():
    words = sys.argv[1:]
    command, path = words[0], words[1]
    inputs, out = {}, None
    for flag, value in zip(words, words[1:]):
        if flag == "--input":
            name, file = value.rsplit("=", 1)
            inputs[name] = np.load(file)
        if flag in ("-o", "--output-dir"):
            out = value
    misbehave(os.path.join(out, "@0.npy") if command == "run" and out else out)
    try:
        model = onnx.load(path)
        onnx.checker.check_model(model)
        for node in model.graph.node:
            if "=" in MODE and node.op_type == MODE.split("=")[0]:
                node.op_type = MODE.split("=")[1]
        running = session(model)
        arrays = running.run(None, inputs) if command == "run" else []
    except Exception as error:  # whatever the libraries raise on a wrong model
        print(f"{path}: error: {error}", file=sys.stderr)
        sys.exit(1)
    if command == "compile":
        with open(out, "wb") as file:
            file.write(model.SerializeToString())
    if command == "bench":
        print('{"median_ns": 1.0}')
    names = [re.sub(r"[^A-Za-z0-9_.-]", "_", value.name) for value in running.get_outputs()]
    for i, (name, array) in enumerate(zip(names, arrays)):
        if i == 0 and MODE == "missing":
            continue
        if names.count(name) > 1 or len(name) > 200:
            name = f"@{i}"
        np.save(os.path.join(out, name + ".npy"), spoil(array) if i == 0 else array)


if __name__ == "__main__":
    main()
