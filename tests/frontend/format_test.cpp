// The formatter, by cases (tests/frontend/format/*.txt: `=== TITLE`, the input, `--->`, the result;
// LINNET_UPDATE_MESSAGES=1 writes them anew) and by what holds of every text: the tokens stay, the
// module stays, a second time changes nothing, and spoilt blanks come back as they were.
#include "frontend/lin/format.h"
#include "frontend/lin/lexer.h"
#include "frontend/lin/parser.h"
#include "frontend/load.h"
#include "ir/print.h"
#include "tests/support/message_cases.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <random>
#include <regex>

namespace linnet::frontend {
namespace {

const std::string kRoot = std::string(LINNET_SOURCE_DIR) + "/";

std::string formatted(const std::string& text) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  const auto result = format(sources.add("test.lin", text), diagnostics);
  EXPECT_EQ(result.has_value(), !diagnostics.has_errors());
  return result ? *result : diagnostics.text();
}

class FormatCases : public testing::TestWithParam<std::string> {};

TEST_P(FormatCases, AreInTheStyle) {
  messages::expect_cases(GetParam(), [](const messages::Case& test) {
    const std::string once = formatted(test.input);
    EXPECT_EQ(formatted(once), once) << test.title;
    return once;
  });
}

INSTANTIATE_TEST_SUITE_P(Each, FormatCases,
                         testing::ValuesIn(messages::files(kRoot + "tests/frontend/format/",
                                                           ".txt")),
                         [](const auto& info) { return messages::stem(info.param); });

// ---- every text of the repository

// By path.
std::map<std::string, std::string> texts() {
  std::map<std::string, std::string> found;
  for (const char* folder : {"models", "benchmarks", "examples", "cli", "frontend", "tests"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(kRoot + folder)) {
      const std::string path = entry.path().string();
      if (path.ends_with(".lin")) found[path.substr(kRoot.size())] = messages::text_of(path);
    }
  }
  return found;
}

// Those that can be parsed.
std::map<std::string, std::string> good_texts() {
  std::map<std::string, std::string> good;
  for (const auto& [path, text] : texts()) {
    SourceManager sources;
    Diagnostics diagnostics(sources);
    static_cast<void>(parse(sources.add(path, text), diagnostics));
    if (!diagnostics.has_errors()) good[path] = text;
  }
  return good;
}

std::vector<std::string> token_texts(const std::string& text) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  std::vector<std::string> tokens;
  const uint32_t file = sources.add("test.lin", text);
  for (const Token& token : lex(file, diagnostics)) {
    if (token.kind != TokenKind::kNewline) tokens.emplace_back(sources.text(token.span));
  }
  return tokens;
}

std::vector<std::string> comments(const std::string& text) {
  std::vector<std::string> found;
  static const std::regex blanks("[ \t\r]+$");
  for (const std::string& line : messages::lines_of(text)) {
    bool quoted = false;
    for (size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '\\' && quoted) {
        ++i;
      } else if (line[i] == '"') {
        quoted = !quoted;
      } else if (line[i] == '#' && !quoted) {
        found.push_back(std::regex_replace(line.substr(i), blanks, ""));
        break;
      }
    }
  }
  return found;
}

// The text of the loss is kept as it is written: its blanks are left out.
std::string module_of(const std::string& path, const std::string& text) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  ImportOptions options;
  // In its folder, where labels and ONNX files lie.
  const auto module = load_lin(sources.add(kRoot + path, text), sources, options, diagnostics);
  if (!module) return "";
  std::istringstream lines(ir::print(*module).text);
  std::string dump;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("train loss = ")) std::erase(line, ' ');
    dump += line + "\n";
  }
  return dump;
}

TEST(Format, KeepsTokensCommentsAndMeaning) {
  size_t modules = 0;
  const auto all = good_texts();
  for (const auto& [path, text] : all) {
    const std::string once = formatted(text);
    EXPECT_EQ(token_texts(once), token_texts(text)) << path;
    EXPECT_EQ(comments(once), comments(text)) << path;
    EXPECT_EQ(formatted(once), once) << path;
    const std::string module = module_of(path, text);
    EXPECT_EQ(module_of(path, once), module) << path;
    modules += module.empty() ? 0 : 1;
  }
  EXPECT_GE(all.size(), 90U);
  EXPECT_GE(modules, 25U);
}

// What linnet ships is in its style.
TEST(Format, RepositoryIsInTheStyle) {
  for (const auto& [path, text] : good_texts()) {
    if (path.starts_with("tests/frontend/wrong/")) continue;
    EXPECT_TRUE(formatted(text) == text) << path << ": run `linnet fmt` on it";
  }
}

TEST(Format, RefusesWhatCannotBeParsed) {
  for (const auto& [path, text] : texts()) {
    SourceManager sources;
    Diagnostics parsed(sources), said(sources);
    const uint32_t file = sources.add(path, text);
    static_cast<void>(parse(file, parsed));
    EXPECT_EQ(format(file, said).has_value(), !parsed.has_errors()) << path;
    EXPECT_EQ(said.text(), parsed.text()) << path;
  }
}

// Texts with a byte changed, or one put in: what can still be parsed can be formatted, and
// the result stands. That its tokens are the same, format() checks itself.
TEST(Format, MutatedTextsStayWhatTheyAre) {
  size_t good = 0;
  for (const char* path : {"models/latent_ar.lin", "models/mobilenet_v2.lin", "models/mnist.lin",
                           "examples/lessons/regression.lin"}) {
    const std::string text = messages::text_of(kRoot + path);
    for (size_t i = 0; i < 2 * text.size(); i += 15) {
      for (const char* put : {"\n", "#", ";", " ", ".", "-", "(", "1", "\n|>", " + "}) {
        std::string mutated = text;
        mutated.replace(i / 2, i % 2, put);
        SourceManager sources;
        Diagnostics diagnostics(sources);
        const auto once = format(sources.add("test.lin", mutated), diagnostics);
        if (!once) continue;
        ++good;
        ASSERT_EQ(formatted(*once), *once) << mutated;
        ASSERT_EQ(comments(*once), comments(mutated)) << mutated;
      }
    }
  }
  EXPECT_GT(good, 1000U);
}

// ---- spoilt blanks

class Random {
public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  uint32_t pick(uint32_t below) { return engine_() % below; }

private:
  std::mt19937 engine_;
};

// Could the two be read as one token, or as others, side by side?
bool may_touch(const std::string& a, const std::string& b) {
  const auto word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c < 0; };
  if (word(a.back()) || a.back() == '_')
    return !(word(b.front()) || b.front() == '_' || b[0] == '.');
  static const std::string kMarks = "()[]{},;\"";
  return kMarks.find(a.back()) != std::string::npos || kMarks.find(b.front()) != std::string::npos;
}

// Other blanks between the tokens of each line, other indentation, more empty lines where there
// are some already, CRLF for LF.
std::string spoilt(const std::string& text, Random& random) {
  const auto blanks = [&](uint32_t least) {
    std::string some(least + random.pick(3), ' ');
    if (random.pick(8) == 0) some += '\t';
    return some;
  };
  const std::string end = random.pick(2) == 0 ? "\r\n" : "\n";
  std::string out;
  for (const std::string& line : messages::lines_of(text)) {
    out += blanks(0);
    const size_t comment = comments(line).empty() ? line.size() : line.find(comments(line)[0]);
    std::vector<std::string> tokens = token_texts(line.substr(0, comment));
    tokens.pop_back();  // the end
    for (size_t i = 0; i < tokens.size(); ++i) {
      if (i > 0) out += blanks(may_touch(tokens[i - 1], tokens[i]) ? 0 : 1);
      out += tokens[i];
    }
    out += blanks(0) + line.substr(comment) + blanks(0) + end;
    if (tokens.empty() && comment == line.size()) out += random.pick(2) == 0 ? end + end : "";
  }
  return out;
}

TEST(Format, SpoiltBlanksComeBack) {
  Random random(1);
  for (const auto& [path, text] : good_texts()) {
    const std::string right = formatted(text);
    for (int trial = 0; trial < 20; ++trial) {
      const std::string wrong = spoilt(right, random);
      ASSERT_EQ(token_texts(wrong), token_texts(right)) << path << "\n" << wrong;
      ASSERT_EQ(formatted(wrong), right) << path << "\n" << wrong;
    }
  }
}

// Line ends too, where the style and not the author has the say: behind an opening brace and before
// a closing one that have lines between them, before `else`, before `|>` an empty line.
TEST(Format, SpoiltLinesComeBack) {
  Random random(2);
  for (const auto& [path, text] : good_texts()) {
    const std::string right = formatted(text);
    for (const auto& [pattern, replacements] :
         std::vector<std::pair<std::regex, std::vector<std::string>>>{
             {std::regex(R"(\{\n)"), {"{\n\n\n", "{ "}},
             {std::regex(R"(\n *\}(?=\n))"), {"\n\n}", " }"}},
             {std::regex(R"(\} else)"), {"}\n\nelse", "}else", "}\n  else"}},
             {std::regex(R"(\n *\|>)"), {"\n\n|>", "\n|>"}}}) {
      std::string wrong;
      auto at = right.cbegin();
      for (std::sregex_iterator match(right.begin(), right.end(), pattern), end; match != end;
           ++match) {
        wrong.append(at, (*match)[0].first);
        wrong += random.pick(2) == 0
                     ? match->str()
                     : replacements[random.pick(static_cast<uint32_t>(replacements.size()))];
        at = (*match)[0].second;
      }
      wrong.append(at, right.cend());
      EXPECT_EQ(formatted(wrong), right) << path << "\n" << wrong;
    }
  }
}

}  // namespace
}  // namespace linnet::frontend
