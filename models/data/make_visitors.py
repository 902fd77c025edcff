#!/usr/bin/env python3
"""Writes visitors.csv: visitors of a park, day by day, who follow the weather, which nobody sees.

The weather has two states. Each day it stays as it was with probability 0.98. The visitors of a day
depart from 400 by d, and how d goes on depends on the weather:

    fine    d[t] = 0.95 d[t-1] + 20 n[t]                                  a slow trend
    foul    d[t] = 2 r cos(2 pi / 7) d[t-1] - r^2 d[t-2] + 20 n[t]        waves of a week

with r = 0.97 and n standard normal. The column `weather` (1 or 0) is there
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
        fine[t] = fine[t - 1] ^ (rng.random() > 0.98)
    departs = np.zeros(DAYS)
    wave = 2 * 0.97 * np.cos(2 * np.pi / 7), -(0.97**2)
    for t in range(2, DAYS):
        lag1, lag2 = (0.95, 0.0) if fine[t] else wave
        departs[t] = lag1 * departs[t - 1] + lag2 * departs[t - 2] + 20 * rng.standard_normal()
    visitors = 400 + departs
    rows = ["day,visitors,weather"]
    rows += [f"{t + 1},{visitors[t]:.0f},{int(fine[t])}" for t in range(DAYS)]
    target = pathlib.Path(__file__).with_name("visitors.csv")
    target.write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
