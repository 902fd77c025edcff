#!/usr/bin/env python3
"""linnet beside other engines: one core, one run, taking turns, the same weights, answers compared.

  bench_peers.py [--build DIR] [--set public] [--quick] [--models REGEX] [--engines REGEX]
                 [--page F.md]

benchmarks/peers/run.sh calls it in an environment that has the engines. For each model every
engine is a process of its own on one core; they take turns in rounds, so that whatever else the
machine does meets all of them. Leaves results.json in --work and writes the page from it.
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time

import numpy as np

import machine
import page
from engines import Refused, engines
from models import MODELS, PUBLIC, ROOT, export, weights
from worker import Failed, Worker

TOLERANCE = 1e-3  # of the largest magnitude; beyond it an engine computes something else


def say(text):
    print(text, file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", help="where linnet is (default: build)")
    parser.add_argument("--work", help="for what is made on the way (default: BUILD/bench-peers)")
    parser.add_argument("--quick", action="store_true",
                        help="five models, few rounds: two minutes; the page goes to --work")
    parser.add_argument("--set", default="own", choices=["own", "public"],
                        help="models of linnet's, or networks that everybody knows (docs/"
                             "benchmarks_public.md)")
    parser.add_argument("--models", default="", help="those whose name matches")
    parser.add_argument("--engines", default="", help="those whose name matches, besides linnet")
    parser.add_argument("--rounds", type=int, help="turns of each engine (default 10, quick 4)")
    parser.add_argument("--seconds", type=float, help="of a turn (default 0.5, quick 0.15)")
    parser.add_argument("--starts", type=int, help="cold starts (default 9, quick 3)")
    parser.add_argument("--page", help="the page (default docs/benchmarks.md)")
    parser.add_argument("--no-pictures", action="store_true", help="the page's text alone")
    options = parser.parse_args()
    options.work = os.path.abspath(options.work or os.path.join(options.build, "bench-peers"))
    quick = options.quick
    options.rounds = options.rounds or (4 if quick else 10)
    options.seconds = options.seconds or (0.15 if quick else 0.5)
    options.starts = options.starts or (3 if quick else 9)
    folder = options.work if quick else os.path.join(ROOT, "docs")
    name = "benchmarks.md" if options.set == "own" else "benchmarks_public.md"
    options.page = options.page or os.path.join(folder, name)
    return options


# ---- measuring

def turns(ready, rounds, seconds, folder):
    """{engine: [samples of each round, ns]}, {engine: calls in a sample}."""
    workers, samples, blocks = {}, {}, {}
    try:
        for name, item in ready.items():
            workers[name] = Worker(item.command)
        for _ in range(rounds):
            for name, worker in workers.items():
                got, blocks[name] = worker.measure(seconds, os.path.join(folder, "samples"))
                samples.setdefault(name, []).append(got)
    finally:
        for worker in workers.values():
            worker.close()
    return samples, blocks


def percentile(samples, share):
    """None where too few samples lie beyond it."""
    if len(samples) * (1 - share) < 1:
        return None
    return float(np.quantile(samples, share))


def latency(ready, options, folder):
    samples, blocks = turns(ready, options.rounds, options.seconds, folder)
    middles = {name: [float(np.median(turn)) for turn in rows] for name, rows in samples.items()}
    result = {}
    for name, rows in samples.items():
        every = np.concatenate(rows)
        ratios = [ours / theirs for ours, theirs in zip(middles["linnet"], middles[name])]
        result[name] = {"p50": float(np.median(every)), "p99": percentile(every, 0.99),
                        "p99.99": percentile(every, 0.9999), "block": blocks[name],
                        "calls": len(every) * blocks[name], "ratio": statistics.median(ratios)}
    return result


def starts(ready, count):
    """{engine: (ms from the process's start to its first answer, kB at most resident)}"""
    rows = {name: [] for name in ready}
    for turn in range(count + 1):  # the first one brings the files into memory
        for name, item in ready.items():
            worker = Worker(item.command)
            worker.close()
            if turn:
                rows[name].append((1e3 * worker.first_seconds, worker.peak_kb))
    return {name: {"ms": statistics.median(row[0] for row in turns_),
                   "peak_kb": statistics.median(row[1] for row in turns_)}
            for name, turns_ in rows.items()}


# ---- what there is to measure

def compare(case, ready, missing):
    """{engine: largest difference to ONNX Runtime's answer, or else linnet's, as a part of the
    largest magnitude}; takes out who does not answer, or answers something else."""
    answers, differences = {}, {}
    for name, item in list(ready.items()):
        try:
            Worker(item.command).close()
            answers[name] = np.fromfile(os.path.join(case.folder, name + ".answer"), np.float32)
        except (Failed, OSError) as error:
            missing[name] = str(error)
            del ready[name]
    right = answers.get("onnxruntime", answers.get("linnet"))
    for name, answer in answers.items():
        fits = answer.shape == right.shape and np.isfinite(answer).all()
        off = float(np.abs(answer - right).max() / np.abs(right).max()) if fits else np.inf
        differences[name] = off
        if off > TOLERANCE:
            missing[name] = f"another answer, off by {off:.0e} of the largest"
            del ready[name]
    return differences


def prepare(case, chosen):
    """({engine: Ready}, {engine: why not}, {engine: difference})"""
    ready, missing = {}, {}
    for engine in chosen:
        try:
            ready[engine.name] = engine.ready(case)
        except Refused as reason:
            missing[engine.name] = str(reason)
    differences = compare(case, ready, missing)
    for name, reason in missing.items():
        say(f"  {case.model.name}, batch {case.batch}: {name}: {reason}")
    if "linnet" not in ready:
        raise SystemExit(f"bench-peers: linnet has no answer to compare: {missing['linnet']}")
    return ready, missing, differences


def counts(case, linnet):
    report = json.loads(subprocess.run([linnet, "check", case.source[0], "--json"], check=True,
                                       capture_output=True, text=True).stdout)
    return report["parameters"], report["multiply_adds"]


def measure(one, many, chosen, linnet, options):
    """The record of one model."""
    model = one.model
    ready, missing, differences = prepare(one, chosen)
    record = {"name": model.name, "what": model.what, "batch": model.batch, "missing": missing}
    record["parameters"], record["multiply_adds"] = counts(one, linnet)
    record["difference"] = differences
    record["deployed"] = {name: item.deployed for name, item in ready.items()}
    record["ahead"] = {name: item.ahead for name, item in ready.items()}
    record["latency"] = latency(ready, options, one.folder)
    record["start"] = starts(ready, options.starts)
    record["missing_batch"], record["throughput"] = {}, {}
    if many is not one:
        ready, record["missing_batch"], _ = prepare(many, chosen)
        samples, _ = turns(ready, max(options.rounds // 2, 2), options.seconds, many.folder)
        record["throughput"] = {name: 1e9 * model.batch / float(np.median(np.concatenate(rows)))
                                for name, rows in samples.items()}
    fastest = min((row["p50"], name) for name, row in record["latency"].items())
    say(f"  {model.name}: linnet {record['latency']['linnet']['p50'] / 1e3:.3f} µs, "
        f"fastest {fastest[1]} {fastest[0] / 1e3:.3f} µs")
    return record


def main():
    options = arguments()
    os.makedirs(options.work, exist_ok=True)
    linnet = os.path.abspath(os.path.join(options.build, "linnet"))
    known = MODELS if options.set == "own" else PUBLIC
    models = [m for m in known if re.search(options.models, m.name)
              and (m.quick or not options.quick or options.models)]
    chosen = [e for e in engines(options.work, linnet)
              if e.name == "linnet" or re.search(options.engines, e.name)]
    if not os.path.exists(linnet):
        raise SystemExit(f"bench-peers: there is no {linnet}; run `make build`")
    if not models:
        raise SystemExit(f"bench-peers: no model matches '{options.models}'; there are "
                         + ", ".join(m.name for m in known))
    start = time.monotonic()
    results = {"set": options.set, "machine": machine.describe(linnet),
               "load_before": os.getloadavg()[0],
               "rounds": options.rounds, "seconds": options.seconds, "starts": options.starts,
               "engines": [{"name": e.name, "label": e.label, "version": e.version,
                            "note": e.note} for e in chosen], "models": []}
    say("bench-peers: exporting and converting the models")
    files = {m.name: weights(m, linnet, options.work) for m in models}
    cases = {(m.name, b): export(m, b, linnet, options.work, files[m.name])
             for m in models for b in {1, m.batch}}
    for engine in chosen:
        engine.prepare(list(cases.values()))
    say(f"bench-peers: measuring, on core {machine.CORE}")
    for model in models:
        one, many = cases[model.name, 1], cases[model.name, model.batch]
        results["models"].append(measure(one, many, chosen, linnet, options))
    results["load_after"] = os.getloadavg()[0]
    file_name = "results.json" if options.set == "own" else "results_public.json"
    with open(os.path.join(options.work, file_name), "w", encoding="utf8") as file:
        json.dump(results, file, indent=1)
    page.write(results, options.page, not options.no_pictures)
    say(f"bench-peers: {time.monotonic() - start:.0f} s, {options.page}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Failed, subprocess.CalledProcessError) as error:
        sys.exit(f"bench-peers: {error}")
