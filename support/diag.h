// Diagnostics: located messages with carets, collected and printed together.
#pragma once

#include "base/status.h"
#include "support/source.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linnet {

enum class Severity { kError, kWarning, kRemark, kNote };

// Where a message points: a span of a source file, or a name such as an ONNX node
// ("model.onnx: node 'conv1' (Conv)"), or nothing.
struct DiagPlace {
  std::optional<Span> span;
  std::string name;
};

// "lenet.lin:5:10", or the name; "" of nothing.
[[nodiscard]] std::string place_text(const SourceManager& sources, const DiagPlace& place);

struct Diagnostic {
  Severity severity = Severity::kError;
  DiagPlace place;
  std::string message;
  std::string remedy = {};             // what to do; printed after the message as "help: …"
  std::vector<Diagnostic> notes = {};  // where the value comes from, the other declaration, …
  Status status = Status::kBadInput;

  Diagnostic& note(Span span, std::string message);
  Diagnostic& help(std::string text);  // ignored when empty
};

// Collects diagnostics; at most kMaxErrors errors (and as many warnings) are kept, then one last
// line says so. A message that stands at the same place already is not repeated.
class Diagnostics {
public:
  static constexpr size_t kMaxErrors = 20;

  explicit Diagnostics(const SourceManager& sources) : sources_(&sources) {}

  // Each returns the stored diagnostic, so that notes and a remedy can be added; the reference
  // is good until the next call.
  Diagnostic& error(Span span, std::string message);
  Diagnostic& warning(Span span, std::string message);
  Diagnostic& report(Diagnostic diagnostic);

  [[nodiscard]] bool has_errors() const { return errors_ != 0; }
  [[nodiscard]] bool full() const { return errors_ >= kMaxErrors; }
  [[nodiscard]] const std::vector<Diagnostic>& all() const { return diagnostics_; }
  [[nodiscard]] const SourceManager& sources() const { return *sources_; }
  // The gravest status among the errors: 5 over 4 over 3 over 1; kDone without errors.
  [[nodiscard]] Status status() const { return status_; }

  // Text as compilers print it: `file:line:col: error: message`, the source line, a caret
  // under the whole span, notes, help. `colour` adds ANSI escapes.
  [[nodiscard]] std::string text(bool colour = false) const;
  // One JSON object per diagnostic and line, for editors (`--diagnostics json`).
  [[nodiscard]] std::string json() const;

private:
  const SourceManager* sources_;
  std::vector<Diagnostic> diagnostics_;
  size_t errors_ = 0;
  size_t warnings_ = 0;
  size_t dropped_ = 0;
  Status status_ = Status::kDone;
  Diagnostic overflow_;
};

}  // namespace linnet
