"""The models that are measured: their weights, and the ONNX files that linnet exports of them."""
import dataclasses
import math
import os
import subprocess
import zlib

import numpy as np
import onnx
from safetensors.numpy import load_file, save_file

import public_models

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@dataclasses.dataclass
class Model:
    name: str
    what: str
    batch: int  # for throughput
    quick: bool = True
    folder: str = "models"
    public: bool = False  # an ONNX file, of public_models.py, with its weights

    @property
    def path(self):
        return os.path.join(ROOT, self.folder, self.name + ".lin")


MODELS = [
    Model("ar", "AR(4)", 64),
    Model("ar_mlp", "perceptron 4-10-10-1", 64, quick=False),
    Model("block20", "perceptron 20-256-10", 64, quick=False),
    Model("mlp", "perceptron 784-256-128-10", 64),
    Model("mlp_1000", "perceptron 784-1000-10", 64, quick=False, folder="benchmarks"),
    Model("lenet", "LeNet-5, relu, max pooling", 64),
    Model("lenet_classic", "LeNet-5, sigmoid, average pooling", 64, quick=False),
    Model("ds_cnn", "keyword spotting of MLPerf Tiny", 64),
    Model("squeezenet", "SqueezeNet 1.1", 8, quick=False),
    Model("mobilenet_v2", "MobileNetV2", 8),
    Model("resnet18", "ResNet-18", 8, quick=False),
]


PUBLIC = [Model(name, what, 1, quick=name in ("shufflenet", "gru"), public=True)
          for name, (what, _) in public_models.MODELS.items()]


def weights(model, linnet, work):
    """A weights file. Untrained networks get weights by which values neither fade nor explode over
    many layers (He et al. 2015), or an answer would compare the last layer's bias alone."""
    if model.public:
        return ""
    trained = os.path.join(ROOT, "models", "data", model.name + ".safetensors")
    if os.path.exists(trained):
        return trained
    path = os.path.join(work, model.name + ".safetensors")
    subprocess.run([linnet, "init", model.path, "-o", path], check=True)
    random = np.random.default_rng(zlib.crc32(model.name.encode()))
    arrays = load_file(path)
    for name, array in arrays.items():
        if array.ndim >= 2:
            deviation = math.sqrt(2 / math.prod(array.shape[1:]))
            arrays[name] = deviation * random.standard_normal(array.shape, np.float32)
    save_file(arrays, path)
    return path


@dataclasses.dataclass
class Case:
    """A model at a batch size: its ONNX file and an input for it."""
    model: Model
    batch: int
    folder: str
    weights: str
    onnx: str = ""
    input: str = ""
    in_name: str = ""
    in_shape: tuple = ()
    out_name: str = ""
    out_shape: tuple = ()

    @property
    def source(self):
        """What linnet reads, as arguments."""
        return [self.onnx] if self.model.public else [self.model.path, "--weights", self.weights]

    @property
    def outputs(self):
        return math.prod(self.out_shape)


def export(model, batch, linnet, work, weights_file):
    folder = os.path.join(work, f"{model.name}_{batch}")
    os.makedirs(folder, exist_ok=True)
    case = Case(model, batch, folder, weights_file)
    case.onnx = os.path.join(folder, model.name + ".onnx")
    if model.public:
        public_models.write(model.name, case.onnx)
    else:
        subprocess.run([linnet, "export", *case.source, "--batch", str(batch), "-o", case.onnx],
                       check=True)
    graph = onnx.load(case.onnx).graph
    shape = lambda port: tuple(dim.dim_value for dim in port.type.tensor_type.shape.dim)
    case.in_name, case.in_shape = graph.input[0].name, shape(graph.input[0])
    case.out_name, case.out_shape = graph.output[0].name, shape(graph.output[0])
    case.input = os.path.join(folder, "input.f32")
    np.random.default_rng(7).standard_normal(case.in_shape, np.float32).tofile(case.input)
    return case
