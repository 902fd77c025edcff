// Every message of the language has a wrong program that gets it: tests/frontend/messages/*.txt
// holds programs with what is said of them, and the sources are searched for messages that none
// gets. `LINNET_UPDATE_MESSAGES=1 build/tests/linnet_frontend_test --gtest_filter='*Message*'`
// writes what is said anew; the reviewer reads the diff.
#include "frontend/load.h"

#include "base/io/file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace linnet::frontend {
namespace {

const std::string kTests = std::string(LINNET_SOURCE_DIR) + "/tests/frontend/";
const std::string kSources = std::string(LINNET_SOURCE_DIR) + "/frontend/lin/";

std::string text_of(const std::string& path) {
  const auto bytes = read_file(path);
  return bytes ? std::string(bytes->begin(), bytes->end()) : "no file " + path;
}

std::vector<std::string> files(const std::string& folder, std::string_view ending) {
  std::vector<std::string> names;
  const auto all = list_folder(folder);
  for (const std::string& name : all.value_or(std::vector<std::string>{})) {
    if (name.ends_with(ending)) names.push_back(folder + name);
  }
  std::ranges::sort(names);
  return names;
}

// ---- programs and what is said of them

struct Case {
  std::string title;  // with options of the command line: --set k=3 --bind M=4 --model a --fix x=1
  std::string program, expected;
};

// `=== TITLE`, the program, `--->`, its messages.
std::vector<Case> cases_of(const std::string& text) {
  std::vector<Case> cases;
  std::istringstream in(text);
  bool said = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("=== ")) {
      cases.push_back({line.substr(4), "", ""});
      said = false;
    } else if (line == "--->") {
      said = true;
    } else if (!cases.empty()) {
      (said ? cases.back().expected : cases.back().program) += line + "\n";
    }
  }
  return cases;
}

ImportOptions options_of(const std::string& title) {
  ImportOptions options;
  std::istringstream in(title);
  for (std::string word; in >> word;) {
    if (!word.starts_with("--")) continue;
    std::string value;
    in >> value;
    const std::string name = value.substr(0, value.find('='));
    const std::string text = value.substr(value.find('=') + 1);
    if (word == "--set") {
      options.settings.emplace_back(name, text);
    } else if (word == "--bind") {
      options.binds[name] = std::stoll(text);
    } else if (word == "--fix") {
      options.values.emplace(name, ir::Tensor::splat({ir::DType::kF32, {}, {}}, std::stod(text)));
    } else if (word == "--model") {
      options.model = value;
    } else {
      ADD_FAILURE() << "no option " << word;
    }
  }
  return options;
}

// Programs that nobody wants to read.
std::string program_of(const Case& test) {
  const std::string begin = "model m(x: f32[N, 4]) -> f32[...] { ";
  if (test.program == "%long%\n") {
    std::string sum = "x";
    for (int i = 0; i < 20000; ++i)
      sum += " + x";
    return begin + sum + " }";
  }
  if (test.program == "%deep%\n") return begin + std::string(300, '(') + "x }";
  return test.program;
}

// A line that shows a long program says nothing that a reader could check.
std::string shortened(const std::string& text) {
  std::istringstream in(text);
  std::string out;
  for (std::string line; std::getline(in, line);)
    out += (line.size() > 300 ? line.substr(0, 60) + " [cut]" : line) + "\n";
  return out;
}

std::string said_of(const Case& test) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  const std::string name = kTests + "messages/m.lin";
  const auto module =
      load_lin(sources.add(name, program_of(test)), sources, options_of(test.title), diagnostics);
  EXPECT_EQ(module.has_value(), !diagnostics.has_errors()) << test.title;
  std::string text = diagnostics.text();
  for (size_t at = text.find(kTests); at != std::string::npos; at = text.find(kTests, at))
    text.erase(at, kTests.size() + std::string("messages/").size());
  return shortened(text);
}

class Messages : public testing::TestWithParam<std::string> {};

TEST_P(Messages, AreWhatTheCasesSay) {
  const std::string path = GetParam();
  std::vector<Case> cases = cases_of(text_of(path));
  ASSERT_FALSE(cases.empty());
  const bool update = std::getenv("LINNET_UPDATE_MESSAGES") != nullptr;
  for (Case& test : cases) {
    const std::string said = said_of(test);
    if (!update) {
      EXPECT_EQ(said, test.expected) << test.title;
    }
    test.expected = said;
  }
  if (!update) return;
  std::ofstream out(path, std::ios::binary);
  for (const Case& test : cases)
    out << "=== " << test.title << "\n" << test.program << "--->\n" << test.expected;
}

INSTANTIATE_TEST_SUITE_P(Each, Messages, testing::ValuesIn(files(kTests + "messages/", ".txt")),
                         [](const auto& info) {
                           const std::string& path = info.param;
                           const size_t begin = path.rfind('/') + 1;
                           return path.substr(begin, path.size() - begin - 4);
                         });

// ---- the messages in the sources

struct Literal {
  std::string text;
  size_t line;
};

// The string literals of a C++ source, adjacent ones joined; comments and includes left out.
std::vector<Literal> literals_of(const std::string& source) {
  std::vector<Literal> literals;
  size_t line = 1;
  size_t joined = std::string::npos;  // only blanks since a literal's end
  const auto blank = [](char c) { return c == ' ' || c == '\n' || c == '\t'; };
  for (size_t i = 0; i < source.size(); ++i) {
    const char c = source[i];
    if (c == '\n') ++line;
    if (blank(c)) continue;
    if (source.compare(i, 2, "//") == 0 || source.compare(i, 8, "#include") == 0) {
      i = source.find('\n', i) - 1;
    } else if (c == '\'' &&
               (i == 0 || std::isalnum(static_cast<unsigned char>(source[i - 1])) == 0)) {
      for (++i; source[i] != '\''; ++i)
        i += source[i] == '\\' ? 1 : 0;
    } else if (c == '"') {
      std::string text;
      for (++i; source[i] != '"'; ++i) {
        if (source[i] != '\\') {
          text += source[i];
        } else {
          ++i;
          text += source[i] == 'n' ? '\n' : source[i];
        }
      }
      if (joined != std::string::npos) {
        literals.back().text += text;
      } else {
        literals.push_back({text, line});
      }
      joined = i;
      continue;
    }
    joined = std::string::npos;
  }
  return literals;
}

// The fixed pieces between the places of a format; `{{` and `}}` are braces.
std::vector<std::string> pieces_of(const std::string& format) {
  std::vector<std::string> pieces{""};
  for (size_t i = 0; i < format.size(); ++i) {
    const bool twice = i + 1 < format.size() && format[i] == format[i + 1];
    if ((format[i] == '{' || format[i] == '}') && twice) {
      pieces.back() += format[i++];
    } else if (format[i] == '{' && format.find('}', i) != std::string::npos) {
      i = format.find('}', i);
      pieces.emplace_back();
    } else {
      pieces.back() += format[i];
    }
  }
  return pieces;
}

bool holds(const std::string& line, const std::vector<std::string>& pieces) {
  size_t at = 0;
  for (const std::string& piece : pieces) {
    at = line.find(piece, at);
    if (at == std::string::npos) return false;
    at += piece.size();
  }
  return true;
}

std::vector<std::string> all_messages() {
  std::vector<std::string> lines;
  const auto add = [&](const std::string& text) {
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);)
      lines.push_back(line);
  };
  for (const std::string& path : files(kTests + "wrong/", ".txt"))
    add(text_of(path));
  for (const std::string& path : files(kTests + "messages/", ".txt")) {
    for (const Case& test : cases_of(text_of(path)))
      add(test.expected);
  }
  return lines;
}

// Not said of any program: names that only linnet sees, and what can only be said of a file of
// another kind, which has its cases in tests/onnx/.
const std::set<std::string> kNoMessages = {
    "target ",  // a target inside the graph of a loss
    " any",     // the value of an output of a model that could not be built
    "input '",  // the place of a picture's planes: models of ONNX alone
};

TEST(EveryMessage, HasAProgramThatGetsIt) {
  const std::vector<std::string> lines = all_messages();
  size_t messages = 0;
  std::string missing;
  std::vector<std::string> sources = files(kSources, ".cpp");
  const std::vector<std::string> parts = files(kSources + "elaborate/", ".cpp");
  sources.insert(sources.end(), parts.begin(), parts.end());
  for (const std::string& path : sources) {
    for (const Literal& literal : literals_of(text_of(path))) {
      if (literal.text.find(' ') == std::string::npos || kNoMessages.contains(literal.text))
        continue;
      ++messages;
      const std::vector<std::string> pieces = pieces_of(literal.text);
      const bool known = std::ranges::any_of(lines, [&](const std::string& line) {
        return holds(line, pieces) || line.find(literal.text) != std::string::npos;
      });
      if (!known)
        missing += path.substr(kSources.size()) + ":" + std::to_string(literal.line) + ": \"" +
                   literal.text + "\"\n";
    }
  }
  EXPECT_EQ(missing, "") << "a message without a case in tests/frontend/messages/";
  EXPECT_GT(messages, 250U) << "the sources were not read";
}

// The search itself: what it finds in a source, and that a message nobody gets is missed.
TEST(EveryMessage, IsFoundInASource) {
  const auto found =
      literals_of("#include \"a b\"\n// \"no c\"\nf('\"', \"one \"\n  \"two\", \"x\\\"y\");");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].text, "one two");
  EXPECT_EQ(found[0].line, 3U);
  EXPECT_EQ(found[1].text, "x\"y");
  EXPECT_EQ(pieces_of("a {} b {{c}} {:.0f}"), (std::vector<std::string>{"a ", " b {c} ", ""}));
  EXPECT_TRUE(holds("say: 'x' is 3", pieces_of("'{}' is {}")));
  EXPECT_FALSE(holds("say: 'x' was 3", pieces_of("'{}' is {}")));
}

}  // namespace
}  // namespace linnet::frontend
