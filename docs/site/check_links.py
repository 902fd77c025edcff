#!/usr/bin/env python3
"""Checks a folder of HTML pages: what a page points to is there, anchors included, and opening a page
asks no host for anything.

  check_links.py build/docs
  check_links.py --self-test      each kind of fault is noticed
"""
import pathlib
import sys
import tempfile
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

# An address in these is fetched when a page is opened.
FETCHED = {("script", "src"), ("link", "href"), ("img", "src"), ("iframe", "src"), ("source", "src"),
           ("video", "src"), ("audio", "src"), ("object", "data"), ("embed", "src")}


class Page(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.anchors, self.links = {""}, []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("id", "name"):
                self.anchors.add(value)
            elif name in ("href", "src", "data") and value is not None:
                self.links.append((tag, name, value))


def faults(root):
    pages = {path.resolve(): Page(path) for path in sorted(root.rglob("*.html"))}
    for path, page in pages.items():
        for tag, name, value in page.links:
            url = urlsplit(value)
            if url.scheme or url.netloc:
                if (tag, name) in FETCHED and url.scheme != "data":
                    yield path, f"<{tag}> asks {value}"
                continue
            target = (path.parent / unquote(url.path)).resolve() if url.path else path
            if not target.is_file():
                yield path, f"{value} is not there"
            elif target in pages and unquote(url.fragment) not in pages[target].anchors:
                yield path, f"{value}: no such anchor"
    if not pages:
        yield root, "no pages"
    for sheet in sorted(root.rglob("*.css")):
        text = sheet.read_text(encoding="utf-8")
        if "@import" in text or "url(http" in text or "url(//" in text:
            yield sheet, "asks for another sheet or a host"


def self_test():
    good = '<h1 id="a">1</h1><a href="#a"></a><a href="sub/b.html#x"></a><a href="https://example.org"></a>'
    spoilt = {'<a href="#b">': "no such anchor", '<a href="sub/b.html#y">': "no such anchor",
              '<a href="c.html">': "is not there", '<img src="c.png">': "is not there",
              '<img src="https://example.org/c.png">': "asks", '<script src="//example.org/c.js">': "asks"}
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "sub").mkdir()
        (root / "sub/b.html").write_text('<p id="x"></p><a href="../a.html"></a>')
        (root / "a.html").write_text(good)
        assert not list(faults(root))
        for text, expected in spoilt.items():
            (root / "a.html").write_text(good + text)
            assert [expected in fault for _, fault in faults(root)] == [True], text
        (root / "a.html").write_text(good)
        (root / "a.css").write_text("@font-face { src: url(https://example.org/a.woff) }")
        assert len(list(faults(root))) == 1
    return 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    root = pathlib.Path(sys.argv[1])
    found = list(faults(root))
    for path, text in found:
        print(f"{path}: error: {text}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
