"""The engines: how each gets its model from the ONNX file, which command measures it, what it weighs."""
import dataclasses
import glob
import importlib.metadata
import json
import os
import subprocess
import sys
import time

import onnx

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = [sys.executable, "-B", os.path.join(HERE, "python_worker.py")]


class Refused(Exception):
    """Why an engine does not take a model."""


@dataclasses.dataclass
class Ready:
    command: list           # the worker, started in any folder
    deployed: int           # bytes on disk: model, engine
    ahead: object = None    # seconds of conversion or compilation before it is deployed


def size(*patterns):
    """Bytes of files, those that links name counted once."""
    files = {os.path.realpath(path) for pattern in patterns for path in glob.glob(pattern)}
    return sum(os.path.getsize(path) for path in files)


def timed(command, **options):
    """Seconds of a command that must succeed."""
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        text = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise Refused(f"{os.path.basename(command[0])}: {text[-1][:200]}")
    return time.perf_counter() - start


def numbers(shape):
    return ",".join(map(str, shape))


class Engine:
    name = label = package = ""
    note = ""

    def __init__(self, work):
        self.work = work
        folder = os.path.dirname(os.path.abspath(sys.executable))
        self.packages = glob.glob(os.path.join(folder, "..", "lib", "python3*", "site-packages"))[0]

    @property
    def version(self):
        return importlib.metadata.version(self.package)

    def build(self, source, target, *flags):
        """A native worker, built if its sources are newer."""
        sources = [os.path.join(HERE, source), os.path.join(HERE, "worker.h"),
                   os.path.join(HERE, "..", "onnx_runtime.h")]
        newest = max(os.path.getmtime(path) for path in sources)
        if not os.path.exists(target) or os.path.getmtime(target) < newest:
            timed(["g++", "-O2", "-std=c++17", sources[0], *flags, "-o", target])
        return target

    def prepare(self, cases):
        """Work for all models at once, before the first `ready`."""

    def ready(self, case):
        raise NotImplementedError


class Linnet(Engine):
    name, label = "linnet", "linnet"
    note = "the C library, called from C++"

    def __init__(self, work, command):
        super().__init__(work)
        self.command = command

    @property
    def version(self):
        return subprocess.run([self.command, "--version"], capture_output=True, text=True,
                              check=True).stdout.split()[1]

    def ready(self, case):
        compile_ = [self.command, "compile", *case.source, "--no-cache"]
        compile_ += [] if case.model.public else ["--batch", str(case.batch)]
        program = os.path.join(case.folder, "program")
        ahead = timed([*compile_, "-o", program])
        timed([*compile_, "--emit", "lib", "--name", "model", "-o", case.folder + "/libmodel.a"])
        worker = os.path.join(case.folder, "linnet")
        timed(["g++", "-O2", "-std=c++17", os.path.join(HERE, "linnet.cpp"), "-I", case.folder,
               case.folder + "/libmodel.a", "-lm", "-o", worker])
        command = [worker, case.input, case.folder + "/linnet.answer", str(case.outputs)]
        return Ready(command, os.path.getsize(program), ahead)


class OnnxRuntime(Engine):
    name, label, package = "onnxruntime", "ONNX Runtime", "onnxruntime"
    note = "its C API"

    def ready(self, case):
        library = glob.glob(self.packages + "/onnxruntime/capi/libonnxruntime.so.*")[0]
        worker = self.build("onnx_runtime.cpp", self.work + "/onnx_runtime", "-ldl")
        command = [worker, case.input, case.folder + "/onnxruntime.answer", str(case.outputs),
                   case.onnx, case.in_name, numbers(case.in_shape), case.out_name,
                   numbers(case.out_shape), library]
        return Ready(command, size(case.onnx, library))


class OpenVino(Engine):
    name, label, package = "openvino", "OpenVINO", "openvino"
    note = "its C++ API, `inference_precision` f32"

    def ready(self, case):
        home = self.packages + "/openvino"
        libraries = [home + "/libs/" + name for name in
                     ("libopenvino.so.*", "libopenvino_intel_cpu_plugin.so",
                      "libopenvino_onnx_frontend.so.*", "libtbb.so.*", "libtbbmalloc.so.*")]
        worker = self.build("openvino.cpp", self.work + "/openvino", "-I", home + "/include",
                            glob.glob(libraries[0])[0], f"-Wl,-rpath,{home}/libs")
        command = [worker, case.input, case.folder + "/openvino.answer", str(case.outputs),
                   case.onnx]
        return Ready(command, size(case.onnx, *libraries))


class LiteRt(Engine):
    name, label, package = "litert", "LiteRT", "ai-edge-litert"
    note = "XNNPACK, from Python, which adds less than 0.8 µs to a call"

    def prepare(self, cases):
        words = []
        for case in cases:
            words += [case.onnx, os.path.join(case.folder, "model.tflite")]
        done = subprocess.run([sys.executable, "-B", os.path.join(HERE, "to_tflite.py"), *words],
                              capture_output=True, text=True, check=False)
        lines = done.stdout.strip().splitlines()
        self.converted = json.loads(lines[-1]) if lines and done.returncode == 0 else {}
        self.failure = done.stderr.strip().splitlines()[-1:] or ["no message"]

    def ready(self, case):
        model = os.path.join(case.folder, "model.tflite")
        outcome = self.converted.get(model, f"not converted: {self.failure[0][:200]}")
        if isinstance(outcome, str):
            raise Refused(outcome)
        command = [*PYTHON, "litert", case.input, case.folder + "/litert.answer", model,
                   numbers(case.in_shape)]
        libraries = [self.packages + "/ai_edge_litert/" + name for name in
                     ("libpywrap_litert_common.so", "libLiteRt.so")]
        return Ready(command, size(model, *libraries), outcome)


def without_dilations(model):
    """Average pools without the dilations of 1 that pnnx would not map to ncnn's pool."""
    for node in model.graph.node:
        for attribute in [a for a in node.attribute if node.op_type == "AveragePool"]:
            if attribute.name == "dilations" and set(attribute.ints) == {1}:
                node.attribute.remove(attribute)
    return model


class Ncnn(Engine):
    name, label, package = "ncnn", "ncnn", "ncnn"
    note = "f32, from Python, which with the extractor that each call needs adds 3 to 4 µs"

    def ready(self, case):
        if case.batch != 1:
            raise Refused("has no batches")
        shape = "[" + numbers(case.in_shape) + "]"
        converter = self.packages + "/pnnx/pnnx"
        source = os.path.join(case.folder, "for_pnnx.onnx")
        onnx.save(without_dilations(onnx.load(case.onnx)), source)
        ahead = timed([converter, source, "inputshape=" + shape, "fp16=0"], cwd=case.folder)
        model = os.path.join(case.folder, "for_pnnx.ncnn.param")
        command = [*PYTHON, "ncnn", case.input, case.folder + "/ncnn.answer", model,
                   numbers(case.in_shape)]
        libraries = [self.packages + "/ncnn/ncnn.*.so", self.packages + "/ncnn.libs/*"]
        return Ready(command, size(model, model.replace(".param", ".bin"), *libraries), ahead)


def engines(work, command):
    return [Linnet(work, command), OnnxRuntime(work), OpenVino(work), LiteRt(work), Ncnn(work)]
