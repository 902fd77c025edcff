"""Writes tests/python/data/mlp_of_*.onnx: a perceptron as torch's two exporters write it."""

from pathlib import Path

import onnx
import torch
from linnet import _convert

torch.manual_seed(0)
module = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3)).eval()
folder = Path(__file__).parents[1] / "python" / "data"
ways = {"torch_jit_trace": _convert._by_tracing, "torch_export": _convert._by_torch_export}
for name, way in ways.items():
    data = way(module, (torch.zeros(2, 4),), ["input"], ["output"], True)
    model = onnx.load_from_string(data)
    for part in (
        model,
        model.graph,
        *model.graph.node,
        *model.graph.value_info,
        *model.graph.input,
        *model.graph.output,
    ):
        del part.metadata_props[:]  # paths of this machine
    onnx.save(model, folder / f"mlp_of_{name}.onnx")
