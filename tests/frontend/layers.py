#!/usr/bin/env python3
"""Writes tests/frontend/layers.txt: `python3 tests/frontend/layers.py > tests/frontend/layers.txt`.

The standard layers by the formulas of PyTorch's documentation in numpy, with loops where a loop is
plainer, and with the names and shapes of a PyTorch state_dict.
"""
import numpy as np

rng = np.random.default_rng(7)


def show(kind, values, name=""):
    print(kind, *([name] if name else []), *(repr(float(v)) for v in np.ravel(values)))


def case(name, program, inputs, slots, output):
    print("case", name)
    print("program", program)
    for x in inputs:
        show("input", x)
    for path, w in slots.items():
        show("slot", w, path)
    show("output", output)


def draw(*shape):
    return rng.uniform(-1, 1, shape)


def conv1d(x, w, b, stride, padding, dilation, groups):
    n, c, length = x.shape
    o, per, k = w.shape
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
    out = (length + 2 * padding - dilation * (k - 1) - 1) // stride + 1
    y = np.zeros((n, o, out))
    for i in np.ndindex(n, o, out):
        first = i[1] // (o // groups) * per
        for j in np.ndindex(per, k):
            y[i] += w[i[1], j[0], j[1]] * x[i[0], first + j[0], i[2] * stride + j[1] * dilation]
    return y if b is None else y + b[None, :, None]


def layer_norm(x, dims, w, b, eps):
    axes = tuple(range(x.ndim - dims, x.ndim))
    y = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)
    return y * w + b


def attention(q, k, v, heads, w_in, b_in, w_out, b_out, batch_first):
    if not batch_first:
        q, k, v = (a.transpose(1, 0, 2) for a in (q, k, v))
    e = q.shape[2]
    d = e // heads
    y = np.zeros(q.shape)
    for n in range(q.shape[0]):
        p, r, s = (a[n] @ w_in[i * e:(i + 1) * e].T + b_in[i * e:(i + 1) * e]
                   for i, a in enumerate((q, k, v)))
        for h in range(heads):
            c = slice(h * d, (h + 1) * d)
            z = np.exp(p[:, c] @ r[:, c].T / np.sqrt(d))
            y[n, :, c] = z / z.sum(1, keepdims=True) @ s[:, c]
    y = y @ w_out.T + b_out
    return y if batch_first else y.transpose(1, 0, 2)


def model(types, layer, call):
    return f"model m({types}) -> f32[...] {{ layer a = {layer}; {call} }}"


x, w, b = draw(1, 4, 7), draw(6, 2, 3), draw(6)
case("conv1d", model("x: f32[N, 4, 7]",
                     "conv1d(6, kernel_size: 3, stride: 2, padding: 2, dilation: 2, groups: 2)",
                     "a(x)"),
     [x], {"a.weight": w, "a.bias": b}, conv1d(x, w, b, 2, 2, 2, 2))
x, w = draw(1, 2, 5), draw(3, 2, 2)
case("conv1d_without_bias", model("x: f32[N, 2, 5]", "conv1d(3, kernel_size: 2, bias: false)",
                                  "a(x)"),
     [x], {"a.weight": w}, conv1d(x, w, None, 1, 0, 1, 1))
x, w, b = draw(1, 3, 4), draw(4), draw(4)
case("layer_norm", model("x: f32[N, 3, 4]", "layer_norm(4)", "a(x)"), [x],
     {"a.weight": w, "a.bias": b}, layer_norm(x, 1, w, b, 1e-5))
w, b = draw(3, 4), draw(3, 4)
case("layer_norm_of_two", model("x: f32[N, 3, 4]", "layer_norm([3, 4], eps: 0.01)", "a(x)"), [x],
     {"a.weight": w, "a.bias": b}, layer_norm(x, 2, w, b, 0.01))
case("layer_norm_plain", model("x: f32[N, 3, 4]", "layer_norm(4, elementwise_affine: false)",
                               "a(x)"), [x], {}, layer_norm(x, 1, 1, 0, 1e-5))
i, w = np.array([[4, 0, 2]]), draw(5, 3)
case("embedding", model("x: i64[N, 3]", "embedding(5, embedding_dim: 3)", "a(x)"), [i],
     {"a.weight": w}, w[i])
q, k, v = draw(1, 3, 8), draw(1, 5, 8), draw(1, 5, 8)
w = {"a.in_proj_weight": draw(24, 8), "a.in_proj_bias": draw(24), "a.out_proj.weight": draw(8, 8),
     "a.out_proj.bias": draw(8)}
case("attention_batch_first", model("q: f32[N, 3, 8], k: f32[N, 5, 8], v: f32[N, 5, 8]",
                                    "multi_head_attention(2, batch_first: true)", "a(q, k, v)"),
     [q, k, v], w, attention(q, k, v, 2, *w.values(), True))
q, k = draw(3, 2, 8), draw(4, 2, 8)
case("attention_sequence_first", model("q: f32[3, 2, 8], k: f32[4, 2, 8]",
                                       "multi_head_attention(4)", "a(q, k, k)"),
     [q, k], w, attention(q, k, k, 4, *w.values(), False))
w = {"a.in_proj_weight": draw(24, 8), "a.out_proj.weight": draw(8, 8)}
case("attention_without_bias", model("q: f32[N, 3, 8]",
                                     "multi_head_attention(2, bias: false, batch_first: true)",
                                     "a(q, q, q)"),
     [q := draw(1, 3, 8)], w,
     attention(q, q, q, 2, w["a.in_proj_weight"], np.zeros(24), w["a.out_proj.weight"], 0, True))
x, w, b = draw(1, 2, 3), draw(2, 3), draw(2)
case("linear_of_a_sequence", model("x: f32[N, 2, 3]", "linear(2)", "a(x)"), [x],
     {"a.weight": w, "a.bias": b}, x @ w.T + b)
