#include "frontend/lexer.h"

#include "support/text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

namespace linnet::frontend {
namespace {

// Longer ones first.
constexpr std::array<std::string_view, 27> kSymbols = {
    "...", "|>", "->", "..", ".", "==", "!=", "<=", ">=", "(", ")", "{", "}", "[",
    "]",   ",",  ":",  ";",  "=", "+",  "-",  "*",  "/",  "%", "<", ">", "."};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

class Lexer {
public:
  Lexer(uint32_t file, Diagnostics& diagnostics)
      : file_(file), text_(diagnostics.sources().text(file)), diagnostics_(diagnostics) {}

  std::vector<Token> run() {
    if (const auto bad = invalid_utf8(text_)) {
      error(*bad, *bad + 1, "this byte is not UTF-8").help("save the file as UTF-8");
      text_ = text_.substr(0, *bad);
    }
    while (at_ < text_.size())
      next();
    add(TokenKind::kNewline, at_);
    add(TokenKind::kEnd, at_);
    return std::move(tokens_);
  }

private:
  void next() {
    const char c = text_[at_];
    const size_t begin = at_;
    if (c == '\n' || (c == '\r' && peek(1) == '\n')) {
      at_ += c == '\n' ? 1 : 2;
      add(TokenKind::kNewline, begin);
    } else if (c == ' ' || c == '\t') {
      ++at_;
    } else if (c == '#') {
      while (at_ < text_.size() && text_[at_] != '\n')
        ++at_;
    } else if (is_letter(c)) {
      while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_])))
        ++at_;
      add(TokenKind::kName, begin).text = std::string(text_.substr(begin, at_ - begin));
    } else if (is_digit(c)) {
      number();
    } else if (c == '"') {
      string();
    } else {
      symbol();
    }
  }

  void number() {
    const size_t begin = at_;
    const auto digits = [&] {
      while (at_ < text_.size() && is_digit(text_[at_]))
        ++at_;
    };
    bool real = false;
    digits();
    if (peek(0) == '.' && is_digit(peek(1))) {  // not the `..` of a range
      real = true;
      ++at_;
      digits();
    }
    if ((peek(0) == 'e' || peek(0) == 'E') &&
        (is_digit(peek(1)) || ((peek(1) == '-' || peek(1) == '+') && is_digit(peek(2))))) {
      real = true;
      at_ += 2;
      digits();
    }
    const std::string text(text_.substr(begin, at_ - begin));
    Token& token = add(real ? TokenKind::kReal : TokenKind::kInteger, begin);
    token.text = text;
    const char* end = text.data() + text.size();
    if (real) {
      const auto code = std::from_chars(text.data(), end, token.real).ec;
      if (code != std::errc() || !std::isfinite(token.real))
        error(begin, at_, "this number does not fit into 64 bits");
      return;
    }
    if (std::from_chars(text.data(), end, token.integer).ec != std::errc())
      error(begin, at_, "this integer does not fit into 64 bits");
    token.real = static_cast<double>(token.integer);
  }

  void string() {
    const size_t begin = at_++;
    std::string value;
    while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\n') {
      if (text_[at_] == '\\' && (peek(1) == '"' || peek(1) == '\\' || peek(1) == 'n')) {
        value += peek(1) == 'n' ? '\n' : peek(1);
        at_ += 2;
      } else {
        value += text_[at_++];
      }
    }
    if (peek(0) == '"') {
      ++at_;
    } else {
      error(begin, at_, "a string without its end").help("close it with \" on the same line");
    }
    add(TokenKind::kString, begin).text = std::move(value);
  }

  void symbol() {
    const size_t begin = at_;
    for (std::string_view symbol : kSymbols) {
      if (!text_.substr(at_).starts_with(symbol)) continue;
      at_ += symbol.size();
      add(TokenKind::kSymbol, begin).text = std::string(symbol);
      return;
    }
    const CodePoint c = code_point(text_, at_);
    at_ += c.length;
    error(begin, at_,
          c.value < 32
              ? fmt::format("a control character (U+{:04X})", static_cast<uint32_t>(c.value))
              : fmt::format("'{}' has no meaning here", text_.substr(begin, c.length)));
  }

  [[nodiscard]] char peek(size_t ahead) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  Token& add(TokenKind kind, size_t begin) {
    tokens_.push_back({kind, span(begin, at_), "", 0, 0});
    return tokens_.back();
  }
  [[nodiscard]] Span span(size_t begin, size_t end) const {
    return {file_, static_cast<uint32_t>(begin), static_cast<uint32_t>(end)};
  }
  Diagnostic& error(size_t begin, size_t end, std::string message) {
    return diagnostics_.error(span(begin, end), std::move(message));
  }

  uint32_t file_;
  std::string_view text_;
  Diagnostics& diagnostics_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
};

}  // namespace

std::vector<Token> lex(uint32_t file, Diagnostics& diagnostics) {
  return Lexer(file, diagnostics).run();
}

}  // namespace linnet::frontend
