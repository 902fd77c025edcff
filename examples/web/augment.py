#!/usr/bin/env python3
"""Makes many digits of few, for training weights that read strokes of a pen.

  augment.py SOURCE OUT [--scanned 12] [--written 24] [--seed 1]

SOURCE has MNIST's four files (models/data/digits: 8x8 grey scans made 20x20, all of one softness).
OUT gets the same four: each training digit in `scanned` versions, slanted, turned, stretched, bent,
thicker and thinner, drawn as the page draws (sharp strokes, 20x20 box, centre of mass in the middle
of 28x28); as many thousand digits of pen.py's strokes, distorted too, as `written` says; and the
test digits drawn that way without distortion. The same seed gives the same bytes.
"""
import argparse
import os
import pathlib
import struct

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # its matrices are small
import numpy as np

import pen

SIDE, BOX, FINE = 28, 20, 4  # pixels of a picture, of a digit's longer side, and finer ones in each
GRID = SIDE * FINE


def read_idx(path):
    data = path.read_bytes()
    dims = data[3]
    shape = struct.unpack(f">{dims}i", data[4 : 4 + 4 * dims])
    return np.frombuffer(data, np.uint8, offset=4 + 4 * dims).reshape(shape)


def write_idx(path, array):
    header = struct.pack(f">HBB{array.ndim}i", 0, 8, array.ndim, *array.shape)
    path.write_bytes(header + array.astype(np.uint8).tobytes())


def sample(image, rows, columns):
    """image at real positions, bilinear, 0 outside."""
    padded = np.pad(image, 1)
    rows = np.clip(rows + 1, 0, padded.shape[0] - 1.001)
    columns = np.clip(columns + 1, 0, padded.shape[1] - 1.001)
    r, c = rows.astype(int), columns.astype(int)
    fr, fc = rows - r, columns - c
    top = padded[r, c] * (1 - fc) + padded[r, c + 1] * fc
    return top * (1 - fr) + (padded[r + 1, c] * (1 - fc) + padded[r + 1, c + 1] * fc) * fr


def blur(image, sigma):
    """Gaussian blur, along rows and then along columns."""
    if sigma <= 0:
        return image
    at = np.arange(len(image))
    taps = np.exp(-0.5 * ((at[:, None] - at) / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))
    return taps @ image @ taps.T


def smooth_noise(rng, cells):
    """A field over the fine grid of about unit size that changes over a few `cells`."""
    coarse = rng.normal(size=(cells + 1, cells + 1))
    at = np.linspace(0, cells, GRID) * 0.999
    return sample(coarse, at[:, None] + 0 * at, 0 * at[:, None] + at)


def warp(rng, image, strength):
    """`image` on the fine grid: turned, slanted, stretched, bent."""
    cell = GRID / len(image)  # fine pixels in one of the image
    angle = np.radians(rng.normal(0, 7) * strength)
    slant = rng.normal(0, 0.22) * strength
    tall, wide = np.exp(rng.normal(0, 0.13, 2) * strength)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.array([[tall, 0], [slant, wide]])
    centre = (GRID - 1) / 2
    rows, columns = np.mgrid[0:GRID, 0:GRID] - centre
    bend = 1.0 * FINE * strength
    y = matrix[0, 0] * rows + matrix[0, 1] * columns + bend * smooth_noise(rng, 4)
    x = matrix[1, 0] * rows + matrix[1, 1] * columns + bend * smooth_noise(rng, 4)
    return sample(image, (y + centre) / cell, (x + centre) / cell)


def stroke(rng, grey, strength):
    """A sharp stroke of a thickness of its own out of a soft one, or now and then the soft one."""
    grey = grey / max(grey.max(), 1e-9)
    if rng.random() < 0.15 * strength:
        return grey
    level = 0.46 + rng.uniform(-0.12, 0.2) * strength
    ink = 1 / (1 + np.exp(-(blur(grey, 1.0) - level) * 28))
    thicker = rng.uniform(-2, 2) * strength
    if thicker > 0.5:  # a blurred stroke cut at a low level is wider
        ink = np.clip((blur(ink, thicker) - 0.12) * 3, 0, 1)
    return ink


def box(ink):
    """As the page does: the ink's box 20 long, its centre of mass in the middle of 28x28."""
    rows, columns = np.nonzero(ink > 0.1)
    if not len(rows):
        return np.zeros((SIDE, SIDE))
    top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    scale = max(bottom - top, right - left) / BOX  # fine pixels for one
    total = ink.sum()
    y = (ink.sum(1) @ np.arange(GRID) + 0.5 * total) / total
    x = (ink.sum(0) @ np.arange(GRID) + 0.5 * total) / total
    within = (np.arange(GRID) + 0.5) / FINE - SIDE / 2  # each pixel is a mean of FINE x FINE samples
    rows = y + within * scale - 0.5
    columns = x + within * scale - 0.5
    fine = sample(ink, rows[:, None] + 0 * columns, 0 * rows[:, None] + columns)
    return fine.reshape(SIDE, FINE, SIDE, FINE).mean((1, 3))


def drawn(rng, fine, strength):
    """Ink on the fine grid as a picture of bytes."""
    out = box(fine)
    if strength and rng.random() < 0.3:  # a pen of less ink, or a soft one
        out = blur(out, rng.uniform(0.3, 0.7))
    out = np.clip(out * (1 if rng.random() < 0.5 else rng.uniform(0.9, 1.5)), 0, 1)
    shift = rng.integers(-1, 2, 2) if strength else (0, 0)
    return np.round(255 * np.roll(out, shift, (0, 1)))


def scanned(rng, digit, strength):
    return drawn(rng, stroke(rng, warp(rng, digit / 255.0, strength), strength), strength)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--scanned", type=int, default=12)
    parser.add_argument("--written", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for part, copies, strength in (("train", options.scanned, 1), ("t10k", 1, 0)):
        digits = read_idx(options.source / f"{part}-images-idx3-ubyte")
        labels = np.tile(read_idx(options.source / f"{part}-labels-idx1-ubyte"), copies)
        rng = np.random.default_rng(options.seed)
        pictures = [scanned(rng, d, strength) for _ in range(copies) for d in digits]
        if part == "train":
            more = np.arange(1000 * options.written) % 10
            pictures += [drawn(rng, warp(rng, pen.written(rng, d, GRID, 0.04), 1.1), 1) for d in more]
            labels = np.concatenate([labels, more])
        write_idx(options.out / f"{part}-images-idx3-ubyte", np.array(pictures, np.uint8))
        write_idx(options.out / f"{part}-labels-idx1-ubyte", labels)
        print(f"{part}: {len(pictures)} digits")


if __name__ == "__main__":
    main()
