#!/usr/bin/env python3
"""Writes visitors.csv: visitors of a park, day by day, who follow the weather, which nobody sees.

The weather has two states. Each day it stays as it was with probability 0.95. Visitors of a day:

    v[t] = 400 + 120 w[t] + 0.5 (v[t-1] - m[t-1]) + 0.2 (v[t-2] - m[t-2]) + 40 n[t],  m = 400 + 120 w,

w = +1 on a fine day and -1 on a foul one, n standard normal. The column `weather` (1 or 0) is there
to look for afterwards; no model reads it. Numbers come from numpy's PCG64 with seed 7.
"""
import pathlib

import numpy as np

DAYS = 2000


def main():
    rng = np.random.Generator(np.random.PCG64(7))
    fine = np.empty(DAYS, bool)
    fine[0] = True
    for t in range(1, DAYS):
        fine[t] = fine[t - 1] ^ (rng.random() > 0.95)
    mean = 400 + 120 * np.where(fine, 1.0, -1.0)
    visitors = mean.copy()
    for t in range(2, DAYS):
        lags = 0.5 * (visitors[t - 1] - mean[t - 1]) + 0.2 * (visitors[t - 2] - mean[t - 2])
        visitors[t] = mean[t] + lags + 40 * rng.standard_normal()
    rows = ["day,visitors,weather"]
    rows += [f"{t + 1},{visitors[t]:.0f},{int(fine[t])}" for t in range(DAYS)]
    target = pathlib.Path(__file__).with_name("visitors.csv")
    target.write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
