// Functions stay short: what is on one screen is read at once.
#include "tests/house/sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

namespace linnet::house {
namespace {

constexpr size_t kMostFunctionLines = 60;

struct Function {
  std::string name;
  size_t lines = 0;
};

// The functions of a file in clang-format's shape: one ends at a `}` alone in its line, at the
// margin or, in a class, two columns in, and begins at the nearest line above with that margin.
std::vector<Function> functions_of(const SourceFile& file) {
  static const std::regex not_a_function(
      R"(\s*(\}|if\b|for\b|while\b|switch\b|do\b|else\b|struct\b|class\b|enum\b|namespace\b|union\b|try\b|extern "C").*)");
  static const std::regex named(R"(([\w:~]+|operator\S+)\()");
  std::vector<Function> functions;
  for (size_t end = 0; end < file.lines.size(); ++end) {
    const std::string& last = file.lines[end];
    if (last != "}" && last != "  }") continue;
    const size_t margin = last.size() - 1;
    size_t begin = end;
    while (begin > 0) {
      const std::string& line = file.lines[--begin];
      const bool at_margin = line.find_first_not_of(' ') == margin;
      if (at_margin && line[margin] != '#') break;
    }
    std::smatch match;
    const std::string& first = file.lines[begin];
    if (std::regex_match(first, not_a_function)) continue;
    const bool found = std::regex_search(first, match, named);
    functions.push_back({found ? match[1].str() : first, end - begin + 1});
  }
  return functions;
}

TEST(Functions, NoneIsLongerThan60Lines) {
  std::vector<std::string> wrong;
  size_t seen = 0;
  for (const char* folder :
       {"base", "support", "ir", "frontend", "passes", "codegen", "driver", "cli", "runtime"}) {
    for (const SourceFile& file : files_under(folder, {".h", ".cpp"})) {
      for (const auto& [name, lines] : functions_of(file)) {
        ++seen;
        if (lines > kMostFunctionLines)
          wrong.push_back(file.path + ": " + name + " has " + std::to_string(lines) + " lines");
      }
    }
  }
  EXPECT_GT(seen, 2000u);
  EXPECT_THAT(wrong, testing::IsEmpty());
}

TEST(Functions, TheirLinesAreCounted) {
  const SourceFile file{"a.cpp",
                        {"struct S {", "  int f(int x) const {", "    return x;", "  }", "};", "",
                         "int g(int x,", "      int y) {", "  if (x) {", "    return y;", "  }",
                         "  return x;", "}"}};
  const auto functions = functions_of(file);
  ASSERT_EQ(functions.size(), 2u);
  EXPECT_EQ(functions[0].name, "f");
  EXPECT_EQ(functions[0].lines, 3u);
  EXPECT_EQ(functions[1].name, "g");
  EXPECT_EQ(functions[1].lines, 7u);
}

}  // namespace
}  // namespace linnet::house
