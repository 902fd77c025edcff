// docs/architecture.md and docs/adding.md name files and functions that are there.
#include "tests/house/sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <regex>

namespace linnet::house {
namespace {

bool is_file_name(const std::string& word) {
  static const std::regex pattern(
      R"([a-z0-9_]+(/[a-z0-9_]+)*/?[a-z0-9_]*\.(h|cpp|def|md|lir|lin|txt|cmake|py))");
  return std::regex_match(word, pattern);
}

// `plan_memory()`, `Model::open()`: the last part of the name.
std::string function_of(const std::string& word) {
  static const std::regex pattern(R"((?:\w+::)*(\w+)\(\))");
  std::smatch match;
  return std::regex_match(word, match, pattern) ? match[1].str() : "";
}

bool has_word(const std::vector<std::string>& lines, const std::string& name) {
  const std::regex pattern("\\b" + name + "\\b");
  return std::ranges::any_of(lines, [&](const std::string& line) {
    return line.find(name) != std::string::npos && std::regex_search(line, pattern);
  });
}

// What a page names and is not there: words in `back quotes` that are a file, or a function, which
// is looked for in the file named before it on the same line. NAME stands for a name of one's own.
std::vector<std::string> missing(const std::vector<std::string>& page) {
  std::vector<std::string> wrong;
  for (const std::string& line : page) {
    std::vector<std::string> file;
    std::string path;
    static const std::regex quoted("`([^`]+)`");
    for (std::sregex_iterator at(line.begin(), line.end(), quoted), end; at != end; ++at) {
      const std::string word = (*at)[1];
      if (word.find("NAME") != std::string::npos) continue;
      if (is_file_name(word)) {
        path = word;
        file = read_lines(kRoot / word);
        if (!std::filesystem::exists(kRoot / word)) wrong.push_back("no file " + word);
      } else if (word.ends_with('/') && word.find(' ') == std::string::npos) {
        if (!std::filesystem::is_directory(kRoot / word)) wrong.push_back("no folder " + word);
      } else if (const std::string function = function_of(word); !function.empty()) {
        if (path.empty()) {
          wrong.push_back(word + ": no file before it");
        } else if (!has_word(file, function)) {
          wrong.push_back("no " + word + " in " + path);
        }
      }
    }
  }
  return wrong;
}

TEST(Guides, NameFilesAndFunctionsThatAreThere) {
  for (const char* page : {"docs/architecture.md", "docs/adding.md"}) {
    const auto lines = read_lines(kRoot / page);
    EXPECT_FALSE(lines.empty()) << page;
    EXPECT_THAT(missing(lines), testing::IsEmpty()) << page;
  }
}

TEST(Guides, WhatIsNotThereIsNoticed) {
  using testing::ElementsAre;
  EXPECT_THAT(missing({"`ir/graph.h` `Graph::append()`, `ir/ops/NAME.cpp`, `a + b`"}),
              testing::IsEmpty());
  EXPECT_THAT(
      missing({"`ir/no_such.cpp`", "`ir/graph.h` has `no_such()`", "`no_folder/`"}),
      ElementsAre("no file ir/no_such.cpp", "no no_such() in ir/graph.h", "no folder no_folder/"));
  EXPECT_THAT(missing({"`append()`"}), ElementsAre("append(): no file before it"));
}

}  // namespace
}  // namespace linnet::house
