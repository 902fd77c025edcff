#!/usr/bin/env python3
"""Training by 1 … 1,024 processes, simulated, and beside it what 1, 2 and 4 processes take here:
benchmarks/scale.py BUILD [--out F.svg]. `make bench-scale` builds what it needs.

Measures what a step takes (step_times), what messages cost (message_times), and the trainers
themselves by Open MPI and MPICH, on shared memory and, as root, between network namespaces with 1 ms
and 100 Mbit/s (link.py); keeps that in BUILD/scale/measured.json, which --measured takes instead.
Then simulates the messages that training sends (exchange_moves, simulation.py), draws them into F.svg
and prints tables. --latency and --bandwidth add a network of one's own.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import scale_measure
from simulation import Line, Network, Plan, Work, step_seconds

ROOT = Path(__file__).resolve().parent.parent
COUNTS = [1 << i for i in range(11)]
WEAK_SHARD, STRONG_SHARD, STRONG_SHARDS = 32, 8, 1024  # samples, samples, shards
NAMES = {"lenet": "LeNet", "mlp": "MLP", "resnet18": "ResNet-18", "gru": "GRU"}
MPIS = {"openmpi": "Open MPI", "mpich": "MPICH"}

# What training sends at once: of a segment, half at most.
LARGEST = 1 << 20


def line_through(points: list[tuple[int, float]]) -> Line:
    """That whose relative errors have the least squares; seconds."""
    a = b = c = d = e = 0.0
    for size, seconds in points:
        weight = 1 / seconds**2
        a, b, c = a + weight, b + weight * size, c + weight * size * size
        d, e = d + weight * seconds, e + weight * size * seconds
    per_byte = max(0.0, (a * e - b * d) / (a * c - b * b))
    return Line(max(0.0, (d - b * per_byte) / a), per_byte)


def squares(line: Line, points: list[tuple[int, float]]) -> float:
    return sum((line.of(size) / seconds - 1) ** 2 for size, seconds in points)


def network_of(messages: dict[str, Any]) -> Network:
    """Of measured messages: two lines for small and large ones, which wait for each other."""
    rows = [row for row in messages["sizes"] if row["bytes"] <= LARGEST]

    def points(key: str) -> list[tuple[int, float]]:
        return [(row["bytes"], row[key] / 1e9) for row in rows]

    half = points("half_round_ns")
    splits = [(line_through(half[:i]), line_through(half[i:]), i) for i in range(4, len(half) - 3)]
    small, large, cut = min(splits, key=lambda s: squares(s[0], half[: s[2]]) + squares(s[1], half[s[2] :]))
    send, receive = line_through(points("send_ns")), line_through(points("receive_ns"))
    send = Line(min(send.each, small.each), send.per_byte)
    receive = Line(min(receive.each, small.each - send.each), receive.per_byte)
    return Network(
        latency=small.each - send.each - receive.each,
        send=send,
        receive=receive,
        small=small.per_byte,
        large=large.per_byte,
        gap=messages["gap_ns"] / 1e9,
        waits=half[cut - 1][0],
        handshake=max(0.0, large.each - small.each),
    )


def named_network(half_round: float, bandwidth: float, host: Network | None) -> Network:
    """By half the time of a small message there and back again, in seconds, and bytes a second. What
    processes spend is that of `host`, else that of network cards which read memory by themselves."""
    send, receive = (host.send, host.receive) if host else (Line(0.3e-6, 0), Line(0.3e-6, 0))
    latency = max(0.0, half_round - send.each - receive.each)
    waits = 65536 if host else 8192
    return Network(latency, send, receive, 1 / bandwidth, 1 / bandwidth, 0, waits, 2 * half_round)


def work_of(row: dict[str, Any]) -> Work:
    told = [(ns / 1e9, begin) for ns, begin in row["told"]]
    return Work(row["shard_ns"] / 1e9, told, row["update_ns"] / 1e9, row["add_ns_per_byte"] / 1e9)


@dataclass(frozen=True)
class Case:
    """A step of `shards` shards by so many processes."""

    model: str
    samples: int  # of a shard
    shards: int
    processes: int


class Simulator:
    def __init__(self, measured: dict[str, Any], build: Path) -> None:
        self.measured, self.program = measured, build / "benchmarks" / "exchange_moves"
        self.plans: dict[tuple[int, int, int], Plan] = {}

    def block(self, model: str) -> int:
        return int(self.measured["work"][model][str(WEAK_SHARD)]["block_bytes"])

    def work(self, case: Case) -> Work:
        return work_of(self.measured["work"][case.model][str(case.samples)])

    def seconds(self, case: Case, network: Network, cores: int | None = None) -> float:
        """Of the step; on so many cores, or one for each process."""
        work = self.work(case)
        if cores is not None and case.processes > cores:
            work = work.times(case.processes / cores)
        block = self.block(case.model)
        if case.processes == 1:
            return work.alone(case.shards, block)
        key = case.shards, case.processes, block
        if key not in self.plans:
            self.plans[key] = Plan.of(self.program, *key)
        return step_seconds(self.plans[key], network, work)


def weak(model: str, processes: int, each: int = 1) -> Case:
    return Case(model, WEAK_SHARD, each * processes, processes)


def strong(model: str, processes: int) -> Case:
    return Case(model, STRONG_SHARD, STRONG_SHARDS, processes)


Task = tuple[dict[str, Any], Path, str, int, list[Network]]
# Efficiency by network, weak and strong, by model and number of processes.
Curves = dict[tuple[str, int], list[tuple[float, float]]]


def efficiencies(task: Task) -> list[tuple[float, float]]:
    measured, build, model, count, networks = task
    simulator = Simulator(measured, build)
    result = []
    for network in networks:
        each = simulator.seconds(weak(model, 1), network)
        all_of_them = simulator.seconds(Case(model, STRONG_SHARD, STRONG_SHARDS, 1), network)
        result.append(
            (
                each / simulator.seconds(weak(model, count), network),
                all_of_them / count / simulator.seconds(strong(model, count), network),
            )
        )
    return result


def draw(
    models: list[str],
    networks: list[str],
    curves: Curves,
    out: Path,
) -> None:
    """Above, efficiency with a shard of 32 samples for each process; below, speed-up of 1,024
    shards of 8."""
    sys.path.insert(0, str(ROOT / "benchmarks" / "peers"))
    import plots  # type: ignore[import-not-found]

    figure, axes = plots.plt.subplots(
        2, len(models), figsize=(11, 5), sharex=True, sharey="row", squeeze=False
    )
    colours = ["#c0392b", "#34618c", "#6b8e4e", "#b9a44c"]
    for column, model in enumerate(models):
        above, below = axes[0][column], axes[1][column]
        for i, network in enumerate(networks):
            rows = [curves[model, count][i] for count in COUNTS]
            above.plot(COUNTS, [100 * row[0] for row in rows], color=colours[i], label=network)
            speed = [count * row[1] for count, row in zip(COUNTS, rows)]
            below.plot(COUNTS, speed, color=colours[i])
        below.plot(COUNTS, COUNTS, color="#888888", linewidth=0.8, linestyle=":")
        above.set_title(NAMES[model])
        above.set_ylim(0, 105)
        below.set_xscale("log", base=2)
        below.set_yscale("log", base=2)
        below.set_xticks([1, 4, 16, 64, 256, 1024], ["1", "4", "16", "64", "256", "1,024"])
        below.set_yticks([1, 4, 16, 64, 256, 1024], ["1", "4", "16", "64", "256", "1,024"])
        below.set_ylim(0.5, 1300)
        below.set_xlabel("processes")
        for axis in (above, below):
            axis.grid(linewidth=0.4, color="#cccccc")
    axes[0][0].set_ylabel("weak: efficiency, %")
    axes[1][0].set_ylabel("strong: speed-up")
    axes[0][0].legend(ncols=len(networks), frameon=False, loc="lower left", bbox_to_anchor=(0, 1.15))
    plots.save(figure, out)


def print_curves(
    models: list[str], networks: list[str], curves: dict[tuple[str, int], list[tuple[float, float]]]
) -> None:
    shown = [16, 128, 1024]
    print("\nEfficiency in %, of " + ", ".join(f"{count:,}" for count in shown) + " processes\n")
    print("| | | " + " | ".join(networks) + " |\n|---|---|" + "---|" * len(networks))
    for model in models:
        for which, name in enumerate(("weak", "strong")):
            cells = [
                ", ".join(percent(curves[model, count][i][which]) for count in shown)
                for i in range(len(networks))
            ]
            print(f"| {NAMES[model] if which == 0 else ''} | {name} | " + " | ".join(cells) + " |")


def figure(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def percent(share: float) -> str:
    return f"{100 * share:.0f}" if share >= 0.1 else f"{100 * share:.2g}"


def print_larger(models: list[str], simulator: Simulator, name: str, network: Network) -> None:
    """What more shards in each process bring."""
    shards, processes = [1, 4, 16, 64], 64
    print(f"\nEfficiency of {processes} processes in %, {name}, by shards of {WEAK_SHARD} for each\n")
    print("| | " + " | ".join(map(str, shards)) + " |\n|---|" + "---|" * len(shards))
    for model in models:
        cells = []
        for each in shards:
            alone = simulator.seconds(weak(model, 1, each), network)
            cells.append(percent(alone / simulator.seconds(weak(model, processes, each), network)))
        print(f"| {NAMES[model]} | " + " | ".join(cells) + " |")


def print_fits(measured: dict[str, Any]) -> dict[str, Network]:
    networks = {}
    heads = ["", "L", "o, both sides", "of a byte", "G, small and large", "large above", "wait", "worst"]
    print(f"\n| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for name, messages in measured["messages"].items():
        fit = networks[name] = network_of(messages)
        worst = 0.0
        for row in messages["sizes"]:
            if row["bytes"] <= LARGEST:
                waits = row["bytes"] > fit.waits
                at = fit.latency + fit.send.each + fit.receive.each + (fit.handshake if waits else 0)
                found = at + row["bytes"] * (fit.large if waits else fit.small)
                worst = max(worst, abs(found / row["half_round_ns"] * 1e9 - 1))
        cells = [
            name,
            f"{figure(fit.latency * 1e6)} µs",
            f"{fit.send.each * 1e6:.2g}, {fit.receive.each * 1e6:.2g} µs",
            f"{fit.send.per_byte * 1e9:.2g}, {fit.receive.per_byte * 1e9:.2g} ns",
            f"{fit.small * 1e9:.2g}, {fit.large * 1e9:.2g} ns",
            f"{fit.waits:,}",
            f"{figure(fit.handshake * 1e6)} µs",
            f"{100 * worst:.0f} %",
        ]
        print(f"| {' | '.join(cells)} |")
    return networks


def print_measured(measured: dict[str, Any], simulator: Simulator, fits: dict[str, Network]) -> None:
    """Steps measured, and behind them as a part of these what the simulation says."""
    runs = {tuple(run["case"]): run["ms"] for run in measured["runs"]}
    places = list(dict.fromkeys((case[3], case[4]) for case in runs if case[4]))
    counts = [
        (place, count)
        for place in places
        for count in (2, 4)
        if any((case[3:], case[2]) == (place, count) for case in runs)
    ]
    print("\nms of a step, and simulated as a part of it\n")
    heads = [
        f"{count}, {MPIS[mpi]}{'' if place == 'memory' else ', ' + place}" for (place, mpi), count in counts
    ]
    print("| | | 1 process | " + " | ".join(heads) + " |\n|---|---|---|" + "---|" * len(heads))
    for model in measured["work"]:
        for mode in ("weak", "strong"):
            cells = []
            for (place, mpi), count in [(("memory", ""), 1), *counts]:
                ms = runs.get((model, mode, count, place, mpi))
                if ms is None:
                    cells.append("")
                    continue
                shards = count if mode == "weak" else scale_measure.STRONG_SHARDS
                case = Case(model, WEAK_SHARD if mode == "weak" else STRONG_SHARD, shards, count)
                network = fits.get(f"{mpi}, {place}") or next(iter(fits.values()))
                simulated = simulator.seconds(case, network, measured["cores"])
                cells.append(f"{figure(ms)} · {simulated * 1e3 / ms:.2f}")
            print(f"| {NAMES[model] if mode == 'weak' else ''} | {mode} | " + " | ".join(cells) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("build", type=Path)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "training_scaling.svg")
    parser.add_argument("--measured", type=Path, help="what an earlier run has measured")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--models", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--latency", type=float, help="of a network, in µs")
    parser.add_argument("--bandwidth", type=float, help="of it, in Gbit/s")
    options = parser.parse_args()
    if (options.latency is None) != (options.bandwidth is None):
        parser.error("--latency and --bandwidth make a network together")
    path = options.measured or options.build / "scale" / "measured.json"
    if not options.measured:
        scale_measure.measure(options.build, options.models, options.rounds, path)
    measured = json.loads(path.read_text())
    fits = print_fits(measured)
    tcp = next(fit for name, fit in fits.items() if name.endswith(", tcp"))
    networks = {
        "100 Mbit/s, 1 ms": named_network(1e-3, 12.5e6, tcp),
        "10 Gbit/s Ethernet, 20 µs": named_network(20e-6, 1.25e9, tcp),
        "100 Gbit/s InfiniBand, 1.5 µs": named_network(1.5e-6, 12.5e9, None),
    }
    if options.latency is not None:
        name = f"{options.bandwidth:g} Gbit/s, {options.latency:g} µs"
        networks[name] = named_network(options.latency * 1e-6, options.bandwidth / 8 * 1e9, tcp)
    models = [model for model in options.models if model in measured["work"]]
    simulator = Simulator(measured, options.build)
    print_measured(measured, simulator, fits)
    tasks = [(model, count) for count in reversed(COUNTS) for model in models]
    with Pool() as pool:
        rows = pool.map(
            efficiencies,
            [(measured, options.build, model, count, list(networks.values())) for model, count in tasks],
            chunksize=1,
        )
    curves = dict(zip(tasks, rows))
    print_curves(models, list(networks), curves)
    print_larger(models, simulator, *list(networks.items())[1])
    draw(models, list(networks), curves, options.out)


if __name__ == "__main__":
    main()
