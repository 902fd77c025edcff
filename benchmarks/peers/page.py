#!/usr/bin/env python3
"""Writes docs/benchmarks.md and its pictures from results.json: page.py RESULTS.json PAGE.md"""
import json
import os
import sys

SOURCE = "Written by `{command}` (`benchmarks/peers/`); do not edit."
COMMANDS = {"own": "make bench-peers", "public": "make bench-peers SET=public"}
TITLES = {"own": "Benchmarks", "public": "Benchmarks: networks that everybody knows"}
FILES = {"own": "the same ONNX file, which `linnet export` wrote,",
         "public": "the same ONNX file (the graph of the onnx package's light model, or a recurrent "
                   "layer,\nwith random weights: `benchmarks/peers/public_models.py`)"}
ABOUT = """\
Every engine gets {file} and answers on one thread of one core in f32. It is a process of its own; they
take turns in {rounds} rounds of {seconds} s, so that whatever else the machine does meets all of them. The answers are compared before anything is measured: an
engine that is off by more than 1e-3 of the largest output is not shown. A call is from input to output in memory that stands ready. Figures of
several runs differ by some per cent, on a busy machine by more: trust the ratios, which are medians over rounds."""


def time_text(ns):
    """A time with three digits and a fitting unit."""
    if ns is None:
        return "–"
    for unit, factor in (("ns", 1), ("µs", 1e3), ("ms", 1e6)):
        if ns / factor < 999.5 or unit == "ms":
            return f"{ns / factor:.3g} {unit}" if ns / factor < 99.95 else f"{ns / factor:.0f} {unit}"
    return ""


def bytes_text(count):
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def rate_text(per_second):
    for unit, factor in ((" G", 1e9), (" M", 1e6), (" k", 1e3)):
        if per_second >= factor:
            return f"{per_second / factor:.3g}{unit}"
    return f"{per_second:.3g}"


def ratio_text(ratio):
    return f"{ratio:.2f}" if ratio >= 0.095 else f"{ratio:.1g}"


def table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def by_engine(results, cell):
    """A table of models by engines; `cell(model, engine name)` is its text or None."""
    engines = results["engines"]
    rows = [[f"`{model['name']}`"] + [cell(model, engine["name"]) or "–" for engine in engines]
            for model in results["models"]]
    return table(["model"] + [engine["label"] for engine in engines], rows)


def machine_text(results):
    machine = results["machine"]
    memory = ", ".join(f"{level} {speed:.0f}" for level, speed in machine["memory"])
    kind = " virtual machine" if machine["virtual"] else ""
    text = (f"{machine['cpu']},{kind} with {machine['cores']} cores, {machine['system']}; linnet "
            f"compiles for `{machine['target']}`. One core reaches {machine['peak_gflops']:.0f} "
            f"GFLOP/s and reads {memory} GB/s.")
    before, after = results["load_before"], results["load_after"]
    text += f" Load of the machine before and after: {before:.1f} and {after:.1f}"
    if max(before, after) > 1.5:
        text += ", so **others were at work: the tails and small differences are theirs**"
    return text + "."


def models_text(results):
    rows = [[f"`{m['name']}`", m["what"], f"{m['parameters']:,}", f"{m['multiply_adds']:,}",
             f"{max(m['difference'].values()):.0e}".replace("0e+00", "0")] for m in results["models"]]
    return table(["model", "", "parameters", "multiply-adds", "largest difference"], rows)


def latency_text(results):
    """Medians, each with linnet's ratio to it."""
    def cell(model, engine):
        row = model["latency"].get(engine)
        if not row:
            return None
        text = time_text(row["p50"])
        return text if engine == "linnet" else f"{text} · {ratio_text(row['ratio'])}"
    return by_engine(results, cell)


def tails_text(results):
    rows = []
    for model in results["models"]:
        for engine in results["engines"]:
            row = model["latency"].get(engine["name"])
            if row:
                calls = f"{row['calls']:,}"
                if row["block"] > 1:
                    calls += f" in blocks of {row['block']}"
                rows.append([f"`{model['name']}`", engine["label"], time_text(row["p50"]),
                             time_text(row["p99"]), time_text(row["p99.99"]), calls])
    return table(["model", "engine", "p50", "p99", "p99.99", "calls"], rows)


def throughput_text(results):
    def cell(model, engine):
        rate = model["throughput"].get(engine)
        if rate is None:
            return None
        text, ours = rate_text(rate), model["throughput"]["linnet"]
        return text if engine == "linnet" else f"{text} · {ratio_text(rate / ours)}"
    return by_engine(results, cell)


def missing_text(results):
    """What could not be measured, models with one reason together."""
    labels = {engine["name"]: engine["label"] for engine in results["engines"]}
    reasons = {}
    for model in results["models"]:
        for batch, key in ((1, "missing"), (model["batch"], "missing_batch")):
            for engine, reason in model[key].items():
                names = reasons.setdefault((labels[engine], batch, reason), [])
                names.append(f"`{model['name']}`")
    lines = [f"* {engine}, batch {batch}: {reason} ({', '.join(names)})"
             for (engine, batch, reason), names in reasons.items()]
    return "What could not be measured:\n\n" + "\n".join(lines) + "\n" if lines else ""


def batches_text(results):
    """Which batch the throughput is of."""
    rows = {}
    for model in results["models"]:
        rows.setdefault(model["batch"], []).append(f"`{model['name']}`")
    parts = [f"{batch} ({', '.join(names)})" for batch, names in rows.items()]
    return "at a batch of " + " and ".join(parts)


def throughput_section(results, stem):
    """Nothing where no model was measured in batches."""
    if not any(model["throughput"] for model in results["models"]):
        return ""
    return f"""## Throughput
Samples a second {batches_text(results)}; behind the dot as a part of linnet's.

![throughput]({stem}_throughput.svg)

{throughput_text(results)}

"""


def text(results, stem):
    which = results.get("set", "own")
    engines = "\n".join(f"* {e['label']} {e['version']}: {e['note']}" for e in results["engines"])
    seconds = lambda value: None if value is None else f"{value:.2g} s"
    return f"""# {TITLES[which]}
{SOURCE.format(command=COMMANDS[which])}
`benchmarks/README.md` says how to run it again.

{ABOUT.format(file=FILES[which], **results)}

{engines}

{machine_text(results)}

{models_text(results)}

## Latency, batch 1
Median of a call; behind the dot linnet's time as a part of it (under 1, linnet is faster).

![latency]({stem}_latency.svg)

{latency_text(results)}

The tails. p99.99 stands where there were 10,000 samples. Calls of less than a microsecond are timed in blocks, for the clock itself takes as long as they do:
their percentiles are those of blocks. One call does not wait for the last, so the CPU works on several of the smallest at once.

{tails_text(results)}

{throughput_section(results, stem)}## Start, memory, size
From the start of the process to its first answer, median of {results['starts']} with the files in memory; LiteRT and ncnn start Python and numpy first.

![start, memory, size]({stem}_cost.svg)

{by_engine(results, lambda m, e: time_text(m["start"][e]["ms"] * 1e6) if e in m["start"] else None)}

Largest resident memory of that process:

{by_engine(results, lambda m, e: bytes_text(m["start"][e]["peak_kb"] * 1024) if e in m["start"] else None)}

What is deployed: linnet's executable with its weights; of the others the model's file and the engine's libraries (of LiteRT and ncnn those of the
Python package, without Python; of OpenVINO core, CPU plugin, ONNX reader and TBB).

{by_engine(results, lambda m, e: bytes_text(m["deployed"][e]) if e in m["deployed"] else None)}

Ahead of deployment: `linnet compile`, and the converters of LiteRT and ncnn. The others optimise when they start, which is in the first table here.

{by_engine(results, lambda m, e: seconds(m["ahead"].get(e)))}

{missing_text(results)}""".rstrip() + "\n"


def write(results, path, pictures=True):
    stem = os.path.splitext(path)[0]
    with open(path, "w", encoding="utf8") as file:
        file.write(text(results, os.path.basename(stem)))
    if pictures:
        import plots  # needs matplotlib, which the text does not
        plots.draw(results, stem)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf8") as results_file:
        write(json.load(results_file), sys.argv[2])
