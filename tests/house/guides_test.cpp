// Pages and READMEs name files, folders and functions that are there.
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

// A reader's own files and folders, of which pages speak too: NAME, DIR, PATH and these.
bool is_readers_own(const std::string& word) {
  static const std::regex pattern(R"(.*\b(NAME|DIR|PATH)\b.*|test/|pictures/.*|b\.lir)");
  return word.find("NAME") != std::string::npos || std::regex_match(word, pattern);
}

// Where a page lies, and whether a function may stand only behind the file it is in: in the guides,
// which are read along; elsewhere it may be the reader's.
struct Page {
  std::string folder;
  bool guide = true;
};

// What a page names and is not there: words in `back quotes` that are a file or a folder, from the
// root, the page or a folder named before on the same line, or a function, which is looked for in
// the file named before it on the same line.
std::vector<std::string> missing(const std::vector<std::string>& lines, const Page& page = {}) {
  std::vector<std::string> wrong;
  for (const std::string& line : lines) {
    std::vector<std::string> file;
    std::string path;
    std::vector<std::filesystem::path> bases = {kRoot, kRoot / page.folder};
    const auto find = [&](const std::string& word) {
      const auto at = std::ranges::find_if(
          bases, [&](const auto& base) { return std::filesystem::exists(base / word); });
      return at == bases.end() ? std::filesystem::path() : *at / word;
    };
    static const std::regex quoted("`([^`]+)`");
    for (std::sregex_iterator at(line.begin(), line.end(), quoted), end; at != end; ++at) {
      const std::string word = (*at)[1];
      if (is_readers_own(word)) continue;
      if (is_file_name(word)) {
        path = word;
        const std::filesystem::path found = find(word);
        file = found.empty() ? std::vector<std::string>() : read_lines(found);
        if (found.empty()) wrong.push_back("no file " + word);
      } else if (word.ends_with('/') && word.find(' ') == std::string::npos) {
        const std::filesystem::path found = find(word);
        if (found.empty()) wrong.push_back("no folder " + word);
        if (!found.empty()) bases.push_back(found);
      } else if (const std::string function = function_of(word); !function.empty()) {
        if (path.empty()) {
          if (page.guide) wrong.push_back(word + ": no file before it");
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

TEST(Guides, PagesAndReadmesNameFilesThatAreThere) {
  std::vector<SourceFile> pages = {{"README.md", read_lines(kRoot / "README.md")},
                                   {"CONTRIBUTING.md", read_lines(kRoot / "CONTRIBUTING.md")}};
  for (const std::string& folder : kFolders)
    std::ranges::move(files_under(folder, {".md"}), std::back_inserter(pages));
  for (const SourceFile& page : pages) {
    const auto folder = std::filesystem::path(page.path).parent_path().string();
    EXPECT_THAT(missing(page.lines, {folder, false}), testing::IsEmpty()) << page.path;
  }
  EXPECT_GT(pages.size(), 30U);
}

TEST(Guides, WhatIsNotThereIsNoticed) {
  using testing::ElementsAre;
  EXPECT_THAT(missing({"`ir/graph.h` `Graph::append()`, `ir/ops/NAME.cpp`, `a + b`"}),
              testing::IsEmpty());
  EXPECT_THAT(
      missing({"`ir/no_such.cpp`", "`ir/graph.h` has `no_such()`", "`no_folder/`"}),
      ElementsAre("no file ir/no_such.cpp", "no no_such() in ir/graph.h", "no folder no_folder/"));
  EXPECT_THAT(missing({"`append()`"}), ElementsAre("append(): no file before it"));
  EXPECT_THAT(missing({"`append()`, `graph.h`, `ops/` with `relu.cpp`"}, {"ir", false}),
              testing::IsEmpty());
  EXPECT_THAT(missing({"`ops/`, `rows.h`", "`relu.cpp`"}, {"ir", false}),
              ElementsAre("no file rows.h", "no file relu.cpp"));
}

}  // namespace
}  // namespace linnet::house
