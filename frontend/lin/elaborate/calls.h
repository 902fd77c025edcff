// What a name in a call means: a layer, a block, an op, an initialiser.
#pragma once

#include "frontend/lin/elaborate/library.h"
#include "frontend/lin/elaborate/nodes.h"
#include "frontend/lin/elaborate/scope.h"
#include "ir/initialize.h"

namespace linnet::frontend {

class Blocks;
class Expressions;

class Calls {
public:
  Calls(const Library& library, Report& report, Nodes& nodes, Expressions& expressions,
        Blocks& blocks)
      : library_(library), report_(report), nodes_(nodes), expressions_(expressions),
        blocks_(blocks) {}

  // `piped`: the value before `|>`, which stands at `piped_span`; nullptr without one.
  Value call(const Expr& expr, Scope& scope, const Value* piped, Span piped_span);
  // Says what else may have been meant: a name of PyTorch's, a method, a near one.
  [[noreturn]] void unknown_callee(const Expr& callee, Scope& scope);

private:
  Value call_block(const Block& block, const Expr& expr, Scope& scope, const Value* piped,
                   Span piped_span);
  Value call_instance(Instance& instance, const Expr& expr, Scope& scope, const Value* piped);
  Value call_op(const ir::OpDef& op, const Expr& expr, Scope& scope, const Value* piped,
                Span piped_span);
  Value recipe(const ir::Initializer& initializer, const Expr& expr, Scope& scope);

  const Library& library_;
  Report& report_;
  Nodes& nodes_;
  Expressions& expressions_;
  Blocks& blocks_;
};

}  // namespace linnet::frontend
