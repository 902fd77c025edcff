// What the formatter must know of a file before it sets a line: comments and line ends between the
// tokens, and which braces are spread over lines.
#pragma once

#include "frontend/lin/token.h"

#include <string_view>
#include <vector>

namespace linnet::frontend {

struct Comment {
  std::string_view text;      // from its `#`, without blanks at the end
  bool own_line = false;      // no token before it on its line
  bool blank_before = false;  // an empty line, or more
};

// What stands between two tokens.
struct Gap {
  std::vector<Comment> comments;
  bool newline = false;       // before the second token
  bool blank_before = false;  // an empty line just before the second token
};

// The tokens but newlines; the last is kEnd.
struct FormatTokens {
  std::string_view text;
  std::vector<Token> tokens;
  std::vector<Gap> gaps;     // gaps[i] is before tokens[i]
  std::vector<bool> spread;  // of `{` and its `}`: their inside has lines of its own

  FormatTokens(std::string_view text, std::vector<Token> lexed);

  [[nodiscard]] bool is(size_t i, std::string_view symbol) const {
    return i < tokens.size() && tokens[i].kind == TokenKind::kSymbol && tokens[i].text == symbol;
  }
  [[nodiscard]] bool is_word(size_t i, std::string_view word) const {
    return i < tokens.size() && tokens[i].kind == TokenKind::kName && tokens[i].text == word;
  }
  [[nodiscard]] bool is_number(size_t i) const {
    return i < tokens.size() &&
           (tokens[i].kind == TokenKind::kInteger || tokens[i].kind == TokenKind::kReal);
  }
  // `/` of a fraction that begins a product, as in 1/255 and decay/2 * x: it has no blanks.
  [[nodiscard]] bool is_fraction(size_t i) const;

private:
  void find_spread();
};

}  // namespace linnet::frontend
