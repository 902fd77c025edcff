#include "passes/run/pass.h"

#include <algorithm>

namespace linnet::passes {

bool PassContext::may_rewrite(const ir::Place& place, std::string message) {
  if (limit == 0) return false;
  if (limit > 0) --limit;
  if (explain) explain({true, place, std::move(message)});
  return true;
}

void PassContext::refused(const ir::Place& place, std::string message) const {
  if (explain) explain({false, place, std::move(message)});
}

const Pass* find_pass(std::string_view name) {
  const auto rows = pipeline();
  const auto row = std::ranges::find(rows, name, &Pass::name);
  return row == rows.end() ? nullptr : &*row;
}

}  // namespace linnet::passes
