#!/usr/bin/env python3
"""Training by several processes under Open MPI and MPICH: the files are the same bit for bit for any
number of processes and threads, whatever ends a run on its way.

  mpi_test.py [--linnet PATH] [--kills N] [Class.test …]

Needs mpicc and mpirun of both (Debian's libopenmpi-dev, openmpi-bin, libmpich-dev, mpich).
"""
import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
DATA = os.path.join(ROOT, "models", "data")
MPIS = ["openmpi", "mpich"]
options = None  # set below

LENET = """model lenet(image: f32[N, 1, 28, 28]) -> logits: f32[N, 10] {
  layer conv1 = conv2d(6, kernel_size: 5, padding: 2)
  layer bn = batch_norm2d()
  layer conv2 = conv2d(16, kernel_size: 5)
  layer fc1 = linear(120)
  layer fc2 = linear(84)
  layer fc3 = linear(10)
  let features = image |> conv1 |> bn |> relu |> max_pool2d(2) |> conv2 |> relu |> max_pool2d(2)
  features |> flatten |> fc1 |> relu |> dropout(0.3) |> fc2 |> relu |> fc3
}
data lenet { image: image(color: gray, scale: 1/255); logits: classes(labels: 0..9) }
train lenet {
  loss: cross_entropy; optimizer: sgd(lr: 0.05, momentum: 0.9); clip: norm(1)
  batch: 64; shards: 8; steps: 30; validation: 10%
}
"""
MLP = """model mlp(image: f32[N, 1, 28, 28]) -> logits: f32[N, 10] {
  layer fc1 = linear(64)
  layer fc2 = linear(10)
  image |> flatten |> fc1 |> relu |> fc2
}
data mlp { image: image(color: gray, scale: 1/255); logits: classes(labels: 0..9) }
train mlp {
  loss: cross_entropy; optimizer: adam(lr: 0.001); batch: 128; shards: 8; epochs: 4
  validation: 20%; schedule: plateau(patience: 0)
}
"""
GRU = """model gru(x: f32[N, 1]) -> y: f32[N, 1] {
  state h: f32[N, 8] = zeros()
  layer cell = gru_cell(8)
  layer head = linear(1)
  let h1 = cell(x, h)
  next h = h1
  h1 |> dropout(0.25) |> head
}
data gru { x: series(column: "sunspots", mean: 0, std: 100); y: ahead(of: x, steps: 1) }
train gru {
  loss: mse + 1e-3 * sum(square(head.weight)); optimizer: adam(lr: 0.01)
  window: 6; batch: 16; shards: 8; steps: 60
}
"""
SYNCED = LENET.replace("batch_norm2d()", "batch_norm2d(sync: true)")
MODELS = {"lenet": (LENET, "digits"), "synced": (SYNCED, "digits"), "mlp": (MLP, "digits"),
          "gru": (GRU, "sunspots.csv")}


def sha256(*paths):
    digest = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            digest.update(hashlib.sha256(file.read()).digest())
    return digest.hexdigest()


def running(program):
    """Processes that run this very file."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.path.realpath(f"/proc/{pid}/exe") == program:
                found.append(int(pid))
        except OSError:
            pass
    return sorted(found)


class Mpi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="linnet-mpi-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = os.path.realpath(folder.name)
        for mpi in MPIS:
            cls.library(mpi, cls.at(f"liblinnet-mpi-{mpi}.so"))
        for name, (text, _) in MODELS.items():
            with open(cls.at(f"{name}.lin"), "w", encoding="utf8") as file:
                file.write(text)

    @classmethod
    def at(cls, name):
        return os.path.join(cls.folder, name)

    @staticmethod
    def library(mpi, to):
        subprocess.run([f"mpicc.{mpi}", "-std=c99", "-Wall", "-Wextra", "-Werror", "-O2", "-fPIC", "-shared",
                        "-I", ROOT, os.path.join(ROOT, "runtime", "mpi", "linnet_mpi.c"), "-o", to], check=True)

    @classmethod
    def trainer(cls, name, dtype="f32"):
        program = cls.at(f"{name}-{dtype}")
        if not os.path.exists(program):
            subprocess.run([options.linnet, "train", cls.at(f"{name}.lin"), "--emit", "exe", "--dtype", dtype,
                            "-o", program], check=True, env={**os.environ, "XDG_CACHE_HOME": cls.at("cache")})
        return program

    def start(self, mpi, count, *words, library=None):
        """mpirun as a user would say it; `--oversubscribe` since there are more processes than cores."""
        launcher = [f"mpirun.{mpi}", "-n", str(count)]
        if mpi == "openmpi":
            launcher += ["--oversubscribe", "--allow-run-as-root"]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("OMPI_", "PMI"))}
        environment.update(LINNET_MPI=library or self.at(f"liblinnet-mpi-{mpi}.so"), XDG_CACHE_HOME=self.at("cache"))
        return subprocess.Popen([*launcher, *words], cwd=self.folder, env=environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run_mpi(self, mpi, count, *words, library=None):
        process = self.start(mpi, count, *words, library=library)
        out, err = process.communicate(timeout=1800)
        return process.returncode, out, err

    def train_flags(self, name, to):
        return ["--data", os.path.join(DATA, MODELS[name][1]), "--quiet", "-o", self.at(to), "--log-steps",
                self.at(to + ".csv")]

    def hash_of(self, to):
        return sha256(self.at(to), self.at(to + ".ckpt"), self.at(to + ".csv"))

    def alone(self, name, dtype, to):
        subprocess.run([self.trainer(name, dtype), *self.train_flags(name, to)], check=True,
                       stdout=subprocess.DEVNULL)
        return self.hash_of(to)


class Bits(Mpi):
    """One hash of weights, checkpoint and log for all."""

    def check(self, name):
        for dtype in ("f32", "f64"):
            wanted = self.alone(name, dtype, "one")
            for mpi in MPIS:
                for count in (1, 2, 3, 4, 8):
                    for threads in (1, 2):
                        for left in ("many", "many.ckpt", "many.csv"):
                            if os.path.exists(self.at(left)):
                                os.remove(self.at(left))
                        status, _, err = self.run_mpi(mpi, count, self.trainer(name, dtype),
                                                      *self.train_flags(name, "many"), "--threads", str(threads))
                        case = f"{name} {dtype}, {mpi}, {count} processes, {threads} threads"
                        self.assertEqual(status, 0, f"{case}: {err}")
                        self.assertEqual(self.hash_of("many"), wanted, case)
            print(f"{name} {dtype}: {wanted[:16]} alone and by 20 runs of mpirun")

    def test_lenet(self):
        self.check("lenet")

    def test_synced(self):
        self.check("synced")

    def test_mlp(self):
        self.check("mlp")

    def test_gru(self):
        self.check("gru")

    def test_the_command(self):
        wanted = self.alone("lenet", "f32", "one")
        for mpi in MPIS:
            status, out, err = self.run_mpi(mpi, 3, options.linnet, "train", self.at("lenet.lin"),
                                            *self.train_flags("lenet", "many"))
            self.assertEqual(status, 0, err)
            self.assertEqual(self.hash_of("many"), wanted)
            self.assertEqual(out.count("written"), 1)


class Refusals(Mpi):
    def test_the_other_mpi(self):
        for mpi, other in (MPIS, MPIS[::-1]):
            status, _, err = self.run_mpi(mpi, 2, self.trainer("mlp"), *self.train_flags("mlp", "refused"),
                                          library=self.at(f"liblinnet-mpi-{other}.so"))
            self.assertNotEqual(status, 0)
            self.assertIn("it is not the MPI that started them; make it with that MPI's mpicc", err)
            self.assertFalse(os.path.exists(self.at("refused")))

    def test_beside_the_program(self):
        place = self.at("beside")
        os.mkdir(place)
        program = shutil.copy(self.trainer("mlp"), place)
        flags = [*self.train_flags("mlp", "w"), "--epochs", "1"]
        status, _, err = self.run_mpi("mpich", 2, "env", "-u", "LINNET_MPI", program, *flags)
        self.assertEqual(status, 4)
        self.assertIn("is neither beside the program", err)
        self.library("mpich", os.path.join(place, "liblinnet-mpi.so"))
        status, _, err = self.run_mpi("mpich", 2, "env", "-u", "LINNET_MPI", program, *flags)
        self.assertEqual(status, 0, err)

    def test_errors_end_all(self):
        for mpi in MPIS:
            status, _, err = self.run_mpi(mpi, 3, self.trainer("mlp"), "--data", "nowhere")
            self.assertEqual(status, 1)
            self.assertEqual(err.count("error: nowhere"), 1, err)
            # The disk of the first is full: the others hear of it.
            status, _, err = self.run_mpi(mpi, 3, self.trainer("mlp"), *self.train_flags("mlp", "w"), "--log-steps",
                                          "/dev/full")
            self.assertNotEqual(status, 0)
            self.assertIn("process 0 of 3: /dev/full", err)


class Faults(Mpi):
    EPOCHS = "1500"

    def whole(self):
        words = [self.trainer("mlp"), *self.train_flags("mlp", "whole"), "--epochs", self.EPOCHS]
        if not os.path.exists(self.at("whole")):
            subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        return self.hash_of("whole")

    def words(self):
        flags = [*self.train_flags("mlp", "part"), "--epochs", self.EPOCHS]
        begun = any(os.path.exists(self.at(name)) for name in ("part.ckpt", "part.ckpt.prev"))
        return [self.trainer("mlp"), *flags, *(["--resume", self.at("part")] if begun else [])]

    def start_and_wait(self, mpi, count, seconds):
        """A run that has gone on for that long since it began to train; its processes."""
        before = self.stamp()
        launcher = self.start(mpi, count, *self.words())
        while self.stamp() == before and launcher.poll() is None:
            time.sleep(0.002)
        time.sleep(seconds)
        return launcher, running(self.trainer("mlp"))

    def stamp(self):
        try:
            return os.stat(self.at("part.ckpt")).st_mtime_ns
        except FileNotFoundError:
            return 0

    def gone(self):
        """Whoever is left is ended by the launcher, a moment after it has itself."""
        until = time.monotonic() + 30
        while running(self.trainer("mlp")):
            self.assertLess(time.monotonic(), until, "processes are left over")
            time.sleep(0.01)

    def finish(self, count):
        status, _, err = self.run_mpi("openmpi", count, *self.words())
        self.assertEqual(status, 0, err)
        self.assertEqual(self.hash_of("part"), self.whole())

    def setUp(self):
        for name in ("part", "part.ckpt", "part.ckpt.prev", "part.csv"):
            if os.path.exists(self.at(name)):
                os.remove(self.at(name))

    def test_killed_often(self):
        chance = random.Random(1)
        kills = 0
        for _ in range(options.kills):
            mpi, count = chance.choice(MPIS), chance.choice((2, 3, 4, 5, 8))
            launcher, processes = self.start_and_wait(mpi, count, chance.uniform(0, 0.2))
            if launcher.poll() is None and len(processes) == count:
                os.kill(chance.choice(processes), signal.SIGKILL)
                kills += 1
            out, err = launcher.communicate(timeout=600)
            self.assertNotEqual(launcher.returncode, 0, "the run was over before it was killed")
            # MPICH may notice by a read that fails, before the launcher does.
            self.assertRegex(out + err, r"on signal 9 \(Killed\)|BAD TERMINATION")
            self.gone()
        self.assertEqual(kills, options.kills)
        self.finish(3)
        print(f"a process killed {kills} times, each time with all of them alive; the same weights")

    def test_signals(self):
        for mpi in MPIS:
            for to_launcher in (False, True):
                launcher, processes = self.start_and_wait(mpi, 3, 0.1)
                os.kill(launcher.pid if to_launcher else processes[1], signal.SIGINT)
                _, err = launcher.communicate(timeout=600)
                self.assertNotEqual(launcher.returncode, 0)
                self.assertEqual(err.count("stopped by SIG"), 1, err)
                self.gone()
        self.finish(4)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--linnet", default=os.path.join(ROOT, "build", "linnet"))
    parser.add_argument("--kills", type=int, default=30)
    options, rest = parser.parse_known_args()
    options.linnet = os.path.realpath(options.linnet)
    unittest.main(argv=[sys.argv[0], *rest])
