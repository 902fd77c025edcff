"""Sphinx's settings for the site of `make docs`. Its source folder is the repository: every page is
the Markdown file that a code host shows, so a link that works there works here."""
import re
import sys
from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.logging import getLogger
from sphinx.util.nodes import make_refnode

HERE = Path(__file__).parent
SOURCE = HERE.parents[1]
sys.path[:0] = [str(HERE), str(SOURCE / "python")]
from lexer import LinLexer, LirLexer  # noqa: E402

logger = getLogger(__name__)
project = html_title = "linnet"
root_doc = "README"
include_patterns = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/*.md", "docs/site/*.md",
                    "**/README.md"]
exclude_patterns = ["build*", ".*", "**/node_modules", "docs/README.md"]

extensions = ["myst_parser", "sphinx_copybutton", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 6  # the anchors that code hosts give
# Only what a code host shows too, and directives, of which the navigation is made.
myst_disable_syntax = ["myst_role", "myst_target", "myst_line_comment", "myst_block_break"]
highlight_language = "text"
pygments_style, pygments_dark_style = "github-light", "github-dark"

# The reference comes from docstrings; what the package imports need not be there.
autodoc_mock_imports = ["numpy", "onnx", "onnxruntime", "pandas", "safetensors", "sklearn", "torch"]
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
python_maximum_signature_line_length = 80
smartquotes = False

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["style.css"]
html_copy_source = html_show_sphinx = html_show_copyright = False
html_use_index = html_domain_indices = False
html_show_search_summary = False  # it would be fetched, which browsers refuse for file://
copybutton_prompt_text = "$ "
copybutton_line_continuation_character = "\\"

FOLDERS, REFERENCE = "docs/site/folders", "docs/site/python_reference"
# (caption, [(title, page)]). A page that is not there has no entry; one of docs/ that is not here is
# listed under "More".
NAVIGATION = [
    ("Begin", [("Install", "docs/install"), ("Ten minutes", "docs/tutorial"),
               ("Lessons", "docs/lessons"), ("Lessons (Chinese)", "docs/lessons.zh"),
               ("Release notes", "CHANGELOG")]),
    ("Use", [("Language", "docs/language"), ("Layers and ops", "docs/ops"),
             ("Command line", "docs/cli"), ("The report", "docs/report"), ("Editors", "docs/editors"),
             ("C", "docs/c"), ("A model as C", "docs/c_source"),
             ("Python", "docs/python"), ("Python reference", REFERENCE),
             ("ONNX", "docs/onnx"), ("Training", "docs/training"), ("Series", "docs/series"),
             ("Targets", "docs/targets")]),
    ("Rely on", [("Reliability", "docs/reliability"), ("Numerics", "docs/numerics"),
                 ("Benchmarks", "docs/benchmarks"), ("Public networks", "docs/benchmarks_public")]),
    ("Inside", [("A tour", "docs/tour"), ("Architecture", "docs/architecture"), ("Passes", "docs/passes"),
                ("Code generation", "docs/codegen"), ("Text of the IR", "docs/lir"),
                ("Adding", "docs/adding"), ("Contributing", "CONTRIBUTING"),
                ("Making a release", "docs/release"), ("Folders", FOLDERS)]),
]


def toctree(caption, entries):
    head = [":hidden:"] + [f":caption: {caption}"] * bool(caption)
    lines = [f"{title} <{page}>" if title else page for title, page in entries]
    return "\n".join(["\n```{toctree}", *head, "", *lines, "```\n"])


def navigation(app, page, source):
    """Sphinx wants the navigation in the start page; the README stays free of it."""
    found = app.env.found_docs
    if page == FOLDERS:
        folders = sorted(name[: -len("/README")] for name in found if name.endswith("/README"))
        source[0] += "".join(f"* [{folder}/](/{folder}/README.md)\n" for folder in folders)
        source[0] += toctree("", [(folder, f"/{folder}/README") for folder in folders])
    if page == REFERENCE:  # modules that are imported for themselves, as linnet.sklearn
        package = SOURCE / "python/linnet"
        init = (package / "__init__.py").read_text(encoding="utf-8")
        for module in sorted(path.stem for path in package.glob("[a-z]*.py")):
            if f"from .{module} import" not in init:
                source[0] += (f"\n## linnet.{module}\n```{{eval-rst}}\n.. automodule:: linnet.{module}\n"
                              "   :members:\n```\n")
    if page != root_doc:
        return
    listed = {name for _, entries in NAVIGATION for _, name in entries}
    rest = [("", name) for name in sorted(found) if name.startswith("docs/") and name not in listed]
    for caption, entries in [*NAVIGATION, ("More", rest)]:
        entries = [(title, name) for title, name in entries if name in found]
        if entries:
            source[0] += toctree(caption, entries)


def from_markdown(app, what, name, target, options, lines):
    """Docstrings have Markdown's backticks, and code below "Example:"; Sphinx reads reStructuredText."""
    lines[:] = re.sub(r"(?m)^( *)Example:\n(?= *[^\s>])", r"\1Example::\n\n", "\n".join(lines)).split("\n")
    for i, line in enumerate(lines):
        parts = re.split(r"(?<!`)`([^`]+)`(?!`)", line)  # text, code, text, code, …
        lines[i] = "".join(f"``{part}``" if k % 2 else re.sub(r"([|*])", r"\\\1", part)
                           for k, part in enumerate(parts))


class LinkPages(SphinxPostTransform):
    """`docs/c.md` in a text becomes a link to that page, `reports/lenet.html` one to what reports.py writes."""
    default_priority = 200

    def run(self, **_):
        here = self.env.docname
        for literal in list(self.document.findall(nodes.literal)):
            name = literal.astext()
            if re.fullmatch(r"reports/\w+\.html", name) and here.startswith("docs/"):
                literal.replace_self(nodes.reference("", "", literal.deepcopy(), refuri=name))
                continue
            if not name.endswith(".md") or isinstance(literal.parent, nodes.reference):
                continue
            folder = Path(here).parent
            for page in (name[:-3], (folder / name[:-3]).as_posix()):
                if page in self.env.found_docs and page != here:
                    literal.replace_self(make_refnode(self.app.builder, here, page, "", literal.deepcopy()))
                    break


def whole_reference(app, env):
    """Every public name has its place in python_reference.md."""
    import linnet
    documented = env.domains["py"].objects
    for name in linnet.__all__:
        if f"linnet.{name}" not in documented:
            logger.warning("docs/site/python_reference.md: linnet.%s is missing", name)


def setup(app):
    app.add_lexer("lin", LinLexer)
    app.add_lexer("lir", LirLexer)
    app.add_post_transform(LinkPages)
    app.connect("source-read", navigation)
    app.connect("autodoc-process-docstring", from_markdown, priority=400)  # before napoleon
    app.connect("env-check-consistency", whole_reference)
