#!/usr/bin/env python3
"""A network of this machine's own, for measurements: benchmarks/link.py COUNT --latency S --bandwidth B.

Network namespaces linnet0, linnet1, …, each with one interface, `linnet`, of address 10.77.0.1,
10.77.0.2, …; packets between them come after the latency, and no faster than the bandwidth, which
each has for itself in either direction, as at a switch. They are relayed here, as the kernel's netem
would, which not every kernel has. Needs root. Runs until its standard input ends.
"""

import argparse
import contextlib
import fcntl
import heapq
import os
import select
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000  # linux/if_tun.h
PRIORITY = 20  # real-time, above that of what is measured


def run(*words: str) -> None:
    subprocess.run(words, check=True)


def name(node: int) -> str:
    return f"linnet{node}"


def inside(node: int) -> list[str]:
    """The words ahead of a program that is to run in a namespace."""
    return ["ip", "netns", "exec", name(node)]


def remove(node: int) -> None:
    subprocess.run(["ip", "netns", "del", name(node)], check=False, stderr=subprocess.DEVNULL)


def interface(node: int) -> int:
    """A namespace with an interface; the file by which its packets are read and written."""
    file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(file, TUNSETIFF, struct.pack("16sH22x", name(node).encode(), IFF_TUN | IFF_NO_PI))
    remove(node)
    run("ip", "netns", "add", name(node))
    run("ip", "link", "set", name(node), "netns", name(node), "name", "linnet")
    for words in (
        f"addr add 10.77.0.{node + 1}/24 dev linnet",
        "link set linnet mtu 1500 up",
        "link set lo up",
    ):
        run("ip", "-n", name(node), *words.split())
    return file


def relay(files: list[int], latency: float, bandwidth: float) -> None:
    """Passes packets on until standard input ends."""
    leaves, arrives = [0.0] * len(files), [0.0] * len(files)  # by node: the last byte so far
    way: list[tuple[float, int, bytes]] = []  # packets, by when they arrive; to which node
    while True:
        left = max(0.0, way[0][0] - time.monotonic()) if way else None
        ready = select.select([*files, sys.stdin.fileno()], [], [], left)[0]
        now = time.monotonic()
        for file in ready:
            if file == sys.stdin.fileno():
                return
            node = files.index(file)
            with contextlib.suppress(BlockingIOError):
                while True:
                    packet = os.read(file, 65536)
                    to = packet[19] - 1  # the last byte of an IPv4 packet's destination
                    if packet[0] >> 4 != 4 or not 0 <= to < len(files):
                        continue
                    takes = len(packet) / bandwidth
                    leaves[node] = max(now, leaves[node]) + takes
                    arrives[to] = max(leaves[node] + latency, arrives[to] + takes)
                    heapq.heappush(way, (arrives[to], to, packet))
        now = time.monotonic()
        while way and way[0][0] <= now:
            _, to, packet = heapq.heappop(way)
            with contextlib.suppress(BlockingIOError):  # a full queue loses it
                os.write(files[to], packet)


@contextlib.contextmanager
def network(count: int, latency: float, bandwidth: float) -> Iterator[None]:
    """So many namespaces, while it lasts."""
    words = ["--latency", str(latency), "--bandwidth", str(bandwidth)]
    process = subprocess.Popen(
        [sys.executable, Path(__file__), str(count), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin and process.stdout
    try:
        if process.stdout.readline() != "ready\n":
            raise OSError("no network namespaces")
        yield
    finally:
        process.stdin.close()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--latency", type=float, default=1e-3, help="seconds, one way")
    parser.add_argument("--bandwidth", type=float, default=12.5e6, help="bytes a second")
    options = parser.parse_args()
    try:
        files = [interface(node) for node in range(options.count)]
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
        print("ready", flush=True)
        relay(files, options.latency, options.bandwidth)
    finally:
        for node in range(options.count):
            remove(node)


if __name__ == "__main__":
    main()
