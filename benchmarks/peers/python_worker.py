"""python_worker.py ENGINE INPUT ANSWER MODEL DIMS: engines that PyPI has only for Python (litert, ncnn); as worker.h."""
import array
import sys
import time

import numpy as np

ENGINE, INPUT, ANSWER, MODEL, DIMS = sys.argv[1:6]
SHAPE = [int(dim) for dim in DIMS.split(",")]


def litert(x):
    from ai_edge_litert.interpreter import Interpreter
    interpreter = Interpreter(MODEL, num_threads=1)
    interpreter.allocate_tensors()
    picture = x.transpose(0, 2, 3, 1) if x.ndim == 4 else x
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"],
                           np.ascontiguousarray(picture))
    output = interpreter.get_output_details()[0]["index"]
    return interpreter.invoke, lambda result: interpreter.get_tensor(output)


def ncnn(x):
    import ncnn as engine
    net = engine.Net()
    net.opt.num_threads = 1
    net.opt.use_vulkan_compute = net.opt.use_bf16_storage = False
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    if net.load_param(MODEL) or net.load_model(MODEL.replace(".param", ".bin")):
        raise SystemExit("ncnn does not read what its converter wrote")
    mat = engine.Mat(x[0]).clone()  # the Mat of an array does not own its memory

    def call():  # an extractor keeps its answers: each call needs a new one
        extractor = net.create_extractor()
        extractor.input("in0", mat)
        return extractor.extract("out0")[1]
    return call, np.array


def peak_kb():
    with open("/proc/self/status", encoding="utf8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))


def measure(call, seconds):
    now = time.perf_counter_ns
    start, calls = now(), 0
    while calls == 0 or now() - start < 0.2e9 * seconds:
        call()
        calls += 1
    block, took = 1, (now() - start) / calls
    while took < 1000 or (block > 1 and took < 20000):
        block = 2 * block if block > 1 else 16
        start = now()
        for _ in range(block):
            call()
        took = now() - start
    samples, last = array.array("d"), now()
    end = last + seconds * 1e9
    while last < end or len(samples) < 3:
        if block == 1:
            call()
        else:
            for _ in range(block):
                call()
        time_now = now()
        samples.append((time_now - last) / block)
        last = time_now
    return samples, block


def main():
    x = np.fromfile(INPUT, np.float32).reshape(SHAPE)
    call, answer = {"litert": litert, "ncnn": ncnn}[ENGINE](x)
    y = np.asarray(answer(call()), np.float32)
    print("first", y.ravel()[0], peak_kb(), flush=True)
    y.tofile(ANSWER)
    for line in sys.stdin:
        seconds, path = line.rstrip().split(None, 1)
        samples, block = measure(call, float(seconds))
        with open(path, "wb") as file:
            samples.tofile(file)
        print(len(samples) * block, block, flush=True)


main()
