"""Cross-correlation: the kernel that finds edges, learnt from one picture."""
import json
import struct

from common import model, train, work_folder, write_npy

with work_folder() as folder:
    x = [0.0 if 2 <= column < 6 else 1.0 for _ in range(6) for column in range(8)]
    y = [x[8 * r + c] - x[8 * r + c + 1] for r in range(6) for c in range(7)]
    write_npy(folder + "/x.npy", [1, 1, 6, 8], x)
    write_npy(folder + "/y.npy", [1, 1, 6, 7], y)
    out = folder + "/w.safetensors"
    train(model("models/corr2d.lin"), "--set", "height=6", "--set", "width=8", "--set",
          "kernel_height=1", "--data", folder, "-o", out)
    with open(out, "rb") as f:
        size = struct.unpack("<Q", f.read(8))[0]
        begin, end = json.loads(f.read(size))["kernel.weight"]["data_offsets"]
        f.seek(8 + size + begin)
        a, b = struct.unpack("<2f", f.read(end - begin))
print("learnt [%.2f, %.2f]" % (a, b))
