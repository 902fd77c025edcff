#!/usr/bin/env python3
"""ONNX's own backend tests against linnet, counted.

  backend.py [--linnet PATH] [--set SETS] [--ops OPS] [--match REGEX] [--fails]
  backend.py --adapter ort         # the same tests on onnxruntime: the figure to match
  backend.py --list                # no run: how many tests there are per op and set

What is run (--set, several may be joined by commas):
  core    one-op node tests, every op in OPS (backend_cases.py), float32 (and the integer types that
          such ops need), all shapes static, no input that decides a shape
  bind    core, and those whose shape-deciding inputs (Reshape's shape, Slice's starts, axes, ...)
          are turned into constants of the model first, as exported models have them
  expand  the `_expanded` node tests (the op written out as its function body) under bind's rules
  relevant  bind + expand: the total that linnet is measured by
  other   the ops of OPS in other types, a stretch; of which, without `_expanded`: ints (only bool,
          int8, uint8, int32, int64), double (those and float64), lowp (float16, bfloat16, ...)
  light   nine whole networks (AlexNet .. VGG19) with constant weights: that they compile and end.
          Every output value is the same (1/1000), whatever the kernels get wrong evenly
  lightrand  the six of them under 30 M parameters with seeded random weights, against onnxruntime
          without its optimizer: whole networks whose answers do show something
  conv    ONNX's pytorch-converted and pytorch-operator models (weights inside the file)
  node    every node test, whatever the op or type
Outcomes: pass, wrong (ran, but shape, type or values differ), unsupported (status 3), error
  (another status, or no output), bug (status 5), crash (died by a signal), hang (time limit).
Tolerance is the test's own (rtol 1e-3, atol 1e-7), as in onnx.backend.test.runner; `tight` counts
the passes that also hold torch.testing.assert_close's float32 default (rtol 1.3e-6, atol 1e-5).
The last line is the total. Exit 0 where pass >= --min-pass and wrong, bug, crash and hang are 0.
"""
import collections
import concurrent.futures
import json
import os
import random
import sys
import time
import warnings

import numpy as np
import onnx
import onnxruntime

import common
from backend_cases import list_sets, node_cases, select

warnings.filterwarnings("ignore")
KINDS = ["pass", "wrong", "unsupported", "error", "bug", "crash", "hang"]


# What is 0 in theory is in the expected values the rounding of sums in f32: no two programs agree on
# it, so elements may be off by a millionth of the largest.
SUMS = {"DFT", "STFT"}


class Ended(Exception):
    """The compiler gave no answer: (outcome, message)."""


# ---- adapters: case -> outputs, or Ended ---------------------------------------------------------

def run_ort(case):
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    try:
        session = onnxruntime.InferenceSession(case.model.SerializeToString(), options,
                                               providers=["CPUExecutionProvider"])
    except Exception as error:
        known = ("NOT_IMPLEMENTED", "is not a registered", "under development")
        if any(word in str(error) for word in known):
            raise Ended("unsupported", str(error)) from error
        raise
    wanted = {port.name for port in session.get_inputs()}
    return session.run(None, {name: a for name, a in case.inputs if name in wanted})


def run_linnet(linnet):
    def go(case):
        # Numbers of 16 bits are computed as f32; numpy has no file for those of bfloat16.
        feeds = {n: a.astype(np.float32) if a.dtype.name == "bfloat16" else a
                 for n, a in case.inputs}
        answer, got = linnet.run(case.model, feeds)
        if answer.outcome != "pass":
            outcome = "error" if answer.outcome == "refused" else answer.outcome
            raise Ended(outcome, f"status {answer.status}: {answer.message}")
        names = [port.name for port in case.model.graph.output]
        if missing := [name for name in names if name not in got]:
            raise Ended("error", f"no output {missing}")
        if case.op == "NonMaxSuppression":  # what is not selected are rows of -1 at the end
            rows = got[names[0]]
            got[names[0]] = rows[:len(rows) - (np.flip(rows, 0) == -1).all(1).cumprod().sum()]
        half = ("float16", "bfloat16")
        return [got[name].astype(want.dtype)
                if want.dtype.name in half and got[name].dtype == np.float32 else got[name]
                for name, want in zip(names, case.expected)]
    return go


def sabotage(kind):
    """Adapters that are wrong on purpose, for --self-test."""
    def go(case):
        outs = [np.asarray(o) for o in run_ort(case)]
        o = outs[0]
        if kind == "value":
            if o.dtype == np.bool_:
                o = ~o
            elif o.dtype.kind in "iu":
                o = o + np.array(1, o.dtype)
            else:
                o = np.where(
                np.isfinite(o),
                o *
                np.float32(1.01) +
                np.float32(1e-3),
                np.float32(0)).astype(
                o.dtype)
        elif kind == "shape":
            o = o[None]
        elif kind == "dtype":
            o = o.astype(np.float64 if o.dtype != np.float64 else np.float32)
        elif kind == "nan":
            o = np.full(o.shape, np.nan, np.float32).astype(
                o.dtype) if o.dtype.kind == "f" else o + np.array(1, o.dtype)
        elif kind == "missing":
            return outs[:-1]
        return [o] + outs[1:]
    return go


# ---- judging -----------------------------------------------------------

def close(got, want, rtol, atol):
    if isinstance(want, (list, tuple)):
        return isinstance(
        got, (list, tuple)) and len(got) == len(want) and all(
        close(
            g, w, rtol, atol) for g, w in zip(
                got, want))
    got, want = np.asarray(got), np.asarray(want)
    if got.shape != want.shape:
        return f"shape {got.shape}, not {want.shape}"
    if want.dtype == object or want.dtype.kind in "US":
        return True if (got.astype(str) == want.astype(str)).all() else "strings differ"
    if got.dtype != want.dtype:
        return f"type {got.dtype}, not {want.dtype}"
    if want.dtype.name == "bfloat16":
        rtol = max(rtol, 2 ** -6)
    if want.dtype.name not in (
    "float64",
    "complex64",
     "complex128") and want.dtype.kind not in "iub":
        got, want = got.astype(np.float32), want.astype(np.float32)
    try:
        np.testing.assert_allclose(got, want, rtol=rtol, atol=atol)
        return True
    except AssertionError:
        with np.errstate(all="ignore"):
            bad = ~np.isclose(got, want, rtol=rtol, atol=atol, equal_nan=True)
            i = tuple(int(k) for k in np.argwhere(bad)[0]) if bad.any() else ()
            return f"{int(bad.sum())} of {bad.size} differ; at {i} got {got[i]!r}, not {want[i]!r}"


def judge(case, adapter):
    """(name, op, outcome, tight, note, seconds)"""
    start = time.time()
    outcome, note, tight = "pass", "", True
    try:
        outs = adapter(case)
        if len(outs) != len(case.expected):
            outcome, note = "wrong", f"{len(outs)} outputs, not {len(case.expected)}"
        for i, (got, want) in enumerate(zip(outs, case.expected)):
            atol = case.atol
            if case.op in SUMS:
                atol = max(atol, 1e-6 * float(np.abs(want).max()))
            verdict = close(got, want, case.rtol, atol)
            if verdict is not True:
                outcome, note = "wrong", f"output {i}: {verdict}"
                break
            tight = tight and close(got, want, 1.3e-6, 1e-5) is True
    except Ended as ended:
        outcome, note = ended.args
    except Exception as error:  # whatever an adapter's library raises
        outcome, note = "error", f"{type(error).__name__}: {error}"
    return case.name, case.op, outcome, tight and outcome == "pass", note, time.time() - start


def run_all(cases, adapter, jobs=1, title=""):
    rows, bar = [], common.Report(title or "backend", len(cases))
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for row in pool.map(lambda case: judge(case, adapter), cases):
            rows.append(row)
            if title:
                bar.add(row[1], row[0], common.Verdict(row[2]))
    bar.clear()
    return rows


def table(rows, label, seconds):
    per = collections.defaultdict(collections.Counter)
    for _, op, outcome, tight, _, _ in rows:
        per[op][outcome] += 1
        per[op]["tight"] += tight
    print(f"{'op':28}{'tests':>6}" + "".join(f"{k:>12}" for k in KINDS) + f"{'tight':>8}")
    for op in sorted(per, key=str.lower):
        count = per[op]
        print(f"{op:28}{sum(count[k] for k in KINDS):>6}" +
              "".join(f"{count[k] or '-':>12}" for k in KINDS) + f"{count['tight']:>8}")
    total = collections.Counter(row[2] for row in rows)
    share = 100 * total["pass"] / max(len(rows), 1)
    line = (
        f"onnx {onnx.__version__} {label}: pass {total['pass']} of {len(rows)} ({share:.1f} %), "
        f"tight {sum(row[3] for row in rows)}, " +
        ", ".join(f"{kind} {total[kind]}" for kind in KINDS[1:]) + f"; {seconds:.0f} s")
    return line, total


# ---- the test of this test ---------------------------------------------------------------------

def self_test(jobs):
    bad = []

    def expect(what, ok, seen):
        print(f"{'ok ' if ok else 'BAD'} {what}: {seen}")
        if not ok:
            bad.append(what)

    cases = select({"relevant"}, tests=node_cases())
    rows = run_all(cases, run_ort)
    good = {row[0] for row in rows if row[2] == "pass"}
    expect("onnxruntime passes at least 95 % of the relevant set", len(good) >= 0.95 * len(rows),
           f"{len(good)} of {len(rows)}")
    passing = [case for case in cases if case.name in good]
    for kind in ("value", "shape", "dtype", "nan", "missing"):
        some = [c for c in passing if all(np.asarray(o).size for o in c.expected)]
        if kind == "nan":  # a test that expects NaN may pass with NaN
            first = [np.asarray(c.expected[0]) for c in some]
            some = [c for c, o in zip(some, first)
                    if o.dtype != np.bool_ and not (o.dtype.kind == "f" and np.isnan(o).all())]
        rows = run_all(some, sabotage(kind))
        missed = [row[0] for row in rows if row[2] != "wrong"]
        expect(f"sabotaged {kind}: every test is 'wrong'", not missed,
               f"{len(rows) - len(missed)} of {len(rows)} {missed[:5]}")
    sample = random.Random(1).sample(passing, 20)
    rows = run_all(sample, run_linnet(common.Linnet(common.STAND_IN)), jobs)
    missed = [row for row in rows if row[2] != "pass"]
    expect("by command: all of a sample pass", not missed, missed[:2] or len(rows))
    modes = {"crash": "crash", "hang": "hang", "unsupported": "unsupported", "refuse": "error",
             "accept": "error", "bug": "bug"}
    for mode, outcome in modes.items():
        os.environ["LINNET_STAND_IN"] = mode
        rows = run_all(sample[:2], run_linnet(common.Linnet(common.STAND_IN, 6)), jobs)
        del os.environ["LINNET_STAND_IN"]
        expect(f"a compiler that does '{mode}' is '{outcome}'",
               all(row[2] == outcome for row in rows), [row[2] for row in rows])
    print(f"self-test: {'all held' if not bad else 'FAILED: ' + '; '.join(bad)}")
    return 1 if bad else 0


def main():
    arguments = common.parser(__doc__)
    arguments.add_argument("--adapter", choices=["linnet", "ort"], default="linnet")
    arguments.add_argument("--set", default="relevant")
    arguments.add_argument("--ops", help="only these ops, comma-separated")
    arguments.add_argument("--match", help="only tests whose name matches")
    arguments.add_argument("--sample", type=int, help="a random part of the tests")
    arguments.add_argument("--seed", type=int, default=1, help="of the sample")
    arguments.add_argument("--min-pass", type=int, default=0)
    arguments.add_argument(
    "--fails",
    action="store_true",
     help="a line for each test that does not pass")
    arguments.add_argument("--list", action="store_true")
    options = arguments.parse_args()
    if options.list:
        return list_sets()
    if options.self_test:
        return self_test(options.jobs)
    ops = set(options.ops.split(",")) if options.ops else None
    cases = select(set(options.set.split(",")), ops, options.match)
    if options.sample and options.sample < len(cases):
        cases = random.Random(options.seed).sample(cases, options.sample)
    start = time.time()
    if options.adapter == "ort":
        rows = run_all(cases, run_ort, title="backend")
    else:
        linnet = common.Linnet(options.linnet, options.limit)
        rows = run_all(cases, run_linnet(linnet), options.jobs, "backend")
    line, total = table(rows, options.set, time.time() - start)
    severe = ("wrong", "bug", "crash", "hang")
    for name, _, outcome, _, note, _ in rows:
        if outcome in severe or (options.fails and outcome != "pass"):
            print(f"{outcome:12}{name}: {' '.join(note.split())[:200]}")
    if options.json:
        with open(options.json, "w", encoding="utf8") as file:
            json.dump([dict(zip("name op result tight note seconds".split(), r))
                      for r in rows], file)
    print(line)
    return 0 if rows and total["pass"] >= options.min_pass and not any(
        total[k] for k in severe) else 1


if __name__ == "__main__":
    sys.exit(main())
