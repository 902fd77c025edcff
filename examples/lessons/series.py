"""What series share: training a model on a CSV, its backtest, and series of our own."""
import json
import math
import os
import random

from common import LINNET, ROOT, call, train

VISITORS = os.path.join(ROOT, "models", "data", "visitors.csv")
SUNSPOTS = os.path.join(ROOT, "models", "data", "sunspots.csv")


def on_column(path, folder, column, index):
    """A copy of a model of series that reads another column."""
    with open(path) as file:
        text = file.read()
    for old in ('column: "visitors", index: "day"', 'column: "sunspots", index: "year"',
                'column: "x", index: "t"'):
        text = text.replace(old, 'column: "%s", index: "%s"' % (column, index))
    copy = os.path.join(folder, column + "_" + os.path.basename(path))
    with open(copy, "w") as file:
        file.write(text)
    return copy


def fit(path, csv, folder, seed=0, settings=()):
    """Losses of training and validation; the executable."""
    name = os.path.join(folder, "model")
    report = train(path, "--data", csv, "-o", name + ".safetensors", "--seed", str(seed), *settings)
    call(LINNET, "compile", path, "--weights", name + ".safetensors", "-o", name, *settings)
    return report["train"]["loss"], report["validation"]["loss"], name


def backtest(program, csv, last):
    """Root mean square errors by steps ahead: of the model, and of "same as last"."""
    rows = [json.loads(line)
            for line in call(program, csv, "--backtest", "--last", str(last), "--json").splitlines()]
    return {row["steps"]: (row["rmse"], row["naive_rmse"]) for row in rows}


def write_sine(path, points=1000):
    """sin(0.01 t) with normal noise of deviation 0.2, as in the textbook's chapter."""
    draw = random.Random(0)
    with open(path, "w") as file:
        file.write("t,x\n")
        for t in range(1, points + 1):
            file.write("%d,%.6f\n" % (t, math.sin(0.01 * t) + draw.gauss(0, 0.2)))
