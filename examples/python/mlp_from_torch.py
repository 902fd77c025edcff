"""A perceptron of torch, compiled: the same answers, and a shared library that needs neither torch nor Python."""
import linnet, torch

torch.manual_seed(0)
module = torch.nn.Sequential(torch.nn.Linear(8, 32), torch.nn.ReLU(), torch.nn.Linear(32, 3))
net = linnet.compile(module, torch.zeros(1, 8))
x = torch.randn(1000, 8)
print(f"worst difference {(net(x) - module(x)).abs().max():.1e}")
print(net.save("mlp.so"))
