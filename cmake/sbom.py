#!/usr/bin/env python3
"""Bills of materials of a release, SPDX 2.3 as JSON.

    sbom.py --version V --venv DIR --out DIR

linnet-V-wheel.spdx.json, -tarball and -deb say what is inside the files of that name, and
linnet-V-products.spdx.json what is inside what linnet makes: models as objects, libraries and
executables. Versions are those of the packages that are installed here, which the release was
built from; the date is SOURCE_DATE_EPOCH.
"""

import argparse
import datetime
import hashlib
import importlib.metadata
import json
import os
import subprocess
import sys
from pathlib import Path

APACHE_LLVM = "Apache-2.0 WITH LLVM-exception"
GCC = "GPL-3.0-or-later WITH GCC-exception-3.1"
# Name: where the version is known from ("deb:" Debian's package, "py:" the Python package), licence,
# whose it is, and what it is for.
COMPONENTS = {
    "linnet": (None, APACHE_LLVM, "", "the compiler"),
    "linnet-runtime": (None, APACHE_LLVM, "", "reads files, calls the model, writes answers"),
    "llvm": ("deb:llvm-22-dev", APACHE_LLVM, "LLVM Project", "code generation"),
    "lld": ("deb:liblld-22-dev", APACHE_LLVM, "LLVM Project", "linking"),
    "halide": ("py:halide", "MIT", "The Halide team", "kernels; holds an LLVM 21 of its own"),
    "fmt": ("deb:libfmt-dev", "MIT", "Victor Zverovich", "texts"),
    "protobuf-lite": ("deb:libprotobuf-dev", "BSD-3-Clause", "Google", "ONNX files"),
    "onnx": ("py:onnx", "Apache-2.0", "ONNX Project", "messages and schemas of ONNX files"),
    "cli11": ("deb:libcli11-dev", "BSD-3-Clause", "University of Cincinnati", "command line"),
    "nlohmann-json": ("deb:nlohmann-json3-dev", "MIT", "Niels Lohmann", "JSON"),
    "tl-expected": ("deb:libexpected-dev", "CC0-1.0", "Sy Brand", "results"),
    "eigen": ("deb:libeigen3-dev", "MPL-2.0", "Eigen", "least squares, of trainers"),
    "stb_image": ("deb:libstb-dev", "MIT OR Unlicense", "Sean Barrett", "PNG and JPEG"),
    "zlib": ("deb:zlib1g-dev", "Zlib", "Jean-loup Gailly, Mark Adler", "needed by LLVM"),
    "zstd": ("deb:libzstd-dev", "BSD-3-Clause", "Meta", "needed by LLVM"),
    "libstdc++": ("deb:libstdc++-12-dev", GCC, "Free Software Foundation",
                  "C++; linked statically into executables"),
    "libgcc": ("deb:libgcc-12-dev", GCC, "Free Software Foundation",
               "exceptions, start files; linked statically into executables"),
    "glibc-start-files": ("deb:libc6-dev", "LGPL-2.1-or-later", "Free Software Foundation",
                          "Scrt1.o, crti.o, crtn.o and libc_nonshared.a, whose notices allow any "
                          "terms for programs linked with them"),
    "glibc": ("deb:libc6-dev", "LGPL-2.1-or-later", "Free Software Foundation",
              "the whole libc, only in executables of --static"),
}
COMPILER = ["llvm", "lld", "fmt", "protobuf-lite", "onnx", "cli11", "nlohmann-json", "tl-expected",
            "eigen", "stb_image", "zlib", "zstd"]
# What executables are linked with, which the compiler carries.
EXECUTABLE = ["linnet-runtime", "eigen", "stb_image", "tl-expected", "libstdc++", "libgcc",
              "glibc-start-files"]
FILES = {
    "wheel": ("linnet", COMPILER + EXECUTABLE, ["halide"]),
    "tarball": ("linnet", [*COMPILER, *EXECUTABLE, "halide"], []),
    "deb": ("linnet", [*COMPILER, *EXECUTABLE, "halide"], []),
}
# A model's own code is generated: no library's text is in it, and it is its maker's.
PRODUCTS = {
    "model-object": ("--emit obj, lib, wasm, c: the model's code and weights alone", []),
    "model-shared-library": ("--emit shared", ["libgcc", "glibc-start-files"]),
    "model-executable": ("--emit exe; trainers", EXECUTABLE),
    "model-executable-static": ("--emit exe --static", [*EXECUTABLE, "glibc"]),
    "model-threads": ("what --threads adds to a library: base/pool.cpp", ["linnet-runtime"]),
}


def version_of(source, linnet):
    if source is None:
        return linnet
    kind, package = source.split(":")
    if kind == "deb":
        return subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], check=True,
                              capture_output=True, text=True).stdout
    return importlib.metadata.distribution(package).version


def spdx_id(name):
    return "SPDXRef-" + "".join(c if c.isalnum() else "-" for c in name)


def package(name, version, licence, supplier, comment):
    return {
        "SPDXID": spdx_id(name),
        "name": name,
        "versionInfo": version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": licence,
        "licenseDeclared": licence,
        "copyrightText": "NOASSERTION",
        "supplier": f"Organization: {supplier or 'linnet'}",
        "comment": comment,
    }


def component(name, linnet):
    source, licence, supplier, comment = COMPONENTS[name]
    return package(name, version_of(source, linnet), licence, supplier, comment)


def document(name, packages, relations):
    body = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": name,
        "creationInfo": {
            "created": datetime.datetime.fromtimestamp(
                int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc
            ).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Tool: linnet-sbom"],
        },
        "packages": sorted(packages, key=lambda p: p["SPDXID"]),
        "relationships": [
            {"spdxElementId": a, "relationshipType": kind, "relatedSpdxElement": b}
            for a, kind, b in sorted(set(relations))
        ],
    }
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    body["documentNamespace"] = f"urn:linnet:spdx:{name}:{digest}"
    return body


def of_file(kind, version):
    root, inside, needs = FILES[kind]
    names = dict.fromkeys([root, *inside, *needs])
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", spdx_id(root))]
    relations += [(spdx_id(root), "CONTAINS", spdx_id(name)) for name in inside]
    relations += [(spdx_id(root), "DEPENDS_ON", spdx_id(name)) for name in needs]
    return document(f"linnet-{version}-{kind}", [component(n, version) for n in names], relations)


def of_products(version):
    packages, relations = {}, []
    for product, (comment, inside) in PRODUCTS.items():
        packages[product] = package(product, version, "NOASSERTION", "", comment)
        relations.append(("SPDXRef-DOCUMENT", "DESCRIBES", spdx_id(product)))
        for name in inside:
            packages[name] = component(name, version)
            relations.append((spdx_id(product), "CONTAINS", spdx_id(name)))
    return document(f"linnet-{version}-products", packages.values(), relations)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--version", required=True)
    parser.add_argument("--venv", required=True, type=Path, help="has the Python packages named")
    parser.add_argument("--out", required=True, type=Path)
    arguments = parser.parse_args()
    sys.path += map(str, arguments.venv.glob("lib/python3*/site-packages"))
    documents = [of_file(kind, arguments.version) for kind in FILES]
    for text in [*documents, of_products(arguments.version)]:
        path = arguments.out / f"{text['name']}.spdx.json"
        path.write_text(json.dumps(text, indent=1) + "\n")


if __name__ == "__main__":
    main()
