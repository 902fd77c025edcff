#!/usr/bin/env python3
"""Writes what tests/training/recurrent_test.cpp compares with. Needs jax, numpy and onnx.

gru.safetensors, lstm.safetensors     random weights in PyTorch's names and gate order, inputs `x`
                                      [12, 3] and `y`, the hidden states of 12 steps that
                                      onnx.reference computes for GRU-14 and LSTM-14, f32
latent_ar_initial.safetensors         where the training below begins
latent_ar_loss_f64.npy                losses of 200 steps of models/latent_ar.lin with 8 hidden units
                                      in f64 by JAX: sgd(lr: 0.1), windows of 16 steps, batches of 8
                                      in file order, on sunspots / 100
"""
import csv
import json
import pathlib
import struct

import numpy as np

HERE = pathlib.Path(__file__).parent
HIDDEN, INPUTS, STEPS = 5, 3, 12


def save(name, tensors):
    header, data = {}, b""
    kinds = {np.dtype(np.float32): "F32", np.dtype(np.float64): "F64"}
    for key, value in sorted(tensors.items()):
        bytes_ = np.ascontiguousarray(value).tobytes()
        header[key] = {"dtype": kinds[value.dtype], "shape": list(value.shape),
                       "data_offsets": [len(data), len(data) + len(bytes_)]}
        data += bytes_
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    (HERE / name).write_bytes(struct.pack("<Q", len(text)) + text + data)


def cell(kind, gates, order, outputs, rng):
    """`order`: where ONNX's gates stand among PyTorch's."""
    from onnx import TensorProto, helper
    from onnx.reference import ReferenceEvaluator

    uniform = lambda *shape: rng.uniform(-0.6, 0.6, shape).astype(np.float32)
    w = {"weight_ih": uniform(gates * HIDDEN, INPUTS), "weight_hh": uniform(gates * HIDDEN, HIDDEN),
         "bias_ih": uniform(gates * HIDDEN), "bias_hh": uniform(gates * HIDDEN)}
    onnx_order = lambda a: np.concatenate([a.reshape(gates, HIDDEN, -1)[g] for g in order])[None]
    feeds = {"x": uniform(STEPS, 1, INPUTS), "w": onnx_order(w["weight_ih"]),
             "r": onnx_order(w["weight_hh"]),
             "b": np.concatenate([onnx_order(w["bias_ih"])[0, :, 0],
                                  onnx_order(w["bias_hh"])[0, :, 0]])[None]}
    extra = {"linear_before_reset": 1} if kind == "GRU" else {}
    node = helper.make_node(kind, ["x", "w", "r", "b"], ["y"] + [""] * (outputs - 1),
                            hidden_size=HIDDEN, **extra)
    values = [helper.make_tensor_value_info(k, TensorProto.FLOAT, v.shape)
              for k, v in feeds.items()]
    graph = helper.make_graph([node], kind, values, [
        helper.make_tensor_value_info("y", TensorProto.FLOAT, None)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)])
    (y,) = ReferenceEvaluator(model).run(None, feeds)
    save(kind.lower() + ".safetensors",
         {**{"cell." + k: v for k, v in w.items()}})
    np.save(HERE / f"{kind.lower()}_x.npy", feeds["x"][:, 0])
    np.save(HERE / f"{kind.lower()}_y.npy", y.reshape(STEPS, HIDDEN).astype(np.float32))


def train():
    import jax
    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp

    hidden, window, batch = 8, 16, 8
    rng = np.random.Generator(np.random.PCG64(5))
    uniform = lambda *shape: rng.uniform(-0.35, 0.35, shape)
    w = {"cell.weight_ih": uniform(3 * hidden, 1), "cell.weight_hh": uniform(3 * hidden, hidden),
         "cell.bias_ih": uniform(3 * hidden), "cell.bias_hh": uniform(3 * hidden),
         "head.weight": uniform(1, hidden), "head.bias": uniform(1)}
    save("latent_ar_initial.safetensors", w)
    root = HERE.parent.parent.parent
    with open(root / "models/data/sunspots.csv") as file:
        series = np.array([float(row["sunspots"]) for row in csv.DictReader(file)]) / 100
    count = len(series) - window
    x = np.stack([series[i:i + window] for i in range(count)])[..., None]
    y = np.stack([series[i + 1:i + window + 1] for i in range(count)])[..., None]

    def loss(w, x, y):
        h = jnp.zeros((x.shape[0], hidden))
        answers = []
        for t in range(window):
            a = x[:, t] @ w["cell.weight_ih"].T + w["cell.bias_ih"]
            b = h @ w["cell.weight_hh"].T + w["cell.bias_hh"]
            r = jax.nn.sigmoid(a[:, :hidden] + b[:, :hidden])
            z = jax.nn.sigmoid(a[:, hidden:2 * hidden] + b[:, hidden:2 * hidden])
            n = jnp.tanh(a[:, 2 * hidden:] + r * b[:, 2 * hidden:])
            h = (1 - z) * n + z * h
            answers.append(h @ w["head.weight"].T + w["head.bias"])
        return jnp.mean((jnp.stack(answers, 1) - y) ** 2)

    step = jax.jit(jax.value_and_grad(loss))
    losses = []
    each = count // batch
    for i in range(200):
        at = i % each * batch
        value, slopes = step(w, x[at:at + batch], y[at:at + batch])
        losses.append(float(value))
        w = {k: w[k] - 0.1 * slopes[k] for k in w}
    np.save(HERE / "latent_ar_loss_f64.npy", np.array(losses))


if __name__ == "__main__":
    rng = np.random.Generator(np.random.PCG64(3))
    cell("GRU", 3, [1, 0, 2], 2, rng)      # PyTorch r z n, ONNX z r h
    cell("LSTM", 4, [0, 3, 1, 2], 3, rng)  # PyTorch i f g o, ONNX i o f c
    train()
