// One wrong program a file, its whole message beside it: tests/frontend/wrong/NAME.lin, NAME.txt.
#include "frontend/load.h"

#include "base/io/file.h"

#include <gtest/gtest.h>

#include <string>

namespace linnet::frontend {
namespace {

const std::string kFolder = std::string(LINNET_SOURCE_DIR) + "/tests/frontend/wrong/";

std::string text_of(const std::string& path) {
  const auto bytes = read_file(path);
  return bytes ? std::string(bytes->begin(), bytes->end()) : "no file " + path;
}

std::vector<std::string> programs() {
  std::vector<std::string> names;
  const auto files = list_folder(kFolder);
  for (const std::string& name : files.value_or(std::vector<std::string>{})) {
    if (name.ends_with(".lin")) names.push_back(name.substr(0, name.size() - 4));
  }
  return names;
}

// What `linnet check` would print for a program of this name.
std::string message(const std::string& name, const std::string& text, bool& ok) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  ok = load_lin(sources.add(name + ".lin", text), sources, {}, diagnostics).has_value();
  EXPECT_EQ(ok, !diagnostics.has_errors()) << "a module or an error, not both";
  return diagnostics.text();
}

class WrongProgram : public testing::TestWithParam<std::string> {};

TEST_P(WrongProgram, GetsItsMessage) {
  bool ok = false;
  const std::string actual = message(GetParam(), text_of(kFolder + GetParam() + ".lin"), ok);
  EXPECT_EQ(actual, text_of(kFolder + GetParam() + ".txt"));
  EXPECT_EQ(ok, actual.find(": error: ") == std::string::npos);  // of warnings alone
}

INSTANTIATE_TEST_SUITE_P(Each, WrongProgram, testing::ValuesIn(programs()),
                         [](const auto& info) { return info.param; });

// Hostile texts end in a message or a module, never in a signal, and never in silence.
TEST(Hostile, TextsGetAMessage) {
  const std::string model = "model m(x: f32[N, 4]) -> f32[N, 4] { ";
  std::vector<std::string> texts = {"",
                                    "\n\n",
                                    "{",
                                    "}",
                                    "model",
                                    "model m",
                                    "model m(",
                                    "model m()",
                                    "model m() {}",
                                    "\"",
                                    "\\",
                                    std::string(200000, '('),
                                    std::string(200000, '['),
                                    std::string(200000, '{'),
                                    model + std::string(200000, '(') + "x",
                                    model + std::string(200000, '-') + "x }",
                                    model + "relu(" + std::string(5000, '['),
                                    model + "x" + std::string(100000, '\n'),
                                    "block " + std::string(100000, 'a') + "(x: f32[N]) { x }",
                                    model + "1e999 }",
                                    model + "if true { " + std::string(3000, '{')};
  std::string deep = "x";
  for (int i = 0; i < 300; ++i)
    deep = "relu(" + deep + ")";
  texts.push_back(model + deep + " }");
  std::string sum = "x";
  for (int i = 0; i < 50000; ++i)
    sum += " + x";
  texts.push_back(model + sum + " }");
  for (const std::string& text : texts) {
    bool ok = false;
    const std::string actual = message("hostile", text, ok);
    EXPECT_FALSE(ok) << text.substr(0, 60);
    EXPECT_NE(actual, "") << text.substr(0, 60);
  }
}

// Each program with one byte changed: a module or a message.
TEST(Hostile, MutatedProgramsAreRead) {
  for (const std::string name : {"lenet", "latent_ar", "corr2d"}) {
    const std::string text = text_of(std::string(LINNET_SOURCE_DIR) + "/models/" + name + ".lin");
    for (size_t i = 0; i < text.size(); i += 3) {
      for (char c : {'\0', '(', '}', '9', '\n', '|', '\xff'}) {
        std::string mutated = text;
        mutated[i] = c;
        bool ok = false;
        const std::string actual = message("mutated", mutated, ok);
        EXPECT_TRUE(ok || !actual.empty());
      }
    }
  }
}

}  // namespace
}  // namespace linnet::frontend
