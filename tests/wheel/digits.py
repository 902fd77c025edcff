"""Pictures of three signs in folders by label, as `linnet train --data` reads them: digits.py FOLDER."""

import struct
import sys
import zlib
from pathlib import Path

import numpy as np


def png(pixels):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + row.tobytes() for row in pixels.astype(np.uint8))
    header = struct.pack(">2I5B", pixels.shape[1], pixels.shape[0], 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def main():
    folder = Path(sys.argv[1])
    random = np.random.default_rng(0)
    y, x = np.mgrid[0:28, 0:28]
    for part, count in ("train", 20), ("test", 5):
        for label in range(10):
            (folder / part / str(label)).mkdir(parents=True, exist_ok=True)
            for i in range(count):
                angle = np.pi * label / 10 + random.normal(0, 0.03)
                line = abs((x - 14) * np.sin(angle) - (y - 14) * np.cos(angle)) < 2.5
                pixels = np.clip(line * 220 + random.normal(10, 10, (28, 28)), 0, 255)
                (folder / part / str(label) / f"{i}.png").write_bytes(png(pixels))


main()
