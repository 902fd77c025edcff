"""A network that finds voice in sound, as such networks are exported: a branch for each sample rate,
states as inputs and outputs, a dimension squeezed in an If whose branches differ in rank."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HIDDEN, FRAME = 24, 512  # samples of a frame at 16 kHz; half of it at 8 kHz


def port(name, dims, dtype=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, dtype, dims)


def constant(name, array):
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(array))


def squeezed(condition_source, x, y):
    """y is x without dimension 1 if that has size 1, as torch.squeeze(x, 1) is exported."""
    then = helper.make_graph([constant(y + "_axis", np.array([1])),
                              helper.make_node("Squeeze", [x, y + "_axis"], [y + "_then"])],
                             "then", [], [port(y + "_then", ["a", "b"])])
    other = helper.make_graph([helper.make_node("Identity", [x], [y + "_else"])],
                              "else", [], [port(y + "_else", ["a", "b", "c"])])
    return [helper.make_node("Shape", [condition_source], [y + "_shape"]),
            constant(y + "_one", np.array(1)),
            helper.make_node("Gather", [y + "_shape", y + "_one"], [y + "_size"], axis=0),
            helper.make_node("Equal", [y + "_size", y + "_one"], [y + "_is_one"]),
            helper.make_node("If", [y + "_is_one"], [y], then_branch=then, else_branch=other)]


def branch(prefix, samples, random):
    """Conv, Conv, LSTM for frames of so many samples; the graph of one branch."""
    def weight(name, *shape):
        array = random.normal(0, 1 / np.sqrt(np.prod(shape[1:])), shape).astype(np.float32)
        return numpy_helper.from_array(array, prefix + name)

    n = lambda name: prefix + name
    kernel = samples // 8
    initializers = [
        weight("conv1.weight", 16, 1, kernel), weight("conv1.bias", 16),
        weight("conv2.weight", HIDDEN, 16, 3), weight("conv2.bias", HIDDEN),
        weight("lstm.w", 1, 4 * HIDDEN, HIDDEN), weight("lstm.r", 1, 4 * HIDDEN, HIDDEN),
        weight("lstm.b", 1, 8 * HIDDEN), weight("head.weight", 1, HIDDEN), weight("head.bias", 1)]
    # A frame of the other rate does not fit here.
    nodes = [constant(n("shape"), np.array([-1, 1, samples])),
             helper.make_node("Reshape", ["x", n("shape")], [n("x3")]),
             helper.make_node("Conv", [n("x3"), n("conv1.weight"), n("conv1.bias")], [n("c1")],
                              strides=[kernel // 2], kernel_shape=[kernel]),
             helper.make_node("Relu", [n("c1")], [n("r1")]),
             helper.make_node("Conv", [n("r1"), n("conv2.weight"), n("conv2.bias")], [n("c2")],
                              kernel_shape=[3], pads=[1, 1]),
             helper.make_node("Relu", [n("c2")], [n("r2")]),
             helper.make_node("Transpose", [n("r2")], [n("steps")], perm=[2, 0, 1]),
             helper.make_node("LSTM", [n("steps"), n("lstm.w"), n("lstm.r"), n("lstm.b"), "",
                                       "h", "c"], ["", n("hn"), n("cn")], hidden_size=HIDDEN),
             helper.make_node("Transpose", [n("hn")], [n("last")], perm=[1, 0, 2]),
             *squeezed(n("last"), n("last"), n("flat")),
             helper.make_node("Gemm", [n("flat"), n("head.weight"), n("head.bias")], [n("logit")],
                              transB=1),
             helper.make_node("Sigmoid", [n("logit")], [n("y")])]
    outputs = [port(n("y"), [None, 1]), port(n("hn"), [1, None, HIDDEN]),
               port(n("cn"), [1, None, HIDDEN])]
    return helper.make_graph(nodes, prefix + "branch", [], outputs, initializers)


def voice(seed=1):
    random = np.random.default_rng(seed)
    nodes = [constant("rate", np.array(16000)),
             helper.make_node("Equal", ["sr", "rate"], ["fast"]),
             helper.make_node("If", ["fast"], ["y", "hn", "cn"],
                              then_branch=branch("fast.", FRAME, random),
                              else_branch=branch("slow.", FRAME // 2, random))]
    graph = helper.make_graph(
        nodes, "voice",
        [port("x", ["batch", "samples"]), port("sr", [], TensorProto.INT64),
         port("h", [1, "batch", HIDDEN]), port("c", [1, "batch", HIDDEN])],
        [port("y", ["batch", 1]), port("hn", [1, "batch", HIDDEN]),
         port("cn", [1, "batch", HIDDEN])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model
