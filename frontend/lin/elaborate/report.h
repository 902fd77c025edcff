// Errors and places at the user's own text: what is wrong inside the prelude is said at the call.
#pragma once

#include "frontend/lin/ast.h"
#include "ir/graph.h"
#include "support/diag.h"

#include <string>
#include <string_view>
#include <vector>

namespace linnet::frontend {

class Report {
public:
  // `prelude`: the number of the prelude's file.
  Report(Diagnostics& diagnostics, uint32_t prelude)
      : diagnostics_(diagnostics), prelude_(prelude) {}

  Diagnostic& error(Span at, std::string message);
  [[noreturn]] void fail(Span at, std::string message, std::string help = "");
  [[nodiscard]] ir::Place place(Span at) const;

  // While a block is applied: `call` is where.
  class Application {
  public:
    Application(Report& report, const Block& block, Span call) : report_(report) {
      report_.calls_.push_back(call);
      report_.blocks_.push_back(&block);
    }
    Application(const Application&) = delete;
    Application& operator=(const Application&) = delete;
    ~Application() {
      report_.calls_.pop_back();
      report_.blocks_.pop_back();
    }

  private:
    Report& report_;
  };
  // Applications under way, outermost first.
  [[nodiscard]] const std::vector<const Block*>& blocks() const { return blocks_; }
  // The innermost call; `otherwise` in the model itself.
  [[nodiscard]] Span call(Span otherwise) const {
    return calls_.empty() ? otherwise : calls_.back();
  }
  // `at`, or the outermost call if it is in the prelude.
  [[nodiscard]] Span outside(Span at) const {
    return in_prelude(at) && !calls_.empty() ? calls_.front() : at;
  }
  [[nodiscard]] bool in_prelude(Span at) const { return at.file == prelude_; }
  [[nodiscard]] Diagnostics& diagnostics() const { return diagnostics_; }
  [[nodiscard]] std::string_view text(Span at) const { return diagnostics_.sources().text(at); }

private:
  // The innermost call in the user's own text.
  [[nodiscard]] Span users_call() const;

  Diagnostics& diagnostics_;
  uint32_t prelude_;
  std::vector<Span> calls_;
  std::vector<const Block*> blocks_;
};

}  // namespace linnet::frontend
