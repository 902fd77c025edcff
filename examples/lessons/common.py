"""What the lessons share: files of numbers and digits, and calls of linnet. Standard library only."""
import json
import os
import random
import struct
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LINNET = os.environ.get("LINNET", os.path.join(ROOT, "build", "linnet"))
DIGITS = os.path.join(ROOT, "models", "data", "digits")


def model(name):
    return os.path.join(ROOT, name)


def work_folder():
    return tempfile.TemporaryDirectory(prefix="linnet_lesson_")


def write_npy(path, shape, values, kind="<f4"):
    """numpy's format, version 1.0 (numpy.lib.format)."""
    header = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (kind, tuple(shape))
    header += " " * (-(len(header) + 11) % 64) + "\n"
    code = {"<f4": "f", "<i8": "q"}[kind]
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        f.write(struct.pack("<%d%s" % (len(values), code), *values))


def read_idx(name):
    """Sizes and bytes of one of MNIST's files."""
    with open(os.path.join(DIGITS, name), "rb") as f:
        data = f.read()
    rank = data[3]
    shape = struct.unpack(">%dI" % rank, data[4:4 + 4 * rank])
    return list(shape), data[4 + 4 * rank:]


def write_idx(path, shape, data):
    with open(path, "wb") as f:
        f.write(bytes([0, 0, 8, len(shape)]) + struct.pack(">%dI" % len(shape), *shape) + bytes(data))


def digits(part):
    """Pictures of 784 bytes each, and labels; part: train or t10k."""
    (count, _, _), pixels = read_idx(part + "-images-idx3-ubyte")
    _, labels = read_idx(part + "-labels-idx1-ubyte")
    return [pixels[784 * i:784 * (i + 1)] for i in range(count)], list(labels)


def write_digits(folder, part, pictures, labels):
    os.makedirs(folder, exist_ok=True)
    write_idx(os.path.join(folder, part + "-images-idx3-ubyte"), [len(pictures), 28, 28],
              b"".join(bytes(p) for p in pictures))
    write_idx(os.path.join(folder, part + "-labels-idx1-ubyte"), [len(labels)], labels)


def train(*arguments):
    """The report of `linnet train`, as it prints it with --json."""
    command = [LINNET, "train", *arguments, "--quiet", "--json"]
    with work_folder() as folder:
        if "-o" not in arguments:
            command += ["-o", os.path.join(folder, "w.safetensors")]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit("%s\n%s" % (" ".join(command), done.stderr))
    return json.loads(done.stdout)


def call(*command, folder=None):
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    if done.returncode != 0:
        sys.exit("%s\n%s" % (" ".join(command), done.stderr))
    return done.stdout


def median(values):
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


def rng(seed):
    return random.Random(seed)
