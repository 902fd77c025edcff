#!/usr/bin/env python3
"""Writes visitors.csv: visitors of a park, day by day, who follow the weather, which nobody sees.

The weather has two states. Each day it stays as it was with probability 0.97. Visitors of a day:

    v[t] = m[t] + a[t] (v[t-1] - m[t-1]) + 20 n[t],  m = 400 + 60 w,  a = 0.9 if fine, -0.7 if foul:

when it is fine people tell their friends, when it is foul a full day is followed by an empty one.
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
        fine[t] = fine[t - 1] ^ (rng.random() > 0.97)
    mean = 400 + 60 * np.where(fine, 1.0, -1.0)
    visitors = mean.copy()
    for t in range(1, DAYS):
        lag = 0.9 if fine[t] else -0.7
        visitors[t] = mean[t] + lag * (visitors[t - 1] - mean[t - 1]) + 20 * rng.standard_normal()
    rows = ["day,visitors,weather"]
    rows += [f"{t + 1},{visitors[t]:.0f},{int(fine[t])}" for t in range(DAYS)]
    target = pathlib.Path(__file__).with_name("visitors.csv")
    target.write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
