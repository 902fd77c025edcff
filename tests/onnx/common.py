"""What the tests of the ONNX importer share: running linnet, judging its answers, the report.

A test knows linnet by its command line alone (docs/cli.md) and ONNX Runtime as the oracle, without
its optimizer: an answer is right if type and shape are equal and no element is off by more than
TOLERANCE of the largest magnitude in its tensor.
"""
import argparse
import collections
import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
import onnxruntime

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
STAND_IN = os.path.join(HERE, "stand_in.py")
TOLERANCE = 1e-4
OUTCOMES = ["pass", "wrong", "unsupported", "refused", "bug", "crash", "hang"]


# ---- linnet ------------------------------------------------------------------------------------

@dataclasses.dataclass
class Answer:
    """What a call of linnet left: `status` is None where it did not end in time."""
    status: object
    stdout: str
    stderr: str
    seconds: float

    @property
    def outcome(self):
        if self.status in (None, -signal.SIGXCPU, 128 + signal.SIGXCPU):
            return "hang"
        if self.status < 0 or self.status >= 128:
            return "crash"
        return {0: "pass", 3: "unsupported", 5: "bug"}.get(self.status, "refused")

    @property
    def message(self):
        return " ".join((self.stderr.strip() or self.stdout.strip() or "(no message)").split())


class Linnet:
    """`limit` is in seconds on the clock; `gigabytes` of address space and `seconds` of computing
    hold for each of its processes, 0 for any."""

    def __init__(self, path, limit=120.0, gigabytes=0.0, seconds=0, flags=()):
        path = os.path.abspath(path)
        self.command = [sys.executable, path] if path.endswith(".py") else [path]
        self.limit, self.gigabytes, self.seconds = limit, gigabytes, seconds
        self.flags = list(flags)  # of every `run`

    def call(self, *words, cwd=None):
        argv = self.command + [str(word) for word in words]
        limits = f"ulimit -v {int(self.gigabytes * 2**20)}; " if self.gigabytes else ""
        limits += f"ulimit -S -t {self.seconds}; " if self.seconds else ""
        if limits:
            argv = ["sh", "-c", limits + 'exec "$@"', "sh"] + argv
        start = time.monotonic()
        process = subprocess.Popen(argv, cwd=cwd, stdin=subprocess.DEVNULL, start_new_session=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            out, err = process.communicate(timeout=self.limit)
            status = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # its workers too: they are in its session
            out, err = process.communicate()
            status = None
        decode = lambda text: text.decode("utf8", "replace")
        return Answer(status, decode(out), decode(err), time.monotonic() - start)

    def run(self, model, feeds, flags=()):
        """(answer, outputs): runs a ModelProto or a path on the arrays of `feeds`, by name."""
        with tempfile.TemporaryDirectory(prefix="linnet-onnx-") as folder:
            path = model
            if isinstance(model, onnx.ModelProto):
                path = os.path.join(folder, "model.onnx")
                onnx.save(model, path)
            words = ["run", path, *self.flags, *flags]
            for i, (name, array) in enumerate(feeds.items()):
                file = os.path.join(folder, f"in{i}.npy")
                np.save(file, array, allow_pickle=False)
                words += ["--input", f"{name}={file}"]
            out = os.path.join(folder, "out")
            os.mkdir(out)
            answer = self.call(*words, "--output-dir", out, cwd=folder)
            if answer.status != 0:
                return answer, {}
            loaded = model if isinstance(model, onnx.ModelProto) else onnx.load(model)
            return answer, read_outputs(out, [value.name for value in loaded.graph.output])


def read_outputs(folder, names):
    """The arrays by name; one that is not there is left out."""
    arrays = {}
    for i, name in enumerate(names):
        for file in (f"@{i}.npy", re.sub(r"[^A-Za-z0-9_.-]", "_", name) + ".npy"):
            path = os.path.join(folder, file)
            if os.path.exists(path):
                arrays[name] = np.load(path, allow_pickle=False)
                break
    return arrays


# ---- the oracle --------------------------------------------------------------------------------

def session(model):
    """An ONNX Runtime session of the model as it is written: one thread, no optimizer."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    data = model.SerializeToString() if isinstance(model, onnx.ModelProto) else model
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def oracle(model, feeds):
    """The right outputs, by name."""
    running = session(model)
    names = [value.name for value in running.get_outputs()]
    return dict(zip(names, running.run(None, feeds)))


# ---- judging -----------------------------------------------------------------------------------

@dataclasses.dataclass
class Verdict:
    outcome: str
    worst: float = 0.0
    note: str = ""


def distance(got, want):
    """(largest difference as a part of the largest magnitude, what differs); 0 is equality."""
    if got.dtype != want.dtype:
        return np.inf, f"type {got.dtype}, not {want.dtype}"
    if got.shape != want.shape:
        return np.inf, f"shape {list(got.shape)}, not {list(want.shape)}"
    if want.size == 0:
        return 0.0, ""
    if want.dtype.kind != "f":
        differ = got != want
        return (np.inf, f"{differ.sum()} of {want.size} differ") if differ.any() else (0.0, "")
    finite = np.isfinite(want)
    special = np.where(finite, 0, want)
    if not np.array_equal(np.where(np.isfinite(got), 0, got), special, equal_nan=True):
        return np.inf, "NaN or infinity in other places"
    if not finite.any():
        return 0.0, ""
    left, right = got[finite].astype(np.float64), want[finite].astype(np.float64)
    off = np.abs(left - right) / max(np.abs(right).max(), 1e-6)
    at = int(off.argmax())
    return float(off[at]), f"{left[at]:.9g}, not {right[at]:.9g}, off by {off[at]:.1e}"


def judge(answer, got, want, tolerance=TOLERANCE):
    """The verdict on all outputs of one call."""
    if answer.outcome != "pass":
        return Verdict(answer.outcome, note=answer.message)
    worst = 0.0
    for name, right in want.items():
        if name not in got:
            return Verdict("wrong", np.inf, f"no output '{name}'")
        off, note = distance(got[name], right)
        if off > tolerance:
            return Verdict("wrong", off, f"output '{name}': {note}")
        worst = max(worst, off)
    return Verdict("pass", worst)


# ---- the report --------------------------------------------------------------------------------

def colour(text, code, stream=sys.stdout):
    plain = "NO_COLOR" in os.environ or not stream.isatty()
    return text if plain else f"\033[{code}m{text}\033[0m"


class Report:
    """Rows (group, name, verdict), a bar on a terminal while they come, one table at the end."""

    def __init__(self, title, total=0):
        self.title, self.total = title, total
        self.rows, self.start = [], time.monotonic()

    def add(self, group, name, verdict):
        self.rows.append((group, name, verdict))
        if sys.stderr.isatty():
            done = min(1.0, len(self.rows) / max(self.total, 1))
            bar = "█" * int(30 * done) + "░" * (30 - int(30 * done))
            sys.stderr.write(f"\r{self.title} {bar} {len(self.rows)}/{self.total} ")
            sys.stderr.flush()

    def clear(self):
        """Takes the bar away."""
        if sys.stderr.isatty():
            sys.stderr.write("\r\033[K")

    def count(self, outcome):
        return sum(row[2].outcome == outcome for row in self.rows)

    def finish(self, options=None, allowed_unsupported=0):
        """Prints the table, then what failed; answers the exit status."""
        self.clear()
        groups = collections.defaultdict(list)
        for group, _, verdict in self.rows:
            groups[group].append(verdict)
        print(f"{'':28}{'cases':>7}" + "".join(f"{o:>12}" for o in OUTCOMES) + f"{'worst':>10}")
        for group, verdicts in groups.items():
            count = collections.Counter(v.outcome for v in verdicts)
            worst = max((v.worst for v in verdicts if v.outcome == "pass"), default=0.0)
            print(f"{group:28}{len(verdicts):>7}" +
                  "".join(f"{count[o] or '-':>12}" for o in OUTCOMES) + f"{worst:>10.1e}")
        bad = [row for row in self.rows if row[2].outcome != "pass"]
        for group, name, verdict in bad:
            print(f"{colour(verdict.outcome, 31):12} {group} {name}: {verdict.note[:1200]}")
        fine = all(row[2].outcome == "unsupported" for row in bad)
        fine = fine and len(bad) <= allowed_unsupported and bool(self.rows)
        worst = max((v.worst for _, _, v in self.rows if v.outcome == "pass"), default=0.0)
        print(colour(f"{self.title}: {self.count('pass')} of {len(self.rows)} pass, worst "
                     f"{worst:.1e}, {time.monotonic() - self.start:.0f} s", 32 if fine else 31))
        if options is not None and options.json:
            rows = [{"group": group, "name": name, "outcome": v.outcome, "note": v.note,
                     "worst": v.worst if np.isfinite(v.worst) else None}
                    for group, name, v in self.rows]
            with open(options.json, "w", encoding="utf8") as file:
                json.dump({"test": self.title, "rows": rows}, file, indent=1)
        return 0 if fine else 1


def parser(doc):
    """The options that every test has."""
    arguments = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--linnet", default=os.path.join(ROOT, "build", "linnet"),
                           help="the command under test (default: build/linnet)")
    arguments.add_argument("--limit", type=float, default=120, help="seconds for one call")
    arguments.add_argument("--json", metavar="FILE", help="leave every row here")
    arguments.add_argument("--jobs", type=int, default=2)
    arguments.add_argument("--unsupported", type=int, default=0, metavar="N",
                           help="so many cases may be unsupported (default 0)")
    arguments.add_argument("--self-test", action="store_true",
                           help="show that this test notices wrong answers, without linnet")
    return arguments


def add_reference(arguments):
    arguments.add_argument("--reference", action="store_const", const=["--reference"], default=[],
                           help="linnet's evaluator instead of compiled code: the importer alone")


# ---- tests of the tests ------------------------------------------------------------------------

SABOTAGE = {"value": "wrong", "shape": "wrong", "dtype": "wrong", "nan": "wrong",
            "missing": "wrong", "refuse": "refused", "unsupported": "unsupported",
            "crash": "crash", "hang": "hang", "bug": "bug"}


def self_test(check, sabotage=None):
    """`check(linnet)` answers rows for the stand-in: honest, all pass; sabotaged, none does."""
    failed = 0
    for mode, outcome in {"": "pass", **(sabotage or SABOTAGE)}.items():
        os.environ["LINNET_STAND_IN"] = mode
        rows = check(Linnet(STAND_IN, limit=8 if mode == "hang" else 120))
        right = [row for row in rows if row[2].outcome == outcome]
        fine = bool(rows) and len(right) == len(rows)
        failed += not fine
        print(f"{'ok ' if fine else 'BAD'} {mode or 'honest':12} {len(right)} of {len(rows)} are "
              f"'{outcome}'")
        for row in ([] if fine else rows):
            if row[2].outcome != outcome:
                print("    ", row[1], row[2])
    del os.environ["LINNET_STAND_IN"]
    return 1 if failed else 0
