// Errors at the user's own text: what is wrong inside the prelude is said at the call.
#include "frontend/lin/elaborate/report.h"

#include "frontend/lin/elaborate/scope.h"

#include <fmt/format.h>

namespace linnet::frontend {

Span Report::users_call() const {
  Span user = calls_.front();
  for (const Span& call : calls_) {
    if (!in_prelude(call)) user = call;
  }
  return user;
}

Diagnostic& Report::error(Span at, std::string message) {
  if (!in_prelude(at) || calls_.empty()) return diagnostics_.error(at, std::move(message));
  const std::string& block = blocks_.back()->name;
  const bool named = message.starts_with(block);
  return diagnostics_.error(users_call(), named ? message : fmt::format("{}: {}", block, message));
}

void Report::fail(Span at, std::string message, std::string help) {
  error(at, std::move(message)).help(std::move(help));
  throw Abandon{};
}

ir::Place Report::place(Span at) const {
  return ir::Place(in_prelude(at) && !calls_.empty() ? users_call() : at);
}

}  // namespace linnet::frontend
