// Files, blocks, entries and declarations; what cannot be read is reported, and left where the next
// entry begins.
#include "frontend/lin/parser.h"

#include "frontend/lin/expression_parser.h"
#include "frontend/lin/foreign.h"

#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace linnet::frontend {
namespace {

class Parser : private ExpressionParser {
public:
  using ExpressionParser::ExpressionParser;

  File run() {
    File file;
    for (skip_ends(); !at_end(); skip_ends()) {
      const size_t start = at_;
      try {
        top_level(file);
      } catch (const Stop&) {
        file.faulty = true;
        if (diagnostics_.full()) break;
        recover(start);
      }
    }
    return file;
  }

private:
  void top_level(File& file) {
    const Token& word = now();
    if (word.kind == TokenKind::kName && (word.text == "block" || word.text == "model")) {
      file.blocks.push_back(block());
    } else if (word.kind == TokenKind::kName && (word.text == "data" || word.text == "train")) {
      file.declarations.push_back(declarations());
    } else {
      const std::array<std::string, 4> known = {"block", "model", "data", "train"};
      static constexpr std::array<std::string_view, 8> kEntries = {
          "layer", "param", "buffer", "state", "let", "next", "repeat", "if"};
      const bool entry = std::ranges::find(kEntries, word.text) != kEntries.end();
      // What is left of a block whose braces are wrong was said there.
      if (diagnostics_.has_errors() && (entry || is("}"))) throw Stop{};
      if (entry) {
        fail(fmt::format("`{}` stands inside a model or block", word.text),
             "model net(x: f32[N, 4]) -> y: f32[N, 1] { … }");
      }
      const ForeignWord foreign = foreign_word(word.kind == TokenKind::kName ? word.text : "");
      if (!foreign.word.empty()) fail(std::string(foreign.message), std::string(foreign.remedy));
      fail(fmt::format("expected `block`, `model`, `data` or `train`, not {}", shown(word)),
           did_you_mean(word.text, known));
    }
  }

  // onnx("FILE", sr: 16000) { state h = h0 -> hn }, a model from elsewhere.
  void imported(Block& block) {
    constexpr const char* kForm = "model digits = onnx(\"digits.onnx\")";
    if (now().text != "onnx") fail(fmt::format("expected `onnx`, not {}", shown(now())), kForm);
    take();
    expect("(");
    if (now().kind != TokenKind::kString || now().text.empty())
      fail(fmt::format("expected the file's name in quotes, not {}", shown(now())), kForm);
    block.onnx = take().text;
    for (separator(")"); !accept(")"); separator(")")) {
      Argument argument;
      argument.span = now().span;
      argument.name = quotable("the name of an input or a dimension");
      expect(":");
      argument.value = expr();
      block.fixed.push_back(std::move(argument));
    }
    if (!accept("{")) return;
    for (skip_ends(); !accept("}"); skip_ends()) {
      constexpr const char* kState = "state h = h0 -> hn";
      if (now().kind != TokenKind::kName || now().text != "state")
        fail(fmt::format("expected `state`, not {}", shown(now())), kState);
      take();
      ImportedState state;
      state.span = now().span;
      state.name = quotable("the state's name");
      expect("=");
      state.input = quotable("the input that takes the state");
      if (!is("->")) fail(fmt::format("expected '->', not {}", shown(now())), kState);
      take();
      state.output = quotable("the output that gives the next state");
      block.states.push_back(std::move(state));
      if (!is("}") && now().kind != TokenKind::kNewline && !is(";"))
        fail(fmt::format("expected the end of this entry, not {}", shown(now())));
    }
  }

  // Names of an ONNX model may need quotes.
  std::string quotable(std::string_view what) {
    return now().kind == TokenKind::kString && !now().text.empty() ? take().text : name(what);
  }

  Block block() {
    Block block;
    block.is_model = take().text == "model";
    block.span = now().span;
    block.name = name("a name");
    if (block.is_model && accept("=")) {
      imported(block);
      return block;
    }
    try {
      header(block);
    } catch (const Stop&) {
      block.faulty = true;
      while (!at_end() && !is("{") && !begins_top_level())
        take();
      if (diagnostics_.full() || !is("{")) throw;
    }
    block.items = items();
    return block;
  }

  // (settings)(data) -> results
  void header(Block& block) {
    std::vector<Parameter> first = parameters();
    if (is("(")) {
      block.settings = std::move(first);
      block.data = parameters();
    } else if (!first.empty() && !first.front().type.tensor) {
      block.settings = std::move(first);
      fail("a block has its data in the second parentheses",
           fmt::format("{} {}(…)(x: f32[N, K]) -> …", block.is_model ? "model" : "block",
                       block.name));
    } else {
      block.data = std::move(first);
    }
    for (const Parameter& setting : block.settings) {
      if (!setting.type.tensor) continue;
      error(setting.span, "tensors are data and stand in the last parentheses");
      block.faulty = true;
    }
    if (accept("->")) block.results = results();
  }

  // `-> name: f32[N, 10]`, `-> f32[N, 10]`, `-> (a: f32[N, 4], b: f32[N])`.
  std::vector<Parameter> results() {
    const auto one = [&] {
      Parameter result;
      result.span = now().span;
      if (now().kind == TokenKind::kName && ahead(1).text == ":") {
        result.name = take().text;
        take();
      }
      result.type = type();
      return result;
    };
    std::vector<Parameter> list;
    if (!accept("(")) {
      list.push_back(one());
      return list;
    }
    skip_newlines();
    while (!accept(")")) {
      list.push_back(one());
      separator(")");
    }
    return list;
  }

  std::vector<Parameter> parameters() {
    expect("(");
    std::vector<Parameter> list;
    skip_newlines();
    while (!accept(")")) {
      Parameter parameter;
      parameter.span = now().span;
      parameter.name = name("a parameter's name");
      expect(":");
      parameter.type = type();
      if (accept("=")) parameter.default_value = expr();
      list.push_back(std::move(parameter));
      separator(")");
    }
    return list;
  }

  TypeExpr type() {
    TypeExpr type;
    type.span = now().span;
    type.name = name("a type");
    static constexpr std::array<std::string_view, 7> kSettings = {"int",  "float", "bool", "string",
                                                                  "list", "pair",  "init"};
    type.tensor = std::ranges::find(kSettings, type.name) == kSettings.end();
    if (!accept("[")) return type;
    type.tensor = true;
    skip_newlines();
    if (accept("...")) {
      type.any_shape = true;
      separator("]");
    }
    while (!accept("]")) {
      type.dims.push_back(expr());
      separator("]");
    }
    type.span.end = previous().span.end;
    return type;
  }

  std::vector<Item> items() {
    const Depth depth(*this);
    const Span open = now().span;
    expect("{");
    std::vector<Item> list;
    for (skip_ends(); !is("}"); skip_ends()) {
      if (unclosed(open)) return list;
      const size_t start = at_;
      Item entry;
      entry.span = now().span;
      try {
        read(entry);
        if (!is("}") && !begins_top_level() && now().kind != TokenKind::kNewline && !is(";"))
          fail(fmt::format("expected the end of this entry, not {}", shown(now())),
               "entries end at a newline or ';'");
      } catch (const Stop&) {
        if (diagnostics_.full()) throw;
        skip_entry(start);
        entry.kind = ItemKind::kFaulty;
        entry.then.clear();
        entry.otherwise.clear();
      }
      list.push_back(std::move(entry));
    }
    take();
    return list;
  }

  // Is this the end of the file, or does another block begin: was a '}' left out?
  bool unclosed(Span open) {
    if (!at_end() && !begins_top_level()) return false;
    if (at_end() && cut_) throw Stop{};
    error(now().span, at_end() ? "expected '}' before the end of the file"
                               : fmt::format("expected '}}' before `{}`", now().text))
        .note(open, "this is not closed");
    return true;
  }

  void read(Item& item) {
    new_entry();
    const std::string word = now().kind == TokenKind::kName ? now().text : "";
    // A keyword only where an entry of its kind follows: `next` may be a name elsewhere.
    const bool named = ahead(1).kind == TokenKind::kName || ahead(1).kind == TokenKind::kString ||
                       ahead(1).kind == TokenKind::kBad;
    if (word == "layer" && named) {
      layer(item);
    } else if ((word == "param" || word == "frozen" || word == "state" || word == "buffer") &&
               named) {
      stored(item);
    } else if (word == "let" && (named || ahead(1).text == "(")) {
      let(item);
    } else if (word == "next" && named) {
      take();
      item.kind = ItemKind::kNext;
      add_name(item);
      expect("=");
      item.value = expr();
    } else if (word == "if") {
      conditional(item);
    } else if (word == "repeat" && named) {
      repeat(item);
    } else if (const ForeignWord foreign = foreign_word(word); says(foreign)) {
      error(now().span, std::string(foreign.message)).help(std::string(foreign.remedy));
      if (word != "return") throw Stop{};
      take();  // what it returns is the result
      item.value = expr();
    } else {
      result(item);
    }
    item.span = since(item.span);
  }

  // Does this entry begin with a word of another language, and not with a name that is spelt so?
  bool says(const ForeignWord& foreign) const {
    if (foreign.word.empty()) return false;
    const Token& next = ahead(1);
    const bool sure = foreign.word == "for" || foreign.word == "while" || foreign.word == "return";
    return sure || next.kind == TokenKind::kName || next.kind == TokenKind::kInteger ||
           next.kind == TokenKind::kString;
  }

  void result(Item& item) {
    item.kind = ItemKind::kResult;
    item.value = expr();
    if (!is("=")) return;
    // A definition without its word: said, and read as what was meant.
    const std::string& text = item.value->text;
    if (item.value->kind == ExprKind::kName) {
      error(now().span, "a definition begins with `let`").help(fmt::format("let {} = …", text));
      item.kind = ItemKind::kLet;
    } else if (item.value->kind == ExprKind::kMember && text.starts_with("self.")) {
      error(item.value->span, "there is no `self`: a layer is declared by its name")
          .help(fmt::format("layer {} = …", text.substr(5)));
      item.kind = ItemKind::kLayer;
    } else {
      fail("a definition begins with `let`", "let y = …");
    }
    item.name_span = item.value->span;
    item.name_spans = {item.name_span};
    item.names = {item.kind == ItemKind::kLayer ? text.substr(5) : text};
    take();
    item.value = expr();
  }

  void add_name(Item& item) {
    item.name_span = now().span;
    item.name_spans.push_back(now().span);
    item.names.push_back(name("a name"));
  }

  void layer(Item& item) {
    take();
    item.kind = ItemKind::kLayer;
    item.quoted = now().kind == TokenKind::kString;
    if (item.quoted) {
      item.name_span = now().span;
      item.name_spans.push_back(now().span);
      item.names.push_back(take().text);
    } else {
      add_name(item);
    }
    expect("=");
    item.value = expr();
  }

  void stored(Item& item) {
    item.kind = ItemKind::kParam;
    if (now().text == "frozen") {
      item.frozen = true;
      take();
    }
    if (now().text == "state") {
      item.kind = ItemKind::kState;
    } else if (now().text == "buffer") {
      item.kind = ItemKind::kBuffer;
    } else if (now().text != "param") {
      fail("`frozen` stands before `param`");
    }
    take();
    add_name(item);
    expect(":");
    item.type = type();
    if (accept("=")) item.value = expr();
  }

  void let(Item& item) {
    take();
    item.kind = ItemKind::kLet;
    if (accept("(")) {
      while (!accept(")")) {
        add_name(item);
        separator(")");
      }
    } else {
      add_name(item);
    }
    expect("=");
    item.value = expr();
  }

  void conditional(Item& item, bool word = true) {
    const Depth depth(*this);
    if (word) take();
    item.kind = ItemKind::kIf;
    item.value = expr();
    item.then = items();
    const size_t before = at_;
    skip_ends();
    if (now().kind == TokenKind::kName && (now().text == "else" || now().text == "elif")) {
      const ForeignWord foreign = foreign_word(now().text);
      if (!foreign.word.empty())
        error(now().span, std::string(foreign.message)).help(std::string(foreign.remedy));
      take();
      if (now().text == "if" || !foreign.word.empty()) {
        Item other;
        other.span = now().span;
        conditional(other, foreign.word.empty());
        other.span = since(other.span);
        item.otherwise.push_back(std::move(other));
      } else {
        item.otherwise = items();
      }
    } else {
      at_ = before;
    }
  }

  void repeat(Item& item) {
    take();
    item.kind = ItemKind::kRepeat;
    add_name(item);
    if (now().text != "in") fail("expected `in`", "repeat i in 0..n { … }");
    take();
    item.value = expr();
    if (item.value->kind != ExprKind::kRange) fail("expected a range", "repeat i in 0..n { … }");
    item.then = items();
  }

  Declarations declarations() {
    Declarations block;
    block.keyword = take().text;
    block.span = now().span;
    block.name = name("the model's name");
    const Span open = now().span;
    expect("{");
    for (skip_ends(); !accept("}"); skip_ends()) {
      if (unclosed(open)) return block;
      const size_t start = at_;
      try {
        new_entry();
        Declarations::Entry entry;
        entry.span = now().span;
        // Names of an ONNX model may need quotes.
        entry.target = now().kind == TokenKind::kString ? take().text : name("a name");
        if (is("=")) {
          error(now().span, "an entry is given with ':'").help(entry.target + ": …");
          take();
        } else {
          expect(":");
        }
        entry.value = expr();
        if (is(",")) entry.value = listed(std::move(entry.value));
        block.entries.push_back(std::move(entry));
        if (!is("}") && now().kind != TokenKind::kNewline && !is(";"))
          fail(fmt::format("expected the end of this entry, not {}", shown(now())));
      } catch (const Stop&) {
        if (diagnostics_.full()) throw;
        skip_entry(start);
        block.faulty = true;
      }
    }
    return block;
  }

  // `freeze: conv1, conv2`: a list without brackets.
  ExprPtr listed(ExprPtr first) {
    ExprPtr list = make(ExprKind::kList, first->span);
    list->operands.push_back(std::move(first));
    while (accept(","))
      list->operands.push_back(expr());
    list->span.end = previous().span.end;
    return list;
  }

  // ---- tokens

  // To the end of the entry that began at `start`: the next newline outside braces and
  // parentheses, or the next line that begins an entry where one of those was not closed.
  void skip_entry(size_t start) {
    int braces = 0, parentheses = 0;
    const auto count = [&](const Token& token) {
      if (token.kind != TokenKind::kSymbol) return;
      braces += token.text == "{" ? 1 : token.text == "}" ? -1 : 0;
      parentheses += token.text == "(" || token.text == "["   ? 1
                     : token.text == ")" || token.text == "]" ? -1
                                                              : 0;
    };
    for (size_t i = start; i < at_; ++i)
      count(tokens_[i]);
    while (!at_end()) {
      if (braces <= 0 && (is(";") || is("}"))) return;
      if (now().kind == TokenKind::kNewline) {
        if (braces <= 0 && (parentheses <= 0 || begins_entry(ahead(1), ahead(2)))) return;
        if (begins_top_level(1)) return;
      }
      count(now());
      take();
    }
  }
  static bool begins_entry(const Token& word, const Token& next) {
    static constexpr std::array<std::string_view, 7> kWords = {"layer", "param", "buffer", "state",
                                                               "let",   "next",  "repeat"};
    if (word.kind == TokenKind::kSymbol) return word.text == "}";
    return word.kind == TokenKind::kName && next.kind == TokenKind::kName &&
           std::ranges::find(kWords, word.text) != kWords.end();
  }

  // Does a line begin `count` tokens ahead with a block or a declaration?
  bool begins_top_level(size_t count = 0) const {
    const Token& word = ahead(count);
    if (word.kind != TokenKind::kName || ahead(count + 1).kind != TokenKind::kName) return false;
    const bool line = at_ + count == 0 || tokens_[at_ + count - 1].kind == TokenKind::kNewline;
    const std::string& after = ahead(count + 2).text;
    const bool made = (word.text == "block" || word.text == "model") &&
                      (after == "(" || after == "=" || after == "{");
    const bool declared = (word.text == "data" || word.text == "train") && after == "{";
    return line && (made || declared);
  }
  // To the next block or declaration.
  void recover(size_t start) {
    if (at_ == start) take();
    while (!at_end()) {
      const bool line = previous().kind == TokenKind::kNewline;
      const std::string& word = now().text;
      const bool begins = word == "block" || word == "model" || word == "data" || word == "train";
      if (line && now().kind == TokenKind::kName && begins) return;
      take();
    }
  }
};

}  // namespace

File parse(uint32_t file, Diagnostics& diagnostics) {
  return Parser(file, diagnostics).run();
}

}  // namespace linnet::frontend
