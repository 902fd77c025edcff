#!/usr/bin/env python3
"""Instructions that models' kernels take on AArch64: counted one by one under qemu, and timed for
three CPUs by llvm-mca. No time can be measured without such a machine.

  instructions.py --linnet build/linnet [--json] [-- further arguments of `linnet compile`]

Needs qemu-user-static, g++-aarch64-linux-gnu and llvm-22-tools (cmake/setup.sh test)."""
import argparse
import collections
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LLVM = Path("/usr/lib/llvm-22/bin")
CPUS = ("cortex-a72", "cortex-a76", "neoverse-n1")
LANES = 4
MODELS = {"lenet": ["--weights", ROOT / "models/data/lenet.safetensors"],
          "mlp": ["--weights", ROOT / "models/data/mlp.safetensors"]}
PROGRAM = """#include "net.h"
static float input[%d], output[%d];
static _Alignas(64) unsigned char arena[NET_ARENA_BYTES + 1];
int main(void) {
  for (int i = 0; i < %d; ++i) input[i] = (float)(i %% 17) / 17;
  return net_run(input, output, arena);
}
"""


def run(*command, folder=None):
    done = subprocess.run([str(word) for word in command], cwd=folder, text=True,
                          capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{command[0]} ended with status {done.returncode}: {done.stderr}")
    return done.stdout


def size(port):
    count = 1
    for dim in port["shape"]:
        count *= dim
    return count


def instructions(program):
    """{address: (mnemonic, operands)} of the program's functions net_*."""
    found = {}
    function = ""
    for line in run(LLVM / "llvm-objdump", "-d", "--no-show-raw-insn", program).splitlines():
        if heading := re.match(r"[0-9a-f]+ <(.*)>:", line):
            function = heading[1]
        elif function.startswith("net_") and (
                at := re.match(r"\s*([0-9a-f]+):\s+(\S+)\s*(.*)", line)):
            found[int(at[1], 16)] = (at[2], at[3])
    return found


def executed(folder, program):
    """{function: {address: times}}: qemu takes one instruction at a time and logs each."""
    run("qemu-aarch64-static", "-singlestep", "-d", "exec,nochain", "-D", folder / "log", program)
    counts = collections.defaultdict(collections.Counter)
    with open(folder / "log", encoding="ascii") as log:
        for line in log:
            if step := re.match(r"Trace \d+: \S+ \[\w+/(\w+)/\w+/\w+\] net_(\w+)", line):
                counts[step[2]][int(step[1], 16)] += 1
    return counts


def hot_loop(counts, code):
    """Addresses of the innermost loop that takes most instructions: a backward branch and its
    target, between which each runs as often."""
    best, best_total = [], 0
    for address, times in counts.items():
        mnemonic, operands = code[address]
        target = re.search(r"0x([0-9a-f]+)", operands)
        if not mnemonic.startswith(("b.", "cbnz", "tbnz", "tbz", "cbz")) or not target:
            continue
        body = [a for a in range(int(target[1], 16), address + 4, 4) if a in counts]
        if len(body) * 4 != address + 4 - int(target[1], 16):
            continue
        if len({counts[a] for a in body}) == 1 and len(body) * times > best_total:
            best, best_total = body, len(body) * times
    return best


def cycles(body, code):
    """{CPU: cycles of one turn of the loop} as llvm-mca models them."""
    text = "".join("{} {}\n".format(code[a][0], re.sub(r"0x[0-9a-f]+ <.*>", "label", code[a][1]))
                   .replace("//", "@//").split("@")[0] + "\n" for a in body)
    result = {}
    for cpu in CPUS:
        command = [LLVM / "llvm-mca", "-mtriple=aarch64-linux-gnu", f"-mcpu={cpu}",
                   "-iterations=100"]
        done = subprocess.run([str(word) for word in command], input="label:\n" + text, text=True,
                              capture_output=True, check=False)
        total = re.search(r"Total Cycles:\s+(\d+)", done.stdout)
        if not total:
            sys.exit(f"llvm-mca: {done.stderr}")
        result[cpu] = int(total[1]) / 100
    return result


def is_fma(code):
    return code[0] in ("fmla", "fmls") and ".4s" in code[1]


def measure(linnet, model, arguments):
    """A row for each kernel of the model."""
    path = ROOT / f"models/{model}.lin"
    about = json.loads(run(linnet, "check", path, "--json"))
    work = {layer["layer"]: layer["multiply_adds"] for layer in about["layers"]
            if layer["multiply_adds"]}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(linnet, "compile", path, *MODELS[model], "--target", "aarch64", "--emit", "lib",
            "--name", "net", "--debug-symbols", "-o", folder / "net.a", *arguments)
        inputs = size(about["inputs"][0])
        (folder / "main.c").write_text(PROGRAM % (inputs, size(about["outputs"][0]), inputs))
        program = folder / "program"
        run("aarch64-linux-gnu-gcc", "-static", "-O1", "main.c", "net.a", "-o", program,
            folder=folder)
        code = instructions(program)
        rows = []
        for kernel, counts in executed(folder, program).items():
            layer = next((layer for layer in work if kernel.split("_")[0] == layer), None)
            if not layer:
                continue
            total = sum(counts.values())
            fmas = sum(times for address, times in counts.items() if is_fma(code[address]))
            body = hot_loop(counts, code)
            in_loop = sum(is_fma(code[a]) for a in body)
            loads = sum(code[a][0].startswith("ld") for a in body)
            rows.append({"model": model, "kernel": kernel, "multiply_adds": work[layer],
                         "instructions": total, "fmas": fmas,
                         "of_ideal": total / (work[layer] / LANES), "per_fma": total / fmas,
                         "loop": {"instructions": len(body), "fmas": in_loop, "loads": loads},
                         "cycles_per_fma": {cpu: count / in_loop if in_loop else None
                                            for cpu, count in cycles(body, code).items()}})
        return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--linnet", default=ROOT / "build/linnet", type=Path)
    parser.add_argument("--model", choices=MODELS, action="append")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("compile", nargs="*", help="arguments of linnet compile, behind --")
    options = parser.parse_args()
    rows = [row for model in options.model or MODELS
            for row in measure(options.linnet.resolve(), model, options.compile)]
    if options.json:
        print(json.dumps(rows, indent=1))
        return
    print("| kernel | multiply-adds | instructions | ÷ (multiply-adds ÷ 4) | ÷ FMAs | "
          "the loop: instructions, FMAs, loads | cycles per FMA: " + ", ".join(CPUS) + " |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        loop = row["loop"]
        print("| {model} {kernel} | {multiply_adds:,} | {instructions:,} | {of_ideal:.2f} | "
              "{per_fma:.2f} | ".format(**row) +
              "{instructions}, {fmas}, {loads} | ".format(**loop) +
              ", ".join("–" if c is None else f"{c:.2f}" for c in row["cycles_per_fma"].values()) +
              " |")


if __name__ == "__main__":
    main()
