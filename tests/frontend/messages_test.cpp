// Every message of the language has a wrong program that gets it: tests/frontend/messages/*.txt
// holds programs with what is said of them, and the sources are searched for messages that none
// gets. `LINNET_UPDATE_MESSAGES=1 build/tests/linnet_frontend_test --gtest_filter='*Message*'`
// writes what is said anew; the reviewer reads the diff.
#include "frontend/load.h"

#include "tests/support/message_cases.h"

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

using messages::Case;
using messages::files;

// ---- programs and what is said of them

// A title may hold options of the command line: --set k=3 --bind M=4 --model a --fix x=1.
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
  if (test.input == "%long%\n") {
    std::string sum = "x";
    for (int i = 0; i < 20000; ++i)
      sum += " + x";
    return begin + sum + " }";
  }
  if (test.input == "%deep%\n") return begin + std::string(300, '(') + "x }";
  return test.input;
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
  messages::expect_cases(GetParam(), said_of);
}

INSTANTIATE_TEST_SUITE_P(Each, Messages, testing::ValuesIn(files(kTests + "messages/", ".txt")),
                         [](const auto& info) { return messages::stem(info.param); });

// ---- the messages in the sources

// Not said of any program: names that only linnet sees, and what can only be said of a file of
// another kind, which has its cases in tests/onnx/.
const std::set<std::string> kNoMessages = {
    "target ",  // a target inside the graph of a loss
    " any",     // the value of an output of a model that could not be built
    "a formatted text has the same tokens",  // a check of format() itself
    "input '",  // the place of a picture's planes: models of ONNX alone
};

TEST(EveryMessage, HasAProgramThatGetsIt) {
  std::vector<std::string> lines = messages::expected_lines(kTests + "messages/");
  for (const std::string& path : files(kTests + "wrong/", ".txt")) {
    for (const std::string& line : messages::lines_of(messages::text_of(path)))
      lines.push_back(line);
  }
  std::vector<std::string> sources = files(kSources, ".cpp");
  const std::vector<std::string> parts = files(kSources + "elaborate/", ".cpp");
  sources.insert(sources.end(), parts.begin(), parts.end());
  const messages::Search found = messages::search(sources, lines, kNoMessages);
  EXPECT_EQ(found.missing, "") << "a message without a case in tests/frontend/messages/";
  EXPECT_GT(found.messages, 250U) << "the sources were not read";
}

// The search itself: what it finds in a source, and that a message nobody gets is missed.
TEST(EveryMessage, IsFoundInASource) {
  using namespace messages;
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
