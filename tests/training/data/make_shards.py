#!/usr/bin/env python3
"""Writes what shards_test.cpp and sync_test.cpp compare with. Needs jax and numpy.

shards_x.npy, shards_y.npy    64 random samples
shards_initial.safetensors    where the training of tests/training/shards.lin begins
shards_loss_f64.npy           its losses in f64 by JAX: each batch in eight shards, one after the
                              other, batch_norm's statistics of each its own, dropout's masks by the
                              sample's place in the batch (Philox4x32-10, written here again)
shards_running_f64.npy        mean and variance that batch_norm ends with
sync_loss_f64.npy, sync_running_f64.npy
                              the same of the batch in one piece: batch_norm2d(sync: true)
"""
import pathlib

import jax
import numpy as np
from make_recurrent import save

jax.config.update("jax_enable_x64", True)
jnp = jax.numpy
HERE = pathlib.Path(__file__).parent
BATCH, STEPS, SEED, STREAM, DROPPED = 32, 60, 7, 0, 0.25


def philox(counter, key):
    mask, key = 0xFFFFFFFF, list(key)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = [(p1 >> 32) ^ counter[1] ^ key[0], p1 & mask,
                   (p0 >> 32) ^ counter[3] ^ key[1], p0 & mask]
        key = [(key[0] + 0x9E3779B9) & mask, (key[1] + 0xBB67AE85) & mask]
    return counter


def uniform(step, element):
    words = [philox([block, STREAM, step, 0], [SEED, 0])[element % 4]
             for block in (element // 4, element // 4 | 1 << 31)]
    return ((words[0] << 32 | words[1]) >> 11) * 2.0**-53


def loss(w, x, y, kept):
    a = jax.lax.conv_general_dilated(x, w["conv.weight"], (1, 1), "VALID")
    a = a + w["conv.bias"][:, None, None]
    mean = a.mean((0, 2, 3))
    variance = ((a - mean[:, None, None]) ** 2).mean((0, 2, 3))
    a = (a - mean[:, None, None]) / jnp.sqrt(variance + 1e-5)[:, None, None]
    a = jax.nn.relu(a * w["bn.weight"][:, None, None] + w["bn.bias"][:, None, None])
    a = jax.lax.reduce_window(a, -jnp.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
    a = a.reshape(len(x), -1) * kept / (1 - DROPPED)
    answer = a @ w["fc.weight"].T + w["fc.bias"]
    count = len(x) * 4 * 4
    return ((answer - y) ** 2).mean(), (mean, variance * count / (count - 1))


def penalty(w):
    return 2.0**-7 * (w["fc.weight"] ** 2).sum()


def tree(parts):
    """The sum of a list of shards' values: of its halves, the left one a power of two."""
    if len(parts) == 1:
        return parts[0]
    left = 1
    while 2 * left < len(parts):
        left *= 2
    return jax.tree.map(lambda a, b: a + b, tree(parts[:left]), tree(parts[left:]))


def train(name, shards):
    rng = np.random.Generator(np.random.PCG64(11))
    x, y = rng.uniform(-1, 1, (64, 1, 6, 6)), rng.uniform(-1, 1, (64, 3))
    w = {"conv.weight": rng.uniform(-0.5, 0.5, (4, 1, 3, 3)), "conv.bias": rng.uniform(-1, 1, 4),
         "bn.weight": rng.uniform(0.5, 1.5, 4), "bn.bias": rng.uniform(-0.5, 0.5, 4),
         "fc.weight": rng.uniform(-0.3, 0.3, (3, 16)), "fc.bias": rng.uniform(-0.3, 0.3, 3)}
    running = [np.zeros(4), np.ones(4)]
    np.save(HERE / "shards_x.npy", x)
    np.save(HERE / "shards_y.npy", y)
    save("shards_initial.safetensors",
         {**w, "bn.running_mean": running[0], "bn.running_var": running[1]})
    shard_step = jax.jit(jax.value_and_grad(loss, has_aux=True))
    losses, momentum = [], {k: 0 for k in w}
    for step in range(1, STEPS + 1):
        first = (step - 1) * BATCH % len(x)
        kept = np.array([uniform(step, e) >= DROPPED for e in range(BATCH * 16)], np.float64)
        kept = kept.reshape(BATCH, 16)
        parts = []
        for shard in range(shards):
            rows = slice(shard * BATCH // shards, (shard + 1) * BATCH // shards)
            of_batch = slice(first + rows.start, first + rows.stop)
            parts.append(shard_step(w, x[of_batch], y[of_batch], kept[rows]))
        (value, statistics), slopes = jax.tree.map(lambda s: s / shards, tree(parts))
        losses.append(float(value))
        running = [0.9 * old + 0.1 * new for old, new in zip(running, statistics, strict=True)]
        of_penalty = jax.grad(penalty)(w)
        for k in w:
            momentum[k] = 0.9 * momentum[k] + slopes[k] + of_penalty[k]
        w = {k: w[k] - 0.05 * momentum[k] for k in w}
    np.save(HERE / f"{name}_loss_f64.npy", np.array(losses))
    np.save(HERE / f"{name}_running_f64.npy", np.array(running))


train("shards", 8)
train("sync", 1)
