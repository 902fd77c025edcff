// Tokens of the model language.
#pragma once

#include "support/source.h"

#include <cstdint>
#include <string>

namespace linnet::frontend {

enum class TokenKind : uint8_t {
  kName,     // letters of any script, digits, '_'; keywords are names the parser knows
  kInteger,  // 12
  kReal,     // 0.5, 1e-3
  kString,   // "text"
  kSymbol,   // ( ) { } [ ] , : ; = + - * ** / % |> -> .. ... == != < <= > >= .
  kNewline,  // where an entry may end
  kBad,      // something that was reported; what follows from it is not
  kEnd,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  Span span;
  std::string text;  // of a string: its value
  int64_t integer = 0;
  double real = 0;
};

}  // namespace linnet::frontend
