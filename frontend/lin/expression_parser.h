// Expressions of the model language: tokens → trees.
#pragma once

#include "frontend/lin/ast.h"
#include "frontend/lin/token_stream.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace linnet::frontend {

class ExpressionParser : protected TokenStream {
protected:
  using TokenStream::TokenStream;

  static constexpr int kMaxDepth = 256;  // of nesting

  ExprPtr expr();
  static ExprPtr make(ExprKind kind, Span span);
  [[nodiscard]] Span since(Span begin) const;  // up to the token before this one
  void new_entry() { chain_ = 0; }

  struct Depth {
    explicit Depth(ExpressionParser& parser) : parser_(parser) {
      if (++parser_.depth_ > kMaxDepth) {
        --parser_.depth_;
        parser_.at_ = std::min(parser_.at_, parser_.tokens_.size() - 1);
        parser_.too_deep();
      }
    }
    ~Depth() { --parser_.depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;
    ExpressionParser& parser_;
  };

private:
  ExprPtr binary(int level);
  std::optional<Operator> accept_operator(int level);
  ExprPtr unary();
  ExprPtr power();
  ExprPtr postfix();
  ExprPtr subscript(ExprPtr value);
  ExprPtr position();
  std::vector<Argument> arguments();
  ExprPtr primary();
  ExprPtr grouped(ExprKind kind, std::string_view close);
  [[noreturn]] void too_deep();
  [[noreturn]] void foreign_expression(const Token& word);

  int depth_ = 0;
  int chain_ = 0;  // operators in a row, in this entry
};

}  // namespace linnet::frontend
