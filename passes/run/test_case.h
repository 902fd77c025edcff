// Text cases of passes: `// run: fuse_pool`, input, `// ---->`, expected; `// -----` between cases.
#pragma once

#include "passes/lib/target_info.h"

#include <string>
#include <vector>

namespace linnet::passes {

struct TestCase {
  std::string comment;              // lines before the module that are not `// run:`
  std::vector<std::string> passes;  // of the file's `// run:` line
  std::string input;
  std::string expected;
};

[[nodiscard]] std::vector<TestCase> split_cases(const std::string& text);
// The output of a case's passes on its input, verified after each; or why it cannot be had.
struct CaseOutcome {
  std::string text;
  std::string error;
};
[[nodiscard]] CaseOutcome run_case(const std::string& file, const TestCase& test,
                                   const TargetInfo& target);

// The file with what its cases give today.
struct UpdatedFile {
  std::string text;
  std::vector<std::string> errors;
};
[[nodiscard]] UpdatedFile update_cases(const std::string& file, const std::string& text,
                                       const TargetInfo& target);

}  // namespace linnet::passes
