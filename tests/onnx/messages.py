#!/usr/bin/env python3
"""What is said of wrong ONNX models: messages/*.txt hold models with what `linnet check` prints,
and the sources of the import are searched for messages that no model gets.

  messages.py [--linnet PATH] [--update] [--missing]

A case is `=== TITLE`, a model in ONNX's text form (onnx.parser), `--->`, its messages. A title may
hold options, `--batch 2`; a model that begins with `ir_version:` is in protobuf's, with `bytes:` it is these. Short: inputs
and initializers a line each (`float[2,3] x`, `int64[2] i = {1, 2}`), `opset N` (default 17), then
nodes (`y = Flatten <axis = 7> (x)`); the last value is the output. `--update` writes what is said
anew; the reviewer reads the diff. With `--missing` the texts are not compared.
"""
import argparse
import glob
import os
import re
import shlex
import subprocess
import sys
import tempfile

import onnx
import onnx.parser
from google.protobuf import text_format

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PORT = re.compile(r"^(float|double|float16|bfloat16|u?int(8|16|32|64)|bool|string|complex64)"
                  r"(\[[^\]]*\])? \w+( =|$)")

# Messages that no model of a few lines gets, and why.
OTHERS = {
    "more than {} nodes once functions and loops are written out",  # hostile.py: minutes of nodes
    "there is not enough memory for what it computes beforehand",   # hostile.py, under a limit
    "export the model with smaller constants, or use a machine with more memory",
    ": there is not enough memory for this model",
    "graphs nest more than {} deep",                                # protobuf stops at 100
    "the nested graph depends on what is missing",
    "output {} ('{}') is not supported",                            # an operator's, of no use here
    "{} is gone from operator set {} on",                           # all that are gone are supported
    "onnx.version_converter.convert_version(model, …) replaces it",
    "an entry that stands for nothing",                             # linnet's own mistake
    "input {} ({}) is missing",                                     # the schemas ask for it first
    "scores must be [N,C,…], not {}",                               # its axis is looked for first
    " has two rows",                                                # of linnet's own table
    "quantised {} is not supported (INT8 and UINT8 are)",           # the dtype is refused before
    "counting to ",
    "{} is expected, the value is {}",                              # fixed_input: import_test.cpp
    "is a symbolic link",                                           # hostile.py has such folders
    "is a hard link to a file that has another name too",
    "external data '{}': cannot be read",                           # a file that changes while it is read
    "external data '{}': cut short",
    # What is said of files whose names are others': tests/cli/transcripts/options.txt. Of models
    # that linnet exported: outputs.txt.
    ": it was exported without weights; its parameters are initial values",
    "--weights F.safetensors, or train and export it again",
    "TensorFlow Lite",
    "this is a {} file; in Python: {}",
    "python -m tf2onnx.convert --saved-model FOLDER --output model.onnx",
    'torch.onnx.export(model.eval(), example_inputs, "model.onnx")',
    'skl2onnx.to_onnx(model, X[:1].astype("float32"), options={"zipmap": False})',
    # Of what no input decides; --bind is the advice otherwise.
    "make it an initializer or a Constant; onnxsim or onnxruntime's offline optimizer often can",
    "onnxsim decides what depends on shapes and constants",
    "this type",                                                    # of a later ONNX
}


def cases_of(text):
    """[title, model, expected] of each case."""
    cases = []
    for part in re.split(r"^=== ", text, flags=re.M)[1:]:
        title, rest = part.split("\n", 1)
        model, _, said = rest.partition("--->\n")
        cases.append([title, model, said])
    return cases


def parsed(text):
    """The model of a case; nothing is checked."""
    if text.startswith("ir_version:"):
        return text_format.Parse(text, onnx.ModelProto())
    if text.startswith("<"):
        return onnx.parser.parse_model(text)
    opset, ports, nodes = "17", [], []
    for line in text.splitlines():
        if line.startswith("opset "):
            opset = line[6:]
        elif PORT.match(line):
            ports.append(line)
        elif line:
            nodes.append(line)
    output = nodes[-1].split("=")[0].split(",")[0].strip() if nodes else "x"
    inputs = ", ".join(p for p in ports if " = " not in p)
    constants = ", ".join(p for p in ports if " = " in p)
    return onnx.parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : {opset}, "com.microsoft" : 1]> g ({inputs}) => '
        f"(float[] {output}) <{constants}> {{\n" + "\n".join(nodes) + "\n}")


def said_of(linnet, title, text, folder):
    with open(os.path.join(folder, "model.onnx"), "wb") as file:
        file.write(bytes.fromhex(text[6:]) if text.startswith("bytes:")
                   else parsed(text).SerializeToString())
    words = shlex.split(title[title.find(" --"):]) if " --" in title else []
    run = subprocess.run([linnet, "check", "model.onnx", *words], cwd=folder, capture_output=True,
                         text=True, timeout=60)
    said = run.stderr.replace(ROOT, "$S")
    return said + (f"[status {run.returncode}]\n" if run.returncode != 1 else "")


def literals(source):
    """(line, text) of the string literals, adjacent ones joined; comments and includes left out."""
    token = re.compile(r'//[^\n]*|#include[^\n]*|R"\(.*?\)"|\'(?:\\.|[^\'\\\n])\'|"((?:\\.|[^"\\])*)"|\s+|.',
                       re.S)
    found, joined = [], False
    for match in token.finditer(source):
        if match[1] is not None:
            text = match[1].replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")
            if joined:
                found[-1][1] += text
            else:
                found.append([source.count("\n", 0, match.start()) + 1, text])
            joined = True
        elif not match[0].isspace():
            joined = False
    return found


def pieces(form):
    """The fixed pieces between the places of a format, as a pattern."""
    parts = re.split(r"\{[^{}]*\}|\n", form.replace("{{", "\x01").replace("}}", "\x02"))
    return re.compile(".*".join(re.escape(p.replace("\x01", "{").replace("\x02", "}"))
                                for p in parts))


def missing(said):
    """Messages of frontend/onnx that stand in no line of `said`."""
    lists = []
    for path in sorted(glob.glob(os.path.join(ROOT, "frontend/onnx/*/*.cpp"))):
        name = os.path.relpath(path, os.path.join(ROOT, "frontend/onnx"))
        if name.startswith("export/"):  # tests/onnx/export_test.cpp
            continue
        with open(path, encoding="utf-8") as file:
            for line, text in literals(file.read()):
                if " " not in text.strip() or text in OTHERS or "(\"model." in text:
                    continue  # the last: calls of other frameworks, in the transcripts too
                if not pieces(text).search(said):
                    lists.append(f"frontend/onnx/{name}:{line}: {text!r}")
    return lists


def self_test():
    """The search finds a literal, joins two, leaves out comments, and misses what nobody says."""
    found = literals('f("a {} b" /* */ // "no c"\n, "e " "d", \'"\', "x\\"y");')
    assert found == [[1, "a {} b"], [2, "e d"], [2, 'x"y']], found
    assert pieces("a {} b {{c}}").search("say a 3 b {c}!") and not pieces("a {} b").search("a 3 c")
    assert len(missing("")) > 200 and any("does not exist among" in line for line in missing(""))
    cases = cases_of("=== one\nfloat[2] x\ny = Relu (x)\n--->\nsaid\n")
    assert cases == [["one", "float[2] x\ny = Relu (x)\n", "said\n"]], cases
    assert parsed(cases[0][1]).graph.node[0].op_type == "Relu"
    print("ok")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--linnet", default=os.path.join(ROOT, "build/linnet"))
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--missing", action="store_true")
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if options.self_test:
        return self_test()
    wrong, count, everything = 0, 0, ""
    for path in sorted(glob.glob(os.path.join(HERE, "messages/*.txt"))):
        with open(path, encoding="utf-8") as file:
            cases = cases_of(file.read())
        for case in cases:
            with tempfile.TemporaryDirectory() as folder:
                said = said_of(os.path.abspath(options.linnet), case[0], case[1], folder)
            count += 1
            everything += said
            if said != case[2] and not options.update and not options.missing:
                wrong += 1
                print(f"{os.path.basename(path)}: {case[0]}\nexpected:\n{case[2]}said:\n{said}")
            case[2] = said
        if options.update:
            with open(path, "w", encoding="utf-8") as file:
                file.write("".join(f"=== {t}\n{m}--->\n{s}" for t, m, s in cases))
    nobody = missing(everything)
    if nobody:
        print("\n".join(nobody))
    print(f"{count} models, {wrong} with other messages; {len(nobody)} messages that none gets")
    return 1 if wrong or nobody else 0


if __name__ == "__main__":
    sys.exit(main())
