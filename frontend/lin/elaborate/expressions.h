// Expressions of the model language: names, arithmetic, pipes, sizes.
#pragma once

#include "frontend/lin/elaborate/nodes.h"
#include "frontend/lin/elaborate/scope.h"

#include <optional>
#include <vector>

namespace linnet::frontend {

class Calls;

class Expressions {
public:
  Expressions(Report& report, Nodes& nodes, Calls& calls)
      : report_(report), nodes_(nodes), calls_(calls) {}

  Value evaluate(const Expr& expr, Scope& scope);
  // An integer from 0 on.
  int64_t dimension(const Expr& expr, Scope& scope);
  // The sizes of a list; nullopt where the expression is no name of one.
  std::optional<std::vector<int64_t>> sizes_of(const Expr& expr, Scope& scope);
  ir::Shape shape_of(const TypeExpr& type, Scope& scope);

private:
  Value name(const Expr& expr, Scope& scope);
  Value member(const Expr& expr, const Scope& scope);
  Value pipe(const Expr& expr, Scope& scope);
  Value binary(const Expr& expr, Scope& scope);
  Value unary(const Expr& expr, Scope& scope);

  Report& report_;
  Nodes& nodes_;
  Calls& calls_;
};

}  // namespace linnet::frontend
