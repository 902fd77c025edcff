// Splits a file of cases, runs its passes, and writes what came out as expected.
#include "passes/run/test_case.h"

#include "ir/print.h"
#include "ir/read.h"
#include "ir/verify.h"
#include "passes/run/check_passes.h"
#include "passes/run/run_pipeline.h"

#include <sstream>

namespace linnet::passes {
namespace {

constexpr std::string_view kRun = "// run:";
constexpr std::string_view kArrow = "// ---->";
constexpr std::string_view kNext = "// -----";

std::vector<std::string> words(std::string text) {
  for (char& c : text) {
    if (c == ',') c = ' ';
  }
  std::istringstream in(text);
  std::vector<std::string> list;
  for (std::string word; in >> word;)
    list.push_back(word);
  return list;
}

std::string trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of('\n');
  const size_t end = text.find_last_not_of('\n');
  return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1) + "\n";
}

}  // namespace

std::vector<TestCase> split_cases(const std::string& text) {
  std::vector<TestCase> cases(1);
  std::vector<std::string> passes;
  bool expected = false;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    TestCase& now = cases.back();
    if (line.starts_with(kRun)) {
      passes = words(line.substr(kRun.size()));
    } else if (line.starts_with(kArrow)) {
      expected = true;
    } else if (line == kNext) {
      cases.emplace_back();
      expected = false;
    } else if (expected) {
      now.expected += line + "\n";
    } else if (line.starts_with("//")) {
      now.comment += line + "\n";
    } else {
      now.input += line + "\n";
    }
  }
  for (TestCase& test : cases) {
    test.passes = passes;
    test.input = trimmed(test.input);
    test.expected = trimmed(test.expected);
  }
  return cases;
}

CaseOutcome run_case(const std::string& file, const TestCase& test, const TargetInfo& target) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  auto module = ir::read(sources.add(file, test.input), {}, diagnostics);
  if (!module) return {"", diagnostics.text()};
  if (const auto broken = ir::verify(*module)) return {"", file + ": input: " + *broken};
  std::vector<Pass> rows;
  for (const std::string& name : test.passes) {
    const Pass* pass = find_pass(name);
    if (!pass) return {"", file + ": no pass '" + name + "'"};
    rows.push_back(*pass);
  }
  PassContext context;
  ask_for(rows, context);
  context.target = target;
  PipelineOptions options;
  options.check = true;
  const PipelineResult result = run_pipeline(std::move(*module), rows, options, context);
  if (!result.broken.empty()) return {"", file + ": " + result.broken};
  const ir::Printed printed = ir::print(result.module);
  if (!printed.tensors.empty()) return {"", file + ": constants of a case must be small"};
  return {printed.text, ""};
}

UpdatedFile update_cases(const std::string& file, const std::string& text,
                         const TargetInfo& target) {
  UpdatedFile updated;
  const auto cases = split_cases(text);
  for (const TestCase& test : cases) {
    if (!updated.text.empty()) updated.text += "\n// -----\n";
    if (&test == &cases.front()) {
      updated.text += std::string(kRun);
      for (const std::string& pass : test.passes)
        updated.text += " " + pass;
      updated.text += "\n";
    }
    const CaseOutcome outcome = run_case(file, test, target);
    if (!outcome.error.empty()) updated.errors.push_back(outcome.error);
    updated.text += test.comment + test.input + "\n" + std::string(kArrow) + "\n" + outcome.text;
  }
  return updated;
}

}  // namespace linnet::passes
