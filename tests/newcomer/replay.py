#!/usr/bin/env python3
"""Three newcomers at work, in an empty folder: a student (pictures, lessons, mistakes), an engineer
(a model, a C program, a CMake project, ONNX) and a compiler engineer (passes, schedules, dumps).

Prints each command and what a person sees, shortened, and checks exit status and essential lines.

  replay.py --linnet build/linnet [--only WORD] [--keep DIR]
"""
import argparse
import json
import os
import pathlib
import pty
import re
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SHOWN_LINES, SHOWN_COLUMNS = 7, 150


class Replay:
    def __init__(self, linnet, folder, only):
        self.folder, self.only = folder, only
        self.done = self.failed = 0
        (folder / "bin").mkdir()
        (folder / "bin/linnet").symlink_to(linnet.resolve())
        self.work = folder / "work"
        self.work.mkdir()
        (folder / "cache").mkdir()
        self.environment = dict(
            os.environ, PATH=f"{folder}/bin:{os.environ['PATH']}", S=str(SOURCE), HOME=str(folder),
            M=str(SOURCE / "models"), D=str(SOURCE / "models/data"), BUILD=str(linnet.resolve().parent),
            XDG_CACHE_HOME=str(folder / "cache"), LC_ALL="C.UTF-8", NO_COLOR="1")

    def person(self, name):
        print(f"\n=== {name}\n", flush=True)

    def write(self, name, text):
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def text(self, name):
        path = self.work / name
        return path.read_text(encoding="utf-8") if path.exists() else f"(no file {name})"

    def task(self, title, command, *expected, status=0, refuse=(), terminal=False, check=None):
        """One task: `expected` are regular expressions that the output must hold, `refuse` those
        it must not; check(output) returns what is wrong with it, or ""."""
        if self.only and self.only not in title and self.only not in command:
            return
        self.done += 1
        print(f"-- {title}\n$ {command}", flush=True)
        code, output = self.in_terminal(command) if terminal else self.piped(command)
        lines = output.splitlines()
        shown = lines if len(lines) <= SHOWN_LINES else lines[:3] + [f"… {len(lines) - 6} lines"] + lines[-3:]
        for line in shown:
            print("  " + (line if len(line) <= SHOWN_COLUMNS else line[:SHOWN_COLUMNS - 1] + "…"))
        wrong = [f"exit status {code} instead of {status}"] if code != status else []
        wrong += [f"not printed: {e}" for e in expected if not re.search(e, output, re.MULTILINE)]
        wrong += [f"printed: {e}" for e in refuse if re.search(e, output, re.MULTILINE)]
        if not wrong and check:
            found = check(output)
            wrong += [found] if found else []
        if wrong:
            self.failed += 1
            print("  FAILED: " + "; ".join(wrong))
            if len(shown) < len(lines):
                print("  the whole output:\n    " + "\n    ".join(lines))

    def piped(self, command):
        done = subprocess.run(["bash", "-c", command], cwd=self.work, env=self.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=300)
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def in_terminal(self, command):
        """The same with a terminal of 100 columns as standard output and error."""
        master, slave = pty.openpty()
        environment = dict(self.environment, TERM="xterm", COLUMNS="100")
        process = subprocess.Popen(["bash", "-c", command], cwd=self.work, env=environment,
                                   stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        output = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            output += piece
        os.close(master)
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", output.decode("utf-8", "replace"))
        return process.wait(), "\n".join(line.split("\r")[-1] for line in text.replace("\r\n", "\n").split("\n"))


def model(body, data="", train="", head="model m(x: f32[N, 4]) -> y: f32[N, 2]"):
    text = head + " {\n" + "".join(f"  {line}\n" for line in body) + "}\n"
    text += f"data m {{ {data} }}\n" if data else ""
    return text + (f"train m {{ {train} }}\n" if train else "")


def student(r):
    r.person("The student")
    r.task("begins alone (§2.6)", "linnet", r"Usage: linnet COMMAND", r"evaluate", r"Example:")
    r.task("asks for help (§2.6)", "linnet help train", r"Usage: linnet train MODEL", r"--data PATH", r"default: 0",
           r"Example:")
    r.task("begins a model from a template (§2.9)", "linnet new series s",
           r"linnet train s/model\.lin .*\n +linnet compile s/model\.lin .*\n +s/forecast s/data\.csv")
    r.task("trains without -o (§2.1)", "cd s && linnet train model.lin --data data.csv --quiet",
           r"^train +loss", r"^validation +loss", r"^kept +epoch \d+ of 100", r"^written +series\.safetensors")
    r.task("compiles and runs it (§2.9)",
           "cd s && linnet compile model.lin --weights series.safetensors -o forecast && ./forecast data.csv --steps 3",
           r"^120 ", r"^122 ")
    r.task("measures it (§2.2)", "cd s && linnet evaluate model.lin --weights series.safetensors --data data.csv",
           r"loss \d", r"naive rmse")
    r.task("the template of a table (§2.9)",
           "linnet new table t && cd t && linnet train model.lin --data data.csv --epochs 5 --quiet && "
           "linnet evaluate model.lin --weights table.safetensors --data data.csv",
           r"accuracy", r"confusion matrix", r"precision +recall +f1-score +support")

    r.task("checks LeNet", "linnet check $M/lenet.lin", r"^out +logits +f32\[1,10\]", r"conv1 .*5×5", r"of weights$")
    r.task("trains LeNet for an epoch", "linnet train $M/lenet.lin --data $D/digits --epochs 1 -o l.safetensors",
           r"epoch 1/1  lr .* loss .* accuracy .* samples/s", r"^test .*interval")
    r.task("compiles LeNet, on a terminal (§2.1)", "linnet compile $M/lenet.lin --weights $D/lenet.safetensors",
           r"lenet .*(kB|MB|bytes).*(x86-64|znver|native).* s", terminal=True)
    r.task("recognises a digit", "./lenet $D/digits/3.png", r"3\.png  3  100\.0 %")
    r.task("recognises all test digits", "./lenet $D/digits/t10k-images-idx3-ubyte",
           r"357 of 360 right, accuracy 99\.17 %")
    r.task("a folder of classes (§1.6)",
           "mkdir -p cls/{0,1,2} && cp $D/digits/0.png cls/0 && cp $D/digits/1.png cls/1 && "
           "cp $D/digits/2.png cls/2 && ./lenet cls", r"3 of 3 right, accuracy 100\.00 %")
    r.task("an empty folder (§1.6)", "mkdir empty && ./lenet empty", r"error: .*empty", status=1)
    r.task("evaluates LeNet (§2.2)",
           "linnet evaluate $M/lenet.lin --weights $D/lenet.safetensors --data $D/digits --plot cm.svg",
           r"accuracy 99\.17 % \(357 of 360; 95 % interval", r"confusion matrix",
           check=lambda _: "" if "<svg" in r.text("cm.svg") else "no picture")
    r.task("the program evaluates too (§2.2)", "./lenet --evaluate $D/digits --json", r'"accuracy": ?0\.99')
    r.task("looks at outputs of run (§2.1)",
           "python3 - <<'E'\nimport numpy; numpy.save('z.npy', numpy.zeros((1, 1, 28, 28), 'f'))\nE\n"
           "linnet run $M/lenet.lin --weights $D/lenet.safetensors --input image=z.npy",
           r"^logits  f32\[1, 10\]", r"argmax +\d+ +[\d.]+ %|argmax.* \d +[\d.]+ %")

    r.write("wrong/red/1.png", "")
    r.piped("mkdir -p wrong/{red,green} && cp $D/digits/0.png wrong/red/1.png && cp $D/digits/1.png wrong/green/1.png")
    r.write("c.lin", model(["image |> flatten |> linear2"], head="model m(image: f32[N, 1, 28, 28]) -> y: f32[N, 2]",
                           data='image: image(color: gray); y: classes(labels: ["red", "blue"])',
                           train="loss: cross_entropy; optimizer: sgd(lr: 0.1); batch: 1; epochs: 1")
            .replace("linear2", "fc").replace("{\n  image", "{\n  layer fc = linear(2)\n  image"))
    r.task("class names that do not fit the folders (§1.3)", "linnet train c.lin --data wrong",
           r"error: .*green", r"blue", status=1)

    mistakes = {
        "PyTorch's order of sizes (§1.5)": (["layer fc = linear(4, 2)", "x |> fc"], r":2:\d+: error: .*(.|\n)*linear\(2\)"),
        "a layer declared twice (§1.6)": (["layer a = linear(2)", "layer a = linear(2)", "x |> a"], r":3:\d+: error: .*a"),
        "nn.Linear (§2.8)": (["layer fc = nn.Linear(4, 2)", "x |> fc"], r"error: (.|\n)*linear"),
        "return (§2.8)": (["layer fc = linear(2)", "return x |> fc"], r"error: .*return"),
        "two faults of syntax at once (§2.8)": (["layer a = = linear(2)", "layer b = linear(2", "x |> a"], r":2:\d+: error:(.|\n)*:[34]:\d+: error:"),
        "rows that depend on other rows (§1.4)": (["layer fc = linear(2)", "let y = x |> fc", "y / sum(y, dim: 0, keepdim: true)"], r":\d+:\d+: error: .*"),
    }
    for i, (title, (body, expected)) in enumerate(mistakes.items()):
        r.write(f"mistake{i}.lin", model(body))
        r.task(title, f"linnet check mistake{i}.lin", expected, status=1)
    r.write("hints.lin", model(["layer fc = linear(2)", "image |> flatten |> fc |> softmax(dim: 1)"],
                               head="model m(image: f32[N, 1, 28, 28]) -> y: f32[N, 2]",
                               data='image: image(color: gray, scale: 255); y: classes(labels: ["a", "b"])',
                               train="loss: cross_entropy; optimizer: sgd(lr: 0.1)"))
    r.task("softmax before cross_entropy, scale 255 (§2.8)", "linnet check hints.lin", r"warning: .*softmax",
           r"warning: .*(255|scale)")
    r.write("new.lin", "\ufeff" + model(
        ["layer act = relu()", "layer hidden = linear(8)", "layer norm = layer_norm([8])", "layer выход = linear(2)",
         "let größe = x[:, 1:] ** 2", "größe |> hidden |> norm |> act |> выход"]))
    r.task("what the language has (§2.8)", "linnet check new.lin", r"layer_norm|norm", r"выход")
    r.write("bn.lin", model(
        ["layer c1 = conv2d(4, kernel_size: 3, padding: 1)", "layer b1 = batch_norm2d()",
         "layer c2 = conv2d(4, kernel_size: 3, padding: 1)",
         "let h = x |> c1 |> b1 |> relu", "(h |> c2) + h"],
        head="model m(x: f32[N, 3, 8, 8]) -> y: f32[N, 4, 8, 8]"))
    r.task("the receptive field behind batch norm and a residual (§1.7)", "linnet check bn.lin",
           r"c2 +conv2d .*5×5", r"add +.*5×5")
    r.task("a log, a plot, TensorBoard (§2.3)",
           "cd s && linnet train model.lin --data data.csv --epochs 2 --log-steps l.csv --logdir tb --plot p.svg "
           "--quiet -o q.safetensors && head -2 l.csv && ls tb p.svg", r"^step,loss,lr$", r"tfevents")
    r.write("s/early.lin", r.text("s/model.lin").replace("epochs: 100", "epochs: 400; patience: 3"))
    r.task("early stopping (§2.3)", "cd s && linnet train early.lin --data data.csv --quiet -o e.safetensors",
           r"^kept .*; stopped early, the validation loss has not fallen for 3 epochs")
    interrupt(r)
    r.task("a second start finds the cache (§2.5)",
           "linnet compile $M/mlp.lin -o m1 2>/dev/null && linnet cache && linnet compile $M/mlp.lin -o m2 "
           "2>/dev/null && cmp m1 m2 && stat -c %a $XDG_CACHE_HOME/linnet", r"\d+ entries|entries", r"^700$")


def interrupt(r):
    """^C in a long training, then going on."""
    command = "cd s && exec linnet train model.lin --data data.csv --epochs 200000 -o i.safetensors"
    title = "^C, and on with --resume (§2.3)"
    if r.only and r.only not in title:
        return
    process = subprocess.Popen(["bash", "-c", command], cwd=r.work, env=r.environment, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=1)
    for line in process.stdout:  # the first epoch is over
        if line.startswith("epoch"):
            break
    process.send_signal(signal.SIGINT)
    r.write("interrupted.txt", process.communicate()[0][-600:] + f"\nstatus {process.returncode}\n")
    r.task(title, "cat interrupted.txt", r"--resume i\.safetensors", r"^status 130$")
    epoch = re.findall(r"epoch (\d+)/", r.text("interrupted.txt"))
    more = int(epoch[-1]) + 500 if epoch else 2000
    r.task("goes on (§2.3)", f"cd s && linnet train model.lin --data data.csv --epochs {more} --quiet --resume i.safetensors",
           r"^written +i\.safetensors")


def engineer(r):
    r.person("The engineer")
    r.task("options before the model (§2.6)", "linnet compile --set p=9 --weights $D/ar9_sunspots.safetensors $M/ar.lin -o ar",
           refuse=[r"error"])
    r.task("forecasts sunspots", "./ar $D/sunspots.csv", r"^2009  26\.57")
    r.task("a reader that leaves (§2.6)", "set -o pipefail; ./ar $D/sunspots.csv --steps 5000 | head -1", r"^2009")
    r.task("a misspelt option (§2.6)", "linnet compile $M/lenet.lin --weigths f", r"--weights", status=2)
    r.task("a misspelt command (§2.6)", "linnet complie $M/lenet.lin", r"compile", status=2)
    r.task("a model on standard input (§2.6)", "cat $M/lenet.lin | linnet check -", r"conv1")
    r.task("completion (§2.6)", "linnet completion bash | bash -n && linnet completion fish | head -2", r"complete")
    r.task("a library without weights warns (§2.9)", "linnet compile $M/lenet.lin --emit lib -o libu.a", r"warning: lenet is untrained: its parameters are initial values", r"--weights")
    r.task("a library (§1.2, §1.10)", "linnet compile $M/lenet.lin --weights $D/lenet.safetensors --emit lib && cat lenet.h",
           r"lenet_run_u8\(const uint8_t", r"lenet_run_raw|lenet_labels", r"thread")
    units(r)
    r.write("two.lin", model(["layer a = linear(3)", "layer b = linear(3)", "(x |> a, x |> b |> softmax(dim: 1))"],
                             head="model two(x: f32[N, 4]) -> (p: f32[N, 3], q: f32[N, 3])").replace("data m", "data two")
            + 'data two { p: classes(labels: ["a", "b", "c"]); q: classes(labels: ["a", "b", "c"]) }\n')
    np.save(r.work / "x.npy", np.array([[9, -4, 7, 2]], np.float32))
    r.task("two outputs of classes (§1.3)", "linnet run two.lin --input x=x.npy 2>/dev/null", check=probabilities)
    r.task("denormals (§1.10)", "linnet compile $M/lenet.lin --weights $D/lenet.safetensors --flush-denormals "
           "--emit lib -o libf.a && cat *.h | grep -i denormal", r"[Dd]enormal")
    r.task("a static program (§2.7)", "linnet compile $M/ar.lin --set p=9 --weights $D/ar9_sunspots.safetensors "
           "--static -o ar-static && (readelf -l ar-static | grep -c INTERP; ./ar-static $D/sunspots.csv)",
           r"^0\n2009  26\.57")
    r.write("pool.lin", model(["layer c = conv2d(64, kernel_size: 1)",
                               "x |> c |> relu |> avg_pool2d([25, 5], stride: [25, 5])"],
                              head="model m(x: f32[N, 64, 25, 5]) -> y: f32[N, 64, 1, 1]"))
    np.save(r.work / "p.npy", np.random.default_rng(0).normal(size=(1, 64, 25, 5)).astype(np.float32))
    r.task("a convolution under a pool of the whole picture (§1.11)",
           "linnet run pool.lin --input x=p.npy --output-dir a 2>/dev/null && "
           "linnet run pool.lin --input x=p.npy --output-dir b --reference 2>/dev/null && echo both", r"^both$",
           check=lambda _: "" if np.allclose(np.load(r.work / "a/y.npy"), np.load(r.work / "b/y.npy"), 1e-4, 1e-5)
           else "unlike the evaluator")
    r.task("checks an ONNX model (§1.12)", "linnet check $D/mnist-8/model.onnx", r"^in +Input3", r"Plus214_Output_0",
           r"of weights$")
    r.task("ONNX with a data block", "linnet compile $M/mnist.lin -o mnist && ./mnist $D/digits/3.png", r"3\.png  3  ")
    r.task("export is read back (§2.10)", "linnet export $M/lenet.lin --weights $D/lenet.safetensors -o lo.onnx && "
           "linnet compile lo.onnx -o lo && ./lo $D/digits/3.png", r"3\.png  3  100\.0 %")
    r.task("states of an export are states (§1.12)", "linnet export $M/latent_ar.lin -o la.onnx 2>/dev/null && "
           "linnet compile la.onnx --emit lib --name la -o libla.a 2>/dev/null; grep -c 'int la_step(' la.h", r"^1$")
    r.write("sr.lin", 'model m = onnx("la.onnx", nothing: 3)\n')
    r.task("a size that the ONNX model does not have (§1.12)", "linnet check sr.lin", r"error: .*nothing", status=1)
    r.task("a dimension of Keras's kind is a setting of the call (§2.10)", "linnet check lo.onnx --batch 4", r"f32\[4,10\]")
    r.task("no half-written file", "linnet compile $M/lenet.lin --weights $D/sunspots.csv -o half; echo status $?; ls half",
           r"error: ", r"^status 1$", r"No such file", status=2)
    cmake(r)


def probabilities(output):
    rows = re.findall(r"argmax\S*\s+\S+\s+([\d.]+) %", output)
    values = [float(v) for v in rows]
    if len(values) != 2:
        return f"two rows with a probability are expected, found {len(values)}"
    numbers = re.findall(r"\[\[?\s*([-\d.e]+)\s+([-\d.e]+)\s+([-\d.e]+)\]", output)
    logits, shares = (np.array([float(v) for v in row]) for row in numbers[:2])
    e = np.exp(logits - logits.max())
    if abs(100 * e.max() / e.sum() - values[0]) > 0.2 or abs(100 * shares.max() - values[1]) > 0.2:
        return "the probabilities are not those of the outputs"
    return ""


def units(r):
    """Raw values in and out of C are the program's (§1.2)."""
    r.task("a short training of a model with state", "linnet train $M/latent_ar.lin --data $D/visitors.csv --epochs 1 "
           "--quiet -o la.safetensors && linnet compile $M/latent_ar.lin --weights la.safetensors && "
           "linnet compile $M/latent_ar.lin --weights la.safetensors --emit lib", r"written")
    lines = (SOURCE / "models/data/visitors.csv").read_text().splitlines()
    column = lines[0].split(",").index("visitors")
    values = ", ".join(line.split(",")[column] for line in lines[1:])
    r.write("steps.c", f"""#include "latent_ar.h"
#include <stdio.h>
static _Alignas(LATENT_AR_ARENA_ALIGN) unsigned char arena[LATENT_AR_STEP_ARENA_BYTES + 1], state[LATENT_AR_STATE_BYTES];
static const double visitors[] = {{{values}}};
int main(void) {{
  double y[1];
  latent_ar_reset(state);
  for (unsigned i = 0; i < sizeof visitors / sizeof *visitors; ++i)
    if (latent_ar_step_raw(&visitors[i], y, state, arena)) return 1;
  printf("C %.4g\\n", *y);
  return 0;
}}
""")
    def same(output):
        program = float(re.search(r"^\d+ +([\d.]+)", output, re.M).group(1))
        library = float(re.search(r"^C ([\d.]+)", output, re.M).group(1))
        return "" if abs(program - library) < 1e-3 * abs(program) else "library and program differ"
    r.task("C takes and returns visitors, not scaled numbers (§1.2)",
           "cc -std=c11 steps.c liblatent_ar.a -o steps && ./latent_ar $D/visitors.csv && ./steps",
           r"^\d+ +[\d.]+", r"^C ", check=same)
    r.task("the header says the units (§1.2)", "grep -n 'LATENT_AR_X_MEAN\\|LATENT_AR_X_STD' latent_ar.h", r"\(value - LATENT_AR_X_MEAN\) /", r"#define LATENT_AR_X_STD")


def cmake(r):
    r.write("project/CMakeLists.txt", """cmake_minimum_required(VERSION 3.25)
project(forecast LANGUAGES C)
find_package(linnet 0.1 REQUIRED)
linnet_add_model(TARGET ar MODEL ${linnet_MODELS_DIR}/ar.lin SET p=9 WEIGHTS ${WEIGHTS} BATCH 2 DTYPE f64
                 TARGET_CPU x86-64-v2 NAME sun)
linnet_add_model(TARGET program MODEL ${linnet_MODELS_DIR}/ar.lin SET p=9 WEIGHTS ${WEIGHTS} EMIT exe)
add_executable(forecast main.c)
target_link_libraries(forecast PRIVATE ar)
add_custom_target(run_program ALL COMMAND program ${SUNSPOTS})
""")
    r.write("project/main.c", """#include "sun.h"
#include <stdio.h>
static _Alignas(SUN_ARENA_ALIGN) unsigned char arena[SUN_ARENA_BYTES + 1];
int main(void) {
  double x[2 * 9] = {0}, y[2];
  printf("%d batch %d\\n", sun_run(x, y, arena), SUN_BATCH);
  return 0;
}
""")
    r.task("a CMake project (§2.7)",
           "(cmake --install $BUILD --prefix $PWD/opt && cmake -S project -B project/build -DCMAKE_PREFIX_PATH=$PWD/opt "
           "-DWEIGHTS=$D/ar9_sunspots.safetensors -DSUNSPOTS=$D/sunspots.csv && cmake --build project/build) "
           "2>&1 | grep -v -e Installing -e '^-- ' ; project/build/forecast",
           r"^2009  26\.57", r"^0 batch 2$")
    r.task("manual, completion and pages are installed (§2.6)", "cd opt && find . -name 'linnet.1*' -o -name 'cli.md' -o "
           "-path '*completion*' -type f", r"linnet\.1", r"cli\.md", r"completion")


def rows(output):
    """Every kernel of the call has a row, and what lies between them (no test looks at a clock)."""
    measured = json.loads(output)
    parts = sum(kernel["median_ns"] for kernel in measured["kernels"]) + measured["rest_ns"]
    print(f"  (kernels and rest are {100 * parts / measured['median_ns']:.0f} % of the call)")
    names = [kernel["name"] for kernel in measured["kernels"]]
    expected = ["conv1_relu_max_pool2d", "conv2_relu_max_pool2d", "fc1_relu", "fc2_relu", "fc3"]
    return "" if names == expected else f"rows of {names}"


def compiler_engineer(r):
    r.person("The compiler engineer")
    weights = "$M/lenet.lin --weights $D/lenet.safetensors --target x86-64-v3"
    r.task("the IR", "linnet dump $M/lenet.lin", r"conv2d\(%image, %conv1\.weight\)")
    r.task("why a pool was fused (§3.1)", f"linnet dump {weights} --explain fuse_pool -o /dev/null",
           r"max_pool2d")
    r.task("which schedules were weighed (§3.1)", f"linnet dump {weights} --explain choose_schedules -o /dev/null",
           r"not: ", r"pooled_rows")
    r.task("all remarks (§3.1)", f"linnet dump {weights} --explain all -o /dev/null", r"fuse_epilogue", r"plan_memory")
    r.task("what each pass changes (§3.1)", f"linnet dump {weights} --diff", r"^// ---- fuse_pool", r"^@@ ")
    r.task("a file for each pass (§3.1)", f"linnet dump {weights} --all -o passes && ls passes", r"fuse_epilogue.*\.lir")
    r.task("what a pass takes (§3.2)", f"linnet compile {weights} --no-cache --time-passes -o t1", r"choose_schedules",
           r"Halide", r"LLVM", r"[Ll]ink")
    r.task("texts of every level (§3.2)", f"linnet compile {weights} --dump-dir d -o t2 && ls d",
           r"conv1_relu_max_pool2d\.stmt", r"lenet\.before\.ll", r"lenet\.lir", r"\.s$")
    r.task("checks every pass", "linnet compile $M/ar.lin --check-passes -o t3 2>&1", refuse=[r"error"])
    r.task("a misspelt pass (§1.6)", f"linnet compile {weights} --stop-after fuse_pol -o t4", r"fuse_pool", status=2)
    r.task("a misspelt pass to explain (§1.6)", f"linnet dump {weights} --explain fuse_pol", r"fuse_pool", status=2)
    r.task("no pass at all (§1.9)", f"linnet compile {weights} --pass-limit 0 -o t5", r"error: ", r"pass", status=2,
           refuse=[r"internal error"])
    r.task("without the plan of memory (§1.9)", f"linnet compile {weights} --disable-pass plan_memory -o t6",
           r"plan_memory", status=2, refuse=[r"internal error"])
    r.task("kernels alone", "linnet kernel d/lenet.lir --target x86-64-v3",
           r"@conv2_relu_max_pool2d +direct\{.*rounding bound")
    edit = "sed 's/direct{lanes=8, vectors=2, pixels=1, samples=1}/{}/' d/lenet.lir > d/edited.lir && "
    r.task("a copy without its constants", edit.replace("{}", "direct{lanes=8, vectors=2, pixels=2, samples=1}") +
           "linnet kernel d/edited.lir",
           r"edited\.lir:\d+:\d+: error: the tensor 'conv1.weight' is missing", r"constant @", status=1)
    r.piped("cp d/lenet.lir.safetensors d/edited.lir.safetensors")
    legal, wrong = (edit.replace("{}", f"direct{{lanes=8, vectors=2, pixels={n}, samples=1}}") for n in (2, 77))
    key = edit.replace("{}", "direct{lanes=8, vectors=1, tx=10}")
    r.task("a schedule out of range (§1.1)", wrong + "linnet kernel d/edited.lir --target x86-64-v3",
           r"edited\.lir:\d+:\d+: error: direct: pixels=77; legal here: 1 to \d+", status=1)
    r.task("the same by compile (§1.1)", "linnet compile d/edited.lir --target x86-64-v3 -o t7", r"legal here",
           status=1)
    r.task("an unknown key (§1.1)", key + "linnet kernel d/edited.lir --target x86-64-v3", r"error: .*tx", status=1)
    r.task("a legal edit is right (§1.1)", legal + "linnet kernel d/edited.lir --target x86-64-v3",
           r"@conv2_relu_max_pool2d +direct\{lanes=8, vectors=2, pixels=2, samples=1\}", refuse=[r"error:"])
    r.task("and is timed", "linnet bench d/edited.lir --target x86-64-v3", r"conv2_relu_max_pool2d", r"roofs of one core")
    r.task("times of kernels (§3.4)", f"linnet bench {weights}", r"conv1_relu_max_pool2d", r"GFLOP/s",
           r"^rest +between kernels", r"^roofs of one core .*L1.*DRAM")
    r.task("the same for machines (§3.4)", f"linnet bench {weights} --json", r'"kernels": ?\[')
    r.task("every kernel has a row (§1.8)", f"linnet bench {weights} --json", check=rows)
    r.task("one kernel beside an earlier time (§3.4)", f"linnet bench {weights} --json > old.json && "
           f"linnet bench {weights} --compare old.json --kernel conv2_relu_max_pool2d --rounds 11",
           r"^conv2_relu_max_pool2d .* same$", r"ratio", refuse=[r"^conv1"])
    r.task("symbols (§3.3)", f"linnet compile {weights} --debug-symbols -o t8 && nm t8 | grep lenet_",
           r"lenet_conv1_relu_max_pool2d")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--linnet", required=True, type=pathlib.Path)
    parser.add_argument("--only", default="", help="tasks whose title or command holds this")
    parser.add_argument("--keep", type=pathlib.Path, help="work in this new folder and leave it")
    options = parser.parse_args()
    started = time.process_time() + sum(os.times()[2:4])
    with tempfile.TemporaryDirectory() as folder:
        if options.keep:
            options.keep.mkdir()
        r = Replay(options.linnet, options.keep or pathlib.Path(folder), options.only)
        python = r.folder / "bin/python3"
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        python.chmod(0o755)
        for person in student, engineer, compiler_engineer:
            person(r)
    seconds = time.process_time() + sum(os.times()[2:4]) - started
    print(f"\n{seconds:.0f} s of CPU time", file=sys.stderr)
    print(f"{r.done - r.failed} of {r.done} tasks")
    return 1 if r.failed or r.done == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
