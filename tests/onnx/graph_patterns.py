"""The patterns of random graphs besides the layers: elementwise, norms, reductions, moved data."""
import math

import numpy as np

from graph_layers import (activation, attention, clip, conv_block, conv_pool, convolve, dense_gelu,
                          gemm, head, rank, recurrent, reduce, residual, shared_weight, slices,
                          squeeze)

SMOOTH = ["Relu", "LeakyRelu", "Elu", "Selu", "Sigmoid", "Tanh", "HardSigmoid", "Softplus",
          "Softsign", "Abs", "Neg", "Erf", "Identity"]


# ---- elementwise, norms, softmax, reductions -----------------------------------------------------

def other_operand(m, shape):
    """A value or a constant that broadcasts to `shape`, well suited or not."""
    fits = lambda s: len(s) <= len(shape) and all(
        a in (1, b) for a, b in zip(reversed(s), reversed(shape)))
    if m.chance(0.4):
        return m.pick(fits)
    forms = [[], [1], list(shape), [shape[-1]] if shape else [],
             [d if m.chance(0.5) else 1 for d in shape]]
    if len(shape) > 2:
        forms.append([shape[1]] + [1] * (len(shape) - 2))
    return m.uniform(m.rng.choice(forms), 0.5, 1.5)


def elementwise(m):
    y = m.pick()
    for _ in range(m.rng.randint(2, 5)):
        shape = m.shapes[y]
        kind = m.rng.random()
        if kind < 0.5:
            y = m.node(m.rng.choice(SMOOTH), [y], shape)
        elif kind < 0.8:
            other = other_operand(m, shape)
            pair = [y, other] if m.chance(0.5) else [other, y]
            y = m.node(m.rng.choice(["Add", "Sub", "Mul", "Max", "Min"]), pair, shape)
        elif kind < 0.9:
            y = m.node("Div", [y, m.uniform(m.rng.choice([[], shape[-1:]]), 0.5, 2)], shape)
        else:
            y = clip(m, y, -1.0, 1.0)


def guarded(m):
    """Functions that need a guard: exp of a bounded value, log and roots of a positive one."""
    x = m.pick()
    shape, op = m.shapes[x], m.rng.choice(["Exp", "Log", "Sqrt", "Pow", "Reciprocal"])
    if op == "Exp":
        m.node("Exp", [m.node("Tanh", [x], shape)], shape)
        return
    half = m.constant(np.array(0.5, np.float32))
    y = m.node("Add", [m.node("Abs", [x], shape), half], shape)
    m.node(op, [y, m.constant(np.array(m.rng.choice([0.5, 2.0, -1.0, 1.5]), np.float32))]
           if op == "Pow" else [y], shape)


def layer_norm(m):
    x = m.pick(lambda shape: len(shape) >= 2 and shape[-1] >= 8)
    if not x:
        return
    shape, width = m.shapes[x], m.shapes[x][-1]
    if m.opset >= 17 and m.chance(0.5):
        inputs = [x, m.uniform([width], 0.5, 1.5)] + ([m.uniform([width])] if m.chance(0.7) else [])
        m.node("LayerNormalization", inputs, shape, axis=m.rng.choice([None, -1]))
        return
    centred = m.node("Sub", [x, reduce(m, "ReduceMean", x, [-1])], shape)
    square = m.node("Pow", [centred, m.constant(np.array(2, np.float32))], shape) \
        if m.chance(0.5) else m.node("Mul", [centred, centred], shape)
    variance = reduce(m, "ReduceMean", square, [-1])
    one = m.shapes[variance]
    epsilon = m.constant(np.array(1e-3, np.float32))
    root = m.node("Sqrt", [m.node("Add", [variance, epsilon], one)], one)
    y = m.node("Div", [centred, root], shape)
    y = m.node("Mul", [y, m.uniform([width], 0.5, 1.5)], shape)
    m.node("Add", [y, m.uniform([width])], shape)


def instance_norm(m):
    x = m.pick(lambda s: len(s) in (3, 4) and np.prod(s[2:]) >= 12)
    if x:
        channels = m.shapes[x][1]
        m.node("InstanceNormalization", [x, m.uniform([channels], 0.5, 1.5), m.uniform([channels])],
               m.shapes[x], epsilon=1e-3)


def softmax(m):
    x = m.pick(rank(2, 3, 4))
    if x:
        axis = m.rng.choice([None, 1, len(m.shapes[x]) - 1])
        m.node(m.rng.choice(["Softmax", "Softmax", "LogSoftmax"]), [x], m.shapes[x], axis=axis)


def reduction(m):
    x = m.pick(rank(2, 3, 4))
    if x:
        n = len(m.shapes[x])
        axes = sorted(m.rng.sample(range(n), m.rng.randint(1, 2)))
        if m.chance(0.4):
            axes = [a - n for a in axes]
        op = m.rng.choice(["ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL1",
                           "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp"])
        reduce(m, op, x, axes, m.chance(0.5))


def arg_max(m):
    x = m.pick(rank(2, 3))
    if x and not m.integers:
        shape, axis = list(m.shapes[x]), m.rng.randint(0, len(m.shapes[x]) - 1)
        shape[axis] = 1
        m.integers.append(m.hide(m.node("ArgMax", [x], shape, axis=axis, keepdims=1)))


# ---- moving data ---------------------------------------------------------------------------------

def transpose(m):
    x = m.pick(rank(2, 3, 4))
    if x:
        perm = m.rng.sample(range(len(m.shapes[x])), len(m.shapes[x]))
        y = m.node("Transpose", [x], [m.shapes[x][p] for p in perm], perm=perm)
        if m.chance(0.4):  # and back
            back = [perm.index(i) for i in range(len(perm))]
            m.node("Transpose", [y], m.shapes[x], perm=back)


def concat(m):
    x = m.pick(rank(2, 3, 4))
    if x:
        shape = m.shapes[x]
        axis = m.rng.randrange(len(shape))
        like = lambda s: len(s) == len(shape) and all(
            a == b for i, (a, b) in enumerate(zip(s, shape)) if i != axis)
        others = [m.pick(like) if m.chance(0.8) else m.uniform(shape)
                  for _ in range(m.rng.randint(1, 2))]
        total = shape[axis] + sum(m.shapes[o][axis] for o in others)
        given = axis - len(shape) if m.opset >= 11 and m.chance(0.3) else axis
        m.node("Concat", [x, *others], shape[:axis] + (total,) + shape[axis + 1:], axis=given)


def split(m):
    x = m.pick(lambda s: len(s) in (2, 3, 4) and max(s) >= 4)
    if not x:
        return
    shape = list(m.shapes[x])
    axis = shape.index(max(shape))
    first = shape[axis] // 2
    sizes = [first, shape[axis] - first]
    shapes = [shape[:axis] + [s] + shape[axis + 1:] for s in sizes]
    if m.opset < 13:
        parts = m.nodes_results("Split", [x], shapes, axis=axis, split=sizes)
    elif m.opset >= 18 and sizes[0] == sizes[1] and m.chance(0.5):
        parts = m.nodes_results("Split", [x], shapes, axis=axis, num_outputs=2)
    else:
        parts = m.nodes_results("Split", [x, m.integer(sizes)], shapes, axis=axis)
    if sizes[0] == sizes[1] and m.chance(0.5):  # a gated linear unit
        m.node("Mul", [parts[0], m.node("Sigmoid", [parts[1]], shapes[1])], shapes[0])


def slice_some(m):
    x = m.pick(lambda s: len(s) >= 2 and max(s) >= 4)
    if not x:
        return
    shape = list(m.shapes[x])
    axis = shape.index(max(shape))
    extent = shape[axis]
    step = m.rng.choice([1, 1, 2, -1]) if m.opset >= 10 else 1
    start, end = (m.rng.randint(0, 1), m.rng.choice([extent, extent - 1, 2**31 - 1, -1]))
    if step < 0:
        start, end = -1, -(2**31)
    shape[axis] = len(range(extent)[start:end:step] if step > 0 else range(extent)[::step])
    slices(m, x, [axis], [start], [end], [step], shape)


def reshape(m):
    x = m.pick(rank(2, 3, 4))
    if not x:
        return
    shape = list(m.shapes[x])
    forms = [([0, -1], [shape[0], math.prod(shape[1:])]), ([-1], [math.prod(shape)])]
    if len(shape) > 2:
        forms.append(([0, 0, -1], shape[:2] + [math.prod(shape[2:])]))
    if len(shape) == 2 and shape[1] % 4 == 0:
        forms.append(([shape[0], 4, -1], [shape[0], 4, shape[1] // 4]))
    words, left = m.rng.choice(forms)
    m.node("Reshape", [x, m.integer(words)], left)


def shape_algebra(m):
    """Flatten as exporters write it: Shape, Gather (or Slice), Concat, Reshape."""
    x = m.pick(rank(3, 4))
    if not x:
        return
    shape = m.shapes[x]
    whole = m.hide(m.node("Shape", [x], [len(shape)]))
    if m.chance(0.5):
        lead = m.hide(m.node("Gather", [whole, m.constant(np.array(0, np.int64))], [], axis=0))
        lead = m.hide(squeeze(m, "Unsqueeze", lead, [0], [1]))
    else:
        lead = m.hide(slices(m, whole, [0], [0], [1], [1], [1]))
    if m.chance(0.5):
        rest = m.integer([-1])
    else:  # the product of the other extents
        some = m.hide(slices(m, whole, [0], [1], [len(shape)], [1], [len(shape) - 1]))
        some = m.hide(m.node("Cast", [some], [len(shape) - 1], to=1))
        rest = m.hide(m.node("ReduceProd", [some], [1], keepdims=1))
        rest = m.hide(m.node("Cast", [rest], [1], to=7))
    words = m.hide(m.node("Concat", [lead, rest], [2], axis=0))
    m.node("Reshape", [x, words], [shape[0], math.prod(shape[1:])])


def squeezing(m):
    x = m.pick(rank(2, 3))
    if x:
        axis = m.rng.randint(0, len(m.shapes[x]))
        shape = list(m.shapes[x])
        shape.insert(axis, 1)
        y = squeeze(m, "Unsqueeze", x, [axis], shape)
        if m.chance(0.4):
            y = activation(m, y, "Relu")
            squeeze(m, "Squeeze", y, [axis], m.shapes[x])


def pad(m):
    x = m.pick(rank(3, 4))
    if not x:
        return
    n = len(m.shapes[x])
    pads = [0, 0] + [m.rng.randint(0, 2) for _ in range(n - 2)]
    pads += [0, 0] + [m.rng.randint(0, 2) for _ in range(n - 2)]
    left = [d + pads[i] + pads[i + n] for i, d in enumerate(m.shapes[x])]
    mode = m.rng.choice(["constant", "edge", "reflect"])
    if mode == "reflect" and min(m.shapes[x][2:]) < 4:
        mode = "edge"
    if m.opset < 11:
        y = m.node("Pad", [x], left, pads=pads, mode=mode)
    else:
        y = m.node("Pad", [x, m.integer(pads)], left, mode=mode)
    if m.chance(0.5):
        convolve(m, y)


def gather(m):
    x = m.pick(rank(2, 3, 4))
    if x:
        shape = list(m.shapes[x])
        axis = m.rng.randrange(len(shape))
        low = -shape[axis] if m.opset >= 11 else 0
        places = [m.rng.randint(low, shape[axis] - 1) for _ in range(m.rng.randint(1, 4))]
        if m.chance(0.4):
            m.node("Gather", [x, m.constant(np.array(places[0], np.int64))],
                   shape[:axis] + shape[axis + 1:], axis=axis)
        else:
            m.node("Gather", [x, m.integer(places)],
                   shape[:axis] + [len(places)] + shape[axis + 1:],
                   axis=axis)


def embedding(m):
    if len(m.feeds) < 4:
        tokens = m.np.integers(0, 11, (1, 6)).astype(m.rng.choice([np.int64, np.int32]))
        m.node("Gather", [m.weight(11, 8, fan=1), m.input((1, 6), tokens)], [1, 6, 8])


def where(m):
    x = m.pick()
    shape = m.shapes[x]
    test = m.hide(m.node(m.rng.choice(["Greater", "Less"]), [x, m.uniform([1], -0.2, 0.2)],
                         shape or [1]))
    m.node("Where", [test, x, m.uniform([1])] if m.chance(0.5) else [test, m.uniform([1]), x],
           shape or [1])


def enlarge(m):
    x = m.pick(rank(4))
    if not x:
        return
    batch, channels, height, width = m.shapes[x]
    if m.opset >= 13 and m.chance(0.6) and height * width < 120:
        scales = m.constant(np.array([1, 1, 2, 2], np.float32))
        m.node("Resize", [x, "", scales], [batch, channels, 2 * height, 2 * width],
               mode=m.rng.choice(["nearest", "linear"]),
               coordinate_transformation_mode=m.rng.choice(["asymmetric", "half_pixel"]))
    elif channels % 4 == 0:
        m.node("DepthToSpace", [x], [batch, channels // 4, 2 * height, 2 * width], blocksize=2)
    elif height % 2 == 0 and width % 2 == 0:
        m.node("SpaceToDepth", [x], [batch, channels * 4, height // 2, width // 2], blocksize=2)


def expand(m):
    x = m.pick(rank(2, 3))
    if x:
        shape = list(m.shapes[x])
        if m.chance(0.5):
            m.node("Expand", [x, m.integer([2] + [1] * len(shape))], [2] + shape)
        else:
            m.node("Tile", [x, m.integer([2] + [1] * (len(shape) - 1))], [2 * shape[0]] + shape[1:])


def dropout(m):
    x = m.pick()
    if m.opset < 12:
        m.node("Dropout", [x], m.shapes[x], ratio=0.5)
    else:
        m.node("Dropout", [x, m.constant(np.array(0.5, np.float32))], m.shapes[x])


def variadic(m):
    x = m.pick()
    same = lambda shape: shape == m.shapes[x]
    inputs = [x] + [m.pick(same) for _ in range(m.rng.randint(0, 2))]
    m.node(m.rng.choice(["Sum", "Mean", "Max", "Min"]), inputs, m.shapes[x])


PATTERNS = ([conv_block] * 4 + [residual] * 3 + [conv_pool] * 3 + [gemm] * 4 + [dense_gelu] * 4
            + [elementwise] * 5 + [layer_norm] * 2 + [softmax] * 2 + [reduction] * 2
            + [shape_algebra] * 2 + [concat] * 2 + [split] * 2
            + [head, shared_weight, attention, recurrent, guarded, instance_norm, arg_max,
               transpose, slice_some, reshape, squeezing, pad, gather, embedding, where, enlarge,
               expand, dropout, variadic])
