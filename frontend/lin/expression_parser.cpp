// Recursive descent over expressions, weakest operators first.
#include "frontend/lin/expression_parser.h"

#include "frontend/lin/foreign.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::frontend {
ExprPtr ExpressionParser::make(ExprKind kind, Span span) {
  auto node = std::make_unique<Expr>();
  node->kind = kind;
  node->span = span;
  return node;
}

Span ExpressionParser::since(Span begin) const {
  begin.end = std::max(begin.begin, previous().span.end);
  return begin;
}

ExprPtr ExpressionParser::expr() {
  ExprPtr left = binary(0);
  if (!is("..")) return left;
  take();
  ExprPtr range = make(ExprKind::kRange, left->span);
  range->operands.push_back(std::move(left));
  range->operands.push_back(binary(1));
  range->span = since(range->span);
  return range;
}

// Stronger than all levels: unary - and not, then **.
ExprPtr ExpressionParser::binary(int level) {
  if (level == kOperatorLevels) return unary();
  ExprPtr left = binary(level + 1);
  while (const auto op = accept_operator(level)) {
    ExprPtr node = make(ExprKind::kBinary, left->span);
    node->op = *op;
    node->name_span = previous().span;
    skip_newlines();
    node->operands.push_back(std::move(left));
    node->operands.push_back(binary(level + 1));
    node->span = since(node->span);
    left = std::move(node);
    if (++chain_ > kMaxDepth * 64) fail("this expression is too long");
  }
  return left;
}

// An operator may begin the next line: `|> relu`.
std::optional<Operator> ExpressionParser::accept_operator(int level) {
  size_t at = at_;
  while (tokens_[at].kind == TokenKind::kNewline)
    ++at;
  const Token& token = tokens_[at];
  if (token.kind != TokenKind::kSymbol && token.kind != TokenKind::kName) return std::nullopt;
  const auto op = operator_at(level, token.text);
  // A new line with '-' or '(' may be a new entry; only `|>` continues one.
  if (op && at != at_ && *op != Operator::kPipe) return std::nullopt;
  if (op) at_ = at + 1;
  return op;
}

ExprPtr ExpressionParser::unary() {
  const Depth depth(*this);
  if (is("-") || (now().kind == TokenKind::kName && now().text == "not")) {
    ExprPtr node = make(ExprKind::kUnary, now().span);
    node->op = take().text == spelling(Operator::kNot) ? Operator::kNot : Operator::kMinus;
    node->operands.push_back(unary());
    node->span = since(node->span);
    return node;
  }
  return power();
}

// As in Python: -x ** 2 is -(x ** 2), 2 ** -1 is 0.5, 2 ** 3 ** 2 is 2 ** 9.
ExprPtr ExpressionParser::power() {
  ExprPtr base = postfix();
  if (!is("**")) return base;
  ExprPtr node = make(ExprKind::kBinary, base->span);
  node->op = Operator::kPower;
  node->name_span = take().span;
  skip_newlines();
  node->operands.push_back(std::move(base));
  node->operands.push_back(unary());
  node->span = since(node->span);
  return node;
}

ExprPtr ExpressionParser::postfix() {
  ExprPtr value = primary();
  while (true) {
    const bool callee =
        value->kind == ExprKind::kName || value->kind == ExprKind::kCall ||
        value->kind == ExprKind::kString ||  // of layer "0" = …
        value->kind == ExprKind::kMember;    // of `nn.Linear(…)` the name is corrected
    if (is("(") && callee) {
      if (value->kind != ExprKind::kCall) {
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
    } else if (is(".") && ahead(1).kind == TokenKind::kName) {
      const std::string_view method = ahead(1).text;
      const std::string_view ours = our_callee(method).empty() ? method : our_callee(method);
      fail("there are no methods", fmt::format("… |> {}(…)", ours));
    } else if (is("[")) {
      value = subscript(std::move(value));
    } else {
      return value;
    }
    value->span = since(value->span);
  }
}

// list[i], x[:, 1:], x[..., -1]
ExprPtr ExpressionParser::subscript(ExprPtr value) {
  ExprPtr node = make(ExprKind::kIndex, value->span);
  expect("[");
  node->operands.push_back(std::move(value));
  skip_newlines();
  while (!accept("]")) {
    node->operands.push_back(position());
    separator("]");
  }
  if (node->operands.size() == 1) {
    --at_;
    fail("expected a position, not ']'", "x[0], x[:, 1:], x[..., -1]");
  }
  return node;
}

// A number, `start:stop:step` with any part left out, or `...` for all dimensions between.
ExprPtr ExpressionParser::position() {
  const Span begin = now().span;
  if (accept("...")) return make(ExprKind::kEllipsis, begin);
  ExprPtr first = is(":") ? nullptr : expr();
  if (!is(":")) return first;
  ExprPtr slice = make(ExprKind::kSlice, begin);
  slice->operands.resize(3);
  slice->operands[0] = std::move(first);
  for (size_t part = 1; part < 3 && accept(":"); ++part) {
    if (!is(":") && !is(",") && !is("]")) slice->operands[part] = expr();
  }
  slice->span = since(begin);
  return slice;
}

std::vector<Argument> ExpressionParser::arguments() {
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
      error(now().span, "a setting is given with ':'")
          .help(fmt::format("{}: {}", now().text, ahead(2).text));
      argument.name = take().text;  // said; what follows is read as if it were right
      take();
      skip_newlines();
    }
    argument.value = expr();
    argument.span = since(argument.span);
    list.push_back(std::move(argument));
    separator(")");
  }
  return list;
}

ExprPtr ExpressionParser::primary() {
  const Token& token = now();
  ExprPtr node = make(ExprKind::kName, token.span);
  switch (token.kind) {
  case TokenKind::kName:
    if (token.text == "lambda") foreign_expression(token);
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
      node->span = since(node->span);
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

void ExpressionParser::foreign_expression(const Token& word) {
  const ForeignWord foreign = foreign_word(word.text);
  fail(std::string(foreign.message), std::string(foreign.remedy));
}

// `(a)` is a, `(a, b)` a tuple, `[a, b]` a list.
ExprPtr ExpressionParser::grouped(ExprKind kind, std::string_view close) {
  const Depth depth(*this);
  ExprPtr node = make(kind, take().span);
  skip_newlines();
  while (!accept(close)) {
    node->operands.push_back(expr());
    separator(close);
  }
  node->span = since(node->span);
  if (kind == ExprKind::kTuple && node->operands.size() == 1) {
    return std::move(node->operands.front());
  }
  return node;
}

// Nothing after this can be trusted: one message, and the rest is not read.
void ExpressionParser::too_deep() {
  error(now().span, fmt::format("more than {} levels of nesting", kMaxDepth));
  cut_ = true;
  at_ = tokens_.size() - 1;
  throw Stop{};
}

}  // namespace linnet::frontend
