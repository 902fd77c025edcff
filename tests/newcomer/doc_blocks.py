#!/usr/bin/env python3
"""Runs the code blocks of pages in docs/, from top to bottom, in one empty folder for each page.

  ```lin shapes.lin     any language and a name: the block is written to that file
  ```console            `$ command` lines are run; the lines below are what they print
  ```console times      the same, any number for a number
  ```python             a Python block without a name is run; the page's blocks share their names
  ```text               what the Python block above prints (`text times`: any number for a number)

Printed lines must come in this order. A line of `…` stands for any lines, `…` inside of a line for
any text. Numbers may differ by half (another CPU adds in another order), times and speeds by
any amount. `$S` is the source folder, `import linnet` its package. What a Python block prints must be
shown. Blocks of other kinds are errors: no example goes untested.

  doc_blocks.py --linnet build/linnet docs/tutorial.md [--section "Title"] [--show]
  doc_blocks.py --self-test      a page that is wrong is noticed
"""
import argparse
import contextlib
import io
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import traceback

SOURCE = pathlib.Path(__file__).resolve().parents[2]
NUMBER = re.compile(r"(?:(?<=\s)-)?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")
TIMED = re.compile(r"\s*(?:ns|µs|ms|s|samples/s|GFLOP/s|GB/s|% of|MB/s|iterations)\b")


def blocks(page, section):
    """(line, language, name, text) of each fenced block."""
    found, open_at, within = [], None, section is None
    for number, line in enumerate(page.splitlines(), 1):
        if open_at is None and line.startswith("#") and section is not None:
            within = line.lstrip("# ") == section
        if not line.startswith("```"):
            if open_at is not None:
                found[-1][3].append(line)
        elif open_at is None:
            language, _, name = line[3:].partition(" ")
            found.append([number, language, name.strip(), [], within])
            open_at = number
        else:
            open_at = None
    return [(n, language, name, text) for n, language, name, text, inside in found if inside]


def same_numbers(want, got, any_number):
    """Equal words, and numbers that are near; those with a unit of time need not be."""
    wanted, gotten = list(NUMBER.finditer(want)), list(NUMBER.finditer(got))
    if NUMBER.sub("#", " ".join(want.split())) != NUMBER.sub("#", " ".join(got.split())):
        return False
    for a, b in zip(wanted, gotten):
        if any_number or TIMED.match(want, a.end()):
            continue
        x, y = (float(m.group().replace(",", "")) for m in (a, b))
        if abs(x - y) > 0.5 * max(abs(x), abs(y)):
            return False
    return True


def same_line(want, got, any_number):
    """As same_numbers, with `…` for any text."""
    if "…" not in want:
        return same_numbers(want, got, any_number)
    pattern = re.escape(want).replace("…", "(.*?)")
    parts = NUMBER.split(pattern)
    if not re.fullmatch(NUMBER.pattern.join(parts), got):
        spaced = r"\s+".join(re.escape(word) for word in NUMBER.sub("\0", want).split())
        spaced = spaced.replace(re.escape("\0"), NUMBER.pattern).replace("…", ".*?")
        return re.fullmatch(spaced, got.strip()) is not None
    return True


def compare(want, got, any_number):
    """The first line of `want` that is not printed, or None."""
    at, free = 0, False
    for line in want:
        if line.strip() == "…":
            free = True
            continue
        while at < len(got) and free and not same_line(line, got[at], any_number):
            at += 1
        if at == len(got) or not same_line(line, got[at], any_number):
            return line
        at, free = at + 1, False
    return None if free or at == len(got) else "(nothing more)"


def calls(text):
    """(command, printed lines) of a console block; a command goes on after a backslash."""
    found = []
    for line in text:
        if line.startswith("$ "):
            found.append([line[2:], []])
        elif found and found[-1][0].endswith("\\") and not found[-1][1]:
            found[-1][0] = found[-1][0][:-1] + line.strip()
        elif found:
            found[-1][1].append(line)
    return found


class Page:
    """Runs the blocks of one page in `folder`."""

    def __init__(self, path, folder, environment, show):
        self.path, self.folder, self.environment, self.show = path, folder, environment, show
        self.names = {"__name__": "__main__"}
        self.printed = None  # (line, what the last Python block printed), until a block follows
        self.count = self.failures = 0

    def fail(self, number, text):
        self.failures += 1
        print(f"{self.path}:{number}: {text}")

    def run(self, section):
        for number, language, name, text in blocks(self.path.read_text(encoding="utf-8"), section):
            printed, self.printed = self.printed, None
            if language == "text" and printed and name in ("", "times"):
                self.expect(number, text, name == "times", printed)
                continue
            self.shown(printed)
            if language == "console":
                self.console(number, name, text)
            elif language == "python" and not name:
                self.python(number, text)
            elif name:
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / name).write_text("\n".join(text) + "\n", encoding="utf-8")
            else:
                self.fail(number, "error: a block that is neither a file, `console`, `python` nor its output")
        self.shown(self.printed)

    def console(self, number, name, text):
        for command, want in calls(text):
            self.count += 1
            done = subprocess.run(["bash", "-c", command], cwd=self.folder, env=self.environment, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
            got = [line.rstrip() for line in done.stdout.splitlines()]
            if self.show:
                print("$ " + command, *got, sep="\n")
            while want and not want[-1].strip():
                want.pop()
            missing = compare([line.rstrip() for line in want], got, name == "times")
            expects_error = any("error:" in line for line in want)
            if missing is not None or (done.returncode != 0 and not expects_error):
                self.fail(number, f"`{command}` ended with {done.returncode}; expected next: "
                          f"{missing}\nprinted:\n  " + "\n  ".join(got))

    def python(self, number, text):
        """In this process, with the line numbers of the page."""
        self.count += 1
        output = io.StringIO()
        try:
            with contextlib.chdir(self.folder), contextlib.redirect_stdout(output):
                exec(compile("\n" * number + "\n".join(text), self.path, "exec"), self.names)
        except Exception:  # of any kind: the page's code raised it
            self.fail(number, traceback.format_exc() + output.getvalue())
            self.printed = (number, None)
            return
        got = [line.rstrip() for line in output.getvalue().splitlines()]
        if self.show:
            print(*(f">>> {line}" for line in text), *got, sep="\n")
        self.printed = (number, got)

    def expect(self, number, text, any_number, printed):
        want, got = [line.rstrip() for line in text], printed[1]
        missing = compare(want, got, any_number) if got is not None else None
        if missing is not None:
            self.fail(number, f"expected next: {missing}\nprinted:\n  " + "\n  ".join(got))

    def shown(self, printed):
        """Fails if a Python block has printed what nothing shows."""
        if printed and printed[1]:
            self.fail(printed[0], "prints what no ```text block shows:\n  " + "\n  ".join(printed[1]))


SPOILT = """```console
$ echo 1 two
1 three
```
```python
word = "one"
print(word)
```
```text
two
```
```python
print(word)
```
```python
print("before", undefined)
```
```text
before
```
```lin
no name
```
"""


def self_test():
    """Each block of SPOILT is at fault; put right, none is."""
    right = SPOILT.replace("1 three", "1 two").replace("text\ntwo", "text\none").replace("undefined", "word")
    right = right.replace("before\n", "before one\n").replace("```lin\n", "```lin a.lin\n")
    right = right.replace("print(word)\n```\n```python", "print(word)\n```\n```text\none\n```\n```python")
    for text, expected in ((SPOILT, ["1", "9", "12", "15", "21"]), (right, [])):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "page.md"
            path.write_text(text, encoding="utf-8")
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                Page(path, pathlib.Path(folder), dict(os.environ), False).run(None)
            faults = re.findall(r"page\.md:(\d+):", output.getvalue())
            assert faults == expected, output.getvalue()
    print("5 of 5 faults noticed")
    return 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="+", type=pathlib.Path)
    parser.add_argument("--linnet", required=True, type=pathlib.Path)
    parser.add_argument("--section", help="only the blocks below this heading")
    parser.add_argument("--show", action="store_true", help="print what the commands print")
    options = parser.parse_args()
    failures = total = 0
    path = os.environ["PATH"]
    sys.path.insert(0, str(SOURCE / "python"))
    for page in options.pages:
        with tempfile.TemporaryDirectory() as root:
            root = pathlib.Path(root)
            (root / "bin").mkdir()
            (root / "bin/linnet").symlink_to(options.linnet.resolve())
            python = root / "bin/python3"
            python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
            python.chmod(0o755)
            (root / "work").mkdir()
            build = options.linnet.resolve().parent
            os.environ.update(
                PATH=f"{root}/bin:{path}", S=str(SOURCE), XDG_CACHE_HOME=str(root / "cache"),
                HOME=str(root), LC_ALL="C.UTF-8", PYTHONPATH=str(SOURCE / "python"),
                LINNET_COMMAND=str(options.linnet.resolve()), LINNET_LIBRARY=str(build / "liblinnet.so"))
            run = Page(page, root / "work", dict(os.environ), options.show)
            run.run(options.section)
            total, failures = total + run.count, failures + run.failures
    print(f"{total - failures} of {total} commands and blocks")
    return 1 if failures or total == 0 else 0


if __name__ == "__main__":
    assert shutil.which("bash")
    sys.exit(main())
