#!/usr/bin/env python3
"""Compiles a model for Cortex-M chips and packs it as a library for the Arduino IDE and for Zephyr.

    pack.py MODEL [--weights F] [--name NAME] [--cpu cortex-m33]… [--linnet linnet] [-o NAME.zip]

Arduino: Sketch > Include Library > Add .ZIP Library. Zephyr: unpack it, then
west build -- -DEXTRA_ZEPHYR_MODULES=$PWD/NAME. The same model gives the same bytes.
"""
import argparse
import io
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

# The FPU of each chip as -mfpu calls it: a folder's name in Arduino's library specification,
# "Precompiled binaries": src/{build.mcu}/{build.fpu}-{build.float-abi}.
FPUS = {"cortex-m4": "fpv4-sp-d16", "cortex-m7": "fpv5-d16", "cortex-m33": "fpv5-sp-d16",
        "cortex-m55": "auto"}
HERE = pathlib.Path(__file__).resolve().parent

PROPERTIES = """name={name}
version=1.0.0
author=linnet
maintainer=linnet
sentence=The network {name}, compiled by linnet.
paragraph=One C function from input to output: no allocation, no interpreter, no other library.
category=Data Processing
url=https://example.com/
architectures=*
includes={name}.h
precompiled=full
ldflags=-l{name}
"""
ZEPHYR_MODULE = """name: {name}
build:
  cmake: zephyr
"""
# Zephyr's CMake reads CONFIG_CPU_CORTEX_*; FP_HARDABI is how the library was compiled.
ZEPHYR_CMAKE = """# The library for the CPU that is built for, and its header.
set(folders {folders})
set(found "")
foreach(folder ${{folders}})
  string(REGEX REPLACE "/.*" "" cpu ${{folder}})
  string(TOUPPER ${{cpu}} option)
  string(REPLACE "-" "_" option ${{option}})
  if(CONFIG_CPU_${{option}})
    set(found ${{folder}})
  endif()
endforeach()
if(NOT found)
  message(FATAL_ERROR "{name}: there is no library for this CPU, only for: ${{folders}}")
endif()
if(NOT CONFIG_FP_HARDABI)
  message(FATAL_ERROR "{name}: set CONFIG_FPU=y and CONFIG_FP_HARDABI=y")
endif()
zephyr_include_directories(${{CMAKE_CURRENT_LIST_DIR}}/../src)
zephyr_library_import({name} ${{CMAKE_CURRENT_LIST_DIR}}/../src/${{found}}/lib{name}.a)
"""


def compiled(arguments, cpu, folder):
    """The library for a chip and its header, in bytes."""
    archive = folder / f"lib{arguments.name}.a"
    line = [arguments.linnet, "compile", arguments.model, "--emit", "lib", "--target", cpu,
            "--name", arguments.name, "-o", str(archive)]
    if arguments.weights:
        line += ["--weights", arguments.weights]
    try:
        status = subprocess.run(line, check=False).returncode
    except OSError as error:
        sys.exit(f"pack.py: {arguments.linnet}: {error.strerror}: name it with --linnet")
    if status != 0:
        sys.exit(status)
    return archive.read_bytes(), (folder / f"{arguments.name}.h").read_text()


def one_header(headers):
    """A header for all chips: what differs is chosen by the compiler's macro of the architecture."""
    texts = list(headers.values())
    if len(texts) == 1:
        return texts[0]
    macros = {"cortex-m4": "__ARM_ARCH_7EM__ && !(__ARM_FP & 8)",
              "cortex-m7": "__ARM_ARCH_7EM__ && (__ARM_FP & 8)",
              # Older compilers call Armv8.1-M 8-M; the M55's FPU has double precision, the M33's not.
              "cortex-m33": "__ARM_ARCH_8M_MAIN__ && !(__ARM_FP & 8)",
              "cortex-m55": "(__ARM_ARCH_8_1M_MAIN__ || __ARM_ARCH_8M_MAIN__) && (__ARM_FP & 8)"}
    parts = [f"#{'if' if i == 0 else 'elif'} {macros[cpu]}\n{text}"
             for i, (cpu, text) in enumerate(headers.items())]
    return "".join(parts) + "#else\n#error \"no library for this chip\"\n#endif\n"


def sizes(header):
    """The sizes a sketch needs: of the input and the output of NAME_run."""
    run = re.search(r"^int \w+_run\((.*), void \*arena\);", header, re.MULTILINE)
    if not run or len(re.findall(r"\bconst float\b", run[1])) != 1 or run[1].count(",") != 1:
        sys.exit("pack.py: the sketch is for one input and one output of f32")
    inputs, outputs = re.findall(r"\[([0-9*]+)\]", run[1])  # "1*28*28", which C multiplies
    return {"INPUTS": inputs, "OUTPUTS": outputs}


def files(arguments):
    """Every file of the library by its path in the ZIP."""
    archives, headers = {}, {}
    for cpu in arguments.cpu:
        with tempfile.TemporaryDirectory() as folder:
            archives[cpu], headers[cpu] = compiled(arguments, cpu, pathlib.Path(folder))
    name = arguments.name
    folders = [f"{cpu}/{FPUS[cpu]}-hard" for cpu in archives]
    words = {"NAME_ARENA": name.upper() + "_ARENA", "NAME": name,
             **sizes(headers[arguments.cpu[0]])}
    sketch = (HERE / "sketch" / "sketch.ino").read_text()
    for word, value in words.items():
        sketch = sketch.replace(word, value)
    contents = {
        "library.properties": PROPERTIES.format(name=name),
        f"src/{name}.h": one_header(headers),
        f"examples/{name}_time/{name}_time.ino": sketch,
        "zephyr/module.yml": ZEPHYR_MODULE.format(name=name),
        "zephyr/CMakeLists.txt": ZEPHYR_CMAKE.format(name=name, folders=" ".join(folders)),
    }
    for folder, archive in zip(folders, archives.values()):
        contents[f"src/{folder}/lib{name}.a"] = archive
    return {f"{name}/{path}": content for path, content in contents.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--weights")
    parser.add_argument("--name", help="of the library and its functions; the model file's if not given")
    parser.add_argument("--cpu", action="append", choices=list(FPUS), help="may be repeated")
    parser.add_argument("--linnet", default="linnet")
    parser.add_argument("-o", "--output")
    arguments = parser.parse_args()
    arguments.name = arguments.name or pathlib.Path(arguments.model).stem.replace("-", "_")
    arguments.cpu = list(dict.fromkeys(arguments.cpu or ["cortex-m33"]))
    # Arduino's names of folders and C's identifiers have these in common.
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,62}", arguments.name):
        sys.exit(f"pack.py: --name {arguments.name}: letters, digits and _ are expected, 63 at most")
    output = pathlib.Path(arguments.output or arguments.name + ".zip")
    if any(read and output.exists() and output.samefile(read)
           for read in (arguments.model, arguments.weights)):
        sys.exit(f"pack.py: -o {output} would overwrite what is read")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in sorted(files(arguments).items()):
            archive.writestr(zipfile.ZipInfo(path), content, zipfile.ZIP_DEFLATED)
    try:
        output.write_bytes(packed.getvalue())
    except OSError as error:
        sys.exit(f"pack.py: {output}: {error.strerror}")
    print(f"{output}: {', '.join(arguments.cpu)}")


if __name__ == "__main__":
    main()
