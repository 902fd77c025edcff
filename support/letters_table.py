#!/usr/bin/env python3
"""Writes support/letters_table.h: `python3 support/letters_table.py > support/letters_table.h`.

Source: Python's Unicode database. `str.isidentifier` is XID_Start and XID_Continue of Unicode
Standard Annex 31; `unicodedata.normalize` gives what a mark composes with (Annex 15).
"""
import sys
import unicodedata

CODES = [c for c in range(0x80, 0x110000) if not 0xD800 <= c < 0xE000]


def ranges(codes):
    out = []
    for c in codes:
        if out and c == out[-1][1] + 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return out


def rows(items):
    line = "   "
    for item in items:
        if len(line) + len(item) + 2 > 100:
            yield line
            line = "   "
        line += " " + item + ","
    yield line


def table(kind, name, items):
    yield f"inline constexpr {kind} {name}[] = {{"
    yield from rows(items)
    yield "};"


def main():
    start = [c for c in CODES if chr(c).isidentifier()]
    more = [c for c in CODES if not chr(c).isidentifier() and ("a" + chr(c)).isidentifier()]
    # Not in NFC by themselves (singletons, compatibility ideographs), and pairs that NFC composes.
    other = [c for c in CODES if unicodedata.normalize("NFC", chr(c)) != chr(c)]
    pairs = []
    for c in CODES:
        parts = unicodedata.decomposition(chr(c)).split()
        whole = len(parts) == 2 and not parts[0].startswith("<")
        if whole and unicodedata.normalize("NFC", chr(c)) == chr(c):
            pairs.append((int(parts[1], 16), int(parts[0], 16)))
    print(f"// Made by support/letters_table.py from Unicode {unicodedata.unidata_version}. "
          "Not edited by hand.")
    print("#pragma once\n\n// clang-format off\nnamespace linnet::letters {\n")
    print("struct Range {\n  char32_t first, last;\n};\n"
          "struct Pair {  // of a mark and the letter before it\n  char32_t mark, letter;\n};\n")

    def hexa(pair):
        return "{%s}" % ", ".join(f"0x{c:x}" for c in pair)

    for name, codes in (("kStart", start), ("kContinue", more), ("kNotComposed", other)):
        print("\n".join(table("Range", name, map(hexa, ranges(codes)))), "\n")
    print("\n".join(table("Pair", "kPairs", map(hexa, sorted(pairs)))))
    print("\n}  // namespace linnet::letters\n// clang-format on")


main()
