"""Pygments lexers of the site: the model language (`lin`) and the text of the IR (`lir`)."""
from pygments.lexer import RegexLexer, bygroups, words
from pygments.token import (Comment, Keyword, Name, Number, Operator, Punctuation, String,
                            Whitespace)

DTYPES = ("f32", "f64", "i64", "i32", "i8", "u8", "bool")
NAME = r"[^\W\d]\w*"
NUMBER = r"\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"


class LinLexer(RegexLexer):
    """`.lin`: docs/language.md."""
    name, aliases, filenames = "linnet", ["lin"], ["*.lin"]
    tokens = {"root": [
        (r"\s+", Whitespace),
        (r"#.*", Comment.Single),
        (rf"\b(model|block|data|train)(\s+)({NAME})",
         bygroups(Keyword.Declaration, Whitespace, Name.Class)),
        (rf"\b(layer|param|buffer|state|let|next)(\s+)({NAME})",
         bygroups(Keyword.Declaration, Whitespace, Name.Variable)),
        (words(("layer", "let", "frozen", "if", "else", "repeat", "in"), r"\b", r"\b"), Keyword),
        (words(("and", "or", "not"), r"\b", r"\b"), Operator.Word),
        (words(("true", "false"), r"\b", r"\b"), Keyword.Constant),
        (words((*DTYPES, "int", "float", "string", "list", "pair", "init"), r"\b", r"\b(?!\()"),
         Keyword.Type),
        (rf"{NAME}(?=\s*:)", Name.Attribute),
        (rf"{NAME}(?=\()", Name.Function),
        (rf"(\|>)(\s*)({NAME})", bygroups(Operator, Whitespace, Name.Function)),
        (NAME, Name),
        (NUMBER + "%?", Number),
        (r'"[^"\n]*"', String),
        (r"\.\.\.|\|>|->|\.\.|==|!=|<=|>=|\*\*|[=+\-*/%<>|]", Operator),
        (r"[(){}\[\],:;.…]", Punctuation),
    ]}


class LirLexer(RegexLexer):
    """`.lir`: docs/lir.md."""
    name, aliases, filenames = "linnet IR", ["lir"], ["*.lir"]
    tokens = {"root": [
        (r"\s+", Whitespace),
        (r"//.*", Comment.Single),
        (words(("lir", "module", "data", "train", "slot", "frozen", "param", "buffer", "optimizer",
                "state", "counter", "kernel", "graph", "return", "constant", "call", "loop",
                "group", "in", "value"), r"\b", r"\b(?!\()"), Keyword),
        (words(("true", "false", "inf", "nan"), r"\b", r"\b"), Keyword.Constant),
        (words(DTYPES, r"\b", r"\b"), Keyword.Type),
        (rf'%(?:"[^"\n]*"|[\w.]+)', Name.Variable),
        (rf'@(?:"[^"\n]*"|[\w.]+)', Name.Class),
        (rf"{NAME}(?=[({{])", Name.Function),
        (NAME, Name),
        (NUMBER, Number),
        (r'"[^"\n]*"', String),
        (r"->|[=+\-*/]", Operator),
        (r"[(){}\[\],:.…]", Punctuation),
    ]}
