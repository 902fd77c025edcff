"""Weight decay: 20 samples of 200 inputs, whose true weights are all 0.01."""
import json
import os
import struct

from common import model, rng, train, work_folder, write_npy

better = 0
print("seed  decay  |w|      train loss  test loss")
for seed in range(5):
    random = rng(seed)

    def samples(count):
        x, y = [], []
        for _ in range(count):
            row = [random.gauss(0, 1) for _ in range(200)]
            x += row
            y.append(0.05 + sum(0.01 * v for v in row) + random.gauss(0, 0.01))
        return x, y

    with work_folder() as folder:
        os.mkdir(folder + "/test")
        for where, count in (("", 20), ("/test", 100)):
            x, y = samples(count)
            write_npy(folder + where + "/x.npy", [count, 200], x)
            write_npy(folder + where + "/y.npy", [count, 1], y)
        norms, losses = [], []
        for decay in (0, 3):
            out = folder + "/w.safetensors"
            report = train(model("examples/lessons/regression.lin"), "--set", "decay=%d" % decay,
                           "--data", folder, "--seed", str(seed), "-o", out)
            with open(out, "rb") as f:
                size = struct.unpack("<Q", f.read(8))[0]
                begin, end = json.loads(f.read(size))["fc.weight"]["data_offsets"]
                f.seek(8 + size + begin)
                weights = struct.unpack("<200f", f.read(end - begin))
            norms.append(sum(w * w for w in weights) ** 0.5)
            losses.append(report["test"]["loss"])
            print("%4d  %5d  %-7.4f  %-10.3g  %.3g" % (seed, decay, norms[-1],
                                                     report["train"]["loss"], losses[-1]))
        better += norms[1] <= 0.1 * norms[0] and losses[1] < losses[0]
print("smaller weights and a smaller test loss in %d of 5" % better)
