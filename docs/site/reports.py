#!/usr/bin/env python3
"""Writes the reports that the site links: of x86-64-v3 and without times, so that they are the same
bytes wherever the site is built; ResNet-18 without numbers, whose evaluation would take a minute.

  reports.py build/linnet build/docs/docs/reports
"""
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

MODELS = pathlib.Path(__file__).resolve().parents[2] / "models"
REPORTS = {
    "lenet": ["--weights", "lenet.safetensors", "--input", "image=digit.npy"],
    "latent_ar": [],
    "resnet18": ["--no-numbers"],
}


def digit():
    """The first of the test digits as an .npy file of f32[1,1,28,28]."""
    with open(MODELS / "data/digits/t10k-images-idx3-ubyte", "rb") as file:
        pixels = file.read(16 + 28 * 28)[16:]
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 28, 28), }".ljust(117) + "\n"
    data = struct.pack("<784f", *(pixel / 255 for pixel in pixels))
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data


def main():
    linnet, out = (pathlib.Path(path).resolve() for path in sys.argv[1:])
    if not linnet.is_file():
        sys.exit(f"{linnet} is missing, which writes the reports of docs/tour.md: make build")
    out.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)  # the pages say how they were made: no folder is in it
        shutil.copy(MODELS / "data/lenet.safetensors", work)
        (work / "digit.npy").write_bytes(digit())
        for name, options in REPORTS.items():
            shutil.copy(MODELS / f"{name}.lin", work)
            command = [linnet, "report", f"{name}.lin", *options, "--target", "x86-64-v3", "--no-times",
                       "--no-cache", "--quiet", "-o", f"{name}.html"]
            subprocess.run(command, cwd=work, check=True, stdout=subprocess.DEVNULL)
            shutil.copy(work / f"{name}.html", out)


if __name__ == "__main__":
    main()
