"""A worker's other end: starts it on the measuring core, reads its lines, tells it to measure."""
import os
import select
import subprocess
import time

import numpy as np

from machine import CORE

LIMIT = 120  # seconds for one line


class Failed(Exception):
    """A worker that ended, or said nothing in time."""


class Worker:
    """`first_seconds` from before the process's start to its first answer, `peak_kb` then."""

    def __init__(self, command):
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
        everywhere = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {CORE})  # which the process inherits
        start = time.perf_counter()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=environment)
        os.sched_setaffinity(0, everywhere)
        words = self.line("first")
        self.first_seconds = time.perf_counter() - start
        self.peak_kb = int(words[2])

    def line(self, begin=""):
        """The words of the next line that begins so; libraries may say things of their own."""
        while True:
            if not select.select([self.process.stdout], [], [], LIMIT)[0]:
                self.process.kill()
                self.close()
                raise Failed(f"no answer in {LIMIT} s")
            text = self.process.stdout.readline().decode("utf8", "replace")
            if not text:
                self.process.wait()
                said = self.process.stderr.read().decode("utf8", "replace").strip().splitlines()
                self.close()
                raise Failed(f"ended with status {self.process.returncode}: "
                             + (said[-1][:200] if said else "no message"))
            if text.startswith(begin) and (begin or text[0].isdigit()):
                return text.split()

    def measure(self, seconds, path):
        """(samples in ns, calls in a sample)"""
        try:
            self.process.stdin.write(f"{seconds} {path}\n".encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # `line` says how it ended
        block = int(self.line()[1])
        return np.fromfile(path, np.float64), block

    def close(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # it ended before it was told to
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()
