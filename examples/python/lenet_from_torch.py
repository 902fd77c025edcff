"""A LeNet of torch with trained weights, compiled; its answers to the test digits beside torch's."""
from collections import OrderedDict
from pathlib import Path
import linnet, numpy as np, safetensors.torch, torch
from torch.nn import Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential

features = dict(conv1=Conv2d(1, 6, 5, padding=2), r1=ReLU(), p1=MaxPool2d(2), conv2=Conv2d(6, 16, 5), r2=ReLU(), p2=MaxPool2d(2))
head = dict(flat=Flatten(), fc1=Linear(400, 120), r3=ReLU(), fc2=Linear(120, 84), r4=ReLU(), fc3=Linear(84, 10))
lenet, data = Sequential(OrderedDict(features | head)), Path(__file__).parents[2] / "models/data"
lenet.load_state_dict(safetensors.torch.load_file(data / "lenet.safetensors"))
net = linnet.compile(lenet, torch.zeros(1, 1, 28, 28))
pixels = np.fromfile(data / "digits/t10k-images-idx3-ubyte", np.uint8)[16:].reshape(-1, 1, 28, 28)
x = torch.from_numpy(pixels / np.float32(255))
print(f"{len(x)} digits: worst difference {(net(x) - lenet(x)).abs().max():.1e}")
