#!/usr/bin/env python3
"""What a linker needs beside a model and libruntime.a, gathered into one archive, so that linnet can
link where no compiler is installed (codegen/object/link_elf.cpp).

    link_kit.py --compiler CXX --binutils PREFIX --runtime libruntime.a --out kit.a

Members of kit.a: the start files of the compiler and of libc; libsupport.a, the objects of
libstdc++, libgcc and libc_nonshared.a that any part of libruntime.a may ask for; and libc.so.6,
libm.so.6 and ld.so as their names, symbols and versions alone, without code: a program binds to the
real ones when it starts.
"""

import argparse
import re
import subprocess
import tempfile
from pathlib import Path

START_FILES = {"Scrt1.o": "Scrt1.o", "crti.o": "crti.o", "crtbeginS.o": "crtbegin.o",
               "crtendS.o": "crtend.o", "crtn.o": "crtn.o"}
# Decimal floating point, which no model has, is most of libgcc.
DECIMAL = re.compile(r"bid|decimal|_[sdt]d[.d_]|_[sdtx]f_to_[sdt]d|_to_[sdt]d|_[sdt]d_to_")


class Kit:
    def __init__(self, arguments, folder):
        self.compiler, self.tools = arguments.compiler, arguments.binutils
        self.runtime, self.out = arguments.runtime.resolve(), arguments.out.resolve()
        self.folder = folder

    def run(self, *command, cwd=None):
        done = subprocess.run(command, cwd=cwd or self.folder, capture_output=True, text=True,
                              env={"LC_ALL": "C", "PATH": "/usr/local/bin:/usr/bin:/bin"})
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
        return done.stdout

    def tool(self, name, *words, cwd=None):
        return self.run(self.tools + name, *words, cwd=cwd)

    def file(self, name):
        path = Path(self.run(self.compiler, f"-print-file-name={name}").strip())
        if not path.is_absolute():
            raise SystemExit(f"{self.compiler} has no {name}")
        return path

    def members_asked_for(self):
        """Which objects a link of the whole run-time takes from which archive."""
        self.run(
            self.compiler, "-o", "all", "-Wl,-Map=map", "-Wl,--defsym=linnet_product_model=0",
            "-Wl,--whole-archive", self.runtime, "-Wl,--no-whole-archive",
            "-Wl,-u,_ZN9__gnu_cxx27__verbose_terminate_handlerEv", "-static-libgcc",
            "-Wl,-Bstatic", "-lstdc++", "-Wl,-Bdynamic", "-lm")
        taken = {}
        text = (self.folder / "map").read_text()
        for archive, member in re.findall(r"^(\S+\.a)\((\S+)\)$", text[:text.index("\nMemory")], re.M):
            if Path(archive) != self.runtime:
                taken.setdefault(Path(archive).resolve(), set()).add(member)
        if not any(archive.name == "libstdc++.a" for archive in taken):
            raise SystemExit(f"{self.compiler} takes nothing from libstdc++.a")
        return taken

    def support(self):
        """libsupport.a: of libstdc++ what is asked for, of libgcc all that models could."""
        taken = self.members_asked_for()
        for name in ("libgcc.a", "libgcc_eh.a", "libc_nonshared.a"):
            archive = self.file(name).resolve()
            members = self.tool("ar", "t", archive).split()
            taken[archive] = {m for m in members if not DECIMAL.search(m)}
        objects = []
        for archive in sorted(taken, key=lambda path: path.name):
            inside = self.folder / archive.name.replace(".", "_")
            inside.mkdir()
            members = sorted(taken[archive])
            self.tool("ar", "x", archive, *members, cwd=inside)
            objects += [inside / member for member in members]
        self.tool("strip", "-g", *objects)
        self.archive("libsupport.a", objects)

    def archive(self, name, files):
        (self.folder / name).unlink(missing_ok=True)
        self.tool("ar", "qcDS" if name == "kit.a" else "qcD", name, *files)

    def shell_of(self, library, name):
        """A shared library with the names and default versions of another one, and no code."""
        versions, text = {}, [".section .note.GNU-stack,\"\",%progbits"]
        for line in self.tool("readelf", "-W", "--dyn-syms", library).splitlines():
            found = re.match(r"\s*\d+: \S+\s+(\S+)\s+(\w+)\s+(GLOBAL|WEAK)\s+DEFAULT\s+(\S+)\s"
                             r"(?:.*\s)?([^\s@]+)@@(\S+)", line)
            if not found or found[4] in ("UND", "ABS") or found[6] == "GLIBC_PRIVATE":
                continue
            size, kind, symbol = int(found[1], 0), found[2], found[5]
            if kind not in ("FUNC", "IFUNC", "OBJECT"):
                continue
            versions.setdefault(found[6], []).append(symbol)
            section, what = (".text", "function") if kind != "OBJECT" else (".bss", "object")
            text += [f"{section}\n.globl {symbol}\n.type {symbol}, %{what}\n"
                     f".size {symbol}, {size}\n{symbol}:\n.skip 8"]
        if not versions:
            raise SystemExit(f"{library}: no versioned symbols")
        script = [f"{version} {{ {' '.join(f'{s};' for s in sorted(symbols))} }};"
                  for version, symbols in sorted(versions.items())]
        script.append("LINNET_REST { local: *; };")
        (self.folder / "shell.S").write_text("\n".join(text) + "\n")
        (self.folder / "shell.map").write_text("\n".join(script) + "\n")
        soname = re.search(r"SONAME.*\[(.+)\]", self.tool("readelf", "-dW", library))[1]
        self.run(self.compiler, "-shared", "-nostdlib", "-o", name, "shell.S", "-s",
                 f"-Wl,-soname,{soname}", "-Wl,--version-script=shell.map", "-Wl,--build-id=none",
                 "-Wl,-z,noseparate-code")

    def make(self):
        members = []
        for name, short in START_FILES.items():
            self.run("cp", self.file(name), short)
            self.tool("strip", "-g", short)
            members.append(short)
        self.support()
        libc = self.file("libc.so.6")
        loader = next(path for path in sorted(libc.parent.glob("ld-linux*.so.*")))
        for library, name in ((self.file("libm.so.6"), "libm.so.6"), (libc, "libc.so.6"),
                              (loader, "ld.so")):
            self.shell_of(library, name)
        self.archive("kit.a", members + ["libsupport.a", "libm.so.6", "libc.so.6", "ld.so"])
        self.run("cp", "kit.a", self.out)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--binutils", required=True, help="prefix of ar, readelf and strip")
    parser.add_argument("--runtime", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        Kit(arguments, Path(folder)).make()


if __name__ == "__main__":
    main()
