// Splits the text of the IR into words, numbers and marks, and reports at the place it stopped.
#include "ir/text_scanner.h"

#include <fmt/format.h>

#include <cctype>
#include <charconv>
#include <limits>

namespace linnet::ir {
namespace {

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}
bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c));
}

}  // namespace

TextScanner::TextScanner(uint32_t file, Diagnostics& diagnostics)
    : file_(file), diagnostics_(diagnostics), text_(diagnostics.sources().text(file)) {}

void TextScanner::fail(std::string message) {
  skip_blanks();
  size_t end = word_end(true);
  if (end == at_ && at_ < text_.size()) ++end;
  diagnostics_.error({file_, static_cast<uint32_t>(at_), static_cast<uint32_t>(end)},
                     std::move(message));
  throw Stop{};
}

void TextScanner::fail(const Place& place, std::string message) {
  diagnostics_.error(place.spans.front(), std::move(message));
  throw Stop{};
}

void TextScanner::skip_blanks() {
  while (at_ < text_.size()) {
    if (std::isspace(static_cast<unsigned char>(text_[at_]))) {
      ++at_;
    } else if (text_.substr(at_, 2) == "//") {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else {
      return;
    }
  }
}

size_t TextScanner::word_end(bool dots) const {
  size_t end = at_;
  while (end < text_.size() && (is_word(text_[end]) || (dots && text_[end] == '.')))
    ++end;
  return end;
}

bool TextScanner::at_end() {
  skip_blanks();
  return at_ == text_.size();
}

Place TextScanner::here() {
  skip_blanks();
  return Span{file_, static_cast<uint32_t>(at_), static_cast<uint32_t>(word_end(true))};
}

bool TextScanner::peek(std::string_view mark) {
  skip_blanks();
  return text_.substr(at_, mark.size()) == mark;
}

bool TextScanner::accept(std::string_view mark) {
  if (!peek(mark)) return false;
  at_ += mark.size();
  return true;
}

void TextScanner::expect(std::string_view mark) {
  if (!accept(mark)) fail(fmt::format("expected '{}'", mark));
}

bool TextScanner::peek_word() {
  skip_blanks();
  return word_end(false) != at_ && !is_digit(text_[at_]);
}

bool TextScanner::accept_word(std::string_view word) {
  if (!peek(word) || word_end(false) != at_ + word.size()) return false;
  at_ += word.size();
  return true;
}

void TextScanner::expect_word(std::string_view word) {
  if (!accept_word(word)) fail(fmt::format("expected `{}`", word));
}

std::string TextScanner::word() {
  if (!peek_word()) fail("expected a word");
  const size_t begin = std::exchange(at_, word_end(false));
  return std::string(text_.substr(begin, at_ - begin));
}

std::string TextScanner::name() {
  if (peek_string()) return string();
  if (word_end(true) == at_) fail("expected a name");
  const size_t begin = std::exchange(at_, word_end(true));
  return std::string(text_.substr(begin, at_ - begin));
}

bool TextScanner::peek_string() {
  return peek("\"");
}

std::string TextScanner::string() {
  expect("\"");
  const size_t begin = at_ - 1;
  std::string result;
  while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\n') {
    if (text_[at_] != '\\') {
      result += text_[at_++];
    } else if (text_.substr(at_, 2) == "\\x") {
      unsigned code = 0;
      const char* digits = text_.data() + at_ + 2;
      const char* end = text_.data() + std::min(at_ + 4, text_.size());
      if (std::from_chars(digits, end, code, 16).ptr != digits + 2) fail("expected \\xHH");
      result += static_cast<char>(code);
      at_ += 4;
    } else {
      result += text_.substr(at_ + 1, 1);
      at_ += 2;
    }
  }
  if (at_ >= text_.size() || text_[at_] != '"') {
    const auto end = static_cast<uint32_t>(std::min(at_, text_.size()));
    fail(Span{file_, static_cast<uint32_t>(begin), end}, "the string does not end");
  }
  ++at_;
  return result;
}

bool TextScanner::peek_number() {
  skip_blanks();
  return at_ < text_.size() && (is_digit(text_[at_]) || text_[at_] == '-');
}

Attr TextScanner::number() {
  if (accept("-inf")) return -std::numeric_limits<double>::infinity();
  if (!peek_number()) fail("expected a number");
  const Place at = here();
  const char* begin = text_.data() + at_;
  const char* end = text_.data() + text_.size();
  int64_t integer = 0;
  const auto whole = std::from_chars(begin, end, integer);
  double real = 0;
  const auto floating = std::from_chars(begin, end, real);
  if (floating.ec != std::errc{}) fail("this number is out of range");
  at_ = static_cast<size_t>(floating.ptr - text_.data());
  if (floating.ptr != whole.ptr) return real;
  if (whole.ec != std::errc{}) fail(at, "this integer does not fit 64 bits");
  return integer;
}

int64_t TextScanner::integer() {
  const Place at = here();
  const Attr value = number();
  if (const auto* integer = std::get_if<int64_t>(&value)) return *integer;
  fail(at, "expected an integer");
}

std::string TextScanner::adjacent_braces() {
  if (at_ >= text_.size() || text_[at_] != '{') return "";
  const size_t close = text_.find('}', at_);
  if (close == std::string_view::npos) fail("the layout does not end");
  const size_t begin = std::exchange(at_, close + 1);
  return std::string(text_.substr(begin, at_ - begin));
}

bool TextScanner::next_is_brace() {
  skip_blanks();
  return text_.substr(word_end(false), 1) == "{";
}

bool TextScanner::brace_then_parenthesis() {
  if (!peek("{")) return false;
  const size_t next = text_.find_first_not_of(" \t\r\n", at_ + 1);
  return next != std::string_view::npos && text_[next] == '(';
}

}  // namespace linnet::ir
