// Characters → tokens; marks of other languages and typographic ones are named and skipped.
#include "frontend/lin/lexer.h"

#include "base/text.h"
#include "support/letters.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace linnet::frontend {
namespace {

// Longer ones first.
constexpr std::array<std::string_view, 27> kSymbols = {
    "...", "|>", "->", "..", "==", "!=", "<=", ">=", "**", "(", ")", "{", "}", "[",
    "]",   ",",  ":",  ";",  "=",  "+",  "-",  "*",  "/",  "%", "<", ">", "."};

// Marks of other languages, and what stands for them here; longer ones first.
struct Mark {
  std::string_view mark, remedy;
};
constexpr auto kForeignMarks = std::to_array<Mark>({
    {"//", "a comment begins with #; a / b divides"},
    {"/*", "a comment begins with # and ends with its line"},
    {"+=", "let y = y + …"},
    {"-=", "let y = y - …"},
    {"*=", "let y = y * …"},
    {"/=", "let y = y / …"},
    {":=", "let y = …"},
    {"&&", "a and b"},
    {"||", "a or b"},
    {"&", "a and b"},
    {"|", "a or b; x |> f applies f"},
    {"!", "not a"},
    {"^", "a ** b is a power"},
    {"@", "matmul(a, b)"},
    {"\\", "a line may begin with |> to continue the one before"},
    {"−", "here: -"},
    {"–", "here: -"},
    {"×", "here: *"},
    {"·", "here: *"},
    {"÷", "here: /"},
    {"→", "here: ->"},
    {"≤", "here: <="},
    {"≥", "here: >="},
    {"≠", "here: !="},
    {"“", "here: \""},
    {"”", "here: \""},
    {"„", "here: \""},
    {"（", "here: ("},
    {"）", "here: )"},
    {"，", "here: ,"},
    {"：", "here: :"},
    {"；", "here: ;"},
    {"＝", "here: ="},
    {"　", "a blank is the ASCII one"},
    {"\u00a0", "a blank is the ASCII one"},
});

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

class Lexer {
public:
  Lexer(uint32_t file, Diagnostics& diagnostics)
      : file_(file), text_(diagnostics.sources().text(file)), diagnostics_(diagnostics) {}

  std::vector<Token> run() {
    if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;  // a byte order mark, as Windows writes it
    if (const auto bad = invalid_utf8(text_))
      error(*bad, *bad + 1, "this byte is not UTF-8").help("save the file as UTF-8");
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
    } else if (begins_name(code_point(text_, at_).value)) {
      name();
    } else if (is_digit(c)) {
      number();
    } else if (c == '"') {
      string();
    } else {
      symbol();
    }
  }

  void name() {
    const size_t begin = at_;
    while (at_ < text_.size()) {
      const CodePoint c = code_point(text_, at_);
      if (!continues_name(c.value)) break;
      at_ += c.length;
    }
    const std::string_view text = text_.substr(begin, at_ - begin);
    if (const auto where = not_composed(text)) {
      error(begin + *where, begin + *where + code_point(text, *where).length,
            fmt::format("the name '{}' is not in its composed form", text))
          .help("write it in Unicode's normal form C: names that look the same are then the same");
    }
    add(TokenKind::kName, begin).text = std::string(text);
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
        refuse(token, "this number does not fit into 64 bits");
      return;
    }
    if (std::from_chars(text.data(), end, token.integer).ec != std::errc())
      refuse(token, "this integer does not fit into 64 bits");
    token.real = static_cast<double>(token.integer);
  }

  void refuse(Token& token, std::string message) {
    diagnostics_.error(token.span, std::move(message));
    token.kind = TokenKind::kBad;
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
    const bool closed = peek(0) == '"';
    if (closed) {
      ++at_;
    } else {
      error(begin, at_, "a string without its end").help("close it with \" on the same line");
    }
    add(closed ? TokenKind::kString : TokenKind::kBad, begin).text = std::move(value);
  }

  // 'text', as Python writes it.
  bool foreign_string() {
    if (peek(0) != '\'') return false;
    const size_t end = text_.find_first_of("'\n", at_ + 1);
    if (end == std::string_view::npos || text_[end] == '\n') return false;
    const std::string_view text = text_.substr(at_ + 1, end - at_ - 1);
    error(at_, end + 1, "a string stands in double quotes").help(fmt::format("\"{}\"", text));
    const size_t begin = at_;
    at_ = end + 1;
    add(TokenKind::kString, begin).text = std::string(text);
    return true;
  }

  void symbol() {
    const size_t begin = at_;
    if (foreign_string()) return;
    const std::string_view rest = text_.substr(at_);
    const auto symbol = std::ranges::find_if(
        kSymbols, [&](std::string_view candidate) { return rest.starts_with(candidate); });
    const auto mark = std::ranges::find_if(
        kForeignMarks, [&](const Mark& candidate) { return rest.starts_with(candidate.mark); });
    const bool foreign = mark != kForeignMarks.end() &&
                         (symbol == kSymbols.end() || symbol->size() < mark->mark.size());
    if (symbol != kSymbols.end() && !foreign) {
      at_ += symbol->size();
      add(TokenKind::kSymbol, begin).text = std::string(*symbol);
      return;
    }
    const CodePoint c = code_point(text_, at_);
    at_ += foreign ? mark->mark.size() : c.length;
    if (c.value != 0xfffd || c.length != 1) {  // no byte of UTF-8: said once for the whole file
      error(begin, at_,
            c.value < 32
                ? fmt::format("a control character (U+{:04X})", static_cast<uint32_t>(c.value))
                : fmt::format("'{}' has no meaning here", text_.substr(begin, at_ - begin)))
          .help(foreign ? std::string(mark->remedy) : "");
    }
    add(TokenKind::kBad, begin).text = std::string(text_.substr(begin, at_ - begin));
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
