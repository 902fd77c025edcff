// Comments and line ends are found in the text between two tokens: the lexer drops them.
#include "frontend/lin/format_tokens.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace linnet::frontend {
namespace {

std::string_view without_blanks_at_end(std::string_view text) {
  const size_t last = text.find_last_not_of(" \t\r");
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

// Of blanks, newlines and comments; a comment ends before its newline.
Gap gap_of(std::string_view text, bool begins_file) {
  Gap gap;
  size_t newlines = begins_file ? 1 : 0;
  while (!text.empty()) {
    if (text.front() != '#') {
      newlines += text.front() == '\n' ? 1 : 0;
      text.remove_prefix(1);
      continue;
    }
    const size_t end = std::min(text.find('\n'), text.size());
    gap.comments.push_back(
        {without_blanks_at_end(text.substr(0, end)), newlines > 0, newlines > 1});
    newlines = 0;
    text.remove_prefix(end);
  }
  gap.newline = newlines > 0;
  gap.blank_before = newlines > 1;
  return gap;
}

}  // namespace

FormatTokens::FormatTokens(std::string_view source, std::vector<Token> lexed) : text(source) {
  std::ranges::copy_if(lexed, std::back_inserter(tokens),
                       [](const Token& token) { return token.kind != TokenKind::kNewline; });
  size_t at = text.starts_with("\xef\xbb\xbf") ? 3 : 0;  // a byte order mark
  for (const Token& token : tokens) {
    gaps.push_back(gap_of(text.substr(at, token.span.begin - at), gaps.empty()));
    at = token.span.end;
  }
  find_spread();
}

// Braces with a line end between them, and those that an `else` joins to such.
void FormatTokens::find_spread() {
  spread.assign(tokens.size(), false);
  std::vector<size_t> open, close(tokens.size(), 0);
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (is(i, "{")) {
      open.push_back(i);
    } else if (is(i, "}") && !open.empty()) {
      close[open.back()] = i;
      open.pop_back();
    }
  }
  // `} else {`, `} else if c {`: the next `{` of the chain, or the end.
  const auto follows = [&](size_t i) {
    size_t next = close[i] + 1;
    while (is(next, ";"))
      ++next;
    if (!is_word(next, "else")) return tokens.size();
    while (next < tokens.size() && !is(next, "{"))
      ++next;
    return next;
  };
  const auto empty = [&](size_t i) { return close[i] == i + 1 && gaps[i + 1].comments.empty(); };
  const auto has_lines = [&](size_t i) {
    return !empty(i) && text.find('\n', tokens[i].span.begin) < tokens[close[i]].span.begin;
  };
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (close[i] == 0 || spread[i]) continue;  // or as the one before it in its chain
    bool any = false;
    for (size_t each = i; each < tokens.size() && close[each] != 0; each = follows(each))
      any = any || has_lines(each);
    for (size_t each = i; any && each < tokens.size() && close[each] != 0; each = follows(each))
      spread[each] = spread[close[each]] = !empty(each);
  }
}

bool FormatTokens::is_fraction(size_t i) const {
  if (!is(i, "/") || i < 2 || is(i + 2, "**") || is(i + 2, ".") || is(i + 2, "%")) return false;
  const bool numerator = is_number(i - 1) || tokens[i - 1].kind == TokenKind::kName;
  static constexpr std::array<std::string_view, 4> kBefore = {"*", "/", "**", "."};
  const bool begins =
      std::ranges::none_of(kBefore, [&](std::string_view symbol) { return is(i - 2, symbol); });
  return numerator && begins && tokens[i + 1].kind == TokenKind::kInteger;
}

}  // namespace linnet::frontend
