#include "frontend/parser.h"

#include "frontend/token_stream.h"

#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace linnet::frontend {
namespace {

constexpr int kMaxDepth = 256;

// Weakest first; all are left-associative.
const std::vector<std::vector<std::string_view>>& precedence() {
  static const std::vector<std::vector<std::string_view>> kLevels = {
      {"|>"}, {"or"}, {"and"}, {"==", "!=", "<", "<=", ">", ">="}, {"+", "-"}, {"*", "/"}};
  return kLevels;
}

class Parser : private TokenStream {
public:
  using TokenStream::TokenStream;

  File run() {
    File file;
    for (skip_ends(); !at_end(); skip_ends()) {
      const size_t start = at_;
      try {
        top_level(file);
      } catch (const Stop&) {
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
      if (setting.type.tensor)
        error(setting.span, "tensors are data and stand in the last parentheses");
    }
    if (accept("->")) block.results = results();
    block.items = items();
    return block;
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
      skip_newlines();
      expect("]");
    } else {
      while (!accept("]")) {
        type.dims.push_back(expr());
        separator("]");
      }
    }
    type.span.end = previous().span.end;
    return type;
  }

  std::vector<Item> items() {
    const Depth depth(*this);
    expect("{");
    std::vector<Item> list;
    for (skip_ends(); !is("}"); skip_ends()) {
      if (at_end()) fail("expected '}' before the end of the file");
      const size_t start = at_;
      try {
        list.push_back(item());
        if (!is("}") && now().kind != TokenKind::kNewline && !is(";"))
          fail(fmt::format("expected the end of this entry, not {}", shown(now())),
               "entries end at a newline or ';'");
      } catch (const Stop&) {
        if (diagnostics_.full()) throw;
        skip_entry(start);
      }
    }
    take();
    return list;
  }

  Item item() {
    chain_ = 0;
    Item item;
    item.span = now().span;
    const std::string word = now().kind == TokenKind::kName ? now().text : "";
    // A keyword only where an entry of its kind follows: `next` may be a name elsewhere.
    const bool named = ahead(1).kind == TokenKind::kName || ahead(1).kind == TokenKind::kString;
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
    } else if (word == "for" || word == "while") {
      fail("there is no loop that depends on data: a model is a fixed graph",
           "repeat a part with `repeat i in 0..n { … }` over settings");
    } else {
      item.kind = ItemKind::kResult;
      item.value = expr();
      if (is("=") && item.value->kind == ExprKind::kName)
        fail("a definition begins with `let`", fmt::format("let {} = …", item.value->text));
    }
    item.span.end = previous().span.end;
    return item;
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

  void conditional(Item& item) {
    take();
    item.kind = ItemKind::kIf;
    item.value = expr();
    item.then = items();
    const size_t before = at_;
    skip_ends();
    if (now().kind == TokenKind::kName && now().text == "else") {
      take();
      if (now().text == "if") {
        item.otherwise.push_back(this->item());
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
    expect("{");
    for (skip_ends(); !accept("}"); skip_ends()) {
      if (at_end()) fail("expected '}' before the end of the file");
      const size_t start = at_;
      try {
        Declarations::Entry entry;
        entry.span = now().span;
        // Names of an ONNX model may need quotes.
        entry.target = now().kind == TokenKind::kString ? take().text : name("a name");
        expect(":");
        entry.value = expr();
        if (is(",")) entry.value = listed(std::move(entry.value));
        block.entries.push_back(std::move(entry));
        if (!is("}") && now().kind != TokenKind::kNewline && !is(";"))
          fail(fmt::format("expected the end of this entry, not {}", shown(now())));
      } catch (const Stop&) {
        if (diagnostics_.full()) throw;
        skip_entry(start);
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

  // ---- expressions

  ExprPtr expr() {
    ExprPtr left = binary(0);
    if (!is("..")) return left;
    take();
    ExprPtr range = make(ExprKind::kRange, left->span);
    range->operands.push_back(std::move(left));
    range->operands.push_back(binary(1));
    range->span.end = previous().span.end;
    return range;
  }

  ExprPtr binary(size_t level) {
    if (level == precedence().size()) return unary();
    ExprPtr left = binary(level + 1);
    while (const Token* op = accept_operator(precedence()[level])) {
      ExprPtr node = make(ExprKind::kBinary, left->span);
      node->text = op->text;
      node->name_span = op->span;
      skip_newlines();
      node->operands.push_back(std::move(left));
      node->operands.push_back(binary(level + 1));
      node->span.end = previous().span.end;
      left = std::move(node);
      if (++chain_ > kMaxDepth * 64) fail("this expression is too long");
    }
    return left;
  }

  // An operator may begin the next line: `|> relu`.
  const Token* accept_operator(const std::vector<std::string_view>& operators) {
    size_t at = at_;
    while (tokens_[at].kind == TokenKind::kNewline)
      ++at;
    const Token& token = tokens_[at];
    if (token.kind != TokenKind::kSymbol && token.kind != TokenKind::kName) return nullptr;
    if (std::ranges::find(operators, token.text) == operators.end()) return nullptr;
    // A new line with '-' or '(' may be a new entry; only `|>` continues one.
    if (at != at_ && token.text != "|>") return nullptr;
    at_ = at + 1;
    return &token;
  }

  ExprPtr unary() {
    const Depth depth(*this);
    if (is("-") || (now().kind == TokenKind::kName && now().text == "not")) {
      ExprPtr node = make(ExprKind::kUnary, now().span);
      node->text = take().text;
      node->operands.push_back(unary());
      node->span.end = previous().span.end;
      return node;
    }
    return postfix();
  }

  ExprPtr postfix() {
    ExprPtr value = primary();
    while (true) {
      if (is("(") && (value->kind == ExprKind::kName || value->kind == ExprKind::kCall)) {
        if (value->kind == ExprKind::kName) {
          value->kind = ExprKind::kCall;
          value->name_span = value->span;
        } else if (value->groups.size() == 2) {
          fail("a call has at most two parentheses: settings, data");
        }
        value->groups.push_back(arguments());
      } else if (is(".") && (value->kind == ExprKind::kName || value->kind == ExprKind::kMember)) {
        take();
        const bool part = now().kind == TokenKind::kName || now().kind == TokenKind::kInteger ||
                          now().kind == TokenKind::kReal;  // `body.0.1` holds the number 0.1
        if (!part) fail(fmt::format("expected the rest of a path, not {}", shown(now())));
        value->kind = ExprKind::kMember;
        value->text += "." + take().text;
      } else if (is("[")) {
        ExprPtr node = make(ExprKind::kIndex, value->span);
        take();
        node->operands.push_back(std::move(value));
        node->operands.push_back(expr());
        expect("]");
        value = std::move(node);
      } else {
        return value;
      }
      value->span.end = previous().span.end;
    }
  }

  std::vector<Argument> arguments() {
    expect("(");
    std::vector<Argument> list;
    skip_newlines();
    while (!accept(")")) {
      Argument argument;
      argument.span = now().span;
      if (now().kind == TokenKind::kName && ahead(1).text == ":") {
        argument.name = take().text;
        take();
        skip_newlines();
      } else if (now().kind == TokenKind::kName && ahead(1).text == "=") {
        fail("a setting is given with ':'", fmt::format("{}: {}", now().text, ahead(2).text));
      }
      argument.value = expr();
      argument.span.end = previous().span.end;
      list.push_back(std::move(argument));
      separator(")");
    }
    return list;
  }

  ExprPtr primary() {
    const Token& token = now();
    ExprPtr node = make(ExprKind::kName, token.span);
    switch (token.kind) {
    case TokenKind::kName:
      node->text = take().text;
      return node;
    case TokenKind::kInteger:
    case TokenKind::kReal:
      node->kind = token.kind == TokenKind::kInteger ? ExprKind::kInteger : ExprKind::kReal;
      node->integer = token.integer;
      node->real = token.real;
      take();
      if (accept("%")) {
        node->kind = ExprKind::kReal;
        node->real /= 100;
        node->span.end = previous().span.end;
      }
      return node;
    case TokenKind::kString:
      node->kind = ExprKind::kString;
      node->text = take().text;
      return node;
    default:
      break;
    }
    if (is("(")) return grouped(ExprKind::kTuple, ")");
    if (is("[")) return grouped(ExprKind::kList, "]");
    fail(fmt::format("expected a value, not {}", shown(token)));
  }

  // `(a)` is a, `(a, b)` a tuple, `[a, b]` a list.
  ExprPtr grouped(ExprKind kind, std::string_view close) {
    const Depth depth(*this);
    ExprPtr node = make(kind, take().span);
    skip_newlines();
    while (!accept(close)) {
      node->operands.push_back(expr());
      separator(close);
    }
    node->span.end = previous().span.end;
    if (kind == ExprKind::kTuple && node->operands.size() == 1) {
      return std::move(node->operands.front());
    }
    return node;
  }

  // ---- tokens

  static ExprPtr make(ExprKind kind, Span span) {
    auto node = std::make_unique<Expr>();
    node->kind = kind;
    node->span = span;
    return node;
  }

  // To the next newline outside braces that were opened since `start`.
  void skip_entry(size_t start) {
    int open = 0;
    for (size_t i = start; i < at_; ++i)
      open += brace(tokens_[i]);
    while (!at_end() && !(open <= 0 && (now().kind == TokenKind::kNewline || is(";") || is("}")))) {
      open += brace(now());
      take();
    }
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
  static int brace(const Token& token) {
    if (token.kind != TokenKind::kSymbol) return 0;
    return token.text == "{" ? 1 : token.text == "}" ? -1 : 0;
  }

  struct Depth {
    explicit Depth(Parser& parser) : parser_(parser) {
      if (++parser_.depth_ > kMaxDepth) {
        --parser_.depth_;
        parser_.at_ = std::min(parser_.at_, parser_.tokens_.size() - 1);
        parser_.too_deep();
      }
    }
    ~Depth() { --parser_.depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;
    Parser& parser_;
  };
  // Nothing after this can be trusted: one message, and the rest is not read.
  [[noreturn]] void too_deep() {
    error(now().span, fmt::format("more than {} levels of nesting", kMaxDepth));
    at_ = tokens_.size() - 1;
    throw Stop{};
  }

  int depth_ = 0;
  int chain_ = 0;
};

}  // namespace

File parse(uint32_t file, Diagnostics& diagnostics) {
  return Parser(file, diagnostics).run();
}

}  // namespace linnet::frontend
