"""Models of other packages, by way of ONNX."""

from __future__ import annotations

from typing import Any

from ._errors import Error


def to_onnx(model: Any, example: Any) -> bytes:
    """An ONNX file of a torch.nn.Module (with example inputs), a Keras model or a scikit-learn estimator."""
    raise Error(f"{type(model).__name__}: not a model that linnet knows", 2)


def torch_module(net: Any) -> Any:
    """A torch.nn.Module whose forward calls the network, for comparing."""
    import torch

    class Compiled(torch.nn.Module):
        def forward(self, *inputs: torch.Tensor) -> Any:
            return net(*inputs)

    return Compiled()
