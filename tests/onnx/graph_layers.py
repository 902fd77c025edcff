"""Layers of random graphs: convolutions, pools, dense layers, attention, recurrent ones.

Each pattern appends some nodes to a Maker, or nothing where none fits. Shapes are worked out by
hand; ONNX Runtime refuses the model where that is wrong.
"""
import math

import numpy as np

ACTIVATIONS = ["Relu", "Relu", "Relu6", "LeakyRelu", "Sigmoid", "Tanh", "PRelu", "HardSwish",
               "Swish"]


def rank(*ranks):
    return lambda shape: len(shape) in ranks and all(shape)


# ---- ops whose form depends on the opset --------------------------------------------------------

def clip(m, x, low, high):
    shape = m.shapes[x]
    if m.opset < 11:
        return m.node("Clip", [x], shape, min=low, max=high)
    bounds = [m.constant(np.array(bound, np.float32)) for bound in (low, high)]
    return m.node("Clip", [x, *bounds], shape)


def reduce(m, op, x, axes, keep=True):
    shape = m.shapes[x]
    positive = [a % len(shape) for a in axes]
    left = [1 if i in positive else d for i, d in enumerate(shape) if keep or i not in positive]
    as_input = m.opset >= (13 if op == "ReduceSum" else 18)
    if m.opset < 11:
        axes = positive
    extra = {} if as_input else {"axes": axes}
    return m.node(op, [x] + ([m.integer(axes)] if as_input else []), left,
                  keepdims=int(keep), **extra)


def squeeze(m, op, x, axes, shape):
    if m.opset < 13:
        return m.node(op, [x], shape, axes=axes)
    return m.node(op, [x, m.integer(axes)], shape)


def slices(m, x, axes, starts, ends, steps, shape):
    if m.opset < 10:
        return m.node("Slice", [x], shape, axes=axes, starts=starts, ends=ends)
    words = [starts, ends, axes] + ([steps] if any(s != 1 for s in steps) else [])
    return m.node("Slice", [x] + [m.integer(w) for w in words], shape)


def activation(m, x, op=None):
    op, shape = op or m.rng.choice(ACTIVATIONS), m.shapes[x]
    if op == "Relu6":
        return clip(m, x, 0.0, 6.0)
    if op == "PRelu":
        slope = m.uniform([shape[1]] + [1] * (len(shape) - 2) if len(shape) > 1 else shape)
        return m.node("PRelu", [x, slope], shape)
    if op == "Swish" or (op == "HardSwish" and m.opset < 14):
        return m.node("Mul", [x, m.node("Sigmoid", [x], shape)], shape)
    return m.node(op, [x], shape)


# ---- convolutions and pools ----------------------------------------------------------------------

def convolve(m, x, same=False, out=None):
    """A Conv of rank 3 or 4; `same` keeps the shape."""
    batch, channels, *size = m.shapes[x]
    kernel = [m.rng.choice([1, 3]) if same else m.rng.randint(1, min(3, s)) for s in size]
    stride = 1 if same else m.rng.choice([1, 1, 2])
    pads = [k // 2 for k in kernel] * 2
    out = channels if same else out or m.rng.choice([4, 8, 16, 19])
    groups = 1
    if m.chance(0.3):
        groups = channels if same or m.chance(0.5) else math.gcd(channels, out)
        if not same and out % groups:
            out = channels * 2
    weight = m.weight(out, channels // groups, *kernel)
    inputs = [x, weight] + ([m.uniform([out])] if m.chance(0.6) else [])
    left = [(s + 2 * (k // 2) - k) // stride + 1 for s, k in zip(size, kernel)]
    return m.node("Conv", inputs, [batch, out, *left], kernel_shape=kernel,
                  strides=[stride] * len(size), pads=pads, group=groups)


def normalize(m, x):
    """BatchNormalization; now and then one channel has no variance, another no scale."""
    channels = m.shapes[x][1]
    scale, variance = m.np.uniform(0.5, 1.5, channels), m.np.uniform(0.5, 1.5, channels)
    if m.chance(0.2):
        variance[-1], scale[-1] = 0.0, 0.003
    if m.chance(0.1):
        scale[0] = 0.0
    single = lambda array: m.constant(array.astype(np.float32))
    return m.node("BatchNormalization", [x, single(scale), m.uniform([channels]),
                                         m.uniform([channels]), single(variance)],
                  m.shapes[x], epsilon=m.rng.choice([None, 1e-3]))


def conv_block(m):
    x = m.pick(rank(3, 4))
    if x:
        y = convolve(m, x)
        if m.chance(0.6):
            y = normalize(m, y)
        if m.chance(0.7):
            activation(m, y)


def residual(m):
    x = m.pick(rank(3, 4))
    if x:
        y = convolve(m, x, same=True)
        if m.chance(0.5):
            y = normalize(m, y)
        y = m.node("Add", [y, x] if m.chance(0.5) else [x, y], m.shapes[x])
        if m.chance(0.7):
            activation(m, y, "Relu")


def pool(m, x):
    batch, channels, *size = m.shapes[x]
    kernel = [min(m.rng.choice([2, 3]), s) for s in size]
    stride = m.rng.choice([1, 2])
    ceil = 1 if m.opset >= 10 and m.chance(0.3) else None
    round_up = math.ceil if ceil else math.floor
    left = [round_up((s - k) / stride) + 1 for s, k in zip(size, kernel)]
    return m.node(m.rng.choice(["MaxPool", "AveragePool"]), [x], [batch, channels, *left],
                  kernel_shape=kernel, strides=[stride] * len(size), ceil_mode=ceil)


def conv_pool(m):
    x = m.pick(rank(3, 4))
    if x:
        y = convolve(m, x)
        pool(m, activation(m, y) if m.chance(0.6) else y)


def head(m):
    """Global pool, flatten, Gemm: the end of every classifier."""
    x = m.pick(rank(4))
    if x:
        batch, channels = m.shapes[x][:2]
        y = m.node(m.rng.choice(["GlobalAveragePool", "GlobalMaxPool"]), [x],
                   [batch, channels, 1, 1])
        y = m.node("Flatten", [y], [batch, channels], axis=m.rng.choice([None, 1]))
        m.node("Gemm", [y, m.weight(10, channels), m.uniform([10])], [batch, 10], transB=1)


# ---- dense layers --------------------------------------------------------------------------------

def gemm(m):
    x = m.pick(rank(2))
    if not x:
        return
    turned = m.chance(0.2)
    rows, inner = reversed(m.shapes[x]) if turned else m.shapes[x]
    out, transposed = m.rng.choice([5, 16, 24]), m.chance(0.6)
    weight = m.weight(*((out, inner) if transposed else (inner, out)), fan=inner)
    inputs = [x, weight]
    if m.opset < 11 or m.chance(0.8):  # the bias broadcasts: a row, a column, one number
        inputs.append(m.uniform(m.rng.choice([[out], [out], [1, out], [rows, out], [rows, 1],
                                              [1], []])))
    y = m.node("Gemm", inputs, [rows, out], transA=int(turned) or None, transB=int(transposed),
               alpha=m.rng.choice([None, None, 0.5]), beta=m.rng.choice([None, None, 2.0]))
    if m.chance(0.7):
        activation(m, y, m.rng.choice(["Relu", "Tanh", "Sigmoid"]))


def shared_weight(m):
    """One weight read as it is and transposed, by two nodes."""
    x = m.pick(rank(2, 3))
    if x:
        *lead, inner = m.shapes[x]
        weight = m.weight(12, inner)
        turned = m.node("Transpose", [weight], [inner, 12], perm=m.rng.choice([None, [1, 0]]))
        m.hide(turned)
        y = m.node("MatMul", [x, turned], [*lead, 12])
        m.node("MatMul", [y, weight], [*lead, inner])


def gelu(m, x):
    shape, single = m.shapes[x], lambda value: m.constant(np.array(value, np.float32))
    if m.opset >= 20 and m.chance(0.5):
        return m.node("Gelu", [x], shape, approximate=m.rng.choice([None, "tanh"]))
    if m.chance(0.3):  # the tanh form
        cube = m.node("Mul", [m.node("Pow", [x, single(3.0)], shape), single(0.044715)], shape)
        inner = m.node("Mul", [m.node("Add", [x, cube], shape), single(0.7978845608)], shape)
        gate = m.node("Add", [m.node("Tanh", [inner], shape), single(1.0)], shape)
        return m.node("Mul", [m.node("Mul", [x, single(0.5)], shape), gate], shape)
    y = m.node("Erf", [m.node("Div", [x, single(math.sqrt(2))], shape)], shape)
    y = m.node("Mul", [x, m.node("Add", [y, single(1.0)], shape)], shape)
    return m.node("Mul", [y, single(0.5)], shape)


def dense_gelu(m):
    x = m.pick(rank(2, 3))
    if x:
        *lead, inner = m.shapes[x]
        out = m.rng.choice([8, 16, 20])
        y = m.node("MatMul", [x, m.weight(inner, out, fan=inner)], [*lead, out])
        bias = m.uniform(m.rng.choice([[out], [1] * len(lead) + [out], [1]]))
        y = m.node("Add", [bias, y] if m.chance(0.5) else [y, bias], m.shapes[y])
        if m.chance(0.8):
            gelu(m, y)


def attention(m):
    x = m.pick(rank(3))
    if not x or m.shapes[x][2] % 2:
        return
    batch, steps, width = m.shapes[x]
    heads = 2
    split = []
    for _ in range(3):
        y = m.node("MatMul", [x, m.weight(width, width)], [batch, steps, width])
        y = m.node("Reshape", [y, m.integer([0, 0, heads, -1])],
                   [batch, steps, heads, width // heads])
        split.append(m.node("Transpose", [y], [batch, heads, steps, width // heads],
                            perm=[0, 2, 1, 3]))
    query, key, value = split
    key = m.node("Transpose", [key], [batch, heads, width // heads, steps], perm=[0, 1, 3, 2])
    scores = m.node("MatMul", [query, key], [batch, heads, steps, steps])
    scale = m.constant(np.array(1 / math.sqrt(width // heads), np.float32))
    scores = m.node("Mul", [scores, scale], m.shapes[scores])
    y = m.node("Softmax", [scores], m.shapes[scores], axis=-1 if m.opset >= 11 else 3)
    y = m.node("MatMul", [y, value], [batch, heads, steps, width // heads])
    y = m.node("Transpose", [y], [batch, steps, heads, width // heads], perm=[0, 2, 1, 3])
    m.node("Reshape", [y, m.integer([batch, steps, width])], [batch, steps, width])


def recurrent(m):
    x = m.pick(rank(3))
    if not x or m.shapes[x][0] * m.shapes[x][1] > 40:
        return
    steps, batch, width = m.shapes[x]
    op = m.rng.choice(["GRU", "LSTM", "RNN"])
    gates, hidden = {"GRU": 3, "LSTM": 4, "RNN": 1}[op], m.rng.choice([4, 9])
    direction = m.rng.choice(["forward", "forward", "reverse", "bidirectional"])
    ways = 2 if direction == "bidirectional" else 1
    inputs = [x, m.weight(ways, gates * hidden, width, fan=width),
              m.weight(ways, gates * hidden, hidden, fan=hidden)]
    if m.chance(0.8):
        inputs.append(m.uniform([ways, 2 * gates * hidden], -0.5, 0.5))
    attributes = {"hidden_size": hidden, "direction": direction}
    if op == "GRU":
        attributes["linear_before_reset"] = m.rng.choice([0, 1])
    states = [(steps, ways, batch, hidden), (ways, batch, hidden), (ways, batch, hidden)]
    results = m.nodes_results(op, inputs, states[:3 if op == "LSTM" else 2], **attributes)
    squeeze(m, "Squeeze", results[0], [1], [steps, batch, hidden]) if ways == 1 else None
