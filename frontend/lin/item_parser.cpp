// The entries of a block, one rule each; one that cannot be read is skipped to the next.
#include "frontend/lin/item_parser.h"

#include "frontend/lin/foreign.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace linnet::frontend {

TypeExpr ItemParser::type() {
  TypeExpr type;
  type.span = now().span;
  type.name = name("a type");
  static constexpr std::array kSettings =
      std::to_array<std::pair<std::string_view, SettingType>>({{"int", SettingType::kInt},
                                                               {"float", SettingType::kFloat},
                                                               {"bool", SettingType::kBool},
                                                               {"string", SettingType::kString},
                                                               {"list", SettingType::kList},
                                                               {"pair", SettingType::kPair},
                                                               {"init", SettingType::kInit}});
  for (const auto& [word, setting] : kSettings) {
    if (type.name == word) type.setting = setting;
  }
  type.tensor = !type.setting;
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

std::vector<Item> ItemParser::items() {
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
bool ItemParser::unclosed(Span open) {
  if (!at_end() && !begins_top_level()) return false;
  if (at_end() && cut_) throw Stop{};
  error(now().span, at_end() ? "expected '}' before the end of the file"
                             : fmt::format("expected '}}' before `{}`", now().text))
      .note(open, "this is not closed");
  return true;
}

void ItemParser::read(Item& item) {
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
bool ItemParser::says(const ForeignWord& foreign) const {
  if (foreign.word.empty()) return false;
  const Token& next = ahead(1);
  const bool sure = foreign.word == "for" || foreign.word == "while" || foreign.word == "return";
  return sure || next.kind == TokenKind::kName || next.kind == TokenKind::kInteger ||
         next.kind == TokenKind::kString;
}

void ItemParser::result(Item& item) {
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

void ItemParser::add_name(Item& item) {
  item.name_span = now().span;
  item.name_spans.push_back(now().span);
  item.names.push_back(name("a name"));
}

void ItemParser::layer(Item& item) {
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

void ItemParser::stored(Item& item) {
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

void ItemParser::let(Item& item) {
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

void ItemParser::conditional(Item& item, bool word) {
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

void ItemParser::repeat(Item& item) {
  take();
  item.kind = ItemKind::kRepeat;
  add_name(item);
  if (now().text != "in") fail("expected `in`", "repeat i in 0..n { … }");
  take();
  item.value = expr();
  if (item.value->kind != ExprKind::kRange) fail("expected a range", "repeat i in 0..n { … }");
  item.then = items();
}

// To the end of the entry that began at `start`: the next newline outside braces and
// parentheses, or the next line that begins an entry where one of those was not closed.
void ItemParser::skip_entry(size_t start) {
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

bool ItemParser::begins_entry(const Token& word, const Token& next) {
  static constexpr std::array<std::string_view, 7> kWords = {"layer", "param", "buffer", "state",
                                                             "let",   "next",  "repeat"};
  if (word.kind == TokenKind::kSymbol) return word.text == "}";
  return word.kind == TokenKind::kName && next.kind == TokenKind::kName &&
         std::ranges::find(kWords, word.text) != kWords.end();
}

// Does a line begin `count` tokens ahead with a block or a declaration?
bool ItemParser::begins_top_level(size_t count) const {
  const Token& word = ahead(count);
  if (word.kind != TokenKind::kName || ahead(count + 1).kind != TokenKind::kName) return false;
  const bool line = at_ + count == 0 || tokens_[at_ + count - 1].kind == TokenKind::kNewline;
  const std::string& after = ahead(count + 2).text;
  const bool made = (word.text == "block" || word.text == "model") &&
                    (after == "(" || after == "=" || after == "{");
  const bool declared = (word.text == "data" || word.text == "train") && after == "{";
  return line && (made || declared);
}

}  // namespace linnet::frontend
