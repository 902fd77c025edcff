// The tokens of a file one after the other: what a recursive-descent parser asks for.
#pragma once

#include "frontend/lin/lexer.h"

#include "support/diag.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::frontend {

struct Stop {};  // thrown after an error: this entry cannot be read; skip to the next

class TokenStream {
public:
  TokenStream(uint32_t file, Diagnostics& diagnostics)
      : diagnostics_(diagnostics), tokens_(lex(file, diagnostics)) {}

protected:
  const Token& now() const { return tokens_[at_]; }
  const Token& ahead(size_t count) const {
    return tokens_[std::min(at_ + count, tokens_.size() - 1)];
  }
  const Token& previous() const { return tokens_[at_ == 0 ? 0 : at_ - 1]; }
  const Token& take() {
    const Token& token = tokens_[at_];
    if (token.kind != TokenKind::kEnd) ++at_;
    return token;
  }
  bool at_end() const { return now().kind == TokenKind::kEnd; }
  bool is(std::string_view symbol) const {
    return now().kind == TokenKind::kSymbol && now().text == symbol;
  }
  bool accept(std::string_view symbol) {
    if (!is(symbol)) return false;
    take();
    return true;
  }
  void expect(std::string_view symbol) {
    if (!accept(symbol)) fail(fmt::format("expected '{}', not {}", symbol, shown(now())));
  }
  std::string name(std::string_view what) {
    if (now().kind != TokenKind::kName)
      fail(fmt::format("expected {}, not {}", what, shown(now())));
    return take().text;
  }
  // After an element of a list that ends with `close`: a comma, or nothing before the end.
  void separator(std::string_view close) {
    skip_newlines();
    if (is(close)) return;
    if (!accept(",")) fail(fmt::format("expected ',' or '{}', not {}", close, shown(now())));
    skip_newlines();
  }
  void skip_newlines() {
    while (now().kind == TokenKind::kNewline)
      take();
  }
  void skip_ends() {
    while (now().kind == TokenKind::kNewline || is(";"))
      take();
  }
  static std::string shown(const Token& token) {
    if (token.kind == TokenKind::kEnd) return "the end of the file";
    if (token.kind == TokenKind::kNewline) return "the end of the line";
    if (token.kind == TokenKind::kString) return "a string";
    return "'" + token.text + "'";
  }

  Diagnostic& error(Span span, std::string message) {
    return diagnostics_.error(span, std::move(message));
  }
  // Nothing is said of what follows from a fault that was reported already.
  [[noreturn]] void fail(std::string message, std::string help = "") {
    if (now().kind == TokenKind::kBad || (cut_ && at_end())) throw Stop{};
    error(now().span, std::move(message)).help(std::move(help));
    throw Stop{};
  }

  Diagnostics& diagnostics_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  bool cut_ = false;  // the rest of the file is not read
};

}  // namespace linnet::frontend
