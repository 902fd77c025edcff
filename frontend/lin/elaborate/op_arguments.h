// The operands and attributes of an op, read from a call's parentheses.
#pragma once

#include "frontend/lin/elaborate/nodes.h"
#include "frontend/lin/elaborate/scope.h"

#include <map>
#include <string>
#include <vector>

namespace linnet::frontend {

class Expressions;

struct OpArguments {
  std::vector<Value> operands;
  std::vector<Span> spans;
  ir::Attrs attrs;
  std::map<std::string, Span> attr_spans;
};

// Adds to `given` what stands in the call's parentheses. A number is an operand while `given` has
// fewer than the op takes, and a setting then.
void read_arguments(const ir::OpDef& op, const Expr& expr, Scope& scope, OpArguments& given,
                    Expressions& expressions, const Nodes& nodes, Report& report);

}  // namespace linnet::frontend
