#!/usr/bin/env python3
"""A test of the tests: seeded faults, each built alone, must make the suite fail.

  mutants.py --check                     does each record of mutants.txt still apply to one place?
  mutants.py --worktree DIR [--only NAME,NAME] [--quick] [--missed N] [--keep]

DIR becomes a git worktree of its own, of the commit that is checked out here, and is built without
debug information; it is removed at the end unless --keep is given, which makes the next run quick.
For each record the fault is written into its file, and the suite is run until something fails:
first the tests that the record names, then all other entries of ctest but the house rules. "Caught"
is said with the test that failed; the tests named are run once more without any fault at the end,
and one that fails then caught nothing.

A record of mutants.txt:

  // name: words_with_underscores
  // family: passes | planner | kernels | importer | runtime | ir
  // file: where the fault is
  // breaks: what a user would see, in one sentence
  // first: ENTRY ARGUMENTS     an entry of ctest and the tests of it: a filter of GoogleTest, or
                                the options of a script of tests/onnx; may be repeated
  whole lines as they stand
  // ---->
  the lines in their place, if any
  // -----

Exit status: 0 all are caught (but --missed N), 1 more are missed, or a record applies no longer.
"""
import argparse
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
RECORDS = os.path.join(HERE, "mutants.txt")
FAMILIES = ("passes", "planner", "kernels", "importer", "runtime", "ir")
# Rules of the repository, and tests of scripts that never see linnet: no fault of the program is
# theirs to find.
NOT_OURS = r"^(house.*|mutants.*|.*\.self_test)$"
NEEDS_COMMAND = ("cli", "models", "training")  # their tests call build/linnet too


@dataclass
class Mutant:
    name: str = ""
    family: str = ""
    file: str = ""
    breaks: str = ""
    first: list = field(default_factory=list)
    before: str = ""
    after: str = ""


# ---- records -------------------------------------------------------------------------------------

def parse(text):
    """The records of a text; ValueError names the record that is not one."""
    mutants = []
    for block in re.split(r"^// -----\n", text, flags=re.MULTILINE):
        if not block.strip():
            continue
        mutant = Mutant()
        lines = block.splitlines(keepends=True)
        while lines and (key := re.match(r"// (name|family|file|breaks|first): (.+)\n", lines[0])):
            if key[1] == "first":
                mutant.first.append(key[2])
            else:
                setattr(mutant, key[1], key[2])
            lines.pop(0)
        halves = "".join(lines).split("// ---->\n")
        if len(halves) != 2:
            raise ValueError(f"record '{mutant.name}': one line '// ---->' is expected")
        mutant.before, mutant.after = halves
        mutants.append(mutant)
    return mutants


def faults_of(mutants, read):
    """What is wrong with records; `read(file)` is the text of a source file, or None."""
    faults = []
    seen = set()
    for m in mutants:
        at = f"record '{m.name}'"
        for key in ("name", "family", "file", "breaks", "first"):
            if not getattr(m, key):
                faults.append(f"{at}: '{key}' is missing")
        if m.name in seen:
            faults.append(f"{at}: the name is given twice")
        seen.add(m.name)
        if m.family not in FAMILIES:
            faults.append(f"{at}: family '{m.family}' is none of {', '.join(FAMILIES)}")
        if m.before == m.after:
            faults.append(f"{at}: changes nothing")
        text = read(m.file)
        if text is None:
            faults.append(f"{at}: there is no {m.file}")
            continue
        places = places_of(m, text)
        if places != 1:
            faults.append(f"{at}: its lines stand {places} times in {m.file}, once is expected: "
                          "rewrite the record after what stands there now")
    return faults


def places_of(mutant, text):
    """How often the lines stand there, as whole lines."""
    return len(whole_lines(mutant).findall(text)) if mutant.before else 0


def mutated(mutant, text):
    return whole_lines(mutant).sub(lambda _: mutant.after, text)


def whole_lines(mutant):
    return re.compile("^" + re.escape(mutant.before), re.MULTILINE)


def read_source(file):
    path = os.path.join(ROOT, file)
    if not os.path.isfile(path):
        return None
    with open(path, encoding="utf-8") as source:
        return source.read()


def check(mutants):
    faults = faults_of(mutants, read_source)
    for fault in faults:
        print(f"tests/mutants/mutants.txt: {fault}", file=sys.stderr)
    if not faults:
        print(f"{len(mutants)} records apply")
    return 1 if faults else 0


def self_test():
    """Shows that `check` notices what it must, without linnet."""
    def record(**changes):
        keys = {"name": "a", "family": "ir", "file": "f", "breaks": "b", "first": "ops *"}
        keys.update(changes)
        head = "".join(f"// {k}: {v}\n" for k, v in keys.items() if v)
        return f"{head}  one\n// ---->\n  two\n// -----\n"

    texts = {"f": "  one\nrest\n", "twice": "  one\n  one\n", "longer": "x  one\n"}
    cases = {"fits": (record(), ""), "gone": (record(file="longer"), "0 times"),
             "twice": (record(file="twice"), "2 times"), "no file": (record(file="g"), "no g"),
             "no first": (record(first=""), "'first' is missing"),
             "family": (record(family="x"), "none of"), "name": (record() * 2, "given twice"),
             "same": (record().replace("two", "one"), "changes nothing")}
    bad = 0
    for name, (text, said) in cases.items():
        found = faults_of(parse(text), texts.get)
        fine = any(said in fault for fault in found) if said else not found
        bad += not fine
        print(f"{'ok ' if fine else 'BAD'} {name}: {found}")
    bad += mutated(parse(record())[0], texts["f"]) != "  two\nrest\n"
    return 1 if bad else 0


# ---- the worktree --------------------------------------------------------------------------------

def run(command, **options):
    return subprocess.run(command, text=True, encoding="utf-8", errors="replace", **options)


def git(*arguments, cwd=ROOT):
    done = run(["git", *arguments], cwd=cwd, capture_output=True)
    if done.returncode != 0:
        sys.exit(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()


class Tree:
    """A worktree of its own, with a build folder."""

    def __init__(self, path, jobs, options, limit):
        self.path, self.jobs, self.limit = os.path.abspath(path), jobs, limit
        commit = git("rev-parse", "HEAD")
        if os.path.exists(os.path.join(self.path, ".git")):
            if git("branch", "--show-current", cwd=self.path) or self.path == ROOT:
                sys.exit(f"{self.path} is somebody's working copy: name a folder that is not there")
            if git("status", "--porcelain", "--untracked-files=no", cwd=self.path):
                sys.exit(f"{self.path} has changes: remove it with git worktree remove --force")
            git("checkout", "-q", "--detach", commit, cwd=self.path)
        else:
            git("worktree", "add", "-q", "--force", "--detach", self.path, commit)
        venv = os.path.join(self.path, ".venv")
        if not os.path.lexists(venv) and os.path.exists(os.path.join(ROOT, ".venv")):
            os.symlink(os.path.realpath(os.path.join(ROOT, ".venv")), venv)
        done = run(["cmake", "--preset", "dev", "-DCMAKE_CXX_FLAGS_DEBUG=-O1",
                    "-DCMAKE_C_FLAGS_DEBUG=-O1", *options], cwd=self.path, capture_output=True)
        if done.returncode != 0:
            sys.exit(f"cmake: {done.stdout}{done.stderr}")
        self.build_folder = os.path.join(self.path, "build")
        listed = run(["ctest", "-N"], cwd=self.build_folder, capture_output=True).stdout
        self.entries = re.findall(r"Test +#\d+: (\S+)", listed)

    def remove(self):
        git("worktree", "remove", "--force", self.path)

    def build(self, targets):
        """What the compiler said if it does not build, else ''."""
        done = run(["ninja", "-C", self.build_folder, "--quiet", "-j", str(self.jobs), *targets],
                   capture_output=True)
        return "" if done.returncode == 0 else done.stdout + done.stderr

    def targets_of(self, entry):
        if entry.startswith("onnx."):
            return ["linnet"]
        return [f"linnet_{entry}_test"] + (["linnet"] if entry in NEEDS_COMMAND else [])

    def first(self, line):
        """Runs tests that a record names: '' if they pass, else which failed and how."""
        entry, _, arguments = line.partition(" ")
        if entry.startswith("onnx."):
            script = os.path.join(self.path, "tests", "onnx", entry[5:] + ".py")
            command = [os.path.join(self.path, ".venv", "bin", "python"), "-B", script, "--linnet",
                       os.path.join(self.build_folder, "linnet"), *arguments.split()]
        else:
            command = [os.path.join(self.build_folder, "tests", f"linnet_{entry}_test"),
                       "--gtest_brief=1", "--gtest_fail_fast", f"--gtest_filter={arguments}"]
        code, output = self.watched(command)
        if "] 0 tests from 0 test suites ran" in output:
            sys.exit(f"'{line}' names no test")
        if code == 0:
            return ""
        return f"{entry}: {which_failed(output, code)}"

    def rest(self):
        """Every entry of ctest: '' if all pass, else the first that failed."""
        code, output = self.watched(["ctest", "--test-dir", self.build_folder, "-E", NOT_OURS, "-j",
                                     str(self.jobs), "--stop-on-failure", "--output-on-failure",
                                     "--timeout", str(self.limit)], whole=True)
        if code == 0:
            return ""
        entry = re.search(r"^\s*\d+/\d+ Test +#\d+: (\S+) \.+ *\**(?!.*Passed)", output,
                          re.MULTILINE)
        return f"{entry[1] if entry else 'ctest'}: {which_failed(output, code)}"

    def watched(self, command, whole=False):
        """Exit status and output; one that takes too long ends with 'timeout'."""
        # No test may find in a cache what a mutant, or the program without it, compiled.
        environment = {**os.environ, "XDG_CACHE_HOME": "/dev/null", "CTEST_OUTPUT_ON_FAILURE": "1"}
        process = subprocess.Popen(command, cwd=self.path, env=environment, text=True,
                                   encoding="utf-8", errors="replace", stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, start_new_session=True)
        try:
            output, _ = process.communicate(timeout=self.limit * (20 if whole else 1))
            return process.returncode, output
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)  # the group that was started above
            output, _ = process.communicate()
            return "timeout", output
        except BaseException:
            os.killpg(process.pid, 9)
            raise


def which_failed(output, code):
    """A test's name, or the last words."""
    name = re.search(r"^\[  FAILED  \] ([^ ,\n]+)", output, re.MULTILINE)
    if name:
        return name[1]
    case = re.search(r"^(wrong|bug|crash|hang|error|refused)[ :] *(.*)$", output, re.MULTILINE)
    if case:
        return f"{case[1]}: {case[2][:90]}"
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    last = next((line for line in lines if re.search(r"internal error|wrong|FAIL", line)),
                lines[-1] if lines else "no words")
    how = "timeout" if code == "timeout" else f"status {code}"
    return f"{how}: {last[:90]}"


# ---- the run -------------------------------------------------------------------------------------

def try_mutant(tree, mutant, quick):
    """(result, by which test, what to run again without the fault)."""
    path = os.path.join(tree.path, mutant.file)
    with open(path, encoding="utf-8") as source:
        original = source.read()
    try:
        with open(path, "w", encoding="utf-8") as source:
            source.write(mutated(mutant, original))
        for line in mutant.first:
            if broken := tree.build(tree.targets_of(line.partition(" ")[0])):
                return "does not build", broken.strip().splitlines()[-1][:100], ""
            if by := tree.first(line):
                return "caught", by, line
        if quick:
            return "MISSED", "by the tests that its record names; the others were not run", ""
        if broken := tree.build([]):
            return "does not build", broken.strip().splitlines()[-1][:100], ""
        if by := tree.rest():
            return "caught", by, by.partition(":")[0]
        return "MISSED", mutant.breaks, ""
    finally:
        with open(path, "w", encoding="utf-8") as source:
            source.write(original)


def passes_without_fault(tree, line, named):
    """Both must be built anew: what is there holds the last mutant."""
    entry = line.partition(" ")[0]
    if named:
        return not tree.build(tree.targets_of(entry)) and not tree.first(line)
    if tree.build([]):
        return False
    code, _ = tree.watched(["ctest", "--test-dir", tree.build_folder, "-R",
                            f"^{re.escape(entry)}$"], whole=True)
    return code == 0


def run_all(tree, mutants, missed_allowed, quick):
    width = max(len(m.name) for m in mutants)
    results = []
    for number, mutant in enumerate(mutants, 1):
        begin = time.monotonic()
        result, by, again = try_mutant(tree, mutant, quick)
        results.append((mutant, result, again))
        print(f"{number:3}/{len(mutants)} {mutant.name:{width}}  {mutant.family:8}  {result:14} "
              f"{time.monotonic() - begin:4.0f} s  {by}", flush=True)
    suspects = {}
    for again in sorted({again for _, _, again in results if again}):
        named = any(again in m.first for m in mutants)
        if not passes_without_fault(tree, again, named):
            suspects[again] = True
            print(f"'{again}' fails without a fault too: what it caught does not count")
    caught = [m for m, result, again in results if result == "caught" and again not in suspects]
    print(f"{len(caught)} of {len(results)} are caught")
    return 0 if len(results) - len(caught) <= missed_allowed else 1


def main():
    arguments = argparse.ArgumentParser(description=__doc__,
                                        formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--check", action="store_true", help="check the records, build nothing")
    arguments.add_argument("--self-test", action="store_true", help="check --check")
    arguments.add_argument("--list", action="store_true", help="name the mutants")
    arguments.add_argument("--worktree", metavar="DIR", help="where to build; need not exist")
    arguments.add_argument("--only", default="", metavar="NAME,…", help="these mutants")
    arguments.add_argument("--missed", type=int, default=0, metavar="N",
                           help="so many may be missed (default 0)")
    arguments.add_argument("--quick", action="store_true",
                           help="run no more than the tests that records name")
    arguments.add_argument("--keep", action="store_true", help="leave the worktree")
    arguments.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments.add_argument("--limit", type=float, default=300, metavar="SECONDS",
                           help="for one entry of the suite (default 300)")
    arguments.add_argument("--cmake", action="append", default=[], metavar="OPTION",
                           help="handed to cmake, as --cmake=-DCMAKE_EXE_LINKER_FLAGS=…")
    options = arguments.parse_args()
    if options.self_test:
        return self_test()
    with open(RECORDS, encoding="utf-8") as file:
        mutants = parse(file.read())
    if options.check:
        return check(mutants)
    if options.only:
        names = options.only.split(",")
        unknown = set(names) - {m.name for m in mutants}
        if unknown:
            sys.exit(f"no mutant '{min(unknown)}': --list names them")
        mutants = [m for m in mutants if m.name in names]
    if options.list:
        for m in mutants:
            print(f"{m.family:8}  {m.name}: {m.breaks}")
        return 0
    if not options.worktree:
        arguments.error("--worktree DIR is missing")
    if check(mutants) != 0:
        return 1
    tree = Tree(options.worktree, options.jobs, options.cmake, options.limit)
    try:
        return run_all(tree, mutants, options.missed, options.quick)
    finally:
        if not options.keep:
            tree.remove()


if __name__ == "__main__":
    sys.exit(main())
