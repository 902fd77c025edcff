"""Writes what `linnet explain` knows of files: where ops and families are, and what tests them.

  where_things_are.py ROOT OUTPUT

A line each: `op NAME FILE` (the record), `lowering NAME FILE` (its expression in Halide),
`case NAME FILE` (text cases in which it stands), `family NAME FILE`, `family_case NAME FILE`,
`family_doc NAME TEXT` (the comment at the head of its header), `family_example NAME TEXT` (the file
of the cases of choose_schedules, then the lines of the first group that the family takes there).
"""
import os
import re
import sys


def texts(root, folder, ending):
    for home, folders, files in os.walk(os.path.join(root, folder)):
        folders.sort()
        for name in sorted(files):
            if name.endswith(ending):
                path = os.path.join(home, name)
                with open(path, encoding="utf-8") as file:
                    yield os.path.relpath(path, root), file.read()


def opening_comment(text):
    lines = []
    for line in text.split("\n"):
        if not line.startswith("//"):
            break
        lines.append(line[2:].strip())
    return " ".join(lines)


EXAMPLES = "tests/passes/choose_schedules.lir"


def example_of(family, cases):
    """The group with a schedule of the family, from its `%y = group(` to the closing brace."""
    group = re.search(r"^  %%.*\bgroup\(.*\) %s\{.*\n(?:    .*\n)*  \}" % family, cases, re.M)
    if not group:
        sys.exit("%s: no case in which %s takes a group" % (EXAMPLES, family))
    return group.group().split("\n")


def main():
    root, output = sys.argv[1:]
    lines = []
    for path, text in texts(root, "ir/ops", ".cpp"):
        lines += ["op %s %s" % (name, path)
                  for name in re.findall(r"^const OpDef ops::(\w+)", text, re.M)]
    for path, text in texts(root, "codegen/lower/kernels", ".cpp"):
        lines += ["lowering %s %s" % (name, path)
                  for name in re.findall(r"^(?:Halide::)?Expr lower_(\w+)\(", text, re.M)]
    with open(os.path.join(root, "passes/schedule/families.def"), encoding="utf-8") as file:
        families = re.findall(r"^LINNET_FAMILY\((\w+)", file.read(), re.M)
    with open(os.path.join(root, EXAMPLES), encoding="utf-8") as file:
        cases = file.read()
    for name in families:
        lines += ["family_example %s %s" % (name, text) for text in [EXAMPLES] + example_of(name, cases)]
        for path in ("passes/schedule/%s.h", "passes/schedule/%s.cpp",
                     "codegen/lower/kernels/%s.cpp"):
            lines.append("family %s %s" % (name, path % name))
        with open(os.path.join(root, "passes/schedule/%s.h" % name), encoding="utf-8") as file:
            doc = opening_comment(file.read())
        lines.append("family_doc %s %s" % (name, doc.removeprefix(name + ": ")))
    for path, text in texts(root, "tests", ".lir"):
        lines += ["case %s %s" % (name, path)
                  for name in sorted(set(re.findall(r"^ *%.*?= (\w+)", text, re.M)))]
        lines += ["family_case %s %s" % (name, path)
                  for name in families if re.search(r"\b%s\{" % name, text)]
    with open(output, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
