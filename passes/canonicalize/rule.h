// A rule of canonicalize: what it looks for, and what takes its place. One file for each subject.
#pragma once

#include "ir/op_def.h"
#include "ir/rewrite.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace linnet::passes {

// What a rule found: why it may rewrite, and the value that takes the result's place. It is made
// only when the rewrite is allowed; nodes lie in the new graph, which moves them as it grows, so
// that the replacement keeps values and attributes, never nodes.
struct Match {
  std::string message;  // for remarks
  ir::Place place;      // of the new nodes
  std::function<ir::ValueId(ir::Builder)> replacement;
};

using RuleMatch = std::optional<Match>(ir::Rewriter& r, const ir::Node& node);

struct Rule {
  std::string_view name;
  const ir::OpDef* op;  // that it looks at; nullptr: any
  RuleMatch* match;
};

inline const std::string& result_name(const ir::Rewriter& r, const ir::Node& node) {
  return r.old().value(node.results.front()).name;
}

// The value in another shape: itself, what it is a view of, or a new view.
[[nodiscard]] ir::ValueId reshaped(ir::Builder b, ir::ValueId value, const ir::Shape& shape,
                                   const std::string& name = "");

// identities.cpp: what changes nothing.
RuleMatch constant_right, times_one;
// views.cpp: what moves no byte.
RuleMatch view_of_view, transpose_is_view, view_after_elementwise;
// products.cpp: transposes and stacks around a matmul.
RuleMatch transpose_into_matmul, transpose_of_transpose, transpose_of_matmul, stack_is_rows;
// pictures.cpp: pictures one pixel wide.
RuleMatch picture_lies_down;

}  // namespace linnet::passes
