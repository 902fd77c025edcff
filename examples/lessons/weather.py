"""Visitors follow a weather that no model sees: what a hidden state learns of it, and AR does not."""
import csv
import ctypes
import os
import sys

from common import LINNET, call, model, work_folder
from series import VISITORS, backtest, fit

TRAINED, LAST = 1600, 400


def columns():
    with open(VISITORS) as file:
        rows = list(csv.DictReader(file))
    return [float(r["visitors"]) for r in rows], [float(r["weather"]) for r in rows]


def solve(a, b):
    """x of a x = b for a symmetric positive definite matrix, by Gaussian elimination."""
    n = len(b)
    a = [row[:] + [value] for row, value in zip(a, b)]
    for i in range(n):
        for k in range(i + 1, n):
            factor = a[k][i] / a[i][i]
            for j in range(i, n + 1):
                a[k][j] -= factor * a[i][j]
    x = [0.0] * n
    for i in reversed(range(n)):
        x[i] = (a[i][n] - sum(a[i][j] * x[j] for j in range(i + 1, n))) / a[i][i]
    return x


def probe(features, target):
    """R² on the last days of a linear fit to the days before."""
    features = [row + [1.0] for row in features]
    n = len(features[0])
    split = len(features) - LAST
    a = [[1e-6 * (i == j) for j in range(n)] for i in range(n)]
    b = [0.0] * n
    for row, value in zip(features[:split], target[:split]):
        for i in range(n):
            b[i] += row[i] * value
            for j in range(n):
                a[i][j] += row[i] * row[j]
    weight = solve(a, b)
    seen = target[split:]
    mean = sum(seen) / len(seen)
    missed = sum((value - sum(w * f for w, f in zip(weight, row))) ** 2
                 for row, value in zip(features[split:], seen))
    return 1 - missed / sum((value - mean) ** 2 for value in seen)


def hidden_states(folder, visitors):
    """The state after each day, read from the library's memory: h stands after the 64 bytes that
    tell whose state it is (latent_ar.h says so)."""
    library = os.path.join(folder, "liblatent_ar.so")
    call(LINNET, "compile", model("models/latent_ar.lin"), "--weights",
        os.path.join(folder, "model.safetensors"), "--emit", "shared", "-o", library)
    with open(os.path.join(folder, "latent_ar.h")) as file:
        define = dict(line.split()[1:3] for line in file if line.startswith("#define LATENT_AR_S"))
    lib = ctypes.CDLL(library)
    raw = ctypes.create_string_buffer(int(define["LATENT_AR_STATE_BYTES"]) + 64)
    state = (ctypes.addressof(raw) + 63) // 64 * 64
    room = ctypes.create_string_buffer(int(define["LATENT_AR_STEP_ARENA_BYTES"]) + 64)
    arena = (ctypes.addressof(room) + 63) // 64 * 64
    lib.latent_ar_reset(ctypes.c_void_p(state))
    mean = sum(visitors[:TRAINED]) / TRAINED
    deviation = (sum((v - mean) ** 2 for v in visitors[:TRAINED]) / TRAINED) ** 0.5
    x, y = ctypes.c_float(), ctypes.c_float()
    states = []
    for value in visitors:
        x.value = (value - mean) / deviation
        lib.latent_ar_step(ctypes.byref(x), ctypes.byref(y), ctypes.c_void_p(state),
                           ctypes.c_void_p(arena))
        states.append(list((ctypes.c_float * 32).from_address(state + 64)))
    return states


def main():
    visitors, weather = columns()
    with work_folder() as folder:
        ar = model("examples/lessons/ar_visitors.lin")
        _, _, program = fit(ar, VISITORS, folder)
        ar_error = backtest(program, VISITORS, LAST)[4][0]
        answers = call("/bin/sh", "-c", "tail -n +2 '%s' | cut -d, -f2 | '%s' --follow" %
                      (VISITORS, program)).split()
        residuals = [[visitors[t] - float(answers[t - 1])] for t in range(4, len(visitors))]
        ar_probe = probe(residuals, weather[4:])
        print("AR(4):       4 days ahead rmse %.1f, weather from its residual R² %.2f" %
              (ar_error, ar_probe))
        seeds = 1 if "--one" in sys.argv else 5
        better = found = 0
        for seed in range(1, seeds + 1):
            _, _, program = fit(model("models/latent_ar.lin"), VISITORS, folder, seed)
            error = backtest(program, VISITORS, LAST)[4][0]
            r2 = probe(hidden_states(folder, visitors), weather)
            print("latent AR %d: 4 days ahead rmse %.1f, weather from its state R² %.2f" %
                  (seed, error, r2))
            better += error < ar_error
            found += r2 >= 0.5 > ar_probe
        print("latent AR is better in %d of %d, finds the weather in %d of %d" %
              (better, seeds, found, seeds))


main()
