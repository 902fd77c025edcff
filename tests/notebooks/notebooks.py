#!/usr/bin/env python3
"""The notebooks of examples/notebooks: they run from top to bottom, and print what stands in them.

Each is executed in a kernel of its own. What a cell prints must be what the file holds, to the letter;
a cell tagged `varies` (times, files that other tools make) must give outputs of the same kinds, and a
picture must be a picture. The file must hold nothing that differs from run to run: no execution
counts, no paths of a machine, no metadata but the kernel's name and that tag.

  notebooks.py --library build/liblinnet.so --command build/linnet [NAME.ipynb …]
  notebooks.py … --update      writes the outputs into the files
  notebooks.py --self-test     spoilt notebooks are noticed; needs no package

A notebook that imports a package of OPTIONAL that is not installed is left out, and the last line says so.
"""
import argparse
import base64
import copy
import difflib
import importlib.util
import io
import json
import os
import pathlib
import re
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
FOLDER = SOURCE / "examples" / "notebooks"
OPTIONAL = ("torch",)
MOST_BYTES = 250_000
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
TAGS = ({}, {"tags": ["varies"]})
# Absolute paths, but for those in addresses (https://…) and after a name (a/tmp/b).
PATH = re.compile(r"(?<![\w./:<])/(?:tmp|home|root|usr|var|work|opt|mnt|Users)/")


def text_of(value):
    return "".join(value) if isinstance(value, list) else value


def written(notebook):
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def code_cells(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def varies(cell):
    return "varies" in cell["metadata"].get("tags", [])


def unclean(notebook, size):
    """What a checked-in file must not hold."""
    faults = []
    if size > MOST_BYTES:
        faults.append(f"{size:,} bytes; at most {MOST_BYTES:,} are allowed: lower the dpi of its pictures")
    if notebook["metadata"] != METADATA:
        faults.append(f"metadata other than {json.dumps(METADATA)}")
    for number, cell in enumerate(notebook["cells"], 1):
        if cell["metadata"] not in TAGS:
            faults.append(f"cell {number}: metadata {json.dumps(cell['metadata'])}")
        if "id" in cell or cell.get("execution_count") is not None:
            faults.append(f"cell {number}: an id or an execution count")
        for output in cell.get("outputs", []):
            if output.get("metadata") or output.get("execution_count") is not None:
                faults.append(f"cell {number}: metadata or an execution count of an output")
            if output["output_type"] == "error":
                faults.append(f"cell {number}: an output of type error")
            if output.get("name") == "stderr":
                faults.append(f"cell {number}: an output on standard error: {text_of(output['text']).strip()}")
            if PATH.search(" ".join(text for kind, text in texts(output) if not kind.startswith("image/"))):
                faults.append(f"cell {number}: an output with a path of a machine")
    if not any(cell.get("outputs") for cell in notebook["cells"]):
        faults.append("no outputs: --update writes them")
    return faults


def texts(output):
    """(kind, text) of each form in which an output is there."""
    if output["output_type"] == "stream":
        return [(output["name"], text_of(output["text"]))]
    if output["output_type"] == "error":
        return [("error", output["ename"])]
    return [(kind, text_of(data)) for kind, data in sorted(output["data"].items())]


def cleaned(notebook):
    """An executed notebook as it is checked in."""
    clean = {"cells": [], "metadata": METADATA, "nbformat": 4, "nbformat_minor": 4}
    for cell in notebook["cells"]:
        metadata = {"tags": ["varies"]} if varies(cell) else {}
        kept = {"cell_type": cell["cell_type"], "metadata": metadata}
        if cell["cell_type"] == "code":
            kept = {"cell_type": "code", "execution_count": None, "metadata": metadata,
                    "outputs": [cleaned_output(output) for output in joined(cell["outputs"])]}
        kept["source"] = text_of(cell["source"]).splitlines(keepends=True)
        clean["cells"].append(kept)
    return clean


def joined(outputs):
    """Pieces of one stream, which come as the kernel sends them, are one output."""
    result = []
    for output in copy.deepcopy(outputs):
        last = result[-1] if result else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"] = text_of(last["text"]) + text_of(output["text"])
        else:
            result.append(output)
    return result


def cleaned_output(output):
    if output["output_type"] == "stream":
        return {"name": output["name"], "output_type": "stream", "text": lines(output["text"])}
    if output["output_type"] == "error":
        return dict(output)
    richer = any(kind != "text/plain" for kind in output["data"])
    data = {kind: smaller(text_of(value)) if kind == "image/png" else lines(value)
            for kind, value in sorted(output["data"].items())
            if not (richer and kind == "text/plain")}  # as <Figure size …>
    kept = {"data": data, "metadata": {}, "output_type": output["output_type"]}
    if output["output_type"] == "execute_result":
        kept["execution_count"] = None
    return kept


def smaller(png):
    """A picture (base64) in a palette of 64 colours: a third of the bytes."""
    from PIL import Image

    image = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    result = io.BytesIO()
    image.quantize(64, dither=Image.Dither.NONE).save(result, "PNG", optimize=True)
    return base64.b64encode(result.getvalue()).decode()


def lines(value):
    return text_of(value).splitlines(keepends=True)


def compared(cell):
    """What two runs of a cell must have in common, as lines."""
    result = []
    for output in cell["outputs"]:
        for kind, text in texts(output):
            if varies(cell) or kind.startswith("image/"):
                result.append(f"<{kind}>")
            else:
                result += [f"<{kind}>", *text.splitlines()]
    return result


def differences(checked_in, executed):
    """Cells whose outputs are others than those of the file."""
    faults = []
    numbers = [n for n, cell in enumerate(checked_in["cells"], 1) if cell["cell_type"] == "code"]
    for number, old, new in zip(numbers, code_cells(checked_in), code_cells(executed)):
        diff = list(difflib.unified_diff(compared(old), compared(new), "in the file", "executed", lineterm="", n=1))
        if diff:
            faults.append("\n    ".join([f"cell {number} prints something else:", *diff]))
    return faults


def missing_packages(notebook):
    source = "\n".join(text_of(cell["source"]) for cell in code_cells(notebook))
    names = set(re.findall(r"^(?:import|from) (\w+)", source, re.MULTILINE))
    return sorted(name for name in names if name in OPTIONAL and importlib.util.find_spec(name) is None)


def execute(notebook, where):
    """The notebook with its outputs, and what went wrong."""
    import nbclient
    import nbformat

    node = nbformat.reads(json.dumps(notebook), as_version=4)
    client = nbclient.NotebookClient(node, kernel_name="python3", timeout=600, resources={"metadata": {"path": where}},
                                     extra_arguments=["--log-level=ERROR"])
    try:
        client.execute()
    except nbclient.exceptions.CellExecutionError as error:
        return node, [f"a cell raises:\n{error}"]
    return node, []


def set_environment(arguments, work):
    """What the kernels inherit."""
    os.environ.update(
        LINNET_LIBRARY=str(arguments.library.resolve()),
        LINNET_COMMAND=str(arguments.command.resolve()),
        PYTHONPATH=os.pathsep.join([str(SOURCE / "python"), *filter(None, [os.environ.get("PYTHONPATH")])]),
        PYTHONDONTWRITEBYTECODE="1",
        XDG_CACHE_HOME="/dev/null",  # nothing of the user's cache is read or filled
        MPLCONFIGDIR=f"{work}/matplotlib",
        IPYTHONDIR=f"{work}/ipython",
        JUPYTER_RUNTIME_DIR=f"{work}/runtime",
        JUPYTER_CONFIG_DIR=f"{work}/config",
        JUPYTER_PLATFORM_DIRS="1",
        OPENBLAS_NUM_THREADS="1",
    )


def check(path, update):
    """The faults of one notebook."""
    notebook = json.loads(path.read_text())
    result, faults = execute(notebook, str(path.parent))
    if faults:
        return faults
    clean = cleaned(result)
    if update:
        path.write_text(written(clean))
        notebook = clean
    text = path.read_text()
    faults = unclean(notebook, len(text.encode())) + differences(notebook, clean)
    if text != written(notebook):
        faults.append("not in the form that --update writes")
    return faults


def run(arguments):
    paths = [FOLDER / name for name in arguments.names] or sorted(FOLDER.glob("*.ipynb"))
    left_out, wrong = [], 0
    with tempfile.TemporaryDirectory(prefix="linnet-notebooks-") as work:
        set_environment(arguments, work)
        for path in paths:
            missing = missing_packages(json.loads(path.read_text()))
            if missing:
                left_out.append(f"{path.name}: {', '.join(missing)} is not installed")
                continue
            faults = check(path, arguments.update)
            print(f"{path.name}: {'ok' if not faults else ''}", flush=True)
            for fault in faults:
                print(f"  {fault}")
            wrong += bool(faults)
    for line in left_out:
        print(f"left out: {line}")
    if wrong:
        print("If the new outputs are right, `make test-notebooks UPDATE=1` writes them into the files.")
    return 1 if wrong else 0


def self_test():
    """Each way to spoil a notebook gives a fault."""
    picture = {"data": {"image/png": "aGVsbG8="}, "metadata": {}, "output_type": "display_data"}
    printed = lambda: {"name": "stdout", "output_type": "stream", "text": ["loss 0.25\n"]}

    def cell(outputs, metadata=None):
        return {"cell_type": "code", "execution_count": None, "metadata": metadata or {}, "outputs": outputs, "source": ["f()"]}

    good = {"cells": [cell([printed(), picture]), cell([printed()], {"tags": ["varies"]})],
            "metadata": METADATA, "nbformat": 4, "nbformat_minor": 4}
    def spoilt(change):
        copied = copy.deepcopy(good)
        change(copied)
        return copied

    assert not unclean(good, 1000) and not differences(good, good)
    texts_only = spoilt(lambda nb: nb["cells"][0]["outputs"].pop())
    assert cleaned(texts_only) == texts_only, cleaned(texts_only)
    used = copy.deepcopy(texts_only)
    for cell_ in used["cells"]:  # as Jupyter saves it
        cell_["metadata"].update(execution={"iopub.execute_input": "2000-01-01"}, collapsed=False)
        cell_.update(execution_count=7, id="a1")
    assert cleaned(used) == texts_only, cleaned(used)

    first = lambda nb: nb["cells"][0]["outputs"][0]
    for change in (
        lambda nb: nb["metadata"].update(widgets={}),
        lambda nb: nb["cells"][0].update(execution_count=3),
        lambda nb: nb["cells"][0].update(id="a"),
        lambda nb: nb["cells"][0].update(metadata={"collapsed": True}),
        lambda nb: nb["cells"][0]["outputs"][1].update(metadata={"needs_background": "light"}),
        lambda nb: first(nb).update(text="written to /tmp/x/y"),
        lambda nb: first(nb).update(name="stderr"),
        lambda nb: nb["cells"][0]["outputs"].append({"output_type": "error", "ename": "Error", "evalue": "", "traceback": []}),
        lambda nb: [cell.update(outputs=[]) for cell in nb["cells"]],
    ):
        assert unclean(spoilt(change), 1000), spoilt(change)
    assert unclean(good, MOST_BYTES + 1)
    for change in (
        lambda nb: first(nb).update(text="loss 0.26\n"),
        lambda nb: nb["cells"][0].update(outputs=[printed()]),
        lambda nb: nb["cells"][1].update(outputs=[]),
    ):
        assert differences(good, spoilt(change)), spoilt(change)
    for change in (  # what may differ
        lambda nb: nb["cells"][1]["outputs"][0].update(text="loss 0.26\n"),
        lambda nb: nb["cells"][0]["outputs"][1]["data"].update({"image/png": "d29ybGQ="}),
    ):
        assert not differences(good, spoilt(change)), spoilt(change)
    return 0


def main():
    parser = argparse.ArgumentParser(description="runs the notebooks of examples/notebooks")
    parser.add_argument("names", nargs="*", help="files; all without one")
    parser.add_argument("--library", type=pathlib.Path)
    parser.add_argument("--command", type=pathlib.Path)
    parser.add_argument("--update", action="store_true", help="write the outputs into the files")
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_test:
        return self_test()
    if not (arguments.library and arguments.command):
        parser.error("--library and --command are needed")
    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
