#!/usr/bin/env python3
"""Do two builds of linnet make the same products? Compares them byte for byte.

  same_bytes.py OLD NEW [--names-out] [--models A,B] [--kinds v2,trainer] [--keep DIR]
  same_bytes.py OLD --save SUMS.json        what OLD makes, to stand for it in later calls
  same_bytes.py --self-test

OLD and NEW are the two commands, or SUMS.json of --save in place of OLD. Each model of models/ is
compiled for x86-64-v2, -v3 and -v4 and as a trainer (x86-64-v3), with its initial values; compared
are the objects, headers and IR, and of each kernel Halide's statement, LLVM IR and assembly.

--names-out is for changes that rename kernels: of the objects the sections that are loaded and
their relocations, with the names of local and defined symbols left out, and of the headers the
bytes; texts that say the names are not compared. --keep DIR leaves both sides' files in DIR/old
and DIR/new (so that `diff -r` shows what differs).

Exit status: 0 the same, 1 different, 2 the call is wrong.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
MODELS = os.path.join(os.path.dirname(os.path.dirname(HERE)), "models")
KINDS = ("v2", "v3", "v4", "trainer")


# ---- what is compared ----------------------------------------------------------------------------

def loaded_content(data):
    """Of an ELF64 object: the bytes of each section that is loaded, and its relocations, without
    the names of what is defined in the object."""
    if data[:6] != b"\x7fELF\x02\x01":
        raise ValueError("not an ELF64 object")
    offset, = struct.unpack_from("<Q", data, 0x28)
    entry_size, count, _ = struct.unpack_from("<HHH", data, 0x3a)
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, offset + i * entry_size)
                for i in range(count)]

    def content(section):
        no_bits = section[1] == 8
        return b"" if no_bits else data[section[4]:section[4] + section[5]]

    def identity(section):
        return "%d:%d:%s" % (section[1], section[8],
                             hashlib.sha256(content(section)).hexdigest()[:16])

    def symbol(table, index):
        entry = content(sections[table])[index * 24:index * 24 + 24]
        name, _, _, home, value, _ = struct.unpack("<IBBHQQ", entry)
        if home == 0:  # from elsewhere: the name is what is asked for
            names = content(sections[sections[table][6]])
            return names[name:names.index(b"\0", name)].decode()
        return "%s + %d" % (identity(sections[home]), value)

    # Sections are known by their content: their order may follow the names.
    parts = [identity(section) + "\n" for section in sections if section[2] & 2]
    for section in sections:
        if section[1] != 4 or not sections[section[7]][2] & 2:
            continue
        body = content(section)
        for at in range(0, len(body), 24):
            place, info, addend = struct.unpack_from("<QQq", body, at)
            parts.append("%s at %d: %d of %s %+d\n" %
                         (identity(sections[section[7]]), place, info & 0xffffffff,
                          symbol(section[6], info >> 32), addend))
    return "".join(sorted(parts)).encode()


def digest(path, names_out):
    """None where the file says names and names are left out."""
    with open(path, "rb") as file:
        data = file.read()
    if names_out:
        if path.endswith(".o"):
            data = loaded_content(data)
        elif not path.endswith(".h"):
            return None
    return hashlib.sha256(data).hexdigest()


def digests(folder):
    """{path: [digest, digest with names left out]} of all files under the folder."""
    found = {}
    for home, _, files in os.walk(folder):
        for name in files:
            path = os.path.join(home, name)
            found[os.path.relpath(path, folder)] = [digest(path, False), digest(path, True)]
    return found


# ---- what a command makes ------------------------------------------------------------------------

def calls(linnet, model, kind):
    path = os.path.join(MODELS, model + ".lin")
    to_object = ["--emit", "obj", "--no-cache", "--jobs", "1", "-o", model + ".o"]
    if kind == "trainer":
        return [[linnet, "train", path, "--target", "x86-64-v3"] + to_object,
                [linnet, "dump", path, "--train", "--target", "x86-64-v3", "--after",
                 "plan_memory", "-o", model + ".lir"]]
    return [[linnet, "compile", path, "--target", "x86-64-" + kind, "--dump-dir", "dump"] +
            to_object]


def products(linnet, model, kind, folder):
    """The digests of what the commands make of one model; a refusal is its message."""
    os.makedirs(folder)
    for command in calls(linnet, model, kind):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False,
                              timeout=600)
        if done.returncode != 0:
            return {"status %d" % done.returncode: ["refused", "refused"],
                    "message": done.stderr.strip().split("\n")[0]}
    return digests(folder)


def all_products(linnet, work, folder):
    """{"MODEL KIND": digests}; two at a time, since each takes a core and little memory."""
    def one(item):
        model, kind = item
        return "%s %s" % item, products(linnet, model, kind, os.path.join(folder, model, kind))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(pool.map(one, work))


# ---- comparing -----------------------------------------------------------------------------------

def differences(old, new, names_out):
    """(number compared, lines of what differs) of two sides of one model and kind."""
    which = 1 if names_out else 0
    compared, wrong = 0, []
    for path in sorted((old.keys() | new.keys()) - {"message"}):
        sides = [side.get(path, ["", ""])[which] for side in (old, new)]
        if sides == [None, None] or (names_out and None in sides):
            continue
        compared += 1
        if "" in sides:
            wrong.append("%s: only of the %s" % (path, "new" if sides[0] == "" else "old"))
        elif sides[0] != sides[1]:
            wrong.append(path + ": differs")
    return compared, wrong


def show(old, new, names_out):
    """Prints a row for each model; True if all is the same."""
    rows = list(dict.fromkeys(key.split(" ")[0] for key in new))
    kinds = [kind for kind in KINDS if any(key.split(" ")[1] == kind for key in new)]
    print("%-18s" % "files the same" + "".join("%-12s" % kind for kind in kinds))
    all_wrong, total = [], 0
    for model in rows:
        cells = []
        for kind in kinds:
            key = model + " " + kind
            compared, wrong = differences(old.get(key, {}), new.get(key, {}), names_out)
            total += compared
            all_wrong += ["%s: %s" % (key, line) for line in wrong]
            refused = "message" in new.get(key, {})
            cells.append("%d of %d" % (compared - len(wrong), compared) if wrong
                         else "refused" if refused else "%d" % compared)
        print("%-18s" % model + "".join("%-12s" % cell for cell in cells))
    for key, files in new.items():
        if "message" in files:
            print("refused by both: %s: %s" % (key, files["message"]))
    for line in all_wrong[:40]:
        print("different: " + line)
    if len(all_wrong) > 40:
        print("… and %d more" % (len(all_wrong) - 40))
    print("%d files, %d different%s" % (total, len(all_wrong),
                                        " (names left out)" if names_out else ""))
    return not all_wrong and total > 0


# ---- the test of this test -----------------------------------------------------------------------

def self_test():
    """A changed byte of code, a changed target of a call, a changed header, a missing file are
    noticed; a renamed function is, but for --names-out."""
    source = "extern int %s(int); static int k[4] = {1, 2, 3, 4};\n" \
             "int %s(int x) { return %s(x) * %s + k[x & 3]; }\n"
    with tempfile.TemporaryDirectory() as folder:
        def side(name, outside="sum", function="conv1", factor="3", header="#define A 1\n"):
            home = os.path.join(folder, name)
            os.makedirs(home)
            code = os.path.join(home, "m.c")
            with open(code, "w", encoding="utf-8") as file:
                file.write(source % (outside, function, outside, factor))
            subprocess.run(["cc", "-O1", "-c", code, "-o", os.path.join(home, "m.o")], check=True)
            os.remove(code)
            with open(os.path.join(home, "m.h"), "w", encoding="utf-8") as file:
                file.write(header)
            with open(os.path.join(home, "m.lir"), "w", encoding="utf-8") as file:
                file.write("kernel @%s\n" % function)
            return digests(home)

        base, again = side("base"), side("again")
        lost = dict(again)
        del lost["m.h"]
        cases = [("nothing changed", again, 0, 0),
                 ("a number in the code", side("factor", factor="5"), 1, 1),
                 ("another function is called", side("outside", outside="product"), 1, 1),
                 ("a header", side("header", header="#define A 2\n"), 1, 1),
                 ("a file is missing", lost, 1, 1),
                 ("a kernel is renamed", side("renamed", function="conv2"), 2, 0)]
        wrong = 0
        for what, new, plain, without_names in cases:
            found = [len(differences(base, new, names_out)[1]) for names_out in (False, True)]
            if found != [plain, without_names]:
                print("%s: %s different, expected %s" % (what, found, [plain, without_names]))
                wrong += 1
        if show({"m v3": base}, {"m v3": side("shown", factor="7")}, False):
            print("a difference gives no status 1")
            wrong += 1
    print("self-test: %s" % ("failed" if wrong else "ok"))
    return wrong == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", nargs="?")
    parser.add_argument("new", nargs="?")
    parser.add_argument("--names-out", action="store_true")
    parser.add_argument("--models", help="of models/: lenet,mlp")
    parser.add_argument("--kinds", default=",".join(KINDS), help="of " + ",".join(KINDS))
    parser.add_argument("--save", metavar="SUMS.json")
    parser.add_argument("--keep", metavar="DIR")
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if options.self_test:
        return 0 if self_test() else 1
    if not options.old or bool(options.new) == bool(options.save):
        parser.error("give OLD and NEW, or OLD and --save")
    there = sorted(name[:-4] for name in os.listdir(MODELS) if name.endswith(".lin"))
    models = options.models.split(",") if options.models else there
    kinds = options.kinds.split(",")
    for word, known in [(m, there) for m in models] + [(k, KINDS) for k in kinds]:
        if word not in known:
            parser.error("%s is none of %s" % (word, ", ".join(known)))
    work = [(model, kind) for model in models for kind in kinds]
    folder = options.keep or tempfile.mkdtemp(prefix="same_bytes.")
    try:
        sides = []
        for name, path in (("old", options.old), ("new", options.new)):
            if path is None:
                continue
            if path.endswith(".json"):
                with open(path, encoding="utf-8") as file:
                    saved = json.load(file)
                sides.append({"%s %s" % item: saved.get("%s %s" % item, {}) for item in work})
            else:
                sides.append(all_products(os.path.abspath(path), work,
                                          os.path.join(folder, name)))
        if options.save:
            with open(options.save, "w", encoding="utf-8") as file:
                json.dump(sides[0], file, indent=0, sort_keys=True)
            return 0
        return 0 if show(sides[0], sides[1], options.names_out) else 1
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
