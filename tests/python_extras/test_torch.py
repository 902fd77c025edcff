"""torch.nn.Module: the same answers, parameters by name, and what cannot be exported."""

from __future__ import annotations

import warnings

import linnet
import numpy as np
import pytest
import torch
from linnet import _convert
from torch import nn
from torch.nn.functional import max_pool2d, relu


class LeNet(nn.Module):
    """models/lenet.lin, with its names."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, image):
        x = max_pool2d(relu(self.conv1(image)), 2)
        x = max_pool2d(relu(self.conv2(x)), 2).flatten(1)
        return self.fc3(relu(self.fc2(relu(self.fc1(x)))))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.conv2, self.bn2 = nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)

    def forward(self, x):
        x = relu(self.bn1(self.conv1(x)))
        return (x + self.bn2(self.conv2(x))).mean((2, 3))


class Recurrent(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.cells = kind(3, 4, num_layers=2, batch_first=True)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.cells(x)[0][:, -1])


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 4), nn.Linear(5, 4)

    def forward(self, left, right):
        return {"sum": self.a(left) + self.b(right), "double": 2 * left}


MODULES = {
    "mlp": (lambda: nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 3)), [(4,)]),
    "lenet": (LeNet, [(1, 28, 28)]),
    "residual": (Residual, [(3, 8, 8)]),
    "gru": (lambda: Recurrent(nn.GRU), [(5, 3)]),
    "lstm": (lambda: Recurrent(nn.LSTM), [(5, 3)]),
    "attention": (lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), [(5, 8)]),
    "two": (Two, [(3,), (5,)]),
}


def spoilt(module: nn.Module) -> nn.Module:
    """With values that are all different, as after a training."""
    for value in module.state_dict().values():
        if value.is_floating_point():
            value += 0.1 * torch.rand_like(value)
    return module


def compare(net: linnet.Network, module: nn.Module, *inputs: torch.Tensor) -> None:
    module.eval()
    with torch.no_grad():
        wanted = module(*inputs)
    answers = net(*inputs)
    if not isinstance(wanted, dict):
        wanted, answers = {"": wanted}, {"": answers}
    assert sorted(wanted) == sorted(answers)
    for name, answer in answers.items():
        assert isinstance(answer, torch.Tensor)
        torch.testing.assert_close(answer, wanted[name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("way", ["torch.jit.trace", "torch.export"])
@pytest.mark.parametrize("name", MODULES)
def test_modules(name, way, monkeypatch):
    if way == "torch.export":
        if name == "lstm":
            pytest.skip("as gru, and slow")
        monkeypatch.setattr(_convert, "_by_tracing", _convert._by_torch_export)
    torch.manual_seed(0)
    make, shapes = MODULES[name]
    module = make().train()
    samples = [torch.randn(7, *shape) for shape in shapes]
    with warnings.catch_warnings():
        warnings.simplefilter("error", linnet.ModelWarning)
        net = linnet.compile(module, tuple(x[:2] for x in samples), batch=2)
        assert all(part.training for part in module.modules())
        compare(net, module, *samples)
        # All parameters have torch's names: others take their place.
        other = spoilt(make())
        net = linnet.compile(module, tuple(x[:1] for x in samples), weights=other.state_dict())
        compare(net, other, *samples)


def test_a_module_in_doubles():
    module = nn.Linear(4, 2).double()
    x = torch.randn(3, 4, dtype=torch.float64)
    net = linnet.compile(module, x)
    torch.testing.assert_close(net(x), module(x).detach(), rtol=1e-14, atol=1e-14)


def test_names_of_inputs_and_outputs():
    net = linnet.compile(Two(), (torch.zeros(1, 3), torch.zeros(1, 5)))
    assert net.signature.endswith(
        "(left: float32[N, 3], right: float32[N, 5]) -> (sum: float32[N, 4], double: float32[N, 3])"
    )


class Folds(nn.Module):
    def forward(self, x):
        return x.reshape(2, -1)[:, :3] + 1


class ByCount(nn.Module):
    def forward(self, x):
        return x + 1 if x.shape[0] == 2 else x - 1


class ByValue(nn.Module):
    def forward(self, x):
        return x * 2 if x.sum() > 0 else x - 1


@pytest.mark.parametrize("kind", [Folds, ByCount])
def test_a_fixed_number_of_samples(kind):
    x = torch.randn(2, 4)
    with pytest.warns(linnet.ModelWarning, match=r"inputs \[2, 4\] alone, not for any number of samples"):
        net = linnet.compile(kind(), x)
    compare(net, kind(), x)
    with pytest.raises(linnet.Error, match=r"given float32\[3, 4\]"):
        net(torch.zeros(3, 4))


def test_what_cannot_be_exported():
    with pytest.raises(linnet.Error, match="does not take this ByValue") as caught:
        linnet.compile(ByValue(), torch.zeros(2, 4))
    assert "torch.jit.trace: ValueError" in caught.value.hint and "torch.export: " in caught.value.hint
    with pytest.raises(linnet.Error, match="example inputs are missing"):
        linnet.compile(nn.Linear(2, 2))


def test_torch_module():
    module = nn.Linear(4, 2)
    compiled = linnet.torch_module(linnet.compile(module, torch.zeros(1, 4)))
    x = torch.randn(5, 4)
    torch.testing.assert_close(compiled.eval().to("cpu")(x), module(x).detach())
    assert list(compiled.parameters()) == list(compiled.buffers()) == []
    assert "float32[N, 4]" in repr(compiled)
    both = nn.Sequential(compiled, nn.ReLU())
    with torch.no_grad():
        torch.testing.assert_close(both(x.requires_grad_()), module(x).relu())
    with pytest.raises(linnet.Error, match="passes no gradients"):
        both(x)
    with pytest.raises(linnet.Error, match="on meta"):
        compiled(torch.empty(1, 4, device="meta"))
    with pytest.raises(linnet.Error, match="a tensor is expected, not int"):
        compiled(3)


TRAINING = """model lenet(image: f32[N, 1, 28, 28]) -> logits: f32[N, 10] {
  layer conv1 = conv2d(6, kernel_size: 5, padding: 2)
  layer conv2 = conv2d(16, kernel_size: 5)
  layer fc1 = linear(120)
  layer fc2 = linear(84)
  layer fc3 = linear(10)
  let features = image |> conv1 |> relu |> max_pool2d(2) |> conv2 |> relu |> max_pool2d(2)
  features |> flatten |> fc1 |> relu |> fc2 |> relu |> fc3
}
train lenet { loss: cross_entropy; optimizer: adam(lr: 0.001); batch: 8; epochs: 1 }
"""


def test_weights_go_both_ways():
    torch.manual_seed(1)
    x = torch.randn(16, 1, 28, 28)
    result = linnet.train(TRAINING, (x, torch.arange(16) % 10))
    module = LeNet()
    module.load_state_dict({name: torch.from_numpy(value) for name, value in result.state_dict().items()})
    net = linnet.compile(TRAINING, weights=module.state_dict())
    compare(net, module, x)
    assert np.array_equal(net(x.numpy()), linnet.compile(TRAINING, weights=result.path)(x.numpy()))
