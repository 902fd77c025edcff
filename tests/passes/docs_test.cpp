// The list of docs/passes.md is written from the comments of passes/passes.h, in the pipeline's
// order. `LINNET_UPDATE_DOCS=1 build/tests/linnet_passes_test --gtest_filter='PassesPage.*'` writes
// it anew.
#include "passes/run/pass.h"
#include "passes/schedule/families.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace linnet::passes {
namespace {

const std::string kSource = LINNET_SOURCE_DIR;
const std::string kPage = kSource + "/docs/passes.md";
constexpr std::string_view kBegin = "<!-- from passes/passes.h -->\n";
constexpr std::string_view kEnd = "<!-- end -->\n";

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The rows that a row needs, by their names in the text.
std::set<std::string> needed(const Pass& pass) {
  std::set<std::string> names;
  for (const Pass& row : pipeline()) {
    if (std::ranges::find(pass.needs, row.run) != pass.needs.end()) names.emplace(row.name);
  }
  return names;
}
std::set<std::string> named(const std::string& text) {
  std::set<std::string> names;
  const std::regex word(R"(\w+)");
  for (std::sregex_iterator at(text.begin(), text.end(), word), end; at != end; ++at) {
    if (find_pass(at->str())) names.insert(at->str());
  }
  return names;
}

// The comment above each declaration, on one line.
std::map<std::string, std::string> comments() {
  std::map<std::string, std::string> found;
  std::istringstream header(text_of(kSource + "/passes/passes.h"));
  std::string comment;
  const std::regex declaration(R"(\[\[nodiscard\]\] ir::Module (\w+)\(.*)");
  for (std::string line; std::getline(header, line);) {
    std::smatch match;
    if (line.starts_with("//")) {
      comment += line.substr(2) + " ";
    } else if (std::regex_match(line, match, declaration)) {
      found[match[1]] = std::regex_replace(comment, std::regex(" +"), " ");
      comment.clear();
    } else {
      comment.clear();
    }
  }
  return found;
}

std::string item(const Pass& pass, const std::string& comment) {
  const std::string_view name = pass.name;
  const std::regex parts(R"( Does: (.*?) Needs: (.*?)(?: Leaves: (.*?))? ((?:%|graph @).*→.*?) ?)");
  std::smatch match;
  EXPECT_TRUE(std::regex_match(comment, match, parts))
      << name << ": a comment says Does, Needs, Leaves, and before → after; found:" << comment;
  if (match.empty()) return "";
  EXPECT_EQ(named(match[2].str()), needed(pass))
      << name << ": what its comment says it needs is what its row says";
  std::string text = fmt::format("**`{}`** {} *Needs:* {}", name, match[1].str(), match[2].str());
  if (match[3].matched) text += fmt::format(" *Leaves:* {}", match[3].str());
  // One statement after the other: `%b = …` begins one, but for the first of either side.
  const std::string example =
      std::regex_replace(match[4].str(), std::regex(R"(([\w)}\]]) (%[\w.]+ = ))"), "$1; $2");
  return text + fmt::format("\n   `{}`\n", example);
}

std::string list() {
  std::map<std::string, std::string> left = comments();
  std::string text;
  int number = 0;
  for (const Phase phase : kPhases) {
    text += fmt::format("\n### {}: {}\n", name(phase), summary(phase));
    for (const Pass& pass : pipeline(phase, phase)) {
      const auto found = left.find(std::string(pass.name));
      EXPECT_NE(found, left.end()) << pass.name << " has no comment in passes.h";
      if (found == left.end()) continue;
      text += fmt::format("{}. {}", ++number, item(pass, found->second));
      left.erase(found);
    }
  }
  for (const auto& [name, comment] : left)
    ADD_FAILURE() << name << " is no row of the pipeline";
  return text;
}

TEST(PassesPage, ListIsFresh) {
  std::string page = text_of(kPage);
  const size_t begin = page.find(kBegin) + kBegin.size(), end = page.find(kEnd);
  ASSERT_NE(end, std::string::npos);
  const std::string fresh = list();
  if (std::getenv("LINNET_UPDATE_DOCS")) {
    std::ofstream(kPage) << page.substr(0, begin) << fresh << page.substr(end);
    page = text_of(kPage);
  }
  EXPECT_TRUE(page.substr(begin, page.find(kEnd) - begin) == fresh)
      << "docs/passes.md is stale; write it anew: LINNET_UPDATE_DOCS=1 "
         "build/tests/linnet_passes_test --gtest_filter='PassesPage.*'";
}

// The table of schedules: a row for each family, with its numbers.
TEST(PassesPage, HasARowForEveryFamily) {
  const std::string page = text_of(kPage);
  for (const Family& family : families()) {
    const std::string row =
        fmt::format("\n| `{}{{{}}}` |", family.name, fmt::join(family.keys, ", "));
    EXPECT_NE(page.find(row), std::string::npos) << "docs/passes.md has no row:" << row;
  }
}

}  // namespace
}  // namespace linnet::passes
