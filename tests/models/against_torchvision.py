#!/usr/bin/env python3
"""torchvision's own networks beside models/: its state_dict loads as it is, the answers are equal.

  against_torchvision.py [BUILD]

In a Python with torch, torchvision and safetensors (some GB, hence no part of `make test`;
tests/onnx/architectures.py needs neither). The statistics of the normalisations are drawn, so that
they count. Differences are to torchvision in float64, as a part of the largest logit.
"""
import os
import subprocess
import sys
import tempfile

import numpy
import torch
import torchvision
from safetensors.torch import save_file

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NETWORKS = {"resnet18": "resnet18", "mobilenet_v2": "mobilenet_v2", "squeezenet": "squeezenet1_1"}


def seeded(name):
    network = getattr(torchvision.models, name)(weights=None).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.1)
    return network


def main():
    linnet = os.path.join(sys.argv[1] if len(sys.argv) > 1 else "build", "linnet")
    torch.manual_seed(0)
    worst = 0.0
    for ours, theirs in NETWORKS.items():
        network, x = seeded(theirs), torch.randn(1, 3, 224, 224)
        with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
            save_file(network.state_dict(), f"{folder}/w.safetensors")
            numpy.save(f"{folder}/x.npy", x.numpy())
            subprocess.run([linnet, "run", f"{ROOT}/models/{ours}.lin", "--weights",
                            f"{folder}/w.safetensors", "--input", f"image={folder}/x.npy",
                            "--output-dir", folder], check=True)
            y, torch32 = numpy.load(f"{folder}/logits.npy"), network(x).numpy()
            exact = network.double()(x.double()).numpy()
        off = [abs(answer - exact).max() / abs(exact).max() for answer in (y, torch32)]
        parameters = sum(p.numel() for p in network.parameters())
        print(f"{ours:14}{parameters:>12,} parameters  linnet {off[0]:.1e}  torch {off[1]:.1e}")
        worst = max(worst, off[0])
    return int(worst > 1e-5)


if __name__ == "__main__":
    sys.exit(main())
