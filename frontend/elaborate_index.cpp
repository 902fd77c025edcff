// Elements and slices of lists and tensors.
#include "frontend/elaborate.h"
#include "ir/op_def.h"

#include <fmt/format.h>

namespace linnet::frontend {

Value Elaborator::index(const Expr& expr, Scope& scope) {
  const Value from = evaluate(*expr.operands[0], scope);
  const Value at = evaluate(*expr.operands[1], scope);
  const auto* list = from.get<List>();
  const auto* tuple = from.get<Tuple>();
  const auto* position = at.get<int64_t>();
  if ((!list && !tuple) || !position) {
    fail(expr.span, fmt::format("{} cannot be indexed by {}", described(from), described(at)),
         from.is_tensor() ? "slice(x, starts: […], ends: […]) cuts a tensor" : "");
  }
  const auto& values = list ? list->values : tuple->values;
  if (*position < 0 || *position >= static_cast<int64_t>(values.size()))
    fail(expr.span, fmt::format("there is no element {} among {}", *position, values.size()));
  return values[static_cast<size_t>(*position)];
}

}  // namespace linnet::frontend
