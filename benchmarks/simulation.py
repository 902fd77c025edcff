#!/usr/bin/env python3
"""A step of training by processes, simulated message by message: simulation.py --self-test.

Messages and additions are those of the plan that training goes by (`exchange_moves`); what each
costs is LogGP's: latency L, overhead o and gap g of a message, gap G of a byte (Alexandrov, Ionescu,
Schauser and Scheiman 1995), and as LogGPS adds, a size from which on a message waits until it is
received (Ino, Fujimoto and Hagihara 2001).
"""

import argparse
import heapq
import json
import subprocess
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Line:
    """Seconds of a message: the first of each, the second of each byte."""

    each: float
    per_byte: float

    def of(self, size: int) -> float:
        return self.each + self.per_byte * size


@dataclass(frozen=True)
class Network:
    """What a message costs. The link of a process carries one message at a time in each direction."""

    latency: float  # L
    send: Line  # o, of a process that sends; it works on nothing else
    receive: Line  # of one that receives, when it looks
    small: float  # G: seconds of a byte on the link
    large: float  # of messages that wait
    gap: float = 0.0  # g: a message takes its link so long at least
    waits: int = 1 << 62  # larger messages begin when they are received, and …
    handshake: float = 0.0  # … so much later

    def on_link(self, size: int) -> float:
        return max(self.gap, size * (self.large if size > self.waits else self.small))


@dataclass(frozen=True)
class Work:
    """What a process does in a step beside messages."""

    shard: float  # seconds of a shard's kernels
    told: list[tuple[float, int]]  # in it: from which byte on the block is final
    update: float
    add_per_byte: float

    def times(self, slower: float) -> "Work":
        """On a core that it has but in part."""
        told = [(seconds * slower, begin) for seconds, begin in self.told]
        return Work(self.shard * slower, told, self.update * slower, self.add_per_byte * slower)

    def alone(self, shards: int, block: int) -> float:
        """The step of one process."""
        return shards * self.shard + (shards - 1) * block * self.add_per_byte + self.update


@dataclass
class Level:
    """What a process does at a level of a segment's plan."""

    sends: list[tuple[int, int, int]] = field(default_factory=list)  # to, bytes, its level
    receives: int = 0
    works_on: int = 0  # bytes that are added or copied without a message


@dataclass
class Plan:
    """The messages of a step. Levels by size of a segment and process."""

    shards: list[int]  # by process
    bounds: list[int]  # of the segments
    levels: dict[int, list[list[Level]]]
    up_levels: dict[int, int]

    @staticmethod
    def read(printed: dict[str, Any]) -> "Plan":
        plan = Plan(printed["shards"], printed["bounds"], {}, {})
        for size, processes in printed["plans"].items():
            plan.levels[int(size)] = linked([moves["up"] + moves["down"] for moves in processes])
            plan.up_levels[int(size)] = len(processes[0]["up"])
        return plan

    @staticmethod
    def of(program: Path, shards: int, processes: int, block: int) -> "Plan":
        words = [str(program), str(shards), str(processes), str(block)]
        return Plan.read(json.loads(subprocess.run(words, check=True, capture_output=True).stdout))

    def sent(self) -> int:
        """Bytes that the busiest process sends."""
        sizes = [end - begin for begin, end in zip(self.bounds, self.bounds[1:])]
        return max(
            sum(
                size
                for segment in sizes
                for level in self.levels[segment][process]
                for _, size, _ in level.sends
            )
            for process in range(len(self.shards))
        )


def linked(processes: list[list[list[list[int]]]]) -> list[list[Level]]:
    """Of moves [kind, peer, begin, end]. Messages between two processes meet in their order."""
    add, send, receive, copy = range(4)
    expected: dict[tuple[int, int], list[int]] = defaultdict(list)
    for process, levels in enumerate(processes):
        for number, moves in enumerate(levels):
            for kind, peer, _, _ in moves:
                if kind == receive:
                    expected[peer, process].append(number)
    result = []
    for process, levels in enumerate(processes):
        sent: dict[int, int] = defaultdict(int)
        result.append([Level() for _ in levels])
        for level, moves in zip(result[-1], levels):
            for kind, peer, begin, end in moves:
                if kind == send:
                    level.sends.append((peer, end - begin, expected[process, peer][sent[peer]]))
                    sent[peer] += 1
                level.receives += kind == receive
                level.works_on += end - begin if kind in (add, copy) else 0
    return result


class Process:
    """Where a process stands in the step."""

    def __init__(self, segments: int) -> None:
        self.clock = 0.0  # it is at work until then
        self.told = 0  # how many of the times in its last shard are over
        self.behind = False  # its last kernel
        self.left = segments  # that are not on their way yet: the first ones
        self.under_way = segments  # that are not done
        self.level = [-1] * segments
        self.waiting = [0] * segments  # for so many messages of the level
        self.since = [0.0] * segments  # when it began to
        self.inbox: list[tuple[float, int, int]] = []  # when, segment, bytes (0: one has left)
        self.link_out = self.link_in = 0.0


class Step:
    """All processes begin at 0; run() tells when the last one has updated its parameters."""

    def __init__(self, plan: Plan, network: Network, work: Work, late: bool = False) -> None:
        self.plan, self.network, self.work, self.late = plan, network, work, late
        self.sizes = [end - begin for begin, end in zip(plan.bounds, plan.bounds[1:])]
        self.processes = [Process(len(self.sizes)) for _ in plan.shards]
        self.events: list[tuple[float, int]] = []  # when which process looks after messages
        # What reaches a process before it is at that level, by process, segment and level.
        self.early: dict[tuple[int, int, int], list[tuple[float, int]]] = defaultdict(list)
        self.held: dict[tuple[int, int, int], list[tuple[float, int, int]]] = defaultdict(list)

    def run(self) -> float:
        for number, shards in enumerate(self.plan.shards):
            before = (shards - 1) * self.work.shard
            first = self.work.told[0][0] if self.work.told else self.work.shard
            heapq.heappush(self.events, (before + first, number))
        while self.events:
            when, number = heapq.heappop(self.events)
            process = self.processes[number]
            if not process.behind:
                process.clock = when
                self.look_between_kernels(number, process)
            else:
                self.pass_messages(number, process, when)
        assert all(process.under_way == 0 for process in self.processes)
        return max(process.clock for process in self.processes) + self.work.update

    def look_between_kernels(self, number: int, process: Process) -> None:
        told = self.work.told
        if process.told < len(told):
            begun, final = told[process.told]
            while not self.late and process.left > 1 and self.plan.bounds[process.left - 1] >= final:
                self.begin(number, process)
            self.pass_messages(number, process, process.clock)
            process.told += 1
            more = process.told < len(told)
            until = told[process.told][0] if more else self.work.shard
            heapq.heappush(self.events, (process.clock + until - begun, number))
            return
        process.behind = True
        while process.left > 0:
            self.begin(number, process)
        self.pass_messages(number, process, process.clock)
        for when, _, _ in process.inbox:
            heapq.heappush(self.events, (when, number))

    def begin(self, number: int, process: Process) -> None:
        """The next segment goes on its way."""
        process.left -= 1
        added = (self.plan.shards[number] - 1) * self.sizes[process.left]
        process.clock += added * self.work.add_per_byte
        self.next_level(number, process, process.left)

    def next_level(self, number: int, process: Process, segment: int) -> None:
        levels = self.plan.levels[self.sizes[segment]][number]
        while True:
            process.level[segment] += 1
            if process.level[segment] == len(levels):
                process.under_way -= 1
                return
            level = levels[process.level[segment]]
            process.clock += level.works_on * self.work.add_per_byte
            if not level.sends and not level.receives:
                continue
            process.since[segment] = process.clock
            process.waiting[segment] = level.receives + len(level.sends)
            key = number, segment, process.level[segment]
            for when, size in self.early.pop(key, ()):
                self.deliver(number, process, when, segment, size)
            for when, sender, size in self.held.pop(key, ()):
                start = max(when, process.clock) + self.network.handshake
                self.transfer(sender, number, segment, key[2], size, start)
            for peer, size, its_level in level.sends:
                self.send(number, peer, segment, its_level, size)
            return

    def send(self, number: int, peer: int, segment: int, its_level: int, size: int) -> None:
        process, other = self.processes[number], self.processes[peer]
        start = process.clock + self.network.send.each
        process.clock += self.network.send.of(size)
        if size > self.network.waits:
            if other.level[segment] != its_level:
                self.held[peer, segment, its_level].append((start, number, size))
                return
            start = max(start, other.since[segment]) + self.network.handshake
        self.transfer(number, peer, segment, its_level, size, start)

    def transfer(self, number: int, peer: int, segment: int, its_level: int, size: int, start: float) -> None:
        process, other = self.processes[number], self.processes[peer]
        on_link = self.network.on_link(size)
        process.link_out = max(start, process.link_out) + on_link
        arrives = max(process.link_out + self.network.latency, other.link_in + on_link)
        other.link_in = arrives
        self.deliver(number, process, process.link_out, segment, 0)
        if other.level[segment] == its_level:
            self.deliver(peer, other, arrives, segment, size)
        else:
            self.early[peer, segment, its_level].append((arrives, size))

    def deliver(self, number: int, process: Process, when: float, segment: int, size: int) -> None:
        heapq.heappush(process.inbox, (when, segment, size))
        if process.behind:
            heapq.heappush(self.events, (when, number))

    def pass_messages(self, number: int, process: Process, now: float) -> None:
        """What has come or left until now, and while it is looked after."""
        inbox, receive = process.inbox, self.network.receive
        while inbox and inbox[0][0] <= max(now, process.clock):
            when, segment, size = heapq.heappop(inbox)
            if size > 0:
                works = receive.per_byte * size
                if process.behind:  # it works on a message while that comes
                    process.clock = max(when, process.clock + works)
                else:
                    process.clock += works
                process.clock += receive.each
                if process.level[segment] < self.plan.up_levels[self.sizes[segment]]:
                    process.clock += size * self.work.add_per_byte
            process.waiting[segment] -= 1
            if process.waiting[segment] == 0:
                process.clock = max(process.clock, when)
                self.next_level(number, process, segment)


def step_seconds(plan: Plan, network: Network, work: Work, late: bool = False) -> float:
    return Step(plan, network, work, late).run()


def close(found: float, expected: float) -> None:
    assert abs(found - expected) < 1e-12, (found, expected)


def self_test() -> None:
    """Against times that can be written down."""
    add, send, receive, copy = range(4)
    network = Network(1e-3, Line(1e-5, 1e-9), Line(2e-5, 2e-9), 1e-7, 2e-7, gap=1e-6)
    work = Work(0.1, [], 0.02, 1e-8)
    o_send, o_receive, size = 1e-5, 2e-5, 6400
    # Two processes, one segment: process 1 sends its block, gets back the sum.
    pair = [
        {"up": [[], [[receive, 1, 0, size]]], "down": [[], [[send, 1, 0, size]]]},
        {"up": [[], [[send, 0, 0, size]]], "down": [[], [[receive, 0, 0, size]]]},
    ]
    plan = Plan.read({"shards": [1, 1], "bounds": [0, size], "plans": {str(size): pair}})
    one_way = o_send + size * 1e-7 + 1e-3 + o_receive
    close(step_seconds(plan, network, work), 0.1 + 2 * one_way + size * 1e-8 + 0.02)
    assert plan.sent() == size
    # Two shards in each: twice the kernels, and an addition of one's own.
    twice = Plan.read({"shards": [2, 2], "bounds": [0, size], "plans": {str(size): pair}})
    close(step_seconds(twice, network, work), 0.2 + 2 * one_way + 2 * size * 1e-8 + 0.02)
    # Messages that wait until they are received.
    waiting = replace(network, waits=1000, handshake=2e-3)
    one_way_waiting = one_way + size * 1e-7 + 2e-3
    # The answer's receiver is ready when its own message has left, before the answer is sent.
    close(step_seconds(plan, waiting, work), 0.1 + 2 * one_way_waiting + size * 1e-8 + 0.02)
    # Halves: each adds one of them, all at the same time on links of two directions.
    half = size // 2
    halves = [
        {
            "up": [[], [[receive, 1 - mine, mine * half, (mine + 1) * half], [send, 1 - mine, 0, half]]],
            "down": [[[copy, -1, 0, 0]], [[send, 1 - mine, 0, half], [receive, 1 - mine, 0, half]]],
        }
        for mine in range(2)
    ]
    plan = Plan.read({"shards": [1, 1], "bounds": [0, size], "plans": {str(size): halves}})
    one_way = o_send + half * 1e-7 + 1e-3 + o_receive
    close(step_seconds(plan, network, work), 0.1 + 2 * one_way + half * 1e-8 + 0.02)
    # Two segments, the second one final long before the last kernel: the first alone is left.
    plan = Plan.read({"shards": [1, 1], "bounds": [0, size, 2 * size], "plans": {str(size): pair}})
    told = [(0.02, size), (0.04, size), (0.06, size)]
    early = Work(0.1, told, 0.02, 1e-8)
    one_way = o_send + size * 1e-7 + 1e-3 + o_receive
    found = step_seconds(plan, network, early)
    # Of the second one process 1 sends and receives between kernels, which makes it late by so much.
    between = o_send + size * 1e-9 + o_receive + size * 2e-9
    close(found, 0.1 + between + 2 * one_way + size * 1e-8 + 0.02)
    assert step_seconds(plan, network, early, late=True) > found
    # Half a core for each.
    slow = Work(0.1, [], 0.02, 1e-8).times(2)
    close(slow.alone(3, size), 0.6 + 2 * size * 2e-8 + 0.04)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--self-test", action="store_true", required=True)
    parser.parse_args()
    self_test()
    print("simulation.py: its times are those written down")


if __name__ == "__main__":
    main()
